//! Drafts of the reports that an incident asks for: filled from the timeline, open where it is
//! silent, and checked once people filled them in.

use crate::env::TestEnv;

const HELD: [&str; 7] = ["run", "quarterly-outage", "--band", "0", "--out", "held", "-q"];

#[test]
fn drafts_hold_what_the_timeline_holds_and_say_who_fills_the_rest() {
    let env = TestEnv::new();
    env.ok(&HELD);
    for lang in ["en", "ja"] {
        let shown = env.ok(&["report", "incident", "held", "--lang", lang]).stdout;
        insta::assert_snapshot!(format!("incident_reports_{lang}"), shown);
    }
    let found = env.json(&["report", "incident", "held", "--kind", "immediate"]);
    let draft = &found["drafts"][0];
    assert_eq!((draft["duty"].as_str(), draft["open"].as_u64()), (Some("immediate"), Some(0)));
    // The immediate report knows nothing of what came later.
    let text = draft.to_string();
    assert!(!text.contains("Restore all functions"), "{text}");
    let all = env.json(&["report", "incident", "held"]);
    let states: Vec<&str> = all["drafts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|draft| draft["fields"].as_array().unwrap())
        .map(|field| field["state"].as_str().unwrap())
        .collect();
    assert_eq!(states.len(), 12, "four fields of three reports");
    for state in ["known", "preliminary"] {
        assert!(states.contains(&state), "{states:?}");
    }
}

#[test]
fn a_recorded_incident_leaves_open_what_it_does_not_tell() {
    let env = TestEnv::new();
    let all = env.json(&["report", "incident", "github-2018", "--pack", "cinecom"]);
    let drafts = all["drafts"].as_array().unwrap();
    let fields = drafts.iter().flat_map(|draft| draft["fields"].as_array().unwrap());
    let open: Vec<_> = fields.filter(|field| field["state"] == "open").collect();
    assert!(!open.is_empty());
    for field in open {
        assert!(field["text"].is_null(), "{field}");
        assert_eq!(field["fill_by"], "pm", "{field}");
    }
}

#[test]
fn the_folder_holds_the_drafts_and_a_filled_one_passes_the_check() {
    let env = TestEnv::new();
    env.ok(&HELD);
    for kind in ["immediate", "detailed", "final"] {
        let file = format!("held/draft-{kind}.md");
        let text = std::fs::read_to_string(env.path().join(&file)).unwrap();
        let asked = ["report", "incident", "held", "--kind", kind, "--format", "md"];
        let alone = env.ok(&asked).stdout;
        // The folder's own copy has the title of the scenario, which a timeline alone has too.
        assert_eq!(text.lines().next(), alone.lines().next());
        let open = text.matches("- [ ]").count();
        let checked = env.run(&["check", &file]);
        assert_eq!(
            checked.stderr.matches("report::open-field").count(),
            open,
            "{}",
            checked.stderr
        );
        assert_eq!(checked.code, if open == 0 { 0 } else { 2 }, "{}", checked.stderr);
        env.file("filled.md", text.replace("- [ ]", "- [x]"));
        env.ok(&["check", "filled.md"]);
    }
    let wrong = env.run(&["report", "incident", "held", "--kind", "imediate"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean `immediate`?"), "{}", wrong.stderr);
}
