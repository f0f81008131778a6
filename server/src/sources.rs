//! Claims providers: what each says of an account (OpenID Connect Core §5.6.2).
//!
//! Invariant: outside any transaction, and for so long at most; one that is down is left alone for a while, and whoever
//! asked is told the rest.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use openid::claims::source::{Asserted, Reach, Source, SourceKind, Sourced, Telling};
use openid::name::AccountId;
use openid::time::{Span, Time};
use store::Fault;
use store::sources::ClaimLink;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::op::Op;
use crate::outbound::{Call, Class, Limits, Unreached};

/// What access tokens for claims providers are sealed for.
pub const PURPOSE: &str = "claim-source-token";

/// How long a claims provider may take.
const LIMITS: Limits = Limits { time: Duration::from_secs(3), body: 64 * 1024 };

/// How long one that failed is not asked again.
const PAUSE: Span = Span::from_minutes(1);

/// How many are asked at once.
const AT_ONCE: usize = 32;

/// How long a question waits for its turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of claims providers between requests.
pub struct Sources {
    /// Those that failed, and until when they are left alone.
    down: Mutex<HashMap<String, Time>>,
    room: Semaphore,
}

impl Default for Sources {
    fn default() -> Self {
        Self { down: Mutex::default(), room: Semaphore::new(AT_ONCE) }
    }
}

/// Why nothing came.
enum Failure {
    /// It cannot be reached, or is broken: nobody's claims come from there.
    Provider(String),
    /// It does not want this account's token, or said of this account what is not passed on.
    Link(String),
}

/// The most failures that are remembered.
const MOST: usize = 10_000;

impl Sources {
    fn is_down(&self, link: &ClaimLink, now: Time) -> bool {
        let down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        let until = |key: &str| down.get(key).is_some_and(|until| now < *until);
        until(&link.source) || until(&key(link))
    }

    /// Notes a failure. It is said once, until an answer comes again.
    fn failed(&self, link: &ClaimLink, failure: &Failure, now: Time) {
        let (place, why) = match failure {
            Failure::Provider(why) => (link.source.clone(), why),
            Failure::Link(why) => (key(link), why),
        };
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        if down.len() >= MOST {
            down.clear();
        }
        if down.insert(place, now + PAUSE).is_none() {
            let (source, account) = (&link.source, &link.account);
            tracing::warn!(source, %account, "a claims provider's claims are left out: {why}");
        }
    }

    fn answered(&self, link: &ClaimLink) {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        down.remove(&key(link));
        if down.remove(&link.source).is_some() {
            tracing::info!(source = link.source, "a claims provider answers again");
        }
    }
}

/// Names a link. No source's name holds a space.
fn key(link: &ClaimLink) -> String {
    format!("{} {}", link.source, link.account)
}

/// What claims providers tell of an account, of those that tell any of the claims asked for.
pub(crate) async fn gather(op: &Op, account: &AccountId, asked: &[&str]) -> Result<Vec<Sourced>, Fault> {
    let catalogue = op.catalogue();
    let wanted = |source: &&Source| source.claims.iter().any(|claim| asked.contains(&claim.as_str()));
    let sources: Vec<&Source> = catalogue.sources.iter().filter(wanted).collect();
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let links = op.store().reader().await?.claim_links(account).await?;
    let mut told = Vec::new();
    for source in sources {
        let link = links.iter().find(|link| link.source == source.name);
        let op = op.clone();
        let (source, link) = (source.clone(), link.cloned());
        // They are asked side by side: one that is slow costs no more time than the slowest may take.
        told.push(tokio::spawn(async move { tell(&op, source, link).await }));
    }
    let mut all = Vec::new();
    for telling in told {
        all.extend(telling.await.ok().flatten());
    }
    Ok(all)
}

async fn tell(op: &Op, source: Source, link: Option<ClaimLink>) -> Option<Sourced> {
    let telling = match (source.kind, link) {
        (SourceKind::Distributed, link) => {
            if link.is_none() && source.reach == Reach::Linked {
                return None;
            }
            let access_token = match link.and_then(|link| link.token) {
                None => None,
                Some(sealed) => Some(open(op, &source, &sealed)?.to_string()),
            };
            Telling::Distributed { endpoint: source.endpoint.clone()?, access_token }
        }
        (SourceKind::Aggregated, Some(link)) => Telling::Aggregated(asserted(op, &source, &link).await?),
        (SourceKind::Aggregated, None) => return None,
    };
    Some(Sourced { name: source.name, claims: source.claims, telling })
}

fn open(op: &Op, source: &Source, sealed: &str) -> Option<Zeroizing<String>> {
    let opened = op.sealing().open(PURPOSE, sealed);
    if opened.is_none() {
        tracing::error!(
            source = source.name,
            "the access token of a link cannot be opened with any line of the secret file"
        );
    }
    String::from_utf8(opened?.to_vec()).ok().map(Zeroizing::new)
}

/// The JWT at hand while it is good, else a fresh one. Both are verified here, with the keys of now.
async fn asserted(op: &Op, source: &Source, link: &ClaimLink) -> Option<Asserted> {
    let now = op.now();
    let kept = link.jwt.as_deref().filter(|_| link.jwt_until.is_none_or(|until| now < until));
    if let Some(good) = kept.and_then(|jwt| source.verify(jwt, now).ok()) {
        return Some(good);
    }
    let (endpoint, sealed) = (source.endpoint.as_deref()?, link.token.as_deref()?);
    if op.sources().is_down(link, now) {
        return None;
    }
    let token = open(op, source, sealed)?;
    // That others take the room says nothing of this one.
    let Ok(Ok(_room)) = tokio::time::timeout(PATIENCE, op.sources().room.acquire()).await else { return None };
    match fetch(op, source, endpoint, &token).await {
        Err(failure) => op.sources().failed(link, &failure, now),
        Ok(fresh) => {
            op.sources().answered(link);
            keep(op, link, &fresh).await;
            return Some(fresh);
        }
    }
    None
}

async fn fetch(op: &Op, source: &Source, endpoint: &str, token: &str) -> Result<Asserted, Failure> {
    let broken = |why: &str| Failure::Provider(why.to_owned());
    let bearer = Zeroizing::new(format!("Bearer {token}"));
    let call = Call { uri: endpoint, form: None, authorization: Some(&bearer) };
    // What is wrong with one person's answer says nothing of the others'.
    let fetched = op.outbound().call(Class::Operator, call, LIMITS).await.map_err(|unreached| match unreached {
        Unreached::TooLarge(_) => Failure::Link(unreached.to_string()),
        _ => broken(&unreached.to_string()),
    })?;
    match fetched.status {
        200 => {}
        status @ 500.. => return Err(Failure::Provider(format!("it answered {status}"))),
        status => return Err(Failure::Link(format!("it answered {status}"))),
    }
    let text = std::str::from_utf8(&fetched.body).map_err(|_| Failure::Link("what it gave is no JWT".to_owned()))?;
    source.verify(text, op.now()).map_err(|why| Failure::Link(format!("its JWT is not passed on: {why}")))
}

/// What cannot be kept is fetched again next time.
async fn keep(op: &Op, link: &ClaimLink, fresh: &Asserted) {
    let (link, jwt, until) = (link.clone(), fresh.jwt.clone(), fresh.until);
    let kept = op.store().write(async move |tx| Ok(tx.keep_claims(&link, &jwt, until).await?)).await;
    if let Err(store::Stop::Fault(fault)) = kept {
        tracing::warn!("a claims provider's JWT could not be kept: {fault}");
    }
}
