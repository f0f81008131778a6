//! The first page of the console: whether every promise is accounted for, and what needs somebody's hand now.

use std::cmp::Reverse;

use askama::Template;
use axum::http::StatusCode;
use openid::time::Time;
use store::NoticeState;

use super::{Console, Head, LIVE, Part, live_policy, number};
use crate::answer::Answer;
use crate::page::{Frame, show};
use crate::view::figures::{Balance, Figures, OfClient, Sums};

#[derive(Template)]
#[template(path = "console_figures.html")]
struct FiguresPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a Figures,
    clients: Vec<&'a OfClient>,
    head: Head,
    script: &'static str,
}

/// How many are in a state.
fn of(sums: &Sums, state: NoticeState) -> u64 {
    match state {
        NoticeState::Pending => sums.pending,
        NoticeState::Delivered => sums.delivered,
        NoticeState::Refused => sums.refused,
        NoticeState::Parked => sums.parked,
        NoticeState::Withdrawn => sums.withdrawn,
    }
}

impl FiguresPage<'_> {
    /// In the order of the equation.
    const STATES: &'static [NoticeState] = &[
        NoticeState::Delivered,
        NoticeState::Refused,
        NoticeState::Parked,
        NoticeState::Pending,
        NoticeState::Withdrawn,
    ];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the templates hand over references")]
    fn state(&self, state: &NoticeState) -> String {
        self.f.t(&format!("console-state-{}", state.as_str()))
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the templates hand over references")]
    fn n(&self, sums: &Sums, state: &NoticeState) -> String {
        self.f.count(&of(sums, *state))
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the templates hand over references")]
    fn none(sums: &Sums, state: &NoticeState) -> bool {
        of(sums, *state) == 0
    }

    fn equation(&self, sums: &Sums) -> String {
        let sides: Vec<String> = Self::STATES.iter().map(|state| self.n(sums, state)).collect();
        format!("{} = {}", self.f.count(&sums.created), sides.join(" + "))
    }

    /// Both sides, computed where they are shown.
    fn adds_up(sums: &Sums) -> bool {
        sums.created == Self::STATES.iter().map(|state| of(sums, *state)).sum::<u64>()
    }

    /// The proof that nobody was forgotten, in numbers.
    fn proof(&self) -> String {
        let proof = &self.p.proof;
        let sides = [proof.noticed, proof.shown, proof.untold].map(|side| self.f.count(&side));
        format!("{} = {}", self.f.count(&proof.ended), sides.join(" + "))
    }

    fn is_proven(&self) -> bool {
        self.p.proof.missing == 0
    }

    fn is_sound(&self) -> bool {
        self.p.proof.balance == Balance::AddsUp
    }

    fn missing(&self) -> String {
        self.f.tn("console-missing", "count", number(self.p.proof.missing))
    }

    /// What has changed, for somebody who hears the page.
    fn said(&self) -> String {
        let state = |state: NoticeState| format!("{} {}", self.state(&state), self.n(&self.p.total, &state));
        [NoticeState::Parked, NoticeState::Pending, NoticeState::Delivered].map(state).join(", ")
    }

    /// What needs a hand now, or nothing. Letters are promises too.
    fn parked(&self) -> Option<String> {
        let parked = self.p.total.parked + self.p.letters.parked;
        (parked > 0).then(|| self.f.tn("console-parked", "count", number(parked)))
    }
}

/// Shown while there are no figures yet.
#[derive(Template)]
#[template(path = "console_counting.html")]
struct CountingPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    head: Head,
    script: &'static str,
}

/// The page, as of the moment the figures were counted at. Clients with something parked come first, then those that wait
/// longest.
pub fn figures(p: &Figures, f: &Frame, c: &Console) -> Answer {
    let f = &f.as_of(p.at.0);
    let mut clients: Vec<&OfClient> = p.clients.iter().collect();
    let oldest = |one: &OfClient| one.sums.oldest_pending.map_or(Time::from_millis(i64::MAX), |at| at.0);
    clients.sort_by_key(|one| (Reverse(one.sums.parked), oldest(one), Reverse(one.sums.created)));
    let page = FiguresPage { f, c, p, clients, head: Head::of(Part::Figures), script: LIVE };
    show(&page, StatusCode::OK, &live_policy(f))
}

/// The page while the ledger is being counted for the first time.
pub fn counting(f: &Frame, c: &Console) -> Answer {
    let page = CountingPage { f, c, head: Head::of(Part::Figures), script: LIVE };
    show(&page, StatusCode::OK, &live_policy(f))
}
