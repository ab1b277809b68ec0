//! What a workspace keeps from one drill to the next: actions, regular drills, the next review.

use drill::store::{DrillRow, History};

use crate::env::TestEnv;

const SLO: &str = "\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: web
spec:
  service: web
  budgetingMethod: Occurrences
  timeWindow:
  - duration: 30d
    isRolling: true
  indicator:
    metadata:
      name: web-good
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              query: good
        total:
          metricSource:
            type: Prometheus
            spec:
              query: total
  objectives:
  - displayName: Good
    target: 0.99
";

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env
}

/// A drill that was held at `at`.
fn held(env: &TestEnv, at: &str, scenario: &str, source: &str) {
    let row = DrillRow {
        trace_hash: format!("{:032x}", at.len() + scenario.len()),
        scenario: scenario.into(),
        pack: "cinecom@1a2b".into(),
        responders: "well-drilled-team".into(),
        seed: 1,
        start: at.into(),
        recorded_at: at.into(),
        scorecard: format!(r#"{{"source":"{source}","score":{{"points":70.0}}}}"#),
    };
    History::of_workspace(env.path()).append(&row).unwrap();
}

#[test]
fn the_plan_of_a_game_is_kept_until_each_action_is_closed() {
    let env = workspace();
    let script = "look\nskip\nack\nwait 50m\ndeclare high\n@70m mitigated\n@100m resolved\nend\n\
                  > monitoring: Probe the login\n> equipment\n> ito\n> 2026-10-20\n";
    env.file("pm.txt", script);
    let played = ["run", "service-outage", "--play", "pm", "--script", "pm.txt"];
    let ran = env.ok(&[&played[..], &["--band", "0", "--out", "game"]].concat());
    assert!(ran.stderr.contains("1 actions are kept"), "{}", ran.stderr);
    let report = std::fs::read_to_string(env.path().join("game/after-action.md")).unwrap();
    assert!(report.contains("| monitoring and alerts | Probe the login | ito | 2026-10-20 |"));
    assert!(report.contains("| backup | no action |"), "{report}");
    let found = env.json(&["history"]);
    let action = &found["actions"]["items"][0];
    assert_eq!((action["id"].as_str(), action["owner"].as_str()), (Some("A-1"), Some("ito")));
    assert_eq!(action["scenario"], "service-outage");
    let hash = action["trace_hash"].as_str().unwrap();
    env.ok(&["history", "file", "Rehearse", "--kind", "backup", "--drill", &hash[..8]]);
    let next = env.ok(&["run", "quiet-day", "--band", "0"]);
    assert!(next.stderr.contains("2 actions of earlier drills are open"), "{}", next.stderr);
    let routine =
        env.run(&["routine", "monthly", "--pack", "cinecom", "--at", "2026-10-25T00:00:00Z"]);
    assert!(routine.stdout.contains("A-1 Probe the login (owner ito, due 2026-10-20, overdue)"));
    assert_eq!(routine.code, 1, "an overdue action fails the routine");
    env.ok(&["history", "assign", "A-2", "--owner", "sato", "--due", "2999-01-01"]);
    env.ok(&["history", "close", "A-1", "--by", "ito", "--on", "2026-10-21"]);
    let after =
        env.run(&["routine", "monthly", "--pack", "cinecom", "--at", "2026-10-25T00:00:00Z"]);
    assert!(after.stdout.contains("1 open, 0 overdue"), "{}", after.stdout);
    let report = env.ok(&["report", "postmortem", "game", "--format", "md"]).stdout;
    assert!(report.contains("closed 2026-10-21 by ito") && report.contains("sato"), "{report}");
    let found = env.json(&["history"]);
    assert_eq!(found["actions"]["closed"], 1);
    assert_eq!(found["actions"]["open"], 1);
}

#[test]
fn mistakes_about_actions_say_what_to_do() {
    let env = workspace();
    env.ok(&["history", "file", "Rehearse"]);
    env.ok(&["history", "close", "A-1", "--by", "ito", "--on", "2020-01-01"]);
    let mistakes: &[(&[&str], &str)] = &[
        (&["history", "close", "A-9", "--by", "ito"], "history::no-action"),
        (&["history", "close", "A-1", "--by", "ito"], "history::closed"),
        (&["history", "file", "x", "--kind", "backups"], "did you mean `backup`?"),
        (&["history", "file", " "], "history::text"),
        (&["history", "file", "x", "--drill", "00"], "history::no-drill"),
        (&["history", "assign", "A-1"], "--owner"),
        (&["history", "file", "x", "--due", "soon"], "--due"),
    ];
    for (args, part) in mistakes {
        let ran = env.run(args);
        assert_eq!(ran.code, 2, "{args:?} {}", ran.stdout);
        assert!(ran.stderr.contains(part), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_post_mortem_has_the_headings_of_the_analysis_and_kinds_without_an_action() {
    let env = TestEnv::new();
    env.ok(&["run", "quarterly-outage", "--band", "0", "--out", "held", "-q"]);
    let ja = env.ok(&["report", "postmortem", "held", "--lang", "ja"]).stdout;
    for heading in ["根本原因の特定", "寄与要因の分析", "予防可能性の評価"]
        .iter()
        .chain(&["検出時間・初期対応の適切性", "エスカレーション・意思決定の迅速性"])
        .chain(&["復旧手順・時間の妥当性", "改善計画", "改善実装"])
    {
        assert!(ja.contains(heading), "{heading}: {ja}");
    }
    insta::assert_snapshot!("postmortem", env.ok(&["report", "postmortem", "held"]).stdout);
    let recorded = env.ok(&["report", "postmortem", "github-2018", "--pack", "cinecom"]).stdout;
    assert_eq!(recorded.matches("no action").count(), 4, "{recorded}");
    assert!(recorded.contains("is to be judged by"), "{recorded}");
}

#[test]
fn a_month_and_a_quarter_without_a_drill_are_missed() {
    let env = workspace();
    held(&env, "2026-04-10T10:00:00Z", "quarterly-outage", "live");
    held(&env, "2026-05-10T10:00:00Z", "agent-hang", "live");
    held(&env, "2026-06-10T10:00:00Z", "service-outage", "simulated");
    let at = |at: &str| env.run(&["routine", "monthly", "--pack", "cinecom", "--at", at]).stdout;
    assert!(at("2026-06-15T00:00:00Z").contains("2026-05: 1 held"));
    assert!(at("2026-07-15T00:00:00Z").contains("2026-06: none with people, 1 simulated"));
    let october = at("2026-10-15T00:00:00Z");
    assert!(october.contains("2026-09: missed"), "{october}");
    assert!(october.contains("2026-Q3: missed"), "{october}");
    let found = env.json(&["history"]);
    let due = found["due"].as_array().unwrap();
    let kinds: Vec<_> = due.iter().map(|due| due["frequency"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["monthly", "quarterly"]);
    let states = |index: usize| {
        let periods = due[index]["periods"].as_array().unwrap();
        periods.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(states(0).contains(&"missed".to_owned()), "{found}");
    assert!(states(1).contains(&"missed".to_owned()), "{found}");
    assert!(env.ok(&["history"]).stdout.contains("missed: none was held"));
}

#[test]
fn periodic_reports_say_what_was_missed_and_what_is_open() {
    let env = workspace();
    held(&env, "2026-04-10T10:00:00Z", "quarterly-outage", "live");
    env.ok(&["history", "file", "Rehearse", "--due", "2026-08-01"]);
    let mut slices = "ts,good,total\n".to_owned();
    for hour in 0..24 {
        slices += &format!("2026-08-01T{hour:02}:00:00Z,100,100\n");
    }
    env.file("slices.csv", slices);
    env.file("slo.yaml", SLO);
    let input = ["--spec", "slo.yaml", "--slices", "slices.csv", "--slice", "1h"];
    let month = [&["report", "monthly", "--month", "2026-08"][..], &input].concat();
    let text = env.ok(&month).stdout;
    assert!(text.contains("2026-08 (pack cinecom): missed: none was held"), "{text}");
    let quarter = [&["report", "quarterly", "--quarter", "2026-Q3"][..], &input].concat();
    assert!(env.ok(&quarter).stdout.contains("2026-Q3 (pack cinecom): missed"));
    // The action was filed after the month of the report.
    assert_eq!(env.json(&month)["actions"]["items"].as_array().unwrap().len(), 0);
}

#[test]
fn an_overdue_review_of_the_protocol_is_shown_by_itself() {
    let env = workspace();
    for file in ["pack.toml", "detect.rhai", "severity.rhai", "escalate.rhai", "adherence.rhai"] {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/cinecom/");
        let text = std::fs::read_to_string(format!("{path}{file}")).unwrap();
        let date = "date = \"2025-08-22\"\n";
        env.file(
            &format!("rules/cinecom/{file}"),
            text.replace(date, &format!("{date}next_review = \"2025-09-05\"\n")),
        );
    }
    let checked = env.ok(&["check", "cinecom"]);
    assert!(checked.stderr.contains("pack::review-overdue"), "{}", checked.stderr);
    assert!(checked.stderr.contains("was to be reviewed on 2025-09-05"), "{}", checked.stderr);
    let shown = env.json(&["show", "cinecom"]);
    assert_eq!(shown["item"]["review_overdue"], true, "{shown}");
    assert!(env.ok(&["show", "cinecom", "--lang", "ja"]).stdout.contains("日超過"));
    let at = |at: &str| env.run(&["routine", "monthly", "--pack", "cinecom", "--at", at]).stdout;
    assert!(at("2025-09-08T00:00:00Z").contains("overdue for 3 days"));
    assert!(!at("2025-09-05T00:00:00Z").contains("overdue for"));
}

#[test]
fn combinations_of_lost_tools_without_a_channel_are_named() {
    let env = TestEnv::new();
    let shown = env.json(&["show", "cinecom"]);
    let holes = shown["item"]["without_channel"].as_array().unwrap();
    assert!(!holes.is_empty(), "{shown}");
    let tools = |hole: &serde_json::Value| hole["tools"].as_array().unwrap().len();
    assert!(holes.iter().all(|hole| (1..=3).contains(&tools(hole))));
    // Nothing but the status page carries what the public is told, and it needs the internet.
    let public = |tool: &str| {
        holes.iter().any(|hole| {
            hole["tools"] == serde_json::json!([tool])
                && hole["sent"] == serde_json::json!([{"public": true}])
        })
    };
    assert!(public("status-page") && public("internet"), "{holes:#?}");
    let checked = env.ok(&["check", "cinecom"]);
    assert!(checked.stderr.contains("pack::no-channel"), "{}", checked.stderr);
}

#[test]
fn low_items_wait_in_the_weekly_report_until_somebody_acts_on_them() {
    let env = workspace();
    let mut slices = "ts,good,total\n".to_owned();
    for hour in 0..24 {
        slices += &format!("2026-08-05T{hour:02}:00:00Z,100,100\n");
    }
    env.file("slices.csv", slices);
    env.file("slo.yaml", SLO);
    let asked = ["report", "weekly", "--week", "2026-W32", "--spec", "slo.yaml"];
    let asked = [&asked[..], &["--slices", "slices.csv", "--slice", "1h"]].concat();
    let text = env.ok(&asked).stdout;
    assert!(text.contains("Unknown: no issue log was ingested"), "{text}");
    env.file(
        "issues.log",
        "[2026-07-20T10:00:00Z] [Low] [typo in the runbook] []\n\
         [2026-08-03T10:00:00Z] [low] [report two days late] [-]\n\
         [2026-08-04T10:00:00Z] [high] [user-service down] []\n\
         [2026-08-05T10:00:00Z] [low] [report two days late] [sent on Wednesday]\n\
         [2026-08-20T10:00:00Z] [low] [typo in the runbook] [corrected]\n",
    );
    env.ok(&["data", "ingest", "issues.log"]);
    let low = env.json(&asked)["low_items"].clone();
    assert_eq!(low.as_array().unwrap().len(), 1, "{low}");
    assert_eq!(low[0]["text"], "typo in the runbook");
    assert!(low[0]["since"].as_str().unwrap().starts_with("2026-07-20"), "{low}");
    assert!(env.ok(&asked).stdout.contains("typo in the runbook"));
}
