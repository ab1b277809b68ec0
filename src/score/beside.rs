//! Two timelines side by side, judged by one pack.
//!
//! Only measures that both show are compared. A record knows its instants only so well: a
//! difference within what both leave open is too close to tell.

use serde::Serialize;

use super::card::{MeasureResult, Rating, Scorecard};
use crate::model::{MILESTONES, Name, Text};
use crate::units::SimDuration;

/// How the first of two compares with the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It took less time.
    Faster,
    /// It took more time, or never got there.
    Slower,
    /// The same, to the millisecond.
    Same,
    /// The difference lies within the uncertainty of the recorded times.
    TooClose,
    /// One of them, or both, cannot tell.
    Unknown,
}

/// One measure of both.
#[derive(Debug, Clone, PartialEq)]
pub struct BesideMeasure {
    /// Measure of the pack.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// Of the first; `None` is unknown or never reached.
    pub one: Option<SimDuration>,
    /// Of the second.
    pub other: Option<SimDuration>,
    /// How inexact the difference is.
    pub uncertainty: SimDuration,
    /// How the first compares.
    pub verdict: Verdict,
}

impl BesideMeasure {
    /// The first less the second; negative is faster.
    pub fn difference(&self) -> Option<SimDuration> {
        Some(self.one? - self.other?)
    }
}

/// Compares the measures of two scorecards of the same pack, in the pack's order.
pub fn beside(one: &Scorecard, other: &Scorecard) -> Vec<BesideMeasure> {
    let compared = one.measures.iter().map(|measure| {
        let same = other.measures.iter().find(|known| known.name == measure.name);
        compare((one, measure), same.map(|same| (other, same)))
    });
    compared.collect()
}

fn compare(
    (one_card, one): (&Scorecard, &MeasureResult),
    other: Option<(&Scorecard, &MeasureResult)>,
) -> BesideMeasure {
    let open = uncertainty(one_card, one)
        + other.map_or(SimDuration::ZERO, |(card, measure)| uncertainty(card, measure));
    let (a, b) = (one.value, other.and_then(|(_, other)| other.value));
    let never = |measure: &MeasureResult| measure.value.is_none() && measure.rating == Rating::U;
    let verdict = match (a, b) {
        (Some(a), Some(b)) if a == b => Verdict::Same,
        (Some(a), Some(b)) if (a - b).ms().abs() <= open.ms() => Verdict::TooClose,
        (Some(a), Some(b)) if a < b => Verdict::Faster,
        (Some(_), Some(_)) => Verdict::Slower,
        (None, Some(_)) if never(one) => Verdict::Slower,
        (Some(_), None) if other.is_some_and(|(_, other)| never(other)) => Verdict::Faster,
        _ => Verdict::Unknown,
    };
    BesideMeasure {
        name: one.name.clone(),
        title: one.title.clone(),
        one: a,
        other: b,
        uncertainty: open,
        verdict,
    }
}

/// What the ends of a measure leave open, where they are milestones.
fn uncertainty(card: &Scorecard, measure: &MeasureResult) -> SimDuration {
    let of = |end: &Name| {
        let which = MILESTONES.iter().position(|known| **end == **known);
        which.map_or(SimDuration::ZERO, |which| card.milestones[which].uncertainty)
    };
    of(&measure.from) + of(&measure.to)
}
