//! Two ways of doing the same drill, on the same seeds.
//!
//! Trial `n` of either side has the same seed, so that both meet the same faults and the same luck
//! as far as they share it: named streams shift no other draw. What is left between the two is the
//! difference itself, and a pair shows it with far fewer trials than two groups would.

use super::drill::{Progress, count};
use super::prepare::Prepared;
use super::trials::{TrialOutcome, run_trials};
use crate::diag::Diagnostics;
use crate::model::{Name, Text};
use crate::score::TrialValue;
use crate::score::stats::{Difference, KaplanMeier, Observation, paired_difference};
use crate::timeline::{TraceHash, TraceHasher};
use crate::units::{Seed, SimDuration};

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedSide {
    /// What was asked for.
    pub label: String,
    /// System.
    pub system: Name,
    /// Pack.
    pub pack: Name,
    /// Responder preset.
    pub responders: Name,
    /// Hash over the runs' hashes in seed order.
    pub trace_hash: TraceHash,
}

/// How often each side met its target, over the pairs in which both could be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetDifference {
    /// Pairs in which the first side met it.
    pub a: u32,
    /// Pairs in which the second side met it.
    pub b: u32,
    /// Second less first, as a ratio.
    pub difference: Difference,
}

/// How long each side took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeDifference {
    /// Median of the first side; `None` when too few got there.
    pub a: Option<SimDuration>,
    /// Median of the second.
    pub b: Option<SimDuration>,
    /// Second less first, over the pairs in which both got there, in milliseconds.
    pub difference: Difference,
    /// Pairs in which only the first got there.
    pub only_a: u32,
    /// Pairs in which only the second did.
    pub only_b: u32,
}

/// One measure of both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedMeasure {
    /// Measure, by its name in both packs.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// `None` when fewer than two pairs could be told.
    pub met: Option<MetDifference>,
    /// `None` when both got there in fewer than two pairs.
    pub time: Option<TimeDifference>,
}

/// Two sides, measure by measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Scenario.
    pub scenario: Name,
    /// Its title.
    pub title: Text,
    /// The first side.
    pub a: ComparedSide,
    /// The second side.
    pub b: ComparedSide,
    /// First seed; trial n of both has seed + n.
    pub seed: Seed,
    /// Trials of each side.
    pub trials: u32,
    /// In the order of the first side's pack; measures that only one pack has are left out.
    pub measures: Vec<ComparedMeasure>,
}

/// Runs both sides on the same seeds and compares them. Labels are for people.
///
/// # Errors
/// When the scripts of a pack do not compile.
pub fn compare(
    (a_label, a): (&str, &Prepared<'_>),
    (b_label, b): (&str, &Prepared<'_>),
    trials: u32,
    progress: &dyn Progress,
) -> Result<Comparison, Diagnostics> {
    let seed = a.options.seed;
    let first = run_trials(a, seed, trials, progress)?;
    let second = run_trials(b, seed, trials, progress)?;
    let (packs, measures) = (&b.inputs.pack.measures, a.inputs.pack.measures.iter().enumerate());
    let measures = measures.filter_map(|(i, measure)| {
        let j = packs.iter().position(|known| known.name == measure.name)?;
        let pairs: Vec<(TrialValue, TrialValue)> = first
            .iter()
            .zip(&second)
            .map(|(a, b)| (a.score.measures[i], b.score.measures[j]))
            .collect();
        Some(ComparedMeasure {
            name: measure.name.clone(),
            title: measure.title.clone(),
            met: met(&pairs),
            time: time(&pairs),
        })
    });
    Ok(Comparison {
        scenario: a.inputs.scenario.name.clone(),
        title: a.inputs.scenario.title.clone(),
        a: side(a_label, a, &first),
        b: side(b_label, b, &second),
        seed,
        trials,
        measures: measures.collect(),
    })
}

fn side(label: &str, prepared: &Prepared<'_>, outcomes: &[TrialOutcome]) -> ComparedSide {
    let mut hasher = TraceHasher::default();
    for outcome in outcomes {
        hasher.run(outcome.hash);
    }
    ComparedSide {
        label: label.to_owned(),
        system: prepared.inputs.system.name.clone(),
        pack: prepared.inputs.pack.name.clone(),
        responders: prepared.inputs.preset.name.clone(),
        trace_hash: hasher.finish(),
    }
}

fn met(pairs: &[(TrialValue, TrialValue)]) -> Option<MetDifference> {
    let told: Vec<(bool, bool)> = pairs.iter().filter_map(|(a, b)| a.met.zip(b.met)).collect();
    let worth = |met: bool| f64::from(u8::from(met));
    let numbers: Vec<(f64, f64)> = told.iter().map(|(a, b)| (worth(*a), worth(*b))).collect();
    Some(MetDifference {
        a: count(told.iter().filter(|(a, _)| *a).count()),
        b: count(told.iter().filter(|(_, b)| *b).count()),
        difference: paired_difference(&numbers)?,
    })
}

fn time(pairs: &[(TrialValue, TrialValue)]) -> Option<TimeDifference> {
    let both = pairs.iter().filter_map(|(a, b)| Some((a.value?, b.value?)));
    let numbers: Vec<(f64, f64)> = both.map(|(a, b)| (a.ms() as f64, b.ms() as f64)).collect();
    let only = |one: fn(&(TrialValue, TrialValue)) -> (TrialValue, TrialValue)| {
        let of = pairs.iter().map(one);
        // The other side did not get there: it was still on its way when the record ended.
        count(of.filter(|(here, there)| here.value.is_some() && there.censored.is_some()).count())
    };
    let median = |side: fn(&(TrialValue, TrialValue)) -> TrialValue| {
        let seen = pairs.iter().map(side).filter_map(|one| {
            let censored = one.censored.map(Observation::Censored);
            one.value.map(Observation::Reached).or(censored)
        });
        KaplanMeier::new(&seen.collect::<Vec<_>>()).quantile(0.5)
    };
    Some(TimeDifference {
        a: median(|pair| pair.0),
        b: median(|pair| pair.1),
        difference: paired_difference(&numbers)?,
        only_a: only(|pair| *pair),
        only_b: only(|(a, b)| (*b, *a)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(minutes: Option<i64>, met: Option<bool>) -> TrialValue {
        TrialValue {
            value: minutes.map(SimDuration::from_minutes),
            from: None,
            censored: minutes.is_none().then(|| SimDuration::from_hours(10)),
            target: None,
            met,
        }
    }

    #[test]
    fn pairs_are_compared_where_both_can_be_told() {
        let pairs = [
            (value(Some(10), Some(false)), value(Some(8), Some(true))),
            (value(Some(20), Some(false)), value(Some(17), Some(false))),
            (value(Some(30), Some(true)), value(None, Some(false))),
            (value(None, None), value(Some(5), Some(true))),
        ];
        let share = met(&pairs).unwrap();
        assert_eq!((share.a, share.b, share.difference.pairs), (1, 1, 3));
        assert_eq!(share.difference.mean, 0.0);
        let time = time(&pairs).unwrap();
        assert_eq!((time.only_a, time.only_b), (1, 1));
        assert_eq!(time.difference.pairs, 2);
        assert_eq!(time.difference.mean, -2.5 * 60_000.0);
        assert_eq!(time.a, Some(SimDuration::from_minutes(20)));
    }

    #[test]
    fn one_pair_says_nothing() {
        let pairs = [(value(Some(1), Some(true)), value(Some(2), Some(true)))];
        assert_eq!((met(&pairs), time(&pairs)), (None, None));
    }
}
