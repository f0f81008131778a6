//! What registering and changing a registration have in common: the rules that hold, and what is proposed judged by them.
//!
//! Invariant: both come through [`Rules::judge`], so that nothing can be changed into what could not have been registered.

use jose::JwkSet;
use openid::client::auth::{Fetched, Keys};
use openid::client::metadata::Metadata;
use openid::client::policy::Policy;
use openid::name::ClientId;
use openid::registration::admission::InitialToken;
use openid::registration::allowed::{Allowed, StatementNeed};
use openid::registration::policy::{Management, RegistrationPolicy};
use openid::registration::proposal::Proposed;
use openid::registration::statement::{self, Judged, StatementIssuer};
use openid::wire::refusal::{ErrorCode, refuse};
use serde_json::{Map, Value};
use store::initial_tokens::InitialTokenRow;
use store::registrations::RegistrationSettings;
use store::{Fault, Reader};

use crate::answer::Stop;
use crate::op::Op;
use crate::outbound::Class;

/// The rules that hold for one registration.
pub(super) struct Rules {
    /// As they are stored: held and compared when it is written.
    pub(super) settings: RegistrationSettings,
    /// The token it came with, if it came with one.
    pub(super) token: Option<InitialToken>,
    policy: RegistrationPolicy,
    narrower: Option<Allowed>,
}

/// What was proposed, within the rules.
pub(super) struct Proper {
    pub(super) metadata: Metadata,
    /// The software statement it came with.
    pub(super) statement: Option<String>,
}

impl Rules {
    /// Reads them: those of the server, and what the token takes away.
    pub(super) fn read(settings: RegistrationSettings, token: Option<InitialTokenRow>) -> Result<Self, Fault> {
        let bug = |what: String| Fault::bug(format!("the registration policy cannot be read: {what}"));
        let members = |text: &str| serde_json::from_str::<Map<String, Value>>(text).map_err(|e| bug(e.to_string()));
        let policy = RegistrationPolicy::stored(&settings.policy).map_err(bug)?;
        let narrower = token.as_ref().map(|row| Allowed::read(&members(&row.policy)?).map_err(bug)).transpose()?;
        Ok(Self { settings, token: token.map(|row| row.token), policy, narrower })
    }

    /// Those that hold for a client that is there already.
    pub(super) async fn of_client(reader: &mut Reader, initial_token: Option<&str>) -> Result<Self, Fault> {
        let settings = reader.registration_settings().await?;
        let token = match initial_token {
            Some(id) => reader.initial_token_by_id(id).await?,
            None => None,
        };
        Self::read(settings, token)
    }

    /// How many clients there may be.
    pub(super) fn most(&self) -> u64 {
        u64::from(self.policy.server.max_clients)
    }

    /// Whether a client may do this with its registration.
    pub(super) fn lets(&self, management: Management) -> Result<(), Stop> {
        match self.policy.server.lets(management) {
            true => Ok(()),
            false => Err(refuse(
                ErrorCode::AccessDenied,
                "management_forbidden",
                "the operator of this server does not let clients do this with their registration",
            )
            .into()),
        }
    }

    /// The operator's decisions about a client that registers itself.
    pub(super) fn client_policy(&self) -> Result<Policy, Fault> {
        self.policy.server.client_policy().map_err(Fault::bug)
    }

    /// Judges what is proposed. Nobody's server is asked anything but a trusted issuer's for its keys.
    pub(super) async fn judge(&self, op: &Op, mut proposed: Proposed) -> Result<Proper, Stop> {
        let allowed = [self.narrower.as_ref(), Some(&self.policy.allowed)];
        let allowed = || allowed.into_iter().flatten();
        let statement = proposed.statement.clone();
        match &statement {
            Some(statement) => proposed = proposed.with(self.says(op, statement).await?),
            None if allowed().any(|allowed| allowed.statements == StatementNeed::Required) => {
                let say = "software_statement: one is needed here";
                return Err(refuse(ErrorCode::InvalidClientMetadata, "statement_missing", say).into());
            }
            None => {}
        }
        for allowed in allowed() {
            allowed.fill(&mut proposed.members);
        }
        let metadata = Metadata::read(&proposed.members)?;
        let offered = op.offers().scopes.clone();
        self.policy.allowed.judge(&metadata, &offered)?;
        if let Some(narrower) = &self.narrower {
            narrower.judge(&metadata, &self.policy.allowed.scopes(&offered))?;
        }
        Ok(Proper { metadata, statement })
    }

    /// What a software statement says, if it is genuine.
    async fn says(&self, op: &Op, statement: &str) -> Result<Map<String, Value>, Stop> {
        let issuer = statement::issuer(statement, &self.policy.server.statement_issuers)?;
        let known =
            issuer.jwks_uri.as_deref().and_then(|uri| op.client_keys().at_hand_of(&keys_of(issuer), uri, op.now()));
        match judge(op, statement, issuer, (known.as_deref(), Fetched::Before)) {
            Judged::Says(says) => Ok(says),
            Judged::No(refusal) => Err(refusal.into()),
            Judged::Need { uri, .. } => {
                let fetched = op.client_keys().fetch_of(op, &keys_of(issuer), Class::Operator, &uri).await.or(known);
                match judge(op, statement, issuer, (fetched.as_deref(), Fetched::Now)) {
                    Judged::Says(says) => Ok(says),
                    Judged::No(refusal) => Err(refusal.into()),
                    // The same need twice is a refusal (architecture §2.6); the judge sees to it.
                    Judged::Need { .. } => Err(Fault::bug("keys were fetched and are needed still").into()),
                }
            }
        }
    }
}

fn judge(op: &Op, statement: &str, issuer: &StatementIssuer, (jwks, fetched): (Option<&JwkSet>, Fetched)) -> Judged {
    statement::judge(statement, issuer, &Keys { jwks, fetched }, op.now())
}

/// Under which name an issuer's keys are kept: no `client_id` has a space in it.
fn keys_of(issuer: &StatementIssuer) -> ClientId {
    ClientId::new(format!("statements of {}", issuer.issuer))
}
