//! Cases of logout: the request, the verdict, the notices; and the properties beside them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "shared with the cases of the token endpoint")]
mod given;

use std::collections::BTreeSet;

use given::{ISSUER, NOW, client, form, object, run, seconds};
use openid::client::policy::IdleNotices;
use openid::logout::backchannel::{Again, Failure, Reply, Weighed, again, backoff, claims, retry_after, weigh};
use openid::logout::end::{After, EndAnswer, EndFacts, EndHint, EndNext, EndRequest, HeldSession, HintClaims, judge};
use openid::logout::frontchannel::address;
use openid::logout::judge::{self as verdict, End, Ended, Leaving, Notice, OfflineGrants, Untold};
use openid::logout::session_state::session_state;
use openid::name::{AccountId, ClientId, GrantId, SessionId, Sid, Sub};
use openid::native_sso::DeviceTie;
use openid::session::{Cause, GrantKind, Participation, SessionKind};
use openid::time::{Span, Time};
use proptest::prelude::*;
use serde_json::{Value, json};

fn words(ended: &[Ended]) -> Value {
    let word = |ended: &Ended| match ended {
        Ended::Participation(sid) => format!("participation {sid}"),
        Ended::Session(session) => format!("session {session}"),
        Ended::Account(account) => format!("account {account}"),
        Ended::Client(client) => format!("client {client}"),
        Ended::AccountAtClient(account, client) => format!("account {account} at {client}"),
    };
    ended.iter().map(word).collect()
}

fn then(mut ruled: Value, after: &After) -> Value {
    match after {
        After::Redirect(uri) => ruled["redirect"] = json!(uri),
        After::Link(uri) => ruled["link"] = json!(uri),
        After::Page => ruled["page"] = json!(true),
    }
    ruled
}

fn hint(given: &Value) -> EndHint {
    match given["hint"].as_str() {
        None => EndHint::Absent,
        Some("foreign") => EndHint::Foreign,
        Some(_) => EndHint::Genuine(HintClaims {
            ds_hash: None,
            client: ClientId::new("rp"),
            sub: Sub::new("subject"),
            sid: (given["sid"] != "none").then(|| Sid::new("stay")),
        }),
    }
}

fn stay(given: &Value) -> Option<Participation> {
    let text = |name: &str, default: &str| given["stay"][name].as_str().unwrap_or(default).to_owned();
    (given["stay"] != "none").then(|| Participation {
        sid: Sid::new("stay"),
        session: SessionId::new(text("session", "s1")),
        account: AccountId::new("a1"),
        client: ClientId::new(text("client", "rp")),
        sub: Sub::new(text("sub", "subject")),
        begun_at: NOW,
    })
}

fn kept_by(given: &Value) -> SessionKind {
    given["stay"]["kept_by"].as_str().map_or(SessionKind::Browser, |word| SessionKind::read(word).unwrap())
}

fn sessions(given: &Value) -> Vec<HeldSession> {
    let default = json!([["s1", "a1"]]);
    let list = if given.is_null() { &default } else { given };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let held =
        |pair: &Value| HeldSession { session: SessionId::new(text(&pair[0])), account: AccountId::new(text(&pair[1])) };
    list.as_array().unwrap().iter().map(held).collect()
}

