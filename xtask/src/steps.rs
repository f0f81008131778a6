//! Steps with a heading, a time and an outcome, and the table at the end.
//!
//! Invariant: a step that fails stops no other, and the whole has failed if one has.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It held.
    Held,
    /// It did not.
    Failed(String),
    /// Something it needs is missing.
    NotRun(String),
}

/// Counts of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// That passed.
    pub(crate) passed: u64,
    /// That failed.
    pub(crate) failed: u64,
}

impl Count {
    /// Adds what a line says: `test result: ok. 3 passed; 0 failed; …` of cargo, or `3 passed, 0 failed` of others.
    pub(crate) fn hear(&mut self, line: &str) {
        let line = line.trim();
        if !line.starts_with("test result:") && !line.starts_with(|first: char| first.is_ascii_digit()) {
            return;
        }
        let words: Vec<&str> = line.split([' ', ';', ',']).filter(|word| !word.is_empty()).collect();
        let of = |name: &str| {
            let at = words.iter().position(|word| *word == name)?;
            words.get(at.checked_sub(1)?)?.parse::<u64>().ok()
        };
        if let (Some(passed), Some(failed)) = (of("passed"), of("failed")) {
            self.passed += passed;
            self.failed += failed;
        }
    }
}

/// All steps so far.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    ran: Vec<(&'static str, Outcome, Duration)>,
    /// The tests counted in them.
    pub(crate) count: Count,
}

impl Steps {
    /// Runs one under its heading.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce(&mut Count) -> Outcome) {
        println!("\n=== {name}");
        let begun = Instant::now();
        let outcome = work(&mut self.count);
        let time = begun.elapsed();
        match &outcome {
            Outcome::Held => println!("--- {name}: ok, {:.1} s", time.as_secs_f64()),
            Outcome::Failed(why) => println!("--- {name}: FAILED, {:.1} s: {why}", time.as_secs_f64()),
            Outcome::NotRun(why) => println!("--- {name}: not run: {why}"),
        }
        self.ran.push((name, outcome, time));
    }

    /// The table.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        for (name, outcome, time) in &self.ran {
            let (word, why) = match outcome {
                Outcome::Held => ("ok", ""),
                Outcome::Failed(why) => ("FAILED", why.lines().next().unwrap_or_default()),
                Outcome::NotRun(why) => ("not run", why.as_str()),
            };
            let row = format!("{name:<12} {word:<8} {:>7.1} s  {why}", time.as_secs_f64());
            let _ = writeln!(table, "{}", row.trim_end());
        }
        table
    }

    /// Names of the steps that failed.
    pub(crate) fn failed(&self) -> Vec<&'static str> {
        let failed = self.ran.iter().filter(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_)));
        failed.map(|(name, _, _)| *name).collect()
    }

    /// The last line, as `cargo test` would say it: each step counts as one besides the tests counted in it.
    pub(crate) fn result(&self) -> String {
        let held = self.ran.iter().filter(|(_, outcome, _)| *outcome == Outcome::Held).count() as u64;
        let passed = self.count.passed + held;
        let failed = self.count.failed + self.failed().len() as u64;
        let word = if failed == 0 { "ok" } else { "FAILED" };
        format!("test result: {word}. {passed} passed; {failed} failed\n{passed} passed, {failed} failed")
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Outcome, Steps};

    #[test]
    fn results_are_counted() {
        let mut count = Count::default();
        count.hear("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.01s");
        count.hear("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
        count.hear("5 passed, 2 failed");
        count.hear("a test that says 9 passed, 9 failed in the middle of its line");
        assert_eq!(count, Count { passed: 19, failed: 3 });
    }

    #[test]
    fn one_failure_fails_the_whole_and_stops_nothing() {
        let mut steps = Steps::default();
        steps.step("one", |_| Outcome::Failed("broken\nin detail".to_owned()));
        steps.step("two", |count| {
            count.hear("4 passed, 0 failed");
            Outcome::Held
        });
        steps.step("three", |_| Outcome::NotRun("no Chromium".to_owned()));
        assert_eq!(steps.failed(), ["one"]);
        assert!(steps.result().ends_with("5 passed, 1 failed"), "{}", steps.result());
        let table = steps.table();
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.contains("FAILED") && table.contains("no Chromium") && !table.contains("in detail"), "{table}");
    }
}
