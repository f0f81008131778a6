//! Every page in every state it can be in, for the golden files and the tests.

mod console;
mod declared;
mod endings;
mod found;
mod ledger;
mod own;
mod people;

use own::{account, end_preview, fresh, hostile_account, party, with_devices};
use people::{
    Applications, Create, LinkAsk, MailProblem, OFFERS, SentWhat, applications, create, hostile_applications, link,
    mailed, recover, sent, verify,
};

use super::console::{Did, Ends, OneClient, Shown};
use crate::act::How;
use console::{NotForYou, acting, calm, figures, hostile_console, hostile_figures, looking, pages, wrong};
use declared::{declared_consent, detailed, hostile_details};

use super::{
    Account, AccountNotice, Application, Asked, Choice, Choose, Consent, EndHow, EndPreview, Frame, Home, Login,
    LoginOffers, LoginProblem, Logout, LookAgain, Moves, Over, OwnEnds, OwnPage, SignedOut, Told, ToldHow, busy, error,
    form_post,
};
use crate::answer::Answer;

/// A page in one state.
pub(super) struct Sample {
    /// The page: its file under `golden/`.
    pub(super) page: &'static str,
    /// Which state.
    pub(super) state: &'static str,
    /// The page.
    pub(super) render: fn(&Frame) -> Answer,
}

macro_rules! samples {
    ($($page:literal $state:literal => $render:expr;)*) => {
        /// All of them.
        pub(super) const SAMPLES: &[Sample] = &[$(Sample { page: $page, state: $state, render: $render },)*];
    };
}

