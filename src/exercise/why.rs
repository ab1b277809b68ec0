//! What missed targets were lost to, and what would help most.

use super::drill::Progress;
use super::prepare::{Inputs, Prepared};
use super::result::WhyMeasure;
use super::trials::{TrialOutcome, run_trials};
use crate::diag::Diagnostics;
use crate::model::Preset;
use crate::score::stats::paired_difference;
use crate::score::{MILESTONES, MilestoneState, TrialScore};
use crate::units::SimDuration;

/// Trials per improvement of the sensitivity table; the same seeds each time, so that the
/// difference between two columns is the improvement's alone.
pub const SENSITIVITY_TRIALS: usize = 200;

/// A cause, and the milestones whose waiting time is put down to it.
const CAUSES: [(&str, &[&str]); 8] = [
    ("detection", &["detectable", "detected"]),
    ("delivery", &["page_delivered"]),
    ("acknowledgement", &["acked"]),
    ("roster", &["roles_filled"]),
    ("procedure", &["declared", "first_internal", "first_external"]),
    ("diagnosis", &["correct_hypothesis"]),
    ("repair", &["mitigated", "resolved"]),
    ("writing", &["report_delivered", "actions_filed"]),
];

/// What is improved, and how.
type Improvement = (&'static str, fn(&mut Preset));

/// What is improved, and how: each changes some knobs of the preset and nothing else.
const IMPROVEMENTS: [Improvement; 6] = [
    ("delivery: every page arrives at once", |preset| {
        for knob in &mut preset.knobs {
            if knob.name.ends_with("_fail_p")
                || knob.name.contains("_delay_") && !is_fallback(&knob.name)
            {
                knob.value = 0.0;
            }
        }
    }),
    ("acknowledgement: everybody answers the first page", |preset| {
        set(preset, &[("ack_agent_p", 1.0), ("ack_night_p", 1.0), ("ack_work_p", 1.0)]);
    }),
    ("roster: the night is like the day", |preset| {
        let p = preset.knob("ack_work_p");
        let median = preset.knob("ack_work_median_min");
        set(preset, &[("ack_night_p", p), ("ack_night_median_min", median), ("night_factor", 1.0)]);
    }),
    ("diagnosis: the first hypothesis is right", |preset| {
        set(preset, &[("wrong_hypothesis_p", 0.0), ("red_herring_p", 0.0)]);
    }),
    ("fallback: every fallback was rehearsed", |preset| {
        let p = preset.knob("fallback_exercised_p");
        let delay = preset.knob("fallback_exercised_delay_min");
        set(preset, &[("fallback_unexercised_p", p), ("fallback_unexercised_delay_min", delay)]);
    }),
    ("repair: every fix takes half the time", |preset| {
        for table in &mut preset.tables {
            table.scale *= 0.5;
        }
    }),
];

fn is_fallback(name: &str) -> bool {
    name.starts_with("fallback_")
}

fn set(preset: &mut Preset, values: &[(&str, f64)]) {
    for (name, value) in values {
        for knob in preset.knobs.iter_mut().filter(|knob| knob.name == **name) {
            knob.value = *value;
        }
    }
}

/// Splits the missed targets of `outcomes` into causes, and runs each improvement on the same
/// seeds.
///
/// # Errors
/// When the pack's scripts do not compile.
pub(super) fn why(
    prepared: &Prepared<'_>,
    outcomes: &[TrialOutcome],
    progress: &dyn Progress,
) -> Result<Vec<WhyMeasure>, Diagnostics> {
    let improved = improved(prepared, outcomes.len(), progress)?;
    let measures = prepared.inputs.pack.measures.iter().enumerate();
    let all = measures.filter_map(|(index, measure)| {
        let missed: Vec<&TrialScore> = outcomes
            .iter()
            .map(|outcome| &outcome.score)
            .filter(|score| score.measures[index].met == Some(false))
            .collect();
        if missed.is_empty() {
            return None;
        }
        let share = |outcomes: &[TrialOutcome]| {
            let told = outcomes.iter().filter_map(|outcome| outcome.score.measures[index].met);
            let (met, of) = told.fold((0u32, 0u32), |(met, of), m| (met + u32::from(m), of + 1));
            if of == 0 { 0.0 } else { f64::from(met) / f64::from(of) }
        };
        let same_seeds = &outcomes[..outcomes.len().min(SENSITIVITY_TRIALS)];
        let mut sensitivity = vec![("as it is", share(same_seeds))];
        sensitivity.extend(improved.iter().map(|(what, of)| (*what, share(of))));
        let gain = |(what, of): &(&'static str, Vec<TrialOutcome>)| {
            let met = |outcome: &TrialOutcome| outcome.score.measures[index].met.map(worth);
            let pairs = same_seeds.iter().zip(of).filter_map(|(a, b)| met(a).zip(met(b)));
            Some((*what, paired_difference(&pairs.collect::<Vec<_>>())?))
        };
        Some(WhyMeasure {
            name: measure.name.clone(),
            missed: u32::try_from(missed.len()).unwrap_or(u32::MAX),
            causes: causes(&missed, index),
            gains: improved.iter().filter_map(gain).collect(),
            sensitivity,
        })
    });
    Ok(all.collect())
}

/// A target met is worth one.
fn worth(met: bool) -> f64 {
    f64::from(u8::from(met))
}

type Improved = Vec<(&'static str, Vec<TrialOutcome>)>;

fn improved(
    prepared: &Prepared<'_>,
    trials: usize,
    progress: &dyn Progress,
) -> Result<Improved, Diagnostics> {
    let trials = u32::try_from(trials.min(SENSITIVITY_TRIALS)).unwrap_or(0);
    let run = |(what, improve): Improvement| {
        let mut inputs: Inputs = prepared.inputs.clone();
        improve(&mut inputs.preset);
        let better = Prepared::new(&inputs, prepared.options)?;
        let of = run_trials(&better, prepared.options.seed, trials, progress)?;
        Ok((what, of))
    };
    IMPROVEMENTS.into_iter().map(run).collect()
}

/// Mean time lost to each cause in the missed trials, largest first. The time between a
/// measure's ends is cut at the milestones inside it; each piece goes to the cause of the
/// milestone that ends it, the rest after the last one to the cause of the measure's own end.
fn causes(missed: &[&TrialScore], measure: usize) -> Vec<(&'static str, SimDuration)> {
    let mut lost = [0i64; CAUSES.len()];
    for score in missed {
        let measured = score.measures[measure];
        let (Some(from), Some(value)) = (measured.from, measured.value) else {
            continue;
        };
        let to = from + value;
        let mut inside: Vec<(SimDuration, usize)> = Vec::new();
        for (cause, (_, milestones)) in CAUSES.iter().enumerate() {
            for name in *milestones {
                let index = MILESTONES.iter().position(|known| known == name);
                let at = index.and_then(|index| reached_at(score, index));
                inside.extend(at.filter(|at| *at > from && *at <= to).map(|at| (at, cause)));
            }
        }
        inside.sort();
        let mut since = from;
        for (at, cause) in &inside {
            lost[*cause] += (*at - since).ms();
            since = *at;
        }
        let last = inside.last().map_or(CAUSES.len() - 1, |(_, cause)| *cause);
        lost[last] += (to - since).ms();
    }
    let n = i64::try_from(missed.len()).unwrap_or(1).max(1);
    let mut causes: Vec<(&str, SimDuration)> = CAUSES
        .iter()
        .zip(lost)
        .filter(|(_, ms)| *ms > 0)
        .map(|((cause, _), ms)| (*cause, SimDuration::from_ms(ms / n)))
        .collect();
    causes.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    causes
}

/// When a trial reached a milestone, since its fault began.
fn reached_at(score: &TrialScore, milestone: usize) -> Option<SimDuration> {
    let mark = score.milestones[milestone];
    mark.offset.filter(|_| mark.state == MilestoneState::Observed)
}
