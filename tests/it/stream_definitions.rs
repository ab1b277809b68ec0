//! `streams/NAME.toml`: columns, units and zones said once, and what they change.

use serde_json::Value;

use drill::units::{SimDuration, SimTime};

use crate::env::TestEnv;

fn workspace() -> TestEnv {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    env
}

fn define(env: &TestEnv, name: &str, keys: &str) {
    env.file(&format!("streams/{name}.toml"), format!("schema = \"drill.stream/1\"\n{keys}"));
}

fn stream(env: &TestEnv, name: &str) -> Value {
    let all = env.json(&["data", "streams"]);
    let streams = all["streams"].as_array().unwrap();
    streams.iter().find(|one| one["name"] == name).unwrap().clone()
}

/// An SLO of all rows of a stream whose `ok` is true.
fn spec(stream: &str) -> String {
    let source = |filter: &str| {
        format!(
            "metricSource:\n            type: drill\n            spec: {{ stream: {stream}{filter} }}"
        )
    };
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: {stream}\nspec:\n  service: s\n  \
         indicator:\n    metadata:\n      name: i\n    spec:\n      ratioMetric:\n        \
         counter: false\n        good:\n          {}\n        total:\n          {}\n  \
         timeWindow:\n    - duration: 1h\n      isRolling: true\n  \
         budgetingMethod: Occurrences\n  objectives:\n    - target: 0.5\n",
        source(", where: \"ok\""),
        source("")
    )
}

#[test]
fn definitions_are_listed_checked_and_used() {
    let env = workspace();
    let keys = "format = \"csv\"\nfiles = [\"in/orders-*.csv\"]\nts = \"written at\"\n\
        zone = \"Asia/Tokyo\"\nid = \"order\"\n[types]\nzip = \"text\"\n";
    define(&env, "orders", keys);
    env.file("in/orders-1.csv", "order,written at,zip\n1,2026-10-05 10:00:00,0123\n");
    env.file(
        "in/orders-2.csv",
        "order,written at,zip\n1,2026-10-05 10:01:00,x\n2,2026-10-05 10:02:00,0\n",
    );
    env.file("in/returns.csv", "order,written at\n9,2026-10-05 10:00:00\n");
    assert!(env.ok(&["list", "streams"]).stdout.contains("csv, in/orders-*.csv"));
    env.ok(&["check", "orders", "streams/orders.toml"]);
    let ran = env.json(&["data", "ingest"]);
    let paths: Vec<&Value> = ran["ingest"].as_array().unwrap().iter().map(|f| &f["path"]).collect();
    assert_eq!(paths, ["in/orders-1.csv", "in/orders-2.csv"]);
    let orders = stream(&env, "orders");
    assert_eq!((&orders["rows"], &orders["rejects"]), (&3.into(), &0.into()), "{orders}");
    assert_eq!(orders["first"], "2026-10-05T01:00:00+00:00");
    assert_eq!(orders["duplicates"], 1);
    // A file that the patterns claim goes into its stream also when it is named.
    let again = env.ok(&["data", "ingest", "in/orders-2.csv", "--format", "csv"]).stdout;
    assert!(again.contains("in/orders-2.csv,orders,csv,unchanged,"), "{again}");
    // Types and instants cannot change under the rows that are there.
    for (from, to, code) in [
        ("zip = \"text\"", "zip = \"integer\"", "ingest::other-type"),
        ("written at", "order", "ingest::other-instants"),
    ] {
        define(&env, "orders", &keys.replace(from, to).replace("id = \"order\"\n", ""));
        env.file("in/orders-3.csv", "order,written at,zip\n3,2026-10-05 10:03:00,7\n");
        let ran = env.run(&["data", "ingest"]);
        assert!(ran.code == 2 && ran.stderr.contains(code), "{}", ran.stderr);
    }
    env.file("streams/orders.toml", "schema = \"drill.stream/1\"\nzone = \"Tokyo\"\n");
    assert_eq!(env.run(&["data", "ingest"]).code, 2);
    assert_eq!(env.run(&["check", "orders"]).code, 2);
}

#[test]
fn the_zone_is_for_instants_without_an_offset() {
    let env = workspace();
    define(&env, "clock", "zone = \"Europe/Berlin\"\n");
    // 02:30 comes twice on 25 October 2026 and not at all on 29 March; offsets always win.
    let lines = [
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00+00:00"),
        ("2026-10-25T00:30:00Z", "2026-10-25T00:30:00+00:00"),
        ("2026-07-01T12:00:00", "2026-07-01T10:00:00+00:00"),
        ("2026-01-01T12:00:00", "2026-01-01T11:00:00+00:00"),
    ];
    for (i, (written, instant)) in lines.iter().enumerate() {
        let name = format!("clock-{i}");
        define(&env, &name, "zone = \"Europe/Berlin\"\n");
        env.file(&format!("{name}.jsonl"), format!("{{\"ts\":\"{written}\",\"n\":{i}}}\n"));
        env.ok(&["data", "ingest", &format!("{name}.jsonl")]);
        assert_eq!(stream(&env, &name)["first"], *instant, "{written}");
    }
    env.file("clock.jsonl", "{\"ts\":\"2026-03-29T02:30:00\"}\n{\"ts\":\"2026-03-29T03:30:00\"}\n");
    env.ok(&["data", "ingest", "clock.jsonl"]);
    let found = stream(&env, "clock");
    assert_eq!((&found["rows"], &found["rejects"]), (&1.into(), &1.into()), "{found}");
}

