//! The three files that agents keep while the usual systems are down.

use crate::env::TestEnv;

#[test]
fn local_records_are_written_in_their_own_forms_and_read_as_streams() {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env.ok(&["run", "github-outage", "--seed", "3", "--band", "0", "--out", "held", "-q"]);
    let read = |name: &str| std::fs::read_to_string(env.path().join("held").join(name)).unwrap();
    let (progress, changes, issues) =
        (read("progress.log"), read("daily_changes.log"), read("issues.log"));
    let line = progress.lines().next().unwrap();
    assert!(line.contains(" JST 2026: [") && line.contains("] [done] [task R-1]"), "{line}");
    let n = progress.lines().count();
    assert_eq!(changes.lines().count(), n, "a commit for each task");
    assert!(changes.lines().last().unwrap().contains(" task R-1 ("), "the newest first");
    let conflicts = issues.lines().filter(|line| line.contains("[conflict: R-")).count();
    assert!(conflicts > 0, "{issues}");
    let report = read("report.md");
    assert!(report.contains("## Local records"), "{report}");
    assert!(report.contains(&format!("- **Kept locally**: {n}\n")), "{report}");
    assert!(report.contains(&format!("- **Conflicts**: {conflicts}\n")), "{report}");
    assert!(report.contains(") with R-"), "{report}");

    env.ok(&["data", "ingest", "held/progress.log", "held/issues.log"]);
    env.ok(&["data", "ingest", "held/daily_changes.log", "--stream", "undated"]);
    let refused = env.ok(&["data", "rejects"]).stdout;
    assert!(refused.contains("--at"), "{refused}");
    env.ok(&["data", "ingest", "held/daily_changes.log", "--at", "2026-10-21T09:00:00Z"]);
    let found = env.json(&["data", "streams"]);
    let rows = |name: &str| {
        let streams = found["streams"].as_array().unwrap();
        let stream = streams.iter().find(|stream| stream["name"] == name).unwrap();
        (stream["rows"].as_u64().unwrap(), stream["rejects"].as_u64().unwrap())
    };
    assert_eq!(rows("progress"), (n as u64, 0));
    assert_eq!(rows("daily_changes"), (n as u64, 0));
    assert_eq!(rows("issues"), (issues.lines().count() as u64, 0));
    assert_eq!(rows("undated"), (0, n as u64), "a commit alone says no instant");
}

#[test]
fn a_drill_without_local_work_leaves_no_such_files() {
    let env = TestEnv::new();
    env.ok(&["run", "quiet-day", "--band", "0", "--out", "held", "-q"]);
    assert!(!env.path().join("held/progress.log").exists());
}
