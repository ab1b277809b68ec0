//! A drill, run many times under consecutive seeds, in parallel.
//!
//! Trials are cut into blocks that workers take in turn; each worker has policies of its own, and
//! results are kept by trial number, so that neither the number of threads nor their speed
//! changes a byte.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::drill::{Progress, count, trial_seed};
use super::once;
use super::prepare::Prepared;
use super::requirement::{Asked, judge};
use super::result::{TrialMeasure, TrialMilestone, Trials};
use super::why::why;
use crate::diag::Diagnostics;
use crate::policy::Policies;
use crate::score::{MILESTONES, MilestoneState, Span, TrialScore, stats, trial_score};
use crate::sim::Detail;
use crate::timeline::{TraceHash, TraceHasher};
use crate::units::{Seed, SimDuration};

/// Trials of one block: small enough that workers finish together, large enough that taking one
/// costs nothing.
const BLOCK: u32 = 10;

/// One trial.
#[derive(Debug, Clone)]
pub struct TrialOutcome {
    /// Milestones and measures.
    pub score: TrialScore,
    /// Hash of the trial's events.
    pub hash: TraceHash,
    /// Work done.
    pub counts: once::Counts,
}

/// Runs `trials` trials from seed `first` on.
///
/// # Errors
/// When the pack's scripts do not compile.
pub fn run_trials(
    prepared: &Prepared<'_>,
    first: Seed,
    trials: u32,
    progress: &dyn Progress,
) -> Result<Vec<TrialOutcome>, Diagnostics> {
    let blocks = trials.div_ceil(BLOCK);
    let workers = count(prepared.options.threads).clamp(1, blocks.max(1));
    let next = AtomicU32::new(0);
    let done: Mutex<Vec<(u32, Vec<TrialOutcome>)>> = Mutex::new(Vec::new());
    let work = |listen: Option<&dyn Progress>| -> Result<(), Diagnostics> {
        let mut policies = Policies::compile(&prepared.inputs.pack)?;
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            if block >= blocks {
                return Ok(());
            }
            let from = block * BLOCK;
            let of_block =
                run_block(prepared, &mut policies, first, from..trials.min(from + BLOCK));
            let mut done = done.lock().expect("no worker panics while it holds the lock");
            done.push((block, of_block));
            if let Some(progress) = listen {
                let finished: usize = done.iter().map(|(_, of_block)| of_block.len()).sum();
                progress.advance(finished as u64, u64::from(trials));
            }
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(|| work(None))).collect();
        let mine = work(Some(progress));
        let theirs = others.into_iter().map(|other| other.join().expect("trials do not panic"));
        theirs.fold(mine, Result::and)
    })?;
    let mut done = done.into_inner().expect("all workers have finished");
    done.sort_by_key(|(block, _)| *block);
    Ok(done.into_iter().flat_map(|(_, of_block)| of_block).collect())
}

fn run_block(
    prepared: &Prepared<'_>,
    policies: &mut Policies,
    first: Seed,
    numbers: std::ops::Range<u32>,
) -> Vec<TrialOutcome> {
    let run = |number: u32| {
        let seed = trial_seed(first, number);
        let outcome = once::run(prepared, policies, seed, Detail::Trial);
        let span = Span { start: prepared.start_of(seed), end: outcome.end };
        let score = trial_score(&outcome.events, span, &prepared.plan);
        TrialOutcome { score, hash: outcome.hash, counts: outcome.counts }
    };
    numbers.map(run).collect()
}

/// What `drill run --trials` is asked for.
#[derive(Debug, Clone)]
pub struct TrialsAsked {
    /// Number of trials.
    pub trials: u32,
    /// Split missed targets into causes.
    pub why: bool,
    /// Requirements of `--require`.
    pub require: Vec<Asked>,
}

