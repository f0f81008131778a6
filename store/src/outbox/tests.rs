//! The outbox on both engines: leases, attempts, what settles what, and that nothing is ever lost from the sums.

use openid::logout::judge::{End, Ended};
use openid::name::{AccountId, ClientId, SessionId};
use openid::session::Cause;
use openid::time::{Span, Time};
use tokio::task::JoinSet;

use super::{
    Attempt, Counts, Cursor, Lease, Leased, Meter, NoticeFilter, NoticeRow, NoticeState, Outcome, Room, Said, Seen,
    Settled, Turn,
};
use crate::Store;
use crate::engine::tests::both::on_both;
use crate::sessions::tests::ground::{DEADLINE, START, account, client, client_with, end, ending, session, stay};
use crate::statements::statements;
use crate::value::values;

const TERM: Span = Span::from_minutes(2);
const HOUR: Span = Span::from_hours(1);

statements! {
    /// What no program of ours would do: a promise is gone.
    FORGET = "DELETE FROM outbox WHERE id = 'backchannel_logout.11-told'";
}

fn lease(now: Time, limit: u32, per_client: u32) -> Lease {
    Lease { now, until: now + TERM, limit, per_client, after: None, room: std::collections::HashMap::new() }
}

async fn take(store: &Store, lease: Lease) -> Vec<Leased> {
    store.write(async move |tx| Ok(tx.lease_notices(&lease).await?)).await.unwrap()
}

fn said(status: u16) -> Said {
    Said { status: Some(status), words: format!("HTTP {status}") }
}

async fn settle(store: &Store, id: &str, attempt: u32, outcome: Outcome) -> Settled {
    let attempt = Attempt { id: id.to_owned(), number: attempt };
    let said = said(if outcome == Outcome::Delivered { 200 } else { 404 });
    store.write(async move |tx| Ok(tx.settle(&attempt, outcome, &said, START).await?)).await.unwrap()
}

/// Ends one session in which each of these clients took part, and returns the notices' names.
async fn promise(store: &Store, tag: &str, clients: &[ClientId]) -> Vec<String> {
    promise_for(store, tag, clients, Cause::Person).await
}

/// The same, of a session that nobody used any more.
async fn expire(store: &Store, tag: &str, clients: &[ClientId]) -> Vec<String> {
    promise_for(store, tag, clients, Cause::IdleExpiry).await
}

async fn promise_for(store: &Store, tag: &str, clients: &[ClientId], cause: Cause) -> Vec<String> {
    let ann = account(store, &format!("ann-{tag}")).await;
    let id = session(store, &format!("s-{tag}"), &ann, "cookie").await;
    for rp in clients {
        stay(store, &id, rp, &format!("{tag}-{rp}")).await;
    }
    let report = end(store, ending(Ended::Session(id), cause)).await;
    assert_eq!(report.notices.len(), clients.len());
    report.notices.into_iter().map(|posted| posted.id).collect()
}

async fn clients(store: &Store, count: usize) -> Vec<ClientId> {
    let mut made = Vec::new();
    for n in 0..count {
        made.push(client(store, &format!("rp{n}")).await);
    }
    made
}

async fn notice(store: &Store, id: &str) -> NoticeRow {
    store.reader().await.unwrap().notice(id).await.unwrap().unwrap()
}

async fn counts(store: &Store) -> Counts {
    store.reader().await.unwrap().notice_counts().await.unwrap()
}

