//! Checks of a relying party's back-channel logout endpoint: what is sent, what Back-Channel Logout §2.4 to §2.8 wants of
//! it, and what an answer means (`logout.md` §7).
//!
//! Invariant: pure; the shell signs and sends what a row says, and every answer of every row has one verdict.

use serde_json::{Map, Value, json};

use crate::time::{Span, Time};

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A good token, its claims bent, signed as the client registered.
    Claims(Bend),
    /// A good token signed with a key that is not ours, under the name of ours.
    ForeignKey,
    /// A good token whose signature was changed.
    BentSignature,
    /// A good token with `alg` `none` and no signature.
    NoSignature,
    /// A good token with `alg` `HS256`, keyed with our public key.
    PublicKeyAsSecret,
    /// The good token that was sent before, once more.
    Replay,
    /// A good token in the clear, to a client whose tokens are encrypted.
    InTheClear,
    /// A good token beside a parameter nobody knows.
    MoreParameters,
    /// Not a token.
    Garbage,
    /// No `logout_token` at all.
    NoToken,
}

/// How claims are bent. The times are seconds from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bend {
    /// Not at all.
    Not,
    /// A claim is not there.
    Without(&'static str),
    /// Two claims are not there.
    WithoutBoth(&'static str, &'static str),
    /// A claim is this text.
    Text(&'static str, &'static str),
    /// `events` is this JSON object, as text.
    Events(&'static str),
    /// `aud` is an array of the one audience.
    AudienceInArray,
    /// `iat` and `exp` are moved.
    Times(i64, i64),
    /// A claim nobody knows is there too.
    Unknown,
}

/// Whom the token is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Nobody: a `sub` and a `sid` that were drawn for it. Nothing can end.
    Nobody,
    /// The test person if one was given, else nobody.
    Anybody,
    /// The test person: the `sub` and `sid` that were given. Not checked without.
    Somebody,
}

/// What is wanted of the relying party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// 200: it must take it.
    Take,
    /// 400: it must refuse it.
    Refuse,
    /// 400 would be better: nothing says must.
    BetterRefuse,
    /// It may do either; what it did is worth knowing.
    Either,
    /// 200, as for any good token: it differs in nothing that matters.
    TakeToo,
}

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Where it is written.
    pub clause: &'static str,
    /// That place, on the web.
    pub link: &'static str,
    /// What is sent.
    pub sent: Sent,
    /// About whom.
    pub about: About,
    /// What is wanted.
    pub wanted: Wanted,
    /// Why, in a sentence for whoever mends the relying party.
    pub why: &'static str,
}

macro_rules! clause {
    ("§2.4") => {
        ("Back-Channel Logout §2.4", "https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken")
    };
    ("§2.5") => {
        ("Back-Channel Logout §2.5", "https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest")
    };
    ("§2.6") => {
        ("Back-Channel Logout §2.6", "https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation")
    };
    ("§2.7") => {
        ("Back-Channel Logout §2.7", "https://openid.net/specs/openid-connect-backchannel-1_0.html#BCActions")
    };
    ("§2.8") => {
        ("Back-Channel Logout §2.8", "https://openid.net/specs/openid-connect-backchannel-1_0.html#BCResponse")
    };
}

/// Where the answers of a relying party are written about.
pub const RESPONSE: (&str, &str) = clause!("§2.8");

macro_rules! checks {
    ($($name:literal, $clause:tt, $sent:expr, $about:ident, $wanted:ident, $why:literal;)*) => {
        /// All of them, in the order in which they are made: what must be refused comes before what ends the test
        /// person's session, and what must be taken comes after it.
        pub const CHECKS: &[Check] = &[$(Check {
            name: $name, clause: clause!($clause).0, link: clause!($clause).1, sent: $sent,
            about: About::$about, wanted: Wanted::$wanted, why: $why,
        }),*];
    };
}

