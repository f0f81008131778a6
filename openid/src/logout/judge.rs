//! What an ending ends, and whom it must tell: one function, used by the ending itself and by its preview.
//!
//! Invariant: pure; for any session graph, executed = previewed.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::client::policy::IdleNotices;
use crate::name::{AccountId, ClientId, GrantId, SessionId, Sid, Sub};
use crate::native_sso::DeviceTie;
use crate::session::{Cause, GrantKind, SessionKind};
use crate::time::{Span, Time};

/// The order to end something (`logout.md` §3). The only way to end anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// What ends.
    pub what: Ended,
    /// Why.
    pub cause: Cause,
    /// Who did it: an account, a client, an operator's name, `sweep`.
    pub by: String,
    /// What becomes of offline grants.
    pub offline: OfflineGrants,
    /// When.
    pub at: Time,
    /// The default deadline of notices, for clients without one of their own.
    pub deadline: Span,
    /// The sessions of the browser that is shown a page about it: their relying parties can be told in its frames
    /// (Front-Channel Logout §3). None: nobody's browser is there.
    pub browser: Vec<SessionId>,
}

/// What ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// One client's stay.
    Participation(Sid),
    /// A session with all its participations.
    Session(SessionId),
    /// Every session of an account.
    Account(AccountId),
    /// Every participation of a client, over all sessions.
    Client(ClientId),
    /// One account's participations at one client (consent withdrawn).
    AccountAtClient(AccountId, ClientId),
}

/// What becomes of grants with `offline_access` (Back-Channel Logout §2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfflineGrants {
    /// They live on.
    Keep,
    /// They end too.
    Revoke,
}

impl OfflineGrants {
    /// Of two words about them the stricter.
    #[must_use]
    pub const fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Keep, Self::Keep) => Self::Keep,
            _ => Self::Revoke,
        }
    }
}

/// One participation that ends, with what is known about its client.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// The stay.
    pub sid: Sid,
    /// Its session.
    pub session: SessionId,
    /// What kept that session alive.
    pub session_kind: SessionKind,
    /// Whose.
    pub account: AccountId,
    /// The client.
    pub client: ClientId,
    /// The subject it knows.
    pub sub: Sub,
    /// Its `backchannel_logout_uri`, if it has one.
    pub backchannel_logout_uri: Option<String>,
    /// Its `frontchannel_logout_uri`, if it has one.
    pub frontchannel_logout_uri: Option<String>,
    /// Its own deadline for notices.
    pub deadline: Option<Span>,
    /// Whether it wants to hear of idle expiry.
    pub idle_notices: IdleNotices,
    /// What its policy says of its offline grants at a sign-out.
    pub offline_grants: OfflineGrants,
    /// Its live grants in this stay.
    pub grants: Vec<(GrantId, GrantKind)>,
}

/// What must be done for an ending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Promises to be written to the outbox.
    pub notices: Vec<Notice>,
    /// Grants that end.
    pub revoked: Vec<GrantId>,
    /// Grants that live on.
    pub kept: Vec<GrantId>,
    /// What the page that says so must load in frames, also for those that are noticed besides.
    pub frames: Vec<Frame>,
    /// Relying parties that are told by their frame and by nothing else.
    pub shown: Vec<(Sid, ClientId)>,
    /// Relying parties that cannot be told: (client, why).
    pub untold: Vec<(Sid, ClientId, Untold)>,
}

/// A relying party's page in a frame (Front-Channel Logout §3), for one stay. Nobody can promise that the browser loads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// About which stay.
    pub sid: Sid,
    /// `frontchannel_logout_uri`, as registered.
    pub uri: String,
}

/// A promise to tell one relying party about one stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whom.
    pub client: ClientId,
    /// About whom.
    pub sub: Sub,
    /// About which stay.
    pub sid: Sid,
    /// Of which account.
    pub account: AccountId,
    /// Of which session.
    pub session: SessionId,
    /// Until when it is tried.
    pub deliver_by: Time,
}

/// Why a relying party cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Untold {
    /// It registered no `backchannel_logout_uri`, and nothing else either.
    NoAddress,
    /// It can be told by a browser only, and none of its was there.
    NoBrowser,
    /// It asked not to hear of idle expiry.
    Declined,
}

impl Untold {
    /// Every reason.
    pub const ALL: &[Self] = &[Self::NoAddress, Self::NoBrowser, Self::Declined];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAddress => "no-address",
            Self::NoBrowser => "no-browser",
            Self::Declined => "declined",
        }
    }

    /// Reads the word.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|why| why.as_str() == text)
    }
}

/// What a cause says about grants with `offline_access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Background {
    /// As whoever ends it orders, or the policy of the client that has them: the stricter of the two.
    AsOrdered,
    /// They live on: nobody asked for an end.
    Keep,
    /// They end: the person, the client or the permission behind them is no longer trusted.
    Revoke,
}

