//! Facts as people see them: the application that asks, who is signed in here, moments and browsers in words.
//!
//! Invariant: nothing here decides anything.

use std::sync::Arc;

use openid::account::Account;
use openid::authorize::next::Consent;
use openid::claims::catalogue::Catalogue;
use openid::claims::language::{self, Words};
use openid::client::Client;
use openid::client::policy::EnteredBy;
use openid::name::{AccountId, ClientId};
use openid::session::Session;
use openid::time::Time;
use serde_json::Value;
use store::{Asker, Fault, Kind};

use super::ask::Ask;
use crate::answer::Stop;
use crate::browser;
use crate::op::Op;
use crate::page::{Application, Asked};

/// A person, as the audit trail names who did something.
pub(crate) fn actor(account: &AccountId) -> String {
    format!("account:{account}")
}

/// A client's name in the first language it has one in, or its id.
pub(crate) fn client_name(client: &Client, locales: &[String]) -> String {
    client.metadata.client_name.in_any(locales).unwrap_or(client.id.as_str()).to_owned()
}

/// A client that is only mentioned. One whose row cannot be read is as if unknown: it must not hide a page on which
/// somebody signs out of it.
pub(crate) async fn mentioned(op: &Op, id: &ClientId) -> Result<Option<Arc<Client>>, Fault> {
    match op.clients().find(op.store(), id.as_str()).await {
        Err(fault) if fault.kind() == Kind::Bug => {
            tracing::warn!(client = %id, "{fault}");
            Ok(None)
        }
        found => found,
    }
}

/// Its name, or its id.
pub(crate) async fn mentioned_name(op: &Op, id: &ClientId, locales: &[String]) -> Result<String, Fault> {
    Ok(mentioned(op, id).await?.map_or_else(|| id.to_string(), |client| client_name(&client, locales)))
}

/// The application that asks: name, logo and links each in the first language there is one in (Registration §2.1). What a
/// stranger registered stands for no host but those it is reached at: whatever it calls itself, the page says where the
/// answer goes (Registration §9.1, RFC 7591 §5).
pub(crate) fn application(client: &Client, locales: &[String]) -> Application {
    let links = &client.metadata.links;
    let shown = |words: &Words| words.in_any(locales).map(str::to_owned);
    let host_of = |uri: &String| url::Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned));
    let own = |uri: &String| match client.policy.entered_by {
        EnteredBy::Operator => true,
        EnteredBy::Stranger => client.metadata.redirect_uris.iter().any(|redirect| host_of(redirect) == host_of(uri)),
    };
    let client_uri = shown(&links.client_uri).filter(own);
    let host = client_uri.as_ref().or(client.metadata.redirect_uris.first()).and_then(host_of);
    Application {
        name: client_name(client, locales),
        logo_uri: shown(&links.logo_uri),
        host: host.unwrap_or_default(),
        client_uri,
        policy_uri: shown(&links.policy_uri),
        tos_uri: shown(&links.tos_uri),
    }
}

/// The live sessions of this browser.
pub(crate) async fn sessions_here(op: &Op, ask: &Ask) -> Result<Vec<Session>, Stop> {
    let browser = browser::secrets(op, ask);
    let sessions = op.store().reader().await?.browser_sessions(&browser, Asker::NOBODY, op.now()).await?;
    Ok(sessions.into_iter().map(|candidate| candidate.session).collect())
}

/// Who is signed in in this browser.
pub(crate) async fn signed_in(op: &Op, ask: &Ask) -> Result<Vec<(Account, Session)>, Stop> {
    let sessions = sessions_here(op, ask).await?;
    let mut reader = op.store().reader().await?;
    let mut all = Vec::with_capacity(sessions.len());
    for session in sessions {
        if let Some(account) = reader.account(&session.account).await? {
            all.push((account, session));
        }
    }
    Ok(all)
}

/// A person's name, or the username.
pub(crate) fn display_name(account: &Account) -> String {
    let name = account.claims.get("name").and_then(Value::as_str);
    name.unwrap_or(&account.username).to_owned()
}

/// A moment as the command line writes it: date and time in UTC.
pub(crate) fn moment(at: Time) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// A browser in a few words: what its `User-Agent` says of itself and of the system.
pub(crate) fn agent(header: &str) -> String {
    const BROWSERS: &[(&str, &str)] = &[
        ("Edg/", "Edge"),
        ("EdgA/", "Edge"),
        ("EdgiOS/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: &[(&str, &str)] = &[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find =
        |table: &[(&str, &'static str)]| table.iter().find(|(mark, _)| header.contains(mark)).map(|(_, name)| *name);
    match (find(BROWSERS), find(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => header.chars().filter(|c| !c.is_control()).take(40).collect(),
    }
}

/// The scopes a consent page shows.
pub(crate) fn asked_scopes(op: &Op, locales: &[String], asked: &Consent, new: &Consent) -> Vec<Asked> {
    let declared = op.catalogue();
    let one = |name: &str| Asked {
        name: name.to_owned(),
        title: scope_title(op, locales, name),
        description: declared.scope(name).and_then(|scope| scope.descriptions.in_any(locales)).map(str::to_owned),
        new: new.scope.contains(name),
    };
    asked.scope.iter().map(one).collect()
}

/// What the operator says a scope allows.
fn scope_title(op: &Op, locales: &[String], scope: &str) -> Option<String> {
    let (catalogue, resources) = (op.catalogue(), op.resources());
    if let Some(declared) = catalogue.scope(scope) {
        return declared.titles.in_any(locales).map(str::to_owned);
    }
    let owned = resources.owner(scope)?.scopes.iter().find(|owned| owned.value == scope)?;
    owned.titles.in_any(locales).map(str::to_owned)
}

/// The resource servers a consent page names: what is asked of ourselves is said by the scopes.
pub(crate) fn asked_resources(op: &Op, locales: &[String], asked: &Consent) -> Vec<String> {
    let resources = op.resources();
    let theirs = asked.resources.iter().filter(|resource| !resources.is_us(resource));
    theirs.map(|one| resources.find(one).map_or(one.as_str(), |server| server.name(locales)).to_owned()).collect()
}

/// What the operator calls a claim, whatever its language.
pub(crate) fn claim_title(catalogue: &Catalogue, name: &str, locales: &[String]) -> Option<String> {
    let declared = catalogue.claim(name).or_else(|| catalogue.claim(language::split(name).0));
    declared.and_then(|claim| claim.titles.in_any(locales)).map(str::to_owned)
}

/// The single claims a consent page shows, each once.
pub(crate) fn asked_claims(op: &Op, locales: &[String], asked: &Consent, new: &Consent) -> Vec<Asked> {
    let catalogue = op.catalogue();
    let mut all: Vec<Asked> = Vec::new();
    for name in asked.id_token_claims.iter().chain(&asked.userinfo_claims) {
        if !all.iter().any(|other| other.name == *name) {
            let is_new = new.id_token_claims.contains(name) || new.userinfo_claims.contains(name);
            let title = claim_title(&catalogue, name, locales);
            all.push(Asked { name: name.clone(), title, description: None, new: is_new });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::agent;

    #[test]
    fn browsers_are_named_by_what_they_are() {
        let gecko = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0";
        let ios = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1";
        assert_eq!(agent(gecko), "Firefox · Linux");
        assert_eq!(agent(edge), "Edge · Windows");
        assert_eq!(agent(ios), "Chrome · iPhone");
        assert_eq!(agent("curl/8.5\u{1b}[0m"), "curl/8.5[0m");
        assert_eq!(agent(&"x".repeat(500)).len(), 40);
    }
}
