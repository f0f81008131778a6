//! `cargo xtask ci`: every check and every test, in steps.
//!
//! Invariant: all steps build with one profile and the features of the whole workspace, so that nothing is compiled twice.

use crate::interop;
use crate::run::{cargo, command, done, heard, root, succeeds};
use crate::setup::{self, Missing, What};
use crate::steps::{Count, Outcome, Steps};
use crate::{docs, fuzz, proof, tidy};

fn judged(done: Result<(), String>) -> Outcome {
    match done {
        Ok(()) => Outcome::Held,
        Err(why) => Outcome::Failed(why),
    }
}

/// A step that needs something from outside.
fn needing(lacking: Option<String>, work: impl FnOnce() -> Outcome) -> Outcome {
    match lacking {
        None => work(),
        Some(why) if setup::strict() => Outcome::Failed(why),
        Some(why) => Outcome::NotRun(why),
    }
}

fn counted(program: &str, arguments: &[&str], count: &mut Count) -> Outcome {
    judged(heard(command(program, arguments), |line| count.hear(line)))
}

fn clippy() -> Outcome {
    let lint = ["clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    judged(done(command(&cargo(), &lint)))
}

fn rustdoc() -> Outcome {
    let mut doc =
        command(&cargo(), &["doc", "--quiet", "--locked", "--workspace", "--no-deps", "--document-private-items"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    judged(done(doc))
}

fn deny() -> Outcome {
    if !succeeds(command(&cargo(), &["deny", "--version"])) {
        // Compiling cargo-deny takes longer than all of our own; `tidy` checks the same lists in deny.toml.
        return Outcome::NotRun(
            "cargo-deny is not installed; tidy has checked crates, licences and duplicates".to_owned(),
        );
    }
    judged(done(command(&cargo(), &["deny", "--offline", "check", "bans", "licenses", "sources"])))
}

fn tests(count: &mut Count) -> Outcome {
    // Without PostgreSQL its half says so and is left out, unless CI is set.
    counted(&cargo(), &["test", "--locked", "--workspace", "--no-fail-fast"], count)
}

fn oracles(missing: &Missing, count: &mut Count) -> Outcome {
    if !interop::oracles_there() {
        return needing(Some("interop/oracles is not there".to_owned()), || Outcome::Held);
    }
    needing(missing.of(What::Oracles), || {
        counted(
            &cargo(),
            &["test", "--locked", "--no-fail-fast", "--manifest-path", "interop/oracles/Cargo.toml"],
            count,
        )
    })
}

fn walks(count: &mut Count) -> Outcome {
    if !interop::there() {
        return needing(Some("interop/run is not there".to_owned()), || Outcome::Held);
    }
    // It names what is missing itself, and runs the rest. Built here, with the features of the whole workspace.
    if let Err(why) = done(command(&cargo(), &["build", "--quiet", "--locked", "--workspace"])) {
        return Outcome::Failed(why);
    }
    let mut walks = command("bash", &["interop/run"]);
    walks.env("OSTIARY_BIN", root().join("target/debug/ostiary"));
    judged(heard(walks, |line| count.hear(line)))
}

/// Runs everything.
pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::default();
    let mut missing = Missing::default();
    steps.step("setup", |_| {
        missing = setup::run();
        judged(setup::verdict(&missing))
    });
    steps.step("format", |_| judged(done(command(&cargo(), &["fmt", "--all", "--check"]))));
    steps.step("clippy", |_| clippy());
    steps.step("rustdoc", |_| rustdoc());
    steps.step("tidy", |_| judged(tidy::laws()));
    steps.step("deny", |_| deny());
    steps.step("tests", tests);
    steps.step("proof", |_| judged(proof::run(&proof::SHORT)));
    steps.step("pages", |_| judged(docs::compare()));
    steps.step("fuzz", |count| needing(missing.of(What::Fuzz), || judged(fuzz::check(count))));
    steps.step("oracles", |count| oracles(&missing, count));
    steps.step("interop", walks);
    println!("\n{}", steps.table());
    println!("{}", steps.result());
    match steps.failed() {
        failed if failed.is_empty() => Ok(()),
        failed => Err(format!("failed: {}", failed.join(", "))),
    }
}
