//! Every scenario, run as a user would, and read by what it promises.

use serde_json::Value;

use crate::env::TestEnv;

const SCENARIOS: &[&[&str]] = &[
    &["quarterly-outage"],
    &["service-outage", "--set", "service=user"],
    &["service-outage", "--set", "service=movie"],
    &["service-outage", "--set", "service=actor"],
    &["service-outage", "--set", "service=scene"],
    &["service-outage", "--set", "service=review"],
    &["agent-hang", "--set", "variant=silent"],
    &["agent-hang", "--set", "variant=error_loop"],
    &["agent-hang", "--set", "variant=slow_burn"],
    &["quiet-day"],
    &["infrastructure-outage"],
    &["infrastructure-outage", "--set", "variant=edge"],
    &["long-outage"],
    &["communication-outage"],
    &["communication-outage", "--set", "also=github"],
    &["communication-outage", "--set", "also=mail"],
    &["agent-quality-drop"],
    &["coordination-outage"],
    &["coordination-outage", "--set", "also=github"],
    &["coordination-outage", "--set", "also=both"],
    &["github-outage"],
    &["github-outage", "--set", "also=discord"],
    &["intermittent-outage"],
    &["intermittent-outage", "--set", "variant=leak"],
    &["internet-outage"],
    &["data-loss"],
    &["data-loss", "--set", "loss=creeping"],
    &["security-breach"],
    &["key-person-absent"],
    &["key-person-absent", "--set", "who=lead"],
];

fn run(env: &TestEnv, scenario: &[&str], more: &[&str]) -> Value {
    let mut args = vec!["run"];
    args.extend(scenario);
    args.extend(["--band", "0", "--format", "json", "--out", "o"]);
    args.extend(more);
    serde_json::from_str(&env.ok(&args).stdout).unwrap()
}

fn milestone<'v>(json: &'v Value, name: &str) -> &'v Value {
    let all = json["milestones"].as_array().unwrap();
    all.iter().find(|milestone| milestone["name"] == name).unwrap()
}

#[test]
fn a_scored_timeline_gives_its_scorecard_again() {
    for scenario in SCENARIOS {
        let env = TestEnv::new();
        run(&env, scenario, &[]);
        let card = std::fs::read_to_string(env.path().join("o/scorecard.json")).unwrap();
        let again = env.ok(&["score", "o/timeline.jsonl", "--format", "json"]);
        assert_eq!(again.stdout.trim_end(), card.trim_end(), "{scenario:?}");
        let check = env.ok(&["check", "o/timeline.jsonl"]);
        assert!(check.stderr.is_empty(), "{scenario:?}: {}", check.stderr);
    }
}

#[test]
fn severities_are_what_the_scenarios_expect() {
    for seed in ["1", "2", "3"] {
        for scenario in SCENARIOS {
            let json = run(&TestEnv::new(), scenario, &["--seed", seed]);
            let severity = &json["severity"];
            assert_eq!(severity["declared"], severity["expected"], "{scenario:?} --seed {seed}");
        }
    }
}

#[test]
fn a_quarterly_drill_goes_from_fault_to_report() {
    let json = run(&TestEnv::new(), &["quarterly-outage"], &[]);
    assert_eq!(json["schema"], "drill.run/1");
    assert_eq!(json["severity"]["declared"], "critical");
    assert_eq!(json["milestones"].as_array().unwrap().len(), 15);
    for name in [
        "fault_start",
        "impact_start",
        "detectable",
        "detected",
        "page_delivered",
        "acked",
        "declared",
        "roles_filled",
        "first_internal",
        "mitigated",
        "resolved",
        "report_delivered",
    ] {
        assert_eq!(milestone(&json, name)["state"], "observed", "{name}");
    }
    assert!(json["alerts"].as_array().unwrap().len() >= 2, "several services burn their budget");
    assert_eq!(json["score"]["rating"], Value::Null);
    assert_eq!(json["score"]["reason"], "simulated");
}

#[test]
fn a_quiet_day_pages_nobody_about_a_fault() {
    let json = run(&TestEnv::new(), &["quiet-day"], &[]);
    assert_ne!(milestone(&json, "impact_start")["state"], "observed");
    assert_eq!(json["severity"]["declared"], Value::Null);
}

#[test]
fn a_silent_agent_is_found_at_the_latest_after_a_day() {
    let json = run(&TestEnv::new(), &["agent-hang", "--set", "variant=silent"], &[]);
    let detected = milestone(&json, "detected")["offset_ms"].as_i64().unwrap();
    assert!(detected <= 25 * 3_600_000, "detected after {detected} ms");
}

#[test]
fn removing_the_key_person_does_not_make_things_faster() {
    let p50 = |more: &[&str]| {
        let mut args = vec!["run", "quarterly-outage", "--trials", "100", "--format", "json"];
        args.extend(more);
        let json: Value = serde_json::from_str(&TestEnv::new().ok(&args).stdout).unwrap();
        milestone(&json, "mitigated")["p50_ms"].as_i64().unwrap_or(i64::MAX)
    };
    assert!(p50(&["--without", "lead"]) >= p50(&[]));
}

#[test]
fn verdicts_have_their_own_exit_code() {
    let env = TestEnv::new();
    let run = |more: &[&str]| {
        let mut args = vec!["run", "quarterly-outage", "--band", "0"];
        args.extend(more);
        env.run(&args).code
    };
    assert_eq!(run(&["--fail-under", "0"]), 0);
    assert_eq!(run(&["--fail-under", "100"]), 1);
    assert_eq!(run(&["--require", "mitigate<=90d"]), 0);
    assert_eq!(run(&["--require", "mitigate<=1s"]), 1);
    assert_eq!(run(&["--require", "mitigat<=1s"]), 2);
    assert_eq!(run(&["--without", "nobody"]), 2);
    assert_eq!(run(&["--set", "service=none"]), 2);
}

#[test]
fn requirements_say_what_is_wrong_with_them() {
    let env = TestEnv::new();
    for wrong in ["mitigate", "mitigate<=soon@0.8", "mitigate<=30m@80", "mitigate<=30m@NaN", "<=1m"]
    {
        let ran = env.run(&["run", "quarterly-outage", "--trials", "1", "--require", wrong]);
        assert_eq!(ran.code, 2, "{wrong}: {}", ran.stderr);
        assert!(ran.stderr.contains("help"), "{wrong}: {}", ran.stderr);
    }
}

#[test]
fn causes_of_a_missed_target_add_up_to_its_time() {
    let env = TestEnv::new();
    let args = ["run", "quarterly-outage", "--responders", "public-postmortem", "--trials", "60"];
    let mut args = args.to_vec();
    args.extend(["--why", "--format", "json"]);
    let json: Value = serde_json::from_str(&env.ok(&args).stdout).unwrap();
    let why = json["why"].as_array().unwrap();
    assert!(!why.is_empty(), "published teams miss some target");
    for measure in why {
        let causes = measure["causes"].as_array().unwrap();
        assert!(!causes.is_empty(), "{measure}");
        let lost: i64 = causes.iter().map(|cause| cause["lost_ms"].as_i64().unwrap()).sum();
        assert!(lost > 0, "{measure}");
    }
}
