//! A relying party: a server on loopback that records what it is told and answers as it is bid.
//!
//! Invariant: a logout POST is recorded before it is answered, however it is answered.

mod speaking;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::eventually;
use crate::provider::{self, Provider};

/// How a logout POST is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// With a status.
    Status(u16),
    /// With a status and one more header line.
    With(u16, String),
    /// Not at all: the connection stays open.
    Hang,
    /// With a reset.
    Reset,
    /// With a body that does not end.
    Gigabyte,
    /// With a status, after a while.
    Late(Duration, u16),
    /// With these very bytes, whether or not they are HTTP.
    Raw(String),
    /// With these, and then a byte now and then, for ever.
    Drip(String),
}

/// Chooses the answer to a logout POST by what it says.
pub type Script = Arc<dyn Fn(&Heard) -> Reply + Send + Sync>;

/// One logout POST.
#[derive(Clone, Debug)]
pub struct Heard {
    /// When.
    pub at: Instant,
    /// Head of the request.
    pub head: String,
    /// The logout token.
    pub token: String,
    /// Its header.
    pub header: Map<String, Value>,
    /// Its claims, unverified.
    pub claims: Map<String, Value>,
    /// How it was answered.
    pub reply: Reply,
}

struct Manners {
    next: VecDeque<Reply>,
    always: Reply,
    script: Option<Script>,
    heard: Vec<Heard>,
    documents: BTreeMap<String, Document>,
}

/// A document it serves.
#[derive(Clone, Debug, Default)]
struct Document {
    text: String,
    kind: Option<String>,
    instead: Option<Reply>,
    asked: usize,
}

impl std::fmt::Debug for Manners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manners")
            .field("always", &self.always)
            .field("heard", &self.heard.len())
            .finish_non_exhaustive()
    }
}

impl Manners {
    /// Records a POST, and says how it is answered.
    fn hear(&mut self, mut heard: Heard) -> Reply {
        heard.reply = match &self.script {
            Some(script) => script(&heard),
            None => self.next.pop_front().unwrap_or_else(|| self.always.clone()),
        };
        let reply = heard.reply.clone();
        self.heard.push(heard);
        reply
    }
}

/// A relying party.
#[derive(Debug)]
pub struct RelyingParty {
    /// Its `client_id`, once registered.
    pub client_id: String,
    /// Its secret, once registered.
    pub client_secret: String,
    port: u16,
    manners: Arc<Mutex<Manners>>,
    door: Option<JoinHandle<()>>,
}

impl RelyingParty {
    /// Opens its door.
    pub async fn open() -> Self {
        let manners = Manners {
            next: VecDeque::new(),
            always: Reply::Status(200),
            script: None,
            heard: Vec::new(),
            documents: BTreeMap::new(),
        };
        let mut party = Self {
            client_id: String::new(),
            client_secret: String::new(),
            port: provider::free_port(),
            manners: Arc::new(Mutex::new(manners)),
            door: None,
        };
        party.up().await;
        party
    }

    /// Opens one and registers it as an ordinary confidential client under a name.
    pub async fn at(provider: &Provider, name: &str) -> Self {
        let mut party = Self::open().await;
        let metadata = party.metadata(name);
        party.register(provider, &metadata, &[]).await;
        party
    }

    /// The same, as the operator's own: people are not asked for consent.
    pub async fn first_party(provider: &Provider, name: &str) -> Self {
        let mut party = Self::open().await;
        let metadata = party.metadata(name);
        party.register(provider, &metadata, &["--first-party"]).await;
        party
    }

