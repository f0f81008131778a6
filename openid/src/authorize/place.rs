//! Where an answer may be sent (RFC 6749 §3.1.2.4, RFC 9700 §2.1 and §4.1.3).
//!
//! Invariant: only checking a client's registered URIs makes a [`Destination`].

use crate::authorize::mode::{self, ResponseMode, Sent};
use crate::client::{Client, Standing};
use crate::name::ClientId;
use crate::token::authorization_code::RedirectGiven;
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// An address that belongs to the client, and how to answer there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    client: ClientId,
    redirect_uri: String,
    given: RedirectGiven,
    mode: ResponseMode,
    state: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// What the `response_type` asked for.
    Success(Success),
    /// An error, RFC 6749 §4.1.2.1.
    Refusal(Refusal),
}

/// A successful answer: RFC 6749 §4.1.2 and §4.2.2, OpenID Connect Core §3.2.2.5 and §3.3.2.5.
#[derive(Clone, Debug, Default)]
pub struct Success {
    /// `code`.
    pub code: Option<String>,
    /// `access_token` and what goes with it.
    pub access: Option<FrontAccess>,
    /// `id_token`.
    pub id_token: Option<String>,
}

/// An access token on its way through the browser.
#[derive(Clone, Debug)]
pub struct FrontAccess {
    /// `access_token`.
    pub token: String,
    /// `expires_in`, seconds.
    pub expires_in: i64,
    /// `scope`.
    pub scope: Scope,
}

/// The answer, on a page, to a request of a client nobody knows.
pub fn unknown_client() -> Refusal {
    refuse(ErrorCode::InvalidRequest, "authorize_client_unknown", "there is no client with this client_id")
}

/// Whether a client may ask for anything at all. Asked before anything is fetched for it.
pub fn admit(client: &Client) -> Result<(), Refusal> {
    match client.standing {
        Standing::Enabled => Ok(()),
        Standing::Disabled => {
            Err(refuse(ErrorCode::UnauthorizedClient, "authorize_client_disabled", "this client is disabled"))
        }
    }
}

/// The `client_id` of a request, or the refusal to show on a page.
pub fn client_id(form: &Form) -> Result<ClientId, Refusal> {
    if form.repeats("client_id") {
        return Err(refuse(ErrorCode::InvalidRequest, "authorize_client_repeated", "client_id is repeated"));
    }
    match form.get("client_id") {
        Some(id) => Ok(ClientId::new(id)),
        None => Err(refuse(ErrorCode::InvalidRequest, "authorize_client_missing", "client_id is missing")),
    }
}

impl Destination {
    /// Finds out where an answer may be sent. A refusal here is shown to the person and never sent anywhere.
    pub fn locate(form: &Form, client: &Client) -> Result<Self, Refusal> {
        if client_id(form)? != client.id {
            return Err(unknown_client());
        }
        admit(client)?;
        if form.repeats("redirect_uri") {
            return Err(refuse(ErrorCode::InvalidRequest, "redirect_uri_repeated", "redirect_uri is repeated"));
        }
        let openid = form.all("scope").any(|scope| scope.split(' ').any(|value| value == "openid"));
        let (redirect_uri, given) = match (form.get("redirect_uri"), client.metadata.redirect_uris.as_slice()) {
            (Some(asked), _) if client.metadata.redirects_to(asked) => (asked, RedirectGiven::Given),
            (Some(_), _) => {
                return Err(refuse(
                    ErrorCode::InvalidRequest,
                    "redirect_uri_unregistered",
                    "this redirect_uri is not registered for this client",
                ));
            }
            // RFC 6749 §3.1.2.3; OpenID Connect Core §3.1.2.1 requires it.
            (None, [only]) if !openid => (only.as_str(), RedirectGiven::Implied),
            (None, _) => {
                return Err(refuse(ErrorCode::InvalidRequest, "redirect_uri_missing", "redirect_uri is missing"));
            }
        };
        Ok(Self {
            client: client.id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            given,
            mode: ResponseMode::wanted(form),
            state: form.get("state").filter(|_| !form.repeats("state")).map(str::to_owned),
        })
    }

    /// Whose address it is.
    pub fn client(&self) -> &ClientId {
        &self.client
    }

    /// The address.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Whether the request named it.
    pub fn given(&self) -> RedirectGiven {
        self.given
    }

    /// `state`, if it may be echoed.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// How the answer travels.
    pub fn mode(&self) -> ResponseMode {
        self.mode
    }

    /// The answer, with `state` echoed, `session_state` (Session Management §2) and `iss` (RFC 9207 §2), in success and in
    /// error.
    pub fn answer(&self, issuer: &str, reply: Reply, session_state: String) -> Sent {
        let mut fields: Vec<(String, String)> = Vec::with_capacity(8);
        let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
        match reply {
            Reply::Success(Success { code, access, id_token }) => {
                let mut add_if = |name, value: Option<String>| value.into_iter().for_each(|value| add(name, value));
                add_if("code", code);
                if let Some(FrontAccess { token, expires_in, scope }) = access {
                    add_if("access_token", Some(token));
                    add_if("token_type", Some("Bearer".to_owned()));
                    add_if("expires_in", Some(expires_in.to_string()));
                    // RFC 6749 §3.3: a scope has at least one value.
                    add_if("scope", Some(scope.to_string()).filter(|scope| !scope.is_empty()));
                }
                add_if("id_token", id_token);
            }
            Reply::Refusal(refusal) => {
                add("error", refusal.code.as_str().to_owned());
                add("error_description", refusal.description());
            }
        }
        if let Some(state) = &self.state {
            add("state", state.clone());
        }
        add("session_state", session_state);
        add("iss", issuer.to_owned());
        mode::send(self.mode, &self.redirect_uri, fields)
    }
}
