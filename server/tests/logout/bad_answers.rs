//! Relying parties that answer what they should not, or nothing, or from where nobody may go (`logout.md` §4).

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Browser, Certificate, Door, Provider, RelyingParty, Reply};

use super::back_channel::told;
use crate::ground::{ADA, notice_of, plan, settles, with_ada};

const WAIT: &str = "retry-after: 4";

fn with(status: u16, line: &str) -> Vec<Reply> {
    vec![Reply::With(status, line.to_owned())]
}

/// An answer, what becomes of the notice, how often it is sent, and how long it is left alone after the first time.
struct Row(Vec<Reply>, &'static str, usize, Duration);

const AT_ONCE: Duration = Duration::from_millis(500);

async fn holds(rows: Vec<Row>, patience: Duration) -> (Provider, Vec<RelyingParty>) {
    let provider = with_ada(plan()).await;
    let manners: Vec<Vec<Reply>> = rows.iter().map(|Row(replies, ..)| replies.clone()).collect();
    let parties = told(&provider, &manners).await;
    let mut wanted: Vec<&str> = rows.iter().map(|Row(_, state, ..)| *state).collect();
    wanted.sort_unstable();
    settles(&provider, &wanted, patience).await;
    for (party, Row(replies, state, times, wait)) in parties.iter().zip(&rows) {
        let (notice, heard) = (notice_of(&provider, party).await, party.heard());
        let seen = (notice["state"].as_str().unwrap(), heard.len());
        assert_eq!(seen, (*state, *times), "{replies:?}: {notice}");
        assert_eq!(notice["attempts"], json!(times), "{replies:?}: {notice}");
        if let [first, second, ..] = heard.as_slice() {
            assert!(second.at - first.at >= *wait, "{replies:?}: sent again after {:?}", second.at - first.at);
        }
    }
    (provider, parties)
}

/// issue 4, bad input: 400, 401, 404, 429, 500 and 503, with and without `Retry-After`.
#[tokio::test]
async fn retry_after_moves_what_comes_again_and_nothing_else() {
    #[expect(clippy::disallowed_methods, reason = "the relying party is outside, and so is its clock")]
    let soon = jiff::Timestamp::now() + Duration::from_secs(25);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&soon).unwrap();
    let (asked, none) = (Duration::from_secs(4), AT_ONCE);
    let rows = vec![
        Row(with(400, WAIT), "refused", 1, none),
        Row(vec![Reply::Status(401)], "parked", 1, none),
        Row(with(401, WAIT), "parked", 1, none),
        Row(with(404, WAIT), "parked", 1, none),
        Row(vec![Reply::Status(429)], "delivered", 2, none),
        Row(vec![Reply::Status(503)], "delivered", 2, none),
        Row(with(500, WAIT), "delivered", 2, asked),
        Row(with(503, WAIT), "delivered", 2, asked),
        Row(with(429, "retry-after: soon"), "delivered", 2, none),
        Row(with(503, "retry-after: -7"), "delivered", 2, none),
        Row(with(503, &format!("retry-after: {date}")), "delivered", 2, asked),
        // A hundred years are as long as the deadline is far, and so is what no clock can hold.
        Row(with(503, "retry-after: 3155760000"), "pending", 1, none),
        Row(with(503, "retry-after: 99999999999999999999999"), "pending", 1, none),
    ];
    let (provider, parties) = holds(rows, Duration::from_secs(45)).await;
    for party in &parties[parties.len() - 2..] {
        let far = notice_of(&provider, party).await;
        assert_eq!(far["due_at"], far["deliver_by"], "{far}");
    }
}

/// issue 4, bad input: relying parties that drip, redirect, and do not speak HTTP.
#[tokio::test]
async fn whatever_comes_back_is_one_of_five_things() {
    let elsewhere = RelyingParty::open().await;
    let there = format!("location: {}", elsewhere.logout_uri());
    let raw = |text: &str| vec![Reply::Raw(text.to_owned())];
    let rows = vec![
        // These two would send the token on, if they were followed.
        Row(with(307, &there), "parked", 1, AT_ONCE),
        Row(with(308, &there), "parked", 1, AT_ONCE),
        // The status is the answer: what drips after it is nobody's.
        Row(vec![Reply::Drip("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".into())], "delivered", 1, AT_ONCE),
        Row(vec![Reply::Drip("HTTP/1.1 400 No\r\ncontent-length: 100000\r\n\r\n".into())], "refused", 1, AT_ONCE),
        // A status that drips is none. The attempt has its time, and no more.
        Row(vec![Reply::Drip("HTTP/1.1 200 OK\r\nx-drip: ".into())], "delivered", 2, Duration::from_secs(9)),
        Row(raw("SSH-2.0-OpenSSH_9.9\r\n"), "delivered", 2, AT_ONCE),
        Row(raw(""), "delivered", 2, AT_ONCE),
        Row(raw("HTTP/1.1 200"), "delivered", 2, AT_ONCE),
        Row(raw(&format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(2 << 20))), "delivered", 2, AT_ONCE),
    ];
    holds(rows, Duration::from_secs(45)).await;
    assert_eq!(elsewhere.heard().len(), 0, "a redirect is not followed");
}

