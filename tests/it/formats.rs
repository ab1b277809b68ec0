//! Every form of input: the verdicts of the published cases, real files, hostile ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drill::model::InputFormat;
use drill::store::{FaultScope, exposition_faults};
use serde_json::Value;

use crate::env::{Ran, TestEnv};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(data(name)).unwrap()
}

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env
}

/// Numbers of a stream: every line of its files is read, refused or a note.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    kind: String,
    rows: u64,
    rejects: u64,
    notes: u64,
    lines: u64,
}

fn counts(kind: &str, rows: u64, rejects: u64, notes: u64, lines: u64) -> Counts {
    Counts { kind: kind.to_owned(), rows, rejects, notes, lines }
}

fn streams(env: &TestEnv) -> BTreeMap<String, Counts> {
    let ran = env.ok(&["data", "streams", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let mut found = BTreeMap::new();
    for stream in document["streams"].as_array().unwrap() {
        let number = |key: &str| stream[key].as_u64().unwrap();
        let (read, refused) = (number("read"), number("refused"));
        assert_eq!(read + refused + number("notes"), number("lines"), "the law: {stream}");
        let counts = Counts {
            kind: stream["kind"].as_str().unwrap().to_owned(),
            rows: number("rows"),
            rejects: number("rejects"),
            notes: number("notes"),
            lines: number("lines"),
        };
        found.insert(stream["name"].as_str().unwrap().to_owned(), counts);
    }
    found
}

fn ingest(env: &TestEnv, file: &Path, more: &[&str]) -> Ran {
    let file = file.to_str().unwrap();
    env.ok(&[&["data", "ingest", file], more].concat())
}

/// Ingests one text into the stream `a`.
fn one(content: impl AsRef<[u8]>, more: &[&str]) -> (Counts, String) {
    let env = workspace();
    env.file("a.txt", &content);
    let ran = ingest(&env, Path::new("a.txt"), more);
    let lines = content.as_ref().split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.trim_ascii().is_empty()).count() as u64;
    let found = streams(&env).remove("a").unwrap();
    assert_eq!(found.lines, lines, "lines that are not empty");
    (found, format!("{}{}", ran.stdout, ran.stderr))
}

/// Ingests one text that is refused as a whole; nothing of it is kept.
fn refused(content: impl AsRef<[u8]>, more: &[&str]) -> String {
    let env = workspace();
    env.file("a.txt", &content);
    let ran = env.run(&[&["data", "ingest", "a.txt"], more].concat());
    assert_eq!(ran.code, 2, "{}\n{}", ran.stdout, ran.stderr);
    assert!(streams(&env).is_empty());
    ran.stderr
}

#[test]
fn every_published_verdict_is_drills() {
    let mut wrong = Vec::new();
    let mut verdicts = BTreeMap::new();
    for case in text("openmetrics/cases.jsonl").lines() {
        let case: Value = serde_json::from_str(case).unwrap();
        let form = InputFormat::from_word(case["form"].as_str().unwrap()).unwrap();
        let faults = exposition_faults(form, case["text"].as_str().unwrap().as_bytes());
        let valid = case["valid"].as_bool().unwrap();
        *verdicts.entry((form.as_str(), valid)).or_insert(0) += 1;
        if faults.is_empty() != valid {
            wrong.push(format!("{} should be {valid}: {faults:?}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let want = [
        (("openmetrics", false), 84),
        (("openmetrics", true), 22),
        (("prometheus", false), 10),
        (("prometheus", true), 3),
    ];
    assert_eq!(verdicts, want.into());
}

#[test]
fn valid_texts_are_kept_sample_by_sample() {
    let env = workspace();
    for case in text("openmetrics/cases.jsonl").lines() {
        let case: Value = serde_json::from_str(case).unwrap();
        if case["form"] == "openmetrics" && case["valid"] == true {
            let name = format!("valid/{}.txt", case["name"].as_str().unwrap());
            env.file(&name, case["text"].as_str().unwrap());
        }
    }
    let at = ["--as", "openmetrics", "--at", "2026-10-05T10:00:00Z"];
    ingest(&env, Path::new("valid"), &at);
    let samples: u64 = streams(&env).values().map(|found| found.rows + found.rejects).sum();
    assert_eq!(samples, 116);
    // Texts of a specification have instants such as 123; besides, one is beyond any calendar.
    let rejects = env.json(&["data", "rejects", "--limit", "1000"]);
    let rejects = rejects["rejects"].as_array().unwrap();
    let reason = |reject: &&Value| reject["reason"].as_str().unwrap().contains("before 1990");
    let (early, others): (Vec<&Value>, Vec<&Value>) = rejects.iter().partition(reason);
    assert!(early.len() > 5, "{rejects:?}");
    assert_eq!(others.len(), 1, "{others:?}");
    assert_eq!(others[0]["stream"], "timestamps");
}

#[test]
fn a_real_exposition_needs_its_instant() {
    let path = data("openmetrics/prometheus_server.prom");
    let stderr = refused(std::fs::read(&path).unwrap(), &[]);
    assert!(stderr.contains("--at 2026-10-05T10:00:00Z"), "{stderr}");
    let env = workspace();
    ingest(&env, &path, &["--at", "2026-10-05T10:00:00Z", "--stream", "prom"]);
    ingest(&env, &path, &["--at", "2026-10-05T10:00:00Z", "--stream", "prom"]);
    assert_eq!(streams(&env)["prom"], counts("metrics", 248, 0, 74, 322));
    // The same content at another time is another scrape.
    ingest(&env, &path, &["--at", "2026-10-05T10:01:00Z", "--stream", "prom"]);
    assert_eq!(streams(&env)["prom"], counts("metrics", 496, 0, 148, 644));
}

#[test]
fn a_line_is_refused_and_a_text_is_refused() {
    let at = ["--at", "2026-10-05T10:00:00Z"];
    let (found, shown) = one("# TYPE a gauge\na 1\na 0x1\n# EOF\n", &at);
    assert_eq!(found, counts("metrics", 1, 1, 2, 4));
    assert!(shown.contains("`0x1` is no number"), "{shown}");
    // A bucket that is refused does not make the others wrong.
    let histogram = "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} NaN\n# EOF\n";
    assert_eq!(one(histogram, &at).0, counts("metrics", 1, 1, 2, 4));
    for (text, reason) in [
        ("# TYPE a gauge\na 1\n# UNIT b_s s\nb_s 2\n", "`# EOF` is missing"),
        ("# TYPE a gauge\na 1\n# EOF\nb 2\n# EOF\n", "something follows `# EOF`"),
        ("# TYPE a counter\na_total 1\n# TYPE a gauge\n# EOF\n", "after its samples"),
        ("# TYPE a gauge\na{b=\"1\"} 1\na 2\na{b=\"1\"} 1\n# EOF\n", "are not together"),
        ("# TYPE a histogram\na_sum 1\n# EOF\n", "the bucket +Inf is missing"),
    ] {
        let stderr = refused(text, &["--as", "openmetrics", "--at", "2026-10-05T10:00:00Z"]);
        assert!(stderr.contains(reason), "{text}\n{stderr}");
    }
}

#[test]
fn seconds_and_milliseconds_are_told_apart() {
    let env = workspace();
    env.file("om.txt", "# TYPE a gauge\na 1 1791162000\n# EOF");
    env.file("prom.txt", "# TYPE a gauge\na 1 1791162000000\n");
    for file in ["om.txt", "prom.txt"] {
        ingest(&env, Path::new(file), &["--stream", "m"]);
    }
    let ran = env.ok(&["data", "streams", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let (first, last) = (&document["streams"][0]["first"], &document["streams"][0]["last"]);
    assert_eq!(first, last);
    // Seconds where milliseconds belong would be in 1970.
    let (found, shown) = one("# TYPE a gauge\na 1 1791162000\n", &[]);
    assert_eq!((found.rows, found.rejects), (0, 1));
    assert!(shown.contains("is it in seconds?"), "{shown}");
}

#[test]
fn the_history_of_a_server_is_one_history() {
    let env = workspace();
    ingest(&env, &data("history/dump.txt"), &[]);
    ingest(&env, &data("history/range.json"), &[]);
    ingest(&env, &data("history/source.om"), &[]);
    for file in ["query_matrix", "query_vector", "query_scalar"] {
        ingest(&env, &data(&format!("history/{file}.json")), &[]);
    }
    // What `promtool tsdb dump-openmetrics` prints of the same blocks.
    let dump = "up{instance=\"a:1\", note=\"q\\\"uo\\\\te\\nnew é\"} 1 1791162000.500\n\
                up{} NaN 1791162060.000\n# EOF\n";
    env.file("dump-om.txt", dump);
    ingest(&env, Path::new("dump-om.txt"), &[]);
    let found = streams(&env);
    let metrics = |rows, notes, lines| counts("metrics", rows, 0, notes, lines);
    assert_eq!(found["dump"], metrics(19, 0, 19));
    assert_eq!(found["source"], metrics(19, 5, 24));
    assert_eq!(found["range"], metrics(25, 0, 1));
    assert_eq!(found["query_matrix"], metrics(6, 0, 1));
    assert_eq!(found["query_vector"], metrics(1, 0, 1));
    assert_eq!(found["query_scalar"], metrics(1, 0, 1));
    assert_eq!(found["dump-om"], metrics(2, 1, 3));
    let stderr = refused(text("history/query_error.json"), &[]);
    assert!(stderr.contains("unexpected end of input"), "{stderr}");
}

#[test]
fn an_answer_is_read_whole_or_not_at_all() {
    let range = text("history/range.json");
    let stderr = refused(&range[..range.len() / 2], &[]);
    assert!(stderr.contains("line 1, character"), "{stderr}");
    let loki = r#"{"status":"success","data":{"resultType":"streams","result":[]}}"#;
    assert!(refused(loki, &[]).contains("holds no samples of metrics"));
    let odd = r#"{"status":"success","data":{"resultType":"matrix","result":[
      {"metric":{"__name__":"up"},"values":[[1791162000,"1"],[1791162060,2],["x","1"],[1e300,"1"]]},
      {"metric":{"__name__":"up","code":5},"values":[[1791162000,"1"]]},
      {"metric":{"__name__":"up"},"values":[[1791162000.25,"0x1"]],"histograms":[[1,{}]]}]}}"#;
    let (found, shown) = one(odd, &[]);
    assert_eq!(found, counts("metrics", 1, 5, 0, 4));
    assert!(shown.contains("1 samples of native histograms"), "{shown}");
}

#[test]
fn requests_of_otlp_are_logs_spans_and_metrics() {
    let env = workspace();
    for file in [
        "proto_logs.json",
        "proto_trace.json",
        "proto_metrics.json",
        "gcp_delta_counter.json",
        "gcp_histogram.json",
        "gcp_exponential_histogram.json",
        "gcp_summary.json",
        "gcp_prometheus.json",
        "demo_logs.jsonl",
        "demo_metrics.jsonl",
    ] {
        ingest(&env, &data("otlp").join(file), &[]);
    }
    let found = streams(&env);
    let lines = |file: &str| text(file).lines().filter(|line| !line.trim().is_empty()).count();
    assert_eq!(found["demo_logs"], counts("logs", 46, 0, 0, 12));
    // 84 points of sums are one row each; 36 of histograms are one per bucket, sum, count, least
    // and greatest.
    assert_eq!(found["demo_metrics"], counts("metrics", 804, 0, 0, 3));
    assert_eq!(found["proto_logs"].rows, 1);
    assert_eq!(found["proto_trace"].rows, 1);
    assert_eq!(found["proto_trace"].kind, "events");
    assert_eq!(found["gcp_delta_counter"].rows, 1);
    assert_eq!(found["gcp_summary"].rows, 5);
    assert_eq!(found["gcp_histogram"].lines, lines("otlp/gcp_histogram.json") as u64);
    assert!(found.values().all(|stream| stream.rejects == 0), "{found:?}");
}

#[test]
fn a_wrong_record_does_not_take_its_line_along() {
    let log = |record: &str| {
        format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{record}]}}]}}]}}"#)
    };
    let good = r#"{"timeUnixNano":"1791162000000000000","severityText":"Warning"}"#;
    let lines = [
        log(&format!("{good},{{\"body\":{{\"stringValue\":\"when?\"}}}},{good}")),
        log(good),
        "{\"resourceLogs\":[]}".to_owned(),
        "{\"resourceLogs\":[{\"scope".to_owned(),
        "{\"other\":1}".to_owned(),
        "{\"resourceSpans\":[{}]}".to_owned(),
        log(r#"{"timeUnixNano":"99999999999999999999999"}"#),
        log(&format!("{}{}", "[".repeat(500), "]".repeat(500))),
    ];
    let (found, shown) = one(lines.join("\n"), &[]);
    assert_eq!(found, counts("logs", 3, 6, 1, 8));
    assert!(shown.contains("a.txt:1: `timeUnixNano` is missing"), "{shown}");
}

