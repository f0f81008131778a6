//! The courier: leases notices from the outbox, signs each attempt afresh, posts it, and settles what came of it
//! (`logout.md` §4, Back-Channel Logout §2.5 and §2.8).
//!
//! Invariant: a notice is settled only by what a relying party answered or by its deadline; whatever happens to this
//! process, the row is there for the next courier. One dead relying party never delays another.

mod going;
mod probes;
mod settling;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openid::client::Client;
use openid::logout::backchannel::{self, Failure, Reply, Weighed};
use openid::logout::judge::Notice;
use openid::name::ClientId;
use openid::time::{Span, Time};
use store::{Fault, Lease, Leased, Nodes, Outcome, Room, Said};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use self::going::Going;
use self::probes::{Held, Probes, Way};
use self::settling::tell_span;
use crate::answer::Stop;
use crate::backstage::Backstage;
use crate::envelope::{self, Recipient};
use crate::op::Op;
use crate::outbound::{Class, Limits, Unreached};
use crate::traces::Kind;

/// An attempt's own time limit.
const ATTEMPT: Duration = Duration::from_secs(10);

/// An attempt that has not been answered by then gives its place to another, and waits beside.
const PATIENCE: Duration = Duration::from_millis(50);

/// So many times as many as there are places may wait like that.
const BESIDE: usize = 8;

/// A lease outlives the attempt and twice the clock bound of 30 s (`logout.md` §4).
const LEASE: Span = Span::from_seconds(10 + 2 * 30 + 5);

/// The poll is the truth, the wake-up a hint.
const POLL: Duration = Duration::from_secs(1);

/// How often those are looked for whose deadline has come while their address keeps failing.
const DEADLINES: Span = Span::from_seconds(10);

/// Notices brought forward in one transaction.
const BATCH: u32 = 256;

/// Between two batches: together with their size, more than one address takes.
const BREATH: Duration = Duration::from_millis(250);

