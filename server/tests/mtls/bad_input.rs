//! Certificates that are nobody's here: RFC 8705 §2, §7.

use serde_json::json;
use testkit::http::Question;
use testkit::{Authority, Wanted, eventually};

use super::{Ground, known, vouched, wanted};

/// RFC 8705 §2.1
#[tokio::test]
async fn whoever_is_not_vouched_for_does_not_get_in() {
    let ground = Ground::new().await;
    let client = ground.client(&vouched()).await;
    let authority = &ground.authority;
    ground.is_refused(&client, &Authority::new("An authority").issue(&wanted()), "tls_chain_unverified").await;
    ground.is_refused(&client, &wanted().own(), "tls_chain_unverified").await;
    ground.is_refused(&client, &authority.issue(&Wanted::of("other.example")), "tls_subject_differs").await;
    ground.is_refused(&client, &authority.issue(&wanted().years(2010, 2020)), "tls_certificate_expired").await;
    ground.is_refused(&client, &authority.issue(&wanted().years(2060, 2070)), "tls_certificate_expired").await;
    let asked = [("client_id", client.as_str()), ("token", "nothing")];
    let answer = Question::post(&ground.alias("/revoke"), &asked).send(&[]).await.unwrap();
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")), "no certificate");
    // A certificate is asked for at the aliases alone; at the issuer there is none to be seen.
    let credential = authority.issue(&wanted());
    ground.gets_in(&client, &credential).await;
    let answer = credential.ask(Question::post(&ground.provider.url("/revoke"), &asked), &[]).await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")), "at the issuer");
    assert!(ground.provider.log().contains("tls_certificate_absent"));
}

/// RFC 8705 §2.2
#[tokio::test]
async fn another_clients_certificate_is_another_clients() {
    let ground = Ground::new().await;
    let (one, two) = (Wanted::of("one").own(), Wanted::of("two").own());
    let (at_one, at_two) = (ground.client(&known(&[&one])).await, ground.client(&known(&[&two])).await);
    ground.gets_in(&at_one, &one).await;
    ground.gets_in(&at_two, &two).await;
    ground.is_refused(&at_one, &two, "tls_certificate_unknown").await;
    ground.is_refused(&at_two, &one, "tls_certificate_unknown").await;
    let expired = Wanted::of("one").years(2010, 2020).own();
    let client = ground.client(&known(&[&expired])).await;
    ground.is_refused(&client, &expired, "tls_certificate_expired").await;
}

/// Header fields are nothing where we end TLS ourselves: what a stranger writes into them is a stranger's (§6.5).
#[tokio::test]
async fn a_certificate_in_a_header_field_is_none() {
    let ground = Ground::new().await;
    let credential = ground.authority.issue(&wanted());
    let client = ground.client(&vouched()).await;
    let field = format!(":{}:", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &credential.der));
    for base in [ground.base.as_str(), ground.provider.issuer()] {
        let asked = [("client_id", client.as_str()), ("token", "nothing")];
        let question = Question::post(&format!("{base}/revoke"), &asked).header("client-cert", &field);
        let answer = question.header("x-forwarded-for", "192.0.2.1").send(&[]).await.unwrap();
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")), "{base}");
    }
}

/// What an authority takes back is looked up in its list, and both files are read again.
#[tokio::test]
async fn what_an_authority_took_back_is_over() {
    let mut ground = Ground::prepare(&["mtls.client_crl = \"client_crl.pem\""]);
    ground.provider.file("client_crl.pem", &ground.authority.revokes(&[7]));
    ground.start().await;
    let client = ground.client(&vouched()).await;
    let credential = ground.authority.issue(&wanted().serial(8));
    ground.gets_in(&client, &credential).await;
    ground.is_refused(&client, &ground.authority.issue(&wanted().serial(7)), "tls_chain_unverified").await;
    ground.provider.file("client_crl.pem", "nothing");
    let soon = std::time::Duration::from_secs(12);
    let complaint = "the new authorities are not used, the old ones stay";
    eventually("it complains", soon, async || ground.provider.log().contains(complaint).then_some(())).await;
    ground.gets_in(&client, &credential).await;
    ground.provider.file("client_crl.pem", &ground.authority.revokes(&[7, 8]));
    eventually("the new list is read", soon, async || {
        (ground.knocks(&client, &credential).await.status == 401).then_some(())
    })
    .await;
}
