//! `drill slo export`, `drill slo init` and `drill slo gate --pack` as a user runs them; promtool
//! checks every file of rules that is written.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "the whole file is tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::env::TestEnv;

const PROMTOOL: &str = "/usr/bin/promtool";

const COUNTERS: &str = r#"apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout
  annotations:
    drill/tiers: "page 1h/5m 14.4 for=2m; ticket 3h/15m 6 keep=5m min-failures=3"
spec:
  service: shop
  indicator:
    metadata: {name: checkout}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: drill
            spec: {stream: m, metric: http_requests_total, where: "labels->>'code' like '5%'"}
        total:
          metricSource:
            type: drill
            spec: {stream: m, metric: http_requests_total}
  timeWindow:
    - {duration: 30d, isRolling: true}
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: latency
  annotations:
    drill/tiers: "page 1h/10m 2"
spec:
  service: shop
  indicator:
    metadata: {name: latency}
    spec:
      thresholdMetric:
        metricSource:
          type: drill
          spec: {stream: m, metric: latency_seconds_bucket, where: "labels->>'job' = 'api'"}
  timeWindow:
    - {duration: 30d, isRolling: true}
  budgetingMethod: Timeslices
  objectives:
    - {target: 0.9, timeSliceTarget: 0.95, timeSliceWindow: 5m, op: lte, value: 0.5}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: rows
spec:
  service: shop
  indicator:
    metadata: {name: rows}
    spec:
      ratioMetric:
        counter: false
        good:
          metricSource:
            type: drill
            spec: {stream: access, where: "status < 500"}
        total:
          metricSource:
            type: drill
            spec: {stream: access}
  timeWindow:
    - {duration: 30d, isRolling: true}
  budgetingMethod: RatioTimeslices
  objectives:
    - {target: 0.9, timeSliceWindow: 1m}
"#;

/// Eight hours of minutes: calm, a burst of errors, a hole of ten minutes, an hour half bad.
fn slices() -> String {
    let mut text = "ts,good,total\n".to_owned();
    for minute in 0..480 {
        let bad = match minute {
            200..=215 => 50,
            330..=340 => continue,
            400..=430 => 8,
            _ => u32::from(minute % 97 == 0),
        };
        writeln!(text, "{},{},100", 1_700_000_040 + 60 * minute, 100 - bad).unwrap();
    }
    text
}

