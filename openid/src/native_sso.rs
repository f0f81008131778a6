//! OpenID Connect Native SSO for Mobile Apps 1.0, drafts -03 and -07: what a device secret is worth, and what is given with
//! an answer to whoever brought one (§3.2 to §3.4).
//!
//! Invariant: a secret is replaced only together with a new ID Token, and the one before stays good until its successor has
//! been used and a day has passed: two honest apps that share a keychain never destroy each other.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::name::{AccountId, Digest, SessionId};
use crate::session::{Grant, SessionKind, SessionStanding};
use crate::time::{Span, Time};
use crate::wire::scope::Scope;

/// The scope value that asks for a device secret (§3.1).
pub const DEVICE_SSO: &str = "device_sso";

/// The age at which a secret is replaced.
pub const ROTATION_AGE: Span = Span::from_days(30);

/// How long the one before stays good once its successor has been used.
pub const OVERLAP: Span = Span::from_hours(24);

/// How long nobody gets another successor while one waits to be used: the answer that carried it may have been lost.
pub const ONE_SUCCESSOR: Span = Span::from_hours(24);

/// How many device sessions an app opens for one person, unless its policy says otherwise: phones, tablets and what was
/// reinstalled. The next ends the one not seen for the longest time.
pub const MOST_DEVICES: u32 = 20;

macro_rules! kebab {
    ($($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),* }

        impl $name {
            /// The word that is stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Reads the word.
            pub fn read(text: &str) -> Option<Self> {
                [$(Self::$variant),*].into_iter().find(|value| value.as_str() == text)
            }
        }
    )*};
}

kebab! {
    /// Whether this server offers Native SSO at all: an operator's decision.
    NativeSso {
        /// It does not: `device_sso` means nothing, and there is no `native_sso_supported`.
        Off = "off",
        /// It does, to the clients whose policy has `native_sso`.
        On = "on",
    }

    /// Which draft a client was written against: they differ in what they are told when a person must be asked first.
    Draft {
        /// -03: `invalid_scope`.
        Three = "03",
        /// -07: `interaction_required`, and a `scope` that is named holds `openid`.
        Seven = "07",
    }

    /// How closely a client keeps to the letter.
    Spelling {
        /// `device_secret`, and `urn:ietf:params:oauth:token-type:id_token`.
        Exact = "exact",
        /// Also what -03 §3.3 and the examples of both drafts write: the secret under the name `device_token` too, and
        /// `id-token` with a hyphen taken for `id_token`.
        Lenient = "lenient",
    }

    /// Whether a device session ends with the browser session that opened it, when somebody signs out there (`logout.md` §2).
    DeviceTie {
        /// It does.
        WithBrowser = "with-browser",
        /// It does not.
        Apart = "apart",
    }

    /// What a secret means that comes back after its successor was used.
    Replayed {
        /// It is good for nothing, recorded and shown.
        Refuse = "refuse",
        /// The device session ends too.
        EndDevice = "end-device",
    }
}

/// What an operator decided for one client. That it is there is the permission to ask for `device_sso`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NativePolicy {
    /// The sharing group: clients of one group may sign in by each other's ID Tokens (§4.3). The vendor's name, usually.
    pub group: String,
    /// Which draft it was written against.
    #[serde(default = "newest")]
    pub draft: Draft,
    /// How closely it keeps to the letter. `None`: to the letter of -07, leniently with -03.
    #[serde(default)]
    pub spelling: Option<Spelling>,
    /// Whether the device session it opens ends with the browser's.
    #[serde(default = "with_browser")]
    pub tie: DeviceTie,
    /// What a replayed secret means.
    #[serde(default = "refused")]
    pub replayed: Replayed,
    /// How many device sessions it opens for one person at most; one at least. `None`: [`MOST_DEVICES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<NonZeroU32>,
}

const fn newest() -> Draft {
    Draft::Seven
}

const fn with_browser() -> DeviceTie {
    DeviceTie::WithBrowser
}

const fn refused() -> Replayed {
    Replayed::Refuse
}

