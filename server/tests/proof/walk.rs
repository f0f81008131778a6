//! A graph walked: people sign in, something ends it, processes die on the way.
//!
//! Invariant: an ending that was acknowledged is looked at in the database before anything else ends the rest.

use std::collections::HashSet;

use testkit::http::{Question, encode};
use testkit::jar::Errand;
use testkit::{Browser, Page};

use super::graph::{Cause, Graph, OWN, PEOPLE, Visit};
use super::world::{PASSWORD, World};

/// Another password, for a while.
const OTHER: &str = "another staple thing";

/// A graph while it is walked.
pub(crate) struct Walk {
    pub(crate) graph: Graph,
    /// The place of its first person among the world's.
    first: usize,
    /// The client of its own.
    pub(crate) own: Option<usize>,
    browsers: Vec<Browser>,
    /// Of each visit: its `sid` and its ID Token.
    stays: Vec<(String, String)>,
    pub(crate) problems: Vec<String>,
}

/// How far an acknowledged ending reaches.
enum Reach {
    Stay,
    Session,
    Account,
    Elsewhere,
    AtClient,
    /// Not yet: a sweep does it.
    Later,
}

impl Walk {
    pub(crate) fn new(graph: Graph, place: usize, own: Option<usize>) -> Self {
        Self { graph, first: place * PEOPLE, own, browsers: Vec::new(), stays: Vec::new(), problems: Vec::new() }
    }

    /// Its accounts.
    pub(crate) fn accounts(&self, world: &World) -> Vec<String> {
        (0..self.graph.people()).map(|person| world.people[self.first + person].1.clone()).collect()
    }

    fn name(&self, world: &World, person: usize) -> String {
        world.people[self.first + person].0.clone()
    }

    fn party(&self, visit: &Visit) -> usize {
        if visit.party == OWN { self.own.unwrap_or_default() } else { visit.party }
    }

    /// Everybody signs in everywhere.
    pub(crate) async fn sign_in(&mut self, world: &mut World) {
        let browsers = self.graph.visits.iter().map(|visit| visit.browser).max().unwrap_or_default() + 1;
        self.browsers = (0..browsers).map(|_| Browser::new(&world.nodes[0])).collect();
        for visit in self.graph.visits.clone() {
            if let Some(moment) = visit.shot {
                world.revive().await;
                world.book.wish(world.traps.word(moment, false));
                world.traps.arm(moment);
            }
            let node = world.number_of_deaths % world.nodes.len();
            let signed_in = world.insist("sign in", async |world| self.visit(world, node, &visit).await).await;
            if visit.shot.is_some() {
                world.traps.disarm();
                world.revive().await;
                world.book.forget_wishes();
            }
            match signed_in {
                Ok((sid, id_token)) => {
                    world.book.write(&sid, &visit.manner);
                    self.stays.push((sid, id_token));
                }
                Err(problem) => {
                    self.problems.push(problem);
                    self.stays.push((String::new(), String::new()));
                }
            }
        }
    }

