//! What the relying parties received against what the ledger says: pure, so that it can be shown to fail.
//!
//! Invariant: whatever the two sides do not agree on is a line of `problems`; nothing is taken on the ledger's word.

use std::time::{Duration, Instant};

use testkit::Reply;

/// A stay as the database has it, with its notice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stay {
    pub(crate) sid: String,
    pub(crate) client: String,
    pub(crate) account: String,
    pub(crate) session: String,
    /// Whether it has ended, by itself or with its session.
    pub(crate) ended: bool,
    /// Why.
    pub(crate) cause: String,
    /// Live grants that are not for background access.
    pub(crate) live_online: u32,
    /// Live grants that are.
    pub(crate) live_offline: u32,
    /// The state of each notice about it: one, or none.
    pub(crate) notices: Vec<(State, u32)>,
}

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Delivered,
    Refused,
    Parked,
    Withdrawn,
}

impl State {
    /// Reads the word.
    pub(crate) fn read(word: &str) -> Self {
        match word {
            "delivered" => Self::Delivered,
            "refused" => Self::Refused,
            "parked" => Self::Parked,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Pending,
        }
    }
}

/// What the harness knows of the relying party of a stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Party {
    pub(crate) can_be_told: bool,
    pub(crate) wants_idle: bool,
    /// Whether its notices were given up, or it was deleted.
    pub(crate) given_up: bool,
}

/// One POST that a relying party received about a stay.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) at: Instant,
    pub(crate) reply: Reply,
    /// What is wrong with its token.
    pub(crate) flaw: Option<String>,
}

/// What explains that a notice came again although it had been answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Excuses {
    /// When a process was found dead.
    pub(crate) deaths: Vec<Instant>,
    /// When an operator sent what was parked again.
    pub(crate) retried: Vec<Instant>,
    /// How long a death excuses what was answered before it.
    pub(crate) patience: Duration,
}

impl Excuses {
    fn between(all: &[Instant], from: Instant, to: Instant) -> bool {
        all.iter().any(|at| *at >= from && *at <= to)
    }

    /// How long after the answer somebody died, if that explains it; zero for an operator.
    /// How long after the answer somebody died, if that explains it; zero for an operator, or if nobody lived to hear the
    /// answer.
    fn explain(&self, post: &Post, answered: Instant, again: Instant) -> Option<Duration> {
        if Self::between(&self.retried, answered, again) {
            return Some(Duration::ZERO);
        }
        let until = again.min(answered + self.patience);
        let deaths = self.deaths.iter().filter(|at| **at >= post.at && **at <= until);
        deaths.map(|at| at.saturating_duration_since(answered)).min()
    }
}

/// The sum of it: `created = delivered + refused + parked + pending + withdrawn`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Stays that ended and whose relying party wants to be told: counted from the graph, not from the ledger.
    pub(crate) created: u64,
    pub(crate) delivered: u64,
    pub(crate) refused: u64,
    pub(crate) parked: u64,
    pub(crate) pending: u64,
    pub(crate) withdrawn: u64,
    /// Ended, and nobody can or wants to be told.
    pub(crate) untold: u64,
    /// Promises that are not in the ledger, or that it calls kept and the relying party knows nothing of.
    pub(crate) missing: u64,
    /// POSTs about what had been answered, explained by a death or an operator.
    pub(crate) again: u64,
    /// Of these: the longest time between an answer and the death that explains it.
    pub(crate) longest: Duration,
    /// POSTs in all.
    pub(crate) posts: u64,
    pub(crate) problems: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.created, other.created),
            (&mut self.delivered, other.delivered),
            (&mut self.refused, other.refused),
            (&mut self.parked, other.parked),
            (&mut self.pending, other.pending),
            (&mut self.withdrawn, other.withdrawn),
            (&mut self.untold, other.untold),
            (&mut self.missing, other.missing),
            (&mut self.again, other.again),
            (&mut self.posts, other.posts),
        ] {
            *mine += theirs;
        }
        self.longest = self.longest.max(other.longest);
        self.problems.extend(other.problems.iter().cloned());
    }

    /// The equation of `logout.md` §1.
    pub(crate) fn equation(&self) -> String {
        format!(
            "created {} = delivered {} + refused {} + parked {} + pending {} + withdrawn {}",
            self.created, self.delivered, self.refused, self.parked, self.pending, self.withdrawn
        )
    }

    /// Whether it holds, and nothing else was found.
    pub(crate) fn holds(&self) -> bool {
        let sum = self.delivered + self.refused + self.parked + self.pending + self.withdrawn;
        self.created == sum && self.pending == 0 && self.missing == 0 && self.problems.is_empty()
    }
}

