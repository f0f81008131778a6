//! An authorization request is answered at a registered address or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openid::authorize::place::{Destination, Reply};
use openid::authorize::request::{AuthRequest, ServerOffers};
use openid::client::metadata::Metadata;
use openid::client::policy::Policy;
use openid::client::{Client, ClientSecret, Standing};
use openid::name::ClientId;
use openid::wire::form::Form;
use openid::wire::scope::Scope;
use serde_json::json;

const REGISTERED: &str = "https://rp.example/cb";

fuzz_target!(|bytes: &[u8]| {
    let metadata = json!({ "redirect_uris": [REGISTERED] });
    let client = Client {
        id: ClientId::new("rp"),
        version: 1,
        standing: Standing::Enabled,
        metadata: Metadata::read(metadata.as_object().expect("an object")).expect("good metadata"),
        policy: Policy::default(),
        secret: ClientSecret::None,
    };
    let offers = ServerOffers { scopes: Scope::read("openid profile").expect("a scope"), acr_values: Vec::new() };
    let Ok(drawn) = Form::read(bytes) else { return };
    let fixed = [("client_id".to_owned(), "rp".to_owned()), ("response_type".to_owned(), "code".to_owned())];
    for form in [drawn.clone(), Form::from_pairs(fixed.into_iter().chain(drawn.pairs().iter().cloned()))] {
        let Ok(place) = Destination::locate(&form, &client) else { continue };
        assert_eq!(place.redirect_uri(), REGISTERED);
        if let Err(refusal) = AuthRequest::read(&form, &client, &place, &offers) {
            let _ = place.answer("https://op.example", Reply::Refusal(refusal));
        }
    }
});
