//! `drill compare` and `drill history`: what differs, and what may be said about it.

use drill::store::{DrillRow, History};
use serde_json::Value;

use crate::env::TestEnv;

fn json(env: &TestEnv, args: &[&str]) -> Value {
    let args = [args, &["--format", "json"]].concat();
    serde_json::from_str(&env.ok(&args).stdout).unwrap()
}

fn measure<'a>(found: &'a Value, name: &str) -> &'a Value {
    let all = found["measures"].as_array().unwrap();
    all.iter().find(|measure| measure["name"] == name).unwrap()
}

#[test]
fn a_side_is_no_different_from_itself() {
    let env = TestEnv::new();
    let found = json(&env, &["compare", "as-is", "well-drilled-team", "--trials", "30"]);
    assert_eq!(found["schema"], "drill.compare/1");
    assert_eq!(found["a"]["trace_hash"], found["b"]["trace_hash"]);
    for measure in found["measures"].as_array().unwrap() {
        for kind in ["met", "time"] {
            assert_ne!(measure[kind]["claimed"], true, "{measure}");
        }
    }
    let text = env.ok(&["compare", "as-is", "as-is", "--trials", "30"]).stdout;
    assert!(text.contains("Nothing: every interval of a difference holds 0."), "{text}");
}

#[test]
fn a_slower_team_is_slower_on_the_same_seeds_whatever_the_threads() {
    let env = TestEnv::new();
    let args = ["compare", "well-drilled-team", "public-postmortem", "--trials", "60"];
    let found = json(&env, &args);
    let mitigate = &measure(&found, "mitigate")["time"];
    assert_eq!(mitigate["claimed"], true, "{mitigate}");
    assert!(mitigate["ci_ms"][0].as_i64().unwrap() > 0, "{mitigate}");
    let shapes = |threads: &str| env.ok(&[&args[..], &["--threads", threads]].concat()).stdout;
    assert_eq!(shapes("1"), shapes("2"));
    // The difference of the pairs is what two separate runs of trials show.
    let met = &measure(&found, "mitigate")["met"];
    for (side, preset) in [("a", "well-drilled-team"), ("b", "public-postmortem")] {
        let run = ["run", "quarterly-outage", "--responders", preset, "--trials", "60"];
        assert_eq!(measure(&json(&env, &run), "mitigate")["met"], met[side], "{preset}");
    }
}

#[test]
fn rosters_timings_and_parameters_can_be_compared() {
    let env = TestEnv::new();
    for (a, b) in [
        ("as-is", "without=pm"),
        ("escalation_timeout_min=5", "escalation_timeout_min=1"),
        ("when=work", "when=night"),
        ("service=movie", "service=user,responders=public-postmortem"),
    ] {
        let args = ["compare", a, b, "--scenario", "service-outage", "--trials", "40"];
        let found = json(&env, &args);
        assert_ne!(found["a"]["trace_hash"], found["b"]["trace_hash"], "{a} {b}");
    }
    // The one human of this system is paged once the agents ask for help; the next person is asked
    // when nobody answers.
    let night = "when=night,ack_night_p=0.05,attempts_per_person_n=1,people.lead=";
    let (one, four) = (format!("{night}1"), format!("{night}4"));
    let found = json(&env, &["compare", &one, &four, "--trials", "60"]);
    assert_ne!(found["a"]["trace_hash"], found["b"]["trace_hash"], "a roster of one and of four");
    let args = ["compare", "as-is", "without=pm", "--trials", "60"];
    let declare = measure(&json(&env, &args), "declare")["time"].clone();
    assert_eq!(declare["claimed"], true, "{declare}");
    assert!(declare["difference_ms"].as_i64().unwrap() > 5 * 60_000, "{declare}");
}

#[test]
fn a_comparison_leaves_a_folder_with_its_picture() {
    let env = TestEnv::new();
    let args = ["compare", "as-is", "without=lead", "--trials", "20", "--lang", "ja", "--out", "c"];
    let text = env.ok(&args).stdout;
    assert!(text.contains("言えること"), "{text}");
    let names: Vec<String> = env.files("c").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["compare.json", "forest.svg", "report.html", "report.md"]);
    env.ok(&args); // A folder of its own may be written over.
}