#[test]
fn end_cases() {
    run("logout/end.toml", |_, case| {
        let given = &case["given"];
        let request = match EndRequest::read(&form(&case["asked"])) {
            Ok(request) => request,
            Err(no) => return json!({ "refuse": no.code.as_str(), "why": no.why }),
        };
        let uris = if given["uris"].is_null() { json!(["https://rp.example/out"]) } else { given["uris"].clone() };
        let known = client(&json!({ "policy": given["policy"] }), &json!({ "post_logout_redirect_uris": uris }));
        let hint = hint(given);
        let wanted = request.client(&hint).filter(|_| given["client"] != "none");
        let (stay, sessions) = (stay(given), sessions(&given["sessions"]));
        let client = wanted.map(|_| &*known);
        let facts = EndFacts {
            hint: &hint,
            client,
            sessions: &sessions,
            stay: stay.as_ref().map(|stay| (stay, kept_by(given))),
        };
        match judge(&request, &facts) {
            EndNext::Show(no) => json!({ "refuse": no.code.as_str(), "why": no.why }),
            EndNext::Done { after } => then(json!({ "done": true }), &after),
            EndNext::End { what, cause, after } => {
                then(json!({ "end": words(&what), "cause": cause.as_str() }), &after)
            }
            EndNext::Ask(question) => {
                let ruled = json!({
                    "ask": question.sessions.iter().map(|held| held.session.as_str()).collect::<Vec<_>>(),
                    "cause": question.cause().as_str(),
                    "everything": words(&question.ends(&EndAnswer::Everything)),
                    "this_client": words(&question.ends(&EndAnswer::ThisClient)),
                });
                then(ruled, &question.after)
            }
        }
    });
}

#[test]
fn hint_cases() {
    run("logout/hint.toml", |_, case| match EndHint::read(&object(&case["given"]["claims"]), ISSUER) {
        EndHint::Absent => json!({ "absent": true }),
        EndHint::Foreign => json!({ "foreign": true }),
        EndHint::Genuine(hint) => json!({ "genuine": {
            "client": hint.client.as_str(), "sub": hint.sub.as_str(),
            "sid": hint.sid.map(|sid| sid.to_string()).unwrap_or_default(),
        }}),
    });
}

#[test]
fn session_state_cases() {
    let value = |asked: &Value| {
        let text = |name: &str, default: &str| asked[name].as_str().unwrap_or(default).to_owned();
        let client = ClientId::new(text("client", "rp"));
        let uri = text("redirect_uri", "https://rp.example/cb");
        session_state(&client, &uri, &text("state", "state"), &text("salt", "salt"))
    };
    run("logout/session_state.toml", |_, case| {
        let (own, usual) = (value(&case["asked"]), value(&json!({})));
        let parts =
            own.split('.').zip(usual.split('.')).map(|(own, usual)| if own == usual { "same" } else { "other" });
        let parts: Vec<_> = parts.collect();
        json!({ "value": own, "digest": parts[0], "bound": parts[2] })
    });
}

#[test]
fn weigh_cases() {
    run("logout/weigh.toml", |_, case| {
        let wait = case["given"]["retry_after"].as_str().and_then(|text| retry_after(text, NOW));
        let weighed = case["given"]["status"].as_array().unwrap().iter().map(|status| {
            let code = u16::try_from(status.as_u64().unwrap()).unwrap();
            match weigh(&Reply::Status { code, retry_after: wait }) {
                Weighed::Delivered => "delivered".to_owned(),
                Weighed::Refused => "refused".to_owned(),
                Weighed::Later(None) => "later".to_owned(),
                Weighed::Later(Some(wait)) => format!("later {}", wait.seconds()),
                Weighed::Park => "park".to_owned(),
            }
        });
        let all: BTreeSet<String> = weighed.collect();
        json!({ "weighed": all.into_iter().collect::<Vec<_>>().join(" and ") })
    });
}

#[test]
fn failures_come_again_but_for_a_forbidden_address() {
    for failure in [Failure::Timeout, Failure::Connection, Failure::Dns, Failure::Tls, Failure::Garbled] {
        assert_eq!(weigh(&Reply::Failed(failure)), Weighed::Later(None), "{failure:?}");
    }
    assert_eq!(weigh(&Reply::Failed(Failure::ForbiddenAddress)), Weighed::Park);
}

#[test]
fn every_status_has_a_weight() {
    let delivered: Vec<u16> = (0..=u16::MAX)
        .filter(|code| weigh(&Reply::Status { code: *code, retry_after: None }) == Weighed::Delivered)
        .collect();
    assert_eq!(delivered, [200, 204]);
}