on_both! {
    async fn a_failure_settles_its_own_attempt_only_and_a_success_any(store: Store) {
        let rps = clients(&store, 2).await;
        let ids = promise(&store, "a", &rps).await;
        let first = take(&store, lease(START, 10, 10)).await;
        assert_eq!(first.iter().map(|l| l.attempt.number).collect::<Vec<_>>(), [1, 1]);
        assert!(take(&store, lease(START, 10, 10)).await.is_empty(), "leased");
        assert!(!store.reader().await.unwrap().notice_due(START).await.unwrap());
        let later = START + TERM;
        assert!(store.reader().await.unwrap().notice_due(later).await.unwrap(), "the lease has run out");
        let second = take(&store, lease(later, 10, 10)).await;
        assert_eq!(second.iter().map(|l| l.attempt.number).collect::<Vec<_>>(), [2, 2]);
        // The first courier wakes up and reports what became of its attempts.
        assert_eq!(settle(&store, &ids[0], 1, Outcome::Parked).await, Settled::Not);
        assert_eq!(settle(&store, &ids[0], 1, Outcome::Refused).await, Settled::Not);
        let id = ids[0].clone();
        let postponed = store.write(async move |tx| Ok(tx.postpone(&Attempt { id: id.clone(), number: 1 }, START, &said(503)).await?)).await.unwrap();
        assert_eq!(postponed, Settled::Not);
        assert_eq!(notice(&store, &ids[0]).await.state, NoticeState::Pending);
        assert_eq!(settle(&store, &ids[1], 1, Outcome::Delivered).await, Settled::Now, "told is told");
        assert_eq!(settle(&store, &ids[1], 2, Outcome::Parked).await, Settled::Not);
        assert_eq!(settle(&store, &ids[0], 2, Outcome::Parked).await, Settled::Now);
        let counts = counts(&store).await;
        assert_eq!((counts.created, counts.delivered, counts.parked, counts.pending), (2, 1, 1, 0));
        assert_eq!(counts.oldest, None);
    }

    async fn many_couriers_share_the_work_without_a_double(store: Store) {
        let rps = clients(&store, 5).await;
        for n in 0..12 {
            promise(&store, &n.to_string(), &rps).await;
        }
        let mut running = JoinSet::new();
        for _ in 0..20 {
            let store = store.clone();
            running.spawn(async move {
                let mut mine = Vec::new();
                for _ in 0..8 {
                    mine.extend(take(&store, lease(START, 7, 3)).await.into_iter().map(|l| l.attempt.id));
                }
                mine
            });
        }
        let mut all: Vec<String> = running.join_all().await.concat();
        all.sort();
        let before = all.len();
        all.dedup();
        assert_eq!((before, all.len()), (60, 60));
    }

    async fn one_client_with_many_notices_delays_nobody(store: Store) {
        let rps = clients(&store, 3).await;
        for n in 0..10 {
            promise(&store, &format!("many{n}"), &rps[..1]).await;
        }
        promise(&store, "few", &rps).await;
        let taken = take(&store, lease(START, 4, 2)).await;
        let whose: Vec<&str> = taken.iter().map(|l| l.notice.client.as_str()).collect();
        assert_eq!(whose, ["rp0", "rp0", "rp1", "rp2"]);
        let mut next = lease(START, 3, 2);
        next.after = Some(rps[1].clone());
        let whose: Vec<String> = take(&store, next).await.iter().map(|l| l.notice.client.to_string()).collect();
        assert_eq!(whose, ["rp0", "rp0"], "the round goes on behind the last one served, and comes back");
    }

    async fn what_somebody_asked_for_goes_before_what_expired(store: Store) {
        let rps = clients(&store, 2).await;
        for n in 0..3 {
            expire(&store, &format!("old{n}"), &rps).await;
        }
        promise(&store, "asked", &rps[1..]).await;
        let mut next = lease(START, 4, 2);
        next.after = Some(rps[1].clone());
        let taken = take(&store, next).await;
        let which: Vec<(&str, Cause)> = taken.iter().map(|l| (l.notice.client.as_str(), l.cause)).collect();
        let expired = Cause::IdleExpiry;
        // The round of the others goes on where it stood; nobody gets more than its room.
        assert_eq!(which, [("rp1", Cause::Person), ("rp0", expired), ("rp0", expired), ("rp1", expired)]);
        // An operator who sends one again asks for it.
        let last = format!("backchannel_logout.old2-{}", rps[1]);
        let again = last.clone();
        store.write(async move |tx| Ok(tx.retry_notice(&again, None, START, DEADLINE).await?)).await.unwrap();
        assert_eq!(take(&store, lease(START, 1, 1)).await[0].attempt.id, last);
    }

    async fn one_client_that_waits_holds_up_nobody_whatever_the_collation(store: Store) {
        // PostgreSQL orders by the database's collation: there "b" comes before "B".
        let collated = store.write(async |tx| {
            Ok(tx.line().script("ALTER TABLE outbox ALTER COLUMN client TYPE TEXT COLLATE \"en-US-x-icu\"").await?)
        }).await;
        // SQLite has no other order than by bytes.
        drop(collated);
        let (a, b, last) = (client(&store, "a").await, client(&store, "b").await, client(&store, "B").await);
        promise(&store, "one", &[a, b]).await;
        let first = take(&store, lease(START, 1, 1)).await.remove(0).attempt;
        let later = START + Span::from_hours(1);
        store.write(async move |tx| Ok(tx.postpone(&first, later, &said(503)).await?)).await.unwrap();
        let mut next = lease(START, 10, 10);
        next.after = Some(last);
        let whose: Vec<String> = take(&store, next).await.iter().map(|l| l.notice.client.to_string()).collect();
        assert_eq!(whose, ["b"]);
    }

    async fn a_notice_is_tried_parked_sent_again_and_given_up(store: Store) {
        let rps = clients(&store, 1).await;
        let id = promise(&store, "a", &rps).await.remove(0);
        let mut wakes = store.wakes().await.unwrap();
        take(&store, lease(START, 1, 1)).await;
        let due = START + Span::from_seconds(30);
        let postponed = id.clone();
        store.write(async move |tx| Ok(tx.postpone(&Attempt { id: postponed.clone(), number: 1 }, due, &said(503)).await?)).await.unwrap();
        assert!(take(&store, lease(START + Span::from_seconds(29), 1, 1)).await.is_empty());
        let again = take(&store, lease(due, 1, 1)).await;
        assert_eq!((again[0].attempt.number, again[0].notice.deliver_by), (2, START + DEADLINE));
        assert_eq!(settle(&store, &id, 2, Outcome::Parked).await, Settled::Now);
        let row = notice(&store, &id).await;
        assert_eq!((row.state, row.last_status, row.last_reply.as_deref()), (NoticeState::Parked, Some(404), Some("HTTP 404")));
        // PostgreSQL's listener needs a moment to be there.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let (reopened, much_later) = (id.clone(), START + Span::from_days(3));
        let retried = store.write(async move |tx| Ok(tx.retry_notice(&reopened, None, much_later, DEADLINE).await?)).await.unwrap();
        assert_eq!(retried, Settled::Now);
        tokio::time::timeout(std::time::Duration::from_secs(5), wakes.next()).await.expect("the courier is called");
        let third = take(&store, lease(much_later, 1, 1)).await;
        assert_eq!((third[0].attempt.number, third[0].notice.deliver_by), (3, much_later + DEADLINE), "the same row, counted on");
        assert_eq!(settle(&store, &id, 3, Outcome::Refused).await, Settled::Now);
        let (given_up, reopened) = (id.clone(), id.clone());
        let not = store.write(async move |tx| Ok(tx.give_up(&given_up, None, START).await?)).await.unwrap();
        assert_eq!(not, Settled::Not, "the relying party's own no stands");
        store.write(async move |tx| Ok(tx.retry_notice(&reopened, None, much_later, DEADLINE).await?)).await.unwrap();
        let given_up = id.clone();
        let done = store.write(async move |tx| Ok(tx.give_up(&given_up, None, START).await?)).await.unwrap();
        assert_eq!(done, Settled::Now);
        let sums = counts(&store).await;
        assert_eq!((sums.created, sums.withdrawn), (1, 1));
        let unknown = store.write(async move |tx| Ok(tx.retry_notice("nobody", None, START, Span::ZERO).await?)).await.unwrap();
        assert_eq!(unknown, Settled::Not);
    }

    async fn who_is_told_again_is_tried_as_long_as_its_policy_says(store: Store) {
        let brief = client_with(&store, "brief", r#"{"backchannel_logout_uri": "https://b.example/"}"#, r#"{"logout_deadline": 60}"#).await;
        let ids = promise(&store, "a", &[brief, client(&store, "long").await]).await;
        let later = START + Span::from_days(3);
        let mut until = Vec::new();
        for id in ids {
            let again = id.clone();
            store.write(async move |tx| Ok(tx.retry_notice(&again, None, later, DEADLINE).await?)).await.unwrap();
            until.push(notice(&store, &id).await.notice.deliver_by);
        }
        until.sort();
        assert_eq!(until, [later + Span::from_seconds(60), later + DEADLINE]);
    }

    async fn a_lease_given_back_is_no_attempt(store: Store) {
        let rps = clients(&store, 1).await;
        promise(&store, "a", &rps).await;
        for _ in 0..3 {
            let attempt = take(&store, lease(START, 1, 1)).await.remove(0).attempt;
            assert_eq!(attempt.number, 1);
            let given = store.write(async move |tx| Ok(tx.give_back(&attempt, START).await?)).await.unwrap();
            assert_eq!(given, Settled::Now);
        }
    }

    async fn no_more_is_leased_than_there_is_room_for(store: Store) {
        let rps = clients(&store, 4).await;
        for n in 0..3 {
            promise(&store, &n.to_string(), &rps).await;
        }
        let room = [(0, Room::For(0)), (1, Room::For(1)), (2, Room::Overdue(2))];
        let room: std::collections::HashMap<ClientId, Room> = room.into_iter().map(|(n, room)| (rps[n].clone(), room)).collect();
        let whose = async |now: Time, room| {
            let taken = take(&store, Lease { room, ..lease(now, 10, 2) }).await;
            taken.iter().map(|leased| leased.notice.client.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(whose(START, room.clone()).await, ["rp1", "rp3", "rp3"]);
        // At their deadlines those are tried once more whose address keeps failing.
        assert_eq!(whose(START + DEADLINE, room).await, ["rp1", "rp2", "rp2", "rp3", "rp3"]);
    }

    async fn who_waits_is_brought_forward_a_few_at_a_time(store: Store) {
        let rps = clients(&store, 2).await;
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(promise(&store, &n.to_string(), &rps).await.remove(0));
        }
        // One is under way, one is settled, one is due anyway; two wait, as does everybody of the other client.
        let taken = take(&store, lease(START, 10, 5)).await;
        for leased in taken {
            let n = ids.iter().position(|id| *id == leased.attempt.id);
            let (attempt, due) = (leased.attempt, START + Span::from_minutes(i64::try_from(n.unwrap_or(9)).unwrap()));
            match n {
                Some(0) => {}
                Some(1) => assert_eq!(settle(&store, &ids[1], 1, Outcome::Delivered).await, Settled::Now),
                Some(2) => {
                    store.write(async move |tx| Ok(tx.give_back(&attempt, START).await?)).await.unwrap();
                }
                _ => {
                    store.write(async move |tx| Ok(tx.give_back(&attempt, due).await?)).await.unwrap();
                }
            }
        }
        let whose = rps[0].clone();
        let bring = async |whose: ClientId| store.write(async move |tx| Ok(tx.bring_forward(&whose, START, 1).await?)).await.unwrap();
        assert_eq!(bring(whose.clone()).await, 1);
        assert_eq!((notice(&store, &ids[3]).await.due_at, notice(&store, &ids[4]).await.due_at), (START, START + Span::from_minutes(4)));
        assert_eq!((bring(whose.clone()).await, bring(whose).await), (1, 0));
        let due: Vec<String> = take(&store, lease(START, 10, 10)).await.into_iter().map(|leased| leased.attempt.id).collect();
        assert_eq!(due.len(), 3, "what is under way stays under way");
        assert!(ids[2..].iter().all(|id| due.contains(id)), "{due:?}");
    }

    async fn leases_taken_back_are_due_at_once_and_the_old_attempt_settles_nothing_but_itself(store: Store) {
        let rps = clients(&store, 3).await;
        let ids = promise(&store, "a", &rps).await;
        assert_eq!(take(&store, lease(START, 3, 1)).await.len(), 3);
        settle(&store, &ids[2], 1, Outcome::Delivered).await;
        let back = store.write(async |tx| Ok(tx.take_back_leases().await?)).await.unwrap();
        assert_eq!(back, 2, "what is settled has none");
        let again = take(&store, lease(START, 3, 1)).await;
        assert_eq!(again.iter().map(|l| l.attempt.number).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(settle(&store, &ids[0], 1, Outcome::Parked).await, Settled::Not);
        assert_eq!(settle(&store, &ids[0], 1, Outcome::Delivered).await, Settled::Now, "told is told");
        assert_eq!(settle(&store, &ids[1], 2, Outcome::Delivered).await, Settled::Now);
        let counts = counts(&store).await;
        assert_eq!((counts.created, counts.delivered, counts.pending), (3, 3, 0));
    }

    async fn a_delivered_notice_is_never_reopened(store: Store) {
        let rps = clients(&store, 1).await;
        let id = promise(&store, "a", &rps).await.remove(0);
        take(&store, lease(START, 1, 1)).await;
        settle(&store, &id, 1, Outcome::Delivered).await;
        let again = id.clone();
        let retried = store.write(async move |tx| Ok(tx.retry_notice(&again, None, START, Span::ZERO).await?)).await.unwrap();
        assert_eq!(retried, Settled::Not);
    }

    async fn of_many_answers_one_settles(store: Store) {
        let rps = clients(&store, 1).await;
        for round in 0..10 {
            let id = promise(&store, &round.to_string(), &rps).await.remove(0);
            take(&store, lease(START, 1, 1)).await;
            let mut running = JoinSet::new();
            for n in 0..30 {
                let (store, id) = (store.clone(), id.clone());
                let outcome = [Outcome::Delivered, Outcome::Refused, Outcome::Parked][n % 3];
                running.spawn(async move { (settle(&store, &id, 1, outcome).await, outcome) });
            }
            let won: Vec<Outcome> = running.join_all().await.into_iter().filter(|(s, _)| *s == Settled::Now).map(|(_, o)| o).collect();
            assert_eq!(won.len(), 1);
            let stands = match won[0] {
                Outcome::Delivered => NoticeState::Delivered,
                Outcome::Refused => NoticeState::Refused,
                Outcome::Parked => NoticeState::Parked,
            };
            assert_eq!(notice(&store, &id).await.state, stands);
        }
    }

    async fn the_sums_never_shrink(store: Store) {
        let rps = clients(&store, 4).await;
        let mut ids = Vec::new();
        for n in 0..6 {
            ids.extend(promise(&store, &n.to_string(), &rps).await);
        }
        take(&store, lease(START, 100, 100)).await;
        for (n, id) in ids.iter().enumerate() {
            match n % 6 {
                0 | 1 => assert_eq!(settle(&store, id, 1, Outcome::Delivered).await, Settled::Now),
                2 => assert_eq!(settle(&store, id, 1, Outcome::Refused).await, Settled::Now),
                3 => assert_eq!(settle(&store, id, 1, Outcome::Parked).await, Settled::Now),
                4 => {
                    let id = id.clone();
                    store.write(async move |tx| Ok(tx.give_up(&id, None, START).await?)).await.unwrap();
                }
                _ => (),
            }
        }
        let before = counts(&store).await;
        assert_eq!(before, Counts { created: 24, delivered: 8, refused: 4, parked: 4, pending: 4, withdrawn: 4, oldest: Some(START) });
        let mut folded = 0;
        for _ in 0..4 {
            folded += store.write(async |tx| Ok(tx.fold_outbox(START, 5).await?)).await.unwrap();
            assert_eq!(counts(&store).await, before, "at every step");
        }
        assert_eq!(folded, 16, "parked and pending ones stay");
        let gone = rps[0].clone();
        let withdrawn = store.write(async move |tx| Ok(tx.withdraw_notices(&gone, START).await?)).await.unwrap();
        let after = counts(&store).await;
        assert_eq!((after.created, after.withdrawn), (24, 4 + withdrawn));
        assert_eq!(after.delivered + after.refused + after.parked + after.pending + after.withdrawn, after.created);
    }

    async fn a_meter_reads_what_the_ledger_counts(store: Store) {
        let rps = clients(&store, 4).await;
        let (mut late, mut minute) = (Meter::looking_back(HOUR), START);
        let mut ids = Vec::new();
        // At each step: one meter that has read all along, and one that reads for the first time.
        let mut agree = async |minute: Time| {
            let mut reader = store.reader().await.unwrap();
            let ledger = reader.ledger().await.unwrap();
            assert_eq!(ledger.total(), reader.notice_counts().await.unwrap());
            let read = late.read(&mut reader, minute).await.unwrap();
            assert!(read.since <= minute - HOUR && minute - HOUR < read.since + Span::from_minutes(5));
            assert_eq!(read.ledger, ledger);
            assert_eq!(Meter::looking_back(HOUR).read(&mut reader, minute).await.unwrap().ledger, ledger);
        };
        agree(minute).await;
        for n in 0..6 {
            ids.extend(promise(&store, &n.to_string(), &rps).await);
        }
        take(&store, lease(START, 100, 100)).await;
        for (n, id) in ids.iter().enumerate() {
            minute = minute + Span::from_minutes(1);
            let (attempt, outcome) = (Attempt { id: id.clone(), number: 1 }, [Outcome::Delivered, Outcome::Refused, Outcome::Parked]);
            let said = said(200);
            if let Some(outcome) = outcome.get(n % 4).copied() {
                store.write(async move |tx| Ok(tx.settle(&attempt, outcome, &said, minute).await?)).await.unwrap();
            }
            agree(minute).await;
        }
        let parked = ids[2].clone();
        store.write(async move |tx| Ok(tx.retry_notice(&parked, None, minute, Span::ZERO).await?)).await.unwrap();
        agree(minute).await;
        let given_up = ids[6].clone();
        store.write(async move |tx| Ok(tx.give_up(&given_up, None, minute).await?)).await.unwrap();
        agree(minute).await;
        for _ in 0..3 {
            minute = minute + Span::from_minutes(20);
            store.write(async move |tx| Ok(tx.fold_outbox(START + Span::from_minutes(12), 5).await?)).await.unwrap();
            agree(minute).await;
        }
        assert_eq!(counts(&store).await.created, 24);
    }

    async fn what_was_decided_about_a_notice_holds_only_for_what_was_seen_of_it(store: Store) {
        let rps = clients(&store, 4).await;
        let ids = promise(&store, "a", &rps).await;
        let looked = START + Span::from_minutes(1);
        let late = looked + Span::from_minutes(1);
        let park = async |id: &str, at: Time| {
            let attempt = Attempt { id: id.to_owned(), number: 0 };
            store.write(async move |tx| Ok(tx.settle(&attempt, Outcome::Parked, &said(404), at).await?)).await.unwrap();
        };
        park(&ids[0], START).await;
        // These two are seen pending, and parked only then.
        park(&ids[1], late).await;
        park(&ids[2], late).await;
        let as_seen = move |state: NoticeState| Some(Seen { state, at: looked });
        let retry = async |id: &str, state: NoticeState| {
            let id = id.to_owned();
            store.write(async move |tx| Ok(tx.retry_notice(&id, as_seen(state), late, Span::ZERO).await?)).await.unwrap()
        };
        let give_up = async |id: &str, state: NoticeState| {
            let id = id.to_owned();
            store.write(async move |tx| Ok(tx.give_up(&id, as_seen(state), late).await?)).await.unwrap()
        };
        let (parked, pending) = (NoticeState::Parked, NoticeState::Pending);
        for id in &ids[1..3] {
            for state in [parked, pending] {
                assert_eq!((retry(id, state).await, give_up(id, state).await), (Settled::Not, Settled::Not), "{id}");
            }
        }
        assert_eq!((retry(&ids[0], pending).await, retry(&ids[0], parked).await), (Settled::Not, Settled::Now));
        // It was seen parked: it waits now, as somebody wished meanwhile.
        assert_eq!((give_up(&ids[0], parked).await, give_up(&ids[0], pending).await), (Settled::Not, Settled::Now));
        assert_eq!((retry(&ids[3], parked).await, retry(&ids[3], pending).await), (Settled::Not, Settled::Now));
    }

    async fn a_meter_proves_what_ended_within_its_time(store: Store) {
        let (mute, told) = (client_with(&store, "mute", "{}", "{}").await, client(&store, "told").await);
        let (mut late, ann) = (Meter::looking_back(HOUR), account(&store, "ann").await);
        let mut seen = Vec::new();
        for n in 0..12 {
            let now = START + Span::from_minutes(n * 13);
            let id = session(&store, &format!("s{n}"), &ann, "cookie").await;
            stay(&store, &id, &mute, &format!("{n}-mute")).await;
            stay(&store, &id, &told, &format!("{n}-told")).await;
            end(&store, End { at: now, ..ending(Ended::Session(id), Cause::Person) }).await;
            let mut reader = store.reader().await.unwrap();
            let read = late.read(&mut reader, now).await.unwrap();
            assert_eq!(read.proof, reader.proof(read.since).await.unwrap(), "{n}");
            seen.push((read.proof.noticed, read.proof.untold, read.proof.missing));
        }
        assert_eq!((seen[0], seen[3], seen[11]), ((1, 1, 0), (4, 4, 0), (5, 5, 0)), "{seen:?}");
        // One that nobody was promised anything about is missed, and goes on being missed.
        store.write(async |tx| Ok(tx.change(&FORGET, values![]).await?)).await.unwrap();
        for minutes in [143, 170, 180] {
            let now = START + Span::from_minutes(minutes);
            let mut reader = store.reader().await.unwrap();
            let read = late.read(&mut reader, now).await.unwrap();
            assert_eq!((read.proof.missing, read.proof), (1, reader.proof(read.since).await.unwrap()));
        }
    }

    async fn the_first_and_the_last_delivery_of_an_ending_are_known(store: Store) {
        let rps = clients(&store, 4).await;
        let ids = promise(&store, "a", &rps).await;
        promise(&store, "b", &rps).await;
        let taken = take(&store, lease(START, 100, 100)).await;
        let turn = async |id: &str, minutes: i64, outcome: Outcome| {
            let leased = taken.iter().find(|leased| leased.attempt.id == id).unwrap();
            let (attempt, said, then) = (leased.attempt.clone(), said(200), START + Span::from_minutes(minutes));
            store.write(async move |tx| Ok(tx.settle(&attempt, outcome, &said, then).await?)).await.unwrap();
            store.reader().await.unwrap().turn_of_delivery(id, &leased.notice.session, leased.created_at, then).await.unwrap()
        };
        turn(&ids[3], 0, Outcome::Refused).await;
        assert_eq!(turn(&ids[0], 1, Outcome::Delivered).await, Turn { is_first: true, is_last: false });
        assert_eq!(turn(&ids[1], 1, Outcome::Delivered).await, Turn { is_first: false, is_last: false });
        assert_eq!(turn(&ids[2], 2, Outcome::Delivered).await, Turn { is_first: false, is_last: true });
    }

    async fn a_promise_remembers_its_trace(store: Store) {
        let rps = clients(&store, 1).await;
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        crate::traced(trace.to_owned(), promise(&store, "a", &rps)).await;
        promise(&store, "b", &rps).await;
        let traces: Vec<Option<String>> = take(&store, lease(START, 10, 10)).await.into_iter().map(|leased| leased.traceparent).collect();
        assert_eq!(traces, [Some(trace.to_owned()), None]);
    }

    async fn the_ledger_is_read_in_pages(store: Store) {
        let rps = clients(&store, 2).await;
        for n in 0..5 {
            promise(&store, &n.to_string(), &rps).await;
        }
        settle(&store, "backchannel_logout.3-rp1", 0, Outcome::Delivered).await;
        let mut reader = store.reader().await.unwrap();
        let mut filter = NoticeFilter { client: Some(rps[1].clone()), limit: 2, ..NoticeFilter::default() };
        let mut seen = Vec::new();
        loop {
            let page = reader.notices(&filter).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.before = Some(Cursor { created_at: last.created_at, id: last.id.clone() });
            seen.extend(page.iter().map(|row| row.id.clone()));
        }
        seen.sort();
        let expected: Vec<String> = (0..5).map(|n| format!("backchannel_logout.{n}-rp1")).collect();
        assert_eq!(seen, expected);
        let pending = NoticeFilter { state: Some(NoticeState::Pending), ..NoticeFilter::default() };
        assert_eq!(reader.notices(&pending).await.unwrap().len(), 9);
        let done = NoticeFilter { state: Some(NoticeState::Delivered), ..pending };
        assert_eq!(reader.notices(&done).await.unwrap().len(), 1);
    }

    async fn the_ledger_is_searched_by_every_filter(store: Store) {
        let rps = clients(&store, 2).await;
        for n in 0..3 {
            promise(&store, &n.to_string(), &rps).await;
        }
        settle(&store, "backchannel_logout.1-rp0", 0, Outcome::Parked).await;
        let one = |filter: NoticeFilter| {
            let store = store.clone();
            async move { store.reader().await.unwrap().notices(&filter).await.unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>() }
        };
        let all = NoticeFilter::default;
        let parked = vec!["backchannel_logout.1-rp0".to_owned()];
        assert_eq!(one(NoticeFilter { state: Some(NoticeState::Parked), ..all() }).await, parked);
        assert_eq!(one(NoticeFilter { text: Some("http 404".to_owned()), ..all() }).await, parked);
        assert_eq!(one(NoticeFilter { text: Some("1-RP0".to_owned()), ..all() }).await, parked);
        assert_eq!(one(NoticeFilter { text: Some("1_rp0".to_owned()), ..all() }).await, [""; 0], "no wildcards");
        assert_eq!(one(NoticeFilter { text: Some("%".to_owned()), ..all() }).await, [""; 0]);
        let of = |session: &str, client: Option<&ClientId>| NoticeFilter {
            session: Some(SessionId::new(session)),
            client: client.cloned(),
            ..all()
        };
        assert_eq!(one(of("s-1", Some(&rps[0]))).await, parked);
        assert_eq!(one(of("s-1", None)).await.len(), 2);
        assert_eq!(one(NoticeFilter { account: Some(AccountId::new("ann-2")), ..all() }).await.len(), 2);
        let caused = |cause: Cause| NoticeFilter { cause: Some(cause.as_str().to_owned()), ..all() };
        assert_eq!((one(caused(Cause::Person)).await.len(), one(caused(Cause::Operator)).await.len()), (6, 0));
    }
}
