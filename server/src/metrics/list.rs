//! Every metric, declared once: its name, kind and labels, and what `docs/metrics.md` says of it.
//!
//! Invariant: a label has a closed list of values, so that nothing a stranger sends makes a new time series.

use std::fmt::Write as _;

/// How a value moves, in Prometheus's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Upwards only; from nothing when the process starts, unless the database knows it.
    Counter,
    /// Both ways.
    Gauge,
    /// Counted in buckets.
    Histogram,
}

impl Kind {
    /// The word of the exposition format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Whose figure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of this process: add the nodes up.
    Node,
    /// Of the database: every node says the same, take one.
    Database,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// Whose it is.
    pub whose: Whose,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($name:ident = $text:literal, $kind:ident, $whose:ident, [$($label:literal),*], $help:literal;)*) => {
        $(
            #[doc = $help]
            pub(super) static $name: Metric = Metric {
                name: $text, kind: Kind::$kind, whose: Whose::$whose, labels: &[$($label),*], help: $help,
            };
        )*
        /// All of them, in the order in which they are written.
        pub static LIST: &[&Metric] = &[$(&$name),*];
    };
}

metrics! {
    BUILD = "ostiary_build_info", Gauge, Node, ["version"], "1, and which version this is.";
    DATABASE_UP = "ostiary_database_up", Gauge, Node, [], "1 if the database answers, else 0; then the figures of the ledger are left out.";
    CREATED = "ostiary_notices_created_total", Counter, Database, [], "Notices ever promised: delivered, refused, parked, pending and withdrawn together.";
    NOTICES = "ostiary_notices", Gauge, Database, ["state"], "Notices by where they stand, those folded away by retention included. An operator moves them out of refused, parked and withdrawn.";
    OLDEST = "ostiary_notices_oldest_pending_seconds", Gauge, Database, [], "Age of the oldest pending notice; 0 if none is pending.";
    COUNTED = "ostiary_ledger_counted_timestamp_seconds", Gauge, Node, [], "When this node counted the ledger last, in Unix time: so old are the figures above.";
    COUNT_SECONDS = "ostiary_ledger_count_seconds", Gauge, Node, [], "How long that took. Counting takes a twentieth of the time at most: the longer it takes, the older the figures may be.";
    COUNTS = "ostiary_ledger_counts_total", Counter, Node, [], "How often this node counted the ledger: not more often the more look.";
    FIRST = "ostiary_logout_first_delivery_seconds", Histogram, Node, [], "From the end of a session to the first relying party that knows.";
    LAST = "ostiary_logout_last_delivery_seconds", Histogram, Node, [], "From the end of a session to the delivery after which none of its notices is pending.";
    ATTEMPTS = "ostiary_courier_attempts_total", Counter, Node, ["result"], "Attempts to deliver a notice, by what came of them. Turned away: the address keeps failing, or its places were taken.";
    PLACES = "ostiary_courier_places", Gauge, Node, [], "Places of the courier (`courier.concurrency`).";
    PLACES_USED = "ostiary_courier_places_used", Gauge, Node, [], "Places that are taken. Who is not answered at once waits beside them.";
    CLOSED = "ostiary_courier_addresses_closed", Gauge, Node, [], "Addresses that keep failing and are probed.";
    SIGN_INS = "ostiary_sign_ins_total", Counter, Node, ["outcome"], "Sign-ins with a password. Overtaken: the account changed while its password was checked.";
    REQUESTS = "ostiary_http_requests_total", Counter, Node, ["endpoint", "status"], "Requests answered. A status that is not in the list of this page is `other`.";
    REQUEST_SECONDS = "ostiary_http_request_seconds", Histogram, Node, ["endpoint"], "From the head of a request to its answer. The sign-out page waits for fast relying parties (`lifetimes.logout_patience`).";
    REFUSALS = "ostiary_refusals_total", Counter, Node, ["code"], "Requests the protocol says no to, by error code.";
    OUTBOUND = "ostiary_outbound_requests_total", Counter, Node, ["outcome"], "Requests to other people's servers: notices, keys, request objects, claims.";
    DATABASE_WAITING = "ostiary_database_waiting", Gauge, Node, ["for"], "What waits for the database now: transactions for their turn, questions for a connection (PostgreSQL).";
    DATABASE_READERS = "ostiary_database_readers_used", Gauge, Node, [], "Connections for questions in use (PostgreSQL).";
    DATABASE_WAIT = "ostiary_database_wait_seconds", Histogram, Node, [], "How long transactions waited for their turn.";
    SPANS = "ostiary_spans_total", Counter, Node, ["outcome"], "Spans of traces: sent to the collector, or dropped because it was slow or gone.";
    MEMORY = "process_resident_memory_bytes", Gauge, Node, [], "Resident memory (Linux).";
    CPU = "process_cpu_seconds_total", Counter, Node, [], "Processor time of the process (Linux).";
    DESCRIPTORS = "process_open_fds", Gauge, Node, [], "Open file descriptors (Linux).";
}

/// The table of `docs/metrics.md`.
pub(super) fn table() -> String {
    let mut table = String::from("| metric | kind | of | labels | meaning |\n|---|---|---|---|---|\n");
    for metric in LIST {
        let of = match metric.whose {
            Whose::Node => "node",
            Whose::Database => "database",
        };
        let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(table, "| `{}` | {} | {of} | {labels} | {} |", metric.name, metric.kind.as_str(), metric.help);
    }
    table
}
