//! A random session graph: who signs in where, how it ends, how each relying party answers, and where the process dies.
//!
//! Invariant: pure; the same seed and number give the same graph.

use std::time::Duration;

use testkit::{Moment, Reply};

use super::dice::Dice;

/// What a relying party registered. The place in this table is its number.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) policy: &'static str,
    /// Whether it has a `backchannel_logout_uri`.
    pub(crate) can_be_told: bool,
    /// Whether it wants to hear of idle expiry.
    pub(crate) wants_idle: bool,
}

const fn kind(name: &'static str, policy: &'static str) -> Kind {
    Kind { name, policy, can_be_told: true, wants_idle: true }
}

pub(crate) const KINDS: &[Kind] = &[
    kind("one", r#"{"consent": "first-party", "logout_deadline": 4}"#),
    kind("two", r#"{"consent": "first-party", "logout_deadline": 4}"#),
    kind("three", r#"{"consent": "first-party", "logout_deadline": 6}"#),
    kind("asks", r#"{"logout_deadline": 4}"#),
    kind("account", r#"{"consent": "first-party", "logout": "account", "logout_deadline": 4}"#),
    kind("alone", r#"{"consent": "first-party", "logout": "this-client", "logout_deadline": 4}"#),
    kind("strict", r#"{"consent": "first-party", "offline_grants": "revoke", "logout_deadline": 4}"#),
    kind("patient", r#"{"consent": "first-party", "logout_deadline": 20}"#),
    Kind {
        name: "declines",
        policy: r#"{"consent": "first-party", "idle_notices": "decline", "logout_deadline": 4}"#,
        can_be_told: true,
        wants_idle: false,
    },
    Kind { name: "mute", policy: r#"{"consent": "first-party"}"#, can_be_told: false, wants_idle: true },
];
pub(crate) const ASKS: usize = 3;
const ALONE: usize = 5;

/// A client of the graph's own, because it is disabled or deleted.
pub(crate) const OWN: usize = KINDS.len();
pub(crate) const OWN_KIND: Kind = kind("own", r#"{"consent": "first-party", "logout_deadline": 4}"#);

/// What ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// RP-Initiated Logout with a hint.
    Hint,
    /// The sign-out page, without one.
    SignOutPage,
    /// "Only this application."
    OnlyThisClient,
    /// "Sign out" beside a session of the account page.
    AccountPage,
    /// A new password, on the account page.
    NewPassword,
    /// Consent withdrawn, on the account page.
    Withdraw,
    /// `ostiary session end SESSION`.
    OperatorSession,
    /// `ostiary session end --user NAME`.
    OperatorUser,
    /// The same, with `--offline`.
    OperatorOffline,
    /// The same, and what is pending is given up.
    GiveUp,
    /// `ostiary user passwd`.
    Passwd,
    /// `ostiary user disable`.
    DisableUser,
    /// `ostiary client disable`.
    DisableClient,
    /// `ostiary client delete`.
    DeleteClient,
    /// Nothing was seen for the idle time.
    Idle,
    /// The absolute life is over.
    Absolute,
}

const CAUSES: &[Cause] = &[
    Cause::Hint,
    Cause::Hint,
    Cause::Hint,
    Cause::SignOutPage,
    Cause::SignOutPage,
    Cause::OnlyThisClient,
    Cause::AccountPage,
    Cause::AccountPage,
    Cause::NewPassword,
    Cause::Withdraw,
    Cause::OperatorSession,
    Cause::OperatorUser,
    Cause::OperatorOffline,
    Cause::GiveUp,
    Cause::Passwd,
    Cause::DisableUser,
    Cause::DisableClient,
    Cause::DeleteClient,
    Cause::Idle,
    Cause::Absolute,
];

impl Cause {
    /// The client of the graph's own takes part.
    pub(crate) fn needs_own_client(self) -> bool {
        matches!(self, Self::DisableClient | Self::DeleteClient)
    }
}

/// Where the process dies while a relying party is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shot {
    /// While the relying party holds the POST.
    DuringPost,
    /// After it has answered: at this step of what the server commits next.
    AfterAnswer(Moment),
}

/// How the notice of a stay is answered.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// The answers in turn; the last one stays.
    pub(crate) replies: Vec<Reply>,
    /// Whether the process dies at the first of them.
    pub(crate) shot: Option<Shot>,
}

/// One person in one browser goes to one relying party.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) person: usize,
    pub(crate) browser: usize,
    pub(crate) party: usize,
    /// With `offline_access`.
    pub(crate) offline: bool,
    pub(crate) manner: Manner,
    /// The process dies at this step of a commit of the sign-in.
    pub(crate) shot: Option<Moment>,
}

/// The whole of it.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) number: u64,
    pub(crate) visits: Vec<Visit>,
    pub(crate) cause: Cause,
    /// The process that ends it dies at this step of its commit.
    pub(crate) shot: Option<Moment>,
    /// Or at no chosen step: so many milliseconds after it was asked.
    pub(crate) at_random: Option<u64>,
}

/// People of a graph.
pub(crate) const PEOPLE: usize = 2;

const MOMENTS: &[Moment] = &[
    Moment::BeforeWrite(1),
    Moment::BeforeWrite(1),
    Moment::BeforeWrite(2),
    Moment::BeforeWrite(5),
    Moment::BeforeSync,
    Moment::AfterCommit,
    Moment::AfterCommit,
];

fn manner(dice: &mut Dice, shots: Shots) -> Manner {
    let ok = Reply::Status(200);
    let with = |status, line: &str| Reply::With(status, line.to_owned());
    let replies = match dice.below(22) {
        0..=5 => vec![ok],
        6 => vec![Reply::Status(204)],
        7 | 8 => vec![Reply::Status(500), ok],
        9 => vec![Reply::Status(500), Reply::Status(502), ok],
        10 => vec![with(503, "retry-after: 1"), ok],
        11 => vec![with(429, "retry-after: 2"), ok],
        12 => vec![Reply::Reset, ok],
        13 => vec![Reply::Gigabyte],
        14 => vec![Reply::Late(Duration::from_millis(700), 200)],
        15 => vec![Reply::Late(Duration::from_millis(2_500), 200)],
        16 => vec![Reply::Status(400)],
        17 => vec![with(302, "location: http://127.0.0.1:1/elsewhere")],
        18 => vec![Reply::Status(404)],
        19 => vec![Reply::Status(500)],
        20 => vec![Reply::Reset],
        _ if dice.percent(40) => vec![Reply::Hang, ok],
        _ => vec![ok],
    };
    let shot = match dice.below(10) {
        0 if shots == Shots::Everywhere => Some(Shot::DuringPost),
        1 | 2 if shots == Shots::Everywhere => Some(Shot::AfterAnswer(dice.pick(MOMENTS))),
        _ => None,
    };
    Manner { replies, shot }
}

/// Where processes may die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shots {
    /// At every step.
    Everywhere,
    /// Not while a relying party is being told: what another node had leased comes again after 75 s only.
    NotAtPosts,
}

impl Graph {
    /// Draws one.
    pub(crate) fn draw(seed: u64, number: u64, shots: Shots) -> Self {
        let mut dice = Dice::new(seed, number);
        let cause = dice.pick(CAUSES);
        let (people, browsers) = (1 + dice.below(PEOPLE), 1 + dice.below(3));
        let mut visits = Vec::new();
        for at in 0..=dice.below(6) {
            let party = match (at, cause) {
                (0, Cause::Withdraw) => ASKS,
                (0, Cause::OnlyThisClient) => ALONE,
                (0, _) if cause.needs_own_client() => OWN,
                _ if cause.needs_own_client() && dice.percent(30) => OWN,
                _ => dice.below(KINDS.len()),
            };
            visits.push(Visit {
                person: if at == 0 { 0 } else { dice.below(people) },
                browser: if at == 0 { 0 } else { dice.below(browsers) },
                party,
                offline: dice.percent(30),
                manner: manner(&mut dice, shots),
                shot: if dice.percent(4) { Some(dice.pick(MOMENTS)) } else { None },
            });
        }
        let chosen = dice.below(10);
        let shot = if chosen < 6 { Some(dice.pick(MOMENTS)) } else { None };
        let at_random = if chosen == 6 { Some(dice.below(30) as u64) } else { None };
        Self { number, visits, cause, shot, at_random }
    }

    /// How many people take part.
    pub(crate) fn people(&self) -> usize {
        self.visits.iter().map(|visit| visit.person).max().unwrap_or_default() + 1
    }
}
