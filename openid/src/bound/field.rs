//! A client's certificate in a header field, as a proxy that ends TLS passes it on: RFC 9440, and the PEM of nginx and Envoy.
//!
//! Invariant: whether the field is believed is not asked here; what cannot be read is no certificate, never part of one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// More certificates than any honest chain has, and longer fields.
const MOST: usize = 10;
const LONGEST: usize = 48 * 1024;

/// The certificates of a field, DER, the client's own first. `None`: it holds none, or cannot be read.
///
/// A field that begins with a colon is `Client-Cert` or `Client-Cert-Chain` (RFC 9440 §2.1, §2.2: byte sequences of RFC 8941).
/// Any other is PEM, percent-encoded or with its lines joined by spaces: nginx's `$ssl_client_escaped_cert`, Apache's
/// `SSL_CLIENT_CERT`, Envoy's `x-forwarded-client-cert` (`Chain="…"` or `Cert="…"`).
pub fn read(field: &str) -> Option<Vec<Vec<u8>>> {
    let field = field.trim();
    if field.is_empty() || field.len() > LONGEST {
        return None;
    }
    let all: Option<Vec<Vec<u8>>> = match field.starts_with(':') {
        true => field.split(',').map(|item| sequence(item.trim())).collect(),
        false => pem(&unescaped(envoys(field)?)?),
    };
    all.filter(|all| !all.is_empty() && all.len() <= MOST)
}

/// RFC 8941 §3.3.5.
fn sequence(item: &str) -> Option<Vec<u8>> {
    STANDARD.decode(item.strip_prefix(':')?.strip_suffix(':')?).ok()
}

/// What Envoy says of the connection to itself: one element, for more of them name other hops, whose word nobody has.
fn envoys(field: &str) -> Option<&str> {
    let is_envoys =
        ["Hash=", "By=", "Cert=", "Chain=", "Subject=", "URI=", "DNS="].iter().any(|key| field.starts_with(key));
    if !is_envoys {
        return Some(field);
    }
    let mut pairs = Vec::new();
    let (mut quoted, mut from) = (false, 0);
    for (at, byte) in field.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => return None,
            b';' if !quoted => {
                pairs.push(&field[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    pairs.push(&field[from..]);
    let named = |name: &str| pairs.iter().find_map(|pair| pair.strip_prefix(name));
    Some(named("Chain=").or_else(|| named("Cert="))?.trim_matches('"'))
}

/// Percent-decoded; a plus stands for itself, as base64 has it.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = tail else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

const BEGINS: &str = "-----BEGIN CERTIFICATE-----";
const ENDS: &str = "-----END CERTIFICATE-----";

/// RFC 7468 §5, its line ends whatever white space they have become.
fn pem(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (body, after) = rest.strip_prefix(BEGINS)?.split_once(ENDS)?;
        let body: String = body.split_whitespace().collect();
        all.push(STANDARD.decode(body).ok()?);
        rest = after.trim_start();
    }
    Some(all)
}
