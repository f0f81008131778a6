//! What tests share: real servers to test against, and hands to hold them.

pub mod postgres;