impl NativePolicy {
    /// How closely it keeps to the letter.
    pub fn spelling(&self) -> Spelling {
        self.spelling.unwrap_or(match self.draft {
            Draft::Three => Spelling::Lenient,
            Draft::Seven => Spelling::Exact,
        })
    }

    /// How many device sessions it opens for one person at most.
    pub fn most_devices(&self) -> u32 {
        self.devices.map_or(MOST_DEVICES, NonZeroU32::get)
    }
}

/// A device secret that was presented and is known, its device session held if it lives, and itself too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSecret {
    /// The secret.
    pub hash: Digest,
    /// Whose device session.
    pub account: AccountId,
    /// The sharing group of the app that opened it, as of now. None: that app is gone, or shares nothing any more.
    pub group: Option<String>,
    /// The device session.
    pub device: SessionId,
    /// What binds ID Tokens to it; none after its secrets were revoked.
    pub ds_hash: Option<String>,
    /// When it was issued.
    pub issued_at: Time,
    /// Whether it was used before.
    pub used: SecretUse,
    /// When a successor was last issued.
    pub replaced_at: Option<Time>,
    /// When the first of its successors was used.
    pub successor_used_at: Option<Time>,
    /// Whether it was revoked.
    pub standing: SecretStanding,
    /// Whether the device session lives.
    pub session: SessionStanding,
}

/// Whether a secret was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretUse {
    /// It was not.
    First,
    /// It was.
    Again,
}

/// Whether a secret was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretStanding {
    /// It was not.
    Good,
    /// It was, or the first app's refresh token was.
    Revoked,
}

/// What a presented secret is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is good.
    Good,
    /// It is good for nothing.
    Nothing,
    /// It comes back although its successor has been in use for a day.
    Replay,
}

impl HeldSecret {
    /// What it is worth, whatever became of its session.
    pub fn worth(&self, now: Time) -> Worth {
        match (self.standing, self.successor_used_at) {
            (SecretStanding::Revoked, _) => Worth::Nothing,
            (SecretStanding::Good, Some(at)) if now >= at + OVERLAP => Worth::Replay,
            (SecretStanding::Good, _) => Worth::Good,
        }
    }

    /// What is given to whoever presented it, with a new ID Token.
    pub fn go_on(&self, now: Time) -> SecretIssue {
        let due = now >= self.issued_at + ROTATION_AGE;
        // Once it is used nothing can have been lost: whoever still has the one before must get a successor, or the day
        // in which it stays good would end without one having been offered.
        let waits = self.successor_used_at.is_none();
        let lately = waits && self.replaced_at.is_some_and(|at| now < at + ONE_SUCCESSOR);
        match due && !lately {
            true => SecretIssue::Successor { of: self.hash, replaced_at: self.replaced_at, used: self.used },
            false => SecretIssue::Keep { of: self.hash, used: self.used },
        }
    }
}

/// What is given of device secrets with an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretIssue {
    /// None.
    #[default]
    None,
    /// A fresh one: none was presented that is good for this device and this account.
    Fresh,
    /// The one that was presented, which was thereby used.
    Keep {
        /// It.
        of: Digest,
        /// Whether it was used before.
        used: SecretUse,
    },
    /// One in its place.
    Successor {
        /// The one that was presented, which was thereby used.
        of: Digest,
        /// What was known of an earlier successor.
        replaced_at: Option<Time>,
        /// Whether it was used before.
        used: SecretUse,
    },
}

/// What an answer does on a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnDevice {
    /// Which device session it is in.
    pub way: Way,
    /// What is given of secrets.
    pub secret: SecretIssue,
    /// A secret that came back although its successor is in use: recorded, whatever else is done.
    pub replayed: Option<Comeback>,
    /// What binds its ID Token to the device: known when the transaction has looked.
    pub ds_hash: Option<String>,
}

/// A secret of a live device session came back although its successor has been in use for a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comeback {
    /// The device session.
    pub device: SessionId,
    /// Whether it ends for it.
    pub then: Replayed,
}

