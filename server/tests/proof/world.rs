//! A world: one provider, the relying parties around it, the traps under it, and what is known of its deaths.
//!
//! Invariant: a process that has died is noted before anything else is asked of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::http::Question;
use testkit::{Heard, Moment, Plan, Provider, RelyingParty, Reply, Tap, Trap};

use super::data::Data;
use super::graph::{KINDS, Manner, Shot};
use super::verdict::Post;

/// Where a process is trapped.
#[derive(Clone)]
pub(crate) enum Traps {
    /// Under the process, in SQLite's log.
    Under(Trap),
    /// On each node's line to PostgreSQL.
    Line(Arc<Vec<Tap>>),
}

impl Traps {
    pub(crate) fn arm(&self, moment: Moment) {
        match self {
            Self::Under(trap) => trap.arm(moment),
            Self::Line(taps) => taps.iter().for_each(|tap| tap.arm(moment)),
        }
    }

    /// A step in words. Of a commit on a line there is a before and an after alone.
    pub(crate) fn word(&self, moment: Moment, after_post: bool) -> &'static str {
        match (self, moment) {
            (Self::Under(_), _) => word(moment, after_post),
            (Self::Line(_), Moment::BeforeWrite(_)) => word(Moment::BeforeWrite(1), after_post),
            (Self::Line(_), Moment::BeforeSync | Moment::AfterCommit) => word(Moment::AfterCommit, after_post),
        }
    }

    pub(crate) fn disarm(&self) {
        match self {
            Self::Under(trap) => trap.disarm(),
            Self::Line(taps) => taps.iter().for_each(Tap::disarm),
        }
    }
}

/// What relying parties share: how each notice is answered, and their wish that the process dies.
pub(crate) struct Book {
    manners: Mutex<HashMap<String, (Manner, usize)>>,
    /// Why a process is to die or will, in words for the report.
    wishes: Mutex<Vec<&'static str>>,
    /// Somebody holds a POST until a process is dead.
    held: Mutex<bool>,
    traps: Traps,
}

impl Book {
    pub(crate) fn write(&self, sid: &str, manner: &Manner) {
        self.manners.lock().unwrap().entry(sid.to_owned()).or_insert((manner.clone(), 0));
    }

    /// Everybody takes everything from now on.
    pub(crate) fn make_peace(&self, sids: &[String]) {
        let mut manners = self.manners.lock().unwrap();
        for sid in sids {
            manners.insert(sid.clone(), (Manner { replies: vec![Reply::Status(200)], shot: None }, 1));
        }
    }

    /// Nobody shoots any more.
    pub(crate) fn cease_fire(&self) {
        self.manners.lock().unwrap().values_mut().for_each(|(manner, _)| manner.shot = None);
        self.traps.disarm();
    }

    fn reply(&self, heard: &Heard) -> Reply {
        let sid = heard.claims.get("sid").and_then(Value::as_str).unwrap_or_default();
        let mut manners = self.manners.lock().unwrap();
        // A stay that nobody got to know of: the process died before its tokens were out.
        let Some((manner, asked)) = manners.get_mut(sid) else { return Reply::Status(200) };
        match manner.shot.take() {
            Some(Shot::DuringPost) => {
                *self.held.lock().unwrap() = true;
                return Reply::Hang;
            }
            Some(Shot::AfterAnswer(moment)) => {
                self.wishes.lock().unwrap().push(self.traps.word(moment, true));
                self.traps.arm(moment);
            }
            None => {}
        }
        *asked += 1;
        manner.replies.get(*asked - 1).or(manner.replies.last()).cloned().unwrap_or(Reply::Status(200))
    }

    pub(crate) fn wish(&self, why: &'static str) {
        self.wishes.lock().unwrap().push(why);
    }

    pub(crate) fn forget_wishes(&self) {
        self.wishes.lock().unwrap().clear();
    }
}

/// A step in words.
fn word(moment: Moment, after_post: bool) -> &'static str {
    match (moment, after_post) {
        (Moment::BeforeWrite(1), false) => "before the commit of an ending or a sign-in",
        (Moment::BeforeWrite(_), false) => "in the middle of writing a commit",
        (Moment::BeforeSync, false) => "with the commit written and not synced",
        (Moment::AfterCommit, false) => "after the commit, before anybody heard of it",
        (Moment::BeforeWrite(1), true) => "after the POST, before settling",
        (Moment::BeforeWrite(_), true) => "after the POST, in the middle of settling",
        (Moment::BeforeSync, true) => "after the POST, settling not synced",
        (Moment::AfterCommit, true) => "after the POST, just settled",
    }
}

/// A relying party of the world.
pub(crate) struct Party {
    pub(crate) inner: RelyingParty,
    pub(crate) can_be_told: bool,
    pub(crate) wants_idle: bool,
    pub(crate) name: &'static str,
}

