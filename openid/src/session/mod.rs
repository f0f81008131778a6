//! Sessions as a tree: an account's session, each client's stay in it, what was granted in that stay (`logout.md` §2).
//!
//! Invariant: tokens belong to a grant, a grant to a participation, a participation to a session; ending one ends
//! everything below it, but for what `logout.md` §3 lets live.

use serde::{Deserialize, Serialize};

use crate::acr::Amr;
use crate::claims::parameter::ClaimsRequest;
use crate::name::{AccountId, ClientId, GrantId, SessionId, Sid, Sub};
use crate::time::Time;
use crate::wire::scope::Scope;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),* }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word that is stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Reads the stored word.
            pub fn read(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }
    };
}

words! {
    /// What keeps a session alive.
    SessionKind {
        /// A browser's cookie.
        Browser = "browser",
        /// A device secret, Native SSO.
        Device = "device",
    }
}

words! {
    /// Why something ended; recorded with every ending (`logout.md` §3).
    Cause {
        /// RP-Initiated Logout.
        RelyingParty = "rp_initiated",
        /// The person, in their account page or on the sign-out page without a relying party.
        Person = "person",
        /// The person withdrew their consent for one client.
        ConsentWithdrawn = "consent_withdrawn",
        /// An operator.
        Operator = "operator",
        /// The person's password was changed.
        PasswordChanged = "password_changed",
        /// The account was disabled or deleted.
        AccountDisabled = "account_disabled",
        /// The client was disabled or deleted.
        ClientDisabled = "client_disabled",
        /// Nobody was seen for the idle time.
        IdleExpiry = "idle_expiry",
        /// The absolute life was over.
        AbsoluteExpiry = "absolute_expiry",
        /// A code or refresh token came twice.
        Reuse = "reuse",
        /// The client revoked its own refresh token, RFC 7009.
        Revoked = "revoked",
        /// Another took its place: another account's, the browser's own when it signed in afresh, or the device session that
        /// was one too many.
        Replaced = "replaced",
    }
}

impl Cause {
    /// Whether it was time alone that ended something: nobody asked for it.
    pub fn is_expiry(self) -> bool {
        matches!(self, Self::IdleExpiry | Self::AbsoluteExpiry)
    }
}

/// A live session as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// What keeps it alive.
    pub kind: SessionKind,
    /// When the person last proved who they are: `auth_time`.
    pub auth_time: Time,
    /// What that proof was worth, if it has a name.
    pub acr: Option<String>,
    /// How it was proven.
    pub amr: Amr,
    /// When it was opened.
    pub created_at: Time,
    /// When anything of it was last seen (written at most every five minutes).
    pub seen_at: Time,
    /// Its absolute end.
    pub expires_at: Time,
    /// The end of its idle time, counted from `seen_at`.
    pub idle_until: Time,
}

impl Session {
    /// Whether it has expired although nobody swept it yet.
    pub fn is_over(&self, now: Time) -> bool {
        now >= self.expires_at || now >= self.idle_until
    }
}

/// One client's stay in one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participation {
    /// The `sid` every ID Token of this stay carries.
    pub sid: Sid,
    /// The session it is part of.
    pub session: SessionId,
    /// Whose session that is.
    pub account: AccountId,
    /// The client.
    pub client: ClientId,
    /// The subject this client knows the person by.
    pub sub: Sub,
    /// When it began.
    pub begun_at: Time,
}

words! {
    /// Whether a grant ends with its session.
    GrantKind {
        /// Ends with the session: so does every grant in a device session, whatever its scope (`logout.md` §2).
        Online = "online",
        /// `offline_access`: survives the session unless the cause says otherwise (Back-Channel Logout §2.7).
        Offline = "offline",
    }
}

impl GrantKind {
    /// What a scope asks for: `offline_access` is background access (OpenID Connect Core §11).
    pub fn of(scope: &Scope) -> Self {
        if scope.contains("offline_access") { Self::Offline } else { Self::Online }
    }
}

/// What the transaction found when it took hold of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStanding {
    /// It lives, and is held until the transaction ends.
    Live,
    /// It has ended or expired.
    Over,
}

/// What the transaction found when it took hold of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantStanding {
    /// It lives, and is held until the transaction ends.
    Live,
    /// It has ended.
    Over,
}

/// What one redemption granted: the family of the tokens issued for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The family's name.
    pub id: GrantId,
    /// To which client.
    pub client: ClientId,
    /// By whom.
    pub account: AccountId,
    /// The subject the client knows.
    pub sub: Sub,
    /// The stay it belongs to.
    pub sid: Sid,
    /// The session of that stay.
    pub session: SessionId,
    /// Whether it ends with the session.
    pub kind: GrantKind,
    /// What was granted.
    pub scope: Scope,
    /// `claims` and `claims_locales` as granted (OpenID Connect Core §5.5, §5.2).
    pub claims: ClaimsRequest,
    /// Resource indicators granted (RFC 8707).
    pub resources: Vec<String>,
    /// `auth_time` of the sign-in it came from: refreshed ID Tokens repeat it (Core §12.2).
    pub auth_time: Time,
    /// `acr` of that sign-in.
    pub acr: Option<String>,
    /// `amr` of that sign-in.
    pub amr: Amr,
    /// `nonce` of the request it came from.
    pub nonce: Option<String>,
    /// When it was granted.
    pub created_at: Time,
    /// The absolute end of its refresh tokens.
    pub expires_at: Time,
}
