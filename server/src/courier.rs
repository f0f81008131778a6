//! The courier: leases notices from the outbox, signs each attempt afresh, posts it, and settles what came of it
//! (`logout.md` §4, Back-Channel Logout §2.5 and §2.8).
//!
//! Invariant: a notice is settled only by what a relying party answered or by its deadline; whatever happens to this
//! process, the row is there for the next courier. One dead relying party never delays another.

mod probes;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openid::logout::backchannel::{self, Again, Failure, Reply, Weighed};
use openid::name::ClientId;
use openid::time::{Span, Time};
use store::{Lease, Leased, Nodes, Outcome, Said, Settled};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use self::probes::{Probes, Way};
use crate::answer::Stop;
use crate::envelope::{self, Recipient};
use crate::metrics::Carried;
use crate::op::Op;
use crate::outbound::{Class, Limits, Unreached};

/// An attempt's own time limit.
const ATTEMPT: Duration = Duration::from_secs(10);

/// A lease outlives the attempt and twice the clock bound of 30 s (`logout.md` §4).
const LEASE: Span = Span::from_seconds(10 + 2 * 30 + 5);

/// The poll is the truth, the wake-up a hint.
const POLL: Duration = Duration::from_secs(1);

/// Notices brought forward in one transaction.
const BATCH: u32 = 256;

/// Between two batches: together with their size, more than one address takes.
const BREATH: Duration = Duration::from_millis(250);

/// Delivers until told to stop, then lets what is under way finish.
pub async fn run(op: Op, mut stop: watch::Receiver<bool>) {
    if op.store().nodes() == Nodes::One {
        take_back(&op).await;
    }
    let mut wakes = match op.store().wakes().await {
        Ok(wakes) => Some(wakes),
        Err(fault) => {
            tracing::warn!("the courier hears no wake-up calls and polls alone: {fault}");
            None
        }
    };
    let mut courier = Courier {
        places: Arc::new(Semaphore::new(op.config().courier.concurrency.get())),
        hosts: Arc::default(),
        probes: Arc::default(),
        freed: Arc::new(Notify::new()),
        after: None,
        op,
    };
    // More may be due than can be carried in the time there is to stop: the rows are there for the next courier.
    while !*stop.borrow() {
        match courier.round().await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(Stop::Fault(fault)) => {
                tracing::error!("the courier could not look into the outbox, it tries again: {fault}");
            }
            Err(Stop::Refuse(refusal)) => tracing::error!("the courier was refused: {refusal}"),
        }
        let woken = async {
            match &mut wakes {
                Some(wakes) => wakes.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = woken => {}
            () = courier.freed.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => break,
        }
    }
    // Drain: every place back means nothing is under way.
    let all = u32::try_from(courier.op.config().courier.concurrency.get()).unwrap_or(u32::MAX);
    if tokio::time::timeout(ATTEMPT, courier.places.acquire_many(all)).await.is_err() {
        tracing::warn!("attempts were still under way; their leases run out and they are made again");
    }
}

/// Whatever is leased was leased by a process that is gone: nobody waits for the end of that.
async fn take_back(op: &Op) {
    match op.store().write(async |tx| Ok(tx.take_back_leases().await?)).await {
        Ok(0) => {}
        Ok(some) => tracing::info!("{some} notices were under way when the server last ended; they are sent again"),
        Err(Stop::Fault(fault)) => tracing::error!("leases could not be taken back, they run out: {fault}"),
        Err(Stop::Refuse(refusal)) => tracing::error!("taking back leases was refused: {refusal}"),
    }
}

#[derive(Clone)]
struct Courier {
    op: Op,
    places: Arc<Semaphore>,
    hosts: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
    probes: Arc<Mutex<Probes>>,
    freed: Arc<Notify>,
    after: Option<ClientId>,
}

impl Courier {
    /// Leases as many notices as there are free places and sends each on its way. How many it leased.
    async fn round(&mut self) -> Result<usize, Stop> {
        let free = u32::try_from(self.places.available_permits().min(64)).unwrap_or(64);
        let now = self.op.now();
        // Reading first keeps an idle server from writing every second.
        if free == 0 || !self.op.store().reader().await?.notice_due(now).await? {
            return Ok(0);
        }
        let per_client = u32::try_from(self.op.config().courier.per_host.get()).unwrap_or(1);
        let lease = Lease { now, until: now + LEASE, limit: free, per_client, after: self.after.clone() };
        let leased = self.op.store().write(async move |tx| Ok(tx.lease_notices(&lease).await?)).await?;
        self.after = leased.last().map(|notice| notice.notice.client.clone()).or(self.after.take());
        let amount = leased.len();
        for notice in leased {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { break };
            let courier = self.clone();
            tokio::spawn(async move { courier.carry(notice, place).await });
        }
        Ok(amount)
    }

