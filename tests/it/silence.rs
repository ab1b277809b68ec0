//! Streams that fall silent, rows from clocks that were not set, and SLOs that cannot be asked.

use std::fmt::Write as _;

use crate::env::TestEnv;

fn slo(name: &str, stream: &str, part: &str) -> String {
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: web
  indicator:
    metadata: {{name: {name}-ratio}}
    spec:
      ratioMetric:
        counter: false
        good: {{metricSource: {{type: drill, spec: {{stream: {stream}, where: {part}}}}}}}
        total: {{metricSource: {{type: drill, spec: {{stream: {stream}}}}}}}
  timeWindow: [{{duration: 1d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.9}}]
"
    )
}

/// A row every `every` minutes from minute 0 to before `minutes`, all good.
fn rows(minutes: u32, every: u32) -> String {
    let mut text = String::new();
    for minute in (0..minutes).step_by(every as usize) {
        let (day, hour, minute) = (1 + minute / 1440, minute / 60 % 24, minute % 60);
        writeln!(text, "{{\"ts\":\"2026-01-{day:02}T{hour:02}:{minute:02}:00Z\",\"ok\":true}}")
            .unwrap();
    }
    text
}

fn ingested(files: &[(&str, String)]) -> TestEnv {
    let env = TestEnv::new();
    env.ok(&["init", "."]);
    for (name, text) in files {
        env.file(name, text);
        env.file(&format!("slos/{name}.yaml"), slo(name, name, "ok"));
        env.ok(&["data", "ingest", name, "--stream", name]);
    }
    env
}

#[test]
fn a_stream_that_stopped_closes_the_gate_and_alerts() {
    // Two days; the second stream stopped after 40 hours, the third has a row every 9 hours.
    let env =
        ingested(&[("live", rows(2880, 5)), ("dead", rows(2400, 5)), ("sparse", rows(2880, 540))]);
    let document = env.json(&["slo", "status"]);
    let state = |name: &str| {
        let slos = document["slos"].as_array().unwrap();
        let slo = slos.iter().find(|slo| slo["name"] == name).unwrap();
        (slo["state"].as_str().unwrap().to_owned(), slo["silent_ms"].as_i64())
    };
    assert_eq!(state("live"), ("ok".to_owned(), None));
    assert_eq!(state("dead"), ("no_data".to_owned(), Some(480 * 60_000)));
    // What was always silent for so long is not silent now.
    assert_eq!(state("sparse"), ("ok".to_owned(), None));
    let text = env.ok(&["slo", "status"]).stdout;
    assert!(text.contains("2 of 2 objectives met"), "{text}");
    assert!(text.contains("nothing was recorded for 8 h"), "{text}");
    assert_eq!(env.run(&["slo", "gate"]).code, 1);
    assert_eq!(env.run(&["slo", "gate", "--allow-no-data"]).code, 0);
    let alerts = env.json(&["slo", "alerts"]);
    let alerts = alerts["alerts"].as_array().unwrap();
    let of: Vec<(&str, &str)> = alerts
        .iter()
        .map(|alert| (alert["slo"].as_str().unwrap(), alert["tier"].as_str().unwrap()))
        .collect();
    assert_eq!(of, [("dead", "no_data")]);
    // Alone it is looked at where it ends.
    assert_eq!(env.run(&["slo", "gate", "--slo", "dead"]).code, 0);
}

#[test]
fn rows_of_a_clock_that_was_not_set_are_refused() {
    let early = "{\"ts\":\"1970-01-01T00:00:00Z\",\"ok\":true}\n\
                 {\"ts\":\"0001-01-01T00:00:00Z\",\"ok\":true}\n";
    let env = ingested(&[("web", format!("{early}{}", rows(60, 5)))]);
    let found = env.json(&["data", "rejects"]);
    let rejects = found["rejects"].as_array().unwrap();
    assert_eq!(rejects.len(), 2, "{found}");
    for reject in rejects {
        assert!(reject["reason"].as_str().unwrap().contains("before 1990"), "{reject}");
    }
    assert_eq!(env.json(&["slo", "status"])["slos"][0]["total"], 12);
}

#[test]
fn every_slo_that_cannot_be_asked_is_named() {
    let env = ingested(&[("web", rows(60, 5))]);
    env.file("slos/typo.yaml", slo("typo", "web", "okk"));
    env.file("slos/gone.yaml", slo("gone", "wbe", "ok"));
    let ran = env.run(&["slo", "status"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("typo.yaml:1: SLO `typo`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("gone.yaml:1: SLO `gone`"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("SLO `web`"), "{}", ran.stderr);
}

#[test]
fn a_month_that_is_not_over_is_reported_when_it_is_all_there_is() {
    let env = ingested(&[("web", rows(2880, 5))]);
    let text = env.ok(&["report", "monthly"]).stdout;
    assert!(text.contains("2026-01"), "{text}");
    let other = env.run(&["report", "monthly", "--month", "2025-11"]);
    assert!(other.stderr.contains("the data are from 2026-01-01"), "{}", other.stderr);
}

#[test]
fn an_explanation_ends_with_the_command_that_shows_the_rows() {
    let env = ingested(&[("web", rows(60, 5))]);
    let document = env.json(&["slo", "explain", "web.sli"]);
    let command = document["rows_command"].as_str().unwrap().to_owned();
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    env.ok(&args);
    let rows = std::fs::read_to_string(env.path().join("rows.csv")).unwrap();
    assert_eq!(rows.lines().count(), 13, "{command}");
}