/// A world.
pub(crate) struct World {
    pub(crate) nodes: Vec<Provider>,
    pub(crate) data: Data,
    pub(crate) traps: Traps,
    pub(crate) parties: Vec<Party>,
    /// Usernames and accounts.
    pub(crate) people: Vec<(String, String)>,
    pub(crate) book: Arc<Book>,
    /// As they were noticed.
    deaths: Vec<Instant>,
    seen_dead: Arc<Mutex<Vec<Instant>>>,
    pub(crate) number_of_deaths: usize,
    /// Deaths by the step they fell on.
    pub(crate) steps: BTreeMap<&'static str, u64>,
    /// Stays that were judged.
    pub(crate) judged: HashSet<String>,
    keys: jose::JwkSet,
    jtis: HashSet<String>,
}

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

impl World {
    /// One provider on a SQLite file.
    pub(crate) async fn on_sqlite(people: usize) -> Self {
        let provider = plan().prepare();
        let trap = Trap::lay(provider.dir()).unwrap_or_else(|problem| panic!("no trap can be laid: {problem}"));
        let data = Data::Sqlite(provider.dir().join("data.sqlite"));
        let provider = provider.with_variables(&trap.variables());
        Self::begin(vec![provider], data, Traps::Under(trap), people).await
    }

    /// Two nodes on a PostgreSQL database; nothing if there is none.
    pub(crate) async fn on_postgres(people: usize) -> Option<Self> {
        let url = testkit::postgres::fresh_database().await?;
        let address = url.split('@').nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
        let taps = [Tap::to(&address).await, Tap::to(&address).await];
        let through = |tap: &Tap| url.replace(&address, &tap.address());
        let first = plan().database(&through(&taps[0])).prepare();
        let second = first.another_node(&[("OSTIARY_DATABASE", &through(&taps[1]))]);
        let line = Traps::Line(Arc::new(taps.into()));
        Some(Self::begin(vec![first, second], Data::Postgres(url), line, people).await)
    }

    async fn begin(mut nodes: Vec<Provider>, data: Data, traps: Traps, people: usize) -> Self {
        for node in &mut nodes {
            node.start().await;
        }
        let keys = jose::JwkSet::read_public(&nodes[0].get("/jwks").await.unwrap().json()).unwrap();
        let book =
            Book { manners: Mutex::default(), wishes: Mutex::default(), held: Mutex::default(), traps: traps.clone() };
        let mut world = Self {
            nodes,
            data,
            traps,
            parties: Vec::new(),
            people: Vec::new(),
            book: Arc::new(book),
            deaths: Vec::new(),
            seen_dead: Arc::default(),
            number_of_deaths: 0,
            steps: BTreeMap::new(),
            keys,
            judged: HashSet::new(),
            jtis: HashSet::new(),
        };
        for kind in KINDS {
            world.party(kind.name, kind.policy, (kind.can_be_told, kind.wants_idle)).await;
        }
        for number in 0..people {
            let name = format!("person{number}");
            world.nodes[0].user(&name, PASSWORD).await;
            let id = world.data.rows(&format!("SELECT id FROM account WHERE username = '{name}'")).await;
            world.people.push((name, id[0][0].clone()));
        }
        // Running nodes hear of new clients within about a second.
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        (0..world.nodes.len()).for_each(|number| world.watch(number));
        world
    }

