//! `cargo xtask`: what checks the house, and one command that tests everything (`architecture.md` §2.15).
//!
//! Invariant: it depends on nothing of ours, and nothing runs in CI that cannot be run at the desk.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool of the desk talks to the terminal")]

mod bench;
mod ci;
mod docs;
mod fuzz;
mod interop;
mod proof;
mod run;
mod setup;
mod steps;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  ci              install what the tests need, then run every check and every test
  setup           install what the tests need (Debian packages; needs root), or say what is missing
  tidy            check the walls, the lists and the generated pages
  docs            write the generated pages anew: docs/specs.md, docs/configuration.md, docs/routes.txt, a table of docs/logout.md
  interop         run other people's clients against the built server
  bench [UNITS]   start the release binary, drive it from outside, print what each unit of work costs (20000)
  proof [OPTIONS] kill the server at every step of 1,000 random sign-outs, compare what relying parties received
                  with the ledger; --graphs N, --postgres N, --expire N, --seed N, --from N, --worlds N,
                  --failover PEOPLE, --binary PATH, --break row|post|standby
  fuzz [SECONDS]  run each fuzz target that long (60), as many at once as there are cores
  fuzz keep       put what those runs found worth keeping into fuzz/corpora";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["ci"] => ci::run(),
        ["setup"] => setup::verdict(&setup::run()),
        ["tidy"] => tidy::run(),
        ["docs"] => docs::write(),
        ["interop"] => interop::run(),
        ["bench", rest @ ..] => bench::run(rest),
        ["proof", rest @ ..] => proof::run(rest),
        ["fuzz"] => fuzz::run("60"),
        ["fuzz", "keep"] => fuzz::keep(),
        ["fuzz", seconds] => fuzz::run(seconds),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
