//! An app: signs in by the keychain or by the browser, keeps its tokens, signs out.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;

use crate::loopback::Loopback;
use crate::say;

/// Why it did not work, in words.
pub type Failed = Box<dyn std::error::Error>;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const DEVICE_SECRET: &str = "urn:openid:params:token-type:device-secret";
const SCOPE: &str = "openid profile device_sso";

/// An app on a device. Its name is its `client_id`: a public client has nothing else to show (§4.1).
#[derive(Debug)]
pub struct App {
    name: &'static str,
    /// The provider's metadata.
    provider: Value,
    http: reqwest::Client,
    keychain: PathBuf,
}

impl App {
    /// Reads the provider's metadata, and sees to it that it can do this (§5).
    #[expect(clippy::disallowed_methods, reason = "an app is no part of the server: it goes where its developer says")]
    pub async fn open(name: &'static str, issuer: &str, keychain: PathBuf) -> Result<Self, Failed> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let answer =
            http.get(&url).send().await.map_err(|_| format!("nobody answers at {url}; --issuer names another"))?;
        let provider: Value = answer.error_for_status()?.json().await?;
        if provider["issuer"] != issuer.trim_end_matches('/') {
            return Err("the metadata is another provider's".into());
        }
        if provider["native_sso_supported"] != true {
            return Err("this provider does not offer Native SSO; `ostiary native-sso on`".into());
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&keychain)?;
        Ok(Self { name, provider, http, keychain })
    }

    /// By what another app left in the keychain; where there is nothing, or it is worth nothing any more, by the browser.
    pub async fn sign_in(&self) -> Result<String, Failed> {
        let Some(shared) = self.read("shared") else {
            return self.sign_in_by_browser().await;
        };
        let answer = self
            .ask_for_tokens(&[
                ("grant_type", EXCHANGE),
                ("audience", text(&self.provider, "issuer")?),
                ("subject_token", text(&shared, "id_token")?),
                ("subject_token_type", ID_TOKEN),
                ("actor_token", text(&shared, "device_secret")?),
                ("actor_token_type", DEVICE_SECRET),
                ("scope", SCOPE),
            ])
            .await?;
        match answer {
            Ok(tokens) => {
                self.keep(&tokens)?;
                Ok(format!("{}: signed in without a browser", self.name))
            }
            Err(error) => {
                say(&format!("{}: what is in the keychain did not do ({error}); the browser, then", self.name));
                self.sign_in_by_browser().await
            }
        }
    }

