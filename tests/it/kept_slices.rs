//! Slices that are kept from one question to the next: whatever comes in between, they are what a
//! naive count of all rows gives.

use std::fmt::Write as _;
use std::fs;

use drill::model::{Aggregate, Indicator, Name, Query, SliceBlock, StreamDefinition, ThresholdOp};
use drill::store::{IngestOptions, Streams};
use drill::units::{SimDuration, SimTime};

use crate::draw::Draw;

const MINUTE: i64 = 60_000;
/// Minute of the first row.
const BEGIN: i64 = 29_000_000;

#[derive(Clone)]
struct Row {
    at: i64,
    route: Option<&'static str>,
    ok: bool,
}

fn rows(draw: &mut Draw, from: i64, minutes: u64, count: u64) -> Vec<Row> {
    let routes = [Some("a"), Some("b"), Some("it's"), None];
    let mut row = || Row {
        at: (BEGIN + from) * MINUTE + draw.below(minutes * MINUTE.unsigned_abs()) as i64,
        route: routes[draw.below(4) as usize],
        ok: draw.below(3) > 0,
    };
    (0..count).map(|_| row()).collect()
}

fn lines(rows: &[Row]) -> String {
    let mut text = String::new();
    for Row { at, route, ok } in rows {
        let route = route.map_or("null".to_owned(), |route| format!("{route:?}"));
        writeln!(text, "{{\"ts\":\"{}\",\"route\":{route},\"ok\":{ok}}}", SimTime::from_ms(*at))
            .unwrap();
    }
    text
}

fn query(filter: Option<&str>) -> Query {
    Query {
        source: Name::from("drill"),
        stream: Name::from("web"),
        metric: None,
        filter: filter.map(str::to_owned),
        value: None,
        aggregate: Aggregate::Count,
        fields: Vec::new(),
    }
}

fn ratio(all: Option<&str>, part_is_bad: bool, part: &str) -> Indicator {
    let (part, total) = (query(Some(part)), query(all));
    Indicator::Ratio { counter: false, part_is_bad, part, total }
}

/// Indicators with what a row counts in them: whether it is an event, and whether a good one.
type Case = (Indicator, fn(&Row) -> (bool, bool));

fn cases() -> Vec<Case> {
    vec![
        (ratio(None, false, "ok"), |row| (true, row.ok)),
        (ratio(Some("route = 'a'"), false, "route = 'a' AND ok"), |row| {
            (row.route == Some("a"), row.ok)
        }),
        (ratio(Some("route = 'it''s' AND true"), true, "NOT ok"), |row| {
            (row.route == Some("it's"), row.ok)
        }),
        (ratio(Some("route = 'b' OR route IS NULL"), true, "route = 'b'"), |row| {
            (row.route == Some("b") || row.route.is_none(), row.route.is_none())
        }),
    ]
}

/// What the rows of each minute add up to.
fn naive(rows: &[Row], block: &SliceBlock, counts: fn(&Row) -> (bool, bool)) -> SliceBlock {
    let minute = |row: &Row| (row.at - block.start.ms()).div_euclid(MINUTE) as usize;
    let (first, last) = (rows.iter().map(minute).min(), rows.iter().map(minute).max());
    let len = block.good.len();
    let mut found = SliceBlock { good: vec![0; len], total: vec![0; len], ..block.clone() };
    for (at, present) in found.present.iter_mut().enumerate() {
        *present = first.is_some_and(|first| first <= at) && last.is_some_and(|last| at <= last);
    }
    for row in rows {
        let (event, good) = counts(row);
        found.total[minute(row)] += u32::from(event);
        found.good[minute(row)] += u32::from(event && good);
    }
    found
}

struct Workspace {
    dir: tempfile::TempDir,
    streams: Streams,
    rows: Vec<Row>,
}

