//! Who may exchange what for which audience and scope: an operator's rules, as data (RFC 8693 §1.1, §2.2.2).
//!
//! Invariant: what no rule allows is refused; a rule names everything it allows, and there is no word for "any".

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::name::ClientId;
use crate::resource::Resources;
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
        let empty = lists.into_iter().chain([("audience", rule.audience.is_empty()), ("scope", rule.scope.is_empty())]);
        if let Some((name, _)) = empty.into_iter().find(|(_, empty)| *empty) {
            return Err(format!("{name} names nothing, and so the rule would allow nothing"));
        }
        if rule.name.is_empty() || rule.name.len() > 100 || rule.name.contains(char::is_control) {
            return Err("name must have 1 to 100 characters".to_owned());
        }
        if let Some(stranger) = rule.audience.iter().find(|one| resources.find(one).is_none()) {
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

    fn applies(&self, asking: &ClientId, issued_to: &ClientId, mode: Mode) -> bool {
        self.mode == mode && self.clients.contains(asking) && self.subjects.contains(issued_to)
    }
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
    /// None of those is for this audience.
    NotThere,
}

impl Rules {
    /// The rule by which one client may exchange the token of another for this audience: the first that covers it.
    pub fn find(&self, (asking, issued_to): (&ClientId, &ClientId), mode: Mode, audience: &[String]) -> Word<'_> {
        let mut about = self.0.iter().filter(|rule| rule.applies(asking, issued_to, mode)).peekable();
        if about.peek().is_none() {
            return Word::NotThese;
        }
        let covers = |rule: &&Rule| audience.iter().all(|one| rule.audience.contains(one));
        about.find(covers).map_or(Word::NotThere, Word::Allowed)
    }
}