    /// RFC 8252: the system browser, a loopback address to come back to, PKCE.
    pub async fn sign_in_by_browser(&self) -> Result<String, Failed> {
        let door = Loopback::open().await?;
        let (state, verifier) = (random()?, random()?);
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let mut url = Url::parse(text(&self.provider, "authorization_endpoint")?)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", self.name)
            .append_pair("redirect_uri", &door.address)
            .append_pair("scope", SCOPE)
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        say(&format!("{}: open this in your browser\n\n  {url}\n", self.name));
        let back = door.wait().await?;
        let of = |name: &str| back.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        if of("state") != Some(&state) || of("iss") != self.provider["issuer"].as_str() {
            return Err("an answer came back to a question that was not asked".into());
        }
        let code = of("code").ok_or_else(|| format!("the provider said {}", of("error").unwrap_or("nothing")))?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &door.address),
            ("code_verifier", &verifier),
        ];
        // §3.2: "If a device_secret exists, then the client MUST provide [it]".
        let shared = self.read("shared").unwrap_or_default();
        fields.extend(shared["device_secret"].as_str().map(|secret| ("device_secret", secret)));
        let tokens = self.ask_for_tokens(&fields).await??;
        self.keep(&tokens)?;
        Ok(format!("{}: signed in by the browser", self.name))
    }

    /// UserInfo.
    pub async fn whoami(&self) -> Result<String, Failed> {
        let own = self.own()?;
        let asked = self.http.get(text(&self.provider, "userinfo_endpoint")?).bearer_auth(text(&own, "access_token")?);
        let answer = asked.send().await?;
        match answer.status().is_success() {
            true => Ok(format!("{}: {}", self.name, answer.text().await?)),
            false => {
                Err(format!("the access token is not good any more ({}): refresh, or sign in", answer.status()).into())
            }
        }
    }

    /// The refresh token; the secret goes along, so that it can be replaced (§3.2).
    pub async fn refresh(&self) -> Result<String, Failed> {
        let (own, shared) = (self.own()?, self.read("shared").unwrap_or_default());
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", text(&own, "refresh_token")?)];
        fields.extend(shared["device_secret"].as_str().map(|secret| ("device_secret", secret)));
        let mut tokens = match self.ask_for_tokens(&fields).await? {
            Ok(tokens) => tokens,
            Err(error) if error == "invalid_grant" => {
                return Err("signed out: the session on this device is over (invalid_grant); sign-in again".into());
            }
            Err(error) => return Err(error.into()),
        };
        // A refresh token that is not replaced goes on.
        if tokens.get("refresh_token").is_none() {
            tokens["refresh_token"] = own["refresh_token"].clone();
        }
        self.keep(&tokens)?;
        Ok(format!("{}: refreshed", self.name))
    }

    /// Gives back what the apps share, and what is this app's own (RFC 7009). Each other app goes on, and whichever refreshes next
    /// puts a fresh secret into the keychain; [`Self::sign_out_device`] ends them all at once.
    pub async fn sign_out(&self) -> Result<String, Failed> {
        let (own, shared) = (self.read(self.name).unwrap_or_default(), self.read("shared").unwrap_or_default());
        for token in [&shared["device_secret"], &own["refresh_token"]].into_iter().filter_map(Value::as_str) {
            let fields = [("token", token), ("client_id", self.name)];
            self.http
                .post(text(&self.provider, "revocation_endpoint")?)
                .form(&fields)
                .send()
                .await?
                .error_for_status()?;
        }
        for what in [self.name, "shared"] {
            drop(std::fs::remove_file(self.keychain.join(format!("{what}.json"))));
        }
        Ok(format!("{}: signed out; nothing of it is left in the keychain", self.name))
    }

    /// RP-Initiated Logout: the provider asks the person in the browser, and says that every app of this device is meant.
    pub fn sign_out_device(&self) -> Result<String, Failed> {
        let shared = self.read("shared").ok_or("nobody is signed in on this device")?;
        let mut url = Url::parse(text(&self.provider, "end_session_endpoint")?)?;
        url.query_pairs_mut().append_pair("id_token_hint", text(&shared, "id_token")?).append_pair("ui_locales", "en");
        Ok(format!("{}: open this in your browser\n\n  {url}\n", self.name))
    }

    /// The outer result: whether there was an answer; the inner: what it was.
    async fn ask_for_tokens(&self, fields: &[(&str, &str)]) -> Result<Result<Value, String>, Failed> {
        let all: Vec<(&str, &str)> = fields.iter().copied().chain([("client_id", self.name)]).collect();
        let answer = self.http.post(text(&self.provider, "token_endpoint")?).form(&all).send().await?;
        let (status, body) = (answer.status(), answer.json::<Value>().await?);
        Ok(match status.is_success() {
            true => Ok(body),
            false => Err(body["error"].as_str().unwrap_or("an error without a name").to_owned()),
        })
    }

    /// What is the app's own under its name, what is everybody's under `shared`: both or neither (§3.3.2).
    fn keep(&self, tokens: &Value) -> Result<(), Failed> {
        let own = json!({"access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"]});
        self.write(self.name, &own)?;
        if let (Some(id_token), Some(secret)) = (tokens["id_token"].as_str(), tokens["device_secret"].as_str()) {
            self.write("shared", &json!({"id_token": id_token, "device_secret": secret}))?;
        }
        Ok(())
    }

    fn own(&self) -> Result<Value, Failed> {
        self.read(self.name).ok_or_else(|| "nobody is signed in; sign-in first".into())
    }

    fn read(&self, what: &str) -> Option<Value> {
        let text = std::fs::read_to_string(self.keychain.join(format!("{what}.json"))).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// A stand-in for the platform's keychain: files only this person can read, replaced whole.
    fn write(&self, what: &str, value: &Value) -> Result<(), Failed> {
        let (draft, place) = (self.keychain.join(format!("{what}.new")), self.keychain.join(format!("{what}.json")));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(value.to_string().as_bytes())?;
        file.sync_all()?;
        Ok(std::fs::rename(draft, place)?)
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Failed> {
    value[name].as_str().ok_or_else(|| format!("there is no {name}").into())
}

fn random() -> Result<String, Failed> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "no randomness")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
