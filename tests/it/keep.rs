//! Rankings, retention and export: what is kept, and every question still answered.

use serde_json::Value;

use crate::env::TestEnv;

/// 1 October 2026, midnight.
const BEGIN: u64 = 1_790_812_800;
const DAY: u64 = 86_400;

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env
}

/// The metrics of the fourth document, in its shape: failures of two hooks as its example has them.
fn hooks(env: &TestEnv) {
    let mut text = String::new();
    let mut line = |at: u64, hook: &str, success: bool, error: &str, ms: u64| {
        let error =
            if error.is_empty() { String::new() } else { format!(",\"error\":\"{error}\"") };
        text += &format!(
            "{{\"timestamp\":{},\"type\":\"hook_execution\",\"hook\":\"{hook}\",\
             \"success\":{success}{error},\"duration_ms\":{ms}}}\n",
            BEGIN + at
        );
    };
    for i in 0..15 {
        line(i * 600, "PreToolUse.js", false, if i < 9 { "timeout" } else { "exit 1" }, 900 + i);
    }
    for i in 0..3 {
        line(10_000 + i, "PostToolUse.js", false, "exit 1", 100);
    }
    for i in 0..20 {
        line(12_000 + i * 60, "PreToolUse.js", true, "", 40 + i);
    }
    text += &format!(
        "{{\"timestamp\":{},\"type\":\"error\",\"severity\":\"Critical\"}}\n",
        BEGIN + 20_000
    );
    env.file("metrics.jsonl", text);
    env.ok(&["data", "ingest", "metrics.jsonl"]);
}

const FAILED: &str = "type = 'hook_execution' and not success";