const fn background(cause: Cause) -> Background {
    match cause {
        Cause::RelyingParty | Cause::Person | Cause::Operator | Cause::Revoked => Background::AsOrdered,
        Cause::IdleExpiry | Cause::AbsoluteExpiry | Cause::Replaced => Background::Keep,
        Cause::ConsentWithdrawn
        | Cause::PasswordChanged
        | Cause::AccountDisabled
        | Cause::ClientDisabled
        | Cause::Reuse => Background::Revoke,
    }
}

/// What becomes of a grant with `offline_access`: one cell of the table (`logout.md` §3).
pub const fn fate(cause: Cause, kind: SessionKind, ordered: OfflineGrants) -> OfflineGrants {
    match (kind, background(cause)) {
        // Every grant in a device session dies with it (`logout.md` §2).
        (SessionKind::Device, _) | (_, Background::Revoke) => OfflineGrants::Revoke,
        (SessionKind::Browser, Background::Keep) => OfflineGrants::Keep,
        (SessionKind::Browser, Background::AsOrdered) => ordered,
    }
}

/// Whether a device session ends with the browser session that opened it: where somebody signs out there (`logout.md` §2).
/// That nobody was seen in the browser, or that its cookies are gone, is what Native SSO is for.
pub const fn follows(cause: Cause, tie: DeviceTie) -> bool {
    match (tie, cause) {
        (
            DeviceTie::WithBrowser,
            Cause::RelyingParty
            | Cause::Person
            | Cause::Operator
            | Cause::PasswordChanged
            | Cause::AccountDisabled
            | Cause::Reuse,
        ) => true,
        (
            DeviceTie::WithBrowser,
            Cause::ConsentWithdrawn
            | Cause::ClientDisabled
            | Cause::IdleExpiry
            | Cause::AbsoluteExpiry
            | Cause::Revoked
            | Cause::Replaced,
        )
        | (DeviceTie::Apart, _) => false,
    }
}

/// Judges an ending: whom it must tell, which grants end and which live on. Every stay that leaves is noticed, shown or
/// untold, exactly one of them, and every grant of it either revoked or kept.
pub fn judge(end: &End, leaving: Vec<Leaving>) -> Verdict {
    let mut verdict = Verdict::default();
    for stay in leaving {
        for (grant, kind) in &stay.grants {
            let ordered = end.offline.stricter(stay.offline_grants);
            match (kind, fate(end.cause, stay.session_kind, ordered)) {
                (GrantKind::Offline, OfflineGrants::Keep) => verdict.kept.push(grant.clone()),
                (GrantKind::Online, _) | (GrantKind::Offline, OfflineGrants::Revoke) => {
                    verdict.revoked.push(grant.clone());
                }
            }
        }
        let frame = frame(end, &stay);
        let is_framed = frame.is_some();
        verdict.frames.extend(frame);
        match untold(end, &stay) {
            Some(Untold::NoAddress | Untold::NoBrowser) if is_framed => verdict.shown.push((stay.sid, stay.client)),
            Some(why) => verdict.untold.push((stay.sid, stay.client, why)),
            None => verdict.notices.push(Notice {
                deliver_by: end.at + stay.deadline.unwrap_or(end.deadline),
                client: stay.client,
                sub: stay.sub,
                sid: stay.sid,
                account: stay.account,
                session: stay.session,
            }),
        }
    }
    verdict
}

/// Only where the session's own browser is: in another it would end the wrong session, or none.
fn frame(end: &End, stay: &Leaving) -> Option<Frame> {
    let uri = stay.frontchannel_logout_uri.clone().filter(|_| end.browser.contains(&stay.session));
    uri.map(|uri| Frame { sid: stay.sid.clone(), uri })
}

fn untold(end: &End, stay: &Leaving) -> Option<Untold> {
    if stay.backchannel_logout_uri.is_none() {
        return Some(if stay.frontchannel_logout_uri.is_none() { Untold::NoAddress } else { Untold::NoBrowser });
    }
    let declined = end.cause == Cause::IdleExpiry && stay.idle_notices == IdleNotices::Decline;
    declined.then_some(Untold::Declined)
}

/// The table of [`fate`] as Markdown, for the documentation.
pub fn table() -> String {
    let mut text = String::from(
        "| cause | browser session, ordered to keep | browser session, ordered to revoke | device session | a device session opened from the browser session |\n\
         |---|---|---|---|---|\n",
    );
    let word = |fate| match fate {
        OfflineGrants::Keep => "live on",
        OfflineGrants::Revoke => "end",
    };
    for cause in Cause::ALL {
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            cause.as_str(),
            word(fate(*cause, SessionKind::Browser, OfflineGrants::Keep)),
            word(fate(*cause, SessionKind::Browser, OfflineGrants::Revoke)),
            word(fate(*cause, SessionKind::Device, OfflineGrants::Keep)),
            if follows(*cause, DeviceTie::WithBrowser) { "ends too, unless `apart`" } else { "goes on" },
        )
        .expect("writing to a String cannot fail");
    }
    text
}
