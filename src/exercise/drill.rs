//! A drill, run once in full detail, with its place among other seeds.

use super::once::{self, Outcome};
use super::prepare::Prepared;
use super::result::{Band, BandMeasure, Drill};
use super::trials::{TrialOutcome, run_trials};
use crate::diag::Diagnostics;
use crate::model::{GaugeSeries, Name, Pack, SliceBlock, System, Telemetry, Violation};
use crate::policy::Policies;
use crate::score;
use crate::sim::Detail;
use crate::timeline::{Header, Known, KnownSetup, Timeline};
use crate::units::{Seed, SimDuration, SimTime};

/// Hears how far a long computation is. Called from the thread that started it.
pub trait Progress {
    /// `done` of `all` trials are finished.
    fn advance(&self, done: u64, all: u64);
}

/// Runs a drill once in full detail, and `band_trials` times under its seed and the following
/// ones for the band (0: no band): the same runs as those of as many trials from its seed on.
///
/// # Errors
/// When the pack's scripts do not compile.
pub fn run_drill(
    prepared: &Prepared<'_>,
    band_trials: u32,
    progress: &dyn Progress,
) -> Result<Drill, Diagnostics> {
    let mut policies = Policies::compile(&prepared.inputs.pack)?;
    let outcome = once::run(prepared, &mut policies, prepared.options.seed, Detail::Full);
    let header = prepared.header(prepared.options.seed);
    judged(prepared, &mut policies, outcome, header, band_trials, progress)
}

/// Scores a run that has ended, beside `band_trials` simulated ones.
pub(super) fn judged(
    prepared: &Prepared<'_>,
    policies: &mut Policies,
    outcome: Outcome,
    header: Header,
    band_trials: u32,
    progress: &dyn Progress,
) -> Result<Drill, Diagnostics> {
    let inputs = prepared.inputs;
    let seed = prepared.options.seed;
    let telemetry = telemetry(prepared, &outcome, prepared.start_of(seed));
    let header = Header { end: outcome.end, ..header };
    let timeline = Timeline { header, events: outcome.events };
    let setup = prepared.setup(timeline.header.start);
    let violations = script_violations(&timeline, &setup, policies);
    let scorecard = score::score(&timeline, &inputs.pack, &violations);
    let band = if band_trials == 0 {
        None
    } else {
        let trials = run_trials(prepared, seed, band_trials, progress)?;
        Some(band(seed, &trials, &scorecard))
    };
    Ok(Drill {
        system: inputs.system.clone(),
        scenario: inputs.scenario.clone(),
        pack: inputs.pack.clone(),
        preset: inputs.preset.clone(),
        timeline,
        scorecard,
        trace_hash: outcome.hash,
        telemetry,
        local_records: outcome.local_records,
        band,
        counts: outcome.counts,
        script_failures: outcome.failures,
    })
}

/// What the pack's `adherence` script finds in a whole timeline.
pub fn script_violations(
    timeline: &Timeline,
    setup: &KnownSetup,
    policies: &mut Policies,
) -> Vec<Violation> {
    let known = Known::at(setup, &timeline.events, timeline.header.end);
    policies.adherence(&known).value
}

/// Scores a timeline that was read from a file, with the pack's `adherence` script. Without the
/// system only what the timeline itself names is known.
///
/// # Errors
/// When the pack's scripts do not compile.
pub fn score_timeline(
    timeline: &Timeline,
    pack: &Pack,
    system: Option<&System>,
) -> Result<score::Scorecard, Diagnostics> {
    let start = timeline.header.start;
    let setup = match system {
        Some(system) => KnownSetup::of(system, start),
        None => KnownSetup::named_in(timeline),
    };
    let setup = KnownSetup { environment: timeline.header.environment, ..setup };
    let mut policies = Policies::compile(pack)?;
    let violations = script_violations(timeline, &setup, &mut policies);
    Ok(score::score(timeline, pack, &violations))
}

/// History, the slices that differ from it, and the gauges.
fn telemetry(prepared: &Prepared<'_>, outcome: &Outcome, start: SimTime) -> Telemetry {
    let minute = SimDuration::from_minutes(1);
    let last_slice = outcome.overlay.iter().filter_map(|series| series.last()).map(|(end, _)| *end);
    let gauges: Vec<GaugeSeries> = outcome.gauges.iter().map(gauge_series).collect();
    let last_gauge = gauges.iter().map(|g| g.start + g.step * g.values.len() as i64);
    let latest = last_slice.chain(last_gauge).max().unwrap_or(start);
    let end = latest.max(start + SimDuration::from_hours(1));
    let from = start - SimDuration::from_hours(30 * 24);
    let blocks = &prepared.blueprint.baseline().blocks;
    let slices =
        prepared.inputs.system.slos.iter().map(|slo| &slo.spec).zip(blocks).zip(&outcome.overlay);
    let slices = slices
        .map(|((spec, steady), overlay)| {
            let mut block = cut(steady, from, end);
            for (slice_end, slice) in overlay {
                let at = (*slice_end - minute - block.start).ms() / block.step.ms();
                if let Ok(at) = usize::try_from(at)
                    && at < block.good.len()
                {
                    block.good[at] = slice.good;
                    block.total[at] = slice.total;
                    block.present[at] = slice.present;
                }
            }
            (spec.name.clone(), spec.service.clone(), block)
        })
        .collect();
    Telemetry { slices, gauges }
}

fn gauge_series(gauge: &crate::sim::Gauge) -> GaugeSeries {
    GaugeSeries {
        entity: Name::from(gauge.entity.to_string()),
        metric: Name::from(gauge.metric),
        start: gauge.start,
        step: gauge.step,
        values: gauge.values.clone(),
    }
}

fn cut(block: &SliceBlock, from: SimTime, to: SimTime) -> SliceBlock {
    let index = |at: SimTime| {
        let slices = (at - block.start).ms().div_euclid(block.step.ms());
        usize::try_from(slices.max(0)).unwrap_or(0).min(block.good.len())
    };
    let (first, last) = (index(from), index(to));
    SliceBlock {
        start: block.start + block.step * first as i64,
        step: block.step,
        good: block.good[first..last].to_vec(),
        total: block.total[first..last].to_vec(),
        present: block.present[first..last].to_vec(),
    }
}

fn band(seed: Seed, trials: &[TrialOutcome], card: &score::Scorecard) -> Band {
    let measures = card.measures.iter().enumerate().map(|(i, measure)| {
        let of = trials.iter().map(|trial| &trial.score.measures[i]);
        let mut values: Vec<SimDuration> = of.clone().filter_map(|m| m.value).collect();
        values.sort();
        let censored = of.clone().filter(|m| m.censored.is_some()).count();
        let told: Vec<bool> = of.filter_map(|m| m.met).collect();
        let met = told.iter().filter(|met| **met).count();
        let place = measure.value.filter(|_| !values.is_empty() || censored > 0).map(|value| {
            values.partition_point(|other| *other < value) as f64 / (values.len() + censored) as f64
        });
        BandMeasure {
            name: measure.name.clone(),
            values,
            censored: count(censored),
            met: (!told.is_empty()).then(|| (count(met), count(told.len()))),
            place,
        }
    });
    Band { seed, trials: count(trials.len()), measures: measures.collect() }
}

pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A progress that nobody listens to.
pub struct Silent;

impl Progress for Silent {
    fn advance(&self, _done: u64, _all: u64) {}
}

/// The seed of the `n`th trial of a run's family.
pub(super) fn trial_seed(first: Seed, n: u32) -> Seed {
    first.trial(u64::from(n))
}
