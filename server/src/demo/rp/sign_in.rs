//! Signing in and out at the provider: OpenID Connect Core §3.1, RFC 7636, RFC 9207, RP-Initiated Logout §2.
//!
//! Invariant: an answer counts only in the browser that asked, once, with the nonce of that asking.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use url::Url;

use super::diary::{Begun, Stay, Tone};
use super::{Asked, Rp, page, plain};
use crate::answer::{put, see_other};

/// Sends the browser to the provider.
pub(super) async fn begin(rp: &Rp, asked: &Asked) -> Response {
    let document = match rp.document().await {
        Ok(document) => document,
        Err(why) => return failed(rp, &why),
    };
    let draw = || jose::base64url(rp.dice.draw());
    let (state, nonce, verifier, browser) = (draw(), draw(), draw(), draw());
    let challenge = jose::base64url(jose::sha256(verifier.as_bytes()));
    let Ok(mut url) = Url::parse(&document.authorization_endpoint) else {
        return failed(rp, "the provider's authorization endpoint is no URL");
    };
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", rp.registered.look.id)
        .append_pair("redirect_uri", &format!("{}/callback", rp.registered.origin))
        .append_pair("scope", "openid profile email")
        .append_pair("state", &state)
        .append_pair("nonce", &nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    let mut answer = see_other(url.as_str());
    set(rp, &mut answer, "begun", &browser);
    let at = rp.clock.now();
    rp.diary.begin(state, Begun { browser, nonce, verifier, framed: asked.is_framed(), at });
    rp.diary.note(at, Tone::Plain, "Somebody wants to sign in: sent to the provider.".into());
    answer
}

/// The provider's answer.
pub(super) async fn callback(rp: &Rp, asked: &Asked) -> Response {
    let begun = asked.get("state").and_then(|state| rp.diary.resume(state));
    let here = |begun: &Begun| asked.cookie(&rp.cookie_name("begun")) == Some(&begun.browser);
    let Some(begun) = begun.filter(here) else {
        return failed(rp, "this browser did not ask for that, or it was answered before");
    };
    // RFC 9207 §2.4: an answer of another provider is not for us.
    if asked.get("iss").is_some_and(|iss| iss != rp.registered.issuer) {
        return failed(rp, "the answer is of another issuer");
    }
    if let Some(error) = asked.get("error") {
        rp.diary.note(rp.clock.now(), Tone::Bad, format!("The provider said no: {error}."));
        return see_other(&rp.home(begun.framed));
    }
    let stay = match arrive(rp, asked.get("code").unwrap_or_default(), &begun).await {
        Ok(stay) => stay,
        Err(why) => return failed(rp, &why),
    };
    let sid = stay.sid.as_deref().map_or_else(String::new, |sid| format!(" (session {})", page::short(sid)));
    let text = format!("{} has signed in{sid}.", stay.name());
    // A fresh name for a fresh stay: whoever knew the old one gains nothing.
    rp.diary.leave(asked.cookie(&rp.cookie_name("here")));
    let cookie = jose::base64url(rp.dice.draw());
    rp.diary.arrive(cookie.clone(), stay);
    rp.diary.note(rp.clock.now(), Tone::Good, text);
    let mut answer = see_other(&rp.home(begun.framed));
    set(rp, &mut answer, "here", &cookie);
    answer
}

async fn arrive(rp: &Rp, code: &str, begun: &Begun) -> Result<Stay, String> {
    let tokens = rp.redeem(code, &begun.verifier).await?;
    let (_, mut claims) =
        rp.verify(&tokens.id_token).await.map_err(|why| format!("the ID Token is not good: {why}"))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    if text("nonce").as_deref() != Some(&begun.nonce) {
        return Err("the ID Token is the answer to another question".into());
    }
    // Core §3.1.3.6.
    let half = jose::half_hash(rp.registered.look.alg, &tokens.access_token);
    if text("at_hash").is_some_and(|at_hash| at_hash != half) {
        return Err("the access token is not the ID Token's".into());
    }
    let sub = text("sub").ok_or("the ID Token names nobody")?;
    let sid = text("sid");
    claims.extend(rp.userinfo(&tokens.access_token, &sub).await?);
    Ok(Stay { sub, sid, id_token: tokens.id_token, claims, since: rp.clock.now() })
}

/// Ends the stay here, and asks the provider to end the session everywhere.
pub(super) async fn sign_out(rp: &Rp, asked: &Asked) -> Response {
    if !rp.is_own(asked) {
        return plain(StatusCode::FORBIDDEN, "this form is of another site");
    }
    let Some(stay) = rp.diary.leave(asked.cookie(&rp.cookie_name("here"))) else {
        return see_other(&rp.home(asked.is_framed()));
    };
    rp.diary.note(rp.clock.now(), Tone::Plain, format!("{} signs out here, and asks the provider to.", stay.name()));
    let document = match rp.document().await {
        Ok(document) => document,
        Err(why) => return failed(rp, &why),
    };
    let Ok(mut url) = Url::parse(&document.end_session_endpoint) else {
        return failed(rp, "the provider's end-session endpoint is no URL");
    };
    let mut query = url.query_pairs_mut();
    query
        .append_pair("id_token_hint", &stay.id_token)
        .append_pair("post_logout_redirect_uri", &format!("{}/signed-out", rp.registered.origin));
    if asked.is_framed() {
        query.append_pair("state", "guide");
    }
    drop(query);
    let mut answer = see_other(url.as_str());
    put(&mut answer, header::SET_COOKIE, &format!("{}=; Path=/; Max-Age=0", rp.cookie_name("here")));
    answer
}

/// Back from the provider.
pub(super) fn signed_out(rp: &Rp, asked: &Asked) -> Response {
    see_other(&rp.home(asked.get("state") == Some("guide")))
}

fn set(rp: &Rp, answer: &mut Response, what: &str, value: &str) {
    // Lax: the provider's redirect back is a top-level navigation. No Secure: this is http on loopback.
    let line = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", rp.cookie_name(what));
    if let Ok(line) = line.parse() {
        answer.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// Something did not work: said on a page, and in the list.
fn failed(rp: &Rp, why: &str) -> Response {
    rp.diary.note(rp.clock.now(), Tone::Bad, format!("Sign-in did not work: {why}."));
    let mut answer = page::failed(rp, why).map(Body::from);
    *answer.status_mut() = StatusCode::BAD_GATEWAY;
    answer
}
