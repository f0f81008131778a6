//! Front-channel notices: OpenID Connect Front-Channel Logout 1.0 §2 and §3, and `logout.md` §5.
//!
//! Invariant: a frame leads nowhere but to the origin of one of the client's redirect URIs.

use crate::client::metadata::AuthMethod;
use crate::logout::judge::Frame;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::uri::{self, Kind};

/// What names the session in the address (§2): if either is there, both are.
const PARAMETERS: [&str; 2] = ["iss", "sid"];

/// Checks a `frontchannel_logout_uri` that is a web address of that kind (§2).
pub fn judge(text: &str, kind: Kind, method: AuthMethod, redirect_uris: &[String]) -> Result<(), Refusal> {
    let no = |why, say| Err(refuse(ErrorCode::InvalidClientMetadata, why, say));
    if kind == Kind::Http && method == AuthMethod::None {
        return no("frontchannel_http", "frontchannel_logout_uri must use https for a public client");
    }
    let origin = uri::origin(text);
    if !redirect_uris.iter().any(|redirect| uri::origin(redirect) == origin) {
        return no(
            "frontchannel_elsewhere",
            "frontchannel_logout_uri must have the scheme, host and port of one of the redirect_uris",
        );
    }
    if source(text).is_none() {
        return no("frontchannel_host", "frontchannel_logout_uri: its host holds a character that no policy can name");
    }
    let query = text.split_once('?').map_or("", |(_, query)| query);
    if url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| PARAMETERS.contains(&&*name)) {
        return no(
            "frontchannel_query",
            "frontchannel_logout_uri must not have iss or sid in its query: they are added",
        );
    }
    Ok(())
}

/// The address of a frame: what was registered, its query retained, with `iss` and `sid` (§2). Always both: a relying party
/// that asks for neither is free not to look, and one that looks ends the right session.
pub fn address(frame: &Frame, issuer: &str) -> String {
    uri::with_query(&frame.uri, &[(PARAMETERS[0], issuer), (PARAMETERS[1], frame.sid.as_str())])
}

/// The origin of an address as the source of a content security policy, CSP3 §2.3.1: a host may have characters in it that
/// end a source or a directive, and such a host has none.
pub fn source(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:[]/".contains(c);
    uri::origin(text).filter(|origin| origin.chars().all(plain))
}