/// Runs a drill many times and sums it up.
///
/// # Errors
/// When the pack's scripts do not compile.
pub fn trials(
    prepared: &Prepared<'_>,
    asked: &TrialsAsked,
    progress: &dyn Progress,
) -> Result<Trials, Diagnostics> {
    let inputs = prepared.inputs;
    let seed = prepared.options.seed;
    let outcomes = run_trials(prepared, seed, asked.trials, progress)?;
    let mut hasher = TraceHasher::default();
    for outcome in &outcomes {
        hasher.run(outcome.hash);
    }
    let all = outcomes.iter().filter_map(|outcome| all_met(&outcome.score));
    let (met, of) = all.fold((0, 0), |(met, of), all| (met + u32::from(all), of + 1));
    let share = |bad: &dyn Fn(&TrialScore) -> bool| {
        count(outcomes.iter().filter(|outcome| bad(&outcome.score)).count())
    };
    let why = if asked.why { why(prepared, &outcomes, progress)? } else { Vec::new() };
    Ok(Trials {
        system: inputs.system.clone(),
        scenario: inputs.scenario.clone(),
        pack: inputs.pack.clone(),
        preset: inputs.preset.clone(),
        header: prepared.header(seed),
        seed,
        trials: asked.trials,
        trace_hash: hasher.finish(),
        events: outcomes.iter().map(|outcome| outcome.counts.events).sum(),
        milestones: (0..MILESTONES.len()).map(|i| milestone(i, &outcomes)).collect(),
        measures: (0..inputs.pack.measures.len())
            .map(|i| measure(i, &outcomes, prepared))
            .collect(),
        all_met: (met, of),
        failed_scripts: share(&|score| score.failed_decisions > 0),
        false_alarms: share(&|score| score.false_alarms > 0),
        why,
        requirements: asked.require.iter().map(|one| judge(one, &outcomes, prepared)).collect(),
    })
}

/// Whether a trial met every target it could be told for; `None` when there was none.
fn all_met(score: &TrialScore) -> Option<bool> {
    let mut told = score.measures.iter().filter_map(|measure| measure.met).peekable();
    told.peek()?;
    Some(told.all(|met| met))
}

fn milestone(index: usize, outcomes: &[TrialOutcome]) -> TrialMilestone {
    let marks = outcomes.iter().map(|outcome| outcome.score.milestones[index]);
    let observations: Vec<stats::Observation> = marks
        .filter_map(|mark| match mark.state {
            MilestoneState::Observed => mark.offset.map(stats::Observation::Reached),
            MilestoneState::NotReached => mark.offset.map(stats::Observation::Censored),
            MilestoneState::NotObservable => None,
        })
        .collect();
    let curve = stats::KaplanMeier::new(&observations);
    TrialMilestone {
        name: MILESTONES[index],
        reached: curve.reached(),
        of: curve.of(),
        p10: curve.quantile(0.1),
        p50: curve.quantile(0.5),
        p90: curve.quantile(0.9),
        p50_ci: curve.median_ci(),
    }
}

fn measure(index: usize, outcomes: &[TrialOutcome], prepared: &Prepared<'_>) -> TrialMeasure {
    let of = outcomes.iter().map(|outcome| &outcome.score.measures[index]);
    let mut values: Vec<SimDuration> = of.clone().filter_map(|one| one.value).collect();
    values.sort();
    let told: Vec<bool> = of.clone().filter_map(|one| one.met).collect();
    let met = count(told.iter().filter(|met| **met).count());
    TrialMeasure {
        name: prepared.inputs.pack.measures[index].name.clone(),
        target: most_frequent(of.clone().filter_map(|one| one.target)),
        met,
        of: count(told.len()),
        ci: stats::wilson(met, count(told.len())),
        censored: count(of.filter(|one| one.censored.is_some()).count()),
        values,
    }
}

/// The target that applied most often; severities differ between trials.
fn most_frequent(targets: impl Iterator<Item = SimDuration>) -> Option<SimDuration> {
    let mut counted: BTreeMap<SimDuration, usize> = BTreeMap::new();
    for target in targets {
        *counted.entry(target).or_default() += 1;
    }
    counted.into_iter().max_by_key(|(_, times)| *times).map(|(target, _)| target)
}