    /// Opens one and registers it as the operator's own public client: no secret, PKCE alone.
    pub async fn public(provider: &Provider, name: &str) -> Self {
        let mut party = Self::open().await;
        let metadata = json!({
            "client_name": name,
            "redirect_uris": [party.redirect_uri()],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        party.register(provider, &metadata, &["--first-party"]).await;
        party
    }

    /// Opens one and registers it as an ordinary confidential client with a policy of the operator's.
    pub async fn with_policy(provider: &Provider, name: &str, policy: &Value) -> Self {
        let mut party = Self::open().await;
        let file = provider.file(&format!("policy of {name}.json"), &policy.to_string());
        let metadata = party.metadata(name);
        party.register(provider, &metadata, &["--policy", &file]).await;
        party
    }

    /// Registration metadata: a confidential client with everything it needs to be signed out.
    pub fn metadata(&self, name: &str) -> Value {
        json!({
            "client_name": name,
            "redirect_uris": [self.redirect_uri()],
            "post_logout_redirect_uris": [self.url("/after")],
            "backchannel_logout_uri": self.logout_uri(),
            "backchannel_logout_session_required": true,
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "refresh_token"],
        })
    }

    /// Registers it.
    pub async fn register(&mut self, provider: &Provider, metadata: &Value, arguments: &[&str]) {
        let answer = provider.client(metadata, arguments).await;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.client_id = text("client_id");
        self.client_secret = text("client_secret");
        // A running server notices a new client within about a second; the walk waits until it has.
        if provider.pid().is_some() {
            let probe = format!("/authorize?client_id={}&response_type=code", self.client_id);
            eventually("the new client is known", Duration::from_secs(5), async || {
                let answer = provider.get(&probe).await.ok()?;
                (!answer.body.contains("authorize_client_unknown")).then_some(())
            })
            .await;
        }
    }

    /// Where it listens.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port it listens at.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An address of its own.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// Where codes come.
    pub fn redirect_uri(&self) -> String {
        self.url("/callback")
    }

    /// Where logout tokens come.
    pub fn logout_uri(&self) -> String {
        self.url("/backchannel")
    }

    /// Answers like this from now on.
    pub fn always(&self, reply: Reply) {
        let mut manners = self.manners.lock().expect("no test panics while it holds this");
        manners.next.clear();
        manners.always = reply;
    }

    /// Answers like these first, then as always.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.manners.lock().expect("no test panics while it holds this").next.extend(replies);
    }

    /// Serves a document from now on, in place of an earlier one there: its keys, a request object, a list of addresses.
    /// The answer is where.
    pub fn serves(&self, path: &str, text: impl Into<String>) -> String {
        let mut manners = self.manners.lock().expect("no test panics while it holds this");
        let document = manners.documents.entry(path.to_owned()).or_default();
        *document = Document { text: text.into(), asked: document.asked, ..Document::default() };
        self.url(path)
    }

    /// The same, under a media type of its own.
    pub fn serves_as(&self, path: &str, kind: &str, text: impl Into<String>) -> String {
        let url = self.serves(path, text);
        let mut manners = self.manners.lock().expect("no test panics while it holds this");
        manners.documents.entry(path.to_owned()).or_default().kind = Some(kind.to_owned());
        url
    }

    /// Has no document there, but this to say from now on. The answer is where.
    pub fn says(&self, path: &str, reply: Reply) -> String {
        let url = self.serves(path, "");
        let mut manners = self.manners.lock().expect("no test panics while it holds this");
        manners.documents.entry(path.to_owned()).or_default().instead = Some(reply);
        url
    }

    /// How many times a document was asked for.
    pub fn asked(&self, path: &str) -> usize {
        let manners = self.manners.lock().expect("no test panics while it holds this");
        manners.documents.get(path).map_or(0, |document| document.asked)
    }

    /// Answers as a script says from now on.
    pub fn follows(&self, script: Script) {
        self.manners.lock().expect("no test panics while it holds this").script = Some(script);
    }

    /// Everything it was told since this was last called.
    pub fn take_heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.manners.lock().expect("no test panics while it holds this").heard)
    }

    /// Everything it was told.
    pub fn heard(&self) -> Vec<Heard> {
        self.manners.lock().expect("no test panics while it holds this").heard.clone()
    }

    /// Waits until it was told so many times.
    pub async fn hears(&self, times: usize, patience: Duration) -> Vec<Heard> {
        let what = format!("the relying party is told {times} times");
        eventually(&what, patience, async || Some(self.heard()).filter(|heard| heard.len() >= times)).await
    }

    /// Goes down: connections are refused.
    pub fn down(&mut self) {
        if let Some(door) = self.door.take() {
            door.abort();
        }
    }

    /// Comes back, at the same address.
    ///
    /// # Panics
    /// If its port was taken meanwhile.
    pub async fn up(&mut self) {
        let address = ("127.0.0.1", self.port);
        let listener =
            eventually("its port is free", Duration::from_secs(5), async || TcpListener::bind(address).await.ok());
        let (listener, manners) = (listener.await, Arc::clone(&self.manners));
        self.door = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let manners = Arc::clone(&manners);
                tokio::spawn(async move { drop(speaking::serve(stream, &manners).await) });
            }
        }));
    }
}

impl Drop for RelyingParty {
    fn drop(&mut self) {
        self.down();
    }
}

/// A part of a JWS in its compact form, unverified; empty if it is none.
pub fn part(token: &str, at: usize) -> Map<String, Value> {
    let bytes = token
        .split('.')
        .nth(at)
        .and_then(|part| base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, part).ok());
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}
