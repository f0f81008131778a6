//! ostiary
fn main() {}
