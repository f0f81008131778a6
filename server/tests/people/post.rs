//! Letters on their way: a mail server that is down, that says no, that wants TLS and a password.

use std::path::PathBuf;
use std::time::Duration;

use testkit::post_office::Tls;
use testkit::{Browser, PostOffice, Provider, RelyingParty, eventually};

use super::super::ground::{plan, with_ada};
use super::{forget, plan_with};

async fn ask(provider: &Provider, address: &str) {
    provider.cli(&["user", "update", "ada", "--email", address]).await;
    let party = RelyingParty::first_party(provider, address).await;
    let mut browser = Browser::new(provider);
    let login = browser.open(&party.begin(provider).url()).await;
    assert!(
        forget(&mut browser, &login, "ada").await.says("Please look at your mail"),
        "no page waits for a mail server"
    );
}

async fn notice(provider: &Provider, state: &str, to: &str) -> serde_json::Value {
    eventually(&format!("a letter to {to} is {state}"), Duration::from_secs(20), async || {
        provider.notices().await.into_iter().find(|row| row["to"] == to && row["state"] == state)
    })
    .await
}

#[tokio::test]
async fn a_letter_waits_for_a_mail_server_that_is_down_and_survives_a_crash() {
    let mut office = PostOffice::closed();
    let mut provider = with_ada(plan_with(&office)).await;
    ask(&provider, "ada@example.org").await;
    let waits = eventually("an attempt failed", Duration::from_secs(20), async || {
        provider.notices().await.into_iter().find(|row| !row["last_reply"].is_null())
    })
    .await;
    assert_eq!((waits["state"].as_str(), waits["kind"].as_str()), (Some("pending"), Some("email")), "{waits}");
    assert!(waits["story"].as_str().unwrap().contains("1 attempt"), "{waits}");
    let stored = std::fs::read(provider.dir().join("data.sqlite")).unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains("/link?token="), "no link is stored");
    provider.kill();
    office.up();
    provider.start().await;
    let letter = office.letter("ada@example.org", 1).await;
    assert_eq!(letter.subject, "Choose a new password at Ostiary");
    notice(&provider, "delivered", "ada@example.org").await;
    assert!(provider.says(&["notice", "list"]).contains("taken by the mail server"));
}

#[tokio::test]
async fn what_the_mail_server_refuses_is_settled_and_what_it_postpones_comes_again() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    ask(&provider, "gone@example.org").await;
    let refused = notice(&provider, "refused", "gone@example.org").await;
    assert_eq!(refused["last_status"], 550, "{refused}");
    assert!(refused["last_reply"].as_str().unwrap().contains("no such mailbox"), "{refused}");
    ask(&provider, "later@example.org").await;
    office.letter("later@example.org", 1).await;
    let delivered = notice(&provider, "delivered", "later@example.org").await;
    assert_eq!(delivered["attempts"], 2, "{delivered}");
    // The first to be taken, and the last to be given up.
    let id = refused["id"].as_str().unwrap();
    assert!(provider.try_cli("", &["notice", "give-up", id]).await.is_err(), "its own no stands");
    assert!(provider.says(&["notice", "show", id]).contains("no such mailbox"));
}

/// A server that refuses us has said nothing of our letters.
#[tokio::test]
async fn a_mail_server_that_takes_nothing_from_us_loses_no_letter() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    office.shut();
    ask(&provider, "ada@example.org").await;
    let waits = eventually("an attempt failed", Duration::from_secs(20), async || {
        provider.notices().await.into_iter().find(|row| row["last_status"] == 550)
    })
    .await;
    assert_eq!(waits["state"], "pending", "{waits}");
    office.unshut();
    office.letter("ada@example.org", 1).await;
    notice(&provider, "delivered", "ada@example.org").await;
}

/// A certificate authority and a certificate for this machine.
fn certificate(dir: &std::path::Path) -> (String, PathBuf, PathBuf) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let root = authority.self_signed(&key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    (
        write("root.pem", &root).display().to_string(),
        write("leaf.pem", &leaf.pem()),
        write("key.pem", &own.serialize_pem()),
    )
}

#[tokio::test]
async fn letters_go_over_tls_with_the_operators_password() {
    let dir = std::env::temp_dir().join(format!("ostiary-mail-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (root, cert, key) = certificate(&dir);
    std::fs::write(dir.join("credentials"), "door\na secret of the door\n").unwrap();
    std::fs::write(dir.join("wrong"), "door\nanother secret\n").unwrap();
    let login = Some(("door", "a secret of the door"));
    for (tls, smtp) in [
        (Tls::Implicit(cert.clone(), key.clone()), "smtps://localhost:PORT"),
        (Tls::StartTls(cert, key), "smtp://localhost:PORT?tls=required"),
    ] {
        let office = PostOffice::with(tls.clone(), if matches!(tls, Tls::StartTls(..)) { login } else { None });
        let lines = |credentials: &str| {
            let smtp = smtp.replace("PORT", &office.port().to_string());
            let credentials = dir.join(credentials);
            format!(
                "mail.smtp = \"{smtp}\"\nmail.from = \"door@op.example\"\nmail.credentials_file = \"{}\"\ntest_mode.extra_ca = \"{root}\"",
                credentials.display()
            )
        };
        let with_login = matches!(tls, Tls::StartTls(..));
        let plain = lines("credentials")
            .replace(&format!("\nmail.credentials_file = \"{}\"", dir.join("credentials").display()), "");
        let provider = with_ada(plan().set(if with_login { lines("credentials") } else { plain }.as_str())).await;
        ask(&provider, "ada@example.org").await;
        let letter = office.letter("ada@example.org", 1).await;
        assert_eq!(letter.all["tls"], true, "{smtp}");
        assert_eq!(letter.all["hello"], "localhost", "it says who it is");
        assert!(provider.doctor().contains("answers and takes our credentials"));
        if with_login {
            let wrong = plan().set(&lines("wrong")).prepare();
            assert!(wrong.doctor().contains("letters cannot be sent"), "{}", wrong.doctor());
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn a_letter_is_not_sent_in_the_clear_where_tls_is_asked_for() {
    let office = PostOffice::open();
    let lines =
        format!("mail.smtp = \"smtp://localhost:{}?tls=required\"\nmail.from = \"door@op.example\"", office.port());
    let provider = with_ada(plan().set(&lines)).await;
    ask(&provider, "ada@example.org").await;
    eventually("an attempt failed", Duration::from_secs(20), async || {
        provider.notices().await.into_iter().find(|row| !row["last_reply"].is_null())
    })
    .await;
    assert!(office.letters().is_empty());
    assert!(provider.doctor().contains("letters cannot be sent"));
    let mut down = office;
    down.down();
    assert!(provider.doctor().contains("letters cannot be sent"));
}