samples! {
    "login" "application" => |f| login(Some(plain()), "", None, None).render(f);
    "login" "own page" => |f| login(None, "", None, None).render(f);
    "login" "all metadata" => |f| login(Some(full()), "ada", None, None).render(f);
    "login" "missing" => |f| login(Some(plain()), "", None, Some(LoginProblem::Missing)).render(f);
    "login" "wrong" => |f| login(Some(full()), "ada", None, Some(LoginProblem::Wrong)).render(f);
    "login" "too many, one minute" => |f| too_many(1).render(f);
    "login" "too many" => |f| too_many(12).render(f);
    "login" "again" => |f| login(Some(full()), "ada", Some("ada"), None).render(f);
    "login" "console" => |f| Login { own: OwnPage::Console, ..login(None, "", None, None) }.render(f);
    "login" "console, again" => |f| Login { own: OwnPage::Console, ..login(None, "ada", Some("ada"), None) }.render(f);
    "login" "recovered" => |f| Login { recovered: true, ..login(None, "ada", None, None) }.render(f);
    "login" "offers" => |f| Login { offers: OFFERS, ..login(Some(full()), "", None, None) }.render(f);
    "create" "application" => |f| create(Some(full()), None).render(f);
    "create" "own page" => |f| create(None, None).render(f);
    "create" "malformed" => |f| create(Some(plain()), Some(MailProblem::Malformed)).render(f);
    "create" "too many" => |f| create(Some(plain()), Some(MailProblem::TooMany { minutes: 9 })).render(f);
    "create" "hostile" => |f| Create { email: EVIL.into(), ..create(Some(hostile()), None) }.render(f);
    "recover" "asked" => |f| recover("", None).render(f);
    "recover" "missing" => |f| recover("", Some(MailProblem::Malformed)).render(f);
    "recover" "too many, one minute" => |f| recover("ada", Some(MailProblem::TooMany { minutes: 1 })).render(f);
    "recover" "hostile" => |f| recover(EVIL, None).render(f);
    "sent" "create" => |f| sent(SentWhat::Create, "ada@example.org").render(f);
    "sent" "recover" => |f| sent(SentWhat::Recover, "ada").render(f);
    "sent" "hostile" => |f| sent(SentWhat::Recover, EVIL).render(f);
    "link" "verify" => |f| link(verify("ada", "ada@example.org"), None).render(f);
    "link" "recover" => |f| link(LinkAsk::Recover { username: "ada".into() }, None).render(f);
    "link" "recover, short" => |f| link(LinkAsk::Recover { username: "ada".into() }, Some("password-short")).render(f);
    "link" "create" => |f| link(LinkAsk::Create { address: "ada@example.org".into() }, None).render(f);
    "link" "create, differ" => |f| link(LinkAsk::Create { address: "ada@example.org".into() }, Some("account-differ")).render(f);
    "link" "create, name" => |f| link(LinkAsk::Create { address: "ada@example.org".into() }, Some("link-name-wrong")).render(f);
    "link" "hostile" => |f| link(verify(EVIL, EVIL), None).render(f);
    "applications" "some" => |f| applications().render(f);
    "applications" "none" => |f| Applications { applications: Vec::new(), ..applications() }.render(f);
    "applications" "hostile" => |f| hostile_applications().render(f);
    "choose" "application" => |f| choose(Some(full())).render(f);
    "choose" "own page" => |f| choose(None).render(f);
    "consent" "first" => |f| consent(full(), true).render(f);
    "consent" "declared" => |f| declared_consent().render(f);
    "consent" "more" => |f| consent(plain(), false).render(f);
    "error" "unknown application" => |f| refused(f, "authorize_client_unknown", "there is no client with this client_id");
    "error" "application disabled" => |f| refused(f, "authorize_client_disabled", "this client is disabled");
    "error" "address" => |f| refused(f, "redirect_uri_unregistered", "this redirect_uri is not registered for this client");
    "error" "old page" => |f| refused(f, "pending_expired", "this page has expired, please start again from the application");
    "error" "other browser" => |f| refused(f, "pending_other_browser", "this page was opened in another browser");
    "error" "no cookie" => |f| refused(f, "csrf_no_cookie", "this form was not sent from our own page, or cookies are blocked");
    "error" "not here" => |f| refused(f, "choice_not_here", "this account is not signed in here any more");
    "error" "hint" => |f| refused(f, "end_hint_foreign", "id_token_hint is not an ID Token of this provider");
    "error" "link" => |f| refused(f, "link_spent", "this link has been used, or another took its place");
    "error" "account" => |f| refused(f, "link_account_over", "this account cannot be used");
    "error" "taken" => |f| refused(f, "link_address_taken", "there is an account of this address already");
    "error" "off" => |f| refused(f, "sign_up_closed", "nobody can make an account here");
    "error" "request" => |f| refused(f, "parameter_repeated", "a parameter is repeated");
    "error" "busy" => |f| busy(f, 503, "k7Jq2x");
    "error" "broken" => |f| busy(f, 500, "k7Jq2x");
    "logout" "by an application" => |f| logout(Some("Example Library"), true).render(f);
    "logout" "of a device" => |f| Logout { a_device: true, ..logout(Some("Example Library"), true) }.render(f);
    "logout" "by nobody" => |f| logout(None, false).render(f);
    "signed_out" "all four" => |f| signed_out(&[ToldHow::Told, ToldHow::WillBe, ToldHow::CouldNot, ToldHow::Browser]).render(f);
    "signed_out" "all told" => |f| signed_out(&[ToldHow::Told, ToldHow::Told]).render(f);
    "signed_out" "soon" => |f| signed_out(&[ToldHow::Told, ToldHow::WillBe]).render(f);
    "signed_out" "nobody" => |f| signed_out(&[]).render(f);
    "signed_out" "asked, all told" => |f| asked_by(ToldHow::Told, &[ToldHow::Told, ToldHow::Told]).render(f);
    "signed_out" "asked, alone" => |f| asked_by(ToldHow::Told, &[]).render(f);
    "signed_out" "asked, others not" => |f| asked_by(ToldHow::Told, &[ToldHow::Told, ToldHow::CouldNot]).render(f);
    "signed_out" "asked, itself not yet" => |f| asked_by(ToldHow::WillBe, &[ToldHow::Told]).render(f);
    "signed_out" "stay" => |f| SignedOut { over: Over::Stay, ..left_by(asked_by(ToldHow::Told, &[])) }.render(f);
    "signed_out" "stay, not told" => |f| SignedOut { over: Over::Stay, ..left_by(asked_by(ToldHow::CouldNot, &[])) }.render(f);
    "signed_out" "nothing left" => |f| SignedOut { over: Over::Nothing, ..signed_out(&[]) }.render(f);
    "signed_out" "in frames" => |f| in_frames(Moves::Not).render(f);
    "signed_out" "in frames, and on" => |f| in_frames(Moves::Onward).render(f);
    "signed_out" "a link and others" => |f| left(&[ToldHow::Told]).render(f);
    "account" "lived in" => |f| account(None).render(f);
    "account" "devices" => |f| with_devices().render(f);
    "account_end" "session" => |f| end_preview(OwnEnds::Session { id: "s1".into(), agent: "Firefox · Linux".into() }).render(f);
    "account_end" "session, unknown" => |f| end_preview(OwnEnds::Session { id: "s1".into(), agent: String::new() }).render(f);
    "account_end" "session, devices" => |f| EndPreview { devices: 2, ..end_preview(OwnEnds::Session { id: "s1".into(), agent: "Firefox · Linux".into() }) }.render(f);
    "account_end" "stay" => |f| EndPreview { parties: vec![party("Example Library", EndHow::BackChannel, false)], ..end_preview(OwnEnds::Stay { sid: "p1".into(), name: "Example Library".into() }) }.render(f);
    "account_end" "everything" => |f| end_preview(OwnEnds::Everything).render(f);
    "account_end" "nobody" => |f| EndPreview { parties: Vec::new(), ..end_preview(OwnEnds::Everything) }.render(f);
    "account_end" "hostile" => |f| EndPreview { parties: vec![party(EVIL, EndHow::Untold, true)], ..end_preview(OwnEnds::Stay { sid: EVIL.into(), name: EVIL.into() }) }.render(f);
    "account" "fresh" => |f| fresh().render(f);
    "account" "password changed" => |f| account(Some(AccountNotice::PasswordChanged)).render(f);
    "account" "withdrawn" => |f| account(Some(AccountNotice::Withdrawn)).render(f);
    "account" "ended" => |f| account(Some(AccountNotice::SessionEnded)).render(f);
    "account" "passwords differ" => |f| account(Some(AccountNotice::PasswordsDiffer)).render(f);
    "account" "password short" => |f| account(Some(AccountNotice::PasswordWeak("short"))).render(f);
    "account" "password long" => |f| account(Some(AccountNotice::PasswordWeak("long"))).render(f);
    "account" "password username" => |f| account(Some(AccountNotice::PasswordWeak("username"))).render(f);
    "account" "password common" => |f| account(Some(AccountNotice::PasswordWeak("common"))).render(f);
    "account" "password control" => |f| account(Some(AccountNotice::PasswordWeak("control"))).render(f);
    "account" "password same" => |f| account(Some(AccountNotice::PasswordWeak("same"))).render(f);
    "account" "password wrong" => |f| account(Some(AccountNotice::PasswordWrong)).render(f);
    "account" "too many" => |f| account(Some(AccountNotice::TooMany)).render(f);
    "account" "details" => |f| detailed(None).render(f);
    "account" "details, kept" => |f| detailed(Some(AccountNotice::DetailsKept)).render(f);
    "account" "details, wrong" => |f| detailed(Some(AccountNotice::DetailWrong)).render(f);
    "account" "details, hostile" => |f| hostile_details().render(f);
    "account" "address" => |f| mailed(None, "ada@example.org", true).render(f);
    "account" "address, unconfirmed" => |f| mailed(None, "ada@example.org", false).render(f);
    "account" "address, none" => |f| mailed(None, "", false).render(f);
    "account" "address, sent" => |f| mailed(Some(AccountNotice::EmailSent), "ada@example.org", true).render(f);
    "account" "address, confirmed" => |f| mailed(Some(AccountNotice::EmailConfirmed), "ada@example.org", true).render(f);
    "account" "address, malformed" => |f| mailed(Some(AccountNotice::EmailMalformed), "ada@example.org", true).render(f);
    "account" "address, wrong password" => |f| mailed(Some(AccountNotice::EmailPassword), "ada@example.org", true).render(f);
    "account" "address, too many" => |f| mailed(Some(AccountNotice::EmailTooMany), "ada@example.org", true).render(f);
    "account" "address, hostile" => |f| mailed(None, EVIL, true).render(f);
    "home" "home" => |f| Home { issuer: "https://login.example.org".into() }.render(f);
    "form_post" "code" => |f| form_post(f, "https://app.example/cb", &[("code".into(), "c0de".into()), ("state".into(), "s".into())], "n0nce");
    "login" "hostile" => |f| login(Some(hostile()), EVIL, Some(EVIL), None).render(f);
    "choose" "hostile" => |f| hostile_choose().render(f);
    "consent" "hostile" => |f| hostile_consent().render(f);
    "error" "hostile" => |f| error(f, EVIL, "parameter_missing", EVIL);
    "logout" "hostile" => |f| logout(Some(EVIL), true).render(f);
    "signed_out" "hostile" => |f| hostile_signed_out().render(f);
    "account" "hostile" => |f| hostile_account().render(f);
    "console_closed" "stranger" => |f| NotForYou::Stranger { username: "ada".into() }.render(f);
    "console_closed" "hostile" => |f| NotForYou::Stranger { username: EVIL.into() }.render(f);
    "console_figures" "lived in" => |f| pages::figures(&figures(), f, &acting());
    "console_figures" "calm" => |f| pages::figures(&calm(), f, &looking());
    "console_figures" "wrong" => |f| pages::figures(&wrong(), f, &acting());
    "console_figures" "hostile" => |f| pages::figures(&hostile_figures(), f, &hostile_console());
    "console_counting" "first" => |f| pages::counting(f, &looking());
    "console_closed" "looks" => |f| NotForYou::Looker { back: "/console".into() }.render(f);
    "console_ledger" "all" => |f| ledger::ledger().render(f, &acting());
    "console_ledger" "parked" => |f| ledger::parked().render(f, &acting());
    "console_ledger" "parked, looking" => |f| ledger::parked().render(f, &looking());
    "console_ledger" "nothing" => |f| ledger::nothing_found().render(f, &acting());
    "console_ledger" "hostile" => |f| ledger::hostile_ledger().render(f, &acting());
    "console_notice" "parked" => |f| ledger::one_notice("parked", Some("nothing"), None).render(f, &acting());
    "console_notice" "delivered" => |f| ledger::one_notice("delivered", None, None).render(f, &acting());
    "console_notice" "again" => |f| ledger::one_notice("pending", None, Some(Did::Again(1))).render(f, &acting());
    "console_notice" "given up, looking" => |f| ledger::one_notice("withdrawn", None, Some(Did::GivenUp(1))).render(f, &looking());
    "console_notice" "hostile" => |f| ledger::hostile_notice().render(f, &acting());
    "console_settle" "one again" => |f| ledger::settle(How::Again, Some("n1")).render(f, &acting());
    "console_settle" "many given up" => |f| ledger::settle(How::GiveUp, None).render(f, &acting());
    "console_settle" "hostile" => |f| ledger::hostile_settle().render(f, &acting());
    "console_person" "live" => |f| ledger::one_person(Shown::Live).render(f, &acting());
    "console_person" "all" => |f| ledger::one_person(Shown::All).render(f, &looking());
    "console_person" "nowhere" => |f| ledger::nowhere().render(f, &acting());
    "console_person" "hostile" => |f| ledger::hostile_person().render(f, &acting());
    "console_session" "live" => |f| ledger::one_session(true).render(f, &acting());
    "console_session" "over" => |f| ledger::one_session(false).render(f, &acting());
    "console_session" "hostile" => |f| ledger::hostile_session().render(f, &acting());
    "console_end" "session" => |f| endings::ends(Ends::Session("ada".into()), "keep").render(f, &acting());
    "console_end" "account, all" => |f| endings::ends(Ends::Account("ada".into()), "revoke").render(f, &acting());
    "console_end" "client" => |f| endings::ends_client().render(f, &acting());
    "console_end" "nothing" => |f| endings::ends_nothing().render(f, &acting());
    "console_end" "hostile" => |f| endings::hostile_end().render(f, &acting());
    "console_find" "asked" => |f| found::find("", &[]).render(f, &looking());
    "console_find" "some" => |f| found::find("ada", &["Ada Lovelace", "Adam"]).render(f, &looking());
    "console_find" "none" => |f| found::find("x", &[]).render(f, &looking());
    "console_find" "hostile" => |f| found::find(EVIL, &[EVIL]).render(f, &looking());
    "console_clients" "some" => |f| found::clients(&["Example Library"]).render(f, &looking());
    "console_clients" "none" => |f| found::clients(&[]).render(f, &looking());
    "console_clients" "hostile" => |f| found::clients(&[EVIL]).render(f, &looking());
    "console_client" "live" => |f| found::one_client("Example Library", true).render(f, &acting());
    "console_client" "disabled, wrong" => |f| found::one_client("Example Library", false).render(f, &acting());
    "console_client" "counting" => |f| OneClient { sums: None, ..found::one_client("Example Library", true) }.render(f, &acting());
    "console_client" "hostile" => |f| found::one_client(EVIL, true).render(f, &acting());
    "console_audit" "some" => |f| found::trail("ada", true).render(f, &looking());
    "console_audit" "none" => |f| found::trail("", false).render(f, &looking());
    "console_audit" "hostile" => |f| found::trail(EVIL, true).render(f, &looking());
    "error" "console" => |f| refused(f, "console_unknown", "there is nothing of that name, or not any more");
    "error" "console, role" => |f| refused(f, "console_role_over", "you may not act here any more");
    "form_post" "hostile" => |f| form_post(f, EVIL, &[(EVIL.into(), EVIL.into())], "n0nce");
}

