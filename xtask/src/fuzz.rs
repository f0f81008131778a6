//! Fuzzing by hand: each target of `fuzz/` for a while.
//!
//! Invariant: the targets are those `fuzz/Cargo.toml` lists; `cargo xtask ci` checks that they compile and replays what is
//! kept in `fuzz/corpora/`.

use std::fs;

use crate::run::{cargo, command, done, heard, root, succeeds};
use crate::steps::Count;

fn targets(manifest: &str) -> Result<Vec<String>, String> {
    let manifest: toml::Table = manifest.parse().map_err(|error| format!("fuzz/Cargo.toml: {error}"))?;
    let listed = manifest.get("bin").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    Ok(listed.iter().filter_map(|bin| Some(bin.get("name")?.as_str()?.to_owned())).collect())
}

/// Runs each target for `seconds`.
pub(crate) fn run(seconds: &str) -> Result<(), String> {
    let seconds: u32 = seconds.parse().map_err(|_| format!("{seconds} is not a number of seconds"))?;
    if !succeeds(command(&cargo(), &["fuzz", "--version"])) {
        return Err("cargo-fuzz is missing: cargo install cargo-fuzz --locked".to_owned());
    }
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).map_err(|error| error.to_string())?;
    let mut failed = Vec::new();
    for target in targets(&manifest)? {
        println!("== fuzz {target}, {seconds} s");
        let limit = format!("-max_total_time={seconds}");
        // What is new goes into the first of the two, which git ignores.
        let (new, kept) = (format!("fuzz/corpus/{target}"), format!("fuzz/corpora/{target}"));
        fs::create_dir_all(root().join(&new)).map_err(|error| format!("{new}: {error}"))?;
        let arguments = ["fuzz", "run", &target, &new, &kept, "--", &limit, "-dict=fuzz/words.dict", "-max_len=4096"];
        let mut fuzz = command(&cargo(), &arguments);
        // The sanitizers are behind an unstable flag, which the pinned compiler takes with this.
        fuzz.env("RUSTC_BOOTSTRAP", "1");
        if let Err(why) = done(fuzz) {
            failed.push(why);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

/// Checks that the targets compile, and replays the kept inputs.
pub(crate) fn check(count: &mut Count) -> Result<(), String> {
    let manifest = "fuzz/Cargo.toml";
    done(command(&cargo(), &["check", "--quiet", "--locked", "--manifest-path", manifest]))?;
    let replay = command(&cargo(), &["test", "--quiet", "--locked", "--lib", "--manifest-path", manifest]);
    heard(replay, |line| count.hear(line))
}

#[cfg(test)]
mod tests {
    #[test]
    fn targets_are_those_of_the_manifest() {
        let manifest = "[[bin]]\nname = \"a\"\n[[bin]]\nname = \"b\"\n";
        assert_eq!(super::targets(manifest), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(super::targets("[package]\nname = \"fuzz\"\n"), Ok(vec![]));
        assert!(super::targets("not toml").is_err());
    }
}