/// Delivers until told to stop, then lets what is under way finish.
pub(crate) async fn run(op: Op, backstage: Backstage, mut stop: watch::Receiver<bool>) {
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
        beside: Arc::new(Semaphore::new(op.config().courier.concurrency.get() * BESIDE)),
        hosts: Arc::default(),
        probes: Arc::default(),
        freed: Arc::new(Notify::new()),
        going: Going::default(),
        backstage,
        deadlines: op.now(),
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
    let all = courier.op.config().courier.concurrency.get();
    let back = async |places: &Arc<Semaphore>, all: usize| {
        drop(places.acquire_many(u32::try_from(all).unwrap_or(u32::MAX)).await);
    };
    let drained = async {
        back(&courier.places, all).await;
        back(&courier.beside, all * BESIDE).await;
    };
    if tokio::time::timeout(ATTEMPT, drained).await.is_err() {
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
    beside: Arc<Semaphore>,
    hosts: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
    probes: Arc<Mutex<Probes>>,
    freed: Arc<Notify>,
    going: Going,
    backstage: Backstage,
    /// When to look for those whose deadline has come.
    deadlines: Time,
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
        let room = self.room(per_client, now);
        let lease = Lease { now, until: now + LEASE, limit: free, per_client, after: self.after.clone(), room };
        let leased = self.op.store().write(async move |tx| Ok(tx.lease_notices(&lease).await?)).await?;
        self.after = leased.last().map(|notice| notice.notice.client.clone()).or(self.after.take());
        let amount = leased.len();
        // As long as there are some whose deadline has come, there may be more of them.
        if now >= self.deadlines && !leased.iter().any(|leased| leased.notice.deliver_by <= now) {
            self.deadlines = now + DEADLINES;
        }
        for notice in leased {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { break };
            let (courier, going) = (self.clone(), self.going.enter(&notice.notice.client));
            tokio::spawn(async move {
                courier.carry(notice, place).await;
                drop(going);
                courier.freed.notify_one();
            });
        }
        Ok(amount)
    }

    /// For whom there is less room than for others: nothing is leased only to be given back.
    fn room(&self, per_client: u32, now: Time) -> HashMap<ClientId, Room> {
        let mut room: HashMap<ClientId, Room> = self
            .going
            .all()
            .into_iter()
            .map(|(client, going)| (client, Room::For(per_client.saturating_sub(going))))
            .collect();
        let deadlines = now >= self.deadlines;
        for (client, held) in self.probes().held(now) {
            let left = match room.get(client) {
                Some(Room::For(left) | Room::Overdue(left)) => *left,
                None => per_client,
            };
            let own = match held {
                Held::Back if deadlines => Room::Overdue(left),
                Held::Back => Room::For(0),
                Held::ForProbe => Room::For(left.min(1)),
            };
            room.insert(client.clone(), own);
        }
        room
    }

    /// Who is slow does not take places from others: many who do not answer at all would take every one of them.
    async fn carry(&self, notice: Leased, place: OwnedSemaphorePermit) {
        let place = (place, self.op.metrics().under_way());
        let attempting = self.attempt(&notice);
        tokio::pin!(attempting);
        let done = match tokio::time::timeout(PATIENCE, attempting.as_mut()).await {
            Ok(done) => done,
            Err(_) => match Arc::clone(&self.beside).try_acquire_owned() {
                Ok(_beside) => {
                    drop(place);
                    self.freed.notify_one();
                    attempting.await
                }
                Err(_) => attempting.await,
            },
        };
        self.see_to(&notice, done).await;
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
        let (weighed, said) = self.tell(notice, &client, (to, &uri)).await?;
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

    /// Signs a token and posts it where people wait for neither, and weighs what came of it.
    async fn tell(
        &self,
        notice: &Leased,
        client: &Arc<Client>,
        (to, uri): (Option<Recipient>, &str),
    ) -> Result<(Weighed, Said), Stop> {
        let span = self.op.traces().go_on(notice.traceparent.as_deref(), "deliver", Kind::Client, self.op.now());
        let (op, client, said, place) = (self.op.clone(), Arc::clone(client), notice.notice.clone(), uri.to_owned());
        let told = self.backstage.run(async move { say_and_post(&op, &client, (&said, to.as_ref()), &place).await });
        let (reply, said) = told.await??;
        let weighed = backchannel::weigh(&reply);
        if let Some(span) = span {
            tell_span(span, notice, uri, (said.status, weighed));
        }
        Ok((weighed, said))
    }

    fn count_closed(&self) {
        if self.op.metrics().are_wanted() {
            let closed = self.probes().closed();
            self.op.metrics().closed(closed);
        }
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

/// Signs the notice afresh, as the client registered it, and posts it. What was answered, or why nothing was.
async fn say_and_post(
    op: &Op,
    client: &Client,
    (notice, to): (&Notice, Option<&Recipient>),
    uri: &str,
) -> Result<(Reply, Said), Fault> {
    let now = op.now();
    let claims = backchannel::claims(notice, op.issuer().as_str(), now, &op.dice().name());
    let how = envelope::Said { signed: Some(client.metadata.id_token_alg), encrypted: to };
    let token = envelope::say(op, client, (backchannel::TYP, &claims), how, now)?;
    let limits = Limits { time: ATTEMPT, body: 16 * 1024 };
    Ok(match op.outbound().tell(Class::of(client), uri, &[("logout_token", &token)], limits).await {
        Ok(fetched) => {
            let retry_after = fetched.retry_after.and_then(|header| backchannel::retry_after(&header, op.now()));
            let said = Said { status: Some(fetched.status), words: format!("HTTP {}", fetched.status) };
            (Reply::Status { code: fetched.status, retry_after }, said)
        }
        Err(unreached) => (Reply::Failed(silence(&unreached)), Said { status: None, words: unreached.to_string() }),
    })
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
