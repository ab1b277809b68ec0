//! From Parquet events to slices and alerts, against what bare DuckDB needs to group the same
//! file per minute; twenty indicators against one. Pairs run alternately in one process, best of
//! `ROUNDS`, and the answers of both sides are compared.
//!
//! With the argument `many`: a thousand SLOs over 90 days of minutes instead.
//!
//! `DRILL_BENCH_ROWS` sets the number of rows (50 million); the file is made once in
//! `DRILL_BENCH_DIR` (the temporary folder) and removed in the end.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drill::model::{
    Aggregate, Indicator, Name, Query, SliceBlock, SloSpec, StreamDefinition, Tier,
};
use drill::slo::{Denominator, StatusOptions, replay_block, replay_many, status};
use drill::store::Streams;
use drill::units::{SimDuration, SimTime};
use duckdb::Connection;
use rayon::prelude::*;

/// How often each side of a pair runs.
const ROUNDS: usize = 3;
/// Milliseconds of 2026-07-01, when the events begin.
const START: i64 = 1_782_864_000_000;
/// Over how many milliseconds they are spread: 90 days.
const SPAN: i64 = 90 * 86_400_000;

fn rows() -> i64 {
    let said = std::env::var("DRILL_BENCH_ROWS").ok().and_then(|text| text.parse().ok());
    said.unwrap_or(50_000_000)
}

/// Requests of fifty routes in three regions: bursts of errors, durations with a long tail.
fn make(path: &Path, rows: i64) {
    let db = Connection::open_in_memory().expect("invariant: an instance in memory opens");
    let sql = format!(
        "COPY (SELECT make_timestamp_ms({START} + i * {SPAN} // {rows}) AS ts, \
           (CASE WHEN hash(i) % 1000 < (CASE WHEN (i * 90 // {rows}) % 30 = 29 THEN 40 ELSE 1 END) \
             THEN 503 ELSE 200 END)::SMALLINT AS status, \
           (20 + hash(i + 1) % 400 + (CASE WHEN hash(i + 2) % 50 = 0 THEN 1000 ELSE 0 END))::INTEGER \
             AS duration_ms, \
           'route-' || (hash(i + 3) % 50) AS route, 'region-' || (hash(i + 4) % 3) AS region \
         FROM range({rows}) t(i)) TO '{}' (FORMAT parquet, COMPRESSION zstd)",
        path.display()
    );
    db.execute_batch(&sql).expect("the disk has room for the events");
}

fn query(filter: Option<&str>) -> Query {
    Query {
        source: Name::from("drill"),
        stream: Name::from("requests"),
        metric: None,
        filter: filter.map(str::to_owned),
        value: None,
        aggregate: Aggregate::Count,
        fields: Vec::new(),
    }
}

fn ratio(all: Option<&str>, good: &str) -> Indicator {
    let (part, total) = (query(Some(good)), query(all));
    Indicator::Ratio { counter: false, part_is_bad: false, part, total }
}

fn range() -> (SimTime, SimTime) {
    (SimTime::from_ms(START), SimTime::from_ms(START + SPAN))
}

fn slices(path: &Path, indicators: &[&Indicator]) -> Vec<SliceBlock> {
    let stream = StreamDefinition::new("requests");
    let streams = Streams::of_events(path, &stream).expect("the file is Parquet");
    let minute = SimDuration::from_minutes(1);
    streams.slices_many(indicators, range(), minute).expect("the indicators can be counted")
}

/// One SLO as `drill slo alerts --events` has it: slices, then every tier replayed.
fn one(path: &Path) -> (u64, u64, usize) {
    let block = slices(path, &[&ratio(None, "status < 500")]).remove(0);
    let target = "0.999".parse().expect("invariant: an objective");
    let spec = SloSpec {
        tiers: Tier::google_30d(),
        ..SloSpec::new("availability", "web", target, SimDuration::from_hours(720))
    };
    let alerts = replay_block(&spec, &block).len();
    let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum();
    (sum(&block.good), sum(&block.total), alerts)
}

/// What bare DuckDB needs for the same counts.
fn bare(path: &Path) -> (u64, u64) {
    let db = Connection::open_in_memory().expect("invariant: an instance in memory opens");
    let sql = format!(
        "SELECT date_trunc('minute', ts) AS m, count(*) FILTER (WHERE status < 500), count(*) \
         FROM read_parquet('{}') GROUP BY m",
        path.display()
    );
    let mut query = db.prepare(&sql).expect("invariant: the query is well-formed");
    let mut rows = query.query([]).expect("the file can be read");
    let (mut good, mut total) = (0, 0);
    while let Some(row) = rows.next().expect("the file can be read") {
        good += row.get::<_, u64>(1).expect("invariant: a count");
        total += row.get::<_, u64>(2).expect("invariant: a count");
    }
    (good, total)
}

/// Twenty indicators as teams have them: by route, by region, by duration.
fn twenty() -> Vec<Indicator> {
    let mut all = vec![ratio(None, "status < 500"), ratio(None, "duration_ms <= 300")];
    for route in 0..12 {
        all.push(ratio(Some(&format!("route = 'route-{route}'")), "status < 500"));
    }
    for region in 0..3 {
        all.push(ratio(Some(&format!("region = 'region-{region}'")), "status < 500"));
        all.push(ratio(Some(&format!("region = 'region-{region}'")), "duration_ms <= 300"));
    }
    all
}

