//! Sessions, stays, grants and the one ending, on both engines, with their races.

mod bound;
mod devices;
mod devices_held;
mod devices_moving;
pub(crate) mod ground;
mod life;
pub(crate) mod previews;
mod races;
mod sweeps;
mod tokens;
