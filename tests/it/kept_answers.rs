//! Answers that are kept from one question to the next: they are what a workspace without any
//! says, and no row, SLO or instant of another question is ever in them.

use std::fmt::Write as _;
use std::fs;

use crate::draw::Draw;
use crate::env::TestEnv;

const SLO: &str = "\
apiVersion: openslo/v1
kind: SLO
metadata: {name: NAME}
spec:
  service: web
  indicator:
    metadata: {name: NAME-ratio}
    spec:
      ratioMetric:
        counter: false
        good: {metricSource: {type: drill, spec: {stream: web, where: PART}}}
        total: {metricSource: {type: drill, spec: {stream: web}}}
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9, compositeWeight: 2}, {target: 0.5}]
";

fn slo(name: &str, part: &str) -> String {
    SLO.replace("NAME", name).replace("PART", part)
}

/// Every question whose answer is kept, in a form that tells all of it.
const QUESTIONS: [&[&str]; 7] = [
    &["slo", "status", "--format", "json"],
    &["slo", "status", "--format", "json", "--full-period"],
    &["slo", "status", "--format", "json", "--slo", "half"],
    &["slo", "status", "--format", "json", "--at", "2026-01-01T03:00:00Z"],
    &["slo", "alerts", "--format", "json", "--tiers", "google-30d"],
    &["slo", "alerts", "--format", "csv", "--slice", "2m"],
    &["slo", "gate", "--format", "json"],
];

fn answers(env: &TestEnv) -> Vec<(i32, String)> {
    let answer = |question: &&[&str]| {
        let ran = env.run(question);
        assert!(ran.code < 2, "{question:?}: {}", ran.stderr);
        (ran.code, ran.stdout)
    };
    QUESTIONS.iter().map(answer).collect()
}

/// Rows from minute `from` to before `to`, with a bad spell now and then.
fn rows(draw: &mut Draw, from: u64, to: u64) -> String {
    let mut text = String::new();
    for minute in from..to {
        let bad = (minute / 37) % 5 == 2;
        for second in 0..draw.below(4) {
            let ok = draw.below(10) > if bad { 8 } else { 0 };
            let (hour, minute) = (minute / 60, minute % 60);
            let ts = format!("2026-01-01T{hour:02}:{minute:02}:{second:02}Z");
            writeln!(text, "{{\"ts\":\"{ts}\",\"ok\":{ok}}}").unwrap();
        }
    }
    text
}

#[test]
fn kept_answers_are_those_of_all_rows() {
    let mut draw = Draw::of(1);
    let env = TestEnv::new();
    env.ok(&["init", "."]);
    let mut log = rows(&mut draw, 0, 400);
    let folder = env.path().join(".drill/answers");
    for round in 0..5 {
        match round {
            0 => drop(env.file("slos/half.yaml", slo("half", "ok"))),
            1 => log.push_str(&rows(&mut draw, 400, 700)),
            2 => drop(env.file("slos/other.yaml", slo("other", "ok = false"))),
            3 => drop(env.file("slos/half.yaml", slo("half", "ok").replace("0.5", "0.6"))),
            // What was kept is damaged.
            _ => {
                for file in fs::read_dir(&folder).unwrap().flatten() {
                    let mut bytes = fs::read(file.path()).unwrap();
                    match draw.below(3) {
                        0 => bytes.clear(),
                        1 => bytes.truncate(40),
                        _ => bytes[60] ^= 1,
                    }
                    fs::write(file.path(), bytes).unwrap();
                }
            }
        }
        env.file("web.jsonl", &log);
        env.ok(&["data", "ingest", "web.jsonl", "--stream", "web"]);
        let first = answers(&env);
        let kept = fs::read_dir(&folder).unwrap().count();
        assert_eq!(answers(&env), first, "round {round}: the second time");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), kept, "round {round}");
        fs::remove_dir_all(&folder).unwrap();
        fs::remove_dir_all(env.path().join(".drill/slices")).unwrap();
        assert_eq!(answers(&env), first, "round {round}: with nothing kept");
        // The gate asks what `slo status` asked, and an only SLO is all there are.
        let questions = if round < 2 { 5 } else { 6 };
        assert_eq!(fs::read_dir(&folder).unwrap().count(), questions, "round {round}");
    }
}

#[test]
fn what_is_kept_is_asked_again_when_a_file_of_the_stream_changes() {
    let mut draw = Draw::of(2);
    let env = TestEnv::new();
    env.ok(&["init", "."]);
    env.file("slos/half.yaml", slo("half", "ok"));
    let total = |env: &TestEnv| {
        let document = env.json(&["slo", "status"]);
        document["slos"][0]["total"].as_u64().unwrap()
    };
    let mut lines = 0;
    for (at, name) in ["a.jsonl", "b.jsonl", "a.jsonl"].into_iter().enumerate() {
        let more = rows(&mut draw, 100 * at as u64, 100 * (at as u64 + 1));
        lines += more.lines().count() as u64;
        let before = fs::read_to_string(env.path().join(name)).unwrap_or_default();
        env.file(name, format!("{before}{more}"));
        env.ok(&["data", "ingest", name, "--stream", "web"]);
        assert_eq!(total(&env), lines, "after {name}");
        assert_eq!(total(&env), lines, "after {name}, kept");
    }
}
