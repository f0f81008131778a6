//! A provider of the bench's own: the release binary on a SQLite file in a temporary folder, six clients, one person in
//! sixteen browsers.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jose::base64url;
use serde_json::{Value, json};

use crate::assertion;
use crate::measure::Process;
use crate::wire::{Line, Reply, encode};
use crate::{Broken, LINES};

/// The client whose ID Tokens are signed with RS256.
pub(crate) const RS256: &str = "bench-rs256";
/// The client whose ID Tokens are signed with ES256.
pub(crate) const ES256: &str = "bench-es256";
/// The client whose ID Tokens are signed with ES256 and encrypted to it.
pub(crate) const ENCRYPTED: &str = "bench-encrypted";
/// The client that gets an ID Token through the browser too.
pub(crate) const HYBRID: &str = "bench-hybrid";
/// The client that authenticates with a key.
pub(crate) const KEYED: &str = "bench-keyed";
/// The app that shares a device (Native SSO).
pub(crate) const APP: &str = "bench-app";
/// Where all of them are answered.
pub(crate) const REDIRECT_URI: &str = "https://rp.example/callback";

const SECRET: &str = "a-secret-of-the-bench-of-more-than-32-bytes";
const PASSWORD: &str = "correct horse battery staple";
const BINARY: &str = env!("CARGO_BIN_EXE_ostiary");

/// A client's credentials as a header line.
pub(crate) fn basic(client: &str) -> String {
    use base64::Engine as _;
    let words = base64::engine::general_purpose::STANDARD.encode(format!("{client}:{SECRET}"));
    format!("authorization: Basic {words}\r\n")
}

/// What a client says of itself.
pub(crate) fn metadata(client: &str) -> Result<Value, Broken> {
    let mut metadata = json!({
        "client_name": client,
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "id_token_signed_response_alg": if client == RS256 { "RS256" } else { "ES256" },
    });
    match client {
        ENCRYPTED => {
            metadata["id_token_encrypted_response_alg"] = json!("RSA-OAEP-256");
            metadata["id_token_encrypted_response_enc"] = json!("A128GCM");
            metadata["jwks"] = json!({ "keys": [assertion::encryption_key()?] });
        }
        HYBRID => {
            metadata["response_types"] = json!(["code id_token"]);
            metadata["grant_types"] = json!(["authorization_code", "implicit", "refresh_token"]);
        }
        APP => {
            metadata["grant_types"] =
                json!(["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"]);
            metadata["scope"] = json!("openid device_sso");
        }
        KEYED => {
            metadata["token_endpoint_auth_method"] = json!("private_key_jwt");
            metadata["jwks"] = json!({ "keys": [assertion::key()?.public_jwk()] });
        }
        _ => {}
    }
    Ok(metadata)
}

/// What one browser holds.
#[derive(Default)]
pub(crate) struct Holding {
    jar: BTreeMap<String, String>,
}

impl Holding {
    /// Its cookies as a header line.
    pub(crate) fn cookies(&self) -> String {
        let pairs: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("cookie: {}\r\n", pairs.join("; "))
    }

