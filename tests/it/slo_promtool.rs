//! The alert replay against Prometheus itself: of random series (steps, flaps, ramps, gaps, sparse
//! traffic, restarts) `drill slo export prometheus` makes oracle rules and a unit test that asks
//! for the states of the replay, and promtool must accept. The rules stand on one gauge sample
//! per slice, stamped at the slice's end, with windows one second short (ranges of Prometheus 2
//! are closed on both sides) and with integer products (`bad / total > factor * budget` is wrong
//! in floats at ties).
//!
//! Prometheus cannot freeze, so the series miss only as many slices as leave every window
//! covered, and begin with traffic that is all good. Slice methods become gauges of bad and of
//! judged slices, one sample at the end of each slice.
//!
//! With `DRILL_ORACLE=1` (`make oracle`) 20 more series have the windows of `google-30d` at full
//! length, over nine days of minutes; `DRILL_ORACLE=111` begins at the series of that number.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "the whole file is tests")]

use std::path::Path;
use std::process::Command;

use drill::model::{
    AlertState, AlertTransition, BudgetingMethod, Comparator, SliceBlock, SloSpec, Tier,
};
use drill::report::{OracleSeries, oracle_rules, oracle_test};
use drill::slo::replay_block;
use drill::units::{SimDuration, SimTime};

use crate::draw::Draw;

const PROMTOOL: &str = "/usr/bin/promtool";
const SERIES: u64 = 14;
const FULL_SERIES: u64 = 20;
const FIRST_FULL: u64 = 101;

/// How long a series and its windows are.
#[derive(Clone, Copy)]
struct Scale {
    slices: usize,
    /// All good at first: as long as the longest window.
    lead_in: usize,
    /// One slice of so many may be missing; every window then keeps nine tenths, and a short one
    /// at least a slice.
    missing_every: usize,
    /// Long and short windows in minutes, even, so that slices of two minutes fit.
    windows: [(i64, i64); 4],
    /// Longest stretch of like traffic.
    stretch: u64,
}

const SMALL: Scale = Scale {
    slices: 240,
    lead_in: 40,
    missing_every: 21,
    windows: [(12, 2), (20, 4), (30, 6), (40, 8)],
    stretch: 24,
};

const FULL: Scale = Scale {
    slices: 12_960,
    lead_in: 4320,
    missing_every: 31,
    windows: [(60, 5), (360, 30), (1440, 120), (4320, 360)],
    stretch: 900,
};

fn tier(draw: &mut Draw, (long, short): (i64, i64)) -> Tier {
    let (long, short) = (SimDuration::from_minutes(long), SimDuration::from_minutes(short));
    let factor = draw.pick(&["2", "1", "3.5", "0.6"]).parse().unwrap();
    let severity = draw.pick(&["page", "ticket"]);
    Tier {
        hold_for: SimDuration::from_secs(draw.pick(&[0, 0, 60, 90, 240])),
        keep_firing_for: SimDuration::from_secs(draw.pick(&[0, 0, 60, 150, 300])),
        comparator: draw.pick(&[Comparator::Above, Comparator::Above, Comparator::AtLeast]),
        min_events: draw.pick(&[0, 0, 0, 150]),
        min_failures: draw.pick(&[0, 0, 0, 12]),
        ..Tier::new(long, short, factor, severity)
    }
}

fn spec(draw: &mut Draw, scale: Scale) -> SloSpec {
    let tiers = scale.windows.map(|windows| tier(draw, windows));
    let target = draw.pick(&["0.9", "0.75", "0.8", "0.95"]).parse().unwrap();
    let method = match draw.below(3) {
        0 => BudgetingMethod::Timeslices {
            target: draw.pick(&["0.5", "0.9"]).parse().unwrap(),
            window: SimDuration::from_minutes(draw.pick(&[1, 2])),
        },
        _ => BudgetingMethod::Occurrences,
    };
    let spec = SloSpec::new("checkout", "checkout", target, SimDuration::from_hours(2));
    SloSpec { tiers: tiers.into(), method, ..spec }
}

/// Minutes of a slice that the method judges.
fn slice_minutes(spec: &SloSpec) -> usize {
    match spec.method {
        BudgetingMethod::Timeslices { window, .. } => (window.ms() / 60_000) as usize,
        _ => 1,
    }
}

