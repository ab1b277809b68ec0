//! A file is followed while it grows and is rotated: every line once.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use crate::env::TestEnv;

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env
}

#[expect(clippy::disallowed_methods, reason = "a writer writes in real time")]
fn wait(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

fn start(env: &TestEnv, span: &str) -> Child {
    let args = ["data", "ingest", "--follow", "app.jsonl", "--for", span, "--poll", "40ms", "-v"];
    env.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What the follower says it has read: `FILE: 12 rows, 0 rejects`, look by look.
struct Heard {
    lines: std::io::Lines<BufReader<ChildStderr>>,
    rows: u64,
}

impl Heard {
    fn new(child: &mut Child) -> Self {
        Self { lines: BufReader::new(child.stderr.take().unwrap()).lines(), rows: 0 }
    }

    /// Waits until so many rows were read; false when the follower ended before.
    fn wait_for(&mut self, rows: u64) -> bool {
        while self.rows < rows {
            let Some(line) = self.lines.next() else { return false };
            let line = line.unwrap();
            let count =
                line.split(": ").nth(1).and_then(|rest| rest.strip_suffix(" rows, 0 rejects"));
            self.rows += count.map_or(0, |count| count.parse::<u64>().unwrap());
        }
        true
    }
}

fn line(n: u64) -> String {
    format!("{{\"ts\":{},\"n\":{n},\"text\":\"the line of number {n}\"}}\n", 1_791_162_000 + n)
}

/// The numbers of the lines that were kept.
fn kept(env: &TestEnv) -> Vec<u64> {
    env.ok(&["data", "export", "app", "--to", "kept.jsonl", "--force"]);
    let text = fs::read_to_string(env.path().join("kept.jsonl")).unwrap();
    let number = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["n"].as_u64().unwrap()
    };
    text.lines().map(number).collect()
}

/// Presses Ctrl-C.
fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

/// How a log is rotated.
#[derive(Clone, Copy)]
enum Rotation {
    Rename,
    CopyAndTruncate,
}

fn rotate(path: &Path, how: Rotation, nth: u64) -> File {
    for i in (1..nth).rev() {
        let from = path.with_extension(format!("jsonl.{i}"));
        let _ = fs::rename(&from, path.with_extension(format!("jsonl.{}", i + 1)));
    }
    let first = path.with_extension("jsonl.1");
    match how {
        Rotation::Rename => fs::rename(path, &first).unwrap(),
        Rotation::CopyAndTruncate => {
            fs::copy(path, &first).unwrap();
            OpenOptions::new().write(true).truncate(true).open(path).unwrap();
        }
    }
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn rotated(how: Rotation) {
    let env = workspace();
    let path = env.path().join("app.jsonl");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    let mut child = start(&env, "40s");
    let mut heard = Heard::new(&mut child);
    let mut n = 0;
    for nth in 1..=6 {
        // A file that came and went between two looks is unknown to all, so each is seen once.
        file.write_all(line(n).as_bytes()).unwrap();
        n += 1;
        assert!(heard.wait_for(n), "the follower ended after {} rows", heard.rows);
        for _ in 0..40 {
            // Half a line first, now and then: a line waits for its end.
            let text = line(n);
            let (one, two) = text.split_at(if n % 9 == 0 { 20 } else { text.len() });
            file.write_all(one.as_bytes()).unwrap();
            if !two.is_empty() {
                wait(3);
                file.write_all(two.as_bytes()).unwrap();
            }
            wait(2);
            n += 1;
        }
        file = rotate(&path, how, nth);
    }
    file.write_all(line(n).as_bytes()).unwrap();
    file.write_all(b"{\"ts\":1791162999,\"n\":99").unwrap();
    assert!(heard.wait_for(n + 1), "the follower ended after {} rows", heard.rows);
    interrupt(&child);
    assert!(!heard.wait_for(n + 2), "a row was read twice");
    assert!(child.wait().unwrap().success());
    assert_eq!(kept(&env), (0..=n).collect::<Vec<_>>());
    // What had no end is read when it has one, and rotated files are nothing new.
    file.write_all(b"9}\n").unwrap();
    let files = ["app.jsonl", "app.jsonl.1", "app.jsonl.3"];
    env.ok(&[&["data", "ingest"][..], &files[..]].concat());
    let mut all: Vec<u64> = (0..=n).collect();
    all.push(999);
    assert_eq!(kept(&env), all);
}

#[test]
fn a_renamed_file_is_read_to_its_end() {
    rotated(Rotation::Rename);
}

#[test]
fn a_truncated_file_is_finished_from_its_copy() {
    rotated(Rotation::CopyAndTruncate);
}

#[test]
fn a_rotation_that_nobody_saw_is_made_up_for() {
    let env = workspace();
    let lines = |from: u64, to: u64| (from..to).map(line).collect::<String>();
    env.file("app.jsonl", lines(0, 100));
    let follow = ["data", "ingest", "--follow", "app.jsonl", "--for", "100ms", "--poll", "50ms"];
    env.ok(&follow);
    env.file("app.jsonl.1", lines(0, 130));
    env.file("app.jsonl", lines(130, 140));
    // A copy that is still being made is shorter than what was read, and is no news.
    env.file("app.jsonl.2", lines(0, 50));
    env.ok(&follow);
    assert_eq!(kept(&env), (0..140).collect::<Vec<_>>());
}

#[test]
fn control_c_ends_it_after_a_last_look() {
    let env = workspace();
    let path = env.file("app.jsonl", line(0));
    let mut child = start(&env, "90s");
    let mut heard = Heard::new(&mut child);
    assert!(heard.wait_for(1));
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(line(1).as_bytes()).unwrap();
    interrupt(&child);
    assert!(heard.wait_for(2), "the last look reads what came before the end");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(kept(&env), [0, 1]);
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let env = workspace();
    env.file("app.jsonl", [0x1f, 0x8b, 8, 0]);
    let args = ["data", "ingest", "--follow", "app.jsonl", "--for", "1s"];
    let ran = env.run(&args);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("ingest::follow-compressed"), "{}", ran.stderr);
    assert_eq!(env.run(&["data", "ingest", "--for", "1s"]).code, 2);
}
