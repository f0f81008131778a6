//! A site's pages. One template; what it shows depends on who is here.

use askama::Template;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use openid::time::Time;
use serde_json::Value;

use super::diary::{Stay, Tone};
use super::{Look, Rp, plain};
use crate::answer::put;

#[derive(Template)]
#[template(path = "demo/site.html")]
struct Site<'a> {
    look: &'a Look,
    issuer: &'a str,
    origin: &'a str,
    guide: &'a str,
    framed: bool,
    seen: u64,
    down: bool,
    person: Option<Person>,
    lines: Vec<Shown>,
}

struct Person {
    name: String,
    since: String,
    facts: Vec<(&'static str, String)>,
}

struct Shown {
    at: String,
    tone: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "demo/failed.html")]
struct Failed<'a> {
    look: &'a Look,
    why: &'a str,
}

/// A long random name, shortened for people.
pub(super) fn short(name: &str) -> String {
    format!("{}…", name.chars().take(6).collect::<String>())
}

/// The time of day on this machine.
fn clock(at: Time) -> String {
    let zone = jiff::tz::TimeZone::system();
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| String::new(), |at| at.to_zoned_datetime(zone).strftime("%H:%M:%S").to_string())
}

fn person(stay: &Stay) -> Person {
    let claim = |name: &'static str| match stay.claims.get(name) {
        Some(Value::String(text)) => Some((name, text.clone())),
        Some(Value::Bool(yes)) => Some((name, yes.to_string())),
        _ => None,
    };
    let mut facts: Vec<_> =
        ["email", "email_verified", "birthdate", "zoneinfo"].into_iter().filter_map(claim).collect();
    facts.extend(stay.sid.as_deref().map(|sid| ("sid", short(sid))));
    Person { name: stay.name().to_owned(), since: clock(stay.since), facts }
}

/// The front page.
pub(super) fn front(rp: &Rp, stay: Option<&Stay>, framed: bool) -> Response {
    // Read before the lines: a page that misses one asks again at once.
    let seen = *rp.diary.version().borrow();
    let tone = |tone| match tone {
        Tone::Plain => "plain",
        Tone::Told => "told",
        Tone::Good => "good",
        Tone::Bad => "bad",
    };
    let lines = rp.diary.lines().into_iter();
    let page = Site {
        look: rp.registered.look,
        issuer: &rp.registered.issuer,
        origin: &rp.registered.origin,
        guide: &rp.registered.guide,
        framed,
        seen,
        down: rp.diary.is_down(),
        person: stay.map(person),
        lines: lines.map(|line| Shown { at: clock(line.at), tone: tone(line.tone), text: line.text }).collect(),
    };
    show(rp, &page)
}

/// Something did not work.
pub(super) fn failed(rp: &Rp, why: &str) -> Response {
    show(rp, &Failed { look: rp.registered.look, why })
}

fn show(rp: &Rp, page: &impl Template) -> Response {
    let body = match page.render() {
        Ok(body) => body,
        Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("the page cannot be shown: {error}")),
    };
    // form-action is left out: browsers apply it to the redirect to the provider that follows signing out.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors {}",
        rp.registered.guide
    );
    dress(Response::new(Body::from(body)), &policy)
}

/// The headers of a page of the demo.
pub(in crate::demo) fn dress(mut answer: Response, policy: &str) -> Response {
    put(&mut answer, header::CONTENT_TYPE, "text/html; charset=utf-8");
    put(&mut answer, header::CACHE_CONTROL, "no-store");
    put(&mut answer, header::CONTENT_SECURITY_POLICY, policy);
    put(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(&mut answer, header::REFERRER_POLICY, "same-origin");
    answer
}