    async fn visit(&mut self, world: &World, node: usize, visit: &Visit) -> Result<(String, String), String> {
        let party = &world.parties[self.party(visit)].inner;
        let provider = &world.nodes[node];
        let name = self.name(world, visit.person);
        let scope = if visit.offline { "openid offline_access" } else { "openid" };
        let mut begun = party.begin(provider).with("scope", scope).with("login_hint", &name);
        if visit.offline && self.graph.cause == Cause::Withdraw {
            begun = begun.with("prompt", "consent");
        }
        let browser = &mut self.browsers[visit.browser];
        browser.use_node(provider);
        let mut page = browser.try_go(Question::get(&begun.url()), Errand::SameSite).await?;
        for _ in 0..5 {
            page = if page.url.as_str().starts_with(&party.redirect_uri()) {
                break;
            } else if page.has_form("login-form") {
                let form = page.form("login-form").fill("username", &name).fill("password", PASSWORD).press("login");
                browser.try_submit(&page, &form).await?
            } else if page.has_form("consent-form") {
                let form = page.form("consent-form").press("allow");
                browser.try_submit(&page, &form).await?
            } else if page.has_form("choose-form") {
                let form = page.form("choose-form").press_value("account", "another");
                browser.try_submit(&page, &form).await?
            } else {
                return Err(format!("{} {}: {}", page.url, page.answer.status, page.answer.body));
            };
        }
        let code = page.parameter("code").ok_or_else(|| format!("no code at {}: {}", page.url, page.answer.body))?;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &party.redirect_uri()),
            ("code_verifier", &begun.verifier),
        ];
        let answer = party.asks(provider, "/token", &fields).send(&provider.wires()).await?;
        if answer.status != 200 {
            return Err(format!("/token {}: {}", answer.status, answer.body));
        }
        let id_token = answer.json()["id_token"].as_str().unwrap_or_default().to_owned();
        let claims = testkit::relying_party::part(&id_token, 1);
        let sid = claims.get("sid").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        if sid.is_empty() { Err("an ID Token without sid".into()) } else { Ok((sid, id_token)) }
    }

    /// Ends it by its cause, over deaths, and looks whether what was acknowledged is so.
    pub(crate) async fn end(&mut self, world: &mut World) {
        if self.stays.iter().any(|(sid, _)| sid.is_empty()) {
            return;
        }
        world.revive().await;
        if let Some(moment) = self.graph.shot {
            world.book.wish(world.traps.word(moment, false));
            world.traps.arm(moment);
        }
        let mut shooter = None;
        if let (Some(millis), Some(pid)) = (self.graph.at_random, world.nodes[0].pid()) {
            world.book.wish("at any moment of an ending");
            shooter = Some(tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
                drop(std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status());
            }));
        }
        let done = self.perform(world).await;
        if let Some(shooter) = shooter {
            drop(shooter.await);
        }
        if self.graph.shot.is_some() || self.graph.at_random.is_some() {
            world.traps.disarm();
            world.revive().await;
            world.book.forget_wishes();
        }
        match done {
            Ok(reach) => self.look(world, &reach).await,
            Err(problem) => self.problems.push(problem),
        }
    }

    async fn perform(&mut self, world: &mut World) -> Result<Reach, String> {
        let (sid, hint) = self.stays[0].clone();
        let name = self.name(world, 0);
        let party = self.party(&self.graph.visits[0]);
        let client = world.parties[party].inner.client_id.clone();
        match self.graph.cause {
            Cause::Hint => {
                let fields = [("id_token_hint", hint.as_str())];
                let sent = format!("/end_session?{}", encode(&fields));
                self.in_browser(world, &sent, async |browser, page| answered(browser, page).await).await?;
                Ok(match world.parties[party].name {
                    "account" => Reach::Account,
                    _ => Reach::Session,
                })
            }
            Cause::SignOutPage => {
                self.in_browser(world, "/end_session", async |browser, page| answered(browser, page).await).await?;
                Ok(Reach::Session)
            }
            Cause::OnlyThisClient => {
                let fields = [("id_token_hint", hint.as_str())];
                let sent = format!("/end_session?{}", encode(&fields));
                self.in_browser(world, &sent, async |browser, page| {
                    // Once it has ended there is no such button any more.
                    let alone = ("logout".to_owned(), "client".to_owned());
                    match page.forms().into_iter().find(|form| form.buttons.contains(&alone)) {
                        Some(form) => browser.try_submit(&page, &form.press_value("logout", "client")).await,
                        None => Ok(page),
                    }
                })
                .await?;
                Ok(Reach::Stay)
            }
            Cause::AccountPage => {
                let session = self.session(world, &sid).await;
                self.on_account_page(world, "/account/end", &[("session", session.as_str())]).await?;
                Ok(Reach::Session)
            }
            Cause::NewPassword => {
                let fields = [("current", PASSWORD), ("new", OTHER), ("repeat", OTHER)];
                self.on_account_page(world, "/account/password", &fields).await?;
                Ok(Reach::Elsewhere)
            }
            Cause::Withdraw => {
                self.on_account_page(world, "/account/withdraw", &[("client", client.as_str())]).await?;
                Ok(Reach::AtClient)
            }
            Cause::Idle | Cause::Absolute => {
                let column = if self.graph.cause == Cause::Idle { "idle_until" } else { "expires_at" };
                world.data.age(&sid, column).await;
                Ok(Reach::Later)
            }
            _ => self.order(world, (&sid, &name, &client)).await,
        }
    }

    /// By the operator, on the command line.
    async fn order(&self, world: &mut World, (sid, name, client): (&str, &str, &str)) -> Result<Reach, String> {
        let (arguments, reach) = match self.graph.cause {
            Cause::OperatorSession => {
                let session = self.session(world, sid).await;
                return world.command("", &["session", "end", &session]).await.map(|_| Reach::Session);
            }
            Cause::OperatorOffline => (vec!["session", "end", "--user", name, "--offline"], Reach::Account),
            Cause::Passwd => (vec!["user", "passwd", name, "--password-stdin"], Reach::Account),
            Cause::DisableUser => (vec!["user", "disable", name], Reach::Account),
            Cause::DisableClient => (vec!["client", "disable", client], Reach::AtClient),
            Cause::DeleteClient => (vec!["client", "delete", client], Reach::AtClient),
            _ => (vec!["session", "end", "--user", name], Reach::Account),
        };
        world.command(PASSWORD, &arguments).await.map(|_| reach)
    }

    async fn session(&self, world: &World, sid: &str) -> String {
        let rows = world.data.rows(&format!("SELECT session FROM participation WHERE sid = '{sid}'")).await;
        rows.into_iter().flatten().next().unwrap_or_default()
    }

    /// The first browser goes to a page and does something there; from the start again if nobody answers.
    async fn in_browser(
        &mut self,
        world: &mut World,
        path: &str,
        mut act: impl AsyncFnMut(&mut Browser, Page) -> Result<Page, String>,
    ) -> Result<Page, String> {
        world
            .insist(path, async |world| {
                let node = world.number_of_deaths % world.nodes.len();
                let browser = &mut self.browsers[0];
                browser.use_node(&world.nodes[node]);
                let page = browser.try_go(Question::get(&world.nodes[node].url(path)), Errand::SameSite).await?;
                let page = act(browser, page).await?;
                match page.answer.status {
                    status if status < 400 => Ok(page),
                    status => Err(format!("{} {status}: {}", page.url, page.answer.body)),
                }
            })
            .await
    }

    /// Presses a button of the account page; if the first person is not signed in there any more, it was done before.
    async fn on_account_page(
        &mut self,
        world: &mut World,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<(), String> {
        let who = &world.people[self.first].1;
        // An ending is asked for on a page of its own, which says beforehand what it does.
        let path = match action {
            "/account/end" => format!("/account/end?who={who}&session={}", fields[0].1),
            _ => format!("/account?who={who}"),
        };
        self.in_browser(world, &path, async |browser, page| {
            let named = |form: &testkit::html::Form| {
                form.action.ends_with(action)
                    && fields
                        .iter()
                        .all(|(name, value)| action.ends_with("/password") || form.field(name) == Some(*value))
            };
            let Some(mut form) = page.forms().into_iter().find(named) else { return Ok(page) };
            for (name, value) in fields {
                form = form.fill(name, value);
            }
            browser.try_submit(&page, &form).await
        })
        .await
        .map(drop)
    }

    /// Whether what an acknowledged ending reaches has ended.
    async fn look(&mut self, world: &World, reach: &Reach) {
        let (sid, account) = (self.stays[0].0.clone(), world.people[self.first].1.clone());
        let stays = world.data.stays(&self.accounts(world)).await;
        let Some(first) = stays.iter().find(|stay| stay.sid == sid).cloned() else {
            self.problems.push(format!("the stay {sid} is not there"));
            return;
        };
        for stay in &stays {
            let reached = match reach {
                Reach::Stay => stay.sid == sid,
                Reach::Session => stay.session == first.session,
                Reach::Account => stay.account == account,
                Reach::Elsewhere => stay.account == account && stay.session != first.session,
                Reach::AtClient => stay.client == first.client && stay.account == account,
                Reach::Later => false,
            };
            if reached && !stay.ended {
                let cause = self.graph.cause;
                self.problems.push(format!("{} ({}): {cause:?} was acknowledged and it lives", stay.sid, stay.client));
            }
        }
    }

    /// What is left of it ends too, by the operator; a password that was changed is set back.
    pub(crate) async fn close(&mut self, world: &mut World) {
        for person in 0..self.graph.people() {
            let name = self.name(world, person);
            let mut commands = vec![vec!["session", "end", "--user", &name]];
            if person == 0 && self.graph.cause == Cause::NewPassword {
                commands.insert(0, vec!["user", "passwd", &name, "--password-stdin"]);
            }
            if person == 0 && self.graph.cause == Cause::DisableUser {
                commands.push(vec!["user", "enable", &name]);
            }
            for command in commands {
                if let Err(problem) = world.command(PASSWORD, &command).await {
                    self.problems.push(problem);
                }
            }
        }
    }

    /// An operator gives up what is pending of it.
    pub(crate) async fn give_up(&mut self, world: &mut World) {
        let sids: HashSet<&str> = self.stays.iter().map(|(sid, _)| sid.as_str()).collect();
        let pending = "SELECT id, sid FROM outbox WHERE settled_at IS NULL AND kind = 'backchannel_logout'";
        for row in world.data.rows(pending).await {
            if sids.contains(row[1].as_str()) {
                // It may have been settled meanwhile: that is no problem.
                drop(world.nodes[0].try_cli("", &["notice", "give-up", &row[0]]).await);
            }
        }
    }
}

/// Says yes, if somebody asks.
async fn answered(browser: &mut Browser, page: Page) -> Result<Page, String> {
    if !page.has_form("logout-form") {
        return Ok(page);
    }
    let form = page.form("logout-form").press_value("logout", "all");
    browser.try_submit(&page, &form).await
}
