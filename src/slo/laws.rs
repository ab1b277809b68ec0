//! Laws of the replay, held over random series that step, flap, go missing, run dry, tie with
//! the threshold and go all bad.

use std::sync::Arc;

use proptest::prelude::*;

use super::reference;
use super::{Denominator, History, Plan, Replay, StatusOptions, replay_block, status};
use crate::model::{AlertTransition, Comparator, Slice, SliceBlock, SloSpec, Tier};
use crate::units::{SimDuration, SimTime};

const STEP_SECS: i64 = 60;
const START: SimTime = SimTime::from_minute(29_000_000);

const TARGETS: [&str; 7] = ["0.9", "0.5", "0.75", "0.95", "0.999", "1", "0.999999999"];
const FACTORS: [&str; 9] = ["1", "2", "1.5", "14.4", "0.5", "0", "3", "9.99", "0.000000001"];

fn seconds() -> impl Strategy<Value = SimDuration> {
    prop_oneof![
        3 => Just(SimDuration::ZERO),
        2 => (1..6i64).prop_map(|n| SimDuration::from_secs(n * STEP_SECS)),
        1 => (1..300i64).prop_map(SimDuration::from_secs),
    ]
}

fn tier() -> impl Strategy<Value = Tier> {
    let guard = prop_oneof![
        4 => Just((Comparator::Above, 0, 0)),
        1 => Just((Comparator::AtLeast, 0, 0)),
        1 => (0..200u64, 0..9u64)
            .prop_map(|(events, failures)| (Comparator::AtLeast, events, failures)),
    ];
    let windows = (1..25i64, 1..12i64, prop_oneof![4 => Just(0i64), 1 => 1..59i64], guard);
    let factor = prop::sample::select(&FACTORS[..]);
    (windows, factor, seconds(), seconds()).prop_map(
        |((long, short, rest, guard), factor, hold_for, keep_firing_for)| {
            let short = SimDuration::from_secs(short.min(long) * STEP_SECS);
            let long = SimDuration::from_secs(long * STEP_SECS + rest);
            let tier = Tier::new(long, short, factor.parse().unwrap(), "page");
            let (comparator, min_events, min_failures) = guard;
            Tier { hold_for, keep_firing_for, comparator, min_events, min_failures, ..tier }
        },
    )
}

fn spec() -> impl Strategy<Value = SloSpec> {
    let target = prop::sample::select(&TARGETS[..]);
    (target, 1..90i64, prop::collection::vec(tier(), 0..5)).prop_map(|(target, window, tiers)| {
        let window = SimDuration::from_secs(window * STEP_SECS);
        let spec =
            SloSpec::new("checkout-availability", "checkout", target.parse().unwrap(), window);
        SloSpec { tiers, ..spec }
    })
}

fn measured(good: u32, total: u32) -> Slice {
    Slice { good, total, present: true }
}

/// A stretch of like slices. Round totals and small counts of bad ones tie often.
fn stretch() -> impl Strategy<Value = Vec<Slice>> {
    let total = prop::sample::select(vec![1u32, 2, 10, 20, 100, 1000, u32::MAX]);
    let one = (total, 0..12u32).prop_map(|(total, bad)| measured(total - bad.min(total), total));
    let any = prop_oneof![
        4 => one.clone(),
        1 => Just(measured(0, 0)),
        1 => (0..50u32, 0..50u32, any::<bool>())
            .prop_map(|(good, total, present)| Slice { good, total, present }),
    ];
    prop_oneof![
        3 => (one, 1..20usize).prop_map(|(slice, n)| vec![slice; n]),
        2 => (1..15usize).prop_map(|n| vec![measured(100, 100); n]),
        2 => (1..12usize).prop_map(|n| vec![measured(0, 100); n]),
        1 => (1..9usize).prop_map(|n| vec![measured(0, 0); n]),
        1 => (1..9usize, 0..3u32).prop_map(|(n, bad)| {
            vec![Slice { good: 5 - bad, total: 5, present: false }; n]
        }),
        1 => (1..9usize).prop_map(|n| [measured(10, 10), measured(0, 10)].repeat(n)),
        3 => prop::collection::vec(any, 1..25),
    ]
}

fn series() -> impl Strategy<Value = Vec<Slice>> {
    prop::collection::vec(stretch(), 0..9).prop_map(|parts| parts.concat())
}

fn block(slices: &[Slice]) -> SliceBlock {
    SliceBlock {
        start: START,
        step: SimDuration::from_secs(STEP_SECS),
        good: slices.iter().map(|slice| slice.good).collect(),
        total: slices.iter().map(|slice| slice.total).collect(),
        present: slices.iter().map(|slice| slice.present).collect(),
    }
}

fn end_of(slices: usize) -> SimTime {
    START + SimDuration::from_secs(STEP_SECS) * i64::try_from(slices).unwrap()
}

fn plan(slo: usize, spec: &SloSpec, slices: &[Slice]) -> Plan {
    Plan::new(slo, spec, Arc::new(History::new(&block(slices))))
}

/// Pushes `tail` on the fork of `plan` after `fork` slices of its record.
fn push_all<'h>(plan: &'h Plan, fork: usize, tail: &[Slice]) -> (Replay<'h>, Vec<AlertTransition>) {
    let mut replay = Replay::fork(plan, end_of(fork));
    let mut out = Vec::new();
    for slice in tail {
        replay.push(*slice, &mut out);
    }
    (replay, out)
}

