//! Proofs of possession on their way in, and nonces on their way out: RFC 9449 §4, §8, §9, §11.1.
//!
//! Invariant: no transaction is open while a proof is verified; its `jti` is recorded later, in the transaction that acts on it. A
//! nonce is no row: it carries the time it was made at, and a keyed digest that any node can make again.

use axum::http::HeaderName;
use openid::bound::dpop::{self, Attached, Nonce, Proven, Scheme};
use openid::bound::{self, Possession};
use openid::client::policy::DpopNonces;
use openid::time::Time;
use openid::token::facts::TokenFacts;
use openid::userinfo::Presented;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use store::Tx;

use super::ask::Ask;
use super::certificate;
use crate::answer::{Answer, Stop, put};
use crate::op::Op;

/// What a nonce's digest is for.
const PURPOSE: &str = "dpop nonce";

/// `DPoP-Nonce`, RFC 9449 §8.1.
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Who holds the key that a request was signed with, if it was.
pub(super) fn prove(op: &Op, ask: &Ask, access_token: Option<&str>) -> Result<Option<Proven>, Refusal> {
    let fields = ask.headers.get_all("dpop").iter().map(|field| field.to_str().ok());
    let Some(proof) = dpop::one(fields)? else {
        return Ok(None);
    };
    let uri = ask.address(op);
    let attached = Attached { method: ask.method.as_str(), uri: &uri, access_token };
    dpop::judge(proof, &attached, op.now()).map(Some)
}

/// The same of whoever presents an access token: by the scheme DPoP there must be a proof of it (RFC 9449 §7.1).
pub(super) fn prove_beside(op: &Op, ask: &Ask, presented: &Presented<'_>) -> Result<Option<Proven>, Refusal> {
    match presented.scheme {
        Scheme::Bearer => Ok(None),
        Scheme::Dpop => prove(op, ask, Some(presented.token))?.ok_or_else(dpop::proofless).map(Some),
    }
}

/// Whether a token came as it is bound, with a proof that was not seen before (RFC 9449 §7), or over a connection with its
/// certificate (RFC 8705 §3). A token that is not live says
/// nothing of itself, and nothing is remembered of the proof beside it.
pub(super) async fn bind(
    op: &Op,
    ask: &Ask,
    presented: &Presented<'_>,
    facts: Option<&TokenFacts>,
    proof: Option<Proven>,
) -> Result<Nonce, Stop> {
    let Some(facts) = facts.filter(|facts| facts.is_live(op.now())) else {
        return Ok(Nonce::Fresh);
    };
    let certificate = certificate::of(ask);
    let possession = Possession { proof: proof.as_ref(), certificate: certificate.as_ref() };
    bound::judge_presented(presented.scheme, facts.cnf.as_ref(), possession)?;
    let Some(proof) = proof else { return Ok(Nonce::Fresh) };
    let client = op.clients().find(op.store(), facts.client.as_str()).await?;
    let wanted = client.map_or(DpopNonces::Unasked, |client| client.policy.dpop_nonces);
    let nonce = judge_nonce(op, Some(&proof), wanted)?;
    op.store().write(async move |tx| once(tx, Some(&proof)).await).await?;
    Ok(nonce)
}

/// Rules on the nonce of a proof, by what the client's operator wants.
pub(super) fn judge_nonce(op: &Op, proof: Option<&Proven>, wanted: DpopNonces) -> Result<Nonce, Refusal> {
    let Some(proof) = proof else { return Ok(Nonce::Fresh) };
    let made = proof.nonce().and_then(|nonce| made_at(op, nonce));
    dpop::judge_nonce(wanted, made, op.now())
}

/// Records a proof, inside the transaction that acts on it. A second time is refused (§11.1).
pub(super) async fn once(tx: &mut Tx, proof: Option<&Proven>) -> Result<(), Stop> {
    let Some(proof) = proof else { return Ok(()) };
    let realm = format!("dpop:{}", proof.jkt().as_str());
    if tx.record_once(&realm, proof.jti(), proof.over()).await?.is_first() {
        return Ok(());
    }
    Err(refuse(ErrorCode::InvalidDpopProof, "dpop_replayed", "the DPoP proof was used before").into())
}

/// Sends another nonce along, if that of the proof is soon over (§8.2).
pub(super) fn renew(op: &Op, nonce: Nonce, answer: &mut Answer) {
    if nonce == Nonce::Stale {
        put(answer, NONCE, &fresh(op));
    }
}

/// A nonce, made now.
pub(crate) fn fresh(op: &Op) -> String {
    let seconds = op.now().seconds().to_string();
    let mac = op.sealing().mac(PURPOSE, &seconds);
    format!("{seconds}.{mac}")
}

/// When a nonce was made, if it is one of ours.
fn made_at(op: &Op, nonce: &str) -> Option<Time> {
    let (seconds, mac) = nonce.split_once('.')?;
    let made = seconds.parse::<u32>().ok()?;
    op.sealing().is_mac(PURPOSE, seconds, mac).then(|| Time::from_seconds(i64::from(made)))
}
