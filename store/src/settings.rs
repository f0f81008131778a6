//! What an operator decides while the server runs (`architecture.md` §2.13): data, not configuration.
//!
//! Invariant: every setting stands in its row from the beginning; a change moves the version row.

use openid::authorize::par::Pushing;
use openid::authorize::request::SignUp;
use openid::native_sso::NativeSso;
use openid::registration::Registration;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::registrations::RegistrationSettings;
use crate::statements::{Statement, statements};
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    READ = "SELECT value FROM setting WHERE name = $1";
    HOLD = "SELECT value FROM setting WHERE name = $1 {hold}";
    SET = "UPDATE setting SET value = $2 WHERE name = $1 AND value <> $2";
}

const SIGN_UP: &str = "sign_up";
const REGISTRATION: &str = "registration";
const REGISTRATION_POLICY: &str = "registration_policy";
const PUSHED_REQUESTS: &str = "pushed_requests";
const CLAIMS_LOCALES: &str = "claims_locales";
const NATIVE_SSO: &str = "native_sso";

impl Reader {
    /// Whether people may make themselves an account.
    pub async fn sign_up(&mut self) -> Result<SignUp, Fault> {
        text::word(&self.setting(&READ, SIGN_UP).await?, SignUp::read)
    }

    /// Whether Native SSO is offered.
    pub async fn native_sso(&mut self) -> Result<NativeSso, Fault> {
        text::word(&self.setting(&READ, NATIVE_SSO).await?, NativeSso::read)
    }

    /// What was decided about registration.
    pub async fn registration_settings(&mut self) -> Result<RegistrationSettings, Fault> {
        let registration = text::word(&self.setting(&READ, REGISTRATION).await?, Registration::read)?;
        Ok(RegistrationSettings { registration, policy: self.setting(&READ, REGISTRATION_POLICY).await? })
    }

    /// The languages claims are kept in, as the operator says.
    pub async fn claims_locales(&mut self) -> Result<Vec<String>, Fault> {
        text::read_list(&self.setting(&READ, CLAIMS_LOCALES).await?, CLAIMS_LOCALES)
    }

    /// Whether authorization requests must be pushed, whoever makes them.
    pub async fn pushing(&mut self) -> Result<Pushing, Fault> {
        text::word(&self.setting(&READ, PUSHED_REQUESTS).await?, Pushing::read)
    }

    async fn setting(&mut self, statement: &Statement, name: &'static str) -> Result<String, Fault> {
        let row = self.row(statement, values![name]).await?;
        row.ok_or_else(|| Fault::bug(format!("the setting {name} is missing")))?.take()
    }
}

impl Tx {
    /// Decides it. [`Done::No`]: it is so already.
    pub async fn set_sign_up(&mut self, sign_up: SignUp) -> Result<Done, Fault> {
        self.set(SIGN_UP, sign_up.as_str()).await
    }

    /// Decides whether Native SSO is offered. [`Done::No`]: it is so already.
    pub async fn set_native_sso(&mut self, native_sso: NativeSso) -> Result<Done, Fault> {
        self.set(NATIVE_SSO, native_sso.as_str()).await
    }

    /// Says in which languages claims are kept. [`Done::No`]: it is said already.
    pub async fn set_claims_locales(&mut self, locales: &[String]) -> Result<Done, Fault> {
        self.set(CLAIMS_LOCALES, &text::list(locales)).await
    }

    /// Decides whether authorization requests must be pushed. [`Done::No`]: it is so already.
    pub async fn set_pushing(&mut self, pushing: Pushing) -> Result<Done, Fault> {
        self.set(PUSHED_REQUESTS, pushing.as_str()).await
    }

    /// Decides who may register.
    pub async fn set_registration(&mut self, registration: Registration) -> Result<Done, Fault> {
        self.set(REGISTRATION, registration.as_str()).await
    }

    /// Decides what may be registered: a policy as JSON.
    pub async fn set_registration_policy(&mut self, policy: &str) -> Result<Done, Fault> {
        self.set(REGISTRATION_POLICY, policy).await
    }

    /// What was decided about registration, held until the transaction ends: registrations come one after the other.
    pub async fn hold_registration_settings(&mut self) -> Result<RegistrationSettings, Fault> {
        let registration = text::word(&self.setting(&HOLD, REGISTRATION).await?, Registration::read)?;
        Ok(RegistrationSettings { registration, policy: self.setting(&HOLD, REGISTRATION_POLICY).await? })
    }

    async fn set(&mut self, name: &'static str, value: &str) -> Result<Done, Fault> {
        let done = Done::of(self.change(&SET, values![name, value]).await?);
        if done.is_done() {
            self.move_version("settings").await?;
        }
        Ok(done)
    }
}
