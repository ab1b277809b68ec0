//! `drill slo` as a user sees it: on the sample streams, on a file of slices, and on mistakes.

use crate::env::TestEnv;

/// A workspace with a real access log in it.
fn web() -> TestEnv {
    let env = TestEnv::new();
    env.ok(&["init", ".", "--sample", "web-access"]);
    env.ok(&["data", "ingest", "access.log", "--stream", "access"]);
    env
}

#[test]
fn a_real_access_log_gives_its_slos() {
    let env = web();
    insta::assert_snapshot!("slo_status", env.ok(&["slo", "status"]).stdout);
    let ja = ["slo", "status", "--lang", "ja", "--zone", "Asia/Tokyo"];
    insta::assert_snapshot!("slo_status_ja", env.ok(&ja).stdout);
    insta::assert_snapshot!("slo_alerts", env.ok(&["slo", "alerts"]).stdout);
    let explain = ["slo", "explain", "web-availability.budget.remaining_ratio"];
    let here = format!("{}/", env.path().display());
    let explained = env.ok(&explain).stdout.replace(&here, "");
    insta::assert_snapshot!("slo_explain", explained);
    let compare = ["slo", "compare", "--slo", "web-links", "--target", "0.98"];
    insta::assert_snapshot!("slo_compare", env.ok(&compare).stdout);
    insta::assert_snapshot!("slo_lint", env.ok(&["slo", "lint"]).stdout);
    insta::assert_snapshot!("slo_gate", env.ok(&["slo", "gate"]).stdout);
}

#[test]
fn figures_are_those_of_an_independent_count() {
    let env = web();
    // The whole log, whose counts its source states: 9,997 of 10,000 and 9,780 of 10,000.
    let text = std::fs::read_to_string(env.path().join("slos/web-access.yaml")).unwrap();
    env.file("slos/web-access.yaml", text.replace("duration: 3d", "duration: 4d"));
    let ran = env.ok(&["slo", "status", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["schema"], "drill.slo/1");
    let counts: Vec<(i64, i64)> = document["slos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slo| (slo["good"].as_i64().unwrap(), slo["total"].as_i64().unwrap()))
        .collect();
    assert_eq!(counts, [(9997, 10_000), (9780, 10_000)]);
}

#[test]
fn slices_of_a_file_are_those_of_the_store() {
    let env = web();
    let minutes = minutes_of_the_log(&env);
    env.file("slices.csv", minutes);
    let stored = env.ok(&["slo", "status", "--slo", "web-availability", "--format", "json"]);
    let spec = ["--spec", "slos/web-access.yaml", "--slo", "web-availability"];
    let mut args = vec!["slo", "status", "--format", "json", "--slices", "slices.csv"];
    args.extend(spec);
    let filed = env.ok(&args);
    assert_eq!(stored.stdout, filed.stdout);
}

/// `ts,good,total` of every minute from the first line to the last, counted by hand.
fn minutes_of_the_log(env: &TestEnv) -> String {
    let log = std::fs::read(env.path().join("access.log")).unwrap();
    let log = String::from_utf8_lossy(&log);
    let mut counts = std::collections::BTreeMap::<i64, (u32, u32)>::new();
    for line in log.lines() {
        let (at, rest) = line.split_once('[').unwrap().1.split_once(']').unwrap();
        let at = chrono::DateTime::parse_from_str(at, "%d/%b/%Y:%H:%M:%S %z").unwrap();
        let status: u32 = rest.split('"').nth(2).unwrap().trim()[..3].parse().unwrap();
        let minute = counts.entry(at.timestamp().div_euclid(60)).or_default();
        minute.0 += u32::from(status < 500);
        minute.1 += 1;
    }
    let (first, last) = (*counts.keys().next().unwrap(), *counts.keys().last().unwrap());
    let mut text = "ts,good,total\n".to_owned();
    for minute in first..=last {
        let (good, total) = counts.get(&minute).copied().unwrap_or_default();
        text.push_str(&format!("{},{good},{total}\n", minute * 60));
    }
    text
}

#[test]
fn a_spent_budget_closes_the_gate() {
    let env = web();
    let text = std::fs::read_to_string(env.path().join("slos/web-access.yaml")).unwrap();
    env.file("slos/web-access.yaml", text.replace("target: 0.97", "target: 0.99"));
    let ran = env.run(&["slo", "gate"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("Releases are frozen."), "{}", ran.stdout);
}

#[test]
fn measured_values_are_judged_slice_by_slice() {
    let env = TestEnv::new();
    env.ok(&["init", ".", "--sample", "orchestrator-cc"]);
    env.ok(&["data", "ingest", "agents.jsonl", "--stream", "agents"]);
    env.ok(&["data", "ingest", "host.csv", "--stream", "host"]);
    insta::assert_snapshot!("slo_orchestrator", env.ok(&["slo", "status"]).stdout);
}

#[test]
fn the_objectives_of_the_runbook_hold_over_a_month() {
    let env = TestEnv::new();
    env.ok(&["init", ".", "--sample", "context-optimization"]);
    env.ok(&["data", "ingest", "metrics.jsonl", "--stream", "metrics"]);
    insta::assert_snapshot!("slo_context", env.ok(&["slo", "status"]).stdout);
}

#[test]
fn mistakes_come_with_a_remedy() {
    let env = web();
    let cases: [&[&str]; 6] = [
        &["slo", "status", "--slo", "web-availabilty"],
        &["slo", "explain", "web-links.budget.remaning_ratio"],
        &["slo", "status", "--tiers", "sloth"],
        &["slo", "status", "--spec", "nothing.yaml"],
        &["slo", "status", "--slices", "drill.toml"],
        &["slo", "status", "--spec", "drill.toml"],
    ];
    let mut shown = String::new();
    for args in cases {
        let ran = env.run(args);
        assert_eq!(ran.code, 2, "{args:?}\n{}", ran.stdout);
        shown.push_str(&format!("$ drill {}\n{}\n", args.join(" "), ran.stderr));
    }
    insta::assert_snapshot!("slo_mistakes", shown);
}
