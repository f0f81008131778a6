//! The page as a parser that is not ours reads it, and that what is written about metrics is about metrics there are.

use std::collections::BTreeSet;

use super::*;

fn counting() -> Metrics {
    Metrics::new(Some("127.0.0.1:0".parse().unwrap()))
}

/// The names of metrics in a text.
fn mentioned(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("ostiary_") || word.starts_with("process_"));
    ours.map(|word| {
        let bare = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        bare.filter(|bare| LIST.iter().any(|metric| metric.name == *bare)).unwrap_or(word)
    })
    .collect()
}

#[test]
fn alerts_and_docs_speak_of_metrics_there_are() {
    let listed: BTreeSet<&str> = LIST.iter().map(|metric| metric.name).collect();
    assert_eq!(listed.len(), LIST.len(), "each name once");
    for text in [
        include_str!("../../../deploy/prometheus/ostiary.rules.yml"),
        include_str!("head.txt"),
        include_str!("tail.txt"),
    ] {
        let strangers: Vec<&str> = mentioned(text).difference(&listed).copied().collect();
        assert!(strangers.is_empty(), "{strangers:?}");
    }
}

#[test]
fn names_are_as_prometheus_wants_them() {
    for metric in LIST {
        let total = metric.name.ends_with("_total");
        assert_eq!(total, metric.kind == Kind::Counter, "{}", metric.name);
        assert!(metric.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", metric.name);
    }
}

#[test]
fn nobody_listens_nothing_is_counted() {
    let metrics = Metrics::new(None);
    assert!(metrics.begin().is_none() && !metrics.are_wanted());
    metrics.asked(|| panic!("nobody wants to know"));
}

#[test]
fn a_stranger_makes_no_new_series() {
    let metrics = counting();
    for status in 0..1000 {
        metrics.answered("/token", status, metrics.begin());
    }
    let mut text = String::new();
    metrics.0.as_ref().unwrap().requests.write(&mut text);
    let lines = text.lines().filter(|line| line.starts_with("ostiary_http_requests_total{")).count();
    assert_eq!(lines, STATUSES.len(), "{text}");
    let other = "ostiary_http_requests_total{endpoint=\"/token\",status=\"other\"} 982";
    assert!(text.lines().any(|line| line == other), "{text}");
}

#[test]
fn buckets_add_up() {
    let histogram = Histogram::labelled(&list::REQUEST_SECONDS, &[0.1, 1.0], vec!["/a", "/b"]);
    for millis in [1, 100, 101, 5000] {
        histogram.add("/a", Duration::from_millis(millis));
    }
    let mut text = String::new();
    histogram.write(&mut text);
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        samples,
        [
            "ostiary_http_request_seconds_bucket{endpoint=\"/a\",le=\"0.1\"} 2",
            "ostiary_http_request_seconds_bucket{endpoint=\"/a\",le=\"1\"} 3",
            "ostiary_http_request_seconds_bucket{endpoint=\"/a\",le=\"+Inf\"} 4",
            "ostiary_http_request_seconds_sum{endpoint=\"/a\"} 5.202",
            "ostiary_http_request_seconds_count{endpoint=\"/a\"} 4",
        ]
    );
}

#[test]
fn who_is_under_way_is_counted_until_the_end() {
    let metrics = counting();
    let used = || metrics.0.as_ref().unwrap().places_used.load(Ordering::Relaxed);
    let (one, two) = (metrics.under_way(), metrics.under_way());
    assert_eq!(used(), 2);
    drop((one, two));
    assert_eq!(used(), 0);
}
