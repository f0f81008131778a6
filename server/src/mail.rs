//! The way out by mail (RFC 5321): one server the operator named, spoken to with lettre.
//!
//! Invariant: what leaves this machine is encrypted (`config/mail.rs`), and every letter says that a machine wrote it.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{Address, AsyncTransport as _, Message, Tokio1Executor};
use openid::time::Time;

use crate::config::{Config, MailConfig, Security};
use crate::page::Written;

/// A connection is made within so long.
const STEP: Duration = Duration::from_secs(10);

/// The mail server.
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What stands behind the `@` of `Message-ID`.
    host: String,
}

/// Why a letter did not go out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Unsent {
    /// The server's reply, if there was one.
    pub code: Option<u16>,
    /// In words.
    pub words: String,
}

impl Unsent {
    fn ours(words: String) -> Self {
        Self { code: None, words }
    }
}

impl From<Error> for Unsent {
    fn from(error: Error) -> Self {
        let code = error.status().map(u16::from);
        // The innermost words say most.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Self { code, words: cause.to_string().trim().to_owned() }
    }
}

impl Mail {
    /// From the configuration; none if there is no mail server in it.
    pub fn of(config: &Config) -> Result<Option<Self>, Unsent> {
        let Some(mail) = &config.mail else { return Ok(None) };
        let host = url::Url::parse(config.issuer.as_str()).ok().and_then(|url| url.host_str().map(str::to_owned));
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
            .port(mail.port)
            .timeout(Some(STEP))
            .hello_name(ClientId::Domain(host.clone()))
            .tls(tls(config, mail)?);
        if let Some(credentials) = &mail.credentials {
            builder =
                builder.credentials(Credentials::new(credentials.user.clone(), String::clone(&credentials.password)));
        }
        Ok(Some(Self { transport: builder.build(), from: mail.from.clone(), host }))
    }

    /// Sends a letter. The same letter sent again bears the same name, so that servers can tell.
    pub async fn send(&self, id: &str, to: &str, letter: Written, now: Time) -> Result<(), Unsent> {
        let to: Address = to.parse().map_err(|e| Unsent::ours(format!("{to} cannot be written to: {e}")))?;
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
        self.transport.send(message).await?;
        Ok(())
    }

    /// Goes to the door and back: connection, TLS, credentials.
    pub async fn knock(&self) -> Result<(), Unsent> {
        // lettre limits the connection alone.
        match tokio::time::timeout(2 * STEP, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(Unsent::ours("it hung up".to_owned())),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Unsent::ours("no answer in time".to_owned())),
        }
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
