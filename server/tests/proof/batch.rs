//! A batch of graphs in one world: everybody signs in, everything ends, everybody is told, both sides are compared.
//!
//! Invariant: a batch is over when nothing waits any more, or it says what still does.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::graph::{Cause, Graph, OWN_KIND};
use super::verdict::{Excuses, Party, Post, Tally, judge};
use super::walk::Walk;
use super::world::World;

/// For how long before it a death excuses an answer that was not settled: nearly always it is a few milliseconds.
const EXCUSE: Duration = Duration::from_secs(2);

/// What became of one graph.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) cause: Cause,
    pub(crate) stays: usize,
    pub(crate) tally: Tally,
}

/// What is to be broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// Nothing.
    Nothing,
    /// A row of the ledger is removed behind everybody's back.
    Row,
    /// A POST that a relying party received is forgotten.
    Post,
    /// The standby does not have what was answered.
    Standby,
}

/// Walks a batch. `patience`: how long it may take until everything is settled.
pub(crate) async fn walk(world: &mut World, graphs: Vec<Graph>, patience: Duration, broken: Break) -> Vec<Line> {
    let mut walks = Vec::new();
    for (place, graph) in graphs.into_iter().enumerate() {
        let own = match graph.cause.needs_own_client() {
            true => Some(world.party(OWN_KIND.name, OWN_KIND.policy, (true, true)).await),
            false => None,
        };
        walks.push(Walk::new(graph, place, own));
    }
    if walks.iter().any(|walk| walk.own.is_some()) {
        tokio::time::sleep(Duration::from_millis(1_300)).await;
    }
    for walk in &mut walks {
        walk.sign_in(world).await;
    }
    // What expires does so last: a sweep needs ten quiet seconds.
    walks.sort_by_key(|walk| expires(&walk.graph));
    for walk in &mut walks {
        walk.end(world).await;
        if walk.graph.cause == Cause::GiveUp {
            walk.give_up(world).await;
        }
        if !expires(&walk.graph) {
            walk.close(world).await;
        }
    }
    let mut settled = settle(world, patience).await;
    for walk in walks.iter_mut().filter(|walk| expires(&walk.graph)) {
        walk.close(world).await;
    }
    settled = settle(world, patience).await.and(settled);
    let mut posts = HashMap::new();
    world.collect(&mut posts);
    let retried = retry(world, &walks, &mut posts, patience).await;
    break_it(world, &mut posts, broken).await;
    let excuses = Excuses { deaths: world.take_deaths(), retried, patience: EXCUSE };
    walks.sort_by_key(|walk| walk.graph.number);
    let mut lines = Vec::new();
    for walk in &mut walks {
        if let Err(problem) = &settled {
            walk.problems.push(problem.clone());
        }
        lines.push(compare(world, walk, &posts, &excuses).await);
    }
    lines
}

fn expires(graph: &Graph) -> bool {
    matches!(graph.cause, Cause::Idle | Cause::Absolute)
}

/// Waits until nothing waits any more, over deaths.
async fn settle(world: &mut World, patience: Duration) -> Result<(), String> {
    let began = Instant::now();
    loop {
        world.revive().await;
        let waiting = world.data.waiting().await;
        if waiting == 0 {
            break;
        }
        if began.elapsed() > patience {
            return Err(format!("{waiting} notices or expired sessions still wait after {patience:?}"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.book.cease_fire();
    world.revive().await;
    Ok(())
}

/// In every third graph an operator sends what is parked again, to relying parties that take it now.
async fn retry(
    world: &mut World,
    walks: &[Walk],
    posts: &mut HashMap<String, Vec<Post>>,
    patience: Duration,
) -> Vec<Instant> {
    let accounts: Vec<String> = walks
        .iter()
        .filter(|walk| walk.graph.number.is_multiple_of(3) && walk.graph.cause != Cause::DeleteClient)
        .flat_map(|walk| walk.accounts(world))
        .collect();
    if accounts.is_empty() {
        return Vec::new();
    }
    // Earlier batches of the same people are judged already.
    let mut stays = world.data.stays(&accounts).await;
    stays.retain(|stay| !world.judged.contains(&stay.sid));
    world.book.make_peace(&stays.iter().map(|stay| stay.sid.clone()).collect::<Vec<_>>());
    let began = Instant::now();
    let parked = "SELECT id, sid FROM outbox WHERE outcome = 'parked'";
    let wanted: HashSet<&String> = stays.iter().map(|stay| &stay.sid).collect();
    for row in world.data.rows(parked).await {
        if wanted.contains(&row[1]) {
            drop(world.command("", &["notice", "retry", &row[0]]).await);
        }
    }
    drop(settle(world, patience).await);
    world.collect(posts);
    vec![began]
}

async fn break_it(world: &World, posts: &mut HashMap<String, Vec<Post>>, broken: Break) {
    match broken {
        Break::Nothing | Break::Standby => {}
        Break::Row => world.data.drop_a_notice().await,
        Break::Post => {
            let told = posts.keys().min().cloned().unwrap_or_default();
            posts.remove(&told);
        }
    }
}

async fn compare(world: &mut World, walk: &Walk, posts: &HashMap<String, Vec<Post>>, excuses: &Excuses) -> Line {
    let stays = world.data.stays(&walk.accounts(world)).await;
    let mut tally = Tally { problems: walk.problems.clone(), ..Tally::default() };
    let mut number = 0;
    for stay in stays {
        // People come again in later batches; what was judged is judged.
        if !world.judged.insert(stay.sid.clone()) {
            continue;
        }
        number += 1;
        let Some(party) = world.parties.iter().find(|party| party.inner.client_id == stay.client) else {
            tally.problems.push(format!("{}: a stay at the unknown client {}", stay.sid, stay.client));
            continue;
        };
        let party = Party {
            can_be_told: party.can_be_told,
            wants_idle: party.wants_idle,
            given_up: matches!(walk.graph.cause, Cause::GiveUp) || party.name == OWN_KIND.name,
        };
        let posts = posts.get(&stay.sid).map_or(&[][..], Vec::as_slice);
        tally.add(&judge(&stay, party, posts, excuses));
    }
    Line { number: walk.graph.number, cause: walk.graph.cause, stays: number, tally }
}
