//! The store outlives kills at any moment, full disks and other processes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::env::TestEnv;

const CHUNK: u64 = 3000;
const BEGIN: u64 = 1_791_162_000;

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env
}

fn lines(from: u64, to: u64) -> String {
    let line = |n| format!("{{\"ts\":{},\"n\":{n},\"route\":\"/r{}\"}}\n", BEGIN + n, n % 50);
    (from..to).map(line).collect()
}

/// How many rows there are; each is there once, from the first on.
fn rows(env: &TestEnv) -> u64 {
    let ran = env.run(&["data", "export", "a", "--to", "all.csv", "--force"]);
    if ran.stderr.contains("store::no-stream") {
        return 0;
    }
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(env.path().join("all.csv")).unwrap();
    let mut next = 0;
    for line in text.lines().skip(1) {
        let n: u64 = line.split(',').nth(1).unwrap().parse().unwrap();
        assert_eq!(n, next, "a row is there twice or lost");
        next += 1;
    }
    next
}

/// Marsaglia's xorshift: the moments of the kills, from a seed.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs `args` and kills it after `delay`; whether it was still running.
#[expect(clippy::disallowed_methods, reason = "a kill must come at a real instant")]
fn killed(env: &TestEnv, args: &[&str], delay: Duration) -> bool {
    let mut child = env.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(delay);
    let running = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    child.wait().unwrap();
    running
}

#[expect(clippy::disallowed_methods, reason = "kills are spread over the time that a run takes")]
fn time_of(env: &TestEnv, args: &[&str]) -> Duration {
    let begin = Instant::now();
    env.ok(args);
    begin.elapsed()
}

#[test]
fn kills_lose_nothing_and_double_nothing() {
    let (kills, seed) = (number("DRILL_KILLS", 20), number("DRILL_KILL_SEED", 1).max(1));
    println!("{kills} kills, seed {seed}; repeat with DRILL_KILLS={kills} DRILL_KILL_SEED={seed}");
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let env = workspace();
    let ingest = ["data", "ingest", "a.jsonl"];
    let at = |rows: u64| {
        // Two thirds of the rows are 30 days old or older then.
        let at = drill::units::SimTime::from_ms((BEGIN + rows * 2 / 3 + 30 * 86_400) as i64 * 1000);
        at.rfc3339(drill::units::Zone::UTC)
    };
    env.file("a.jsonl", lines(0, CHUNK));
    let ingesting = time_of(&env, &ingest);
    let retaining = time_of(&env, &["data", "retain", "--apply", "--at", &at(CHUNK)]);
    let (mut written, mut done, mut alive, mut round) = (CHUNK, CHUNK, 0, 0u64);
    while alive < kills {
        let begun = rows(&env);
        assert!(begun >= done, "{begun} rows, {done} were committed before");
        done = begun;
        let share = random(&mut state) % 1000;
        let until = |span: Duration| span.mul_f64(share as f64 / 800.0);
        if round % 2 == 0 {
            written += CHUNK;
            env.file("a.jsonl", lines(0, written));
            alive += u64::from(killed(&env, &ingest, until(ingesting)));
        } else {
            let to = at(done);
            let retain = ["data", "retain", "--apply", "--at", &to];
            alive += u64::from(killed(&env, &retain, until(retaining)));
        }
        round += 1;
        assert!(round < 20 * kills + 100, "only {alive} of {round} runs were still running");
    }
    env.ok(&ingest);
    env.ok(&["data", "retain", "--apply", "--at", &at(written)]);
    assert_eq!(rows(&env), written);
    let left: Vec<String> = env.files(".drill/archive").into_iter().map(|file| file.0).collect();
    assert!(left.iter().all(|name| name.ends_with(".parquet")), "{left:?}");
    println!("{alive} kills in {round} runs, {written} rows, {} archived files", left.len());
}

#[test]
fn a_full_disk_changes_nothing() {
    let env = workspace();
    env.file("a.jsonl", lines(0, 1000));
    env.ok(&["data", "ingest", "a.jsonl"]);
    env.file("a.jsonl", lines(0, 200_000));
    let limited = |blocks: &str, command: &str| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {command}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_drill")]).current_dir(env.path());
        shell.output().unwrap()
    };
    let output = limited("2800", "data ingest a.jsonl");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("error"), "{stderr}");
    assert_eq!(rows(&env), 1000, "all or nothing");
    env.ok(&["data", "ingest", "a.jsonl"]);
    assert_eq!(rows(&env), 200_000);
    let full = limited("100", "data export a --to full.csv");
    assert_eq!(full.status.code(), Some(2));
    assert!(!env.path().join("full.csv").exists(), "no half of a file");
    let retain = "data retain --apply --at 2027-06-01T00:00:00Z";
    assert_eq!(limited("100", retain).status.code(), Some(2));
    assert_eq!(rows(&env), 200_000);
    env.ok(&retain.split(' ').collect::<Vec<_>>());
    assert_eq!(rows(&env), 200_000);
}

#[test]
fn who_holds_the_store_is_named() {
    let env = workspace();
    env.file("a.jsonl", lines(0, 10));
    env.ok(&["data", "ingest", "a.jsonl"]);
    let held = duckdb::Connection::open(env.path().join(".drill/store.duckdb")).unwrap();
    let commands: [&[&str]; 3] =
        [&["data", "streams"], &["data", "ingest", "a.jsonl"], &["data", "retain", "--apply"]];
    for args in commands {
        let ran = env.run(args);
        assert_eq!(ran.code, 2, "{args:?}");
        let pid = std::process::id().to_string();
        assert!(ran.stderr.contains("in use by another process"), "{}", ran.stderr);
        assert!(ran.stderr.contains(&pid), "{}", ran.stderr);
    }
    // One that is done within two seconds is waited for.
    let waiting = env.command(&["data", "streams"]).stdout(Stdio::null()).spawn().unwrap();
    let waited = std::thread::spawn(move || waiting.wait_with_output().unwrap().status);
    drop(held);
    assert!(waited.join().unwrap().success());
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let env = workspace();
    env.file("a.jsonl", lines(0, 10));
    env.ok(&["data", "ingest", "a.jsonl"]);
    let path = env.path().join(".drill/store.duckdb");
    let db = duckdb::Connection::open(&path).unwrap();
    db.execute_batch("INSERT INTO drill_schema VALUES (99)").unwrap();
    drop(db);
    let before = std::fs::read(&path).unwrap();
    let commands: [&[&str]; 3] =
        [&["data", "streams"], &["data", "ingest", "a.jsonl"], &["data", "retain", "--apply"]];
    for args in commands {
        let ran = env.run(args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains("has schema 99"), "{}", ran.stderr);
    }
    assert!(std::fs::read(&path).unwrap() == before, "not a byte was changed");
}

#[test]
fn a_store_of_schema_1_is_brought_up() {
    let env = workspace();
    env.file("a.jsonl", lines(0, 100));
    env.ok(&["data", "ingest", "a.jsonl"]);
    let db = duckdb::Connection::open(env.path().join(".drill/store.duckdb")).unwrap();
    db.execute_batch(
        "DROP TABLE archives; DROP TABLE removed; DELETE FROM drill_schema WHERE version > 1; \
         INSERT INTO drill_schema SELECT 1 WHERE NOT EXISTS (FROM drill_schema);",
    )
    .unwrap();
    drop(db);
    assert_eq!(rows(&env), 100, "read as it is");
    env.ok(&["data", "retain"]);
    env.ok(&["data", "retain", "--apply", "--at", "2027-06-01T00:00:00Z"]);
    assert_eq!(rows(&env), 100);
}
