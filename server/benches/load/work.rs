//! The kinds of work, each as one unit on one connection.

use std::sync::Arc;

use jose::{base64url, sha256};

use crate::Broken;
use crate::assertion;
use crate::ground::{APP, ENCRYPTED, ES256, HYBRID, Holding, KEYED, REDIRECT_URI, RS256, basic};
use crate::wire::{Line, encode};

/// A kind of work.
#[derive(Clone)]
pub(crate) enum Work {
    /// The floor.
    Bare { size: usize },
    /// The discovery document.
    Discovery,
    /// A client's own token, by its secret.
    ClientCredentials,
    /// The same, by an assertion signed with ES256.
    ClientAssertion,
    /// A client registers itself.
    Registration,
    /// A client asks about a token.
    Introspection,
    /// The person's claims.
    UserInfo,
    /// A refresh with a new ID Token.
    Refresh,
    /// `prompt=none` with a session, and the code redeemed with PKCE.
    SignOn { client: &'static str },
    /// The same, with an ID Token from the authorization endpoint too.
    Hybrid,
    /// Native SSO: an app signs in by another app's ID Token and the secret of their device.
    Exchange,
}

impl Work {
    /// Each, with its title and its floor's place.
    pub(crate) fn all() -> [(&'static str, Self, Option<usize>); 12] {
        [
            ("discovery", Self::Discovery, Some(0)),
            ("introspection", Self::Introspection, Some(1)),
            ("UserInfo", Self::UserInfo, Some(1)),
            ("client_credentials", Self::ClientCredentials, Some(1)),
            ("client_credentials, private_key_jwt ES256", Self::ClientAssertion, Some(1)),
            ("registration", Self::Registration, Some(1)),
            ("refresh, ID Token RS256", Self::Refresh, None),
            ("sign-on, ID Token RS256", Self::SignOn { client: RS256 }, None),
            ("sign-on, ID Token ES256", Self::SignOn { client: ES256 }, None),
            ("sign-on, ID Token ES256 in RSA-OAEP-256", Self::SignOn { client: ENCRYPTED }, None),
            ("hybrid sign-on, two ID Tokens ES256", Self::Hybrid, None),
            ("Native SSO exchange, ID Token ES256", Self::Exchange, None),
        ]
    }

    /// What one line needs before its first unit.
    pub(crate) async fn begin(self, line: &mut Line, holding: Option<Arc<Holding>>) -> Result<Hand, Broken> {
        let mut hand = Hand { work: self, holding, number: 0, access: String::new(), refresh: String::new() };
        if matches!(hand.work, Work::Introspection | Work::UserInfo | Work::Refresh) {
            let tokens = hand.sign_on(line, RS256).await?;
            let text = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
            (hand.access, hand.refresh) = (text("access_token"), text("refresh_token"));
        }
        if let Work::Exchange = hand.work {
            let tokens = hand.sign_on_for(line, APP, ("code", "openid%20device_sso")).await?;
            let text = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
            (hand.access, hand.refresh) = (text("id_token"), text("device_secret"));
        }
        Ok(hand)
    }
}

/// One line at work.
pub(crate) struct Hand {
    work: Work,
    holding: Option<Arc<Holding>>,
    number: u64,
    access: String,
    refresh: String,
}

impl Hand {
    /// One unit.
    pub(crate) async fn unit(&mut self, line: &mut Line) -> Result<(), Broken> {
        match self.work {
            Work::Bare { size } => drop(line.get(&format!("/bare/{size}"), "").await?.expect(200)?),
            Work::Discovery => drop(line.get("/.well-known/openid-configuration", "").await?.expect(200)?),
            Work::ClientCredentials => {
                drop(line.post("/token", &basic(RS256), "grant_type=client_credentials").await?.expect(200)?);
            }
            Work::ClientAssertion => {
                let form = format!("grant_type=client_credentials&{}", assertion::form(KEYED, line.port())?);
                drop(line.post("/token", "", &form).await?.expect(200)?);
            }
            Work::Registration => {
                drop(line.post_json("/register", &assertion::metadata().to_string()).await?.expect(201)?);
            }
            Work::Introspection => {
                let reply = line.post("/introspect", &basic(RS256), &format!("token={}", self.access)).await?;
                if reply.expect(200)?.json()?["active"] != true {
                    return Err("the token is not active".into());
                }
            }
            Work::UserInfo => {
                let bearer = format!("authorization: Bearer {}\r\n", self.access);
                drop(line.get("/userinfo", &bearer).await?.expect(200)?);
            }
            Work::Refresh => {
                let form = format!("grant_type=refresh_token&refresh_token={}", self.refresh);
                let reply = line.post("/token", &basic(RS256), &form).await?.expect(200)?;
                if reply.json()?["id_token"].is_null() {
                    return Err("a refresh without an ID Token".into());
                }
            }
            Work::SignOn { client } => drop(self.sign_on(line, client).await?),
            Work::Hybrid => drop(self.sign_on_by(line, HYBRID, "code id_token").await?),
            Work::Exchange => self.exchange(line).await?,
        }
        Ok(())
    }