pub(super) const NOW: i64 = 1_764_028_800;

/// What somebody might call themselves: mark-up, quotes, a turn of direction, a line break, a placeable.
pub(super) const EVIL: &str = "<script>alert(1)</script>\"' onload=x \u{202e}gpj.exe\u{2066}\n{ $application } &amp;";

fn plain() -> Application {
    Application { name: "Example Library".into(), host: "library.example".into(), ..Application::default() }
}

fn full() -> Application {
    Application {
        logo_uri: Some("https://cdn.library.example/logo.svg".into()),
        client_uri: Some("https://library.example/".into()),
        policy_uri: Some("https://library.example/privacy".into()),
        tos_uri: Some("https://library.example/terms".into()),
        ..plain()
    }
}

fn hostile() -> Application {
    Application {
        name: format!("{EVIL}{}", "very long ".repeat(1000)),
        logo_uri: Some("javascript:alert(1)".into()),
        host: EVIL.into(),
        client_uri: Some("javascript:alert(1)".into()),
        policy_uri: Some("javascript:alert(1)".into()),
        tos_uri: Some("data:text/html,x".into()),
    }
}

fn login(
    application: Option<Application>,
    username: &str,
    again: Option<&str>,
    problem: Option<LoginProblem>,
) -> Login {
    Login {
        application,
        own: OwnPage::Account,
        username: username.into(),
        again: again.map(str::to_owned),
        remember: again.is_some(),
        recovered: false,
        offers: LoginOffers::default(),
        problem,
        request: "sealed".into(),
        csrf: "csrf".into(),
    }
}

