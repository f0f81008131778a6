//! The postman: leases letters from the outbox, draws a fresh link for each attempt, sends it, and settles what came of it.
//!
//! Invariant: no page waits for a mail server; a link exists as its digest before it leaves, and nowhere else but in the
//! letter; whatever happens to this process, the row is there for the next postman.

use std::time::Duration;

use login::letter::{About, Weighed, weigh};
use openid::logout::backchannel::{self, Again};
use openid::name::Secret;
use openid::time::Span;
use store::{LeasedLetter, Letter, Outcome, Said};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::answer::Stop;
use crate::mail::Unsent;
use crate::op::Op;
use crate::page::{self, Frame, Looks};

/// An attempt's own time limit: the conversation has half a dozen steps.
const ATTEMPT: Duration = Duration::from_secs(45);

/// A lease outlives the attempt and twice the clock bound of 30 s.
const LEASE: Span = Span::from_seconds(45 + 2 * 30 + 5);

/// Letters under way at once.
const AT_ONCE: u32 = 4;

/// The poll is the truth, the wake-up a hint.
const POLL: Duration = Duration::from_secs(1);

/// Sends until told to stop; what is under way then is finished.
pub async fn run(op: Op, mut stop: watch::Receiver<bool>) {
    let mut wakes = match op.store().wakes().await {
        Ok(wakes) => Some(wakes),
        Err(fault) => {
            tracing::warn!("the postman hears no wake-up calls and polls alone: {fault}");
            None
        }
    };
    while !*stop.borrow() {
        match round(&op).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(stop) => {
                tracing::error!("the postman could not look into the outbox, it tries again: {}", words(&stop));
            }
        }
        let woken = async {
            match &mut wakes {
                Some(wakes) => wakes.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => break,
        }
    }
}

fn words(stop: &Stop) -> String {
    match stop {
        Stop::Refuse(refusal) => refusal.to_string(),
        Stop::Fault(fault) => format!("{fault:#}"),
    }
}

/// Sends what is due, a few at once. How many there were.
async fn round(op: &Op) -> Result<usize, Stop> {
    let now = op.now();
    if !op.store().reader().await?.letter_due(now).await? {
        return Ok(0);
    }
    let until = now + LEASE;
    let leased = op.store().write(async move |tx| Ok(tx.lease_letters(now, until, AT_ONCE).await?)).await?;
    let amount = leased.len();
    let mut under_way = JoinSet::new();
    for letter in leased {
        let op = op.clone();
        under_way.spawn(async move {
            if let Err(stop) = attempt(&op, &letter).await {
                tracing::error!(
                    notice = letter.attempt.id,
                    "an attempt failed on our side, it is made again when its lease runs out: {}",
                    words(&stop)
                );
            }
        });
    }
    while under_way.join_next().await.is_some() {}
    Ok(amount)
}

async fn attempt(op: &Op, leased: &LeasedLetter) -> Result<(), Stop> {
    let now = op.now();
    let letter = op.store().reader().await?.letter(&leased.letter).await?;
    // Another has taken its place: nobody needs this one any more.
    let Some(letter) = letter.filter(|letter| letter.spent_at.is_none()) else {
        let id = leased.attempt.id.clone();
        op.store().write(async move |tx| Ok(tx.give_up(&id, now).await?)).await?;
        return Ok(());
    };
    if now >= letter.expires_at {
        let said = Said { status: None, words: "its link expired before the letter was taken".to_owned() };
        return settle(op, leased, Outcome::Parked, said).await;
    }
    let sent = match op.mail() {
        None => Err(Unsent { code: None, words: "no mail server is configured ([mail])".to_owned() }),
        Some(mail) => {
            let written = write(op, &letter).await?;
            let send = mail.send(&letter.id, &letter.address, written, now);
            let late = || Unsent { code: None, words: "no answer in time".to_owned() };
            tokio::time::timeout(ATTEMPT, send).await.unwrap_or_else(|_| Err(late()))
        }
    };
    let (code, said) = match sent {
        Ok(()) => (Some(250), Said { status: Some(250), words: "SMTP 250".to_owned() }),
        Err(unsent) => (unsent.code, Said { status: unsent.code, words: unsent.words }),
    };
    match weigh(code) {
        Weighed::Delivered => settle(op, leased, Outcome::Delivered, said).await,
        Weighed::Refused => settle(op, leased, Outcome::Refused, said).await,
        Weighed::Later => later(op, leased, said).await,
    }
}

/// Draws the link, notes its digest, and writes the letter in the person's language.
async fn write(op: &Op, letter: &Letter) -> Result<page::Written, Stop> {
    let account = match &letter.account {
        Some(account) => op.store().reader().await?.account(account).await?,
        None => None,
    };
    let username = account.map(|account| account.username).unwrap_or_default();
    let issuer = op.issuer().as_str();
    let link = match letter.about {
        About::Taken | About::Changed => format!("{issuer}/account"),
        About::SignUp | About::Verify | About::Recover => {
            let token = Secret::from_bytes(&op.dice().draw());
            let (digest, id) = (token.digest(), letter.id.clone());
            op.store().write(async move |tx| Ok(tx.add_link(&digest, &id).await?)).await?;
            format!("{issuer}/link?token={}", token.reveal())
        }
    };
    let looks = Looks { ui_locales: vec![letter.language.clone()], ..Looks::default() };
    let frame = Frame::of(op.config(), &looks, None, op.now());
    Ok(page::letter(&frame, letter.about, &username, &link))
}

async fn later(op: &Op, leased: &LeasedLetter, said: Said) -> Result<(), Stop> {
    let now = op.now();
    let wait = backchannel::backoff(leased.attempt.number, op.dice().number());
    match backchannel::again(now, wait, None, leased.deliver_by) {
        Again::At(due) => {
            tracing::info!(
                notice = leased.attempt.id,
                attempt = leased.attempt.number,
                "a letter could not be sent yet: {}",
                said.words
            );
            let attempt = leased.attempt.clone();
            op.store().write(async move |tx| Ok(tx.postpone(&attempt, due, &said).await?)).await?;
            Ok(())
        }
        Again::Park => settle(op, leased, Outcome::Parked, said).await,
    }
}

async fn settle(op: &Op, leased: &LeasedLetter, outcome: Outcome, said: Said) -> Result<(), Stop> {
    let (notice, attempt) = (&leased.attempt.id, leased.attempt.number);
    match outcome {
        Outcome::Delivered => tracing::info!(notice, attempt, "a letter was sent"),
        Outcome::Refused => tracing::warn!(notice, attempt, "the mail server refused a letter: {}", said.words),
        Outcome::Parked => tracing::warn!(notice, attempt, "a letter is parked, an operator must look: {}", said.words),
    }
    let (attempt, now) = (leased.attempt.clone(), op.now());
    op.store().write(async move |tx| Ok(tx.settle(&attempt, outcome, &said, now).await?)).await?;
    Ok(())
}
