//! The pages of people who come by themselves.

pub(super) use super::super::{
    Address, Applications, Create, Link, LinkAsk, MailProblem, Recover, Sent, SentWhat, Startable,
};
use super::{Account, AccountNotice, Application, EVIL, LoginOffers, account};

pub(super) const OFFERS: LoginOffers = LoginOffers { create: true, recover: true };

pub(super) fn create(application: Option<Application>, problem: Option<MailProblem>) -> Create {
    Create { application, email: "ada@example.org".into(), problem, request: "sealed".into(), csrf: "csrf".into() }
}

pub(super) fn recover(username: &str, problem: Option<MailProblem>) -> Recover {
    Recover { username: username.into(), problem, request: "sealed".into(), csrf: "csrf".into() }
}

pub(super) fn sent(what: SentWhat, typed: &str) -> Sent {
    Sent { what, typed: typed.into(), request: "sealed".into() }
}

pub(super) fn verify(username: &str, address: &str) -> LinkAsk {
    LinkAsk::Verify { username: username.into(), address: address.into() }
}

pub(super) fn link(ask: LinkAsk, problem: Option<&str>) -> Link {
    let problem = problem.map(str::to_owned);
    Link { ask, name: String::new(), problem, token: "token".into(), csrf: "csrf".into() }
}

fn startable(name: &str, logo: Option<&str>, start: &str) -> Startable {
    Startable {
        name: name.into(),
        logo_uri: logo.map(str::to_owned),
        host: "library.example".into(),
        start: start.into(),
    }
}

pub(super) fn applications() -> Applications {
    let start = "https://library.example/start?iss=https%3A%2F%2Flogin.example.org&login_hint=ada";
    Applications {
        who: "a1".into(),
        username: "ada".into(),
        applications: vec![
            startable("Example Library", Some("https://cdn.library.example/logo.svg"), start),
            startable("Music Shelf", Some("https://cdn.music.example/logo.svg"), start),
            startable("Reading Room", None, start),
        ],
    }
}

pub(super) fn hostile_applications() -> Applications {
    let hostile = vec![
        startable(EVIL, Some("javascript:alert(1)"), "https://library.example/?\"><script>"),
        startable("Trap", None, "javascript:alert(1)"),
    ];
    Applications { username: EVIL.into(), applications: hostile, ..applications() }
}

pub(super) fn mailed(notice: Option<AccountNotice>, email: &str, confirmed: bool) -> Account {
    let email = Some(email.to_owned()).filter(|email| !email.is_empty());
    let typed = email.clone().filter(|_| !confirmed || email.as_deref() == Some(EVIL)).unwrap_or_default();
    Account { address: Some(Address { email, confirmed, typed }), ..account(notice) }
}
