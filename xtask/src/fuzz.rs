//! Fuzzing: each target of `fuzz/targets/` for a while, as many side by side as there are cores.
//!
//! Invariant: the targets are those in the folder; nothing is needed but the pinned compiler and a C++ compiler, because what
//! a fuzzer needs to know of a program stable compilers tell too.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::run::{cargo, command, done, heard, root, said};
use crate::steps::Count;

const MANIFEST: &str = "fuzz/Cargo.toml";

/// How long each target runs in CI, in seconds.
const IN_CI: u32 = 60;

/// One input may take so long, in seconds; longer is a finding.
const LONGEST: u32 = 10;

/// What `cargo fuzz` asks of the compiler, but for the sanitizers: those are behind an unstable flag, and our crates have no
/// `unsafe` that they could judge.
const COVERAGE: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let sources = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> =
        sources.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort_unstable();
    if names.is_empty() { Err(format!("{} has no targets", folder.display())) } else { Ok(names) }
}

/// The triple we build for. It is named, so that build scripts are left as they are.
fn host() -> Result<String, String> {
    let version = said(command("rustc", &["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}

fn build() -> Result<String, String> {
    let host = host()?;
    let mut build = command(
        &cargo(),
        &["build", "--quiet", "--locked", "--release", "--bins", "--manifest-path", MANIFEST, "--target", &host],
    );
    build.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"));
    done(build)?;
    Ok(format!("fuzz/target/{host}/release"))
}

/// A target's own command: the folder for what is new, which git ignores, and the kept inputs.
fn fuzzer(programs: &str, target: &str, options: &[&str]) -> Result<Command, String> {
    let (new, kept) = (format!("fuzz/corpus/{target}"), format!("fuzz/corpora/{target}"));
    let found = format!("fuzz/artifacts/{target}/");
    for folder in [&new, &kept, &found] {
        fs::create_dir_all(root().join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    }
    let program = root().join(programs).join(target);
    let mut fuzzer = command(&program.to_string_lossy(), options);
    fuzzer.arg(format!("-artifact_prefix={found}"));
    Ok(fuzzer)
}

/// Fuzzes one target. What it found, if it found something.
fn fuzz(programs: &str, target: &str, seconds: u32) -> Result<String, String> {
    let (limit, slow) = (format!("-max_total_time={seconds}"), format!("-timeout={LONGEST}"));
    let (new, kept) = (format!("fuzz/corpus/{target}"), format!("fuzz/corpora/{target}"));
    let options = [
        &*new,
        &*kept,
        &*limit,
        &*slow,
        "-dict=fuzz/words.dict",
        "-max_len=4096",
        "-print_final_stats=1",
        "-verbosity=1",
    ];
    let mut fuzzer = fuzzer(programs, target, &options)?;
    let output = fuzzer.stdout(Stdio::null()).output().map_err(|error| format!("{target}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        let lines: Vec<&str> = said.lines().collect();
        let end = lines[lines.len().saturating_sub(40)..].join("\n");
        return Err(format!("{end}\n{target}: {}; the input is in fuzz/artifacts/{target}/", output.status));
    }
    let of = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.map_or("?", |line| line.trim_start_matches(':').trim()).to_owned()
    };
    let (runs, new) = (of("stat::number_of_executed_units"), of("stat::new_units_added"));
    Ok(format!("{target}: {runs} inputs in {seconds} s, {new} worth keeping, no finding"))
}

/// Fuzzes all of them, as many at once as there are cores. Those that found something.
fn all(programs: &str, targets: Vec<String>, seconds: u32) -> Vec<String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (waiting, failed) = (Mutex::new(VecDeque::from(targets)), Mutex::new(Vec::new()));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(target) = next() {
                    match fuzz(programs, &target, seconds) {
                        Ok(summary) => println!("{summary}"),
                        Err(why) => {
                            println!("{why}");
                            failed.lock().unwrap_or_else(PoisonError::into_inner).push(target);
                        }
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs each target for `seconds`. How many there were.
fn run_for(seconds: u32) -> Result<(u64, Vec<String>), String> {
    let targets = targets(&root().join("fuzz/targets"))?;
    let programs = build()?;
    println!("{} targets, {seconds} s each", targets.len());
    let amount = targets.len() as u64;
    Ok((amount, all(&programs, targets, seconds)))
}

fn verdict(failed: &[String]) -> Result<(), String> {
    if failed.is_empty() { Ok(()) } else { Err(format!("found something: {}", failed.join(", "))) }
}

/// Runs each target for `seconds`.
pub(crate) fn run(seconds: &str) -> Result<(), String> {
    let seconds: u32 = seconds.parse().map_err(|_| format!("{seconds} is not a number of seconds"))?;
    let (_, failed) = run_for(seconds)?;
    verdict(&failed)
}

/// Puts what earlier runs found worth keeping beside the kept inputs: as few as reach all code that those do not, however
/// often.
pub(crate) fn keep() -> Result<(), String> {
    let programs = build()?;
    for target in targets(&root().join("fuzz/targets"))? {
        let (new, kept) = (format!("fuzz/corpus/{target}"), format!("fuzz/corpora/{target}"));
        let before = inputs(&kept);
        let mut merge = fuzzer(&programs, &target, &["-set_cover_merge=1", "-use_counters=0", &kept, &new])?;
        merge.stdout(Stdio::null()).stderr(Stdio::null());
        done(merge)?;
        println!("{target}: {} kept, {} of them new", inputs(&kept), inputs(&kept).saturating_sub(before));
    }
    Ok(())
}

fn inputs(folder: &str) -> usize {
    fs::read_dir(root().join(folder)).map_or(0, Iterator::count)
}

/// Replays the kept inputs, then runs each target for a minute.
pub(crate) fn check(count: &mut Count) -> Result<(), String> {
    let replay = command(&cargo(), &["test", "--quiet", "--locked", "--lib", "--manifest-path", MANIFEST]);
    heard(replay, |line| count.hear(line))?;
    let (amount, failed) = run_for(IN_CI)?;
    count.failed += failed.len() as u64;
    count.passed += amount - failed.len() as u64;
    verdict(&failed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn targets_are_those_in_the_folder() {
        let folder = std::env::temp_dir().join(format!("ostiary-xtask-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(super::targets(&folder).is_err(), "an empty folder is a mistake, not a success");
        for name in ["b.rs", "a.rs", "notes.md"] {
            fs::write(folder.join(name), "").unwrap();
        }
        assert_eq!(super::targets(&folder), Ok(vec!["a".to_owned(), "b".to_owned()]));
        fs::remove_dir_all(&folder).unwrap();
        assert!(super::targets(&folder).is_err());
    }
}
