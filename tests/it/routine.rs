//! `drill routine` as a user sees it: the documents' own lines on sample data, and each kind of
//! check good, failed and unknown on files of a folder.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::env::{Ran, TestEnv};

/// 2026-02-14T15:00:00Z, the instant of the checks on files.
const AT: &str = "2026-02-14T15:00:00Z";
const AT_SECONDS: u64 = 1_771_081_200;

fn context() -> TestEnv {
    let env = TestEnv::new();
    env.ok(&["init", ".", "--sample", "context-optimization"]);
    env.ok(&["data", "ingest", "metrics.jsonl", "--stream", "metrics"]);
    env
}

fn lines(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().collect()
}

#[test]
fn the_runbook_s_daily_lines_come_from_the_sample() {
    let env = context();
    let daily = ["routine", "daily", "--pack", "context-optimization", "--lang", "ja"];
    let ran = env.ok(&daily);
    for line in ["SLO達成率: 18/19 (94.7%)", "Error Budget: 全て50%以上", "Alert: 2件（Medium）"]
    {
        assert!(lines(&ran).contains(&line), "{line}\n{}", ran.stdout);
    }
    insta::assert_snapshot!("routine_daily_ja", ran.stdout);
    insta::assert_snapshot!("routine_daily", env.ok(&["routine", "daily"]).stdout);
    let marked = env.ok(&["routine", "daily", "--lang", "ja", "--emoji"]);
    for line in ["✅ SLO達成率: 18/19 (94.7%)", "⚠️  Alert: 2件（Medium）"] {
        assert!(lines(&marked).contains(&line), "{line}\n{}", marked.stdout);
    }
    let whole = env.ok(&["routine", "daily", "-v", "--at", AT]).stdout;
    assert!(whole.contains("Backup of metrics: 3 d 12 h old"), "{whole}");
}