impl Comeback {
    /// What the policy of whoever presented the secret makes of it. Nobody ends a device of another sharing group.
    pub fn of(secret: &HeldSecret, policy: &NativePolicy, now: Time) -> Option<Self> {
        let is_one = secret.session == SessionStanding::Live && secret.worth(now) == Worth::Replay;
        let then = match secret.group.as_deref() == Some(policy.group.as_str()) {
            true => policy.replayed,
            false => Replayed::Refuse,
        };
        is_one.then(|| Self { device: secret.device.clone(), then })
    }

    fn ends(&self, device: &SessionId) -> bool {
        self.then == Replayed::EndDevice && self.device == *device
    }
}

/// Into which device session a grant goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Into none.
    #[default]
    Nowhere,
    /// A code is redeemed: one is opened, and the stay moves there.
    Opens(DeviceTie),
    /// A code is redeemed on a device that has one: the stay moves there.
    Joins(SessionId),
    /// A stay begins or goes on in the device session of another app.
    Enters(SessionId),
    /// The grant is in it already.
    Within(SessionId),
}

/// What a redemption does on a device: `device_sso` was granted (§3.3.3). A secret that is not good for this account, or is
/// another sharing group's, is as if none had come. A code whose stay has moved into a device session since (another code of
/// the same stay was redeemed) stays there: the browser session ends that device, and must find all of the stay in it.
///
/// An error: the device session the code is in ends, for a secret that came back.
pub fn redeem(
    policy: &NativePolicy,
    (grant, kept_by): (&Grant, SessionKind),
    (presented, there): (Option<&HeldSecret>, Option<&SessionId>),
    now: Time,
) -> Result<OnDevice, Comeback> {
    let replayed = presented.and_then(|secret| Comeback::of(secret, policy, now));
    let ends = |device: &SessionId| replayed.as_ref().is_some_and(|replayed| replayed.ends(device));
    if kept_by == SessionKind::Device
        && let Some(comeback) = replayed.as_ref().filter(|replayed| replayed.ends(&grant.session))
    {
        return Err(comeback.clone());
    }
    let mine = presented
        .filter(|secret| secret.account == grant.account && secret.group.as_deref() == Some(policy.group.as_str()));
    let good = mine.filter(|secret| secret.worth(now) == Worth::Good && secret.session == SessionStanding::Live);
    let (way, secret) = match (kept_by, good) {
        (SessionKind::Device, Some(secret)) if secret.device == grant.session => {
            (Way::Within(grant.session.clone()), secret.go_on(now))
        }
        (SessionKind::Device, _) => (Way::Within(grant.session.clone()), SecretIssue::Fresh),
        (SessionKind::Browser, Some(secret)) => (Way::Joins(secret.device.clone()), secret.go_on(now)),
        // Whoever lost its keychain, or asks again and again, is on the device it was on: sessions do not pile up.
        (SessionKind::Browser, None) => {
            let there = there.filter(|there| !ends(there));
            (there.map_or(Way::Opens(policy.tie), |there| Way::Joins(there.clone())), SecretIssue::Fresh)
        }
    };
    Ok(OnDevice { way, secret, replayed, ds_hash: None })
}

/// What a refresh does on a device (§3.3.4): the scope it asks for decides whether a secret goes with it. An error: that device
/// session ends, for a secret of its that came back.
pub fn refresh(
    policy: &NativePolicy,
    (device, asked): (&SessionId, &Scope),
    presented: Option<&HeldSecret>,
    now: Time,
) -> Result<OnDevice, Comeback> {
    let replayed = presented.and_then(|secret| Comeback::of(secret, policy, now));
    if let Some(comeback) = replayed.as_ref().filter(|replayed| replayed.ends(device)) {
        return Err(comeback.clone());
    }
    // "MUST both be issued or neither issued": there is an ID Token with `openid` only.
    let wanted = asked.contains(DEVICE_SSO) && asked.contains("openid");
    let good = presented.filter(|secret| secret.device == *device && secret.worth(now) == Worth::Good);
    let secret = match (wanted, good) {
        (false, _) => SecretIssue::None,
        (true, Some(secret)) => secret.go_on(now),
        (true, None) => SecretIssue::Fresh,
    };
    Ok(OnDevice { way: Way::Within(device.clone()), secret, replayed, ds_hash: None })
}
