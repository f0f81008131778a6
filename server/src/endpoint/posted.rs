//! What another site posts to `/authorize` and `/end_session` (Core §3.1.2.1, RP-Initiated Logout §2).
//!
//! Such a POST carries none of the browser's Lax cookies, so it is answered with a redirect to the same address. That is a
//! GET, and carries them; the request then goes on as the POST it was. It travels sealed, so that what was posted to keep
//! it out of addresses and logs stays out. Invariant: no cookie is replaced because a request did not carry it.

use axum::http::{HeaderValue, Method, header};
use bytes::Bytes;

use super::ask::Ask;
use super::{Endpoint, Name};
use crate::answer::{Answer, see_other};
use crate::browser;
use crate::op::Op;
use crate::pending::LONGEST;

/// The parameter it travels in. One that does not open is as good as unknown, and ignored (RFC 6749 §3.1).
const PARAMETER: &str = "posted";

/// Sends a POST around, or takes up one that comes back.
pub(super) fn around(op: &Op, endpoint: &Endpoint, ask: &mut Ask) -> Option<Answer> {
    if !matches!(endpoint.name, Name::Authorize | Name::EndSession) {
        return None;
    }
    if ask.method == Method::POST {
        // What is wrong with the form is said where it is read.
        if browser::has_form_cookie(op, ask) || ask.form().is_err() {
            return None;
        }
        let sealed = op.sealing().seal(PARAMETER, &ask.body);
        let address = format!("{}{}?{PARAMETER}={sealed}", op.issuer().as_str(), endpoint.path);
        // A longer one must do without the Lax cookies.
        return (sealed.len() <= LONGEST).then(|| see_other(&address));
    }
    let query = ask.query().ok()?;
    let posted = op.sealing().open(PARAMETER, query.get(PARAMETER)?)?;
    ask.method = Method::POST;
    ask.body = Bytes::copy_from_slice(&posted);
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    ask.headers.insert(header::CONTENT_TYPE, form);
    None
}
