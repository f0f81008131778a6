//! The postman: leases letters from the outbox, draws a fresh link for each attempt, sends it, and settles what came of it.
//!
//! Invariant: no page waits for a mail server; a link exists as its digest before it leaves, and nowhere else but in the
//! letter; whatever happens to this process, the row is there for the next postman.

use std::time::Duration;

use login::letter::{About, Weighed, still_reaches, weigh};
use openid::logout::backchannel::{self, Again};
use openid::name::Secret;
use openid::time::Span;
use store::{LeasedLetter, Letter, Outcome, Queue, Said};
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
const AT_ONCE: usize = 4;

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
    let mut under_way = JoinSet::new();
    while !*stop.borrow() {
        match take(&op, under_way.len()).await {
            Ok(leased) => {
                for letter in leased {
                    under_way.spawn(carry(op.clone(), letter));
                }
            }
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
            Some(_) = under_way.join_next() => {}
            _ = stop.changed() => break,
        }
    }
    while under_way.join_next().await.is_some() {}
}

fn words(stop: &Stop) -> String {
    match stop {
        Stop::Refuse(refusal) => refusal.to_string(),
        Stop::Fault(fault) => format!("{fault:#}"),
    }
}

/// Takes what is due into the places that are free. Strangers leave one of them.
async fn take(op: &Op, under_way: usize) -> Result<Vec<LeasedLetter>, Stop> {
    let now = op.now();
    if under_way >= AT_ONCE || !op.store().reader().await?.letter_due(now).await? {
        return Ok(Vec::new());
    }
    let until = now + LEASE;
    let leased = op.store().write(async move |tx| {
        let room = |taken: usize, places: usize| u32::try_from(places.saturating_sub(taken)).unwrap_or_default();
        let mut leased = tx.lease_letters(Queue::Owners, now, until, room(under_way, AT_ONCE)).await?;
        let strangers = room(under_way + leased.len(), AT_ONCE - 1);
        if strangers > 0 {
            leased.extend(tx.lease_letters(Queue::Strangers, now, until, strangers).await?);
        }
        Ok(leased)
    });
    leased.await
}

async fn carry(op: Op, letter: LeasedLetter) {
    if let Err(stop) = attempt(&op, &letter).await {
        tracing::error!(
            notice = letter.attempt.id,
            "an attempt failed on our side, it is made again when its lease runs out: {}",
            words(&stop)
        );
    }
}

async fn attempt(op: &Op, leased: &LeasedLetter) -> Result<(), Stop> {
    let now = op.now();
    let mut reader = op.store().reader().await?;
    let letter = reader.letter(&leased.letter).await?;
    let account = match letter.as_ref().and_then(|letter| letter.account.as_ref()) {
        Some(account) => reader.account(account).await?,
        None => None,
    };
    drop(reader);
    let wanted = |letter: &Letter| match letter.about {
        // Its address may have been changed because somebody else reads there.
        About::Recover => account.as_ref().is_some_and(|account| still_reaches(account, &letter.address)),
        About::SignUp | About::Taken | About::Verify | About::Changed => true,
    };
    // Another has taken its place, or it would reach the wrong one: nobody needs it any more.
    let Some(letter) = letter.filter(|letter| letter.spent_at.is_none() && wanted(letter)) else {
        let id = leased.attempt.id.clone();
        op.store().write(async move |tx| Ok(tx.give_up(&id, None, now).await?)).await?;
        return Ok(());
    };
    if now >= letter.expires_at {
        let said = Said { status: None, words: "its link expired before the letter was taken".to_owned() };
        return settle(op, leased, Outcome::Parked, said).await;
    }
    let sent = match op.mail() {
        None => Err(Unsent::ours("no mail server is configured ([mail])".to_owned())),
        Some(mail) => {
            let written = write(op, &letter, account.map(|account| account.username)).await?;
            let send = mail.send(&letter.id, &letter.address, written, now);
            let late = || Unsent::ours("no answer in time".to_owned());
            tokio::time::timeout(ATTEMPT, send).await.unwrap_or_else(|_| Err(late()))
        }
    };
    let (weighed, said) = match sent {
        Ok(()) => (Weighed::Delivered, Said { status: Some(250), words: "SMTP 250".to_owned() }),
        Err(unsent) => (weigh(unsent.phase, unsent.code), Said { status: unsent.code, words: unsent.words }),
    };
    match weighed {
        Weighed::Delivered => settle(op, leased, Outcome::Delivered, said).await,
        Weighed::Refused => settle(op, leased, Outcome::Refused, said).await,
        Weighed::Later => later(op, leased, said).await,
    }
}

/// Draws the link, notes its digest, and writes the letter in the person's language.
async fn write(op: &Op, letter: &Letter, username: Option<String>) -> Result<page::Written, Stop> {
    let username = username.unwrap_or_default();
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
