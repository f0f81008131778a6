//! The report: what was seen, in words and for machines, in `target/proof/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::batch::Line;
use super::verdict::Tally;

/// What was seen on one engine.
#[derive(Debug, Default)]
pub(crate) struct Part {
    name: &'static str,
    pub(crate) lines: Vec<Line>,
    pub(crate) steps: BTreeMap<&'static str, u64>,
    pub(crate) problems: Vec<String>,
    pub(crate) seconds: u64,
}

impl Part {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.lines.extend(other.lines);
        for (step, deaths) in other.steps {
            *self.steps.entry(step).or_default() += deaths;
        }
        self.problems.extend(other.problems);
    }

    fn sum(&self) -> Tally {
        let mut sum = Tally::default();
        for line in &self.lines {
            sum.add(&line.tally);
        }
        sum
    }

    fn deaths(&self) -> u64 {
        self.steps.values().sum()
    }

    fn holds(&self) -> bool {
        self.problems.is_empty() && !self.lines.is_empty() && self.lines.iter().all(|line| line.tally.holds())
    }

    fn text(&self) -> String {
        let sum = self.sum();
        let mut text = format!(
            "## {}\n\n{} graphs in {} s. {}; missing: {}\n\n",
            self.name,
            self.lines.len(),
            self.seconds,
            sum.equation(),
            sum.missing
        );
        let _ = writeln!(
            text,
            "{} POSTs were received; {} of them told what had been answered before, each explained by a death or by an \
             operator who sent it again (found dead {} ms after the answer at most). {} stays could not or did not want \
             to be told.\n",
            sum.posts,
            sum.again,
            sum.longest.as_millis(),
            sum.untold
        );
        let _ = writeln!(text, "| a process died | times |\n|---|---|");
        for (step, deaths) in &self.steps {
            let _ = writeln!(text, "| {step} | {deaths} |");
        }
        let _ = writeln!(text, "| in all | {} |\n", self.deaths());
        let mut causes: BTreeMap<String, (u64, Tally)> = BTreeMap::new();
        for line in &self.lines {
            let entry = causes.entry(format!("{:?}", line.cause)).or_default();
            entry.0 += 1;
            entry.1.add(&line.tally);
        }
        let _ = writeln!(text, "| what ended it | graphs | |\n|---|---|---|");
        for (cause, (graphs, tally)) in causes {
            let _ = writeln!(text, "| {cause} | {graphs} | {} |", tally.equation());
        }
        let problems: Vec<&String> = self.problems.iter().chain(&sum.problems).collect();
        if !problems.is_empty() {
            let _ = writeln!(text, "\n{} problems:\n", problems.len());
            for problem in problems {
                let _ = writeln!(text, "* {problem}");
            }
        }
        text
    }

    fn value(&self) -> Value {
        let of = |tally: &Tally| {
            json!({
                "created": tally.created, "delivered": tally.delivered, "refused": tally.refused,
                "parked": tally.parked, "pending": tally.pending, "withdrawn": tally.withdrawn,
                "untold": tally.untold, "missing": tally.missing, "again": tally.again, "posts": tally.posts,
                "problems": tally.problems,
            })
        };
        let graphs = self.lines.iter().map(|line| {
            json!({"graph": line.number, "cause": format!("{:?}", line.cause), "stays": line.stays, "tally": of(&line.tally)})
        });
        json!({
            "engine": self.name, "seconds": self.seconds, "deaths": self.steps, "problems": self.problems,
            "total": of(&self.sum()), "graphs": graphs.collect::<Vec<_>>(),
        })
    }
}

/// What became of a crowd of sessions that expired at once.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) sessions: u64,
    pub(crate) seconds: u64,
    pub(crate) delivered: u64,
    pub(crate) before_mib: u64,
    pub(crate) peak_mib: u64,
    pub(crate) most_at_once: usize,
    pub(crate) problems: Vec<String>,
}

