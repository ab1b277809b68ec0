//! Input that nobody should have to read, and is read all the same: every line a row, a reject or
//! a note.

use serde_json::Value;

use crate::env::TestEnv;

struct Counted {
    env: TestEnv,
}

impl Counted {
    fn new() -> Self {
        let env = TestEnv::new();
        env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
        Self { env }
    }

    /// Ingests `bytes` and says how many rows, rejects and notes came of them.
    fn ingest(&self, name: &str, bytes: &[u8]) -> (u64, u64, u64) {
        self.env.file(name, bytes);
        let args = ["data", "ingest", name, "--format", "json", "--quiet"];
        let found: Value = serde_json::from_str(&self.env.ok(&args).stdout).unwrap();
        let of = |key: &str| found["ingest"][0][key].as_u64().unwrap();
        let lines = bytes.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| {
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            !line.trim_ascii().is_empty()
        });
        assert_eq!(of("lines"), lines.count() as u64, "{name}: every line is counted");
        assert_eq!(of("lines"), of("rows") + of("rejects") + of("notes"), "{name}");
        (of("rows"), of("rejects"), of("notes"))
    }

    fn rejects(&self, stream: &str) -> Vec<(u64, String, String)> {
        let args = ["data", "rejects", "--stream", stream, "--format", "json"];
        let found: Value = serde_json::from_str(&self.env.ok(&args).stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rows = found["rejects"].as_array().unwrap().iter();
        rows.map(|row| (row["line"].as_u64().unwrap(), text(&row["column"]), text(&row["reason"])))
            .collect()
    }

    fn export(&self, stream: &str) -> Vec<String> {
        self.env.ok(&["data", "export", stream, "--to", "out.csv", "--force"]);
        let text = std::fs::read_to_string(self.env.path().join("out.csv")).unwrap();
        text.lines().skip(1).map(str::to_owned).collect()
    }
}

#[test]
fn zones_are_mixed_and_the_instants_are_one() {
    let all = Counted::new();
    let text = "\u{feff}{\"ts\":\"2026-10-05T01:00:00Z\"}\r\n{\"ts\":\"2026-10-05T10:00:00+09:00\"}\r\n\
                {\"ts\":\"2026-10-04T20:00:00-05:00\"}\n{\"ts\":1791162000}\n{\"ts\":1791162000000}\n\
                {\"ts\":\"2026-10-05 01:00:00\"}\n{\"ts\":\"2026-10-05T01:00:00+99:00\"}\n";
    assert_eq!(all.ingest("z.jsonl", text.as_bytes()), (6, 1, 0));
    assert!(all.export("z").iter().all(|line| line == "2026-10-05T01:00:00.000000Z"));
}

#[test]
fn numbers_that_no_column_can_hold_are_rejects() {
    let all = Counted::new();
    let ok = "{\"ts\":1791162000,\"whole\":1,\"ms\":1.5}\n";
    let bad = [
        "\"whole\":9223372036854775808",
        "\"whole\":-99999999999999999999999999",
        "\"ms\":1e999",
        "\"ms\":-1e999",
        "\"ms\":Infinity",
        "\"ms\":NaN",
        "\"ms\":\"inf\"",
        "\"whole\":true",
        "\"ms\":1,\"ms\":1",
        "\"whole\":0x10",
    ];
    let mut text = ok.repeat(20);
    text.extend(bad.iter().map(|part| format!("{{\"ts\":1791162000,{part}}}\n")));
    // Negative durations are what their source says; nobody may lose them.
    text += "{\"ts\":1791162000,\"whole\":-9223372036854775808,\"ms\":-250.5}\n";
    assert_eq!(all.ingest("n.jsonl", text.as_bytes()), (21, bad.len() as u64, 0));
    let lines: Vec<u64> = all.rejects("n").iter().map(|reject| reject.0).collect();
    assert_eq!(lines, (21..=30).collect::<Vec<_>>());
    assert!(all.export("n").iter().any(|line| line.ends_with("-9223372036854775808,-250.5")));
    let csv = "ts,ms\n1791162000,1.5\n1791162000,inf\n1791162000,nan\n1791162000,-1e999\n\
               1791162000,-3\n1791162000,99999999999999999999\n";
    assert_eq!(all.ingest("c.csv", csv.as_bytes()), (2, 4, 1));
}

