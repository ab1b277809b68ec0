//! The alert replay against Prometheus itself: random series (steps, flaps, ramps, gaps, sparse
//! traffic, restarts) become the samples of a `promtool test rules` file, the replay's states become its expectations, and promtool must
//! accept. The rules stand on one gauge sample per slice, stamped at the slice's end, with
//! windows one second short (ranges of Prometheus 2 are closed on both sides) and with integer
//! products (`bad / total > factor * budget` is wrong in floats at ties).
//!
//! Prometheus cannot freeze, so the series miss only as many slices as leave every window
//! covered, and begin with traffic that is all good. Slice methods become gauges of bad and of
//! judged slices, one sample at the end of each slice.
//!
//! With `DRILL_ORACLE=1` (`make oracle`) 20 more series have the windows of `google-30d` at full
//! length, over nine days of minutes.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "the whole file is tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use drill::model::{
    AlertState, AlertTransition, BudgetingMethod, Comparator, SliceBlock, SloSpec, Tier,
};
use drill::slo::replay_block;
use drill::units::{SimDuration, SimTime};

const PROMTOOL: &str = "/usr/bin/promtool";
const SERIES: u64 = 14;
const FULL_SERIES: u64 = 20;

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

/// Xorshift: the same series everywhere, for ever.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

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

/// `(scale, limit)` with `bad * scale > total * limit`, from the decimals as written.
fn products(spec: &SloSpec, tier: &Tier) -> (u64, u64) {
    let (budget, whole) = spec.target.budget();
    (whole * tier.factor.den(), budget * tier.factor.num())
}

fn rules(spec: &SloSpec) -> String {
    let mut text = String::from("groups:\n- name: oracle\n  interval: 1m\n  rules:\n");
    for (index, tier) in spec.tiers.iter().enumerate() {
        let (scale, limit) = products(spec, tier);
        let op = if tier.comparator == Comparator::Above { ">" } else { ">=" };
        let range = |span: SimDuration| span - SimDuration::from_secs(1);
        let exceeds = |span: SimDuration| {
            let range = range(span);
            format!(
                "sum_over_time(bad[{range}]) * {scale} {op} sum_over_time(total[{range}]) * {limit} \
                 and sum_over_time(total[{range}]) > 0"
            )
        };
        let (range, mut guards) = (range(tier.long), String::new());
        for (series, least) in [("events", tier.min_events), ("failures", tier.min_failures)] {
            if least > 0 {
                write!(guards, " and sum_over_time({series}[{range}]) >= {least}").unwrap();
            }
        }
        let (long, short) = (format!("{}{guards}", exceeds(tier.long)), exceeds(tier.short));
        write!(
            text,
            "  - alert: T{index}\n    expr: ({long}) and ({short})\n    for: {}\n    \
             keep_firing_for: {}\n    labels: {{severity: {}}}\n",
            tier.hold_for, tier.keep_firing_for, tier.severity
        )
        .unwrap();
    }
    text
}

/// The state of `tier` at every minute from 0 on.
fn states(
    transitions: &[AlertTransition],
    tier: usize,
    slices: usize,
) -> Vec<Option<&'static str>> {
    let mut state = None;
    let mut own = transitions.iter().filter(|t| t.tier == tier).peekable();
    (0..=slices as i64)
        .map(|minute| {
            while let Some(transition) = own.next_if(|t| t.at == SimTime::from_minute(minute)) {
                state = match transition.state {
                    AlertState::Pending => Some("pending"),
                    AlertState::Firing => Some("firing"),
                    AlertState::Resolved => None,
                };
            }
            state
        })
        .collect()
}

