//! Clients that are known by their certificate: RFC 8705 §2.

use serde_json::{Value, json};
use testkit::http::Question;
use testkit::{RelyingParty, Wanted};

use super::{Ground, known, vouched, wanted};

/// RFC 8705 §2.1, §2.1.2
#[tokio::test]
async fn an_authority_vouches_for_a_client() {
    let ground = Ground::new().await;
    let credential = ground.authority.issue(&wanted());
    let by_subject = ground.client(&vouched()).await;
    ground.gets_in(&by_subject, &credential).await;
    for (member, value) in [("tls_client_auth_san_dns", "rp.example"), ("tls_client_auth_san_ip", "192.0.2.7")] {
        let client = ground.client(&json!({ "token_endpoint_auth_method": "tls_client_auth", (member): value })).await;
        ground.gets_in(&client, &credential).await;
    }
    // Another key, another certificate, the same name: that is what an authority is for.
    ground.gets_in(&by_subject, &ground.authority.issue(&wanted())).await;
    // An authority below it, whose certificate comes along.
    let below = ground.authority.below("An authority below");
    let credential = below.issue(&wanted());
    ground.is_refused(&by_subject, &credential, "tls_chain_unverified").await;
    ground.gets_in(&by_subject, &credential.along(&below.pem)).await;
}

/// RFC 8705 §2.2
#[tokio::test]
async fn a_client_registers_its_own_certificates() {
    let ground = Ground::new().await;
    let (one, two) = (wanted().own(), wanted().own());
    let client = ground.client(&known(&[&one, &two])).await;
    ground.gets_in(&client, &one).await;
    ground.gets_in(&client, &two).await;
    ground.is_refused(&client, &wanted().own(), "tls_certificate_unknown").await;
    // One that an authority signed is as good as any other.
    let signed = ground.authority.issue(&wanted());
    let client = ground.client(&known(&[&signed])).await;
    ground.gets_in(&client, &signed).await;
}

/// RFC 8705 §2.2: a client changes its certificate by what stands at its `jwks_uri`.
#[tokio::test]
async fn a_new_certificate_is_found_where_the_client_publishes_it() {
    let ground = Ground::new().await;
    let party = RelyingParty::open().await;
    let (one, two) = (wanted().own(), wanted().own());
    let keys = |keys: &[Value]| json!({ "keys": keys }).to_string();
    let uri = party.serves("/keys", keys(&[two.jwk()]));
    let client =
        ground.client(&json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": uri })).await;
    ground.gets_in(&client, &two).await;
    ground.gets_in(&client, &two).await;
    assert_eq!(party.asked("/keys"), 1, "what is at hand is not fetched again");
    party.serves("/keys", keys(&[two.jwk(), one.jwk()]));
    ground.is_refused(&client, &one, "tls_certificate_unknown").await;
    assert_eq!(party.asked("/keys"), 1, "at most once a minute");
}

/// RFC 8705 §5: each of the aliases, and nothing for people.
#[tokio::test]
async fn the_aliases_are_where_certificates_are_asked_for() {
    let ground = Ground::new().await;
    let document = ground.provider.get("/.well-known/openid-configuration").await.unwrap().json();
    let aliases = document["mtls_endpoint_aliases"].as_object().unwrap();
    assert_eq!(aliases.len(), 5, "{aliases:?}");
    for (name, alias) in aliases {
        let (alias, main) = (alias.as_str().unwrap(), document[name].as_str().unwrap());
        assert_eq!(alias.strip_prefix(&ground.base), main.strip_prefix(ground.provider.issuer()), "{name}");
    }
    for list in ["token", "introspection", "revocation"] {
        let methods = document[format!("{list}_endpoint_auth_methods_supported")].as_array().unwrap();
        for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
            assert!(methods.contains(&json!(method)), "{list}: {methods:?}");
        }
    }
    let credential = ground.authority.issue(&wanted());
    let client = ground.client(&vouched()).await;
    let asked = [("client_id", client.as_str()), ("token", "nothing")];
    let introspected = credential.ask(Question::post(&ground.alias("/introspect"), &asked), &[]).await;
    assert_eq!((introspected.status, introspected.json()), (200, json!({ "active": false })));
    let pushed = [
        ("client_id", client.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", "https://rp.example/cb"),
    ];
    let pushed = credential.ask(Question::post(&ground.alias("/par"), &pushed), &[]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let asked = [("client_id", client.as_str()), ("grant_type", "authorization_code"), ("code", "nothing")];
    let refused = credential.ask(Question::post(&ground.alias("/token"), &asked), &[]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")), "{}", refused.body);
    for path in ["/", "/authorize", "/login", "/account", "/register", "/jwks", "/.well-known/openid-configuration"] {
        let answer = credential.ask(Question::get(&ground.alias(path)), &[]).await;
        assert_eq!(answer.status, 404, "{path}: nobody is shown a page where browsers ask for a certificate");
    }
    assert_eq!(credential.ask(Question::get(&ground.alias("/health")), &[]).await.status, 200);
    // Who has a secret may call there too, with a certificate or without.
    let party = RelyingParty::first_party(&ground.provider, "By secret").await;
    let question = || {
        Question::post(&ground.alias("/revoke"), &[("token", "nothing")]).basic(&party.client_id, &party.client_secret)
    };
    assert_eq!(question().send(&[]).await.unwrap().status, 200);
    assert_eq!(Wanted::of("anybody").own().ask(question(), &[]).await.status, 200);
}