#[test]
fn lines_of_ten_megabytes_are_lines() {
    let all = Counted::new();
    let long = "x".repeat(10 << 20);
    let text = format!(
        "{{\"ts\":1791162000,\"m\":\"{long}\"}}\n{long}\n{{\"ts\":1791162001,\"m\":\"y\"}}\n"
    );
    assert_eq!(all.ingest("l.jsonl", text.as_bytes()), (2, 1, 0));
    assert_eq!(all.export("l")[0].len(), long.len() + "2026-10-05T01:00:00.000000Z,".len());
    let args = ["data", "rejects", "--format", "csv"];
    assert!(all.env.ok(&args).stdout.len() < 2000, "only the start of it is kept");
    let log = format!(
        "1.2.3.4 - - [05/Oct/2026:10:00:00 +0900] \"GET / HTTP/1.1\" 200 1\n\
         1.2.3.4 - - [05/Oct/2026:10:00:00 +0900] \"GET /{long} HTTP/1.1\" 200 1\n"
    );
    assert_eq!(all.ingest("l2.log", log.as_bytes()), (2, 0, 0));
}

#[test]
fn bytes_that_are_no_text_are_rejects() {
    let all = Counted::new();
    let mut bytes = b"{\"ts\":1791162000,\"m\":\"a\"}\n".to_vec();
    bytes.extend(
        b"{\"ts\":1791162000,\"m\":\"\xff\xfe\"}\n{\"ts\":1791162000,\"m\":\"a\0b\"}\n\0\0\n",
    );
    bytes.extend(b"{\"ts\":1791162000,\"m\":\"\\u0000\"}\n{\"ts\":1791162000,\"m\":\"\\ud800\"}\n");
    bytes.extend("{\"ts\":1791162000,\"m\":\"\u{202e}é\"}".as_bytes());
    assert_eq!(all.ingest("b.jsonl", &bytes), (3, 4, 0));
    let csv = b"ts,m\n1791162000,a\0b\n1791162000,\xff\n1791162000,\"open\n1791162000,ok\n";
    assert_eq!(all.ingest("b2.csv", csv), (1, 3, 1));
    let mut log = b"1.2.3.4 - - [05/Oct/2026:10:00:00 +0900] \"GET / HTTP/1.1\" 200 1\n".to_vec();
    log.extend(b"1.2.3.4 - - [05/Oct/2026:10:00:00 +0900] \"\x16\x03\x01\" 400 -\n");
    log.extend(b"1.2.3.4 - - [05/Oct/2026:10:00:00 +0900] \"GET /\xff HTTP/1.1\" 200 1\n");
    assert_eq!(all.ingest("b3.log", &log), (2, 1, 0));
}

#[test]
fn a_header_that_changes_midway_changes_the_columns_after_it() {
    let all = Counted::new();
    let csv = "\u{feff}ts,a,b\r\n1791162000,1,2\r\n1791162001,3\r\nts,b,a,c\r\n1791162002,5,4,6\r\n\
               ts,a,b\r\n1791162003,7,8\r\n";
    assert_eq!(all.ingest("h.csv", csv.as_bytes()), (3, 1, 3));
    let rows = all.export("h");
    assert!(rows[1].ends_with("Z,4,5,6"), "{rows:?}");
    assert!(rows[2].ends_with("Z,7,8,"), "{rows:?}");
}

#[test]
fn types_that_contradict_each_other_lose_no_line() {
    let all = Counted::new();
    let kinds = ["1", "1.5", "\"x\"", "true", "null", "{\"a\":1}", "[1]"];
    let mut text = String::new();
    for round in 0..50 {
        for kind in &kinds[..if round < 40 { 1 } else { kinds.len() }] {
            text += &format!("{{\"ts\":1791162000,\"v\":{kind}}}\n");
        }
    }
    let (rows, rejects, _) = all.ingest("t.jsonl", text.as_bytes());
    assert_eq!((rows, rejects), (70, 40), "whole and broken numbers, nothing; the rest is refused");
    assert!(all.rejects("t").iter().all(|reject| reject.1 == "v"));
}
