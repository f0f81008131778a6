//! What a client sends that signs for itself, and one that registers itself.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use jose::{DecryptionKey, DecryptionKind, JwsAlg, SigningKey};
use serde_json::{Value, json};

use crate::Broken;
use crate::ground::REDIRECT_URI;

static NUMBER: AtomicU64 = AtomicU64::new(0);
static KEY: OnceLock<SigningKey> = OnceLock::new();

/// The key of the client that signs.
pub(crate) fn key() -> Result<&'static SigningKey, Broken> {
    if let Some(key) = KEY.get() {
        return Ok(key);
    }
    let made = SigningKey::generate(JwsAlg::Es256, "own")?;
    Ok(KEY.get_or_init(|| made))
}

/// The public key of the client whose ID Tokens are encrypted.
pub(crate) fn encryption_key() -> Result<Value, Broken> {
    let key = DecryptionKey::generate(DecryptionKind::Rsa, "enc")?;
    key.public_jwk()?.ok_or_else(|| "an RSA key without a public half".into())
}

#[expect(clippy::disallowed_methods, reason = "a client outside the server has a clock of its own")]
fn now() -> Result<u64, Broken> {
    Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs())
}

/// `client_assertion` and its type, as members of a form.
pub(crate) fn form(client: &str, port: u16) -> Result<String, Broken> {
    let (now, number) = (now()?, NUMBER.fetch_add(1, Ordering::Relaxed));
    let claims = json!({
        "iss": client, "sub": client, "aud": format!("http://localhost:{port}"), "iat": now, "exp": now + 60,
        "jti": format!("bench {} {number}", std::process::id()),
    });
    let token = jose::sign(key()?, Some("JWT"), claims.to_string().as_bytes())?;
    Ok(format!(
        "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={token}"
    ))
}

/// What a client that registers itself says of itself.
pub(crate) fn metadata() -> Value {
    json!({ "client_name": "Registered by the bench", "redirect_uris": [REDIRECT_URI] })
}