checks! {
    "unknown-session", "§2.6", Sent::Claims(Bend::Not), Nobody, Either,
        "a good token about a session it does not know: 200 says that nobody is signed in, 400 that it wants to know the session";
    "no-token", "§2.8", Sent::NoToken, Anybody, Refuse, "a request without logout_token is invalid";
    "garbage", "§2.8", Sent::Garbage, Anybody, Refuse, "a logout_token that is no JWT is invalid";
    "other-key", "§2.6", Sent::ForeignKey, Anybody, Refuse,
        "step 2: the signature must be verified with the provider's keys; anybody could sign people out otherwise";
    "bent-signature", "§2.6", Sent::BentSignature, Anybody, Refuse, "step 2: the signature must be verified";
    "alg-none", "§2.6", Sent::NoSignature, Anybody, Refuse, "step 3: alg none must not be used";
    "public-key-as-secret", "§2.6", Sent::PublicKeyAsSecret, Anybody, Refuse,
        "step 3: alg must be the one that was registered; a MAC keyed with a public key can be made by anybody";
    "in-the-clear", "§2.6", Sent::InTheClear, Anybody, BetterRefuse,
        "step 1: who registered encryption should reject a token that is not encrypted";
    "other-issuer", "§2.6", Sent::Claims(Bend::Text("iss", "https://other.example")), Anybody, Refuse,
        "step 4: iss must be the provider's";
    "no-issuer", "§2.6", Sent::Claims(Bend::Without("iss")), Anybody, Refuse, "step 4: iss is required";
    "other-audience", "§2.6", Sent::Claims(Bend::Text("aud", "another-client")), Anybody, Refuse,
        "step 4: aud must hold its client_id; a token for another client is no business of its own";
    "no-audience", "§2.6", Sent::Claims(Bend::Without("aud")), Anybody, Refuse, "step 4: aud is required";
    "expired", "§2.6", Sent::Claims(Bend::Times(-7_200, -3_600)), Anybody, Refuse,
        "step 4: exp has passed an hour ago; a captured token would be good for ever";
    "no-expiry", "§2.4", Sent::Claims(Bend::Without("exp")), Anybody, Refuse, "exp is required, and step 4 of §2.6 validates it";
    "future", "§2.6", Sent::Claims(Bend::Times(3_600, 3_720)), Anybody, BetterRefuse,
        "step 4: iat is an hour ahead; Core §3.1.3.7 allows to reject what was issued too far away from now";
    "no-issued-at", "§2.4", Sent::Claims(Bend::Without("iat")), Anybody, BetterRefuse, "iat is required";
    "no-events", "§2.6", Sent::Claims(Bend::Without("events")), Anybody, Refuse,
        "step 6: without events it is no logout token; an ID Token must not sign anybody out";
    "other-event", "§2.6", Sent::Claims(Bend::Events("{\"https://schemas.example/event/other\": {}}")), Anybody, Refuse,
        "step 6: events must have the member of back-channel logout";
    "event-not-object", "§2.4",
        Sent::Claims(Bend::Events("{\"http://schemas.openid.net/event/backchannel-logout\": \"yes\"}")), Anybody, BetterRefuse,
        "the member's value must be a JSON object";
    "nonce", "§2.6", Sent::Claims(Bend::Text("nonce", "of an ID Token")), Anybody, Refuse,
        "step 7: a nonce must not be there; it would make a logout token good as an ID Token";
    "no-sub-no-sid", "§2.6", Sent::Claims(Bend::WithoutBoth("sub", "sid")), Anybody, Refuse,
        "step 5: sub or sid must be there";
    "no-jti", "§2.4", Sent::Claims(Bend::Without("jti")), Anybody, BetterRefuse, "jti is required";
    "good", "§2.8", Sent::Claims(Bend::Not), Somebody, Take, "a good token about a session it has: it must end it and say 200";
    "replayed", "§2.6", Sent::Replay, Somebody, Either,
        "step 8: the same jti again; it may refuse it or say once more that nobody is signed in";
    "already-signed-out", "§2.7", Sent::Claims(Bend::Not), Somebody, Take,
        "a fresh token about a session that has ended: the logout is considered to have succeeded";
    "unknown-claim", "§2.4", Sent::Claims(Bend::Unknown), Anybody, TakeToo, "claims that are not understood must be ignored";
    "audience-array", "§2.6", Sent::Claims(Bend::AudienceInArray), Anybody, TakeToo,
        "aud may be an array, as in ID Tokens (Core §2)";
    "sid-alone", "§2.4", Sent::Claims(Bend::Without("sub")), Anybody, TakeToo, "sid without sub is a logout token";
    "sub-alone", "§2.4", Sent::Claims(Bend::Without("sid")), Nobody, TakeToo,
        "sub without sid ends every session of that person there";
    "more-parameters", "§2.5", Sent::MoreParameters, Anybody, TakeToo, "parameters that are not understood must be ignored";
}