    async fn carry(&self, notice: Leased, place: OwnedSemaphorePermit) {
        let under_way = self.op.metrics().under_way();
        match self.attempt(&notice).await {
            Ok(()) => {}
            Err(Stop::Fault(fault)) => {
                tracing::error!(notice = notice.attempt.id, "an attempt failed on our side: {fault:#}");
                // It comes again like any other, and to its deadline: an operator must see that nobody was told.
                let said = Said { status: None, words: format!("failed on our side: {fault}") };
                if self.later(&notice, None, said).await.is_err() {
                    tracing::error!(notice = notice.attempt.id, "it is made again when its lease runs out");
                }
            }
            Err(Stop::Refuse(refusal)) => {
                tracing::error!(notice = notice.attempt.id, "an attempt was refused: {refusal}");
            }
        }
        drop((place, under_way));
        self.freed.notify_one();
    }

    async fn attempt(&self, notice: &Leased) -> Result<(), Stop> {
        let said = |words: &str| Said { status: None, words: words.to_owned() };
        let client = self.op.clients().find(self.op.store(), notice.notice.client.as_str()).await?;
        let Some(client) = client else {
            let gone = notice.notice.client.clone();
            let now = self.op.now();
            self.op.store().write(async move |tx| Ok(tx.withdraw_notices(&gone, now).await?)).await?;
            return Ok(());
        };
        let Some(uri) = client.metadata.backchannel_logout_uri.clone() else {
            return self
                .settle(notice, Outcome::Parked, said("the client has no backchannel_logout_uri any more"))
                .await;
        };
        // A host whose places are all taken must not hold up the others: the notice goes back, uncounted.
        let now = self.op.now();
        let Ok(_turn) = self.host(&uri).try_acquire_owned() else {
            return self.give_back(notice, now + Span::from_millis(300)).await;
        };
        // At its deadline everybody is tried once more.
        let way = self.probes().enter(&uri, &client.id, now);
        if let Way::Closed(next) = way
            && now < notice.notice.deliver_by
        {
            let apart = i64::try_from(self.op.dice().number() % 5_000).unwrap_or_default();
            self.give_back(notice, (next + Span::from_millis(apart)).min(notice.notice.deliver_by)).await?;
            // It may have answered between the look and the giving back.
            return self.bring_forward(&uri, &client.id).await;
        }
        // Back-Channel Logout §2.4: encrypted where the client's ID Tokens are.
        let to = match Recipient::find(&self.op, &client, client.metadata.id_token_encryption).await {
            Ok(to) => to,
            Err(refusal) => return self.later(notice, None, said(&refusal.say)).await,
        };
        let claims = backchannel::claims(&notice.notice, self.op.issuer().as_str(), now, &self.op.dice().name());
        let how = envelope::Said { signed: Some(client.metadata.id_token_alg), encrypted: to.as_ref() };
        let token = envelope::say(&self.op, &client, (backchannel::TYP, &claims), how, now)?;
        let limits = Limits { time: ATTEMPT, body: 16 * 1024 };
        let posted = self.op.outbound().tell(Class::of(&client), &uri, &[("logout_token", &token)], limits).await;
        let (reply, said) = match posted {
            Ok(fetched) => {
                let retry_after =
                    fetched.retry_after.and_then(|header| backchannel::retry_after(&header, self.op.now()));
                let said = Said { status: Some(fetched.status), words: format!("HTTP {}", fetched.status) };
                (Reply::Status { code: fetched.status, retry_after }, said)
            }
            Err(unreached) => (Reply::Failed(silence(&unreached)), said(&unreached.to_string())),
        };
        let weighed = backchannel::weigh(&reply);
        match &weighed {
            Weighed::Later(asked) => self.probes().failed(&uri, way, self.op.now(), *asked),
            _ => self.reopen(&uri),
        }
        self.count_closed();
        match weighed {
            Weighed::Delivered => self.settle(notice, Outcome::Delivered, said).await,
            Weighed::Refused => self.settle(notice, Outcome::Refused, said).await,
            Weighed::Park => self.settle(notice, Outcome::Parked, said).await,
            Weighed::Later(asked) => self.later(notice, asked, said).await,
        }
    }

    fn count_closed(&self) {
        if self.op.metrics().are_wanted() {
            let closed = self.probes().closed();
            self.op.metrics().closed(closed);
        }
    }

    async fn give_back(&self, notice: &Leased, due: Time) -> Result<(), Stop> {
        self.op.metrics().carried(Carried::TurnedAway);
        let attempt = notice.attempt.clone();
        self.op.store().write(async move |tx| Ok(tx.give_back(&attempt, due).await?)).await?;
        Ok(())
    }