/// A fork at a share of the length.
fn cut(len: usize, share: f64) -> usize {
    (len as f64 * share) as usize
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn pushing_equals_the_reference(spec in spec(), slices in series()) {
        let plan = plan(3, &spec, &[]);
        let (replay, pushed) = push_all(&plan, 0, &slices);
        let expected = reference::replay(3, &spec, &block(&slices));
        prop_assert_eq!(pushed, expected.transitions);
        for (tier, frozen_since) in expected.frozen_since.into_iter().enumerate() {
            prop_assert_eq!(replay.frozen_since(tier), frozen_since);
        }
    }

    #[test]
    fn a_block_equals_the_reference(spec in spec(), slices in series()) {
        let block = block(&slices);
        let expected = reference::replay(0, &spec, &block).transitions;
        prop_assert_eq!(replay_block(&spec, &block), expected);
    }

    #[test]
    fn a_fork_continues_the_record(
        spec in spec(),
        record in series(),
        other in series(),
        share in 0.0..=1.0f64,
    ) {
        let fork = cut(record.len(), share);
        let plan = plan(0, &spec, &record);
        let (replay, pushed) = push_all(&plan, fork, &other);
        let unforked = [&record[..fork], &other].concat();
        let mut expected = replay_block(&spec, &block(&unforked));
        expected.retain(|transition| transition.at > end_of(fork));
        prop_assert_eq!(pushed, expected);
        prop_assert_eq!(replay.now(), end_of(unforked.len()));

        let history = History::new(&block(&unforked));
        for span in spec.tiers.iter().map(|tier| tier.long).chain([spec.period.nominal()]) {
            prop_assert_eq!(replay.window(span), history.window(span, history.end()));
        }
    }

    #[test]
    fn stopping_when_quiet_changes_nothing(
        spec in spec(),
        record in series(),
        faults in prop::collection::vec((0.0..1.0f64, stretch()), 0..3),
    ) {
        let mut played = record.clone();
        for (share, fault) in &faults {
            for (slice, at) in fault.iter().zip(cut(record.len(), *share)..record.len()) {
                played[at] = *slice;
            }
        }
        let plan = plan(0, &spec, &record);
        let mut replay = Replay::fork(&plan, START);
        let mut out = Vec::new();
        for (index, slice) in played.iter().enumerate() {
            let end = end_of(index + 1);
            let own = *slice == record[index];
            let asleep = replay.quiet_after() && replay.next_noise().is_none_or(|at| at > end);
            if !(own && asleep) {
                let before = out.len();
                replay.push_at(end, *slice, &mut out);
                prop_assert!(out[before..].iter().all(|transition| transition.at == end));
            }
        }
        prop_assert_eq!(out, replay_block(&spec, &block(&played)));
    }

    #[test]
    fn a_quiet_record_never_fires_and_its_windows_say_so(
        spec in spec(),
        record in series(),
        from in 0.0..=1.0f64,
        to in 0.0..=1.0f64,
    ) {
        let plan = plan(0, &spec, &record);
        let (from, to) = (cut(record.len(), from), cut(record.len(), to));
        let quiet = plan.is_quiet(end_of(from), end_of(to));
        let history = plan.history();
        let is_noisy = |slice: usize| {
            spec.tiers.iter().any(|tier| {
                let window = history.window(tier.short, end_of(slice));
                let (budget, whole) = spec.target.budget();
                let (num, den) = (tier.factor.num(), tier.factor.den());
                let limit = i128::from(window.total) * i128::from(budget) * i128::from(num);
                let bad = i128::from(window.bad) * i128::from(whole) * i128::from(den);
                let reached = tier.comparator == Comparator::AtLeast && budget > 0;
                window.total > 0 && (bad > limit || (reached && bad == limit))
            })
        };
        prop_assert_eq!(quiet, !(from + 1..=to).any(is_noisy));
    }

    #[test]
    fn more_errors_never_leave_more_budget(
        spec in spec(),
        total in 1..1000u32,
        bad in 0..1000u32,
    ) {
        let left = |bad: u32| {
            let block = block(&[measured(total - bad.min(total), total)]);
            let options = StatusOptions { as_of: None, denominator: Denominator::Elapsed, newest: None };
            status(&spec, &block, &[], options).budget.remaining_ratio.ok()
        };
        prop_assert!(left(bad + 1) <= left(bad));
    }
}

#[test]
fn forks_far_into_a_long_record_start_from_checkpoints() {
    let spec = SloSpec {
        tiers: Tier::google_30d(),
        ..SloSpec::new(
            "checkout-availability",
            "checkout",
            "0.999".parse().unwrap(),
            SimDuration::from_hours(720),
        )
    };
    let mut slices = vec![measured(1000, 1000); 6000];
    slices[4900..5000].fill(measured(900, 1000));
    slices[5200..5230].fill(measured(0, 1000));
    let all = replay_block(&spec, &block(&slices));
    assert_eq!(all.len(), 14, "{all:#?}");
    let plan = plan(0, &spec, &slices);
    for fork in (0..6000).step_by(97).chain([4915, 5000, 5120, 5121, 5204]) {
        let (_, pushed) = push_all(&plan, fork, &slices[fork..]);
        let after = all.iter().filter(|transition| transition.at > end_of(fork));
        assert!(pushed.iter().eq(after), "forked after {fork} slices");
    }
    assert!(plan.is_quiet(end_of(0), end_of(4900)));
    assert!(!plan.is_quiet(end_of(4900), end_of(4920)));
    assert!(!plan.is_quiet(end_of(0), end_of(6001)), "after the end nothing is known");
}
