//! An authorization request, read once into something that cannot be wrong (OpenID Connect Core §3.1.2.1).
//!
//! Invariant: whoever holds an [`AuthRequest`] holds legal parameters only, and no scope the client may not ask for.

use std::sync::Arc;

use crate::authorize::mode::ResponseMode;
use crate::authorize::place::Destination;
use crate::authorize::response_type::{Part, ResponseType};
use crate::authorize::wanted::{self, Wanted};
use crate::bound::dpop::Jkt;
use crate::bound::pkce::Challenge;
use crate::claims::catalogue::Catalogue;
use crate::claims::language::is_tag;
use crate::claims::parameter::ClaimsRequest;
use crate::client::Client;
use crate::client::metadata::ClientKind;
use crate::client::policy::{ConsentPolicy, Pkce};
use crate::name::ClientId;
use crate::native_sso::{DEVICE_SSO, NativeSso};
use crate::resource::{Resources, Target};
use crate::token::authorization_code::RedirectGiven;
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;
use crate::wire::uri;

/// A request whose client and address are known and whose parameters are all legal.
#[derive(Clone, Debug)]
pub struct AuthRequest {
    /// Who asks.
    pub client: ClientId,
    /// Where the answer goes; the token request must repeat it if it was given.
    pub redirect_uri: String,
    /// Whether the request named it.
    pub redirect_given: RedirectGiven,
    /// What the answer carries.
    pub response_type: ResponseType,
    /// What is asked for, cut to what the client may ask for.
    pub scope: Scope,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `code_challenge`, RFC 7636 §4.3.
    pub challenge: Option<Challenge>,
    /// `dpop_jkt`, RFC 9449 §10.
    pub dpop_jkt: Option<Jkt>,
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age` in seconds, or the client's `default_max_age`.
    pub max_age: Option<u32>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `id_token_hint`, still to be verified by the shell's keys.
    pub id_token_hint: Option<String>,
    /// `ui_locales`.
    pub ui_locales: Vec<String>,
    /// `claims` and `claims_locales` (Core §5.5, §5.2).
    pub claims: ClaimsRequest,
    /// What of `claims` and `acr_values` decides who signs in, and how well.
    pub wanted: Wanted,
    /// `resource`, RFC 8707; if none is named, those the scope belongs to.
    pub resources: Vec<String>,
    /// What the access token that goes through the browser is for, if one is asked for.
    pub front: Option<Target>,
    /// What of the scope nobody is asked about.
    pub implied: Scope,
    /// Claims nobody asks for that come with one that is asked for: they are agreed to too (Core §5.6.2).
    pub beside: Vec<String>,
}

/// `prompt`, OpenID Connect Core §3.1.2.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of words; each is named")]
pub struct Prompt {
    /// `none`: must not show anything; stands alone.
    pub none: bool,
    /// `login`: prove it again.
    pub login: bool,
    /// `consent`: ask again.
    pub consent: bool,
    /// `select_account`: show the chooser.
    pub select_account: bool,
    /// `create`: show the sign-up page (Initiating User Registration 1.0 §4).
    pub create: bool,
}

/// Whether people may make themselves an account here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUp {
    /// Accounts are made by an operator.
    #[default]
    Closed,
    /// Anybody may.
    Open,
}

impl SignUp {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }

    /// Reads the word.
    pub fn read(text: &str) -> Option<Self> {
        [Self::Closed, Self::Open].into_iter().find(|sign_up| sign_up.as_str() == text)
    }

    /// `prompt_values_supported`.
    pub const fn prompts(self) -> &'static [&'static str] {
        match self {
            Self::Closed => &["none", "login", "consent", "select_account"],
            Self::Open => &["none", "login", "consent", "select_account", "create"],
        }
    }
}

impl Prompt {
    fn read(text: Option<&str>, sign_up: SignUp) -> Result<Self, Refusal> {
        let values = || text.into_iter().flat_map(|text| text.split(' ')).filter(|value| !value.is_empty());
        let has = |name: &str| values().any(|value| value == name);
        // Core §3.1.2.1: none with any other value is an error; a value that is not understood may be ignored.
        if has("none") && values().any(|value| value != "none") {
            return Err(invalid("prompt_none_alone", "prompt: none must stand alone"));
        }
        // Initiating User Registration §4: an error, where it is not in `prompt_values_supported`.
        if has("create") && sign_up == SignUp::Closed {
            return Err(invalid("prompt_create_closed", "prompt: create is not supported by this server"));
        }
        Ok(Self {
            none: has("none"),
            login: has("login"),
            consent: has("consent"),
            select_account: has("select_account"),
            create: has("create"),
        })
    }
}

/// What this server offers, so far as requests are cut to it.
#[derive(Clone, Debug)]
pub struct ServerOffers {
    /// The scopes of clients that registered none: `scopes_supported`.
    pub scopes: Scope,
    /// Those of them that go with every `openid`.
    pub by_default: Scope,
    /// Those of them that nobody is asked about.
    pub implied: Scope,
    /// What the scopes ask for, and who tells it.
    pub catalogue: Arc<Catalogue>,
    /// `acr_values_supported`.
    pub acr_values: Vec<String>,
    /// Whether people may make themselves an account.
    pub sign_up: SignUp,
    /// The resource servers.
    pub resources: Arc<Resources>,
    /// Whether Native SSO is offered.
    pub native_sso: NativeSso,
}

/// The longest parameters we keep.
const LONGEST_NONCE: usize = 1024;
const LONGEST_HINT: usize = 320;
const LONGEST_TOKEN: usize = 16 * 1024;
const MOST_VALUES: usize = 20;
const MOST_RESOURCES: usize = 10;

fn invalid(why: &'static str, say: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidRequest, why, say)
}

impl AuthRequest {
    /// Reads a request whose destination is known. A refusal here is sent there.
    pub fn read(form: &Form, client: &Client, place: &Destination, offers: &ServerOffers) -> Result<Self, Refusal> {
        form.once()?;
        not_supported(form)?;
        let response_type = response_type(form, client)?;
        let prompt = Prompt::read(form.get("prompt"), offers.sign_up)?;
        let claims = wanted::claims(form, response_type)?;
        let max_age = max_age(form)?.or(client.metadata.default_max_age);
        let acr_values = match words(form.get("acr_values")) {
            given if given.is_empty() => client.metadata.default_acr_values.clone(),
            given => given,
        };
        let (scope, resources) = targets(form, &scope(form, client, (prompt, response_type), offers)?, offers)?;
        let (claims, beside) = wanted::with_neighbours(claims, &scope, &offers.catalogue);
        // RFC 8707 §2.1: what goes through the browser cannot be narrowed later.
        let front = match response_type.carries(Part::Token) {
            true => Some(offers.resources.target(&resources, &scope)?),
            false => None,
        };
        Ok(Self {
            client: place.client().clone(),
            redirect_uri: place.redirect_uri().to_owned(),
            redirect_given: place.given(),
            response_type,
            scope,
            nonce: nonce(form, response_type)?,
            challenge: if response_type.carries(Part::Code) { challenge(form, client)? } else { None },
            dpop_jkt: Jkt::of_request(form.get("dpop_jkt"))?,
            prompt,
            max_age,
            wanted: Wanted::of(&claims, acr_values, &offers.acr_values)?,
            login_hint: text(form, "login_hint", LONGEST_HINT)?,
            id_token_hint: text(form, "id_token_hint", LONGEST_TOKEN)?,
            ui_locales: words(form.get("ui_locales")).into_iter().filter(|tag| is_tag(tag)).collect(),
            claims,
            resources,
            front,
            implied: offers.implied.clone(),
            beside,
        })
    }
}

/// What is asked for, and where it means something: the scope without the values of resource servers nobody asked for.
fn targets(form: &Form, scope: &Scope, offers: &ServerOffers) -> Result<(Scope, Vec<String>), Refusal> {
    let named = resources(form)?;
    offers.resources.known(&named)?;
    let resources = offers.resources.of_request(named, scope)?;
    let left = offers.resources.of_resources(scope, &resources);
    match left.is_empty() {
        true => Err(refuse(
            ErrorCode::InvalidScope,
            "scope_elsewhere",
            "nothing of this scope means anything for these resources",
        )),
        false => Ok((left, resources)),
    }
}

/// Core §7.2.1.
fn not_supported(form: &Form) -> Result<(), Refusal> {
    if form.get("registration").is_some() {
        let say = "registration is not supported";
        return Err(refuse(ErrorCode::RegistrationNotSupported, "request_registration", say));
    }
    Ok(())
}

fn response_type(form: &Form, client: &Client) -> Result<ResponseType, Refusal> {
    let Some(text) = form.get("response_type") else {
        return Err(invalid("response_type_missing", "response_type is missing"));
    };
    let Some(asked) = ResponseType::read(text) else {
        return Err(refuse(
            ErrorCode::UnsupportedResponseType,
            "response_type_unsupported",
            "this response_type is not supported",
        ));
    };
    if !client.metadata.response_types.contains(&asked) {
        return Err(refuse(
            ErrorCode::UnauthorizedClient,
            "response_type_unregistered",
            format!("this client did not register the response_type {}", asked.as_str()),
        ));
    }
    match form.get("response_mode").map(ResponseMode::read) {
        Some(None) => Err(invalid("response_mode_unknown", "response_mode must be query, fragment or form_post")),
        // Multiple Response Types §5: tokens must not be in a query.
        Some(Some(ResponseMode::Query)) if asked.is_implicit() => {
            Err(invalid("response_mode_query", "response_mode: tokens are not sent in the query"))
        }
        _ => Ok(asked),
    }
}

/// Core §3.2.2.1, §3.3.2.11: an ID Token that goes through the browser is bound to the request by its `nonce`.
fn nonce(form: &Form, response_type: ResponseType) -> Result<Option<String>, Refusal> {
    match text(form, "nonce", LONGEST_NONCE)? {
        None if response_type.carries(Part::IdToken) => {
            Err(invalid("nonce_missing", "nonce is missing; this response_type needs it"))
        }
        nonce => Ok(nonce),
    }
}

/// The scope, cut to what the client may ask for. Values nobody knows are ignored (Core §3.1.2.1).
fn scope(
    form: &Form,
    client: &Client,
    (prompt, response_type): (Prompt, ResponseType),
    offers: &ServerOffers,
) -> Result<Scope, Refusal> {
    let Some(text) = form.get("scope") else {
        return Err(refuse(ErrorCode::InvalidScope, "scope_missing", "scope is missing"));
    };
    let asked = Scope::read(text)?;
    let allowed = client.metadata.scope.as_ref().unwrap_or(&offers.scopes);
    // Left out silently, the answer to an OpenID request would be one without an ID Token.
    if asked.contains("openid") && !allowed.contains("openid") {
        return Err(refuse(ErrorCode::InvalidScope, "scope_openid", "this client may not ask for openid"));
    }
    // Core §3.2.2.1: there are no ID Tokens outside OpenID Connect.
    if response_type.carries(Part::IdToken) && !asked.contains("openid") {
        return Err(refuse(
            ErrorCode::InvalidScope,
            "scope_without_openid",
            "this response_type needs the scope openid",
        ));
    }
    // Core §11: ignored unless prompt has consent, or another condition is in place (the operator vouches for the
    // client), and only if a refresh token can be issued at all, for which a code is needed.
    let offline = response_type.carries(Part::Code)
        && (prompt.consent || client.policy.consent == ConsentPolicy::FirstParty)
        && client.metadata.allows_grant("refresh_token");
    // Native SSO §3.1: for who may ask, and for the code flow, where a secret can be given with an ID Token.
    let device = offers.native_sso == NativeSso::On
        && client.policy.native_sso.is_some()
        && response_type == ResponseType::Code
        && asked.contains("openid");
    let scope = asked.filtered(|value| match value {
        "offline_access" => offline && allowed.contains(value),
        DEVICE_SSO => device && client.metadata.scope.as_ref().is_none_or(|scope| scope.contains(value)),
        _ => allowed.contains(value),
    });
    let scope = match scope.contains("openid") {
        true => scope.union(&offers.by_default.filtered(|value| allowed.contains(value))),
        false => scope,
    };
    match scope.is_empty() {
        true => {
            Err(refuse(ErrorCode::InvalidScope, "scope_nothing_left", "this client may ask for none of this scope"))
        }
        false => Ok(scope),
    }
}

/// RFC 7636 §4.3 and §4.4.1.
fn challenge(form: &Form, client: &Client) -> Result<Option<Challenge>, Refusal> {
    let required = match (client.policy.pkce, client.metadata.kind()) {
        (Some(Pkce::Required), _) | (None, ClientKind::Public) => true,
        (Some(Pkce::Optional), _) | (None, ClientKind::Confidential) => false,
    };
    match (form.get("code_challenge"), form.get("code_challenge_method")) {
        (Some(challenge), method) => Challenge::read(challenge, method).map(Some),
        (None, Some(_)) => Err(invalid("pkce_method_alone", "code_challenge is missing")),
        (None, None) if required => {
            Err(invalid("pkce_missing", "code_challenge is missing; this client must use PKCE"))
        }
        (None, None) => Ok(None),
    }
}

/// Seconds; more than fit are as good as the most that do.
fn max_age(form: &Form) -> Result<Option<u32>, Refusal> {
    match form.get("max_age") {
        None => Ok(None),
        Some(text) if text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Some(text.parse().unwrap_or(u32::MAX)))
        }
        Some(_) => Err(invalid("max_age_malformed", "max_age must be a number of seconds")),
    }
}

fn text(form: &Form, name: &'static str, longest: usize) -> Result<Option<String>, Refusal> {
    match form.get(name) {
        Some(text) if text.len() > longest => {
            Err(refuse(ErrorCode::InvalidRequest, "parameter_long", format!("{name} is longer than {longest} bytes")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn words(text: Option<&str>) -> Vec<String> {
    text.into_iter()
        .flat_map(|text| text.split(' '))
        .filter(|w| !w.is_empty())
        .take(MOST_VALUES)
        .map(str::to_owned)
        .collect()
}

/// RFC 8707 §2: absolute, without a fragment.
pub(crate) fn resources(form: &Form) -> Result<Vec<String>, Refusal> {
    let mut all: Vec<String> = Vec::new();
    for resource in form.all("resource") {
        if uri::judge(resource).is_err() {
            return Err(refuse(
                ErrorCode::InvalidTarget,
                "resource_malformed",
                "resource must be an absolute URI without a fragment",
            ));
        }
        if all.len() == MOST_RESOURCES {
            return Err(refuse(
                ErrorCode::InvalidTarget,
                "resource_too_many",
                "there are too many resource parameters",
            ));
        }
        if !all.iter().any(|known| known == resource) {
            all.push(resource.to_owned());
        }
    }
    Ok(all)
}
