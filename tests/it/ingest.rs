//! Files become streams: every line once, as a row or as a reject.

use std::io::Write as _;

use crate::env::TestEnv;

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env
}

fn counts(env: &TestEnv) -> Vec<(String, u64, u64, u64)> {
    let ran = env.ok(&["data", "streams", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["schema"], "drill.streams/1");
    let streams = document["streams"].as_array().unwrap().iter();
    streams
        .map(|stream| {
            let count = |key: &str| stream[key].as_u64().unwrap();
            let name = stream["name"].as_str().unwrap().to_owned();
            (name, count("rows"), count("rejects"), count("lines"))
        })
        .collect()
}

const LINES: &str = "{\"ts\":\"2026-10-05T01:00:00Z\",\"n\":1,\"b\":true}\r\n\
    {\"ts\":\"2026-10-05T01:00:01Z\",\"n\":\"12x\"}\r\n\r\nnot json\n\
    {\"ts\":\"2026-10-05T01:00:02Z\",\"n\":99999999999999999999}\n\
    {\"ts\":\"2026-10-05T01:00:02Z\",\"n\":1,\"n\":2}\n\
    {\"ts\":\"2026-10-05T01:00:02Z\",\"b\":\"yes\"}\n{\"ts\":\"2026-10-05T01:00:03Z\",\"n\":2";

#[test]
fn every_line_is_a_row_or_a_reject_once() {
    let env = workspace();
    let path = env.file("a.jsonl", LINES);
    env.ok(&["data", "ingest", "a.jsonl"]);
    let want = |rows, rejects| vec![("a".to_owned(), rows, rejects, rows + rejects)];
    assert_eq!(counts(&env), want(1, 6));
    env.ok(&["data", "ingest", "a.jsonl"]);
    assert_eq!(counts(&env), want(1, 6), "the same content again is nothing");
    // The last line had no end yet; now it has one, and a line follows.
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"}\n{\"ts\":\"2026-10-05T01:00:04Z\",\"n\":3}\n").unwrap();
    let ran = env.ok(&["data", "ingest", "a.jsonl", "--format", "csv"]);
    assert!(ran.stdout.contains(",grown,"), "{}", ran.stdout);
    assert_eq!(counts(&env), want(3, 5));
    let rejects = env.ok(&["data", "rejects", "--format", "csv"]).stdout;
    assert!(rejects.contains("a,a.jsonl,2,n,"), "{rejects}");
}

#[test]
fn a_truncated_archive_is_continued_when_it_is_whole() {
    let env = workspace();
    let line = |i: u32| format!("{{\"ts\":{},\"n\":{i}}}\n", 1_791_162_000 + i);
    let text: String = (0..20_000).map(line).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let whole = gzip.finish().unwrap();
    env.file("a.jsonl.gz", &whole[..whole.len() / 2]);
    let ran = env.ok(&["data", "ingest", "a.jsonl.gz"]);
    assert!(ran.stderr.contains("ends early"), "{}", ran.stderr);
    let half = counts(&env)[0].1;
    assert!(half > 0 && half < 20_000, "{half}");
    env.file("a.jsonl.gz", &whole);
    env.ok(&["data", "ingest", "a.jsonl.gz"]);
    assert_eq!(counts(&env), [("a".to_owned(), 20_000, 0, 20_000)]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a kill must come at a real instant")]
fn a_killed_ingest_keeps_all_or_nothing() {
    let env = workspace();
    let line = |i: u32| format!("{{\"ts\":{},\"n\":{i}}}\n", 1_791_162_000 + i);
    env.file("a.jsonl", (0..100_000).map(line).collect::<String>());
    let rounds: u64 =
        std::env::var("DRILL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    for round in 0..rounds {
        let args = ["data", "ingest", "a.jsonl"];
        let quiet = std::process::Stdio::null;
        let mut child = env.command(&args).stdout(quiet()).stderr(quiet()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(round * 13 % 400));
        let _ = child.kill();
        child.wait().unwrap();
        let found = counts(&env);
        let all = [("a".to_owned(), 100_000, 0, 100_000)];
        assert!(found.is_empty() || found == all, "round {round}: {found:?}");
        if !found.is_empty() {
            std::fs::remove_dir_all(env.path().join(".drill")).unwrap();
        }
    }
    env.ok(&["data", "ingest", "a.jsonl"]);
    env.ok(&["data", "ingest", "a.jsonl"]);
    assert_eq!(counts(&env), [("a".to_owned(), 100_000, 0, 100_000)]);
}

#[test]
fn real_logs_give_their_expected_figures() {
    let Ok(folder) = std::env::var("DRILL_REAL_DATA") else {
        println!("skipped: DRILL_REAL_DATA is not set");
        return;
    };
    let env = workspace();
    for file in ["access_logs/apache_logs", "nab/nyc_taxi.csv", "nab/elb_request_count_8c0756.csv"]
    {
        env.ok(&["data", "ingest", &format!("{folder}/{file}")]);
    }
    let want = [
        ("apache_logs", 10_000, 0, 10_000),
        ("elb_request_count_8c0756", 4032, 0, 4033),
        ("nyc_taxi", 10_320, 0, 10_321),
    ];
    assert_eq!(counts(&env), want.map(|(name, a, b, c)| (name.to_owned(), a, b, c)));
}