/// A certificate that signs itself, for these names.
fn certificate(names: &[&str], ended: bool) -> Certificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters =
        rcgen::CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap();
    if ended {
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let own = parameters.self_signed(&key).unwrap();
    let (chain, der) = (own.pem(), own.der().to_vec());
    Certificate { chain, key: key.serialize_pem(), der, key_der: key.serialize_der() }
}

/// Signs Ada in at a relying party whose logout tokens go to this address.
async fn party_at(provider: &Provider, mut party: RelyingParty, uri: &str) -> RelyingParty {
    let mut metadata = party.metadata(uri);
    metadata["backchannel_logout_uri"] = json!(uri);
    party.register(provider, &metadata, &["--first-party"]).await;
    party
}

/// issue 4, bad input: invalid TLS. Who cannot prove who it is gets no logout token, and is tried again.
#[tokio::test]
async fn no_token_goes_to_whoever_cannot_prove_its_name() {
    let mine = ["localhost", "127.0.0.1"];
    let (good, unknown) = (certificate(&mine, false), certificate(&mine, false));
    let (other, ended) = (certificate(&["other.example"], false), certificate(&mine, true));
    let chain = [&good, &other, &ended].map(|known| known.chain.as_str()).concat();
    let known = Certificate { chain, ..good.clone() };
    let provider = with_ada(plan().trusts(&known)).await;
    let mut browser = Browser::new(&provider);
    let mut bad = Vec::new();
    for certificate in [&unknown, &other, &ended] {
        let party = RelyingParty::open().await;
        let door = Door::before(party.port(), certificate).await;
        let uri = door.url("127.0.0.1", "/backchannel");
        bad.push((party_at(&provider, party, &uri).await, Some(door)));
    }
    // Nobody speaks TLS there.
    let party = RelyingParty::open().await;
    let uri = format!("https://127.0.0.1:{}/backchannel", party.port());
    bad.push((party_at(&provider, party, &uri).await, None));
    let party = RelyingParty::open().await;
    let door = Door::before(party.port(), &good).await;
    let proven = party_at(&provider, party, &door.url("127.0.0.1", "/backchannel")).await;
    for party in bad.iter().map(|(party, _)| party).chain([&proven]) {
        party.sign_in(&provider, &mut browser, ADA).await;
    }
    provider.cli(&["session", "end", "--user", "ada"]).await;
    proven.hears(1, Duration::from_secs(10)).await;
    for (party, _) in &bad {
        let notice = testkit::eventually("it was tried", Duration::from_secs(20), async || {
            let notice = notice_of(&provider, party).await;
            notice["last_reply"].is_string().then_some(notice)
        })
        .await;
        assert_eq!((&notice["state"], &notice["last_status"]), (&json!("pending"), &Value::Null), "{notice}");
        assert_eq!(party.heard().len(), 0, "{notice}");
    }
    settles(&provider, &["delivered", "pending", "pending", "pending", "pending"], Duration::from_secs(5)).await;
    for (party, _) in &bad[..3] {
        let notice = notice_of(&provider, party).await;
        assert!(notice["last_reply"].as_str().unwrap().contains("certificate"), "in plain words: {notice}");
    }
}

/// issue 4, bad input: DNS that points inside. A name passes by its look, and is judged by where it leads.
#[tokio::test]
async fn a_name_that_leads_inside_is_parked_and_nobody_is_knocked_at() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let provider = with_ada(plan().set("test_mode.loopback_ports = [1]")).await;
    let party = RelyingParty::open().await;
    let party = party_at(&provider, party, &format!("https://localhost:{port}/backchannel")).await;
    party.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
    provider.cli(&["session", "end", "--user", "ada"]).await;
    settles(&provider, &["parked"], Duration::from_secs(10)).await;
    let notice = notice_of(&provider, &party).await;
    assert!(notice["last_reply"].as_str().unwrap().contains("may not be reached"), "{notice}");
    assert_eq!(notice["attempts"], 1, "{notice}");
    assert!(listener.accept().is_err(), "nobody knocked");
}