impl Bend {
    /// Bends the claims of a good token.
    pub fn apply(self, claims: &mut Map<String, Value>, now: Time) {
        match self {
            Self::Not => {}
            Self::Without(name) => drop(claims.remove(name)),
            Self::WithoutBoth(one, two) => {
                claims.remove(one);
                claims.remove(two);
            }
            Self::Text(name, text) => drop(claims.insert(name.to_owned(), json!(text))),
            Self::Events(text) => {
                let events: Value = serde_json::from_str(text).unwrap_or_default();
                claims.insert("events".into(), events);
            }
            Self::AudienceInArray => {
                let audience = claims.remove("aud").unwrap_or_default();
                claims.insert("aud".into(), json!([audience]));
            }
            Self::Times(issued, expires) => {
                let at = |seconds| json!((now + Span::from_seconds(seconds)).seconds());
                claims.insert("iat".into(), at(issued));
                claims.insert("exp".into(), at(expires));
            }
            Self::Unknown => drop(claims.insert("urn:example:unknown".into(), json!({ "nobody": ["knows", "it"] }))),
        }
    }
}

/// What a relying party did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It answered with a status.
    Answered(u16),
    /// It did not answer in time, or not at all.
    Silent,
}

impl Did {
    /// 200, or 204 where a framework made that of it.
    pub const fn took(self) -> bool {
        matches!(self, Self::Answered(200 | 204))
    }

    /// 400.
    pub const fn refused(self) -> bool {
        matches!(self, Self::Answered(400))
    }
}

/// What is to be said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it must be.
    Good,
    /// Allowed, and worth knowing.
    Advice,
    /// Against the specification.
    Bad,
    /// Cannot be told: it refuses good tokens too, so that a refusal proves nothing.
    Unknown,
}

impl Verdict {
    /// The word that is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Advice => "advice",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether a refusal says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It takes good tokens about the same session: what it refuses it refuses for the flaw.
    Telling,
    /// It refuses those too.
    Mute,
}

