//! What a client asks to know of a person, and what it is told: OpenID Connect Core §5.
//!
//! Invariant: a claim is told because a granted scope or the granted `claims` parameter asks for it, and for no other reason.
//!
//! | Core | module |
//! |---|---|
//! | §5.1.2, §5.4 custom claims and scopes | [`catalogue`] |
//! | §5.1.2 what may be declared | [`declare`] |
//! | §5.2 languages and scripts | [`language`] |
//! | §5.3.2, §5.5.1 what is told | [`told`] |
//! | §5.6.2 claims that somebody else asserts | [`source`] |
//! | §5.5 the `claims` parameter | [`parameter`] |

pub mod catalogue;
pub mod declare;
pub mod language;
pub mod parameter;
pub mod source;
pub mod told;
