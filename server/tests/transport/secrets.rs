//! The key-encryption secret is replaced: nobody notices, and in the end the old one is worth nothing.

use testkit::{Browser, Provider, RelyingParty};

use super::super::ground::{ADA, plan, signed_in};

const NEW: &str = "YSBzZWNyZXQgdGhhdCBjYW1lIGxhdGVyLCBub2JvZHkga25vd3M";

/// Writes these lines to the secret file and starts the server anew.
async fn with_secrets(provider: &mut Provider, lines: &[&str]) {
    provider.terminate();
    assert_eq!(provider.ended().await, Some(0));
    provider.file("secret", &format!("{}\n", lines.join("\n")));
    provider.start().await;
}

#[tokio::test]
async fn a_secret_is_replaced_and_nobody_notices() {
    let mut walk = signed_in(plan()).await;
    // A client whose secret must be known to us: it keys the signature of its ID Tokens.
    let mut keyed = RelyingParty::open().await;
    let mut metadata = keyed.metadata("Keyed");
    metadata["id_token_signed_response_alg"] = "HS256".into();
    keyed.register(&walk.provider, &metadata, &["--first-party"]).await;
    let old = std::fs::read_to_string(walk.provider.dir().join("secret")).unwrap().trim().to_owned();
    let mut waiting = Browser::new(&walk.provider);
    let begun = walk.one.begin(&walk.provider);
    let login = waiting.open(&begun.url()).await;

    with_secrets(&mut walk.provider, &[NEW, &old]).await;
    let page = waiting.sign_in(&login, ADA.0, ADA.1).await;
    walk.one.complete(&walk.provider, &begun, &page).await;
    is_as_it_was(&mut walk, &keyed).await;

    // What is made from now on is sealed by the new one; what is older still needs the old one.
    walk.provider.cli(&["key", "rotate"]).await;
    walk.provider.terminate();
    walk.provider.ended().await;
    walk.provider.file("secret", NEW);
    walk.provider.launch();
    assert_eq!(walk.provider.ended().await, Some(1), "{}", walk.provider.log());
    assert!(walk.provider.log().contains("cannot be opened; the key-encryption secret"), "{}", walk.provider.log());
    let refused = walk.provider.try_cli("", &["key", "reseal"]).await.unwrap_err();
    assert!(refused.contains("opens with no line of the secret file"), "{refused}");

    // Sealed anew, beside a running server.
    walk.provider.file("secret", &format!("{NEW}\n{old}\n"));
    walk.provider.start().await;
    let resealed = walk.provider.cli(&["key", "reseal"]).await;
    assert_eq!(
        resealed,
        serde_json::json!({"keys": 6, "clients": 1, "claim_links": 0}),
        "those of the first start, and no more"
    );
    is_as_it_was(&mut walk, &keyed).await;
    let again = walk.provider.cli(&["key", "reseal"]).await;
    assert_eq!(again, serde_json::json!({"keys": 0, "clients": 0, "claim_links": 0}));
    let trail = walk.provider.cli(&["audit"]).await;
    let lines: Vec<_> = trail.as_array().unwrap().iter().filter(|line| line["action"] == "secrets_resealed").collect();
    assert_eq!(lines.len(), 1, "{trail:#}");
    assert_eq!(lines[0]["detail"], resealed);

    with_secrets(&mut walk.provider, &[NEW]).await;
    is_as_it_was(&mut walk, &keyed).await;
    // The old one alone opens nothing any more.
    walk.provider.terminate();
    walk.provider.ended().await;
    walk.provider.file("secret", &old);
    walk.provider.launch();
    assert_eq!(walk.provider.ended().await, Some(1));
}

/// The session stands, hints of before are understood, and both kinds of client work.
async fn is_as_it_was(walk: &mut super::super::ground::SignedIn, keyed: &RelyingParty) {
    let begun = walk.two.begin(&walk.provider).with("prompt", "none").with("id_token_hint", &walk.at_two.id_token);
    let page = walk.browser.open(&begun.url()).await;
    let tokens = walk.two.complete(&walk.provider, &begun, &page).await;
    assert_eq!(tokens.claim("sid"), walk.at_two.claim("sid"));
    let begun = keyed.begin(&walk.provider).with("prompt", "none");
    let page = walk.browser.open(&begun.url()).await;
    let tokens = keyed.complete(&walk.provider, &begun, &page).await;
    let key = jose::JwkSet::from_secret(keyed.client_secret.as_bytes()).unwrap();
    jose::verify(&tokens.id_token, &key, &[jose::JwsAlg::Hs256]).unwrap();
}