/// What three nodes made of a pause, a death and a lost primary.
#[derive(Debug)]
pub(crate) struct Failover {
    pub(crate) stays: u64,
    pub(crate) created: u64,
    pub(crate) delivered: u64,
    pub(crate) missing: u64,
    pub(crate) again: u64,
    pub(crate) seconds: u64,
    pub(crate) problems: Vec<String>,
}

impl Failover {
    fn text(&self) -> String {
        let mut text = format!(
            "## Three nodes, one paused for longer than its leases, one killed, the primary lost\n\n{} stays in {} s: \
             created {}, delivered {}; missing: {}. {} were told twice.\n",
            self.stays, self.seconds, self.created, self.delivered, self.missing, self.again
        );
        for problem in &self.problems {
            let _ = writeln!(text, "* {problem}");
        }
        text
    }

    fn value(&self) -> Value {
        json!({
            "stays": self.stays, "seconds": self.seconds, "created": self.created, "delivered": self.delivered,
            "missing": self.missing, "again": self.again, "problems": self.problems,
        })
    }
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Report {
    seed: u64,
    parts: Vec<Part>,
    crowd: Option<Crowd>,
    failover: Option<Failover>,
}

impl Report {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, parts: Vec::new(), crowd: None, failover: None }
    }

    pub(crate) fn add(&mut self, part: Part) {
        self.parts.push(part);
    }

    pub(crate) fn crowd(&mut self, crowd: Crowd) {
        self.crowd = Some(crowd);
    }

    pub(crate) fn failover(&mut self, failover: Failover) {
        self.failover = Some(failover);
    }

    /// Whether everything held.
    pub(crate) fn holds(&self) -> bool {
        self.parts.iter().all(Part::holds)
            && self.crowd.as_ref().is_none_or(|crowd| crowd.problems.is_empty())
            && self.failover.as_ref().is_none_or(|failover| failover.problems.is_empty())
    }

    /// In words.
    pub(crate) fn summary(&self) -> String {
        let mut text = format!("# Proof of logout, seed {}\n\n", self.seed);
        let mut sum = Tally::default();
        for part in &self.parts {
            let _ = writeln!(text, "{}", part.text());
            sum.add(&part.sum());
        }
        if let Some(crowd) = &self.crowd {
            let _ = writeln!(
                text,
                "## A crowd\n\n{} sessions expired at once and were accounted for in {} s: {} delivered, at most {} \
                 POSTs at once to one address. The process had {} MiB before and {} MiB at its peak.\n",
                crowd.sessions, crowd.seconds, crowd.delivered, crowd.most_at_once, crowd.before_mib, crowd.peak_mib
            );
            for problem in &crowd.problems {
                let _ = writeln!(text, "* {problem}");
            }
        }
        if let Some(failover) = &self.failover {
            let _ = writeln!(text, "{}", failover.text());
        }
        let word = if self.holds() { "HELD" } else { "BROKEN" };
        let _ = writeln!(text, "{}\nmissing: {}\n{word}", sum.equation(), sum.missing);
        text
    }

    /// Writes `target/proof/report.md` and `report.json`; says where.
    pub(crate) fn write(&self) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/proof");
        let crowd = self.crowd.as_ref().map(|crowd| {
            json!({
                "sessions": crowd.sessions, "seconds": crowd.seconds, "delivered": crowd.delivered,
                "most_at_once": crowd.most_at_once, "before_mib": crowd.before_mib, "peak_mib": crowd.peak_mib,
                "problems": crowd.problems,
            })
        });
        let failover = self.failover.as_ref().map(Failover::value);
        let parts: Vec<Value> = self.parts.iter().map(Part::value).collect();
        let value =
            json!({"seed": self.seed, "held": self.holds(), "parts": parts, "crowd": crowd, "failover": failover});
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join("report.md"), self.summary()))
            .and_then(|()| std::fs::write(folder.join("report.json"), format!("{value:#}\n")));
        match written {
            Ok(()) => "target/proof/report.md and report.json hold all of it".to_owned(),
            Err(error) => format!("the report could not be written: {error}"),
        }
    }
}