#[test]
fn spans_and_points_that_contradict_themselves_are_refused() {
    let span = |times: &str| {
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{times}}}]}}]}}]}}"#)
    };
    let (found, shown) = one(
        [
            span(r#""startTimeUnixNano":"1791162000000000000","endTimeUnixNano":"1791161999000000000""#),
            span(r#""startTimeUnixNano":"1791162000000000000","endTimeUnixNano":"0""#),
            span(r#""startTimeUnixNano":"1791162000000000000","endTimeUnixNano":"1791162001500000000""#),
        ]
        .join("\n"),
        &[],
    );
    assert_eq!(found, counts("events", 2, 1, 0, 3));
    assert!(shown.contains("is before the start"), "{shown}");
    let point = |data: &str| {
        let point = format!(r#"{{"timeUnixNano":"1791162000000000000",{data}}}"#);
        let metric = format!(r#"{{"name":"h","histogram":{{"dataPoints":[{point}]}}}}"#);
        format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{metric}]}}]}}]}}"#)
    };
    let bad = [
        point(r#""count":"3","bucketCounts":["1","1"],"explicitBounds":[1]"#),
        point(r#""count":"2","bucketCounts":["1","1"],"explicitBounds":[1,2]"#),
        point(r#""count":"3","bucketCounts":["1","1","1"],"explicitBounds":[2,1]"#),
        point(r#""count":"36893488147419103232""#),
        point(r#""count":"2","attributes":[{"key":"le","value":{"stringValue":"1"}}]"#),
        point(r#""count":"2","bucketCounts":["1","1"],"explicitBounds":[0.5],"sum":"NaN""#),
    ];
    let (found, _) = one(bad.join("\n"), &[]);
    assert_eq!(found, counts("metrics", 4, 5, 0, 6));
}

#[test]
fn a_journal_keeps_what_is_text_and_what_is_not() {
    let (found, shown) = one(text("journal/boot.json"), &[]);
    assert_eq!(found, counts("logs", 3, 3, 0, 6));
    assert!(shown.contains("`__REALTIME_TIMESTAMP` is missing"), "{shown}");
}

#[test]
fn logs_kept_by_hand_are_streams() {
    let env = workspace();
    ingest(&env, &data("agents/progress.log"), &[]);
    ingest(&env, &data("agents/issues.log"), &[]);
    let found = streams(&env);
    assert_eq!(found["progress"], counts("events", 3, 1, 0, 4));
    assert_eq!(found["issues"], counts("logs", 2, 1, 0, 3));
}

#[test]
fn a_stream_keeps_to_its_kind() {
    let env = workspace();
    ingest(&env, &data("agents/issues.log"), &["--stream", "s"]);
    let path = data("history/dump.txt");
    let ran = env.run(&["data", "ingest", path.to_str().unwrap(), "--stream", "s"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("it holds logs, and the file metrics"), "{}", ran.stderr);
    assert_eq!(streams(&env)["s"].rows, 2);
}

#[test]
fn what_grew_is_continued_or_read_again() {
    let env = workspace();
    let dump = text("history/dump.txt");
    let cut = dump.len() - 20;
    env.file("d.txt", &dump[..cut]);
    ingest(&env, Path::new("d.txt"), &[]);
    // The last line has no end: what is there of it may be half a number.
    assert_eq!(streams(&env)["d"], counts("metrics", 18, 1, 0, 19));
    env.file("d.txt", &dump);
    ingest(&env, Path::new("d.txt"), &[]);
    assert_eq!(streams(&env)["d"], counts("metrics", 19, 0, 0, 19));
    let scrape =
        |minute: u64| format!("# a scrape\nup 1 {}\n", 1_791_162_000_000 + minute * 60_000);
    env.file("p.prom", format!("# TYPE up gauge\n{}", scrape(0)));
    ingest(&env, Path::new("p.prom"), &["--as", "prometheus"]);
    env.file("p.prom", format!("# TYPE up gauge\n{}{}", scrape(0), scrape(1)));
    let ran = ingest(&env, Path::new("p.prom"), &["--as", "prometheus", "--format", "csv"]);
    assert!(ran.stdout.contains(",grown,"), "{}", ran.stdout);
    assert_eq!(streams(&env)["p"], counts("metrics", 2, 0, 3, 5));
    let otlp = text("otlp/demo_logs.jsonl");
    env.file("o.jsonl", &otlp[..otlp.len() / 2]);
    ingest(&env, Path::new("o.jsonl"), &[]);
    let half = streams(&env)["o"].rows;
    env.file("o.jsonl", &otlp);
    ingest(&env, Path::new("o.jsonl"), &[]);
    assert!(half > 0 && half < 46);
    assert_eq!(streams(&env)["o"], counts("logs", 46, 0, 0, 12));
}

#[test]
fn hostile_lines_are_refused_one_by_one() {
    let long = "x".repeat(10 << 20);
    let at = ["--at", "2026-10-05T10:00:00Z", "--as", "prometheus"];
    let prometheus = format!(
        "\u{feff}# TYPE a gauge\r\na 1\r\na{{b=\"{long}\"}} 1\nb\0 1\nc 1e999\nd NaN\n\
         e{{x=\"1\",x=\"2\"}} 1\nf 1 99999999999999999999\na 1\ng +Inf\nh 1"
    );
    assert_eq!(one(prometheus, &at).0, counts("metrics", 4, 6, 1, 11));
    let mut bytes = b"{__name__=\"a\", b=\"".to_vec();
    bytes.extend([0xff, 0xfe]);
    bytes.extend(b"\"} 1 1791162000000\n{__name__=\"a\"} NaN 1791162000000\n");
    bytes.extend(
        b"{__name__=\"a\"} 1 99999999999999999999\n{__name__=\"a\"} 1 9223372036854775807\n",
    );
    assert_eq!(one(bytes, &["--as", "tsdb-dump"]).0, counts("metrics", 1, 3, 0, 4));
    let journal = format!(
        "{{\"__REALTIME_TIMESTAMP\":\"1791162000000000\",\"MESSAGE\":\"{long}\"}}\n{{\"__REALTIME_TIMESTAMP\":\n\
         {}\n{{\"__REALTIME_TIMESTAMP\":\"1791162000000000\",\"PRIORITY\":\"9999999999999999999999\"}}\n",
        "[".repeat(100_000)
    );
    assert_eq!(one(journal, &[]).0, counts("logs", 1, 3, 0, 4));
}

#[test]
fn columns_with_levels_are_metrics() {
    let table = "service,a,a,b\nmetric,latency,requests,requests\nts,,,\n\
                 1791162000.0,0.5,,7\n1791162300.0,x,1,2\n1791162600.0,1\n";
    let (found, shown) = one(table, &[]);
    assert_eq!(found, counts("metrics", 4, 2, 3, 6));
    assert!(shown.contains("1 empty cells"), "{shown}");
}

#[test]
fn every_scope_of_a_fault_is_told() {
    let scopes = |text: &str| -> Vec<FaultScope> {
        let faults = exposition_faults(InputFormat::Openmetrics, text.as_bytes());
        faults.into_iter().map(|fault| fault.scope).collect()
    };
    assert_eq!(scopes("a 1\n\n# EOF\n"), [FaultScope::Nothing]);
    assert_eq!(scopes("a x\n# EOF\n"), [FaultScope::Line]);
    assert_eq!(scopes("a 1\n"), [FaultScope::Text]);
}

#[test]
fn real_folders_give_their_expected_figures() {
    let Ok(folder) = std::env::var("DRILL_REAL_DATA") else {
        println!("skipped: DRILL_REAL_DATA is not set");
        return;
    };
    let env = workspace();
    let file = |name: &str| Path::new(&folder).join(name);
    let mut want = BTreeMap::new();
    for (name, kind, rows, notes, lines) in [
        ("otlp/demo/logs.jsonl", "logs", Some(714), 0, Some(300)),
        ("otlp/gcp/logs_apache_access.json", "logs", Some(17), 0, None),
        ("otlp/gcp/traces_basic.json", "events", Some(45), 0, None),
        ("otlp/gcp/ops_agent_host_metrics.json", "metrics", Some(106), 0, None),
        ("otlp/demo/metrics.jsonl", "metrics", None, 0, Some(40)),
        ("otlp/gcp/histogram.json", "metrics", None, 0, None),
        ("otlp/gcp/exponential_histogram.json", "metrics", None, 0, None),
        ("otlp/gcp/prometheus.json", "metrics", None, 0, None),
        ("petshop/low_traffic/noissue/metrics.csv", "metrics", Some(141_623), 4, Some(593)),
        ("petshop/low_traffic/test/issue_0/metrics.csv", "metrics", None, 4, Some(9)),
        ("nab/rds_cpu_utilization_cc0c53.csv", "events", Some(4032), 1, Some(4033)),
        ("nab/ec2_network_in_257a54.csv", "events", Some(4032), 1, Some(4033)),
        ("nab/cpu_utilization_asg_misconfiguration.csv", "events", Some(18_050), 1, Some(18_051)),
        ("nezha/2022-08-22.metrics.csv", "events", Some(12_090), 1, Some(12_091)),
        ("nezha/2023-01-29.metrics.csv", "events", Some(42_274), 1, Some(42_275)),
        ("nezha/2022-08-22.front.csv", "events", Some(1209), 1, Some(1210)),
        ("nezha/2022-08-22.requests_per_minute.csv", "events", Some(629), 1, Some(630)),
        ("nezha/2023-01-29.requests_per_minute.csv", "events", Some(2774), 1, Some(2775)),
        ("github_status/github.updates.csv", "events", Some(2957), 1, Some(2958)),
        ("github_status/gcp.updates.csv", "events", Some(510), 1, Some(511)),
        ("github_status/emma.updates.csv", "events", Some(80), 1, Some(81)),
    ] {
        let stream = name.replace(['/', '.'], "_");
        ingest(&env, &file(name), &["--stream", &stream]);
        want.insert(stream, (kind, rows, notes, lines));
    }
    let found = streams(&env);
    for (stream, (kind, rows, notes, lines)) in want {
        let found = &found[&stream];
        assert_eq!((&*found.kind, found.rejects, found.notes), (kind, 0, notes), "{stream}");
        assert!(rows.is_none_or(|rows| rows == found.rows), "{stream}: {found:?}");
        assert!(lines.is_none_or(|lines| lines == found.lines), "{stream}: {found:?}");
    }
}