/// An answer after which nobody comes again (`logout.md` §4).
fn is_final(reply: &Reply) -> bool {
    match reply {
        Reply::Status(status) | Reply::With(status, _) | Reply::Late(_, status) => {
            !matches!(status, 408 | 425 | 429 | 500 | 502..=599)
        }
        // The status is the answer, whatever follows it.
        Reply::Gigabyte => true,
        Reply::Hang | Reply::Reset | Reply::Raw(_) | Reply::Drip(_) => false,
    }
}

fn says(reply: &Reply, wanted: &[u16]) -> bool {
    match reply {
        Reply::Status(status) | Reply::With(status, _) | Reply::Late(_, status) => wanted.contains(status),
        Reply::Gigabyte => wanted.contains(&200),
        Reply::Hang | Reply::Reset | Reply::Raw(_) | Reply::Drip(_) => false,
    }
}

/// Judges one stay.
pub(crate) fn judge(stay: &Stay, party: Party, posts: &[Post], excuses: &Excuses) -> Tally {
    let mut tally = Tally { posts: posts.len() as u64, ..Tally::default() };
    let sid = &stay.sid;
    let mut problem = |text: String| tally.problems.push(format!("{sid} ({}): {text}", stay.client));
    for flaw in posts.iter().filter_map(|post| post.flaw.as_ref()) {
        problem(format!("a logout token with a flaw: {flaw}"));
    }
    if !stay.ended {
        problem("it should have ended and has not".to_owned());
        return tally;
    }
    if stay.live_online > 0 {
        problem(format!("it ended for {} and a grant of it lives on", stay.cause));
    }
    let ends_background = ["password_changed", "account_disabled", "client_disabled", "consent_withdrawn"];
    if stay.live_offline > 0 && ends_background.contains(&stay.cause.as_str()) {
        problem(format!("background access outlived {}", stay.cause));
    }
    let wanted = party.can_be_told && (party.wants_idle || stay.cause != "idle_expiry");
    if !wanted {
        tally.untold = 1;
        if !stay.notices.is_empty() || !posts.is_empty() {
            problem(format!("nobody was to be told: {:?}, {} posts", stay.notices, posts.len()));
        }
        return tally;
    }
    tally.created = 1;
    let Some((state, attempts)) = stay.notices.first().copied() else {
        tally.missing = 1;
        problem(format!("it ended for {} and there is no notice; {} posts", stay.cause, posts.len()));
        return tally;
    };
    if stay.notices.len() > 1 {
        problem(format!("{} notices", stay.notices.len()));
    }
    weigh(&mut tally, stay, (state, attempts), party, posts);
    come_again(&mut tally, stay, posts, excuses);
    tally
}

/// What the ledger says of a notice against the answers that were given.
fn weigh(tally: &mut Tally, stay: &Stay, (state, attempts): (State, u32), party: Party, posts: &[Post]) {
    let told = posts.iter().any(|post| says(&post.reply, &[200, 204]));
    let refused = posts.iter().any(|post| says(&post.reply, &[400]));
    let mut problem = |text: &str| {
        let answers: Vec<&Reply> = posts.iter().map(|post| &post.reply).collect();
        tally.problems.push(format!(
            "{} ({}): {state:?} after {attempts} attempts, {text}; answers {answers:?}",
            stay.sid, stay.client
        ));
    };
    match state {
        State::Pending => problem("not settled"),
        State::Delivered if !told => {
            problem("and the relying party never said so");
            tally.missing += 1;
        }
        State::Refused if !refused => problem("and the relying party never refused"),
        State::Parked if told => problem("although the relying party knows"),
        State::Parked if posts.is_empty() => {
            problem("and the relying party never heard of it");
            tally.missing += 1;
        }
        State::Withdrawn if !party.given_up => problem("and nobody gave it up"),
        _ => {}
    }
    if posts.len() > attempts as usize {
        problem("fewer attempts than the relying party counted");
    }
    match state {
        State::Pending => tally.pending = 1,
        State::Delivered => tally.delivered = 1,
        State::Refused => tally.refused = 1,
        State::Parked => tally.parked = 1,
        State::Withdrawn => tally.withdrawn = 1,
    }
}

