//! The way out by mail (RFC 5321): one server the operator named, spoken to with lettre.
//!
//! Invariant: what leaves this machine is encrypted (`config/mail.rs`), and every letter says that a machine wrote it.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, Message};
use login::letter::Phase;
use openid::time::Time;

use crate::config::{Config, MailConfig, Security};
use crate::page::Written;

/// A connection is made within so long.
const STEP: Duration = Duration::from_secs(10);

/// The mail server.
pub struct Mail {
    server: (String, u16),
    tls: Tls,
    credentials: Option<Credentials>,
    from: Mailbox,
    /// Who we say we are, also behind the `@` of `Message-ID`.
    host: String,
}

/// Why a letter did not go out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Unsent {
    /// What was being said.
    pub phase: Phase,
    /// The server's reply, if there was one.
    pub code: Option<u16>,
    /// In words.
    pub words: String,
}

impl Unsent {
    /// On our side, or on the way: nothing was said of the letter.
    pub fn ours(words: String) -> Self {
        Self { phase: Phase::Door, code: None, words }
    }

    /// Nobody could send it, whatever the server says.
    fn hopeless(words: String) -> Self {
        Self { phase: Phase::Address, code: None, words }
    }

    fn at(phase: Phase, error: &Error) -> Self {
        let code = error.status().map(u16::from);
        // The innermost words say most.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Self { phase, code, words: cause.to_string().trim().to_owned() }
    }
}

impl From<Error> for Unsent {
    fn from(error: Error) -> Self {
        Self::at(Phase::Door, &error)
    }
}

impl Mail {
    /// From the configuration; none if there is no mail server in it.
    pub fn of(config: &Config) -> Result<Option<Self>, Unsent> {
        let Some(mail) = &config.mail else { return Ok(None) };
        let host = url::Url::parse(config.issuer.as_str()).ok().and_then(|url| url.host_str().map(str::to_owned));
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        let credentials =
            mail.credentials.as_ref().map(|own| Credentials::new(own.user.clone(), String::clone(&own.password)));
        let server = (mail.host.clone(), mail.port);
        Ok(Some(Self { server, tls: tls(config, mail)?, credentials, from: mail.from.clone(), host }))
    }

    /// Sends a letter. The same letter sent again bears the same name, so that servers can tell.
    pub async fn send(&self, id: &str, to: &str, letter: Written, now: Time) -> Result<(), Unsent> {
        let to: Address = to.parse().map_err(|e| Unsent::hopeless(format!("{to} cannot be written to: {e}")))?;
        let seconds = u64::try_from(now.seconds()).unwrap_or_default();
        // RFC 3834 §5: nobody's absence assistant answers.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .message_id(Some(format!("<{id}@{}>", self.host)))
            .date(UNIX_EPOCH + Duration::from_secs(seconds))
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body)
            .map_err(|e| Unsent::ours(format!("the letter cannot be written: {e}")))?;
        self.hand_over(&message).await
    }

    /// RFC 5321 §3: says who we are, who writes, to whom, and hands the letter over.
    async fn hand_over(&self, message: &Message) -> Result<(), Unsent> {
        let envelope = message.envelope();
        let text = message.formatted();
        let mut line = self.enter().await?;
        let mut parameters = Vec::new();
        // RFC 6531 §3.1.
        if envelope.from().into_iter().chain(envelope.to()).any(|address| !address.to_string().is_ascii()) {
            if !line.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Unsent::hopeless("the mail server takes no addresses beyond ASCII (SMTPUTF8)".to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !text.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        line.command(MailFrom::new(envelope.from().cloned(), parameters)).await?;
        for to in envelope.to() {
            line.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(|error| Unsent::at(Phase::Letter, &error))?;
        }
        line.command(Data).await.map_err(|error| Unsent::at(Phase::Letter, &error))?;
        line.message(&text).await.map_err(|error| Unsent::at(Phase::Letter, &error))?;
        // It has the letter; whether it says goodbye does not matter.
        drop(line.quit().await);
        Ok(())
    }

    /// Connection, TLS, credentials.
    async fn enter(&self) -> Result<AsyncSmtpConnection, Unsent> {
        let hello = ClientId::Domain(self.host.clone());
        let wrapper = if let Tls::Wrapper(parameters) = &self.tls { Some(parameters.clone()) } else { None };
        let mut line = AsyncSmtpConnection::connect_tokio1(&self.server, Some(STEP), &hello, wrapper, None).await?;
        if let Tls::Required(parameters) = &self.tls {
            line.starttls(parameters.clone(), &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            line.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(line)
    }

    /// Goes to the door and back: connection, TLS, credentials.
    pub async fn knock(&self) -> Result<(), Unsent> {
        // lettre limits the connection alone.
        let late = |_| Unsent::ours("no answer in time".to_owned());
        let mut line = tokio::time::timeout(2 * STEP, self.enter()).await.map_err(late)??;
        drop(tokio::time::timeout(STEP, line.quit()).await);
        Ok(())
    }
}

fn tls(config: &Config, mail: &MailConfig) -> Result<Tls, Unsent> {
    if mail.security == Security::Loopback {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(mail.host.clone());
    if let (true, Some(path)) = (config.test_mode.is_on(), &config.test_mode.extra_ca) {
        let pem = std::fs::read(path)
            .map_err(|e| Unsent::ours(format!("test_mode.extra_ca {} cannot be read: {e}", path.display())))?;
        parameters = parameters.add_root_certificate(Certificate::from_pem(&pem)?);
    }
    let parameters = parameters.build()?;
    Ok(match mail.security {
        Security::Implicit => Tls::Wrapper(parameters),
        Security::StartTls | Security::Loopback => Tls::Required(parameters),
    })
}
