//! Pushed authorization requests: RFC 9126.
//!
//! Invariant: what was pushed is the whole request. Beside its `request_uri` only `client_id` counts, and a handle is good for the
//! client that pushed it, for a visit that begins before it expires, and for one authorization.

use crate::authorize::object::{self, Carried};
use crate::bound::dpop::Proven;
use crate::client::Client;
use crate::name::{ClientId, Digest, Secret};
use crate::time::Time;
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// What every `request_uri` of ours begins with (§2.2).
pub const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// The longest request that is kept, in bytes of its urlencoded form.
pub const LONGEST: usize = 32 * 1024;

/// Parameters of the POST that authenticate the client or carry the request, and are no part of it.
const BESIDE: &[&str] =
    &["client_secret", "client_assertion", "client_assertion_type", "request", "request_uri", "client_id"];

/// Whether authorization requests must be pushed (§5, §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pushing {
    /// They may be.
    #[default]
    Optional,
    /// They must be.
    Required,
}

impl Pushing {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    /// Reads the word.
    pub fn read(text: &str) -> Option<Self> {
        [Self::Optional, Self::Required].into_iter().find(|pushing| pushing.as_str() == text)
    }
}

/// The `request_uri` of a handle (§2.2).
pub fn request_uri(handle: &Secret) -> String {
    format!("{URN}{}", handle.reveal())
}

/// Refuses what must not be pushed (§2.1): a reference to another request.
pub fn admit(form: &Form) -> Result<(), Refusal> {
    match form.get("request_uri") {
        None => Ok(()),
        Some(_) => Err(refuse(ErrorCode::InvalidRequest, "par_request_uri", "request_uri must not be pushed")),
    }
}

/// The request as it is kept: the parameters, wherever they were carried, as the authenticated client's.
pub fn own(form: &Form, client: &ClientId) -> Result<Form, Refusal> {
    let theirs = form.pairs().iter().filter(|(name, _)| !BESIDE.contains(&name.as_str())).cloned();
    let own = Form::from_pairs([("client_id".to_owned(), client.to_string())].into_iter().chain(theirs));
    match own.encode().len() > LONGEST {
        true => Err(refuse(ErrorCode::InvalidRequest, "par_long", "the request is too long")),
        false => Ok(own),
    }
}

/// The request with the key that its proof was made with (RFC 9449 §10.1): both ways to name it name the same.
pub fn bind(form: Form, proven: Option<&Proven>) -> Result<Form, Refusal> {
    let Some(proven) = proven else { return Ok(form) };
    match form.get("dpop_jkt") {
        Some(named) if named != proven.jkt().as_str() => Err(refuse(
            ErrorCode::InvalidRequest,
            "par_dpop_jkt",
            "dpop_jkt names another key than that of the DPoP proof",
        )),
        Some(_) => Ok(form),
        None => {
            let jkt = ("dpop_jkt".to_owned(), proven.jkt().as_str().to_owned());
            Ok(Form::from_pairs(form.pairs().iter().cloned().chain([jkt])))
        }
    }
}

/// A reference to a pushed request, if the request is one (§4): `client_id` and `request_uri`. What else stands beside them is
/// left out.
pub fn reference(form: &Form) -> Result<Option<Form>, Refusal> {
    match object::carried(form)? {
        Carried::Reference(uri) if uri.starts_with(URN) => {
            let beside = form.all("client_id").map(|id| ("client_id", id));
            Ok(Some(Form::from_pairs(beside.chain([("request_uri", uri)]))))
        }
        _ => Ok(None),
    }
}

/// What the store knows the handle of a reference by.
pub fn handle(form: &Form) -> Option<Digest> {
    form.get("request_uri")?.strip_prefix(URN).map(Digest::of)
}

/// Whether a request that was not pushed may be made (§5, §6).
pub fn admit_unpushed(client: &Client, everybody: Pushing) -> Result<(), Refusal> {
    match (client.metadata.pushing, everybody) {
        (Pushing::Optional, Pushing::Optional) => Ok(()),
        _ => Err(refuse(ErrorCode::InvalidRequest, "par_required", "authorization requests must be pushed here")),
    }
}

/// A pushed request as it was found, of the client that is named beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Until when a visit may begin.
    pub expires_at: Time,
    /// Whether it led to an authorization.
    pub standing: Standing,
}

/// Whether a pushed request led to an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It did not.
    Open,
    /// It did.
    Used,
}

impl Pushed {
    /// Rules on a visit that began then. A person who reloads or comes back before anything was answered begins again; whoever
    /// began in time may take the time a page allows (§4, §7.3; FAPI 2.0 Security Profile §5.3.2.2).
    pub fn judge(&self, began: Time) -> Result<(), Refusal> {
        match self.standing {
            Standing::Used => Err(used()),
            Standing::Open if began >= self.expires_at => {
                Err(refuse(ErrorCode::InvalidRequestUri, "par_expired", "this request_uri has expired"))
            }
            Standing::Open => Ok(()),
        }
    }
}

/// There is no such request for this client: shown, never sent, since nobody knows where to.
pub fn unknown() -> Refusal {
    refuse(ErrorCode::InvalidRequestUri, "par_unknown", "this request_uri is not known, or has expired")
}

/// It led to an authorization before.
pub fn used() -> Refusal {
    refuse(ErrorCode::InvalidRequestUri, "par_used", "this request_uri was used before")
}
