//! Published incidents: each is listed, valid, scored, and silent about what was not published.

use serde_json::Value;

use crate::env::TestEnv;

const INCIDENTS: [&str; 8] = [
    "aws-kinesis-2020",
    "aws-s3-2017",
    "cloudflare-2019",
    "facebook-2021",
    "github-2018",
    "gitlab-2017",
    "roblox-2021",
    "slack-2021",
];

fn json(env: &TestEnv, args: &[&str]) -> Value {
    serde_json::from_str(&env.ok(args).stdout).unwrap()
}

fn minutes(card: &Value, milestone: &str) -> Option<i64> {
    let all = card["milestones"].as_array().unwrap();
    let found = all.iter().find(|found| found["name"] == milestone).unwrap();
    found["offset_ms"].as_i64().map(|ms| ms / 60_000)
}

#[test]
fn every_incident_is_listed_valid_and_names_its_sources() {
    let env = TestEnv::new();
    let list = json(&env, &["list", "incidents", "--format", "json"]);
    let names: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap()).collect();
    assert_eq!(names, INCIDENTS);
    for name in INCIDENTS {
        env.ok(&["check", name]);
        let shown = json(&env, &["show", name, "--format", "json"]);
        let sources = shown["item"]["sources"].as_array().unwrap();
        assert!(!sources.is_empty(), "{name}");
        assert!(sources.iter().all(|s| s.as_str().unwrap().starts_with("https://")), "{name}");
        env.ok(&["show", name, "--lang", "ja"]);
    }
}

/// Minutes between milestones as the sources have them; `None` was not published.
#[test]
fn milestones_are_as_published() {
    let env = TestEnv::new();
    let wanted: [(&str, &str, &str, Option<i64>); 22] = [
        ("cloudflare-2019", "impact_start", "detected", Some(3)),
        ("cloudflare-2019", "impact_start", "correct_hypothesis", Some(18)),
        ("cloudflare-2019", "impact_start", "mitigated", Some(27)),
        ("cloudflare-2019", "impact_start", "resolved", Some(70)),
        ("cloudflare-2019", "impact_start", "declared", None),
        ("github-2018", "impact_start", "detected", Some(2)),
        ("github-2018", "impact_start", "declared", Some(17)),
        ("github-2018", "impact_start", "roles_filled", Some(19)),
        ("github-2018", "impact_start", "mitigated", Some(12 * 60 + 20)),
        ("github-2018", "impact_start", "resolved", Some(24 * 60 + 11)),
        ("github-2018", "impact_start", "acked", None),
        ("gitlab-2017", "impact_start", "page_delivered", Some(60)),
        ("gitlab-2017", "impact_start", "first_external", None),
        ("roblox-2021", "impact_start", "resolved", Some(72 * 60 + 10)),
        ("aws-s3-2017", "impact_start", "detected", None),
        ("aws-s3-2017", "impact_start", "resolved", Some(257)),
        ("aws-kinesis-2020", "impact_start", "correct_hypothesis", Some(264)),
        ("aws-kinesis-2020", "impact_start", "resolved", Some(17 * 60 + 8)),
        ("facebook-2021", "fault_start", "mitigated", Some(348)),
        ("facebook-2021", "fault_start", "detected", None),
        ("slack-2021", "impact_start", "first_external", Some(74)),
        ("slack-2021", "impact_start", "mitigated", Some(280)),
    ];
    for (name, from, to, between) in wanted {
        let card = json(&env, &["score", name, "--format", "json"]);
        let (from, to_at) = (minutes(&card, from).unwrap(), minutes(&card, to));
        assert_eq!(to_at.map(|to| to - from), between, "{name}: {to}");
    }
}