#[test]
fn silences_longer_than_expected_are_missing() {
    let env = workspace();
    env.file("beat.yaml", spec("beat"));
    let line = |minute: u32| format!("{{\"ts\":\"2026-10-05T01:{minute:02}:00Z\",\"ok\":true}}\n");
    let minutes = [0, 1, 2, 3, 20, 21, 22, 30, 31];
    env.file("beat.jsonl", minutes.map(line).concat());
    let slices = |env: &TestEnv| {
        env.ok(&["data", "ingest", "beat.jsonl"]);
        let status = env.json(&["slo", "status", "--spec", "beat.yaml"]);
        let slices = &status["slos"][0]["slices"];
        (slices["missing"].as_u64().unwrap(), slices["total"].as_u64().unwrap())
    };
    let (before, whole) = slices(&env);
    // Minutes 4 to 19 are missing; the 8 minutes before 30 are not a longer silence.
    define(&env, "beat", "expect_every = \"10m\"\n");
    assert_eq!(slices(&env), (before + 16, whole), "the definition holds for what is there");
    define(&env, "beat", "");
    assert_eq!(slices(&env), (before, whole));
}

#[test]
fn types_are_forced_and_what_does_not_fit_is_refused() {
    let env = workspace();
    define(&env, "t", "[types]\nzip = \"text\"\nn = \"number\"\nflag = \"bool\"\n");
    let lines = "{\"ts\":1791162000,\"zip\":123,\"n\":1,\"flag\":true}\n\
        {\"ts\":1791162001,\"zip\":\"x\",\"n\":1.5}\n{\"ts\":1791162002,\"n\":\"2\"}\n\
        {\"ts\":1791162003,\"flag\":1}\n";
    env.file("t.jsonl", lines);
    env.ok(&["data", "ingest", "t.jsonl"]);
    let found = stream(&env, "t");
    assert_eq!((&found["rows"], &found["rejects"]), (&2.into(), &2.into()), "{found}");
}

#[test]
fn clocks_that_run_ahead_and_late_rows_are_counted() {
    let env = workspace();
    env.file("web.yaml", spec("web"));
    let line = |minute: u32, ok: bool| {
        format!("{{\"ts\":\"2026-10-05T01:{minute:02}:30Z\",\"ok\":{ok}}}\n")
    };
    let first: String = (0..60).map(|minute| line(minute, true)).collect();
    env.file("a/web.jsonl", first);
    env.ok(&["data", "ingest", "a/web.jsonl"]);
    let status = |env: &TestEnv| {
        let found = env.json(&["slo", "status", "--spec", "web.yaml"]);
        let slo = &found["slos"][0];
        (slo["good"].as_u64().unwrap(), slo["total"].as_u64().unwrap())
    };
    assert_eq!(status(&env), (60, 60));
    // Asked again before and after: late rows change their slices and no others.
    let late = [line(10, false), line(10, false), line(11, true)].concat();
    env.file("b/web.jsonl", late);
    let ran = env.json(&["data", "ingest", "b/web.jsonl"]);
    assert_eq!(ran["ingest"][0]["late"], 3);
    assert_eq!(status(&env), (61, 63));
    let at = |minute: u32| {
        let at = format!("2026-10-05T01:{minute:02}:00Z");
        let found = env.json(&["slo", "status", "--spec", "web.yaml", "--at", &at]);
        let slo = &found["slos"][0];
        (slo["good"].as_u64().unwrap(), slo["total"].as_u64().unwrap())
    };
    assert_eq!((at(10), at(11), at(12)), ((10, 10), (11, 13), (13, 15)));
    // A clock runs ahead by an hour; a row from another millennium is a mistake, and would stretch
    // the record over it.
    let hour = now() + SimDuration::from_hours(1);
    let millennium = "{\"ts\":\"2999-01-01T00:00:00Z\",\"ok\":true}\n";
    env.file("c/web.jsonl", format!("{{\"ts\":\"{hour}\",\"ok\":true}}\n{millennium}"));
    let ran = env.json(&["data", "ingest", "c/web.jsonl"]);
    let file = &ran["ingest"][0];
    assert_eq!((&file["ahead"], &file["rejects"]), (&1.into(), &1.into()), "{file}");
    let rejects = env.json(&["data", "rejects"])["rejects"].to_string();
    assert!(rejects.contains("more than a year after the clock of this machine"), "{rejects}");
    assert_eq!(env.run(&["slo", "status", "--spec", "web.yaml"]).code, 0);
}

#[expect(clippy::disallowed_methods, reason = "the rows are measured against this very clock")]
fn now() -> SimTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    SimTime::from_ms(i64::try_from(since.as_millis()).unwrap())
}