#[test]
fn dates_of_retry_after() {
    let at = |text: &str| retry_after(text, Time::from_seconds(0)).map(Span::seconds);
    assert_eq!(at("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
    assert_eq!(at("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
    assert_eq!(at("Fri, 31 Dec 1999 23:59:60 GMT"), Some(946_684_800));
    assert_eq!(at(" 5 "), Some(5));
    assert_eq!(at("99999999999999999999999999"), Some(365 * 86_400), "more than any deadline");
    for text in [
        "",
        "-1",
        "1.5",
        "Sun, 06 Nov 1994",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37:00 GMT",
        "Sun, 40 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 99:49:37 GMT",
        "+5",
    ] {
        assert_eq!(at(text), None, "{text}");
    }
}

fn notice() -> Notice {
    Notice {
        client: ClientId::new("rp"),
        sub: Sub::new("subject"),
        sid: Sid::new("stay"),
        account: AccountId::new("a1"),
        session: SessionId::new("s1"),
        deliver_by: NOW,
    }
}

#[test]
fn logout_token() {
    // Back-Channel Logout §2.4, exactly: no nonce, nothing else.
    let want = json!({
        "iss": ISSUER, "sub": "subject", "aud": "rp", "iat": 1_700_000_000, "exp": 1_700_000_120, "jti": "drawn",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} }, "sid": "stay",
    });
    assert_eq!(Value::Object(claims(&notice(), ISSUER, NOW, "drawn")), want);
}

#[test]
fn back_off_doubles_and_is_capped() {
    let without_jitter: Vec<i64> = (0..12).map(|attempts| backoff(attempts, 0).seconds()).collect();
    assert_eq!(without_jitter, [2, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    assert_eq!(backoff(3, 4_000).millis(), 4_000, "at most half is taken off");
    assert_eq!(backoff(3, 4_001).millis(), 8_000);
    assert!((450..=900).contains(&backoff(u32::MAX, u64::MAX).seconds()), "never overflows");
}

#[test]
fn a_notice_is_tried_until_its_deadline() {
    let by = NOW + seconds(10);
    assert_eq!(again(NOW, seconds(4), None, by), Again::At(NOW + seconds(4)));
    assert_eq!(again(NOW, seconds(4), Some(seconds(7)), by), Again::At(NOW + seconds(7)), "Retry-After is honoured");
    assert_eq!(again(NOW, seconds(4), Some(seconds(1)), by), Again::At(NOW + seconds(4)));
    assert_eq!(again(NOW, seconds(4), Some(seconds(900)), by), Again::At(by), "a last time");
    assert_eq!(again(by, seconds(4), None, by), Again::Park);
}

/// The written table of `logout.md` §3: for each cause, a browser session under the order to keep, under the order to
/// revoke, and a device session. `+`: the offline grant lives on.
const TABLE: &[(Cause, &str)] = &[
    (Cause::RelyingParty, "+--"),
    (Cause::Person, "+--"),
    (Cause::ConsentWithdrawn, "---"),
    (Cause::Operator, "+--"),
    (Cause::PasswordChanged, "---"),
    (Cause::AccountDisabled, "---"),
    (Cause::ClientDisabled, "---"),
    (Cause::IdleExpiry, "++-"),
    (Cause::AbsoluteExpiry, "++-"),
    (Cause::Reuse, "---"),
    (Cause::Revoked, "+--"),
    (Cause::Replaced, "++-"),
];

fn leaving(kind: SessionKind, grants: Vec<(GrantId, GrantKind)>) -> Leaving {
    Leaving {
        sid: Sid::new("stay"),
        session: SessionId::new("s1"),
        session_kind: kind,
        account: AccountId::new("a1"),
        client: ClientId::new("rp"),
        sub: Sub::new("subject"),
        backchannel_logout_uri: Some("https://rp.example/bc".to_owned()),
        frontchannel_logout_uri: None,
        deadline: None,
        idle_notices: IdleNotices::Send,
        offline_grants: OfflineGrants::Keep,
        grants,
    }
}

fn end(cause: Cause, offline: OfflineGrants) -> End {
    End {
        what: Ended::Session(SessionId::new("s1")),
        cause,
        by: "somebody".to_owned(),
        offline,
        at: NOW,
        deadline: Span::from_hours(24),
        browser: Vec::new(),
    }
}

#[test]
fn every_cell_of_the_table() {
    assert_eq!(TABLE.len(), Cause::ALL.len());
    for (cause, row) in TABLE {
        let columns = [
            (SessionKind::Browser, OfflineGrants::Keep),
            (SessionKind::Browser, OfflineGrants::Revoke),
            (SessionKind::Device, OfflineGrants::Keep),
            (SessionKind::Device, OfflineGrants::Revoke),
        ];
        for ((kind, ordered), cell) in columns.into_iter().zip(row.chars().chain(row.chars().last())) {
            let grants = vec![(GrantId::new("on"), GrantKind::Online), (GrantId::new("off"), GrantKind::Offline)];
            let verdict = verdict::judge(&end(*cause, ordered), vec![leaving(kind, grants)]);
            let kept = if cell == '+' { vec![GrantId::new("off")] } else { vec![] };
            assert_eq!(verdict.kept, kept, "{cause:?} {kind:?} {ordered:?}");
            assert!(verdict.revoked.contains(&GrantId::new("on")), "online grants always end");
            // A client's policy is an order about its own grants.
            let grants = vec![(GrantId::new("on"), GrantKind::Online), (GrantId::new("off"), GrantKind::Offline)];
            let own = Leaving { offline_grants: ordered, ..leaving(kind, grants) };
            assert_eq!(verdict, verdict::judge(&end(*cause, OfflineGrants::Keep), vec![own]), "{cause:?} {kind:?}");
        }
    }
}

#[test]
fn the_table_for_the_documentation() {
    let text = verdict::table();
    assert_eq!(text.lines().count(), Cause::ALL.len() + 2);
    assert!(text.contains("| `rp_initiated` | live on | end | end | ends too, unless `apart` |"), "{text}");
    assert!(text.contains("| `idle_expiry` | live on | live on | end | goes on |"), "{text}");
}

/// `logout.md` §2: a sign-out reaches the device; what nobody did in the browser does not.
#[test]
fn a_device_session_follows_whoever_signs_out() {
    let follow = [
        Cause::RelyingParty,
        Cause::Person,
        Cause::Operator,
        Cause::PasswordChanged,
        Cause::AccountDisabled,
        Cause::Reuse,
    ];
    for cause in Cause::ALL {
        assert_eq!(verdict::follows(*cause, DeviceTie::WithBrowser), follow.contains(cause), "{cause:?}");
        assert!(!verdict::follows(*cause, DeviceTie::Apart), "{cause:?}");
    }
}

#[test]
fn idle_expiry_may_be_declined_and_nothing_else() {
    for cause in Cause::ALL {
        let mut stay = leaving(SessionKind::Browser, vec![]);
        stay.idle_notices = IdleNotices::Decline;
        let verdict = verdict::judge(&end(*cause, OfflineGrants::Keep), vec![stay]);
        let untold = verdict.untold.iter().map(|(_, _, why)| *why).collect::<Vec<_>>();
        let want = if *cause == Cause::IdleExpiry { vec![Untold::Declined] } else { vec![] };
        assert_eq!(untold, want, "{cause:?}");
    }
}

#[test]
fn a_client_may_have_its_own_deadline() {
    let mut stay = leaving(SessionKind::Browser, vec![]);
    stay.deadline = Some(seconds(60));
    let order = end(Cause::Person, OfflineGrants::Keep);
    let verdict = verdict::judge(&order, vec![stay, leaving(SessionKind::Browser, vec![])]);
    let by: Vec<Time> = verdict.notices.iter().map(|notice| notice.deliver_by).collect();
    assert_eq!(by, [NOW + seconds(60), NOW + Span::from_hours(24)]);
}

#[test]
fn frontchannel_cases() {
    run("logout/frontchannel.toml", |_, case| {
        let given = &case["given"];
        let cause = given["cause"].as_str().map_or(Cause::RelyingParty, |word| Cause::read(word).unwrap());
        let here = given["here"].as_array().unwrap().iter().map(|id| SessionId::new(id.as_str().unwrap()));
        let order = End { browser: here.collect(), ..end(cause, OfflineGrants::Keep) };
        let stay = Leaving {
            frontchannel_logout_uri: given["front"].as_str().map(str::to_owned),
            backchannel_logout_uri: given["back"].as_bool().map(|_| "https://rp.example/bc".to_owned()),
            ..leaving(SessionKind::Browser, vec![])
        };
        let verdict = verdict::judge(&order, vec![stay]);
        json!({
            "frames": verdict.frames.iter().map(|frame| address(frame, ISSUER)).collect::<Vec<_>>(),
            "shown": verdict.shown.len(),
            "noticed": verdict.notices.len(),
            "untold": verdict.untold.iter().map(|(_, _, why)| json!(why)).collect::<Vec<_>>(),
        })
    });
}

fn any_leaving() -> impl Strategy<Value = Vec<Leaving>> {
    let stay = (
        any::<bool>(),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        any::<bool>(),
        any::<bool>(),
        proptest::collection::vec(any::<bool>(), 0..4),
        proptest::option::of(1..1000i64),
    );
    proptest::collection::vec(stay, 0..8).prop_map(|stays| {
        let stays = stays.into_iter().enumerate().map(
            |(n, (device, (address, front, here), declines, strict, grants, deadline))| {
                let kind = |offline| if offline { GrantKind::Offline } else { GrantKind::Online };
                let grants =
                    grants.into_iter().enumerate().map(|(m, off)| (GrantId::new(format!("{n}.{m}")), kind(off)));
                Leaving {
                    sid: Sid::new(format!("sid{n}")),
                    client: ClientId::new(format!("rp{n}")),
                    session: SessionId::new(if here { "here" } else { "elsewhere" }),
                    backchannel_logout_uri: address.then(|| "https://rp.example/bc".to_owned()),
                    frontchannel_logout_uri: front.then(|| "https://rp.example/out".to_owned()),
                    idle_notices: if declines { IdleNotices::Decline } else { IdleNotices::Send },
                    offline_grants: if strict { OfflineGrants::Revoke } else { OfflineGrants::Keep },
                    deadline: deadline.map(seconds),
                    ..leaving(if device { SessionKind::Device } else { SessionKind::Browser }, grants.collect())
                }
            },
        );
        stays.collect()
    })
}

proptest! {
    /// Every stay is noticed, shown or untold, exactly one of them; notices go only where there is an address, frames only
    /// where the browser is; every grant ends or lives.
    #[test]
    fn the_equation_of_a_verdict(stays in any_leaving(), cause in proptest::sample::select(Cause::ALL), keep in any::<bool>()) {
        let order = end(cause, if keep { OfflineGrants::Keep } else { OfflineGrants::Revoke });
        let order = End { browser: vec![SessionId::new("here")], ..order };
        let verdict = verdict::judge(&order, stays.clone());
        prop_assert_eq!(&verdict, &verdict::judge(&order, stays.clone()), "executed = previewed");
        let told: BTreeSet<_> = verdict.notices.iter().map(|notice| notice.sid.clone()).collect();
        let untold: BTreeSet<_> = verdict.untold.iter().map(|(sid, _, _)| sid.clone()).collect();
        let left: BTreeSet<_> = stays.iter().map(|stay| stay.sid.clone()).collect();
        let shown: BTreeSet<_> = verdict.shown.iter().map(|(sid, _)| sid.clone()).collect();
        let framed: BTreeSet<_> = verdict.frames.iter().map(|frame| frame.sid.clone()).collect();
        prop_assert_eq!(verdict.notices.len() + verdict.shown.len() + verdict.untold.len(), stays.len());
        prop_assert_eq!(told.iter().chain(&shown).chain(&untold).cloned().collect::<BTreeSet<_>>(), left);
        prop_assert!(shown.is_subset(&framed));
        for stay in &stays {
            prop_assert!(!told.contains(&stay.sid) || stay.backchannel_logout_uri.is_some());
            let can = stay.frontchannel_logout_uri.is_some() && stay.session.as_str() == "here";
            prop_assert_eq!(framed.contains(&stay.sid), can);
            for (grant, kind) in &stay.grants {
                prop_assert!(verdict.revoked.contains(grant) != verdict.kept.contains(grant));
                prop_assert!(*kind == GrantKind::Offline || verdict.revoked.contains(grant));
            }
        }
        prop_assert!(verdict.notices.iter().all(|notice| notice.deliver_by > NOW));
    }

    /// Whatever is asked: a redirect needs a genuine hint and a registered address, and nothing unlisted ever ends.
    #[test]
    fn a_redirect_needs_a_genuine_hint(
        hint_kind in proptest::sample::select(&["", "genuine", "foreign"][..]),
        client_id in proptest::option::of(proptest::sample::select(&["rp", "other"][..])),
        uri in proptest::option::of(proptest::sample::select(&["https://rp.example/out", "https://evil.example/", "https://rp.example/out?a"][..])),
        held in any::<bool>(), lives in any::<bool>(), known in any::<bool>(),
    ) {
        let mut asked = json!({ "state": "s" });
        for (name, value) in [("client_id", client_id), ("post_logout_redirect_uri", uri)] {
            if let Some(value) = value {
                asked[name] = json!(value);
            }
        }
        let hint = hint(&if hint_kind.is_empty() { json!({}) } else { json!({ "hint": hint_kind }) });
        let rp = client(&json!({}), &json!({ "post_logout_redirect_uris": ["https://rp.example/out"] }));
        let request = EndRequest::read(&form(&asked)).unwrap();
        let sessions = if held { sessions(&Value::Null) } else { vec![] };
        let stay = stay(&json!({}));
        let client = request.client(&hint).filter(|id| known && id.as_str() == "rp").map(|_| &*rp);
        let stay = stay.as_ref().filter(|_| lives).map(|stay| (stay, SessionKind::Browser));
        let facts = EndFacts { hint: &hint, client, sessions: &sessions, stay };
        let genuine = matches!(hint, EndHint::Genuine(_));
        let (after, ends) = match judge(&request, &facts) {
            EndNext::Show(_) => (None, None),
            EndNext::Done { after } => {
                prop_assert!(!held);
                (Some(after), None)
            }
            EndNext::End { after, what, .. } => (Some(after), Some(what)),
            EndNext::Ask(question) => (Some(question.after), None),
        };
        if let Some(After::Redirect(to) | After::Link(to)) = &after {
            prop_assert_eq!(to, "https://rp.example/out?state=s");
            prop_assert_eq!(genuine, matches!(after, Some(After::Redirect(_))));
        }
        if ends.is_some() {
            prop_assert!(genuine && held && lives, "nothing ends unasked but by a live stay of this browser");
        }
    }

    /// The wait is at least half and at most all of the doubled one, whatever is drawn.
    #[test]
    fn back_off_stays_in_its_bounds(attempts in any::<u32>(), jitter in any::<u64>()) {
        let (wait, full) = (backoff(attempts, jitter), backoff(attempts, 0));
        prop_assert!(wait <= full && wait.millis() * 2 >= full.millis() && full <= Span::from_minutes(15));
    }

    /// Whatever a relying party puts into Retry-After.
    #[test]
    fn reading_retry_after_never_panics(text in "\\PC{0,60}", date in "[A-Z][a-z]{2}, [0-9]{1,3} [JFMASOND][a-z]{2} [0-9]{1,9} [0-9:]{1,12} GMT") {
        let _ = (retry_after(&text, NOW), retry_after(&date, NOW));
    }
}