    /// Registers a relying party that answers by the book, and says its place.
    pub(crate) async fn party(&mut self, name: &'static str, policy: &str, told: (bool, bool)) -> usize {
        let mut inner = RelyingParty::open().await;
        let book = Arc::clone(&self.book);
        inner.follows(Arc::new(move |heard| book.reply(heard)));
        let number = self.parties.len();
        let file = self.nodes[0].file(&format!("policy-{number}.json"), policy);
        let mut metadata = inner.metadata(&format!("{name} {number}"));
        if !told.0 {
            metadata["backchannel_logout_uri"] = Value::Null;
            metadata["backchannel_logout_session_required"] = json!(false);
            metadata.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
        let answer = self.nodes[0].client(&metadata, &["--policy", &file]).await;
        answer["client_id"].as_str().unwrap_or_default().clone_into(&mut inner.client_id);
        answer["client_secret"].as_str().unwrap_or_default().clone_into(&mut inner.client_secret);
        self.parties.push(Party { inner, can_be_told: told.0, wants_idle: told.1, name });
        number
    }

    /// Watches a process that was just started, so that the moment of its death is known and not only when somebody looked.
    fn watch(&self, number: usize) {
        let Some(pid) = self.nodes[number].pid() else { return };
        let deaths = Arc::clone(&self.seen_dead);
        tokio::spawn(async move {
            while is_alive(pid) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            deaths.lock().unwrap().push(Instant::now());
        });
        if let Traps::Line(taps) = &self.traps {
            taps[number].watch(pid);
        }
    }

    /// Kills whom a relying party waits for, notes who is dead, and starts it again.
    pub(crate) async fn revive(&mut self) {
        if std::mem::take(&mut *self.book.held.lock().unwrap()) {
            // Which node holds the POST is not known: with two, half of these shots miss.
            let victim = self.number_of_deaths % self.nodes.len();
            if !self.nodes[victim].is_gone() {
                self.nodes[victim].kill();
                self.book.wish("while a relying party held the POST");
            }
        }
        for number in 0..self.nodes.len() {
            while self.nodes[number].is_gone() {
                self.note_a_death();
                // The latest it can have been: whoever watches knows better.
                self.deaths.push(Instant::now());
                self.nodes[number].launch();
                self.watch(number);
                self.await_readiness(number).await;
            }
        }
    }

    /// When processes died since this was last asked.
    pub(crate) fn take_deaths(&mut self) -> Vec<Instant> {
        self.deaths.append(&mut self.seen_dead.lock().unwrap());
        std::mem::take(&mut self.deaths)
    }

    fn note_a_death(&mut self) {
        self.number_of_deaths += 1;
        let why = self.book.wishes.lock().unwrap().drain(..).next_back().unwrap_or("at no chosen step");
        *self.steps.entry(why).or_default() += 1;
        self.traps.disarm();
    }

    /// Until it is ready or has died again.
    async fn await_readiness(&mut self, number: usize) {
        let began = Instant::now();
        while !self.nodes[number].is_gone() {
            if self.nodes[number].get("/ready").await.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            assert!(began.elapsed() < Duration::from_mins(1), "not ready:\n{}", self.nodes[number].log());
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Asks again and again, over deaths, until somebody answers.
    pub(crate) async fn insist<T>(
        &mut self,
        what: &str,
        mut ask: impl AsyncFnMut(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut last = String::new();
        for _ in 0..12 {
            self.revive().await;
            match ask(self).await {
                Ok(answer) => return Ok(answer),
                Err(problem) => last = problem,
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Err(format!("{what}: {last}"))
    }

    /// One question without cookies, to a node.
    pub(crate) async fn ask(&self, node: usize, question: Question) -> Result<testkit::http::Answer, String> {
        question.send(&self.nodes[node].wires()).await
    }

    /// Runs a command; if it died or failed, again: what it had done before is done.
    pub(crate) async fn command(&mut self, input: &str, arguments: &[&str]) -> Result<Value, String> {
        let mut last = String::new();
        for attempt in 0..6 {
            match self.nodes[0].try_cli(input, arguments).await {
                Ok(value) => return Ok(value),
                // It died: a command that ends by itself says why.
                Err(said) if said.is_empty() => {
                    self.deaths.push(Instant::now());
                    self.note_a_death();
                }
                // The first one had done it already.
                Err(said) if attempt > 0 && !said.contains("database") => {
                    return Ok(json!({ "said": said }));
                }
                Err(said) => last = said,
            }
            self.revive().await;
        }
        Err(format!("ostiary {arguments:?}: {last}"))
    }

    /// What each relying party received since this was last asked, by `sid`.
    pub(crate) fn collect(&mut self, into: &mut HashMap<String, Vec<Post>>) {
        let issuer = self.nodes[0].issuer().to_owned();
        for party in &self.parties {
            for heard in party.inner.take_heard() {
                let flaw = flaw(&self.keys, &issuer, &party.inner.client_id, &heard).or_else(|| {
                    (!self.jtis.insert(heard.claims["jti"].to_string())).then(|| "a jti came twice".into())
                });
                let sid = heard.claims.get("sid").and_then(Value::as_str).unwrap_or_default().to_owned();
                into.entry(sid).or_default().push(Post { at: heard.at, reply: heard.reply, flaw });
            }
        }
    }
}

/// What is wrong with a logout token (Back-Channel Logout §2.4).
fn flaw(keys: &jose::JwkSet, issuer: &str, client: &str, heard: &Heard) -> Option<String> {
    let claims = &heard.claims;
    if let Err(error) = jose::verify(&heard.token, keys, &[jose::JwsAlg::Rs256]) {
        return Some(error.to_string());
    }
    let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
    let checks = [
        ("typ", heard.header.get("typ") == Some(&json!("logout+jwt"))),
        ("iss", claims.get("iss") == Some(&json!(issuer))),
        ("aud", claims.get("aud") == Some(&json!(client))),
        ("events", claims.get("events") == Some(&events)),
        ("exp", seconds("exp").zip(seconds("iat")).is_some_and(|(exp, iat)| exp - iat == 120)),
        ("sub", claims.get("sub").is_some_and(Value::is_string)),
        ("sid", claims.get("sid").is_some_and(Value::is_string)),
        ("jti", claims.get("jti").is_some_and(Value::is_string)),
        ("nonce", claims.get("nonce").is_none()),
    ];
    checks.iter().find(|(_, good)| !good).map(|(name, _)| (*name).to_owned())
}

static BINARY: OnceLock<PathBuf> = OnceLock::new();

/// Another binary than the one that was built beside this harness is under test: a release, say.
pub(crate) fn prove(path: PathBuf) {
    BINARY.get_or_init(|| path);
}

pub(crate) fn plan() -> Plan {
    // Who signs out waits a moment only: what is proven here is not how long a page waits.
    Plan::new(BINARY.get_or_init(|| env!("CARGO_BIN_EXE_ostiary").into()))
        .set("lifetimes.logout_patience = \"150ms\"")
        .set("log.level = \"warn\"")
}

/// Whether a child of ours runs: a zombie does not.
fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}