#[test]
fn the_unknown_is_never_a_failure() {
    let env = TestEnv::new();
    for name in INCIDENTS {
        let card = json(&env, &["score", name, "--format", "json"]);
        assert_eq!(card["source"], "recorded", "{name}");
        for measure in card["measures"].as_array().unwrap() {
            let (value, rating) = (&measure["value_ms"], measure["rating"].as_str().unwrap());
            assert_eq!(value.is_null(), rating == "N/O" && value.is_null(), "{name}: {measure}");
            assert!(!(value.is_null() && rating != "N/O"), "{name}: {measure}");
        }
        for milestone in card["milestones"].as_array().unwrap() {
            assert_ne!(milestone["state"], "not_reached", "{name}: {milestone}");
        }
        assert_eq!(card["violations"].as_array().unwrap().len(), 0, "{name}");
        assert_eq!(card["score"]["gates"].as_array().unwrap().len(), 0, "{name}");
    }
}

#[test]
fn a_drill_stands_beside_an_incident() {
    let env = TestEnv::new();
    env.ok(&["run", "quarterly-outage", "--band", "0", "--out", "o"]);
    for one in ["o", "o/timeline.jsonl"] {
        let text = env.ok(&["score", one, "--beside", "github-2018"]).stdout;
        let line = |begin: &str| {
            let from = text.find(begin).unwrap_or_else(|| panic!("{begin}: {text}"));
            text[from..].split("\n\n").next().unwrap().split_once(':').unwrap().1.to_owned()
        };
        assert!(line("Faster than").contains("Declaration"), "{text}");
        assert!(line("Slower than").contains("First public notice"), "{text}");
    }
    let both = json(&env, &["score", "o", "--beside", "github-2018", "--format", "json"]);
    assert_eq!(both["schema"], "drill.beside/1");
    let declare = &both["measures"][3];
    assert_eq!(
        (declare["name"].as_str(), declare["verdict"].as_str()),
        (Some("declare"), Some("faster"))
    );
    assert_eq!(declare["other_ms"], 15 * 60_000);
    let japanese = env.ok(&["score", "o", "--beside", "github-2018", "--lang", "ja"]).stdout;
    assert!(japanese.contains("より速い"), "{japanese}");
}

#[test]
fn a_workspace_keeps_incidents_of_its_own() {
    let env = TestEnv::new();
    env.ok(&["init", "w"]);
    env.file(
        "w/incidents/friday.toml",
        "schema = \"drill.timeline/1\"\ntitle = \"Friday\"\nzone = \"UTC\"\npack = \"cinecom\"\n\
         start = \"2026-10-02T10:00:00Z\"\nend = \"2026-10-02T11:00:00Z\"\n\
         not_published = [\"acked\"]\n[[event]]\nat = \"2026-10-02T10:00:00Z\"\n\
         kind = \"sli_breached\"\nabout = [\"service:web\"]\nslo = \"web\"\n",
    );
    let list = env.ok(&["list", "incidents", "--workspace", "w"]).stdout;
    assert!(list.contains("friday") && list.contains("github-2018"), "{list}");
    env.ok(&["score", "friday", "--workspace", "w"]);
    let wrong = env.run(&["score", "fridax", "--workspace", "w"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean `friday`?"), "{}", wrong.stderr);
}

#[test]
fn what_can_be_unpublished_is_a_closed_list() {
    let env = TestEnv::new();
    let header = "schema = \"drill.timeline/1\"\ntitle = \"t\"\nzone = \"UTC\"\n\
                  start = \"2026-10-02T10:00:00Z\"\nend = \"2026-10-02T11:00:00Z\"\n";
    env.file("word.toml", format!("{header}not_published = [\"aked\"]\n"));
    let wrong = env.run(&["check", "word.toml"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean `acked`?"), "{}", wrong.stderr);
    env.file(
        "drill.toml",
        format!("{header}source = \"simulated\"\nnot_published = [\"acked\"]\n"),
    );
    let wrong = env.run(&["check", "drill.toml"]);
    assert!(wrong.stderr.contains("timeline::not-recorded"), "{}", wrong.stderr);
}
