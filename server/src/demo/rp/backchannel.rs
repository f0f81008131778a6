//! Being told: OpenID Connect Back-Channel Logout 1.0 §2.6 (validation), §2.7 (actions), §2.8 (answers).
//!
//! Invariant: a session ends only by a token of our provider, for us, that says so, and each token is heard once.

use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::diary::{Stay, Tone};
use super::{Asked, Rp, page, plain};
use crate::answer::put;

/// The event a logout token must hold (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// `POST /backchannel-logout`.
pub(super) async fn told(rp: &Rp, asked: &Asked) -> Response {
    let now = rp.clock.now();
    if rp.diary.is_down() {
        let text =
            "The back channel knocks and hears 503: this site pretends to be down. The provider will come again.";
        rp.diary.note(now, Tone::Bad, text.into());
        return plain(StatusCode::SERVICE_UNAVAILABLE, "this site pretends to be down");
    }
    let token = asked.get("logout_token").unwrap_or_default();
    let claims = match read(rp, token).await {
        Ok(claims) => claims,
        Err(why) => {
            rp.diary.note(now, Tone::Bad, format!("A logout token came that is not good: {why}."));
            return no(&why);
        }
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let ended = rp.diary.end(text("sub"), text("sid"));
    rp.diary.note(now, Tone::Told, words(&ended, text("sid")));
    plain(StatusCode::OK, "")
}

/// What the list says.
fn words(ended: &[Stay], sid: Option<&str>) -> String {
    let session = sid.map_or_else(|| "every session".to_owned(), |sid| format!("session {}", page::short(sid)));
    let names: Vec<&str> = ended.iter().map(Stay::name).collect();
    match names.is_empty() {
        true => format!("Told by back channel that {session} ended; it was over here already."),
        false => format!("Told by back channel that {session} ended: {} is signed out here.", names.join(", ")),
    }
}

/// §2.6.
async fn read(rp: &Rp, token: &str) -> Result<Map<String, Value>, String> {
    let (typ, claims) = rp.verify(token).await?;
    // RFC 8725 §3.11: an ID Token is no logout token.
    if !typ.is_some_and(|typ| typ.eq_ignore_ascii_case("logout+jwt")) {
        return Err("its typ is not logout+jwt".into());
    }
    if claims.contains_key("nonce") {
        return Err("it has a nonce".into());
    }
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return Err("it does not say that a session ended".into());
    }
    if !claims.contains_key("sub") && !claims.contains_key("sid") {
        return Err("it names nobody".into());
    }
    let jti = claims.get("jti").and_then(Value::as_str).ok_or("it has no jti")?;
    match rp.diary.hears(jti) {
        true => Ok(claims),
        false => Err("it was heard before".into()),
    }
}

/// §2.8: 400 with a JSON error.
fn no(why: &str) -> Response {
    let words = json!({"error": "invalid_request", "error_description": why}).to_string();
    let mut answer = plain(StatusCode::BAD_REQUEST, &words);
    put(&mut answer, header::CONTENT_TYPE, "application/json");
    answer
}
