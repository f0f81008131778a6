//! Access tokens on their way out, and those that come back: opaque ones, and JWTs (RFC 9068).
//!
//! Invariant: what it looks like is ruled inside the transaction, so both names of its row are drawn before; a JWT is signed
//! after the commit. A JWT that comes back is believed for its `jti` alone, once its signature is verified; the rest is
//! asked of its row.

use openid::name::{Digest, Secret};
use openid::resource::TokenFormat;
use openid::time::Time;
use openid::token::access::{self, JwtFacts};
use openid::token::issue::Issue;
use store::Fault;

use crate::op::Op;

/// A fresh access token, before it is known what it looks like.
pub(super) struct Fresh(Secret);

impl Fresh {
    /// Draws one.
    pub(super) fn draw(op: &Op) -> Self {
        Self(Secret::from_bytes(&op.dice().draw()))
    }

    /// What the store keeps of it, if it is opaque.
    pub(super) fn digest(&self) -> Digest {
        self.0.digest()
    }

    /// What the store keeps of it, if it is a JWT.
    pub(super) fn jti(&self) -> Digest {
        access::digest(self.0.reveal())
    }

    /// What the client gets.
    pub(super) fn seal(&self, op: &Op, issue: &Issue, now: Time) -> Result<String, Fault> {
        match issue.access.format {
            TokenFormat::Opaque => Ok(self.0.reveal().to_owned()),
            TokenFormat::Jwt(alg) => {
                let facts = JwtFacts { issuer: op.issuer().as_str(), jti: self.0.reveal(), now };
                op.keys().sign(alg, (access::TYP, &access::claims(issue, &facts)), now)
            }
        }
    }
}

/// Under which digest a presented token is stored: a JWT of ours under that of its `jti`, everything else under its own.
pub(super) fn known_as(op: &Op, presented: &str) -> Digest {
    let own = op.keys().verify_own(presented);
    let found = own.and_then(|(typ, claims)| access::read(typ.as_deref(), &claims, op.issuer().as_str()));
    found.unwrap_or_else(|| Digest::of(presented))
}
