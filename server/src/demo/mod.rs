//! The demo.

use clap::Args;

use crate::cli::Failed;

/// `ostiary demo`.
#[derive(Args, Debug)]
pub struct DemoArguments {
    /// The provider's port; the relying parties take the next two.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
}

/// Runs it.
pub async fn run(_: DemoArguments) -> Result<(), Failed> {
    Err(Failed::new("soon"))
}