/// Stretches of like traffic, the totals small and round so that windows tie with thresholds.
fn block(draw: &mut Draw, scale: Scale) -> SliceBlock {
    let mut block = SliceBlock {
        start: SimTime::from_minute(0),
        step: SimDuration::from_minutes(1),
        good: vec![10; scale.lead_in],
        total: vec![10; scale.lead_in],
        present: vec![true; scale.lead_in],
    };
    while block.good.len() < scale.slices {
        let (total, bad, kind) = (draw.pick(&[10, 10, 20]), draw.below(11), draw.below(7));
        let length = 1 + draw.below(scale.stretch);
        for index in 0..length {
            let (bad, total) = match kind {
                // Steps.
                0 => (bad, total),
                // Flaps.
                1 => (draw.below(11), total),
                // Ramps.
                2 => (bad * index / length, total),
                // Sparse traffic.
                3 => (draw.below(2), draw.pick(&[0, 0, 0, 1])),
                // A restart: nothing, then all bad for a moment.
                4 => (if index < length / 2 { 10 } else { 0 }, if index < 2 { 0 } else { total }),
                _ => (0, total),
            };
            let total = u32::try_from(total).unwrap();
            let bad = u32::try_from(bad).unwrap().min(total);
            block.good.push(total - bad);
            block.total.push(total);
            let index = block.present.len();
            block.present.push(!index.is_multiple_of(scale.missing_every) || draw.below(3) == 0);
        }
    }
    block
}

/// What promtool says: `None` when it accepts.
fn refusal(spec: &SloSpec, block: &SliceBlock, transitions: &[AlertTransition]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), oracle_rules(&[spec], block.step)).unwrap();
    let test = folder.path().join("test.yml");
    let series = OracleSeries { spec, block, transitions };
    std::fs::write(&test, oracle_test("rules.yml", &[series])).unwrap();
    let output = Command::new(PROMTOOL).args(["test", "rules"]).arg(&test).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (!output.status.success()).then(|| String::from_utf8_lossy(&said).into_owned())
}

fn is_missing() -> bool {
    let missing = !Path::new(PROMTOOL).exists();
    if missing {
        eprintln!("skipped: there is no {PROMTOOL}");
    }
    missing
}

/// A spec and a series: where slices are longer than a minute every minute is measured and no
/// guard counts events, because a window then misses more and promtool sees other events.
fn draw(seed: u64, scale: Scale) -> (SloSpec, SliceBlock) {
    let mut draw = Draw::of(seed);
    let (mut spec, mut block) = (spec(&mut draw, scale), block(&mut draw, scale));
    if slice_minutes(&spec) > 1 {
        block.present.fill(true);
        for tier in &mut spec.tiers {
            (tier.min_events, tier.min_failures) = (0, 0);
            // Odd windows do not fit slices of two minutes.
            tier.short = SimDuration::from_minutes(tier.short.ms() / 60_000 / 2 * 2);
        }
    }
    (spec, block)
}

/// Asks Prometheus about one series; what was entered how often.
fn ask(seed: u64, scale: Scale, entered: &mut [usize; 3]) {
    let (spec, block) = draw(seed, scale);
    let transitions = replay_block(&spec, &block);
    for transition in &transitions {
        entered[transition.state as usize] += 1;
    }
    if let Some(said) = refusal(&spec, &block, &transitions) {
        let said: String = said.chars().take(4000).collect();
        panic!(
            "series {seed} of {} {:?}: {said}\n{}",
            spec.target,
            spec.method,
            oracle_rules(&[&spec], block.step)
        );
    }
}

#[test]
fn prometheus_agrees_at_every_minute() {
    if is_missing() {
        return;
    }
    let mut entered = [0; 3];
    for seed in 1..=SERIES {
        ask(seed, SMALL, &mut entered);
    }
    assert!(entered.iter().all(|n| *n > 20), "too little happened: {entered:?}");
}

#[test]
fn prometheus_agrees_at_full_length() {
    if is_missing() {
        return;
    }
    let Ok(said) = std::env::var("DRILL_ORACLE") else {
        eprintln!("skipped: 20 full-length series need DRILL_ORACLE=1 (make oracle)");
        return;
    };
    let first = said.parse().unwrap_or(0).max(FIRST_FULL);
    let mut entered = [0; 3];
    for seed in first..FIRST_FULL + FULL_SERIES {
        ask(seed, FULL, &mut entered);
        eprintln!("series {seed}: Prometheus agrees");
    }
    assert!(entered.iter().all(|n| *n > 20), "too little happened: {entered:?}");
}

#[test]
fn prometheus_refuses_a_transition_one_minute_late() {
    if is_missing() {
        return;
    }
    let (spec, block) = draw(1, SMALL);
    let right = replay_block(&spec, &block);
    let minute = SimDuration::from_minutes(1);
    for state in [AlertState::Firing, AlertState::Resolved] {
        let mut late = right.clone();
        let found = late.iter_mut().find(|transition| transition.state == state);
        let transition = found.expect("the series has every state");
        transition.at = transition.at + minute;
        assert!(refusal(&spec, &block, &late).is_some(), "{state:?}");
    }
}