/// What promtool says; nothing where it is not installed.
fn promtool(args: &[&str], file: &Path) -> Option<(bool, String)> {
    if !Path::new(PROMTOOL).exists() {
        eprintln!("skipped: there is no {PROMTOOL}");
        return None;
    }
    let output = Command::new(PROMTOOL).args(args).arg(file).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

fn accepts(args: &[&str], file: &Path) {
    if let Some((accepted, said)) = promtool(args, file) {
        assert!(accepted, "{}: {said}", file.display());
    }
}

#[test]
fn promtool_accepts_rules_and_unit_test() {
    let env = TestEnv::new();
    env.file("slo.yaml", COUNTERS);
    env.file("slices.csv", slices());
    let ran = env.ok(&[
        "slo",
        "export",
        "prometheus",
        "slo.yaml",
        "--out",
        "rules",
        "--slices",
        "slices.csv",
        "--slo",
        "checkout",
    ]);
    assert_eq!(ran.stdout.lines().count(), 3, "{}", ran.stdout);
    let rules = env.path().join("rules");
    accepts(&["check", "rules"], &rules.join("oracle-rules.yml"));
    accepts(&["check", "rules"], &rules.join("production-rules.yml"));
    accepts(&["test", "rules"], &rules.join("oracle-test.yml"));
    let test = std::fs::read_to_string(rules.join("oracle-test.yml")).unwrap();
    assert!(test.contains("firing") && test.contains("pending"), "the burst fires");
    // Another state than the replay's is refused: the test can fail.
    let wrong = test.replacen("\"firing\"", "\"pending\"", 1).replacen("firing", "pending", 1);
    std::fs::write(rules.join("oracle-test.yml"), wrong).unwrap();
    if let Some((accepted, _)) = promtool(&["test", "rules"], &rules.join("oracle-test.yml")) {
        assert!(!accepted);
    }
    let again = ["slo", "export", "prometheus", "slo.yaml", "--out", "rules"];
    env.ok(&again);
    env.file("rules/production-rules.yml", "groups: []\n");
    assert_eq!(env.run(&again).code, 2, "a file of somebody else stays");
}

#[test]
fn rules_are_written_or_the_reason_is() {
    let env = TestEnv::new();
    env.file("slo.yaml", COUNTERS);
    let production = env.ok(&["slo", "export", "prometheus", "slo.yaml"]);
    let oracle = env.ok(&["slo", "export", "prometheus", "slo.yaml", "--form", "oracle"]);
    insta::assert_snapshot!("slo_export_production", production.stdout);
    insta::assert_snapshot!("slo_export_oracle", oracle.stdout);
    assert!(production.stderr.contains("rows of the stream `access`"), "{}", production.stderr);
    for (name, text) in [("production.yml", &production), ("oracle.yml", &oracle)] {
        accepts(&["check", "rules"], &env.file(name, &text.stdout));
    }
}

/// The production rules on samples of counters, at the ends of slices and without gaps, where
/// `increase` over a range of one minute sees each growth.
#[test]
fn production_rules_fire_on_the_metrics() {
    let env = TestEnv::new();
    env.file("slo.yaml", COUNTERS.split("---").next().unwrap());
    env.ok(&["slo", "export", "prometheus", "slo.yaml", "--out", "rules"]);
    let test = "rule_files: [production-rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: \
                15s\n  input_series:\n  - {series: 'http_requests_total{code=\"200\"}', values: \
                '0+25x960'}\n  - {series: 'http_requests_total{code=\"500\"}', values: '0x480 \
                5+5x479'}\n  alert_rule_test:\n  - {eval_time: 119m, alertname: 'checkout:1h/5m', \
                exp_alerts: []}\n  - {eval_time: 150m, alertname: 'checkout:1h/5m', exp_alerts: \
                [{exp_labels: {slo: checkout, tier: 1h/5m, severity: page}}]}\n  promql_expr_test:\n  - \
                {eval_time: 60m, expr: 'drill:slice_total', exp_samples: [{labels: \
                'drill:slice_total{slo=\"checkout\"}', value: 100}]}\n";
    let file = env.file("rules/production-test.yml", test);
    accepts(&["test", "rules"], &file);
}

#[test]
fn other_tools_specs_become_openslo_and_rules() {
    let env = TestEnv::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut imported = 0;
    for folder in ["sloth/valid", "pyrra/valid"] {
        let mut files: Vec<_> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml")
            })
            .collect();
        files.sort();
        for file in files {
            let ran = env.run(&["slo", "init", "--from", &file.to_string_lossy()]);
            if ran.code != 0 {
                continue;
            }
            imported += 1;
            let path = env.file("spec.yaml", &ran.stdout);
            let checked = env.run(&["check", "spec.yaml"]);
            assert_eq!(checked.code, 0, "{}: {}", file.display(), checked.stderr);
            let rules = env.ok(&["slo", "export", "prometheus", "spec.yaml"]);
            accepts(&["check", "rules"], &env.file("rules.yml", &rules.stdout));
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(imported >= 4, "{imported} files imported");
}

#[test]
fn a_starter_spec_works_on_its_stream() {
    let env = TestEnv::new();
    env.ok(&["init", ".", "--sample", "web-access"]);
    env.ok(&["data", "ingest", "access.log", "--stream", "access"]);
    std::fs::remove_file(env.path().join("slos/web-access.yaml")).unwrap();
    env.ok(&["slo", "init", "--stream", "access", "--out", "slos/access.yaml"]);
    let text = std::fs::read_to_string(env.path().join("slos/access.yaml")).unwrap();
    insta::assert_snapshot!("slo_init_access", text);
    let status = env.ok(&["slo", "status", "--format", "json"]);
    assert!(status.stdout.contains("\"access-availability\""), "{}", status.stdout);
    assert_eq!(env.run(&["slo", "init", "--out", "slos/access.yaml"]).code, 2);
    assert_eq!(env.run(&["slo", "init", "--stream", "acess"]).code, 2);
    let samples: String = (0..90)
        .flat_map(|scrape| {
            [("0.1", 5), ("0.25", 8), ("1", 9), ("+Inf", 10)].map(|(le, n)| {
                format!(
                    "{{\"ts\":{},\"name\":\"rpc_seconds_bucket\",\"value\":{}.0,\"labels\":\
                     \"{{\\\"le\\\":\\\"{le}\\\"}}\"}}\n",
                    1_700_000_000 + 15 * scrape,
                    scrape * n
                )
            })
        })
        .collect();
    env.file("rpc.jsonl", samples);
    env.ok(&["data", "ingest", "rpc.jsonl", "--stream", "rpc"]);
    let metrics = env.ok(&["slo", "init", "--stream", "rpc"]).stdout;
    env.file("rpc.yaml", &metrics);
    let status = env.ok(&["slo", "status", "--spec", "rpc.yaml", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(document["slos"][0]["sli"].as_f64(), Some(0.8), "{metrics}");
    env.file("starter.yaml", env.ok(&["slo", "init"]).stdout);
    assert_eq!(env.run(&["check", "starter.yaml"]).code, 0);
}

const FREEZE: &str = r#"
// Releases wait while a budget is spent, and while several services page at once.
fn freeze(budgets) {
    let holds = [];
    let paging = 0;
    for budget in budgets.all {
        if budget.is_exhausted {
            holds.push(hold("budget-spent", budget, `nothing is left (${budget.remaining})`));
        }
        if budget.burns("page") { paging += 1; }
    }
    if paging > 1 { holds.push(hold("several-pages", `${paging} objectives page`)); }
    holds
}
"#;

const FREEZE_TESTS: &str = r#"schema = "drill.ruletest/1"
pack = "cinecom"

[[case]]
name = "a spent budget holds"
[[case.budgets]]
slo = "web/1"
remaining = -0.5
[[case.budgets]]
slo = "search"
remaining = 0.5
[case.expect]
holds = ["budget-spent web/1"]
no_holds = ["several-pages"]

[[case]]
name = "unknown budgets are not read"
[[case.budgets]]
slo = "web"
[case.expect]
no_holds = ["budget-spent", "several-pages"]

[[case]]
name = "two pages hold"
[[case.budgets]]
slo = "a"
remaining = 0.9
firing = ["page"]
[[case.budgets]]
slo = "b"
remaining = 0.9
firing = ["page", "ticket"]
[case.expect]
holds = ["several-pages"]
"#;

/// A workspace whose pack `cinecom` has a policy on releases.
fn guarded(script: &str) -> TestEnv {
    let env = TestEnv::new();
    env.ok(&["init", "."]);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/cinecom");
    for entry in std::fs::read_dir(shipped).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name == "pack.toml" || name.ends_with(".rhai") {
            env.file(&format!("rules/cinecom/{name}"), std::fs::read(entry.path()).unwrap());
        }
    }
    env.file("rules/cinecom/freeze.rhai", script);
    env.file("slo.yaml", COUNTERS);
    env.file("slices.csv", slices());
    env
}

#[test]
fn a_pack_decides_about_releases() {
    let env = guarded(FREEZE);
    env.file("rules/cinecom/freeze.test.toml", FREEZE_TESTS);
    let tests = env.ok(&["rules", "test", "--pack", "cinecom"]);
    insta::assert_snapshot!("slo_gate_rule_tests", tests.stdout);
    let gate = |more: &[&str]| {
        let mut args = vec![
            "slo",
            "gate",
            "--spec",
            "slo.yaml",
            "--slices",
            "slices.csv",
            "--slo",
            "checkout",
            "--pack",
            "cinecom",
        ];
        args.extend(more);
        env.run(&args)
    };
    // Eight hours are no 30 days: too little is measured.
    let unknown = gate(&[]);
    assert_eq!(unknown.code, 1);
    let allowed = gate(&["--allow-no-data"]);
    assert_eq!(allowed.code, 0, "{}", allowed.stderr);
    env.file("slo.yaml", COUNTERS.replace("duration: 30d", "duration: 4h"));
    let spent = gate(&[]);
    assert_eq!(spent.code, 1);
    insta::assert_snapshot!("slo_gate_pack", spent.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&gate(&["--format", "json"]).stdout).unwrap();
    assert_eq!(json["holds"][0]["rule"], "budget-spent");
    assert_eq!(json["slos"][0]["reason"], "held");
}

#[test]
fn a_policy_that_fails_lets_nothing_pass() {
    let env =
        guarded("fn freeze(budgets) { if budgets.all[0].remaining < 0.1 { [1] } else { [] } }");
    let args = [
        "slo",
        "gate",
        "--spec",
        "slo.yaml",
        "--slices",
        "slices.csv",
        "--slo",
        "checkout",
        "--pack",
        "cinecom",
        "--allow-no-data",
    ];
    let unread = env.run(&args);
    assert_eq!(unread.code, 1, "{}", unread.stderr);
    assert!(unread.stderr.contains("is not known"), "{}", unread.stderr);
    assert!(unread.stdout.contains("The policy failed"), "{}", unread.stdout);
    std::fs::remove_file(env.path().join("rules/cinecom/freeze.rhai")).unwrap();
    let none = env.run(&args);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("no policy on releases"), "{}", none.stderr);
}

#[test]
fn corrections_are_checked_like_any_file() {
    let env = TestEnv::new();
    env.file(
        "good.toml",
        "schema = \"drill.corrections/1\"\n[[correction]]\nname = \"weekly\"\nstart = \
         2026-11-01T02:00:00\nduration = \"90m\"\nrrule = \"FREQ=WEEKLY;BYDAY=SU\"\neffect = \
         \"drop\"\n",
    );
    assert_eq!(env.ok(&["check", "good.toml"]).stdout, "ok    corrections good.toml\n");
    env.file(
        "bad.toml",
        "schema = \"drill.corrections/1\"\n[[correction]]\nname = \"weekly\"\nstart = \
         \"yesterday\"\nduration = \"0s\"\nrrule = \"EVERY SUNDAY\"\neffect = \"ignore\"\n",
    );
    let bad = env.run(&["check", "bad.toml"]);
    assert_eq!(bad.code, 2);
    insta::assert_snapshot!("slo_corrections_bad", bad.stderr);
}
