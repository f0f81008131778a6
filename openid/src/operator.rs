//! The operator's API: Ostiary as a resource server of its own (RFC 6750 §3, RFC 8707 §2, RFC 9700 §2.3).
//!
//! Invariant: nobody may call it by default. Who may is a client by its own authority (RFC 6749 §4.4) whose policy names the
//! API among its targets; a token that a person stands behind never opens it, whatever that person agreed to.

use crate::client::policy::EnteredBy;
use crate::client::{Client, Standing};
use crate::name::ClientId;
use crate::time::Time;
use crate::token::facts::TokenFacts;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// Looking at things.
pub const READ: &str = "ostiary:read";

/// Acting: ending sessions, sending notices again, giving them up.
pub const ACT: &str = "ostiary:act";

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Look.
    Read,
    /// Change something.
    Act,
}

impl Deed {
    /// The scope value that allows it. One does not imply the other.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Read => READ,
            Self::Act => ACT,
        }
    }
}

/// The API's identifier as a resource.
pub fn resource(issuer: &str) -> String {
    format!("{issuer}/api")
}

/// Whether a token may do this, and whose it is. The operator's word for the client is asked again: a permission that was
/// taken away is gone at once, not when the token expires.
pub fn judge<'a>(
    facts: Option<&TokenFacts>,
    client: Option<&'a Client>,
    issuer: &str,
    deed: Deed,
    now: Time,
) -> Result<&'a ClientId, Refusal> {
    let (Some(facts), Some(client)) =
        (facts.filter(|facts| facts.is_live(now)), client.filter(|client| client.standing == Standing::Enabled))
    else {
        return Err(refuse(ErrorCode::InvalidToken, "api_token_dead", "the access token is unknown or has ended"));
    };
    let api = resource(issuer);
    if !facts.resources.contains(&api) {
        return Err(refuse(ErrorCode::InvalidToken, "api_elsewhere", "the access token is for another resource"));
    }
    // Whoever else takes the token could bring it here (RFC 8707 §2, RFC 9700 §2.3): a token that opens this says so alone.
    if facts.resources.len() > 1 {
        return Err(refuse(
            ErrorCode::InvalidToken,
            "api_beside_others",
            "the access token is for other resources too: ask for one for this API alone",
        ));
    }
    if facts.account.is_some() || facts.grant.is_some() {
        return Err(refuse(
            ErrorCode::InsufficientScope,
            "api_of_person",
            "this API is for clients by their own authority, not on behalf of a person",
        ));
    }
    // What a client that registered itself may ask for it can change by itself.
    if client.policy.entered_by != EnteredBy::Operator || !client.policy.targets.contains(&api) {
        return Err(refuse(
            ErrorCode::InsufficientScope,
            "api_not_permitted",
            "the operator does not let this client in",
        ));
    }
    match facts.scope.contains(deed.scope()) {
        true => Ok(&client.id),
        false => Err(refuse(
            ErrorCode::InsufficientScope,
            "api_scope",
            format!("the access token was not granted the scope {}", deed.scope()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ACT, Deed, READ, judge, resource};
    use crate::claims::parameter::ClaimsRequest;
    use crate::client::metadata::Metadata;
    use crate::client::policy::{EnteredBy, Policy};
    use crate::client::{Client, ClientSecret, Standing};
    use crate::name::{AccountId, ClientId, GrantId};
    use crate::time::Time;
    use crate::token::facts::{Life, TokenFacts};
    use crate::wire::scope::Scope;

    const ISSUER: &str = "https://op.example";
    const NOW: Time = Time::from_seconds(1_000);

    fn client() -> Client {
        let metadata = json!({"redirect_uris": ["https://rp.example/cb"]});
        Client {
            id: ClientId::new("robot"),
            version: 1,
            standing: Standing::Enabled,
            metadata: Metadata::read(metadata.as_object().unwrap()).unwrap(),
            policy: Policy { targets: vec![resource(ISSUER)], ..Policy::default() },
            secret: ClientSecret::None,
        }
    }

    fn facts() -> TokenFacts {
        TokenFacts {
            acting: crate::token::facts::Acting::default(),
            client: ClientId::new("robot"),
            sub: None,
            account: None,
            grant: None,
            sid: None,
            scope: Scope::from(format!("{READ} {ACT}")),
            claims: ClaimsRequest::default(),
            resources: vec![resource(ISSUER)],
            cnf: None,
            issued_at: NOW,
            expires_at: Time::from_seconds(2_000),
            life: Life::Live,
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "each case makes its own facts")]
    fn why(facts: Option<TokenFacts>, client: Option<Client>, deed: Deed) -> Result<ClientId, &'static str> {
        judge(facts.as_ref(), client.as_ref(), ISSUER, deed, NOW).cloned().map_err(|refusal| refusal.why)
    }

    #[test]
    fn a_client_by_its_own_authority_gets_in_with_the_scope_for_it() {
        for deed in [Deed::Read, Deed::Act] {
            assert_eq!(why(Some(facts()), Some(client()), deed), Ok(ClientId::new("robot")));
            let only = |scope: &str| Some(TokenFacts { scope: Scope::from(scope.to_owned()), ..facts() });
            assert!(why(only(deed.scope()), Some(client()), deed).is_ok());
            let other = if deed == Deed::Read { ACT } else { READ };
            assert_eq!(why(only(other), Some(client()), deed), Err("api_scope"), "one does not imply the other");
        }
    }

    #[test]
    fn nobody_else_gets_in() {
        let try_with = |facts, client| why(facts, client, Deed::Read);
        assert_eq!(try_with(None, Some(client())), Err("api_token_dead"));
        assert_eq!(try_with(Some(facts()), None), Err("api_token_dead"));
        let dead = TokenFacts { life: Life::Dead, ..facts() };
        assert_eq!(try_with(Some(dead), Some(client())), Err("api_token_dead"));
        let expired = TokenFacts { expires_at: NOW, ..facts() };
        assert_eq!(try_with(Some(expired), Some(client())), Err("api_token_dead"));
        let disabled = Client { standing: Standing::Disabled, ..client() };
        assert_eq!(try_with(Some(facts()), Some(disabled)), Err("api_token_dead"));
        for resources in [vec![], vec![ISSUER.to_owned()], vec!["https://other.example/api".to_owned()]] {
            let elsewhere = TokenFacts { resources, ..facts() };
            assert_eq!(try_with(Some(elsewhere), Some(client())), Err("api_elsewhere"));
        }
        let shared =
            TokenFacts { resources: vec![resource(ISSUER), "https://other.example/api".to_owned()], ..facts() };
        assert_eq!(try_with(Some(shared), Some(client())), Err("api_beside_others"), "the other could bring it here");
        let let_in = client().policy;
        for policy in [Policy::default(), Policy { entered_by: EnteredBy::Stranger, ..let_in }] {
            let stranger = Client { policy, ..client() };
            assert_eq!(try_with(Some(facts()), Some(stranger)), Err("api_not_permitted"));
        }
        let person = TokenFacts { account: Some(AccountId::new("ann")), grant: Some(GrantId::new("g")), ..facts() };
        assert_eq!(try_with(Some(person), Some(client())), Err("api_of_person"), "whatever the person agreed to");
    }
}
