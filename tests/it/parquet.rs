//! Parquet files as streams: ingested, refused, or read where they are; a drill's telemetry too.

use duckdb::Connection;
use serde_json::Value;

use crate::env::TestEnv;

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env
}

/// Writes the rows of a query as `name`.
fn parquet(env: &TestEnv, name: &str, options: &str, sql: &str) {
    let path = env.path().join(name).to_str().unwrap().replace('\'', "''");
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch("SET TimeZone = 'UTC'").ok();
    db.execute_batch(&format!("COPY ({sql}) TO '{path}' (FORMAT parquet{options})")).unwrap();
}

/// Rows and rejects of a stream.
fn counts(env: &TestEnv, stream: &str) -> (u64, u64) {
    let all = env.json(&["data", "streams"]);
    let streams = all["streams"].as_array().unwrap();
    let one = streams.iter().find(|one| one["name"] == stream).unwrap();
    (one["rows"].as_u64().unwrap(), one["rejects"].as_u64().unwrap())
}

const REQUESTS: &str = "SELECT TIMESTAMP '2026-10-05 01:00:00' + INTERVAL (i) SECOND AS ts, \
    (CASE WHEN i % 50 = 0 THEN 503 ELSE 200 END)::USMALLINT AS code, i * 0.5 AS ms, \
    {'route': '/r' || (i % 3), 'tags': [i % 2, 7]} AS more FROM range(7200) t(i)";

const SPEC: &str = "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: web\nspec:\n  \
    service: web\n  indicator:\n    metadata:\n      name: web\n    spec:\n      ratioMetric:\n        \
    counter: false\n        good:\n          metricSource:\n            type: drill\n            \
    spec: { stream: web, where: \"code < 500 and more->>'route' <> '/r1'\" }\n        total:\n          \
    metricSource:\n            type: drill\n            spec: { stream: web }\n  timeWindow:\n    \
    - duration: 1d\n      isRolling: true\n  budgetingMethod: Occurrences\n  objectives:\n    \
    - target: 0.6\n";

