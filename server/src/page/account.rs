//! The person's own page, and the front door.

use askama::Template;
use axum::http::StatusCode;
use openid::time::Time;

use super::interaction::{Asked, asked_words, claim_name};
use super::{Forms, Frame, policy, show};
use crate::answer::Answer;

/// What the page says on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountNotice {
    /// Done.
    PasswordChanged,
    /// Done.
    Withdrawn,
    /// Done.
    SessionEnded,
    /// The new password was typed in two ways.
    PasswordsDiffer,
    /// The new password will not do; the key of the reason.
    PasswordWeak(&'static str),
    /// The current password is not right.
    PasswordWrong,
    /// Too many attempts.
    TooMany,
    /// Done.
    EmailConfirmed,
    /// A letter is under way to the address.
    EmailSent,
    /// That is no address.
    EmailMalformed,
    /// The password typed beside the new address is not right.
    EmailPassword,
    /// Too many letters.
    EmailTooMany,
    /// Done.
    DetailsKept,
    /// Something that was typed for a detail will not do.
    DetailWrong,
}

impl AccountNotice {
    fn is_good(self) -> bool {
        matches!(
            self,
            Self::PasswordChanged
                | Self::Withdrawn
                | Self::SessionEnded
                | Self::EmailConfirmed
                | Self::EmailSent
                | Self::DetailsKept
        )
    }

    fn key(self) -> String {
        match self {
            Self::PasswordChanged => "account-did-password".into(),
            Self::Withdrawn => "account-did-withdraw".into(),
            Self::SessionEnded => "account-did-end".into(),
            Self::PasswordsDiffer => "account-differ".into(),
            Self::PasswordWeak(reason) => format!("password-{reason}"),
            Self::PasswordWrong | Self::EmailPassword => "account-wrong".into(),
            Self::TooMany => "account-too-many".into(),
            Self::EmailConfirmed => "account-did-email".into(),
            Self::EmailSent => "account-did-send".into(),
            Self::EmailMalformed => "email-malformed".into(),
            Self::EmailTooMany => "account-many-letters".into(),
            Self::DetailsKept => "account-did-details".into(),
            Self::DetailWrong => "account-detail-wrong".into(),
        }
    }
}

/// An application with access.
#[derive(Clone, Debug)]
pub struct Access {
    /// `client_id`.
    pub client: String,
    /// Its name.
    pub name: String,
    /// Scopes it was granted.
    pub scopes: Vec<Asked>,
    /// Since when.
    pub since: Time,
}

/// A place where the account is signed in.
#[derive(Clone, Debug)]
pub struct Place {
    /// The session.
    pub id: String,
    /// Whether it is this browser's.
    pub here: bool,
    /// The browser, in its own words.
    pub agent: String,
    /// When it was last seen.
    pub seen: Time,
    /// Whether it is a device's own (Native SSO): apps that share a sign-in.
    pub device: bool,
    /// When a secret of the device came back that had been replaced.
    pub replayed: Option<Time>,
    /// Who takes part in it.
    pub applications: Vec<InPlace>,
    /// Sessions opened from it.
    pub below: Vec<Self>,
}

/// An application's stay in a place.
#[derive(Clone, Debug)]
pub struct InPlace {
    /// The stay.
    pub sid: String,
    /// The application's name.
    pub name: String,
}

/// What would end.
#[derive(Clone, Debug)]
pub enum OwnEnds {
    /// One session.
    Session {
        /// The session.
        id: String,
        /// Its browser.
        agent: String,
    },
    /// One application's stay.
    Stay {
        /// The stay.
        sid: String,
        /// The application.
        name: String,
    },
    /// Every session of the person.
    Everything,
}

/// How an application would be told, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndHow {
    /// Not at all.
    Untold,
    /// By this browser alone.
    Browser,
    /// By a notice.
    BackChannel,
}

/// An application that would be signed out of.
#[derive(Clone, Debug)]
pub struct EndParty {
    /// Its name.
    pub name: String,
    /// How it would be told.
    pub how: EndHow,
    /// Whether it keeps background access.
    pub keeps: bool,
}

/// What an ending would do, before it is done.
#[derive(Debug)]
pub struct EndPreview {
    /// The account, for the form.
    pub who: String,
    /// What would end.
    pub ends: OwnEnds,
    /// Devices whose apps were signed in from that session, and would end with it.
    pub devices: u64,
    /// Who would be told, and how.
    pub parties: Vec<EndParty>,
    /// Binds the form to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "account_end.html")]
struct EndPreviewPage<'a> {
    f: &'a Frame,
    p: &'a EndPreview,
}

