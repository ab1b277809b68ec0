//! The sources of checks, one decoder each.

use super::decode::Fields;
use super::getters::{NOT_NEGATIVE, POSITIVE, SHARE, Within};
use super::routine::{bytes, share, some_lines, span_or};
use crate::model::{
    CheckSource, DrillFrequency, FindingLevel, Indicated, Limits, Name, ReadingUnit, Rows,
};
use crate::units::SimDuration;

/// A decoder of one kind of source.
pub(super) type Decoder = fn(&Fields<'_>) -> CheckSource;

/// Each source by its key.
pub(super) const DECODERS: [(&str, Decoder); 25] = [
    ("slo_attainment", slo_attainment),
    ("budgets", budgets),
    ("alerts", alerts),
    ("records", records),
    ("states", states),
    ("reading", reading),
    ("errors", errors),
    ("freshness", freshness),
    ("metrics_summary", metrics_summary),
    ("top", top),
    ("archive", archive),
    ("disk", disk),
    ("folders", folders),
    ("log_size", log_size),
    ("backups", backups),
    ("restore", restore),
    ("files", files),
    ("processes", processes),
    ("signed", signed),
    ("imported", imported),
    ("command", command),
    ("postmortems", postmortems),
    ("open_actions", open_actions),
    ("due_drills", due_drills),
    ("review", review),
];

/// What each looks like, for tests and for people who read this file.
#[cfg(test)]
pub(super) const EXAMPLES: [(&str, &str); 27] = [
    ("slo_attainment", r#"{ over = "24h", ok_from = 0.9 }"#),
    ("budgets", "{ at_least = 0.5 }"),
    ("alerts", r#"{ over = "24h", open = true, summary = false }"#),
    ("records", r#"{ stream = "m", where = "a = 1", found = "f", expected = "e" }"#),
    ("states", r#"{ stream = "m", by = "agent", good = "up", expected = ["a"] }"#),
    ("reading", r#"{ stream = "m", value = "v", unit = "number", critical = 3 }"#),
    ("errors", r#"{ stream = "m", where = "level = 'ERROR'", over = "24h", context_lines = 5 }"#),
    ("freshness", r#"{ stream = "m", over = "1h", max_age = "10m" }"#),
    ("metrics_summary", r#"{ stream = "m", over = "7d" }"#),
    ("top", r#"{ stream = "m", by = "hook", over = "7d", limit = 5 }"#),
    ("archive", r#"{ stream = "m", older_than = "30d" }"#),
    ("archive", r#"{ glob = "logs/*.log", older_than = "30d", into = "logs/archive" }"#),
    ("disk", r#"{ path = ".", warn = 0.9, critical = 0.95 }"#),
    ("disk", r#"{ stream = "m", value = "used", warn = 0.9, critical = 0.95 }"#),
    ("folders", r#"{ path = "." }"#),
    ("log_size", r#"{ glob = "logs/*", max_bytes = "1GB", growth = 2, rotate_days = 7 }"#),
    ("backups", r#"{ glob = "b/*.tar.gz", max_age = "7d", min_size_ratio = 0.5, newest = 5 }"#),
    ("restore", r#"{ glob = "b/*.tar.gz", expect = ["a.json"], compare = "." }"#),
    ("files", r#"{ globs = ["a.json"], json = true }"#),
    ("processes", r#"{ names = ["orchestrator"] }"#),
    ("signed", r#"{ file = "review.txt", max_age = "31d" }"#),
    ("imported", r#"{ file = "trivy.json", max_age = "7d", fail_at = "high" }"#),
    ("command", r#"{ argv = ["true"], timeout = "30s", max_age = "1d" }"#),
    ("postmortems", r#"{ over = "30d" }"#),
    ("open_actions", "{}"),
    ("due_drills", r#"{ frequency = "monthly" }"#),
    ("review", "{}"),
];

const DAY: SimDuration = SimDuration::from_hours(24);

fn rows(fields: &Fields<'_>) -> Rows {
    Rows { stream: fields.name("stream"), filter: fields.line_optional("where") }
}

fn slo_attainment(fields: &Fields<'_>) -> CheckSource {
    let over = fields.duration_positive("over");
    CheckSource::SloAttainment { over, ok_from: share(fields, "ok_from") }
}

fn budgets(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Budgets { at_least: share(fields, "at_least") }
}

fn alerts(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Alerts {
        over: fields.duration_positive("over"),
        open: fields.flag("open", false),
        summary: fields.flag("summary", false),
    }
}

fn records(fields: &Fields<'_>) -> CheckSource {
    let found = fields.line_optional("found");
    let expected = fields.line_optional("expected");
    let success = fields.line_optional("success");
    match (&found, &expected) {
        (Some(_), None) => fields.missing("expected"),
        (None, Some(_)) => fields.missing("found"),
        (None, None) if success.is_none() => fields.missing("success"),
        _ => {}
    }
    let counts = found.zip(expected);
    CheckSource::Records {
        rows: rows(fields),
        success,
        counts,
        max_age: span_or(fields, "max_age", DAY),
    }
}

fn states(fields: &Fields<'_>) -> CheckSource {
    CheckSource::States {
        rows: rows(fields),
        by: fields.line("by"),
        good: fields.line("good"),
        expected: some_lines(fields, "expected"),
        max_age: span_or(fields, "max_age", DAY),
    }
}

/// Limits in ascending order, at least one of which can fail.
fn limits(fields: &Fields<'_>, within: Within) -> Limits {
    let number = |key| fields.get(key).map(|_| fields.number(key, within));
    let limits =
        Limits { target: number("target"), warn: number("warn"), critical: number("critical") };
    if limits.warn.is_none() && limits.critical.is_none() {
        fields.missing("critical");
    }
    let all = [("target", limits.target), ("warn", limits.warn), ("critical", limits.critical)];
    let given: Vec<(&str, f64)> =
        all.into_iter().filter_map(|(key, limit)| Some((key, limit?))).collect();
    for pair in given.windows(2) {
        if pair[0].1 >= pair[1].1 {
            let message = format!("`{}` must be below `{}`", pair[0].0, pair[1].0);
            fields.error("routine::limits", message, pair[0].0, "not below");
        }
    }
    limits
}

fn reading(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Reading {
        limits: limits(fields, NOT_NEGATIVE),
        unit: fields.word("unit", &ReadingUnit::ALL, ReadingUnit::as_str),
        rows: rows(fields),
        value: fields.line("value"),
        max_age: span_or(fields, "max_age", DAY),
    }
}

fn errors(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Errors {
        rows: rows(fields),
        message: fields.line_optional("message").unwrap_or_else(|| Name::from("message")),
        over: fields.duration_positive("over"),
        context: fields.count_optional("context_lines", 0, 100).unwrap_or(0),
    }
}

fn freshness(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Freshness {
        rows: rows(fields),
        over: span_or(fields, "over", SimDuration::from_hours(1)),
        max_age: fields.duration_positive("max_age"),
    }
}

fn metrics_summary(fields: &Fields<'_>) -> CheckSource {
    let metrics = fields.tables("metric", "metric");
    CheckSource::MetricsSummary {
        rows: rows(fields),
        over: fields.duration_positive("over"),
        metrics: metrics.iter().map(indicated).collect(),
    }
}

fn indicated(fields: &Fields<'_>) -> Indicated {
    let number = |key| fields.get(key).map(|_| fields.number(key, NOT_NEGATIVE));
    let (target, warn) = (number("target"), number("warn"));
    if target.zip(warn).is_some_and(|(target, warn)| target > warn) {
        let message = "`target` must not be above `warn`".to_owned();
        fields.error("routine::limits", message, "target", "above `warn`");
    }
    Indicated { name: fields.line("name"), title: fields.text("title"), target, warn }
}

fn top(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Top {
        rows: rows(fields),
        by: fields.line("by"),
        over: fields.duration_positive("over"),
        limit: fields.count_optional("limit", 1, 1000).unwrap_or(10),
    }
}

fn archive(fields: &Fields<'_>) -> CheckSource {
    let older_than = fields.duration_positive("older_than");
    match fields.get("stream") {
        Some(_) => CheckSource::OldRows { stream: fields.name("stream"), older_than },
        None => CheckSource::OldFiles {
            glob: fields.line("glob"),
            older_than,
            into: fields.line_optional("into"),
        },
    }
}

/// Of a path, or as a check has recorded it in a stream.
fn disk(fields: &Fields<'_>) -> CheckSource {
    let limits = limits(fields, SHARE);
    if fields.get("stream").is_none() {
        return CheckSource::Disk { path: fields.line("path"), limits };
    }
    CheckSource::Reading {
        limits,
        unit: ReadingUnit::Used,
        rows: rows(fields),
        value: fields.line("value"),
        max_age: span_or(fields, "max_age", DAY),
    }
}

fn folders(fields: &Fields<'_>) -> CheckSource {
    let limit = fields.count_optional("limit", 1, 1000).unwrap_or(10);
    CheckSource::Folders { path: fields.line("path"), limit }
}

fn log_size(fields: &Fields<'_>) -> CheckSource {
    CheckSource::LogSize {
        glob: fields.line("glob"),
        max_bytes: bytes(fields, "max_bytes", 1_000_000_000),
        growth: fields.number_or("growth", POSITIVE, 2.0),
        rotate: DAY * i64::from(fields.count_optional("rotate_days", 1, 3650).unwrap_or(7)),
    }
}

fn backups(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Backups {
        glob: fields.line("glob"),
        max_age: fields.duration_positive("max_age"),
        min_size_ratio: fields.number_or("min_size_ratio", SHARE, 0.5),
        newest: fields.count_optional("newest", 1, 1000).unwrap_or(5),
    }
}

fn restore(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Restore {
        glob: fields.line("glob"),
        expect: fields.lines("expect"),
        compare: fields.line_optional("compare"),
        max_bytes: bytes(fields, "max_bytes", 10_000_000_000),
    }
}

fn files(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Files {
        globs: some_lines(fields, "globs"),
        at_least: fields.count_optional("at_least", 1, 1_000_000).unwrap_or(1),
        json: fields.flag("json", false),
        max_age: fields.get("max_age").map(|_| fields.duration_positive("max_age")),
    }
}

fn processes(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Processes { names: some_lines(fields, "names") }
}

fn signed(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Signed { file: fields.line("file"), max_age: fields.duration_positive("max_age") }
}

fn imported(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Imported {
        file: fields.line("file"),
        max_age: fields.duration_positive("max_age"),
        fail_at: fields.word("fail_at", &FindingLevel::ALL, FindingLevel::as_str),
    }
}

fn command(fields: &Fields<'_>) -> CheckSource {
    CheckSource::Command {
        argv: some_lines(fields, "argv"),
        timeout: span_or(fields, "timeout", SimDuration::from_minutes(1)),
        max_age: span_or(fields, "max_age", DAY),
    }
}

fn postmortems(fields: &Fields<'_>) -> CheckSource {
    CheckSource::PostMortems { over: fields.duration_positive("over") }
}

fn open_actions(_: &Fields<'_>) -> CheckSource {
    CheckSource::OpenActions
}

fn due_drills(fields: &Fields<'_>) -> CheckSource {
    let frequency = fields.word("frequency", &DrillFrequency::ALL, DrillFrequency::as_str);
    CheckSource::DueDrills { frequency }
}

fn review(_: &Fields<'_>) -> CheckSource {
    CheckSource::Review
}