#[test]
fn pages_of_each_kind_give_the_same_rows() {
    let env = workspace();
    env.file("web.yaml", SPEC);
    let mut answers = Vec::new();
    for codec in ["uncompressed", "snappy", "gzip", "zstd"] {
        let name = format!("{codec}.parquet");
        parquet(&env, &name, &format!(", COMPRESSION {codec}"), REQUESTS);
        let _ = std::fs::remove_dir_all(env.path().join(".drill"));
        env.ok(&["data", "ingest", "--stream", "web", &name]);
        assert_eq!(counts(&env, "web"), (7200, 0), "{codec}");
        let again = env.ok(&["data", "ingest", "--stream", "web", &name, "--format", "csv"]);
        assert!(again.stdout.contains(",unchanged,0,0,0,"), "{}", again.stdout);
        answers.push(env.json(&["slo", "status", "--spec", "web.yaml"]));
        let direct = ["slo", "status", "--spec", "web.yaml", "--events", &name];
        assert_eq!(env.json(&direct), answers[0], "{codec} read where it is");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let slo = &answers[0]["slos"][0];
    // Of 7200 rows 144 fail, and a third of all is of the other route; 48 are both.
    assert_eq!((slo["good"].as_u64(), slo["total"].as_u64()), (Some(4704), Some(7200)));
    // The whole file packed once more, and a name that would be a pattern.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let bytes = std::fs::read(env.path().join("zstd.parquet")).unwrap();
    std::io::Write::write_all(&mut gzip, &bytes).unwrap();
    env.file("more/packed.parquet.gz", gzip.finish().unwrap());
    env.file("more/a[*]?.parquet", &bytes);
    env.file("more/day=5/b.parquet", &bytes);
    for (stream, file) in [
        ("c", "more/packed.parquet.gz"),
        ("d", "more/a[*]?.parquet"),
        ("e", "more/day=5/b.parquet"),
    ] {
        env.ok(&["data", "ingest", "--stream", stream, file]);
        assert_eq!(counts(&env, stream), (7200, 0), "{file}");
    }
}

#[test]
fn what_is_no_row_is_a_reject() {
    let env = workspace();
    let rows = "SELECT * FROM (VALUES (1759626000000, 1.5, 'a'), (NULL, 2.5, 'b'), \
        (1759626001000, 'NaN'::DOUBLE, 'c'), (9223372036854775807, 3.5, 'd'), \
        (1759626002000, NULL, NULL), (1759626003000, 'inf'::DOUBLE, 'e')) AS v(\"at\", n, \"it's\")";
    parquet(&env, "odd.parquet", "", rows);
    env.file("streams/odd.toml", "schema = \"drill.stream/1\"\nunit = \"milliseconds\"\n");
    let ran = env.ok(&["data", "ingest", "odd.parquet"]);
    assert!(ran.stderr.contains("odd.parquet:2: `at` is missing"), "{}", ran.stderr);
    assert_eq!(counts(&env, "odd"), (2, 4));
    let rejects = env.ok(&["data", "rejects", "--format", "csv"]).stdout;
    for line in [
        "odd,odd.parquet,2,at,is missing,",
        "odd,odd.parquet,3,n,\"is `nan`, wanted a number\",",
        "odd,odd.parquet,4,at,`9223372036854775807` is out of range,",
        "odd,odd.parquet,6,n,\"is `inf`, wanted a number\",",
    ] {
        assert!(rejects.contains(line), "{line}\n{rejects}");
    }
}

#[test]
fn another_schema_is_refused_with_both_named() {
    let env = workspace();
    parquet(&env, "web.parquet", "", REQUESTS);
    env.ok(&["data", "ingest", "web.parquet"]);
    parquet(&env, "text.parquet", "", "SELECT now()::TIMESTAMP AS ts, 'x' AS code");
    parquet(&env, "other.parquet", "", "SELECT now()::TIMESTAMP AS ts, 1.5::DOUBLE AS celsius");
    parquet(&env, "none.parquet", "", "SELECT 1 AS a, 'x' AS b");
    env.file("cut.parquet", &std::fs::read(env.path().join("web.parquet")).unwrap()[..900]);
    for (file, codes) in [
        ("text.parquet", ["ingest::another-schema", "code integer", "code text"]),
        ("other.parquet", ["ingest::another-schema", "more json", "celsius number"]),
        ("none.parquet", ["ingest::no-instants", "a integer", "b text"]),
        ("cut.parquet", ["ingest::parquet", "cannot be read as Parquet", "cut.parquet"]),
    ] {
        let ran = env.run(&["data", "ingest", "--stream", "web", file]);
        assert_eq!(ran.code, 2, "{file}: {}", ran.stderr);
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ").replace(" | ", " ");
        assert!(codes.iter().all(|code| said.contains(code)), "{file}: {said}");
        assert_eq!(counts(&env, "web"), (7200, 0), "nothing of {file} was kept");
    }
    // A number where whole numbers were widens the column; a column more is added.
    let wider = "SELECT TIMESTAMP '2026-10-05 04:00:00' AS ts, 200.5 AS code, 'x' AS note";
    parquet(&env, "wider.parquet", "", wider);
    env.ok(&["data", "ingest", "--stream", "web", "wider.parquet"]);
    assert_eq!(counts(&env, "web"), (7201, 0));
}

#[test]
fn wall_clocks_are_read_as_in_other_forms() {
    let env = workspace();
    // The hour from 01:00 comes twice on 2 November, that from 02:00 not at all on 9 March.
    let rows = "SELECT TIMESTAMP '2025-11-02 00:30:00' + INTERVAL (i * 30) MINUTE AS ts, i AS n \
        FROM range(6) t(i) UNION ALL SELECT TIMESTAMP '2025-03-09 02:30:00', 99";
    parquet(&env, "stamp.parquet", "", rows);
    parquet(&env, "word.parquet", "", &format!("SELECT ts::VARCHAR AS ts, n FROM ({rows})"));
    let db = Connection::open_in_memory().unwrap();
    let csv = env.path().join("line.csv");
    db.execute_batch(&format!("COPY ({rows}) TO '{}' (FORMAT csv)", csv.to_str().unwrap()))
        .unwrap();
    for stream in ["stamp", "word", "line"] {
        let text = "schema = \"drill.stream/1\"\nzone = \"America/New_York\"\n";
        env.file(&format!("streams/{stream}.toml"), text);
    }
    env.ok(&["data", "ingest", "stamp.parquet", "word.parquet", "line.csv"]);
    let all = env.json(&["data", "streams"]);
    for stream in all["streams"].as_array().unwrap() {
        assert_eq!((&stream["rows"], &stream["rejects"]), (&6.into(), &1.into()), "{stream}");
        assert_eq!(stream["first"], "2025-11-02T04:30:00+00:00", "{stream}");
        assert_eq!(stream["last"], "2025-11-02T08:00:00+00:00", "{stream}");
    }
    let rejects = env.ok(&["data", "rejects", "--format", "csv"]).stdout;
    assert_eq!(rejects.matches("does not exist in America/New_York").count(), 3, "{rejects}");
}

/// What a drill's own alerts and those of its telemetry have in common.
/// Those that fired before `start` were the steady history's own.
fn alerts(document: &Value, start: &str) -> Vec<String> {
    let all = document["alerts"].as_array().unwrap().iter();
    let all = all.filter(|alert| alert["firing_at"].as_str().is_none_or(|at| at >= start));
    let mut found: Vec<String> = all
        .map(|alert| {
            let keys = ["slo", "tier", "severity", "firing_at", "resolved_at", "governed_by"];
            let spent = alert["budget_spent_at_firing"].as_f64().unwrap_or(-1.0);
            let parts: Vec<String> = keys.iter().map(|key| alert[key].to_string()).collect();
            format!("{} {spent:.12}", parts.join(" "))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_drills_telemetry_gives_the_very_alerts_of_its_timeline() {
    let mut with_alerts = 0;
    for scenario in [
        &["quarterly-outage"][..],
        &["service-outage", "--set", "service=user"],
        &["service-outage", "--set", "service=movie"],
        &["service-outage", "--set", "service=actor"],
        &["service-outage", "--set", "service=scene"],
        &["service-outage", "--set", "service=review"],
        &["agent-hang", "--set", "variant=silent"],
        &["agent-hang", "--set", "variant=error_loop"],
        &["agent-hang", "--set", "variant=slow_burn"],
        &["quiet-day"],
    ] {
        let env = workspace();
        let mut args = vec!["run"];
        args.extend(scenario);
        args.extend(["--band", "0", "--out", "o"]);
        let ran = env.json(&args);
        env.ok(&["data", "ingest", "o/telemetry.parquet"]);
        let spec = ["slo", "alerts", "--spec", "o/slos.yaml", "--zone", "Asia/Tokyo"];
        let replayed = env.json(&spec);
        let start = ran["start"].as_str().unwrap();
        assert_eq!(alerts(&replayed, start), alerts(&ran, start), "{scenario:?}");
        let mut direct = spec.to_vec();
        direct.extend(["--events", "o/telemetry.parquet"]);
        assert_eq!(env.json(&direct), replayed, "{scenario:?} without a store");
        with_alerts += usize::from(!alerts(&ran, start).is_empty());
    }
    assert!(with_alerts >= 6, "only {with_alerts} scenarios have alerts");
}