impl EndPreviewPage<'_> {
    fn lead(&self) -> String {
        match &self.p.ends {
            OwnEnds::Session { agent, .. } if !self.f.plain(agent).trim().is_empty() => {
                self.f.t1("end-lead-session", "place", agent)
            }
            OwnEnds::Session { .. } => self.f.t1("end-lead-session", "place", &self.f.t("account-unknown-agent")),
            OwnEnds::Stay { name, .. } => self.f.t1("end-lead-stay", "application", name),
            OwnEnds::Everything => self.f.t("end-lead-all"),
        }
    }

    /// That devices end too, if any do: who ends a browser's session need not think of them.
    fn devices(&self) -> Option<String> {
        let number = i64::try_from(self.p.devices).unwrap_or(i64::MAX);
        (number > 0).then(|| self.f.tn("end-devices", "count", number))
    }

    /// What the form says ends.
    fn field(&self) -> (&'static str, &str) {
        match &self.p.ends {
            OwnEnds::Session { id, .. } => ("session", id),
            OwnEnds::Stay { sid, .. } => ("sid", sid),
            OwnEnds::Everything => ("all", "1"),
        }
    }

    fn how(&self, party: &EndParty) -> String {
        self.f.t(match party.how {
            EndHow::BackChannel => "end-back",
            EndHow::Browser => "end-browser",
            EndHow::Untold => "end-untold",
        })
    }

    /// Whether somebody would keep background access.
    fn keeps(&self) -> bool {
        self.p.parties.iter().any(|party| party.keeps)
    }
}

impl EndPreview {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        show(&EndPreviewPage { f, p: self }, StatusCode::OK, &policy(f, None, Forms::Own))
    }
}

/// The account's e-mail address, where it can be changed.
#[derive(Clone, Debug, Default)]
pub struct Address {
    /// The one it has.
    pub email: Option<String>,
    /// Whether it is confirmed.
    pub confirmed: bool,
    /// What was typed for a new one.
    pub typed: String,
}

/// Something that is kept about the person.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The claim.
    pub claim: String,
    /// What the operator calls it, in the person's language.
    pub title: Option<String>,
    /// What is kept of it; empty: nothing.
    pub value: String,
    /// Whether the person may change it.
    pub edit: bool,
    /// Whether what was typed for it will not do.
    pub wrong: bool,
}

/// The person's own page.
#[derive(Debug)]
pub struct Account {
    /// The account, for the forms.
    pub who: String,
    /// The username.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What is said on top.
    pub notice: Option<AccountNotice>,
    /// Applications with access.
    pub applications: Vec<Access>,
    /// Where the account is signed in.
    pub sessions: Vec<Place>,
    /// Its address; none where no letters can be sent.
    pub address: Option<Address>,
    /// What is kept about the person, as far as the operator lets them see it.
    pub details: Vec<Detail>,
    /// Binds the forms to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    f: &'a Frame,
    p: &'a Account,
    good: Option<String>,
    bad: Option<String>,
}

impl AccountPage<'_> {
    fn scopes(&self, access: &Access) -> String {
        access.scopes.iter().map(|scope| asked_words(self.f, scope)).collect::<Vec<_>>().join(" · ")
    }

    fn detail(&self, detail: &Detail) -> String {
        claim_name(self.f, &detail.claim, detail.title.as_deref())
    }

    /// The claims there are fields of: names hold no spaces.
    fn shown(&self) -> String {
        let edits = self.p.details.iter().filter(|detail| detail.edit);
        edits.map(|detail| detail.claim.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// What browsers may fill in (HTML §4.10.18.7): what the claim says in no particular language.
    fn autocomplete(detail: &Detail) -> &'static str {
        match detail.claim.as_str() {
            "name" => "name",
            "given_name" => "given-name",
            "middle_name" => "additional-name",
            "family_name" => "family-name",
            "nickname" => "nickname",
            "website" => "url",
            "picture" => "photo",
            "birthdate" => "bday",
            "phone_number" => "tel",
            "locale" => "language",
            _ => "off",
        }
    }

    fn edits(&self) -> bool {
        self.p.details.iter().any(|detail| detail.edit)
    }

    fn agent(&self, place: &Place) -> String {
        let agent = self.f.plain(&place.agent);
        if agent.trim().is_empty() { self.f.t("account-unknown-agent") } else { agent }
    }

    /// What ends it.
    fn end(&self, place: &Place) -> String {
        self.f.t(if place.device { "account-end-device" } else { "account-end" })
    }

    /// Where a mistake was made, for the fields it concerns.
    fn wrong_current(&self) -> bool {
        matches!(self.p.notice, Some(AccountNotice::PasswordWrong))
    }

    fn wrong_email(&self) -> bool {
        matches!(self.p.notice, Some(AccountNotice::EmailMalformed | AccountNotice::EmailTooMany))
    }

    fn wrong_email_password(&self) -> bool {
        matches!(self.p.notice, Some(AccountNotice::EmailPassword))
    }

    fn wrong_new(&self) -> bool {
        matches!(self.p.notice, Some(AccountNotice::PasswordsDiffer | AccountNotice::PasswordWeak(_)))
    }
}

impl Account {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let words = |good: bool| self.notice.filter(|n| n.is_good() == good).map(|n| f.t(&n.key()));
        let page = AccountPage { f, p: self, good: words(true), bad: words(false) };
        show(&page, StatusCode::OK, &policy(f, None, Forms::Own))
    }
}

/// The front door.
#[derive(Debug)]
pub struct Home {
    /// The issuer.
    pub issuer: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    f: &'a Frame,
    p: &'a Home,
}

impl Home {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        show(&HomePage { f, p: self }, StatusCode::OK, &policy(f, None, Forms::Absent))
    }
}