fn too_many(minutes: i64) -> Login {
    login(Some(plain()), "ada", None, Some(LoginProblem::TooMany { minutes }))
}

fn choice(id: &str, username: &str, name: &str) -> Choice {
    Choice { id: id.into(), username: username.into(), name: name.into() }
}

fn choose(application: Option<Application>) -> Choose {
    let accounts =
        vec![choice("a1", "ada", "Ada Lovelace"), choice("a2", "editor@library.example", "editor@library.example")];
    Choose { application, accounts, request: "sealed".into(), csrf: "csrf".into() }
}

fn hostile_choose() -> Choose {
    Choose { accounts: vec![choice(EVIL, EVIL, &"W".repeat(10_000))], ..choose(Some(hostile())) }
}

fn asked(name: &str, new: bool) -> Asked {
    Asked { name: name.into(), title: None, description: None, new }
}

/// One that the operator has words for.
fn titled(name: &str, title: &str) -> Asked {
    Asked { title: Some(title.into()), ..asked(name, true) }
}

fn consent(application: Application, first: bool) -> Consent {
    let scopes = ["openid", "profile", "email", "address", "phone", "offline_access", "device_sso", "loans.read"];
    Consent {
        application,
        username: "ada".into(),
        scopes: scopes
            .iter()
            .map(|scope| asked(scope, first || *scope == "email"))
            .chain([titled("loans.write", "Lend books and take them back")])
            .collect(),
        claims: CLAIMS.iter().map(|claim| asked(claim, first)).collect(),
        resources: vec!["https://api.library.example".into()],
        request: "sealed".into(),
        csrf: "csrf".into(),
    }
}

