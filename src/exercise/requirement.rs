//! `--require 'mitigate<=30m@0.8'`: a share of trials that must meet a bound.

use super::drill::count;
use super::prepare::Prepared;
use super::result::{Drill, Requirement};
use super::trials::TrialOutcome;
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::{Name, Pack};
use crate::score::stats;
use crate::units::SimDuration;

/// A requirement as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// As written.
    pub text: String,
    /// Measure of the pack.
    pub measure: Name,
    /// Upper bound of the measure.
    pub within: SimDuration,
    /// Share of the trials, 0 to 1.
    pub share: f64,
}

/// Reads `MEASURE<=DURATION@SHARE`; the share may be left out and is then 1.
///
/// # Errors
/// A diagnostic that says which part is wrong and what would be right.
pub fn parse_requirement(text: &str, pack: &Pack) -> Result<Asked, Diagnostic> {
    let wrong = |what: String| {
        Diagnostic::error("run::requirement", what)
            .help("write it as `mitigate<=30m@0.8`: measure, bound, share of trials")
    };
    let (measure, rest) = text
        .split_once("<=")
        .ok_or_else(|| wrong(format!("`{text}` has no `<=` between measure and bound")))?;
    let (within, share) = rest.split_once('@').unwrap_or((rest, "1"));
    let names = || pack.measures.iter().map(|measure| &*measure.name);
    let measure = measure.trim();
    if !names().any(|name| name == measure) {
        let help = match did_you_mean(measure, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("measures are: {}", names().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("`{measure}` is not a measure of pack `{}`", pack.name);
        return Err(Diagnostic::error("run::unknown-measure", message).help(help));
    }
    let within = within.trim().parse().map_err(|error| wrong(format!("{error}")))?;
    let share: f64 = share
        .trim()
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| wrong(format!("`{share}` is not a share from 0 to 1")))?;
    Ok(Asked { text: text.to_owned(), measure: Name::from(measure), within, share })
}

/// Whether a requirement holds: the lower end of the share's 95 % interval counts. A trial that
/// did not reach the measure's end did not meet the bound.
pub(super) fn judge(
    asked: &Asked,
    outcomes: &[TrialOutcome],
    prepared: &Prepared<'_>,
) -> Requirement {
    let measures = &prepared.inputs.pack.measures;
    let index = measures.iter().position(|measure| measure.name == asked.measure);
    let of = outcomes.iter().filter_map(|outcome| outcome.score.measures.get(index?));
    let told: Vec<bool> = of
        .filter(|one| one.value.is_some() || one.censored.is_some())
        .map(|one| one.value.is_some_and(|value| value <= asked.within))
        .collect();
    let met = told.iter().filter(|met| **met).count();
    let lower = stats::wilson(count(met), count(told.len())).map(|(lower, _)| lower);
    // An interval never reaches 1, so a demand for every trial is met by every trial.
    let all = !told.is_empty() && met == told.len() && asked.share >= 1.0;
    Requirement {
        text: asked.text.clone(),
        lower,
        asked: asked.share,
        holds: all || lower.is_some_and(|lower| lower >= asked.share),
    }
}

/// Whether a requirement holds in one drill; a bound whose end was not reached does not.
pub fn judge_drill(asked: &Asked, drill: &Drill) -> Requirement {
    let measures = &drill.scorecard.measures;
    let measure = measures.iter().find(|measure| measure.name == asked.measure);
    let value = measure.and_then(|measure| measure.value);
    Requirement {
        text: asked.text.clone(),
        lower: None,
        asked: asked.share,
        holds: value.is_some_and(|value| value <= asked.within),
    }
}
