//! Alert replay over 30 days of minutes with the preset `google-30d`: 4 tiers, 8 windows; many
//! SLOs at once, and a whole status.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use drill::model::{BudgetingMethod, Slice, SliceBlock, SloSpec, Tier};
use drill::slo::{
    Denominator, History, Plan, Replay, StatusOptions, replay_block, replay_many, status,
};
use drill::units::{SimDuration, SimTime};

/// 30 days of minutes.
const RECORD_SLICES: u32 = 43_200;
/// A year of minutes, more than the caches hold.
const YEAR_SLICES: u32 = 525_600;
/// An eight-hour drill on top of the record.
const DRILL_SLICES: u32 = 480;
/// Every so many slices a fault begins.
const FAULT_EVERY: u32 = 2880;
/// It lasts so many slices.
const FAULT_SLICES: u32 = 45;
/// 90 days of minutes.
const MANY_SLICES: u32 = 130_000;
/// A tenth of the thousand that the target speaks of; the work is the same for each.
const MANY_SLOS: usize = 100;
const EVENTS_PER_SLICE: u32 = 1200;

fn spec() -> SloSpec {
    SloSpec {
        tiers: Tier::google_30d(),
        ..SloSpec::new(
            "user-availability",
            "user-service",
            "0.999".parse().expect("invariant: an objective"),
            SimDuration::from_hours(720),
        )
    }
}

/// Steady traffic with one error in 4000, and a fault of a tenth of all events now and then.
fn slice(index: u32) -> Slice {
    let in_fault = index % FAULT_EVERY >= FAULT_EVERY - FAULT_SLICES;
    let bad = if in_fault { 120 } else { u32::from(index.is_multiple_of(3)) };
    Slice { good: EVENTS_PER_SLICE - bad, total: EVENTS_PER_SLICE, present: true }
}

/// Traffic near every threshold at once, one slice in sixteen missing: tiers flap and freeze.
fn rough_slice(index: u32) -> Slice {
    let mixed = index.wrapping_mul(0x9e37_79b9) ^ (index >> 7).wrapping_mul(0x85eb_ca6b);
    Slice {
        good: EVENTS_PER_SLICE - (mixed >> 28) * (index >> 9 & 3),
        total: EVENTS_PER_SLICE,
        present: mixed >> 8 & 15 > 0,
    }
}

fn block(slices: u32, slice: fn(u32) -> Slice) -> SliceBlock {
    SliceBlock {
        start: SimTime::from_minute(29_000_000),
        step: SimDuration::from_minutes(1),
        good: (0..slices).map(|index| slice(index).good).collect(),
        total: (0..slices).map(|index| slice(index).total).collect(),
        present: (0..slices).map(|index| slice(index).present).collect(),
    }
}

fn replays(criterion: &mut Criterion) {
    let (spec, record) = (spec(), block(RECORD_SLICES, slice));
    let mut group = criterion.benchmark_group("slo");

    for (name, slices, slice) in [
        ("replay_block", RECORD_SLICES, slice as fn(u32) -> Slice),
        ("replay_block_year", YEAR_SLICES, slice),
        ("replay_block_rough", RECORD_SLICES, rough_slice),
    ] {
        let block = block(slices, slice);
        group.throughput(Throughput::Elements(slices.into()));
        group.bench_function(name, |bench| {
            bench.iter(|| replay_block(black_box(&spec), black_box(&block)));
        });
    }
    group.throughput(Throughput::Elements(RECORD_SLICES.into()));
    group.bench_function("history", |bench| {
        bench.iter(|| History::new(black_box(&record)));
    });
    let history = Arc::new(History::new(&record));
    group.bench_function("plan", |bench| {
        bench.iter(|| Plan::new(0, black_box(&spec), Arc::clone(&history)));
    });

    let plan = Plan::new(0, &spec, Arc::clone(&history));
    let mut replay = Replay::fork(&plan, history.end());
    let mut out = Vec::new();
    group.throughput(Throughput::Elements(DRILL_SLICES.into()));
    group.bench_function("fork_and_push", |bench| {
        bench.iter(|| {
            out.clear();
            replay.restart(history.end());
            for index in 0..DRILL_SLICES {
                replay.push(black_box(slice(index + FAULT_EVERY - 60)), &mut out);
            }
            out.len()
        });
    });
    group.finish();
}

/// Many SLOs at once, under each method: 130,000 slices each, about 90 days of minutes.
fn many(criterion: &mut Criterion) {
    let block = block(MANY_SLICES, slice);
    let mut group = criterion.benchmark_group("slo/many");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(MANY_SLICES) * MANY_SLOS as u64));
    let window = block.step;
    let slice_target = "0.99".parse().expect("invariant: an objective");
    for (name, method) in [
        ("occurrences", BudgetingMethod::Occurrences),
        ("timeslices", BudgetingMethod::Timeslices { target: slice_target, window }),
        ("ratio_timeslices", BudgetingMethod::RatioTimeslices { window }),
    ] {
        let specs = vec![SloSpec { method, ..spec() }; MANY_SLOS];
        let blocks = vec![block.clone(); MANY_SLOS];
        group.bench_function(name, |bench| {
            bench.iter(|| replay_many(black_box(&specs), black_box(&blocks)));
        });
    }
    group.finish();

    let options = StatusOptions { as_of: None, denominator: Denominator::Elapsed, newest: None };
    criterion.bench_function("slo/status_90d", |bench| {
        bench.iter(|| status(black_box(&spec()), black_box(&block), &[], options));
    });
}

criterion_group!(benches, replays, many);
criterion_main!(benches);