/// A gauge: nothing at 0, then one value at the end of each slice of `minutes`.
fn samples(block: &SliceBlock, minutes: usize, value: impl Fn(u32, u32) -> u32) -> String {
    let mut text = String::from("_");
    for end in 1..=block.good.len() {
        let own = end - minutes.min(end)..end;
        let sum = |column: &[u32]| column[own.clone()].iter().sum::<u32>();
        match end.is_multiple_of(minutes) && block.present[own.clone()].iter().all(|p| *p) {
            true => write!(text, " {}", value(sum(&block.good), sum(&block.total))).unwrap(),
            false => text.push_str(" _"),
        }
    }
    text
}

/// The four gauges: what the method weighs, and events.
fn gauges(spec: &SloSpec, block: &SliceBlock) -> String {
    let minutes = slice_minutes(spec);
    let (bad, total) = match spec.method {
        BudgetingMethod::Timeslices { target, .. } => (
            samples(block, minutes, |good, total| {
                u32::from(u64::from(good) * target.den() < u64::from(total) * target.num())
            }),
            samples(block, minutes, |_, total| u32::from(total > 0)),
        ),
        _ => (samples(block, 1, |good, total| total - good), samples(block, 1, |_, total| total)),
    };
    // Guards count events of complete slices only where slices are one minute long.
    let measured = |value: fn(u32, u32) -> u32| samples(block, 1, value);
    [
        ("bad", bad),
        ("total", total),
        ("events", measured(|_, total| total)),
        ("failures", measured(|good, total| total - good)),
    ]
    .map(|(name, values)| format!("  - {{series: '{name}{{slo=\"s\"}}', values: '{values}'}}\n"))
    .concat()
}

/// Every minute of a short series; of a long one those around each change and now and then one.
fn is_asked(states: &[Option<&str>], minute: usize) -> bool {
    let near = &states[minute.saturating_sub(2)..(minute + 2).min(states.len())];
    states.len() < 1000 || minute.is_multiple_of(211) || near.iter().any(|s| *s != near[0])
}

fn unit_test(spec: &SloSpec, block: &SliceBlock, transitions: &[AlertTransition]) -> String {
    let mut alerts = String::new();
    let mut series = String::new();
    for (index, tier) in spec.tiers.iter().enumerate() {
        let severity = &tier.severity;
        let states = states(transitions, index, block.good.len());
        for (minute, state) in states.iter().enumerate() {
            if !is_asked(&states, minute) {
                continue;
            }
            let exp_alerts = match state {
                Some("firing") => format!("[{{exp_labels: {{slo: s, severity: {severity}}}}}]"),
                _ => "[]".to_owned(),
            };
            writeln!(
                alerts,
                "  - {{eval_time: {minute}m, alertname: T{index}, exp_alerts: {exp_alerts}}}"
            )
            .unwrap();
            let exp_samples = state.map_or("[]".to_owned(), |state| {
                format!(
                    "[{{labels: 'ALERTS{{alertname=\"T{index}\", alertstate=\"{state}\", \
                     severity=\"{severity}\", slo=\"s\"}}', value: 1}}]"
                )
            });
            writeln!(
                series,
                "  - {{eval_time: {minute}m, expr: 'ALERTS{{alertname=\"T{index}\"}}', \
                 exp_samples: {exp_samples}}}"
            )
            .unwrap();
        }
    }
    let gauges = gauges(spec, block);
    format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  \
         input_series:\n{gauges}  alert_rule_test:\n{alerts}  promql_expr_test:\n{series}"
    )
}

/// What promtool says: `None` when it accepts.
fn refusal(spec: &SloSpec, block: &SliceBlock, transitions: &[AlertTransition]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), rules(spec)).unwrap();
    let test = folder.path().join("test.yml");
    std::fs::write(&test, unit_test(spec, block, transitions)).unwrap();
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
    let mut draw = Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
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
        panic!("series {seed} of {} {:?}: {said}\n{}", spec.target, spec.method, rules(&spec));
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
    if std::env::var_os("DRILL_ORACLE").is_none() {
        eprintln!("skipped: 20 full-length series need DRILL_ORACLE=1 (make oracle)");
        return;
    }
    let mut entered = [0; 3];
    for seed in 101..101 + FULL_SERIES {
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
