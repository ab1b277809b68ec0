//! The alert replay against Prometheus itself: random series become the samples of a
//! `promtool test rules` file, the replay's states become its expectations, and promtool must
//! accept. The rules stand on one gauge sample per slice, stamped at the slice's end, with
//! windows one second short (ranges of Prometheus 2 are closed on both sides) and with integer
//! products (`bad / total > factor * budget` is wrong in floats at ties).
//!
//! Prometheus cannot freeze, so the series miss only as many slices as leave every window
//! covered, and begin with traffic that is all good.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "the whole file is tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use drill::model::{AlertState, AlertTransition, Name, SliKind, SliceBlock, SloSpec, Tier};
use drill::slo::replay_block;
use drill::units::{SimDuration, SimTime};

const PROMTOOL: &str = "/usr/bin/promtool";
const SERIES: u64 = 10;
const SLICES: usize = 240;
/// All good at first: as long as the longest window.
const LEAD_IN_SLICES: usize = 40;
/// One slice of so many may be missing; the longest window then keeps nine tenths.
const MISSING_EVERY: usize = 21;

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
    Tier {
        long: SimDuration::from_minutes(long),
        short: SimDuration::from_minutes(short),
        factor: draw.pick(&["2", "1", "3.5", "0.6"]).parse().unwrap(),
        severity: Name::from(draw.pick(&["page", "ticket"])),
        hold_for: SimDuration::from_secs(draw.pick(&[0, 0, 60, 90, 240])),
        keep_firing_for: SimDuration::from_secs(draw.pick(&[0, 0, 60, 150, 300])),
    }
}

fn spec(draw: &mut Draw) -> SloSpec {
    let tiers = [(12, 2), (20, 3), (30, 5), (40, 8)].map(|windows| tier(draw, windows));
    SloSpec {
        name: Name::from("checkout"),
        service: Name::from("checkout"),
        sli: SliKind::Availability,
        target: draw.pick(&["0.9", "0.75", "0.8", "0.95"]).parse().unwrap(),
        window: SimDuration::from_hours(2),
        tiers: tiers.into(),
    }
}

/// Stretches of like traffic, the totals small and round so that windows tie with thresholds.
fn block(draw: &mut Draw) -> SliceBlock {
    let mut block = SliceBlock {
        start: SimTime::from_minute(0),
        step: SimDuration::from_minutes(1),
        good: vec![10; LEAD_IN_SLICES],
        total: vec![10; LEAD_IN_SLICES],
        present: vec![true; LEAD_IN_SLICES],
    };
    while block.good.len() < SLICES {
        let (total, bad) = (draw.pick(&[0, 10, 10, 20]), draw.below(11));
        let (flaps, calm) = (draw.below(3) == 0, draw.below(2) == 0);
        for _ in 0..1 + draw.below(24) {
            let drawn = if flaps { draw.below(11) } else { bad };
            let bad = u32::try_from(drawn).unwrap().min(total);
            block.good.push(if calm { total } else { total - bad });
            block.total.push(total);
            let index = block.present.len();
            block.present.push(!index.is_multiple_of(MISSING_EVERY) || draw.below(3) == 0);
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
        let exceeds = |span: SimDuration| {
            let range = span - SimDuration::from_secs(1);
            format!(
                "sum_over_time(bad[{range}]) * {scale} > sum_over_time(total[{range}]) * {limit} \
                 and sum_over_time(total[{range}]) > 0"
            )
        };
        let (long, short) = (exceeds(tier.long), exceeds(tier.short));
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
fn states(transitions: &[AlertTransition], tier: usize) -> Vec<Option<&'static str>> {
    let mut state = None;
    let mut own = transitions.iter().filter(|t| t.tier == tier).peekable();
    (0..=SLICES as i64)
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

/// A gauge: nothing at 0, then one value per slice at its end.
fn samples(block: &SliceBlock, value: impl Fn(usize) -> u32) -> String {
    let mut text = String::from("_");
    for index in 0..block.good.len() {
        match block.present[index] {
            true => write!(text, " {}", value(index)).unwrap(),
            false => text.push_str(" _"),
        }
    }
    text
}

fn unit_test(spec: &SloSpec, block: &SliceBlock, transitions: &[AlertTransition]) -> String {
    let bad = samples(block, |index| block.total[index] - block.good[index]);
    let total = samples(block, |index| block.total[index]);
    let mut alerts = String::new();
    let mut series = String::new();
    for (index, tier) in spec.tiers.iter().enumerate() {
        let severity = &tier.severity;
        for (minute, state) in states(transitions, index).into_iter().enumerate() {
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
    format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  \
         input_series:\n  - {{series: 'bad{{slo=\"s\"}}', values: '{bad}'}}\n  \
         - {{series: 'total{{slo=\"s\"}}', values: '{total}'}}\n  \
         alert_rule_test:\n{alerts}  promql_expr_test:\n{series}"
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

#[test]
fn prometheus_agrees_at_every_minute() {
    if is_missing() {
        return;
    }
    let mut entered = [0; 3];
    for seed in 1..=SERIES {
        let mut draw = Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (spec, block) = (spec(&mut draw), block(&mut draw));
        let transitions = replay_block(&spec, &block);
        for transition in &transitions {
            entered[transition.state as usize] += 1;
        }
        if let Some(said) = refusal(&spec, &block, &transitions) {
            panic!("series {seed} of {}: {said}\n{}", spec.target, rules(&spec));
        }
    }
    assert!(entered.iter().all(|n| *n > 20), "too little happened: {entered:?}");
}

#[test]
fn prometheus_refuses_a_transition_one_minute_late() {
    if is_missing() {
        return;
    }
    let mut draw = Draw(1);
    let (spec, block) = (spec(&mut draw), block(&mut draw));
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