/// A POST after a final answer needs an excuse.
fn come_again(tally: &mut Tally, stay: &Stay, posts: &[Post], excuses: &Excuses) {
    for pair in posts.windows(2) {
        // A slow answer that was not out yet was none.
        let answered = match &pair[0].reply {
            Reply::Late(time, _) => pair[0].at + *time,
            _ => pair[0].at,
        };
        if !is_final(&pair[0].reply) || pair[1].at < answered {
            continue;
        }
        if let Some(after) = excuses.explain(&pair[0], answered, pair[1].at) {
            tally.again += 1;
            tally.longest = tally.longest.max(after);
        } else {
            let since = |at: &Instant| at.saturating_duration_since(answered).as_millis();
            let deaths: Vec<u128> = excuses.deaths.iter().filter(|at| **at >= answered).map(since).take(3).collect();
            let text = format!(
                "told again {} ms after {:?}, and nothing explains it: the next deaths were {deaths:?} ms after it",
                since(&pair[1].at),
                pair[0].reply
            );
            tally.problems.push(format!("{} ({}): {text}", stay.sid, stay.client));
        }
    }
}

/// The comparison is shown to see what it must see, before anything else is believed.
pub(crate) fn prove_that_it_can_fail() {
    let now = Instant::now();
    let post = |seconds, reply| Post { at: now + Duration::from_secs(seconds), reply, flaw: None };
    let ok = || Reply::Status(200);
    let party = Party { can_be_told: true, wants_idle: true, given_up: false };
    let stay = |notices: &[(State, u32)]| Stay {
        sid: "s".into(),
        ended: true,
        cause: "person".into(),
        notices: notices.to_vec(),
        ..Stay::default()
    };
    let excuses = Excuses { patience: Duration::from_secs(5), ..Excuses::default() };
    let judged = |stay: &Stay, posts: &[Post]| judge(stay, party, posts, &excuses);
    assert!(judged(&stay(&[(State::Delivered, 1)]), &[post(0, ok())]).holds());
    let late = [post(0, Reply::Status(500)), post(3, ok())];
    assert!(judged(&stay(&[(State::Delivered, 2)]), &late).holds(), "no excuse is needed");
    assert!(!judged(&stay(&[(State::Delivered, 1)]), &late).holds(), "an attempt that was not counted");
    let silent = judged(&stay(&[(State::Delivered, 1)]), &[]);
    assert_eq!((silent.holds(), silent.missing), (false, 1), "settled before the POST");
    let dropped = judged(&stay(&[]), &[]);
    assert_eq!((dropped.holds(), dropped.missing), (false, 1), "a row that is not there");
    for wrong in [State::Pending, State::Refused, State::Parked, State::Withdrawn] {
        assert!(!judged(&stay(&[(wrong, 1)]), &[post(0, ok())]).holds(), "{wrong:?}");
    }
    let twice = [post(0, ok()), post(2, ok())];
    assert!(!judged(&stay(&[(State::Delivered, 2)]), &twice).holds(), "a duplicate nobody explains");
    let death = |seconds| Excuses { deaths: vec![now + Duration::from_secs(seconds)], ..excuses.clone() };
    let again = judge(&stay(&[(State::Delivered, 2)]), party, &twice, &death(1));
    assert!(again.holds() && again.again == 1);
    assert!(!judge(&stay(&[(State::Delivered, 2)]), party, &twice, &death(3)).holds(), "it died only later");
    let alive = Stay { ended: false, ..stay(&[]) };
    assert!(!judged(&alive, &[]).holds(), "what has not ended");
    let left = Stay { live_online: 1, ..stay(&[(State::Delivered, 1)]) };
    assert!(!judged(&left, &[post(0, ok())]).holds(), "a grant that lives on");
    let flawed = Post { flaw: Some("exp".into()), ..post(0, ok()) };
    assert!(!judged(&stay(&[(State::Delivered, 1)]), &[flawed]).holds(), "a token that is not good");
}
