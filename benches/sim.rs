//! The event queue under the hold model (take the next event, schedule one later), against the
//! bare binary heap of the same key that it wraps; and the steady baseline of a system.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use drill::model::{
    ContentHash, Environment, Name, Service, SliKind, SloSpec, System, SystemSlo, Text,
};
use drill::sim::{Baseline, EventQueue, Stream, StreamName, Streams, Token};
use drill::units::{Seed, SimDuration, SimTime};

/// Events pending at any time: a drill has some dozens, a large one a thousand.
const PENDING: [usize; 3] = [32, 1_000, 10_000];
/// Takes per iteration.
const HOLDS: u64 = 100_000;
const SLOS: usize = 7;

/// Times until the next event, drawn before the clock runs.
fn gaps(stream: &mut Stream) -> Vec<i64> {
    (0..4096).map(|_| stream.exponential(60_000.0) as i64).collect()
}

fn hold_queue(queue: &mut EventQueue, gaps: &[i64]) -> u32 {
    let mut sum = 0u32;
    for i in 0..HOLDS as usize {
        if let Some((at, token)) = queue.pop() {
            sum = sum.wrapping_add(token.arg());
            queue.push(at + SimDuration::from_ms(gaps[i % gaps.len()]), token);
        }
    }
    sum
}

fn hold_heap(heap: &mut BinaryHeap<Reverse<u128>>, gaps: &[i64]) -> u32 {
    let (mut sum, mut inserted) = (0u32, 1u128 << 24);
    for i in 0..HOLDS as usize {
        if let Some(Reverse(key)) = heap.pop() {
            sum = sum.wrapping_add(key as u32 & 0x00ff_ffff);
            let time = (key >> 64) + gaps[i % gaps.len()] as u128;
            inserted += 1;
            heap.push(Reverse(time << 64 | inserted << 32 | u128::from(key as u32)));
        }
    }
    sum
}

fn queue(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sim/hold");
    group.throughput(Throughput::Elements(HOLDS));
    for pending in PENDING {
        let mut stream = Streams::new(Seed(1)).stream(StreamName::of("bench"));
        let gaps = gaps(&mut stream);
        let (mut events, mut heap) = (EventQueue::default(), BinaryHeap::new());
        for i in 0..pending {
            let at = stream.below(60_000);
            events.push(SimTime::from_ms(at as i64), Token::new(7, i as u32));
            heap.push(Reverse((at as u128) << 64 | (i as u128) << 32 | 7 << 24 | i as u128));
        }
        group.bench_function(format!("event_queue/{pending}"), |bench| {
            let setup = || events.clone();
            let run = |mut queue: EventQueue| black_box(hold_queue(&mut queue, &gaps));
            bench.iter_batched(setup, run, BatchSize::LargeInput);
        });
        group.bench_function(format!("bare_heap/{pending}"), |bench| {
            let setup = || heap.clone();
            let run = |mut heap| black_box(hold_heap(&mut heap, &gaps));
            bench.iter_batched(setup, run, BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn system() -> System {
    let text = |text: &str| Text { en: Name::from(text), ja: Name::from(text) };
    let service = Service {
        name: Name::from("web"),
        title: text("web"),
        rate_per_min: 600.0,
        capacity_per_min: 2_400.0,
        error_ratio: 0.0002,
        p50: SimDuration::from_ms(60),
        p95: SimDuration::from_ms(250),
        latency_threshold: SimDuration::from_ms(800),
        depends_on: Vec::new(),
        impact: text("web"),
        degraded: Vec::new(),
    };
    let slo = |i: usize| {
        let target = "0.999".parse().expect("invariant: a ratio below 1");
        let spec = SloSpec::new(format!("slo-{i}"), "web", target, SimDuration::from_hours(720));
        SystemSlo { spec, sli: SliKind::Availability }
    };
    System {
        name: Name::from("bench"),
        title: text("bench"),
        zone: "Asia/Tokyo".parse().expect("invariant: a zone of the database"),
        environment: Environment::Production,
        budget_spent_at_start: 0.2,
        daily_swing: 0.25,
        services: vec![service],
        stores: Vec::new(),
        agents: Vec::new(),
        tools: Vec::new(),
        roles: Vec::new(),
        slos: (0..SLOS).map(slo).collect(),
        hash: ContentHash(0),
    }
}

fn baseline(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sim/baseline");
    let (system, endex) = (system(), SimDuration::from_hours(66));
    let start: SimTime = "2026-10-05T01:00:00Z".parse().expect("invariant: an instant");
    group.throughput(Throughput::Elements(SLOS as u64 * 33 * 1440));
    group.sample_size(20);
    group.bench_function("7_slos_33_days", |bench| {
        bench.iter(|| black_box(Baseline::draw(&system, start, endex)));
    });
    group.finish();
}

criterion_group!(benches, queue, baseline);
criterion_main!(benches);
