//! What counts: whole numbers that many threads raise at once.
//!
//! Invariant: the rows of a table are made when it is made, one for each combination of its labels' values.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::list::Metric;

/// A counter for each combination of label values.
#[derive(Debug)]
pub(super) struct Table {
    metric: &'static Metric,
    values: Vec<Vec<&'static str>>,
    cells: Vec<AtomicU64>,
}

impl Table {
    /// The values of each label, in the order of the metric's labels.
    pub(super) fn new(metric: &'static Metric, values: Vec<Vec<&'static str>>) -> Self {
        debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
        let cells = values.iter().map(Vec::len).product();
        Self { metric, values, cells: std::iter::repeat_with(AtomicU64::default).take(cells).collect() }
    }

    /// One more. A value that is not in its label's list counts as the list's last.
    pub(super) fn add(&self, labels: &[&str]) {
        let mut at = 0;
        for (own, label) in self.values.iter().zip(labels) {
            let place = own.iter().position(|value| value == label).unwrap_or(own.len() - 1);
            at = at * own.len() + place;
        }
        if let Some(cell) = self.cells.get(at) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Its lines. Of a table with more than one label, rows that never counted are left out: most never will.
    pub(super) fn write(&self, text: &mut String) {
        head(text, self.metric);
        for (at, cell) in self.cells.iter().enumerate() {
            let amount = cell.load(Ordering::Relaxed);
            if amount == 0 && self.values.len() > 1 {
                continue;
            }
            let (mut rest, mut labels) = (at, Vec::new());
            for (own, name) in self.values.iter().zip(self.metric.labels).rev() {
                labels.push((*name, own[rest % own.len()]));
                rest /= own.len();
            }
            labels.reverse();
            sample(text, self.metric.name, &labels, amount);
        }
    }
}

/// A histogram for each value of at most one label.
#[derive(Debug)]
pub(super) struct Histogram {
    metric: &'static Metric,
    bounds: &'static [f64],
    values: Vec<&'static str>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    /// One for each bound, and one for what is beyond; each thing is counted in one of them.
    buckets: Vec<AtomicU64>,
    micros: AtomicU64,
}

impl Histogram {
    /// Of a metric without a label.
    pub(super) fn new(metric: &'static Metric, bounds: &'static [f64]) -> Self {
        Self::labelled(metric, bounds, vec![""])
    }

    /// With the values of its label.
    pub(super) fn labelled(metric: &'static Metric, bounds: &'static [f64], values: Vec<&'static str>) -> Self {
        let row = || Row {
            buckets: std::iter::repeat_with(AtomicU64::default).take(bounds.len() + 1).collect(),
            micros: AtomicU64::default(),
        };
        let rows = values.iter().map(|_| row()).collect();
        Self { metric, bounds, values, rows }
    }

    pub(super) fn add(&self, label: &str, took: Duration) {
        let place = self.values.iter().position(|value| *value == label).unwrap_or(self.values.len() - 1);
        let bucket = self.bounds.iter().take_while(|bound| took.as_secs_f64() > **bound).count();
        if let Some(row) = self.rows.get(place) {
            row.buckets[bucket].fetch_add(1, Ordering::Relaxed);
            row.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Its lines; of one with a label, rows that never counted are left out.
    pub(super) fn write(&self, text: &mut String) {
        head(text, self.metric);
        for (value, row) in self.values.iter().zip(&self.rows) {
            let counts: Vec<u64> = row.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
            let all: u64 = counts.iter().sum();
            let own: Vec<(&str, &str)> = self.metric.labels.iter().map(|label| (*label, *value)).collect();
            if all == 0 && !own.is_empty() {
                continue;
            }
            let mut sum = 0;
            for (bound, count) in self.bounds.iter().zip(&counts) {
                sum += count;
                let bound = bound.to_string();
                let labels: Vec<_> = own.iter().copied().chain([("le", bound.as_str())]).collect();
                sample(text, &format!("{}_bucket", self.metric.name), &labels, sum);
            }
            let labels: Vec<_> = own.iter().copied().chain([("le", "+Inf")]).collect();
            sample(text, &format!("{}_bucket", self.metric.name), &labels, all);
            let seconds = Duration::from_micros(row.micros.load(Ordering::Relaxed)).as_secs_f64();
            sample(text, &format!("{}_sum", self.metric.name), &own, seconds);
            sample(text, &format!("{}_count", self.metric.name), &own, all);
        }
    }
}

/// The two lines before a metric's samples (text format 0.0.4).
pub(super) fn head(text: &mut String, metric: &Metric) {
    let help = metric.help.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(text, "# HELP {} {help}\n# TYPE {} {}", metric.name, metric.name, metric.kind.as_str());
}

/// One sample. The labels' values are ours: words, paths and numbers that need no escape.
pub(super) fn sample(text: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    let labels = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect::<Vec<_>>().join(",");
    let _ = match labels.is_empty() {
        true => writeln!(text, "{name} {value}"),
        false => writeln!(text, "{name}{{{labels}}} {value}"),
    };
}