#[test]
fn mistakes_of_both_sides_come_together() {
    let env = TestEnv::new();
    let ran = env.run(&["compare", "publik-postmortem", "people.boss=2"]);
    assert_eq!(ran.code, 2);
    for wanted in ["did you mean `public-postmortem`?", "`boss` is not a role"] {
        assert!(ran.stderr.contains(wanted), "{wanted}: {}", ran.stderr);
    }
    let ran = env.run(&["compare", "as-is", "ack_work_p=7"]);
    assert_eq!(ran.code, 2, "a share of 7: {}", ran.stdout);
}

#[test]
fn two_timelines_are_shown_side_by_side() {
    let env = TestEnv::new();
    let found = json(&env, &["compare", "cloudflare-2019", "github-2018"]);
    assert_eq!(found["schema"], "drill.beside/1");
    assert_eq!(measure(&found, "mitigate")["verdict"], "faster");
    assert_eq!(measure(&found, "notify")["verdict"], "unknown");
}

/// A drill with people, on day `day`, in which declaring met its target or not.
fn played(day: u32, met: bool) -> DrillRow {
    let (rating, value) = if met { ("P", 300_000) } else { ("U", 1_200_000) };
    DrillRow {
        trace_hash: format!("{day:032x}"),
        scenario: "quarterly-outage".into(),
        pack: "cinecom@00".into(),
        responders: String::new(),
        seed: u64::from(day),
        start: "2026-01-01T10:00:00Z".into(),
        recorded_at: format!("2026-01-{:02}T10:00:00Z", day + 1),
        scorecard: format!(
            r#"{{"source":"live","score":{{"points":{},"rating":"S"}},"measures":[
            {{"name":"declare","rating":"{rating}","value_ms":{value},"target_ms":600000}}]}}"#,
            50 + day
        ),
    }
}

#[test]
fn history_has_no_arrow_under_twelve_drills_and_none_for_simulated_people() {
    let env = TestEnv::new();
    env.ok(&["init", "w"]);
    let empty = env.ok(&["history", "--workspace", "w"]).stdout;
    assert!(empty.contains("Nothing yet"), "{empty}");
    for seed in ["1", "2", "2"] {
        let run = ["run", "service-outage", "--band", "0", "--seed", seed, "--workspace", "w"];
        env.ok(&run);
    }
    let history = History::of_workspace(&env.path().join("w"));
    (0..11).for_each(|day| history.append(&played(day, day >= 6)).unwrap());
    let text = || env.ok(&["history", "--workspace", "w"]).stdout;
    assert!(!text().contains(['↑', '↓']), "{}", text());
    history.append(&played(11, true)).unwrap();
    assert!(text().contains("↑ better"), "{}", text());
    let found = json(&env, &["history", "--workspace", "w"]);
    assert_eq!(found["schema"], "drill.history/1");
    let [played, simulated] = [&found["groups"][0], &found["groups"][1]];
    assert_eq!((played["n"].as_u64(), played["source"].as_str()), (Some(12), Some("live")));
    assert_eq!(played["measures"][0]["trend"], "better");
    assert_eq!((simulated["n"].as_u64(), simulated["repeated"].as_u64()), (Some(2), Some(1)));
    assert_eq!(simulated["measures"][0]["trend"], "simulated");
    let japanese = env.ok(&["history", "--workspace", "w", "--lang", "ja"]).stdout;
    assert!(japanese.contains("↑ 改善"), "{japanese}");
    let csv = env.ok(&["history", "--workspace", "w", "--format", "csv"]).stdout;
    assert_eq!(csv.lines().count(), 1 + 14);
    let ran = env.run(&["history", "--scenario", "quaterly-outage", "--workspace", "w"]);
    assert!(ran.stderr.contains("did you mean `quarterly-outage`?"), "{}", ran.stderr);
    assert_eq!(env.run(&["history"]).code, 2, "no workspace here");
}