impl Workspace {
    fn write(&mut self, file: &str, more: Vec<Row>, append: bool) {
        let path = self.dir.path().join(file);
        let before =
            if append { fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        fs::write(&path, format!("{before}{}", lines(&more))).unwrap();
        let now = SimTime::from_ms((BEGIN + 100_000) * MINUTE);
        let options =
            IngestOptions { now, threads: 2, whole_lines: false, at: None, only_known: false };
        let report = self.streams.ingest(&path, &StreamDefinition::new("web"), options).unwrap();
        assert_eq!((report.rows, report.rejects), (more.len() as u64, 0), "{report:?}");
        self.rows.extend(more);
    }

    fn slices(&self, wanted: &[&Indicator], range: (i64, i64)) -> Vec<SliceBlock> {
        let range = (SimTime::from_ms(range.0), SimTime::from_ms(range.1));
        self.streams.slices_many(wanted, range, SimDuration::from_ms(MINUTE)).unwrap()
    }

    /// Compares every slice with the naive count, for all rows and for a part of their time.
    fn check(&self, seed: u64, round: usize) {
        let first = self.rows.iter().map(|row| row.at).min().unwrap();
        let last = self.rows.iter().map(|row| row.at).max().unwrap();
        let cases = cases();
        let many = Indicator::Threshold {
            query: query(Some("route = 'a'")),
            op: ThresholdOp::Lte,
            value: "1".to_owned(),
        };
        let mut wanted: Vec<&Indicator> = cases.iter().map(|(indicator, _)| indicator).collect();
        wanted.push(&many);
        let middle = first + (last - first) / 2;
        for range in [(first, last + 1), (first, middle + 1), (first, last + 1)] {
            let blocks = self.slices(&wanted, range);
            let inside: Vec<Row> = self
                .rows
                .iter()
                .filter(|row| row.at.div_euclid(MINUTE) <= (range.1 - 1).div_euclid(MINUTE))
                .cloned()
                .collect();
            for ((_, counts), block) in cases.iter().zip(&blocks) {
                let mut want = naive(&inside, block, *counts);
                // The record goes on behind a part of its time.
                want.present.fill(true);
                assert!(*block == want, "seed {seed}, round {round}, {range:?}");
            }
            let a = naive(&inside, &blocks[1], cases[1].1);
            for (slice, total) in a.total.iter().enumerate() {
                let found = (blocks[4].good[slice], blocks[4].total[slice]);
                assert_eq!(found, (u32::from(*total <= 1), 1), "seed {seed}, round {round}");
            }
        }
    }
}

#[test]
fn kept_slices_are_those_of_all_rows() {
    for seed in 1..=6u64 {
        let mut draw = Draw::of(seed);
        let dir = tempfile::tempdir().unwrap();
        let streams = Streams::of_workspace(dir.path());
        let mut workspace = Workspace { dir, streams, rows: Vec::new() };
        let mut end = 0;
        for round in 0..7 {
            let count = 1 + draw.below(60);
            match draw.below(4) {
                // The file goes on, maybe after a silence.
                0 | 1 => {
                    end += draw.below(40) as i64;
                    let more = rows(&mut draw, end, 30, count);
                    end += 30;
                    workspace.write("web.jsonl", more, true);
                }
                // Another file with late rows.
                2 => {
                    let more = rows(&mut draw, 0, (end + 1).unsigned_abs(), count);
                    workspace.write(&format!("late-{round}.jsonl"), more, false);
                }
                // What was kept is damaged, or gone.
                _ => {
                    let folder = workspace.dir.path().join(".drill/slices");
                    for file in fs::read_dir(&folder).into_iter().flatten().flatten() {
                        match draw.below(3) {
                            0 => fs::remove_file(file.path()).unwrap(),
                            1 => fs::write(file.path(), "drill.slices/1\n").unwrap(),
                            _ => {}
                        }
                    }
                }
            }
            if !workspace.rows.is_empty() {
                workspace.check(seed, round);
            }
        }
        let kept = fs::read_dir(workspace.dir.path().join(".drill/slices")).unwrap().count();
        assert_eq!(kept, 5, "seed {seed}: one file an indicator");
    }
}