#[test]
fn values_are_ranked_as_the_runbook_does_by_hand() {
    let env = workspace();
    hooks(&env);
    let top = ["data", "top", "--by", "hook", "--where", FAILED];
    let found = env.json(&top);
    assert_eq!(found["schema"], "drill.top/1");
    let pairs = |found: &Value| -> Vec<(Value, u64)> {
        let rows = found["top"].as_array().unwrap().iter();
        rows.map(|row| (row["value"].clone(), row["count"].as_u64().unwrap())).collect()
    };
    assert_eq!(pairs(&found), [("PreToolUse.js".into(), 15), ("PostToolUse.js".into(), 3)]);
    // Equal counts in the order of their values, rows without one named.
    let errors = env.json(&["data", "top", "--by", "error"]);
    assert_eq!(pairs(&errors), [(Value::Null, 21), ("exit 1".into(), 9), ("timeout".into(), 9)]);
    assert_eq!(errors["values"], 3);
    let text = env.ok(&["data", "top", "--by", "error"]).stdout;
    assert!(text.contains("(none)"), "{text}");
    // `message` finds the column that this stream has for it.
    assert_eq!(env.json(&["data", "top", "--by", "message"])["column"], "error");
    let hours = env.json(&["data", "top", "--per", "1h", "--where", FAILED]);
    let hours: Vec<(String, u64)> = hours["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["at"].as_str().unwrap()[11..13].to_owned(), row["count"].as_u64().unwrap()))
        .collect();
    let want = [("00", 6), ("01", 6), ("02", 6)].map(|(hour, count)| (hour.to_owned(), count));
    assert_eq!(hours, want);
    let slow = ["data", "top", "--by", "hook", "--measure", "duration_ms", "--order", "mean"];
    let slow = env.json(&slow);
    // (15 x 900 + 0 + ... + 14 + 20 x 40 + 0 + ... + 19) / 35
    let mean = slow["top"][0]["mean"].as_f64().unwrap();
    assert!((mean - 14_595.0 / 35.0).abs() < 1e-9, "{mean}");
    assert_eq!(slow["top"][0]["max"], 914.0);
}

#[test]
fn two_spans_of_one_length_are_compared() {
    let env = workspace();
    hooks(&env);
    let args = [
        "data",
        "top",
        "--by",
        "hook",
        "--before",
        "2026-10-01T03:00:00Z",
        "--after",
        "2026-10-01T03:00:00Z",
        "--span",
        "90m",
    ];
    let found = env.json(&args);
    assert_eq!(found["spans"]["before"]["from"], "2026-10-01T01:30:00+00:00");
    assert_eq!(found["spans"]["after"]["to"], "2026-10-01T04:30:00+00:00");
    let row = |i: usize| &found["top"][i];
    assert_eq!((&row(0)["value"], &row(0)["change"]), (&"PreToolUse.js".into(), &14.into()));
    assert_eq!((&row(1)["value"], &row(1)["change"]), (&"PostToolUse.js".into(), &(-3).into()));
    let wrong = env.run(&["data", "top", "--by", "hok", "--stream", "metrics"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean `hook`"), "{}", wrong.stderr);
}

#[test]
fn an_expression_reaches_nothing_but_its_columns() {
    let env = workspace();
    hooks(&env);
    for bad in [
        "1) = 1); DROP TABLE s_metrics; --",
        "hook IN (SELECT path FROM files)",
        "read_text('/etc/passwd') = ''",
        "success) UNION SELECT raw FROM rejects; --",
    ] {
        let ran = env.run(&["data", "top", "--by", "hook", "--where", bad]);
        assert_eq!(ran.code, 2, "{bad}: {}", ran.stdout);
        assert!(ran.stderr.contains("expression::refused"), "{}", ran.stderr);
    }
    let odd = env.run(&["data", "top", "--by", "hook\" FROM files; --"]);
    assert_eq!(odd.code, 2);
    assert_eq!(env.json(&["data", "streams"])["streams"][0]["rows"], 39);
}

/// One row an hour for `days` days.
fn hourly(env: &TestEnv, stream: &str, days: u64) {
    let line = |i: u64| {
        let status = if i.is_multiple_of(7) { 500 } else { 200 };
        format!(
            "{{\"ts\":{},\"n\":{i},\"route\":\"/{}\",\"status\":{status},\"o\":{{\"k\":[{i}]}}}}\n",
            BEGIN + i * 3600,
            i % 3
        )
    };
    env.file(&format!("{stream}.jsonl"), (0..days * 24).map(line).collect::<String>());
    env.ok(&["data", "ingest", &format!("{stream}.jsonl")]);
}

fn step<'a>(found: &'a Value, stream: &str) -> &'a Value {
    let steps = found["retention"].as_array().unwrap();
    steps.iter().find(|step| step["stream"] == stream).unwrap()
}

#[test]
fn retention_shows_first_and_archives_what_stays_queryable() {
    let env = workspace();
    hourly(&env, "metrics", 40);
    hourly(&env, "audit", 40);
    hourly(&env, "hook_execution", 40);
    hourly(&env, "history", 40);
    // 40 days and 1 hour after the first row: the row that is 30 days old to the second is due.
    let at = ["--at", "2026-11-10T01:00:00Z"];
    let retain: Vec<&str> = ["data", "retain"].into_iter().chain(at).collect();
    let planned = env.json(&retain);
    assert_eq!(step(&planned, "metrics")["rows"], 10 * 24 + 2);
    assert_eq!(step(&planned, "metrics")["last"], "2026-10-11T01:00:00+00:00");
    assert_eq!(step(&planned, "audit")["rows"], 0);
    assert_eq!(step(&planned, "hook_execution")["rows"], 33 * 24 + 2);
    assert_eq!(step(&planned, "history")["keep"], "forever");
    let streams = env.json(&["data", "streams"]);
    assert!(streams["streams"].as_array().unwrap().iter().all(|s| s["archived"] == 0));
    let questions: [&[&str]; 3] = [
        &["data", "top", "--by", "route", "--stream", "metrics"],
        &["data", "top", "--by", "status", "--stream", "metrics", "--per", "1d"],
        &["data", "top", "--by", "route", "--stream", "metrics", "--measure", "n"],
    ];
    let ask = || questions.map(|question| env.ok(question).stdout);
    let before = ask();
    env.ok(&["data", "export", "metrics", "--to", "before.jsonl"]);
    let apply: Vec<&str> = retain.iter().copied().chain(["--apply"]).collect();
    assert_eq!(step(&env.json(&apply), "metrics")["done"], "done");
    assert_eq!(ask(), before, "archived rows answer as before");
    env.ok(&["data", "export", "metrics", "--to", "after.jsonl"]);
    let read = |name: &str| std::fs::read_to_string(env.path().join(name)).unwrap();
    assert_eq!(read("before.jsonl"), read("after.jsonl"));
    assert!(read("after.jsonl").contains("\"o\":{\"k\":[7]}"), "nested values are nested again");
    let streams = env.json(&["data", "streams"]);
    let of = |name: &str, key: &str| {
        let all = streams["streams"].as_array().unwrap();
        all.iter().find(|s| s["name"] == name).unwrap()[key].clone()
    };
    assert_eq!((of("metrics", "rows"), of("metrics", "archived")), (960.into(), 242.into()));
    assert_eq!(
        (of("hook_execution", "rows"), of("hook_execution", "removed")),
        (960.into(), 794.into())
    );
    assert_eq!(of("hook_execution", "first"), "2026-11-03T02:00:00+00:00");
    // Nothing is due a second time, and what was read is not read again.
    assert_eq!(step(&env.json(&apply), "metrics")["rows"], 0);
    env.ok(&["data", "ingest", "metrics.jsonl"]);
    assert_eq!(ask(), before);
    // Later rows follow into a second file; a column that came later is empty in the first.
    env.file(
        "metrics.jsonl",
        format!("{}{{\"ts\":{},\"n\":0.5,\"new\":1}}\n", read("metrics.jsonl"), BEGIN + 50 * DAY),
    );
    env.ok(&["data", "ingest", "metrics.jsonl"]);
    let later = ["data", "retain", "--apply", "--at", "2026-11-20T00:00:00Z"];
    assert_eq!(step(&env.json(&later), "metrics")["rows"], 20 * 24 + 1 - 242);
    let top = env.json(&["data", "top", "--by", "new", "--stream", "metrics"]);
    assert_eq!(top["total"], 961);
    assert_eq!(
        top["top"][0],
        serde_json::json!({"value": null, "count": 960, "share": 960.0 / 961.0})
    );
}

const SLO: &str = "apiVersion: openslo/v1
kind: SLO
metadata: {name: audit-ok}
spec:
  service: audit
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    metadata: {name: audit-ok-sli}
    spec:
      ratioMetric:
        counter: false
        good: {metricSource: {type: drill, spec: {stream: audit, where: 'status < 500'}}}
        total: {metricSource: {type: drill, spec: {stream: audit}}}
  objectives: [{target: 0.9}]
";

#[test]
fn what_a_window_needs_is_held_and_archived_rows_make_the_same_slos() {
    let env = workspace();
    hourly(&env, "audit", 40);
    env.file("slos/audit.yaml", SLO);
    env.file(
        "retention.toml",
        "schema = \"drill.retention/1\"\n[[rule]]\nstreams = [\"*\"]\n\
        keep = \"5d\"\nthen = \"delete\"\n",
    );
    let status = env.ok(&["slo", "status", "--format", "json"]).stdout;
    let apply = ["data", "retain", "--apply", "--at", "2026-12-01T00:00:00Z"];
    let found = env.json(&apply);
    // The window of 30 days before the last row, and a day.
    assert_eq!(step(&found, "audit")["held_from"], "2026-10-09T23:00:00+00:00");
    assert_eq!(step(&found, "audit")["rows"], 8 * 24 + 23);
    let window = |text: &str| {
        let found: Value = serde_json::from_str(text).unwrap();
        let slo = &found["slos"][0];
        (slo["good"].clone(), slo["total"].clone(), slo["budget"].clone(), slo["coverage"].clone())
    };
    let after = env.ok(&["slo", "status", "--format", "json"]).stdout;
    assert_eq!(window(&after), window(&status));
    env.file(
        "retention.toml",
        "schema = \"drill.retention/1\"\n[[rule]]\nstreams = [\"*\"]\n\
        keep = \"5d\"\n",
    );
    env.ok(&apply);
    let archived = env.json(&["data", "streams"])["streams"][0]["archived"].clone();
    assert_eq!(archived, 960 - 8 * 24 - 23);
    let after = env.ok(&["slo", "status", "--format", "json"]).stdout;
    assert_eq!(window(&after), window(&status), "from Parquet alone");
    // Whole files whose time is over are removed; a bad rule removes nothing.
    env.file(
        "retention.toml",
        "schema = \"drill.retention/1\"\n[[rule]]\nstreams = [\"*\"]\n\
        kep = \"5d\"\n",
    );
    assert_eq!(env.run(&apply).code, 2);
    env.file(
        "retention.toml",
        "schema = \"drill.retention/1\"\n[[rule]]\nstreams = [\"*\"]\n\
        keep = \"5d\"\nthen = \"delete\"\n",
    );
    std::fs::remove_dir_all(env.path().join("slos")).unwrap();
    let found = env.json(&apply);
    assert_eq!(
        (&step(&found, "audit")["files"], &step(&found, "audit")["rows"]),
        (&1.into(), &745.into())
    );
    assert!(env.files(".drill/archive").is_empty());
    assert_eq!(env.json(&["data", "top", "--by", "route"])["total"], 0);
}

#[test]
fn a_report_names_who_burnt_the_budget() {
    let env = workspace();
    hourly(&env, "audit", 40);
    env.file("slos/audit.yaml", SLO);
    let found = env.json(&["report", "weekly", "--week", "2026-W42"]);
    // 12 to 18 October: hours 264 to 431, of which 24 are bad.
    let all = found["contributors"].as_array().unwrap();
    let bad: u64 = all.iter().map(|one| one["bad"].as_u64().unwrap()).sum();
    assert_eq!(bad, (264..432).filter(|i| i % 7 == 0).count() as u64);
    assert_eq!((&all[0]["slo"], &all[0]["column"]), (&"audit-ok".into(), &"route".into()));
}

#[test]
fn an_export_comes_back_as_it_was() {
    let env = workspace();
    hourly(&env, "a", 3);
    for name in ["b.csv", "c.jsonl", "d.parquet"] {
        env.ok(&["data", "export", "a", "--to", name]);
        let again = env.run(&["data", "export", "a", "--to", name]);
        assert_eq!(again.code, 2, "a file that is there stays");
    }
    let parquet = std::fs::read(env.path().join("d.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    env.ok(&["data", "ingest", "b.csv", "c.jsonl"]);
    let want = env.ok(&["data", "top", "--by", "route", "--stream", "a", "--format", "csv"]).stdout;
    for stream in ["b", "c"] {
        let args = ["data", "top", "--by", "route", "--stream", stream, "--format", "csv"];
        assert_eq!(env.ok(&args).stdout, want, "{stream}");
    }
    let part = [
        "data",
        "export",
        "a",
        "--to",
        "b.csv",
        "--force",
        "--from",
        "2026-10-02T00:00:00Z",
        "--until",
        "2026-10-02T02:00:00Z",
    ];
    env.ok(&part);
    let text = std::fs::read_to_string(env.path().join("b.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[1].starts_with("2026-10-02T00:00:00.000000Z,24,/0,200,"), "{text}");
    assert_eq!(env.run(&["data", "export", "a", "--to", "x.txt"]).code, 2);
    assert_eq!(env.run(&["data", "export", "nope", "--to", "x.csv"]).code, 2);
}