#[test]
fn the_runbook_s_health_lines_come_from_the_sample() {
    let env = context();
    let ran = env.run(&["routine", "health", "--at", AT, "-v", "--out", "logs"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for line in [
        "Config files: OK",
        "Hooks: OK (5/5)",
        "Skills: OK (192/192)",
        "MCP: OK (8/8)",
        "Metrics: OK (collecting)",
        "Disk space: CRITICAL (95% used)",
        "Overall status: CRITICAL",
    ] {
        assert!(lines(&ran).contains(&line), "{line}\n{}", ran.stdout);
    }
    insta::assert_snapshot!("routine_health", ran.stdout);
    let log = fs::read_to_string(env.path().join("logs/diagnostics_20260214_150000.log")).unwrap();
    assert_eq!(log, ran.stdout);
    let again = env.run(&["routine", "health", "--at", AT, "--out", "logs"]);
    assert_eq!(again.code, 2, "a diagnosis is never written over");
    let json = env.run(&["routine", "health", "--at", AT, "--format", "json"]).stdout;
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["schema"], "drill.routine-result/1");
    assert_eq!(document["overall_status"], "CRITICAL");
    assert_eq!(document["checks"].as_array().unwrap().len(), 6);
    assert_eq!(document["recommendations"].as_array().unwrap().len(), 1);
    // A day later every record is too old to say anything, and the stream has stopped.
    let later = env.run(&["routine", "health", "--at", "2026-02-15T15:00:00Z"]);
    assert_eq!(later.code, 1);
    for line in ["Hooks: UNKNOWN", "Metrics: CRITICAL (nothing for 1 h)"] {
        assert!(lines(&later).contains(&line), "{line}\n{}", later.stdout);
    }
}

#[test]
fn the_manual_s_five_parts_stand_between_its_lines() {
    let env = TestEnv::new();
    env.ok(&["init", ".", "--sample", "orchestrator-cc"]);
    env.ok(&["data", "ingest", "agents.jsonl", "--stream", "agents"]);
    env.ok(&["data", "ingest", "host.csv", "--stream", "host"]);
    let log = "{\"ts\":\"2026-02-14T14:00:00Z\",\"level\":\"INFO\",\"message\":\"up\"}\n";
    env.file("orchestrator.jsonl", log);
    env.ok(&["data", "ingest", "orchestrator.jsonl"]);
    // Of this machine nothing is asked here: its disks and processes are its own.
    local(&env, "orchestrator-cc", |text| {
        let disk = "disk = { path = \"/opt/orchestrator-cc\", target = 0.8, warn = 0.9 }";
        text.replace(disk, "disk = { path = \"no-such-folder\", warn = 0.9 }")
            .replace("names = [\"orchestrator\", \"dashboard\"]", "names = [\"no-such-process\"]")
    });
    let daily = ["routine", "daily", "--pack", "orchestrator-cc", "--lang", "ja", "--at", AT];
    let ran = env.run(&daily);
    assert_eq!(ran.code, 1);
    let wanted = [
        "=== orchestrator-cc 日次チェック ===",
        "[1] クラスタステータス",
        "[2] ディスク容量",
        "[3] エラーログ（過去24時間）",
        "  エラーなし",
        "[4] アラート確認",
        "[5] プロセス確認",
        "=== チェック完了 ===",
    ];
    let found: Vec<&str> = lines(&ran).into_iter().filter(|line| wanted.contains(line)).collect();
    assert_eq!(found, wanted, "{}", ran.stdout);
    insta::assert_snapshot!("routine_orchestrator_ja", ran.stdout);
    let weekly = env.run(&["routine", "weekly", "--pack", "orchestrator-cc", "--at", AT]);
    insta::assert_snapshot!("routine_orchestrator_weekly", weekly.stdout);
    // Errors come with what follows them in the log.
    let mut log = log.to_owned();
    for (minute, level, message) in
        [(1, "ERROR", "no answer"), (2, "INFO", "retry"), (3, "ERROR", "gave up"), (9, "INFO", "x")]
    {
        log.push_str(&format!(
            "{{\"ts\":\"2026-02-14T14:{minute:02}:00Z\",\"level\":\"{level}\",\
             \"message\":\"{message}\"}}\n"
        ));
    }
    env.file("orchestrator.jsonl", log);
    env.ok(&["data", "ingest", "orchestrator.jsonl"]);
    let failed = env.run(&daily).stdout;
    for line in ["  エラー2件", "    2026-02-14 14:01 no answer", "    2026-02-14 14:09 x"] {
        assert!(failed.lines().any(|found| found == line), "{line}\n{failed}");
    }
    assert_eq!(failed.matches("gave up").count(), 1, "{failed}");
}

/// Puts the embedded routine of a pack, changed, into the workspace.
fn local(env: &TestEnv, pack: &str, change: impl Fn(String) -> String) {
    let path = format!("{}/rules/{pack}/routine.toml", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text);
    env.file(&format!("rules/{pack}/routine.toml"), changed);
}

/// A workspace with one weekly routine of one check.
fn single(source: &str) -> TestEnv {
    let env = TestEnv::new();
    env.ok(&["init", "."]);
    set(&env, source);
    env
}

fn set(env: &TestEnv, source: &str) {
    let text = format!(
        "schema = \"drill.routine/1\"\npack = \"mine\"\ntitle = {{ en = \"M\", ja = \"M\" }}\n\
         [[routine]]\nkind = \"weekly\"\nlayout = \"states\"\n\
         begin = {{ en = \"B\", ja = \"B\" }}\n[[routine.check]]\nid = \"one\"\n\
         title = {{ en = \"One\", ja = \"One\" }}\n{source}\n"
    );
    env.file("rules/mine/routine.toml", text);
}

/// A file of a given age before the instant that is looked at.
fn aged(env: &TestEnv, name: &str, content: impl AsRef<[u8]>, hours: u64) {
    let path = env.file(name, content);
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(AT_SECONDS - hours * 3600);
    File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

/// The state of the only check, with the whole result for messages.
fn state(env: &TestEnv, more: &[&str]) -> (String, Value) {
    let mut args = vec!["routine", "weekly", "--pack", "mine", "--at", AT, "--format", "json"];
    args.extend(more);
    let ran = env.run(&args);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let check = document["checks"][0].clone();
    let word = check["state"].as_str().unwrap().to_owned();
    assert_eq!(ran.code, i32::from(word == "critical"), "{ran:?}");
    (word, check)
}

fn expect(env: &TestEnv, wanted: &str) {
    let (word, check) = state(env, &[]);
    assert_eq!(word, wanted, "{check:#}");
}

#[test]
fn backups_are_good_failed_or_unknown() {
    let env = single(
        "backups = { glob = \"b/*.tar.gz\", max_age = \"7d\", min_size_ratio = 0.5, newest = 5 }",
    );
    expect(&env, "unknown");
    fs::create_dir(env.path().join("b")).unwrap();
    expect(&env, "critical");
    aged(&env, "b/1.tar.gz", vec![1; 1000], 200);
    expect(&env, "critical");
    aged(&env, "b/2.tar.gz", vec![1; 500], 168);
    expect(&env, "ok");
    aged(&env, "b/3.tar.gz", vec![1; 249], 1);
    expect(&env, "critical");
    aged(&env, "b/3.tar.gz", "", 1);
    expect(&env, "critical");
}

#[test]
fn logs_files_and_archives_are_judged() {
    let env = single(
        "log_size = { glob = \"logs/*.log\", max_bytes = \"1kB\", growth = 2, rotate_days = 7 }",
    );
    expect(&env, "unknown");
    aged(&env, "logs/a.log", vec![1; 1000], 0);
    aged(&env, "logs/a.log.1", vec![1; 10], 100);
    expect(&env, "ok");
    let row = "{\"at\":\"2026-02-07T15:00:00Z\",\"path\":\"logs/a.log\",\"bytes\":499}\n";
    env.file(".drill/routine/log-sizes.jsonl", row);
    expect(&env, "critical");
    env.file(".drill/routine/log-sizes.jsonl", "not ours\n{}\n\u{0}\n");
    expect(&env, "ok");
    aged(&env, "logs/a.log.1", vec![1; 10], 169);
    expect(&env, "critical");
    set(&env, "files = { globs = [\"s.json\"], json = true }");
    expect(&env, "critical");
    env.file("s.json", "{\"a\": 1}");
    expect(&env, "ok");
    env.file("s.json", "{\"a\": 1");
    expect(&env, "critical");
    env.file("s.json", [0xff, 0xfe, 0, 1]);
    expect(&env, "critical");
    set(&env, "archive = { glob = \"old/*.log\", older_than = \"30d\", into = \"old/archive\" }");
    expect(&env, "unknown");
    aged(&env, "old/young.log", "y", 719);
    expect(&env, "ok");
    aged(&env, "old/old.log", "o", 720);
    expect(&env, "warning");
    let (word, check) = state(&env, &["--archive"]);
    assert_eq!(word, "ok", "{check:#}");
    let names: Vec<String> = env.files("old").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["archive/old.log.gz", "young.log"]);
}

#[test]
fn a_backup_is_restored_and_a_hostile_one_fails() {
    let env = single("restore = { glob = \"b/*.tar.gz\", max_bytes = \"1MB\" }");
    expect(&env, "unknown");
    let data = |form: &str| {
        let root = env!("CARGO_MANIFEST_DIR");
        fs::read(format!("{root}/tests/data/archives/{form}.tar.gz")).unwrap()
    };
    aged(&env, "b/1.tar.gz", data("gnu"), 1);
    expect(&env, "ok");
    set(&env, "restore = { glob = \"b/*.tar.gz\", expect = [\"short.txt\", \"gone.json\"] }");
    expect(&env, "critical");
    set(&env, "restore = { glob = \"b/*.tar.gz\", expect = [\"short.txt\"], compare = \".\" }");
    env.file("short.txt", "short\n");
    let (word, check) = state(&env, &[]);
    assert_eq!(word, "ok", "{check:#}");
    assert!(check["evidence"].to_string().contains("1 same, 0 changed, 1 gone"), "{check:#}");
    let good = data("gnu");
    aged(&env, "b/2.tar.gz", &good[..good.len() / 2], 0);
    expect(&env, "critical");
    aged(&env, "b/2.tar.gz", [0u8; 100_000], 0);
    expect(&env, "critical");
    aged(&env, "b/2.tar.gz", [0xffu8; 100_000], 0);
    expect(&env, "critical");
}

#[test]
fn people_tools_and_commands_answer_or_are_unknown() {
    let env = single("signed = { file = \"review.txt\", max_age = \"31d\" }");
    expect(&env, "unknown");
    env.file("review.txt", "# reviews\nnonsense\n2027-01-01 From the future\n");
    expect(&env, "unknown");
    env.file("review.txt", "2026-01-20 鈴木\n2026-01-10 Ann\n");
    expect(&env, "ok");
    env.file("review.txt", "2026-01-10 Ann\n");
    expect(&env, "critical");
    set(&env, "imported = { file = \"scan.json\", max_age = \"7d\", fail_at = \"high\" }");
    expect(&env, "unknown");
    let scan = |level: &str| {
        format!(
            "{{\"SchemaVersion\":2,\"Results\":[{{\"Vulnerabilities\":[{{\"VulnerabilityID\":\
             \"CVE-1\",\"PkgName\":\"x\",\"Severity\":\"{level}\"}}]}}]}}"
        )
    };
    for (level, hours, wanted) in
        [("MEDIUM", 1, "ok"), ("HIGH", 1, "critical"), ("MEDIUM", 169, "unknown")]
    {
        aged(&env, "scan.json", scan(level), hours);
        expect(&env, wanted);
    }
    aged(&env, "scan.json", "garbage", 1);
    expect(&env, "unknown");
    let command =
        |code: u32| format!("command = {{ argv = [\"sh\", \"-c\", \"touch ran; exit {code}\"] }}");
    set(&env, &command(0));
    expect(&env, "unknown");
    assert!(!env.path().join("ran").exists());
    assert_eq!(state(&env, &["--allow-commands"]).0, "ok");
    assert!(env.path().join("ran").exists());
    set(&env, &command(3));
    assert_eq!(state(&env, &["--allow-commands"]).0, "critical");
    set(&env, "disk = { path = \"nowhere\", warn = 0.5 }");
    expect(&env, "unknown");
    set(&env, "disk = { path = \".\", critical = 1e-9 }");
    expect(&env, "critical");
    set(&env, "postmortems = { over = \"30d\" }");
    expect(&env, "unknown");
    set(&env, "freshness = { stream = \"x\", max_age = \"1h\" }");
    expect(&env, "unknown");
    set(&env, "budgets = { at_least = 0.5 }");
    expect(&env, "unknown");
}

#[test]
fn rows_of_streams_are_judged() {
    let env = single("freshness = { stream = \"m\", over = \"1h\", max_age = \"20m\" }");
    let row = |minute: u32, more: &str| {
        format!("{{\"ts\":\"2026-02-14T14:{minute:02}:00Z\",\"hook\":\"a\"{more}}}\n")
    };
    let first = row(15, ",\"used\":0.5,\"ok\":true,\"found\":3,\"name\":\"cpu\",\"value\":1.5");
    env.file("m.jsonl", format!("{first}{}{}", row(35, ""), row(55, "")));
    env.ok(&["data", "ingest", "m.jsonl"]);
    expect(&env, "ok");
    set(&env, "freshness = { stream = \"m\", over = \"1h\", max_age = \"19m\" }");
    expect(&env, "critical");
    let cases = [
        (
            "disk = { stream = \"m\", where = \"used > 0\", value = \"used\", critical = 0.5 }",
            "critical",
        ),
        (
            "disk = { stream = \"m\", where = \"used > 0\", value = \"used\", critical = 0.51 }",
            "ok",
        ),
        (
            "disk = { stream = \"m\", where = \"used > 9\", value = \"used\", critical = 0.5 }",
            "unknown",
        ),
        ("disk = { stream = \"m\", value = \"nothing\", critical = 0.5 }", "unknown"),
        ("records = { stream = \"m\", where = \"ok\", success = \"ok\" }", "ok"),
        ("records = { stream = \"m\", success = \"ok\" }", "unknown"),
        ("records = { stream = \"m\", where = \"ok\", found = \"found\", expected = \"3\" }", "ok"),
        (
            "records = { stream = \"m\", where = \"ok\", found = \"found\", expected = \"4\" }",
            "critical",
        ),
        (
            "records = { stream = \"m\", where = \"ok\", success = \"ok\", max_age = \"44m\" }",
            "unknown",
        ),
        ("states = { stream = \"m\", by = \"hook\", good = \"true\", expected = [\"a\"] }", "ok"),
        (
            "states = { stream = \"m\", by = \"hook\", good = \"true\", expected = [\"a\", \"b\"] }",
            "unknown",
        ),
        (
            "states = { stream = \"m\", by = \"hook\", good = \"false\", expected = [\"a\"] }",
            "critical",
        ),
        (
            "states = { stream = \"m\", by = \"hook\", good = \"true\", expected = [\"a\"], max_age = \"4m\" }",
            "critical",
        ),
        ("metrics_summary = { stream = \"m\", over = \"7d\" }", "ok"),
        (
            "errors = { stream = \"m\", where = \"found = 3\", message = \"hook\", over = \"1h\" }",
            "critical",
        ),
        (
            "errors = { stream = \"m\", where = \"found = 3\", message = \"hook\", over = \"39m\" }",
            "ok",
        ),
        ("top = { stream = \"m\", by = \"hook\", over = \"1h\" }", "ok"),
        ("archive = { stream = \"m\", older_than = \"1h\" }", "ok"),
        ("archive = { stream = \"m\", older_than = \"45m\" }", "warning"),
        // What a pack says is an expression, never a statement.
        ("records = { stream = \"m\", success = \"1); DROP TABLE streams; --\" }", "unknown"),
    ];
    for (source, wanted) in cases {
        set(&env, source);
        let (word, check) = state(&env, &[]);
        assert_eq!(word, wanted, "{source}\n{check:#}");
    }
}

#[test]
fn mistakes_in_routines_come_with_their_remedy() {
    let env = context();
    let unclear = TestEnv::new();
    let ran = unclear.run(&["routine", "daily"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("name one with --pack"), "{}", ran.stderr);
    let ran = env.run(&["routine", "daily", "--pack", "context-optimisation"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean `context-optimization`?"), "{}", ran.stderr);
    set(&env, "signd = { file = \"a\", max_age = \"1d\" }");
    let ran = env.run(&["routine", "weekly", "--pack", "mine"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean `signed`?"), "{}", ran.stderr);
    let ran = env.run(&["check", "rules/mine/routine.toml", "context-optimization"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("context-optimization"), "{}", ran.stdout);
}