/// User and system time of this process so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// The least wall and CPU time of each side, run in turns.
fn pair<A, B>(names: [&str; 2], first: impl Fn() -> A, second: impl Fn() -> B) -> (A, B) {
    let mut best = [(Duration::MAX, Duration::MAX); 2];
    let (mut a, mut b) = (None, None);
    for _ in 0..ROUNDS {
        for (side, best) in best.iter_mut().enumerate() {
            let (wall, before) = (Instant::now(), cpu());
            match side {
                0 => a = Some(first()),
                _ => b = Some(second()),
            }
            *best = (best.0.min(wall.elapsed()), best.1.min(cpu() - before));
        }
    }
    for (name, (wall, cpu)) in names.iter().zip(best) {
        println!(
            "  {name:<44} {:>7.3} s wall {:>7.2} s CPU",
            wall.as_secs_f64(),
            cpu.as_secs_f64()
        );
    }
    let ratio = |of: fn(&(Duration, Duration)) -> Duration| {
        of(&best[0]).as_secs_f64() / of(&best[1]).as_secs_f64()
    };
    println!("  {:<44} {:>7.2} x    {:>8.2} x", "ratio", ratio(|t| t.0), ratio(|t| t.1));
    let done = "invariant: each side ran";
    (a.expect(done), b.expect(done))
}

/// Budgets, burn rates and alert timelines of many SLOs over 90 days of minutes, from slices.
fn many() {
    let said = std::env::var("DRILL_BENCH_SLOS").ok().and_then(|text| text.parse().ok());
    let slos: u32 = said.unwrap_or(1000);
    let target = "0.999".parse().expect("invariant: an objective");
    let spec = SloSpec {
        tiers: Tier::google_30d(),
        ..SloSpec::new("availability", "web", target, SimDuration::from_hours(720))
    };
    let block = |slo: u32| {
        let minutes = u32::try_from(SPAN / 60_000).expect("invariant: 90 days");
        // Bursts of errors at a time of its own for each SLO, and single ones in between.
        let bad = |i: u32| match (i + slo * 37) % 2880 {
            fault if fault < 45 => 120,
            other => u32::from(other % 3 == 0),
        };
        SliceBlock {
            start: SimTime::from_ms(START),
            step: SimDuration::from_minutes(1),
            good: (0..minutes).map(|i| 1200 - bad(i)).collect(),
            total: vec![1200; minutes as usize],
            present: vec![true; minutes as usize],
        }
    };
    let blocks: Vec<SliceBlock> = (0..slos).map(block).collect();
    let specs = vec![spec; slos as usize];
    let options = StatusOptions { as_of: None, denominator: Denominator::Elapsed, newest: None };
    let (wall, before) = (Instant::now(), cpu());
    let standing: Vec<_> = specs
        .par_iter()
        .zip(&blocks)
        .map(|(spec, block)| status(spec, block, &[], options))
        .collect();
    let budgets = (wall.elapsed(), cpu() - before);
    let alerts: usize = replay_many(&specs, &blocks).iter().map(Vec::len).sum();
    let all = (wall.elapsed(), cpu() - before);
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{slos} SLOs x 129,600 slices: {} standings, {alerts} transitions", standing.len());
    for (name, (wall, cpu)) in [("budgets and burn rates", budgets), ("with alert timelines", all)]
    {
        println!(
            "  {name:<44} {:>7.3} s wall {:>7.2} s CPU",
            wall.as_secs_f64(),
            cpu.as_secs_f64()
        );
    }
    println!("  {}", peak.split_whitespace().collect::<Vec<_>>().join(" "));
}

fn main() {
    // `cargo test --benches` asks benchmarks to do nothing.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    if std::env::args().any(|arg| arg == "many") {
        return many();
    }
    let rows = rows();
    let folder =
        std::env::var("DRILL_BENCH_DIR").map_or_else(|_| std::env::temp_dir(), PathBuf::from);
    let path = folder.join(format!("drill-rollup-{}.parquet", std::process::id()));
    make(&path, rows);
    let bytes = std::fs::metadata(&path).map_or(0, |meta| meta.len());
    println!("{rows} events, {} MB of Parquet, 129,600 minutes", bytes / 1_000_000);
    println!("one SLO, slices and alert replay, against the bare query");
    let ((good, total, alerts), bare) = pair(
        ["drill: slices and alerts", "DuckDB: GROUP BY minute"],
        || one(&path),
        || bare(&path),
    );
    assert_eq!((good, total), bare, "both count the same");
    println!("  {alerts} transitions");
    println!("twenty SLOs on one stream against one");
    let all = twenty();
    let refs: Vec<&Indicator> = all.iter().collect();
    let (many, single) = pair(
        ["twenty indicators", "one indicator"],
        || slices(&path, &refs),
        || slices(&path, &refs[..1]),
    );
    assert!(many[0] == single[0], "the first of twenty is as alone");
    std::fs::remove_file(&path).expect("the file was made here");
}
