//! What can be wrong with a key or token. Each text is safe for a stranger.

/// Why a key or token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// Not compact serialization, or not base64url, or not JSON where it must be.
    #[error("the token is malformed")]
    Malformed,
    /// Larger than anything honest.
    #[error("the token or key is too large")]
    TooLarge,
    /// RFC 7515 §4.1.11: we understand no extension, so any is refused.
    #[error("the token has a critical header that is not supported")]
    Critical,
    /// Compression is refused.
    #[error("compressed tokens are not accepted")]
    Compressed,
    /// The algorithm is not on the caller's list.
    #[error("the algorithm is not allowed here")]
    Algorithm,
    /// No key fits.
    #[error("no key fits the token")]
    NoKey,
    /// The signature or tag does not verify.
    #[error("the signature is not valid")]
    Signature,
    /// Not encrypted to us, or bent on the way. It is never said where.
    #[error("the token cannot be decrypted")]
    Decryption,
    /// A key that is not one, or too weak, or not for this use.
    #[error("the key is not acceptable")]
    Key,
    /// A set that should hold public keys holds a private or symmetric one.
    #[error("the key set holds a private key")]
    Private,
    /// The provider failed.
    #[error("the cryptographic operation failed")]
    Provider,
}
