//! Who may exchange what for which audience and scope: an operator's rules, as data (RFC 8693 §1.1, §2.2.2).
//!
//! Invariant: what no rule allows is refused; a rule names everything it allows, and there is no word for "any". A token that
//! was meant for somebody else is not exchanged, and no scope grows, unless a rule names the audience and the scope it had.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::name::ClientId;
use crate::resource::Resources;
use crate::token::facts::TokenFacts;
use crate::wire::scope::Scope;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the operator calls it.
    pub name: String,
    /// Who may exchange.
    pub clients: Vec<ClientId>,
    /// Whose access tokens: issued to these clients.
    pub subjects: Vec<ClientId>,
    /// Which of those: for one of these resource servers, or for ourselves (the issuer). `None`: those meant for whoever asks,
    /// issued to it or for a resource server it answers for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_audience: Option<Vec<String>>,
    /// The scope those must have for the new one, which may then be another. `None`: the new scope is within theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_scope: Option<Scope>,
    /// For which audience: identifiers of resource servers.
    pub audience: Vec<String>,
    /// The widest scope.
    pub scope: Scope,
    /// What the new token says of who acts.
    pub mode: Mode,
    /// Who may act with the new token in turn (RFC 8693 §4.4). `None`: whoever a rule allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<ClientId>,
}

/// What a new token says of who acts (RFC 8693 §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing: whoever has it is to its audience as if they were the person.
    Impersonation,
    /// The person, and in `act` whoever acts for them: an `actor_token` proves who that is.
    Delegation,
}

impl Rule {
    /// Reads what an operator wrote.
    pub fn read(written: &Map<String, Value>, resources: &Resources) -> Result<Self, String> {
        let rule: Self = serde_json::from_value(Value::Object(written.clone())).map_err(|error| error.to_string())?;
        let lists = [("clients", rule.clients.is_empty()), ("subjects", rule.subjects.is_empty())];
        let named = [
            ("subject_audience", rule.subject_audience.as_ref().is_some_and(Vec::is_empty)),
            ("subject_scope", rule.subject_scope.as_ref().is_some_and(Scope::is_empty)),
            ("audience", rule.audience.is_empty()),
            ("scope", rule.scope.is_empty()),
        ];
        let empty = lists.into_iter().chain(named);
        if let Some((name, _)) = empty.into_iter().find(|(_, empty)| *empty) {
            return Err(format!("{name} names nothing, and so the rule would allow nothing"));
        }
        if rule.name.is_empty() || rule.name.len() > 100 || rule.name.contains(char::is_control) {
            return Err("name must have 1 to 100 characters".to_owned());
        }
        let presented = rule.subject_audience.iter().flatten().filter(|one| !resources.is_us(one));
        if let Some(stranger) = rule.audience.iter().chain(presented).find(|one| resources.find(one).is_none()) {
            return Err(format!("{stranger} is no resource server; `ostiary resource list` shows them"));
        }
        let understood =
            |value: &str| resources.owner(value).is_some_and(|owner| rule.audience.contains(&owner.identifier));
        let stranger = rule.scope.iter().find(|value| !understood(value)).map(str::to_owned);
        match stranger {
            Some(value) => Err(format!("the scope {value} means nothing at the audience of the rule")),
            None => Ok(rule),
        }
    }

    fn is_about(&self, asked: &Exchanging<'_>) -> bool {
        self.mode == asked.mode && self.clients.contains(asked.asking) && self.subjects.contains(&asked.subject.client)
    }

    /// Whether the token has to do with whoever asks, or is one of those the rule names; and has the scope it must have.
    fn takes(&self, asked: &Exchanging<'_>, resources: &Resources) -> bool {
        let subject = asked.subject;
        let is_meant = match &self.subject_audience {
            None => subject.client == *asked.asking || resources.answers_for(asked.asking, &subject.resources),
            Some(named) => named.iter().any(|one| is_for(subject, one, resources)),
        };
        is_meant && self.subject_scope.as_ref().is_none_or(|needed| needed.within(&subject.scope))
    }

    /// The widest scope of what is exchanged for a token of this scope.
    pub fn scope_for(&self, had: &Scope) -> Scope {
        match &self.subject_scope {
            Some(_) => self.scope.clone(),
            None => self.scope.filtered(|value| had.contains(value)),
        }
    }
}

/// Whether a token is for this audience. One that names none is for ourselves (OpenID Connect Core §5.3).
fn is_for(token: &TokenFacts, audience: &str, resources: &Resources) -> bool {
    match resources.is_us(audience) {
        true => token.resources.is_empty() || token.resources.iter().any(|one| resources.is_us(one)),
        false => token.resources.iter().any(|one| one == audience),
    }
}

/// What is to be exchanged.
#[derive(Clone, Copy, Debug)]
pub struct Exchanging<'a> {
    /// Who asks.
    pub asking: &'a ClientId,
    /// What is presented.
    pub subject: &'a TokenFacts,
    /// What is to be said of who acts.
    pub mode: Mode,
    /// For which audience.
    pub audience: &'a [String],
}

/// Every rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(pub Vec<Rule>);

/// What the rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// This one allows it.
    Allowed(&'a Rule),
    /// None is about these two clients and this mode.
    NotThese,
    /// None of those takes this token: it was meant for somebody else, or has not the scope it must have.
    NotSuch,
    /// None of those is for this audience.
    NotThere,
}

impl Rules {
    /// The rule by which a token may be exchanged: the first that is about the two clients, takes the token and covers the
    /// audience.
    pub fn find(&self, asked: &Exchanging<'_>, resources: &Resources) -> Word<'_> {
        let mut about = self.0.iter().filter(|rule| rule.is_about(asked)).peekable();
        if about.peek().is_none() {
            return Word::NotThese;
        }
        let mut takes = about.filter(|rule| rule.takes(asked, resources)).peekable();
        if takes.peek().is_none() {
            return Word::NotSuch;
        }
        let covers = |rule: &&Rule| asked.audience.iter().all(|one| rule.audience.contains(one));
        takes.find(covers).map_or(Word::NotThere, Word::Allowed)
    }
}
