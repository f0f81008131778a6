//! Shapes on the wire and nothing else: forms, errors, scopes, URIs.

pub mod form;
pub mod json;
pub mod refusal;
pub mod scope;
pub mod uri;