/// Those that have words, and one that has none.
const CLAIMS: &[&str] = &[
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "email",
    "email_verified",
    "address",
    "phone_number",
    "phone_number_verified",
    "library_card",
];

fn hostile_consent() -> Consent {
    let mut page = consent(hostile(), true);
    page.username = EVIL.into();
    page.scopes = vec![asked(EVIL, true), titled("loans.write", EVIL)];
    page.claims = vec![asked(EVIL, true)];
    page.resources = vec![EVIL.into()];
    page
}

fn refused(f: &Frame, why: &str, say: &str) -> Answer {
    error(f, "invalid_request", why, say)
}

fn logout(application: Option<&str>, only_here: bool) -> Logout {
    Logout {
        application: application.map(str::to_owned),
        only_here,
        a_device: false,
        usernames: vec!["ada".into()],
        request: "sealed".into(),
        csrf: "csrf".into(),
    }
}

fn signed_out(fates: &[ToldHow]) -> SignedOut {
    let names = ["Example Library", "Reading Room", "Old Catalogue", "Music Shelf"];
    let told = names.iter().zip(fates).map(|(name, how)| Told {
        name: (*name).into(),
        how: *how,
        uri: Some("https://app.example/".into()),
    });
    let again = fates.contains(&ToldHow::WillBe).then(|| LookAgain { request: "sealed".into(), csrf: "csrf".into() });
    SignedOut {
        over: Over::Session,
        asked: None,
        told: told.collect(),
        link: None,
        moves: Moves::Not,
        frames: Vec::new(),
        others: Vec::new(),
        again,
    }
}