/// Judges what a relying party did.
pub fn judge(wanted: Wanted, did: Did, proof: Proof) -> Verdict {
    // §2.8 knows two answers: the logout succeeded, or the request was invalid or the logout failed.
    if !did.took() && !did.refused() {
        return Verdict::Bad;
    }
    match (wanted, did.took(), proof) {
        (Wanted::Either, _, _)
        | (Wanted::Take | Wanted::TakeToo, true, _)
        | (Wanted::Refuse | Wanted::BetterRefuse, false, Proof::Telling) => Verdict::Good,
        (Wanted::Refuse | Wanted::BetterRefuse | Wanted::TakeToo, false, Proof::Mute) => Verdict::Unknown,
        (Wanted::BetterRefuse, true, _) => Verdict::Advice,
        (Wanted::Refuse, true, _) | (Wanted::Take | Wanted::TakeToo, false, _) => Verdict::Bad,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::logout::backchannel;
    use crate::logout::judge::Notice;
    use crate::name::{AccountId, ClientId, SessionId, Sid, Sub};

    const NOW: Time = Time::from_seconds(1_800_000_000);

    fn good() -> Map<String, Value> {
        let notice = Notice {
            client: ClientId::new("rp"),
            sub: Sub::new("sub"),
            sid: Sid::new("sid"),
            account: AccountId::new("a"),
            session: SessionId::new("s"),
            deliver_by: NOW,
        };
        backchannel::claims(&notice, "https://op.example", NOW, "jti")
    }

    #[test]
    fn every_check_has_a_name_and_a_reason_of_its_own() {
        let names: HashSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        let sent: HashSet<String> = CHECKS.iter().map(|check| format!("{:?} {:?}", check.sent, check.name)).collect();
        assert_eq!((names.len(), sent.len()), (CHECKS.len(), CHECKS.len()));
        for check in CHECKS {
            assert!(check.link.contains('#') && check.clause.starts_with("Back-Channel Logout §2."), "{check:?}");
            assert!(check.why.len() > 10, "{check:?}");
        }
        // What must be refused comes before what ends the test person's session.
        let good = CHECKS.iter().position(|check| check.about == About::Somebody).unwrap();
        let refuse = |check: &Check| matches!(check.wanted, Wanted::Refuse | Wanted::BetterRefuse);
        assert!(!CHECKS[good..].iter().any(refuse));
        // `sub` without `sid` would end all sessions of the test person.
        for check in CHECKS.iter().filter(|check| check.sent == Sent::Claims(Bend::Without("sid"))) {
            assert_eq!(check.about, About::Nobody);
        }
    }

    /// What must be refused lacks something a logout token has, or has what it must not have.
    #[test]
    fn a_bent_token_is_bent_where_it_says() {
        for check in CHECKS {
            let Sent::Claims(bend) = check.sent else { continue };
            let (mut claims, good) = (good(), good());
            bend.apply(&mut claims, NOW);
            assert_eq!(claims == good, bend == Bend::Not, "{}", check.name);
            let same = |name: &str| claims.get(name) == good.get(name);
            match bend {
                Bend::Without(name) | Bend::Text(name, _) => assert!(!same(name), "{}", check.name),
                Bend::Events(_) => assert!(!same("events") && claims["events"].is_object(), "{}", check.name),
                Bend::Times(_, exp) => assert_eq!(claims["exp"], json!(NOW.seconds() + exp)),
                _ => {}
            }
        }
        assert_eq!(good()["events"], json!({ backchannel::EVENT: {} }));
    }

    #[test]
    fn every_answer_has_one_verdict() {
        let (took, refused) = (Did::Answered(200), Did::Answered(400));
        let (telling, mute) = (Proof::Telling, Proof::Mute);
        for (wanted, did, proof, verdict) in [
            (Wanted::Take, took, telling, Verdict::Good),
            (Wanted::Take, Did::Answered(204), telling, Verdict::Good),
            (Wanted::Take, refused, mute, Verdict::Bad),
            (Wanted::Refuse, refused, telling, Verdict::Good),
            (Wanted::Refuse, refused, mute, Verdict::Unknown),
            (Wanted::Refuse, took, mute, Verdict::Bad),
            (Wanted::Refuse, Did::Answered(401), telling, Verdict::Bad),
            (Wanted::Refuse, Did::Answered(500), telling, Verdict::Bad),
            (Wanted::Refuse, Did::Answered(302), telling, Verdict::Bad),
            (Wanted::Refuse, Did::Silent, telling, Verdict::Bad),
            (Wanted::BetterRefuse, took, telling, Verdict::Advice),
            (Wanted::BetterRefuse, refused, telling, Verdict::Good),
            (Wanted::BetterRefuse, refused, mute, Verdict::Unknown),
            (Wanted::Either, took, telling, Verdict::Good),
            (Wanted::Either, refused, mute, Verdict::Good),
            (Wanted::Either, Did::Answered(404), telling, Verdict::Bad),
            (Wanted::TakeToo, took, telling, Verdict::Good),
            (Wanted::TakeToo, refused, telling, Verdict::Bad),
            (Wanted::TakeToo, refused, mute, Verdict::Unknown),
            (Wanted::TakeToo, took, mute, Verdict::Good),
        ] {
            assert_eq!(judge(wanted, did, proof), verdict, "{wanted:?} {did:?} {proof:?}");
        }
    }
}