    /// The address answers. Whoever was turned away while it did not is due at once, a batch at a time, until it fails again.
    ///
    /// A `Retry-After` that some of them were given does not hold them any longer: it said how long the party expected to
    /// be away (RFC 9110 §10.2.3), and what it does now is the better news. If it is still short of breath it says so again,
    /// to as many as there are places for it.
    fn reopen(&self, uri: &str) {
        let waiting = self.probes().answered(uri);
        if waiting.is_empty() {
            return;
        }
        let (courier, uri) = (self.clone(), uri.to_owned());
        tokio::spawn(async move {
            for client in waiting {
                if let Err(Stop::Fault(fault)) = courier.bring_forward(&uri, &client).await {
                    tracing::warn!(%client, "notices that waited for an address come when they are due: {fault}");
                }
            }
        });
    }

    async fn bring_forward(&self, uri: &str, client: &ClientId) -> Result<(), Stop> {
        while !self.probes().is_closed(uri) {
            let (whose, now) = (client.clone(), self.op.now());
            let brought =
                self.op.store().write(async move |tx| Ok(tx.bring_forward(&whose, now, BATCH).await?)).await?;
            self.freed.notify_one();
            if brought < u64::from(BATCH) {
                break;
            }
            tokio::time::sleep(BREATH).await;
        }
        Ok(())
    }

    fn probes(&self) -> MutexGuard<'_, Probes> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn later(&self, notice: &Leased, asked: Option<Span>, said: Said) -> Result<(), Stop> {
        let now = self.op.now();
        let wait = backchannel::backoff(notice.attempt.number, self.op.dice().number());
        match backchannel::again(now, wait, asked, notice.notice.deliver_by) {
            Again::At(due) => {
                tracing::info!(notice = notice.attempt.id, client = %notice.notice.client, attempt = notice.attempt.number, "not delivered yet: {}", said.words);
                self.op.metrics().carried(Carried::Later);
                self.postpone(notice, due.since(now), said).await
            }
            Again::Park => {
                let words = format!("{}; the deadline has come", said.words);
                self.settle(notice, Outcome::Parked, Said { words, ..said }).await
            }
        }
    }

    async fn postpone(&self, notice: &Leased, wait: Span, said: Said) -> Result<(), Stop> {
        let (attempt, due) = (notice.attempt.clone(), self.op.now() + wait);
        self.op.store().write(async move |tx| Ok(tx.postpone(&attempt, due, &said).await?)).await?;
        Ok(())
    }

    async fn settle(&self, notice: &Leased, outcome: Outcome, said: Said) -> Result<(), Stop> {
        let client = &notice.notice.client;
        self.op.metrics().carried(match outcome {
            Outcome::Delivered => Carried::Delivered,
            Outcome::Refused => Carried::Refused,
            Outcome::Parked => Carried::Parked,
        });
        match outcome {
            Outcome::Delivered => {
                tracing::info!(notice = notice.attempt.id, %client, attempt = notice.attempt.number, "delivered");
            }
            Outcome::Refused => {
                tracing::warn!(notice = notice.attempt.id, %client, attempt = notice.attempt.number, "refused by the relying party: {}", said.words);
            }
            Outcome::Parked => {
                tracing::warn!(notice = notice.attempt.id, %client, attempt = notice.attempt.number, "parked, an operator must look: {}", said.words);
            }
        }
        let (attempt, now) = (notice.attempt.clone(), self.op.now());
        let settled =
            self.op.store().write(async move |tx| Ok(tx.settle(&attempt, outcome, &said, now).await?)).await?;
        if outcome == Outcome::Delivered && settled == Settled::Now && self.op.metrics().are_wanted() {
            self.time(notice, now).await?;
        }
        Ok(())
    }

    /// How long it took since the session's end, if this was the first or the last who had to be told.
    async fn time(&self, notice: &Leased, settled_at: Time) -> Result<(), Stop> {
        let mut reader = self.op.store().reader().await?;
        let (id, session) = (&notice.attempt.id, &notice.notice.session);
        let turn = reader.turn_of_delivery(id, session, notice.created_at, settled_at).await?;
        self.op.metrics().delivered(turn, settled_at.since(notice.created_at));
        Ok(())
    }

    /// The places of one host and port.
    fn host(&self, uri: &str) -> Arc<Semaphore> {
        let host = url::Url::parse(uri)
            .map(|url| {
                format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
            })
            .unwrap_or_default();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() > 10_000 {
            hosts.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let places = self.op.config().courier.per_host.get();
        Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Semaphore::new(places))))
    }
}

/// What kind of silence it was.
fn silence(unreached: &Unreached) -> Failure {
    match unreached {
        Unreached::Forbidden(_) | Unreached::Malformed => Failure::ForbiddenAddress,
        Unreached::Timeout => Failure::Timeout,
        Unreached::TooLarge(_) => Failure::Garbled,
        Unreached::Broken(_) => Failure::Connection,
    }
}