/// The first of the names asked.
fn asked_by(how: ToldHow, others: &[ToldHow]) -> SignedOut {
    let mut page = signed_out(&[&[how], others].concat());
    SignedOut { asked: Some(page.told.remove(0)), ..page }
}

fn left_by(page: SignedOut) -> SignedOut {
    SignedOut { others: vec!["ada".into()], ..page }
}

fn in_frames(moves: Moves) -> SignedOut {
    let frame = |at: &str| format!("{at}?iss=https%3A%2F%2Flogin.example&sid=s1");
    SignedOut {
        moves,
        frames: vec![frame("https://library.example/out"), frame("https://maps.example:8443/out")],
        link: Some(("Example Library".into(), "https://library.example/bye?state=a&b=\"c".into())),
        ..asked_by(ToldHow::Browser, &[ToldHow::Told, ToldHow::Browser])
    }
}

fn left(fates: &[ToldHow]) -> SignedOut {
    let link = Some(("Example Library".into(), "https://library.example/bye".into()));
    SignedOut { link, others: vec!["editor@library.example".into()], ..signed_out(fates) }
}

fn hostile_signed_out() -> SignedOut {
    let mut page = left(&[ToldHow::CouldNot]);
    page.asked = Some(Told { name: EVIL.into(), how: ToldHow::Told, uri: Some(EVIL.into()) });
    page.told[0].name = EVIL.into();
    page.told[0].uri = Some("javascript:alert(1)".into());
    page.others = vec![EVIL.into()];
    page.link = Some((EVIL.into(), "https://library.example/?\"><script>".into()));
    page
}
