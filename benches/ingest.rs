//! Ingest of JSON lines and access logs beside bare DuckDB reading the same file into a table of a
//! database on disk. Both run by turns in one process, so that noise of the machine meets both.

use std::fmt::Write as _;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use drill::model::StreamDefinition;
use drill::store::{IngestOptions, Streams};
use drill::units::SimTime;
use tempfile::TempDir;

const JSON_LINES: u32 = 400_000;
const LOG_LINES: u32 = 400_000;
const BEGIN: u32 = 1_791_162_000;

/// A cheap, fixed sequence in place of a random one.
fn mixed(i: u32) -> u32 {
    let i = i.wrapping_mul(0x9e37_79b9);
    i ^ i >> 15
}

fn json_lines() -> String {
    let mut text = String::new();
    for i in 0..JSON_LINES {
        let r = mixed(i);
        let _ = writeln!(
            text,
            "{{\"ts\":{},\"service\":\"checkout\",\"route\":\"/api/v1/items/{}\",\"status\":{},\
             \"duration_ms\":{}.{:03},\"user\":\"u{}\",\"ok\":{},\"message\":\"served by pool {}\"}}",
            u64::from(BEGIN) * 1000 + u64::from(i) * 20,
            r % 500,
            if r.is_multiple_of(40) { 500 } else { 200 },
            r % 300,
            r % 1000,
            r % 90_000,
            !r.is_multiple_of(40),
            r % 9
        );
    }
    text
}

fn log_lines() -> String {
    let mut text = String::new();
    for i in 0..LOG_LINES {
        let r = mixed(i);
        let _ = writeln!(
            text,
            "10.{}.{}.{} - - [05/Oct/2026:{:02}:{:02}:{:02} +0000] \"GET /items/{} HTTP/1.1\" {} {} \
             \"https://example.com/page/{}\" \"Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko\"",
            r % 200,
            r % 250,
            r % 99,
            i / 3600 % 24,
            i / 60 % 60,
            i % 60,
            r % 700,
            if r.is_multiple_of(40) { 500 } else { 200 },
            r % 90_000,
            r % 300,
            100 + r % 40
        );
    }
    text
}

fn drill(file: &Path) -> TempDir {
    let folder = TempDir::new().expect("invariant: there is room");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let now = SimTime::from_ms(i64::from(BEGIN) * 2000);
    let options = IngestOptions { now, threads, whole_lines: false, only_known: false, at: None };
    let streams = Streams::of_workspace(folder.path());
    let report = streams.ingest(file, &StreamDefinition::new("bench"), options);
    let report = report.expect("invariant: the file is good");
    assert_eq!(report.rows, u64::from(JSON_LINES));
    folder
}

fn bare(file: &Path, sql: &str) -> TempDir {
    let folder = TempDir::new().expect("invariant: there is room");
    let db = duckdb::Connection::open(folder.path().join("bare.duckdb"));
    let db = db.expect("invariant: a new file");
    let sql = sql.replace("FILE", &file.to_string_lossy());
    db.execute_batch(&sql).expect("invariant: the file is good");
    let rows: u32 = db
        .query_row("SELECT count(*)::UINTEGER FROM t", [], |row| row.get(0))
        .expect("invariant: the table is there");
    assert_eq!(rows, LOG_LINES);
    folder
}

fn ingest(c: &mut Criterion) {
    let folder = TempDir::new().expect("invariant: there is room");
    let files = [
        (
            "jsonl",
            "bench.jsonl",
            json_lines(),
            "CREATE TABLE t AS SELECT * FROM read_json('FILE', format = 'newline_delimited')",
        ),
        (
            "access",
            "bench.log",
            log_lines(),
            "CREATE TABLE t AS SELECT column00 AS host, column02 AS user, \
               strptime(column03 || ' ' || column04, '[%d/%b/%Y:%H:%M:%S %z]')::TIMESTAMP AS ts, \
               split_part(column05, ' ', 1) AS method, split_part(column05, ' ', 2) AS path, \
               split_part(column05, ' ', 3) AS protocol, column06::INT AS status, \
               TRY_CAST(column07 AS BIGINT) AS bytes, column08 AS referer, column09 AS agent \
             FROM read_csv('FILE', delim = ' ', quote = '\"', header = false, all_varchar = true, \
               names = ['column00', 'column01', 'column02', 'column03', 'column04', 'column05', \
               'column06', 'column07', 'column08', 'column09'])",
        ),
    ];
    for (name, file, text, sql) in files {
        let path = folder.path().join(file);
        std::fs::write(&path, &text).expect("invariant: there is room");
        let mut group = c.benchmark_group(format!("ingest/{name}"));
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
        group.bench_function("drill", |b| {
            b.iter_batched(|| (), |()| drill(&path), BatchSize::PerIteration);
        });
        group.bench_function("bare duckdb", |b| {
            b.iter_batched(|| (), |()| bare(&path, sql), BatchSize::PerIteration);
        });
        group.finish();
    }
}

criterion_group!(benches, ingest);
criterion_main!(benches);
