//! Documents: discovery (OpenID Connect Discovery §4, RFC 8414 §3), the JWK Set, the front door, assets.
//!
//! Invariant: nothing is computed per request that could be computed per change.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use bytes::Bytes;
use openid::authorize::par::Pushing;
use openid::authorize::request::ServerOffers;
use openid::claims::catalogue::Catalogue;
use openid::discovery::{self, Aliases, Endpoints, Links, Offers};
use openid::native_sso::{DEVICE_SSO, NativeSso};
use openid::registration::Registration;
use openid::wire::scope::Scope;
use serde_json::Value;

use super::ask::Ask;
use crate::answer::{Answer, put, text};
use crate::config::Config;
use crate::keyring::ALGORITHMS;
use crate::op::Op;
use crate::page;

/// Both discovery documents: the same truth at both addresses.
pub(crate) fn configuration(op: &Op) -> Answer {
    document(op.discovery())
}

/// Makes the discovery document: when the server starts, and when the operator has decided something.
pub(crate) fn discovery(
    config: &Config,
    allowed: ServerOffers,
    (registration, pushing): (Registration, Pushing),
    catalogue: &Catalogue,
) -> Bytes {
    let issuer = config.issuer.as_str();
    let at = |path: &str| format!("{issuer}{path}");
    let offers = Offers {
        issuer: issuer.to_owned(),
        endpoints: Endpoints {
            authorization: at("/authorize"),
            pushed_authorization_request: at("/par"),
            token: at("/token"),
            userinfo: at("/userinfo"),
            jwks: at("/jwks"),
            registration: (registration != Registration::Off).then(|| at("/register")),
            introspection: at("/introspect"),
            revocation: at("/revoke"),
            end_session: at("/end_session"),
            check_session: at("/check_session"),
            aliases: config.mtls.as_ref().map(|mtls| aliases(mtls.url.as_str())),
        },
        scopes: match allowed.native_sso {
            NativeSso::On => allowed.scopes.union(&Scope::from(DEVICE_SSO.to_owned())),
            NativeSso::Off => allowed.scopes,
        },
        native_sso: allowed.native_sso,
        mutual_tls: config.mutual_tls(),
        id_token_algs: ALGORITHMS.to_vec(),
        claims: catalogue.supported().into_iter().map(str::to_owned).collect(),
        claims_locales: catalogue.locales.clone(),
        claim_types: catalogue.claim_types(),
        acr_values: allowed.acr_values,
        ui_locales: page::ui_locales(),
        sign_up: allowed.sign_up,
        pushing,
        links: Links {
            service_documentation: config.links.service_documentation.clone(),
            op_policy_uri: config.links.op_policy_uri.clone(),
            op_tos_uri: config.links.op_tos_uri.clone(),
        },
    };
    Bytes::from(Value::Object(discovery::document(&offers)).to_string())
}

/// What is served where certificates are asked for (RFC 8705 §5).
fn aliases(base: &str) -> Aliases {
    let at = |path: &str| format!("{base}{path}");
    Aliases {
        pushed_authorization_request_endpoint: at("/par"),
        token_endpoint: at("/token"),
        userinfo_endpoint: at("/userinfo"),
        introspection_endpoint: at("/introspect"),
        revocation_endpoint: at("/revoke"),
    }
}

/// The JWK Set, RFC 7517 §5.
pub(crate) fn jwks(op: &Op) -> Answer {
    document(op.keys().published(op.now()))
}

fn document(bytes: Bytes) -> Answer {
    let mut answer = Response::new(Body::from(bytes));
    put(&mut answer, header::CONTENT_TYPE, "application/json");
    answer
}

/// The front door.
pub(crate) fn home(op: &Op, ask: &Ask) -> Answer {
    let page = page::Home { issuer: op.issuer().as_str().to_owned() };
    page.render(&op.frame(ask))
}

/// Style sheet and logo, named by their content.
pub(crate) fn asset(op: &Op, ask: &Ask) -> Answer {
    let name = ask.path().rsplit('/').next().unwrap_or_default();
    match page::asset(name, op.config().theme.sheet.as_ref()) {
        None => text(StatusCode::NOT_FOUND, "there is nothing here"),
        Some(asset) => {
            let mut answer = Response::new(Body::from(asset.bytes));
            put(&mut answer, header::CONTENT_TYPE, asset.content_type);
            answer
        }
    }
}

#[cfg(test)]
mod tests {
    use openid::authorize::request::SignUp;

    use super::{Catalogue, Config, NativeSso, Pushing, Registration, Value, discovery};
    use crate::op::offers;

    #[test]
    fn discovery_names_the_claims_of_the_protocol_too() {
        let dir = std::env::temp_dir().join(format!("ostiary-discovery-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("secret"), jose::base64url([7; 32])).unwrap();
        let text = "issuer = \"https://op.example\"\nsecret_file = \"secret\"\n";
        let config = Config::read(text, "test", &dir, std::iter::empty()).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        let (catalogue, resources) = (std::sync::Arc::new(Catalogue::default()), std::sync::Arc::default());
        let switches = (Registration::Off, Pushing::Optional);
        let document =
            discovery(&config, offers((SignUp::Open, NativeSso::Off), &catalogue, resources), switches, &catalogue);
        let document: Value = serde_json::from_slice(&document).unwrap();
        let claims: Vec<&str> =
            document["claims_supported"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for claim in ["sub", "iss", "auth_time", "acr", "sid", "email"] {
            assert!(claims.contains(&claim), "{claim} is missing from {claims:?}");
        }
    }
}
