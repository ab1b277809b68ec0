//! `drill data forget`, and files that cannot be read beside others.

use crate::env::TestEnv;

const CSV: &str = "when,value\n2026-01-01T00:00:00Z,1\n2026-01-01T00:01:00Z,2\n";

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.ok(&["init", "."]);
    env
}

fn streams(env: &TestEnv) -> Vec<(String, u64)> {
    let document = env.json(&["data", "streams"]);
    let streams = document["streams"].as_array().unwrap().clone();
    let one = |stream: &serde_json::Value| {
        (stream["name"].as_str().unwrap().to_owned(), stream["rows"].as_u64().unwrap())
    };
    streams.iter().map(one).collect()
}

#[test]
fn a_stream_is_read_anew_by_a_mended_definition() {
    let env = workspace();
    env.file("taxi.csv", CSV);
    let definition = "schema = \"drill.stream/1\"\nts = \"TS\"\n";
    env.file("streams/taxi.toml", definition.replace("TS", "whn"));
    let ran = env.ok(&["data", "ingest", "taxi.csv", "--stream", "taxi"]);
    assert!(ran.stderr.contains("drill data forget taxi"), "{}", ran.stderr);
    env.file("streams/taxi.toml", definition.replace("TS", "when"));
    let planned = env.ok(&["data", "forget", "taxi"]);
    assert!(planned.stderr.contains("nothing is forgotten yet"), "{}", planned.stderr);
    assert_eq!(streams(&env), [("taxi".to_owned(), 0)]);
    let done = env.json(&["data", "forget", "taxi", "--apply"]);
    assert_eq!(done["forget"][0]["rejects"], 2);
    assert_eq!(streams(&env), []);
    env.ok(&["data", "ingest", "taxi.csv", "--stream", "taxi"]);
    assert_eq!(streams(&env), [("taxi".to_owned(), 2)]);
}

#[test]
fn a_file_that_was_edited_is_forgotten_alone() {
    let env = workspace();
    env.file("a.csv", CSV);
    env.file("b.csv", CSV.replace("01-01", "01-02"));
    env.ok(&["data", "ingest", "a.csv", "b.csv", "--stream", "notes"]);
    env.file("a.csv", CSV.replace(",1", ",9"));
    let ran = env.ok(&["data", "ingest", "a.csv", "--stream", "notes"]);
    assert!(ran.stderr.contains("drill data forget notes --file a.csv"), "{}", ran.stderr);
    assert_eq!(streams(&env), [("notes".to_owned(), 6)], "rows are never removed unasked");
    let done = env.json(&["data", "forget", "notes", "--file", "a.csv", "--apply"]);
    assert_eq!(done["forget"].as_array().unwrap().len(), 2, "both contents of that name");
    assert_eq!(streams(&env), [("notes".to_owned(), 2)]);
    env.ok(&["data", "ingest", "a.csv", "--stream", "notes"]);
    assert_eq!(streams(&env), [("notes".to_owned(), 4)]);
    let typo = env.run(&["data", "forget", "notes", "--file", "a.cvs"]);
    assert_eq!(typo.code, 2);
    assert!(typo.stderr.contains("did you mean `a.csv`"), "{}", typo.stderr);
}

#[test]
fn what_was_archived_is_not_forgotten() {
    let env = workspace();
    env.file("a.csv", CSV);
    env.ok(&["data", "ingest", "a.csv", "--stream", "old"]);
    env.file(
        "retention.toml",
        "schema = \"drill.retention/1\"\n[[rule]]\nstreams = [\"*\"]\nkeep = \"30d\"\nthen = \
         \"archive\"\n",
    );
    env.ok(&["data", "retain", "--at", "2026-06-01T00:00:00Z", "--apply"]);
    let refused = env.run(&["data", "forget", "old", "--apply"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("archived or removed"), "{}", refused.stderr);
    assert_eq!(env.run(&["data", "forget", "none", "--apply"]).code, 2);
}

#[test]
fn one_file_that_cannot_be_read_leaves_the_others_read() {
    let env = workspace();
    env.file("logs/a.csv", CSV);
    env.file("logs/README.txt", "These are logs.\nNothing else.\n");
    env.file("logs/z.csv", CSV.replace("01-01", "01-02"));
    let ran = env.ok(&["data", "ingest", "logs"]);
    assert!(ran.stderr.contains("skipped") && ran.stderr.contains("README.txt"), "{}", ran.stderr);
    assert_eq!(streams(&env), [("a".to_owned(), 2), ("z".to_owned(), 2)]);
    env.file("one.csv", CSV.replace("01-01", "01-03"));
    env.file("two.csv", CSV.replace("01-01", "01-04"));
    let ran = env.run(&["data", "ingest", "one.csv", "logs/README.txt", "gone.csv", "two.csv"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("two.csv"), "{}", ran.stdout);
    assert!(ran.stderr.contains("README.txt") && ran.stderr.contains("gone.csv"), "{}", ran.stderr);
    assert_eq!(streams(&env).len(), 4);
}
