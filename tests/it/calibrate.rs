//! `drill calibrate`: presets from exports, and the refusal to make one from too little.

use std::fmt::Write as _;

use serde_json::Value;

use crate::env::TestEnv;

const PAYLOADS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/alert_payloads");

/// Bodies of PagerDuty about `n` incidents on Monday mornings in Tokyo, an hour apart: one in five
/// is never acknowledged, one in ten never resolved.
fn pagerduty(n: i64) -> String {
    let first = 1_772_413_200_000; // 2026-03-02T10:00:00+09:00
    let at = |minute: i64, seconds: i64| {
        let ms = first + minute * 60_000 + seconds * 1000;
        drill::units::SimTime::from_ms(ms).rfc3339(drill::units::Zone::UTC)
    };
    let mut text = String::new();
    for i in 0..n {
        let start = i / 6 * 7 * 24 * 60 + i % 6 * 60;
        let mut put = |what: &str, minute: i64, seconds: i64| {
            writeln!(
                text,
                "{{\"event\":{{\"event_type\":\"incident.{what}\",\"occurred_at\":\"{}\",\
                 \"data\":{{\"id\":\"P{i}\"}}}}}}",
                at(start + minute, seconds)
            )
            .unwrap();
        };
        put("triggered", 0, 0);
        if i % 5 != 0 {
            put("acknowledged", 0, 20 + 11 * (i % 9));
        }
        if i % 10 != 3 {
            put("resolved", 12 + 3 * (i % 17), 0);
        }
    }
    text
}

fn knob<'a>(shown: &'a Value, name: &str) -> &'a Value {
    let knobs = shown["item"]["knobs"].as_array().unwrap();
    knobs.iter().find(|knob| knob["name"] == name).unwrap_or_else(|| panic!("{name}: {shown}"))
}