    fn keep(&mut self, reply: &Reply) {
        for cookie in reply.headers("set-cookie") {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The running provider.
pub(crate) struct Provider {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    child: Option<Child>,
    holdings: Vec<Arc<Holding>>,
}

impl Provider {
    /// Makes the folder, the person and the clients.
    pub(crate) fn begin() -> Result<Self, Broken> {
        let folder = std::env::temp_dir().join(format!("ostiary-bench-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        std::fs::write(folder.join("secret"), base64url([7; 32]))?;
        std::fs::write(
            folder.join("ostiary.toml"),
            format!(
                "issuer = \"http://localhost:{port}\"\nlisten = [\"127.0.0.1:{port}\"]\ndatabase = \"sqlite:bench.sqlite\"\nsecret_file = \"secret\"\nlog.level = \"warn\"\nlimits.registrations_per_source = 1000000\n"
            ),
        )?;
        std::fs::write(folder.join("app.json"), r#"{"native_sso": {"group": "bench"}}"#)?;
        let provider = Self { folder, port, child: None, holdings: Vec::new() };
        provider.order(&["user", "add", "ada", "--name", "Ada Lovelace", "--password-stdin"], PASSWORD)?;
        provider.order(&["registration", "open"], "")?;
        provider.order(&["native-sso", "on"], "")?;
        for client in [RS256, ES256, ENCRYPTED, HYBRID, KEYED, APP] {
            let mut order = vec!["client", "add", "-", "--first-party", "--client-id", client];
            if client == APP {
                order.extend(["--policy", "app.json"]);
            }
            if client != KEYED {
                order.extend(["--client-secret", SECRET]);
            }
            provider.order(&order, &metadata(client)?.to_string())?;
        }
        Ok(provider)
    }

    /// Stops, lets so many more clients in, and starts again. How many milliseconds until it was ready.
    pub(crate) async fn crowd(&mut self, clients: usize) -> Result<f64, Broken> {
        self.stop();
        crate::crowd::fill(&self.folder, clients).await?;
        self.restart().await
    }

    fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.current_dir(&self.folder);
        command
    }

    fn order(&self, words: &[&str], input: &str) -> Result<(), Broken> {
        let mut child = self.command().args(words).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        child.stdin.take().ok_or("no input")?.write_all(input.as_bytes())?;
        match child.wait()?.success() {
            true => Ok(()),
            false => Err(format!("`ostiary {}` failed", words.join(" ")).into()),
        }
    }

    /// Starts the server, again if it runs. How many milliseconds until it was ready.
    pub(crate) async fn restart(&mut self) -> Result<f64, Broken> {
        self.stop();
        let began = Instant::now();
        self.child = Some(self.command().arg("serve").stdout(Stdio::null()).spawn()?);
        while began.elapsed() < Duration::from_secs(20) {
            if let Ok(mut line) = Line::open(self.port).await
                && line.get("/ready", "").await?.status == 200
            {
                return Ok(began.elapsed().as_secs_f64() * 1e3);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("the server was not ready within 20 s".into())
    }

    /// Signs the person in once for each line, through the page.
    pub(crate) async fn sign_in_everybody(&mut self) -> Result<(), Broken> {
        self.restart().await?;
        let mut line = Line::open(self.port).await?;
        for _ in 0..LINES {
            let holding = Self::sign_in_once(&mut line).await?;
            self.holdings.push(Arc::new(holding));
        }
        Ok(())
    }

    /// Signs the person in in one more browser, through the page.
    pub(crate) async fn sign_in_once(line: &mut Line) -> Result<Holding, Broken> {
        let mut holding = Holding::default();
        let path = format!(
            "/authorize?response_type=code&client_id={RS256}&redirect_uri={}&scope=openid",
            encode(REDIRECT_URI)
        );
        let reply = line.get(&path, "").await?.expect(303)?;
        holding.keep(&reply);
        let page = reply.header("location").and_then(|to| to.split_once("/login")).ok_or("no sign-in page")?.1;
        let reply = line.get(&format!("/login{page}"), &holding.cookies()).await?.expect(200)?;
        holding.keep(&reply);
        let html = String::from_utf8(reply.body)?;
        let field = |name: &str| {
            let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\""))?;
            rest.split('"').next().map(encode)
        };
        let (request, csrf) = (field("request").ok_or("no request")?, field("csrf").ok_or("no csrf")?);
        let form = format!("request={request}&csrf={csrf}&username=ada&password={}&login=1", encode(PASSWORD));
        let reply = line.post("/login", &holding.cookies(), &form).await?.expect(303)?;
        holding.keep(&reply);
        Ok(holding)
    }

    /// The bytes of the discovery document.
    pub(crate) async fn discovery_size(&self) -> Result<usize, Broken> {
        let reply = Line::open(self.port).await?.get("/.well-known/openid-configuration", "").await?;
        Ok(reply.expect(200)?.body.len())
    }

    /// The browsers, one for each line.
    pub(crate) fn holdings(&self) -> &[Arc<Holding>] {
        &self.holdings
    }

    /// The process to measure.
    pub(crate) fn process(&self) -> Process {
        Process { pid: self.child.as_ref().map_or(0, Child::id), port: self.port }
    }

    /// Stops and tidies up.
    pub(crate) fn end(mut self) -> Result<(), Broken> {
        self.stop();
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}