    /// What is in the keychain is kept in the places of tokens: the ID Token and the device secret.
    async fn exchange(&mut self, line: &mut Line) -> Result<(), Broken> {
        let form = format!(
            "grant_type={}&audience={}&subject_token={}&subject_token_type={}&actor_token={}&actor_token_type={}",
            encode("urn:ietf:params:oauth:grant-type:token-exchange"),
            encode(&format!("http://localhost:{}", line.port())),
            self.access,
            encode("urn:ietf:params:oauth:token-type:id_token"),
            self.refresh,
            encode("urn:openid:params:token-type:device-secret"),
        );
        let reply = line.post("/token", &basic(APP), &form).await?.expect(200)?;
        match reply.json()?["id_token"].is_null() {
            true => Err("an exchange without an ID Token".into()),
            false => Ok(()),
        }
    }

    pub(crate) async fn sign_on(&mut self, line: &mut Line, client: &str) -> Result<serde_json::Value, Broken> {
        self.sign_on_by(line, client, "code").await
    }

    /// The whole of it: authorize with an existing session, redeem the code.
    async fn sign_on_by(&mut self, line: &mut Line, client: &str, kind: &str) -> Result<serde_json::Value, Broken> {
        self.sign_on_for(line, client, (kind, "openid%20profile")).await
    }

    async fn sign_on_for(
        &mut self,
        line: &mut Line,
        client: &str,
        (kind, scope): (&str, &str),
    ) -> Result<serde_json::Value, Broken> {
        let holding = self.holding.as_ref().ok_or("nobody is signed in on this line")?;
        self.number += 1;
        let verifier = format!("{:0>43}", self.number);
        let challenge = base64url(sha256(verifier.as_bytes()));
        let path = format!(
            "/authorize?response_type={}&client_id={client}&redirect_uri={}&scope={scope}&state=s{}&nonce=n{}&prompt=none&code_challenge={challenge}&code_challenge_method=S256",
            encode(kind),
            encode(REDIRECT_URI),
            self.number,
            self.number
        );
        let reply = line.get(&path, &holding.cookies()).await?.expect(303)?;
        let location = reply.header("location").ok_or("no location")?;
        let code = location
            .split_once("code=")
            .and_then(|(_, rest)| rest.split('&').next())
            .ok_or_else(|| format!("no code in {location}"))?;
        if kind.contains("id_token") != location.contains("id_token=") {
            return Err(format!("not what was asked for: {location}").into());
        }
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={}&code_verifier={verifier}",
            encode(REDIRECT_URI)
        );
        let tokens = line.post("/token", &basic(client), &form).await?.expect(200)?.json()?;
        match tokens["id_token"].is_string() {
            true => Ok(tokens),
            false => Err("no ID Token".into()),
        }
    }
}
