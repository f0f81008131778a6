//! The engine's own promises, on both engines.

mod both;
mod trials;
