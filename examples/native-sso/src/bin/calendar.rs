//! `calendar`: one of Acme's two apps. See `examples/native-sso/README.md`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    example_native_sso::run("calendar").await
}