#[test]
fn an_export_becomes_a_preset_of_the_workspace_and_drills_run_with_it() {
    let env = TestEnv::new();
    env.ok(&["init", "w"]);
    env.file("w/exports/pagerduty.jsonl", pagerduty(60));
    let args = [
        "calibrate",
        "w/exports",
        "--name",
        "our-team",
        "--zone",
        "Asia/Tokyo",
        "--workspace",
        "w",
    ];
    let text = env.ok(&args).stdout;
    for wanted in ["acknowledgement", "repair", "12 censored", "Stayed assumed"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let mut json = args.to_vec();
    json.extend(["--format", "json"]);
    let found: Value = serde_json::from_str(&env.ok(&json).stdout).unwrap();
    assert_eq!(found["schema"], "drill.calibration/1");
    assert_eq!((found["records"].as_u64(), found["incidents"].as_u64()), (Some(162), Some(60)));
    let inputs: Vec<&str> =
        found["fitted"].as_array().unwrap().iter().map(|f| f["input"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["acknowledgement_work", "repair"]);
    assert_eq!(found["fitted"][0]["n"], 60);
    assert_eq!(found["fitted"][0]["censored"], 12);
    assert_eq!(found["fitted"][1]["censored"], 6);
    assert!(found["fitted"][1]["form"]["distance"].is_number());
    // The file is valid, named, and says what is measured.
    env.ok(&["check", "w/presets/our-team.toml"]);
    let list = env.ok(&["list", "responders", "--workspace", "w"]).stdout;
    assert!(list.contains("our-team"), "{list}");
    let show = ["show", "our-team", "--format", "json", "--workspace", "w"];
    let shown: Value = serde_json::from_str(&env.ok(&show).stdout).unwrap();
    let p = knob(&shown, "ack_work_p");
    assert!((p["value"].as_f64().unwrap() - 0.8).abs() < 0.01, "{p}");
    assert!(p.to_string().contains("measured"), "{p}");
    assert!(knob(&shown, "ack_night_p").to_string().contains("assumed"));
    // Both ways of naming it run the same drill.
    let run = |preset: &str, option: &str| {
        let args = ["run", "service-outage", option, preset, "--trials", "20", "--format", "json"];
        let mut args = args.to_vec();
        args.extend(["--workspace", "w"]);
        serde_json::from_str::<Value>(&env.ok(&args).stdout).unwrap()
    };
    let by_name = run("our-team", "--responders");
    let by_file = run("w/presets/our-team.toml", "--preset");
    assert_eq!(by_name["responders"], "our-team");
    assert_eq!(by_name["trace_hash"], by_file["trace_hash"]);
    assert_ne!(by_name["trace_hash"], run("public-postmortem", "--preset")["trace_hash"]);
    let japanese = env.ok(&[&args[..], &["--lang", "ja"]].concat()).stdout;
    assert!(japanese.contains("仮定のまま"), "{japanese}");
}

#[test]
fn too_few_records_write_nothing_and_say_what_is_needed() {
    let env = TestEnv::new();
    env.file("few.jsonl", pagerduty(19));
    let ran = env.run(&["calibrate", "few.jsonl", "--name", "few"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    for wanted in ["calibrate::too-few", "20 waits, 10 of them", "waits 19"] {
        assert!(ran.stderr.contains(wanted), "{wanted}: {}", ran.stderr);
    }
    assert!(!env.path().join("few.toml").exists());
}

#[test]
fn published_payloads_are_recognised_and_counted() {
    let env = TestEnv::new();
    let ran = env.run(&["calibrate", PAYLOADS, "--name", "samples"]);
    assert_eq!(ran.code, 2, "a handful is not enough: {}", ran.stderr);
    for wanted in ["2: without an instant", "8: silenced or inhibited"] {
        assert!(ran.stderr.contains(wanted), "{wanted}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("of no form that is read"), "{}", ran.stderr);
}

#[test]
fn simulated_drills_calibrate_nothing() {
    let env = TestEnv::new();
    env.ok(&["run", "quarterly-outage", "--band", "0", "--out", "o"]);
    let ran = env.run(&["calibrate", "o", "--name", "circle"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("1: simulated responders"), "{}", ran.stderr);
}

#[test]
fn people_in_drills_give_delivery_answers_diagnosis_and_repair() {
    let env = TestEnv::new();
    // The same drill, as if people had played it: twenty-four different seeds.
    for seed in 1..=24 {
        let (seed, out) = (seed.to_string(), format!("live/{seed}"));
        let args = ["run", "service-outage", "--set", "service=movie", "--seed", &seed];
        env.ok(&[&args[..], &["--band", "0", "--out", &out]].concat());
        let path = env.path().join(&out).join("timeline.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("\"source\":\"simulated\"", "\"source\":\"live\"", 1))
            .unwrap();
    }
    let ran = env.ok(&["calibrate", "live", "--name", "played", "--format", "json"]);
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["incidents"], 24);
    let inputs: Vec<&str> =
        found["fitted"].as_array().unwrap().iter().map(|f| f["input"].as_str().unwrap()).collect();
    for wanted in ["delivery_task", "diagnosis", "repair"] {
        assert!(inputs.contains(&wanted), "{wanted}: {inputs:?}");
    }
    env.ok(&["check", "played.toml"]);
}

#[test]
fn mistakes_are_placed() {
    let env = TestEnv::new();
    env.file("broken.json", "{\"event\": }");
    let ran = env.run(&["calibrate", "broken.json", "--name", "x"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("calibrate::not-json"), "{}", ran.stderr);
    assert!(ran.stderr.contains("line 1, column 11"), "{}", ran.stderr);
    let ran = env.run(&["calibrate", "broken.json", "--name", "../x"]);
    assert!(ran.stderr.contains("calibrate::name"), "{}", ran.stderr);
    let ran = env.run(&["calibrate", "--history", "--name", "x"]);
    assert!(ran.stderr.contains("usage::no-workspace"), "{}", ran.stderr);
}
