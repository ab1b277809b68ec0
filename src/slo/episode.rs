//! Alerts as episodes: from the first true evaluation to the end.

use super::cells::Cell;
use super::history::slices_in;
use super::measure::{Denominator, measure};
use super::reason::{Known, Reason};
use super::record::Record;
use crate::model::{AlertState, AlertTransition, Governed, SloSpec};
use crate::units::{SimDuration, SimTime};

/// Which alert of an SLO.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum AlertSource {
    /// The tier of this index.
    Tier(usize),
    /// The alert on missing data.
    NoData,
}

/// One alert from begin to end.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Episode {
    /// Index of the SLO, as in the transitions.
    pub slo: usize,
    /// Which alert.
    pub source: AlertSource,
    /// The first evaluation at which the condition held. Equal to `firing_at` without `for`.
    pub pending_at: SimTime,
    /// When it fired.
    pub firing_at: Known<SimTime>,
    /// When it was over.
    pub resolved_at: Known<SimTime>,
    /// Consumed in the long window over the period's budget, at firing.
    pub budget_spent_at_firing: Known<f64>,
    /// The window that decided the instant of firing.
    pub governed_by: Option<Governed>,
    /// From the begin of the first bad slice behind it to firing.
    pub time_to_detect: Known<SimDuration>,
    /// From the end of the last bad slice before the end to the end.
    pub time_to_reset: Known<SimDuration>,
}

/// The episodes that `transitions` of one SLO tell, ascending by begin, then by tier.
///
/// A slice is bad when its ratio is below the target. The first one behind an alert is found by
/// going back from firing until no slice as far as the tier's short window was bad.
pub fn episodes(
    spec: &SloSpec,
    record: &Record<'_>,
    transitions: &[AlertTransition],
) -> Vec<Episode> {
    let mut open: Vec<Option<usize>> = vec![None; spec.tiers.len() + 1];
    let mut list: Vec<Episode> = Vec::new();
    for transition in transitions {
        let Some(current) = open.get_mut(transition.tier) else { continue };
        let index = *current.get_or_insert_with(|| {
            list.push(begin(spec, transition));
            list.len() - 1
        });
        let episode = &mut list[index];
        match transition.state {
            AlertState::Pending => {}
            AlertState::Firing => {
                episode.firing_at = Ok(transition.at);
                episode.budget_spent_at_firing =
                    transition.budget_spent.ok_or(Reason::RecordTooShort);
                episode.governed_by = transition.governed_by;
            }
            AlertState::Resolved => {
                episode.resolved_at = Ok(transition.at);
                *current = None;
            }
        }
    }
    for episode in &mut list {
        if let AlertSource::Tier(tier) = episode.source {
            let quiet = slices_in(spec.tiers[tier].short, record.events().step());
            episode.time_to_detect = episode.firing_at.and_then(|at| {
                onset(spec, record, at, quiet).map(|begin| at - begin).ok_or(Reason::NoData)
            });
            episode.time_to_reset = episode.firing_at.and(episode.resolved_at).and_then(|at| {
                recovery(spec, record, at).map(|end| at - end).ok_or(Reason::NoData)
            });
        }
    }
    list.sort_by_key(|episode| (episode.pending_at, episode.source));
    list
}

fn begin(spec: &SloSpec, transition: &AlertTransition) -> Episode {
    let is_tier = transition.tier < spec.tiers.len();
    Episode {
        slo: transition.slo,
        source: if is_tier { AlertSource::Tier(transition.tier) } else { AlertSource::NoData },
        pending_at: transition.at,
        firing_at: Err(Reason::NotReached),
        resolved_at: Err(Reason::NotReached),
        budget_spent_at_firing: Err(Reason::NotReached),
        governed_by: None,
        time_to_detect: Err(Reason::NotReached),
        time_to_reset: Err(Reason::NotReached),
    }
}

/// Whether base slice `index` (from 0) has a ratio below the target.
fn is_bad(spec: &SloSpec, record: &Record<'_>, index: usize) -> bool {
    match record.cells[index] {
        Cell::Measured { good, total } => {
            u128::from(good) * u128::from(spec.target.den())
                < u128::from(total) * u128::from(spec.target.num())
        }
        _ => false,
    }
}

/// Begin of the first bad slice of the incident that was on at `at`.
fn onset(spec: &SloSpec, record: &Record<'_>, at: SimTime, quiet: usize) -> Option<SimTime> {
    let mut first = None;
    let mut calm = 0;
    for index in (0..record.events().index_of(at)).rev() {
        if is_bad(spec, record, index) {
            (first, calm) = (Some(index), 0);
        } else {
            calm += 1;
            if first.is_some() && calm >= quiet {
                break;
            }
        }
    }
    Some(record.events().time_of(first?))
}

/// End of the last bad slice before `at`.
fn recovery(spec: &SloSpec, record: &Record<'_>, at: SimTime) -> Option<SimTime> {
    let last =
        (0..record.events().index_of(at)).rev().find(|index| is_bad(spec, record, *index))?;
    Some(record.events().time_of(last + 1))
}

/// A point of a burn-down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnPoint {
    /// The instant.
    pub at: SimTime,
    /// What is left of the budget then.
    pub remaining_ratio: Known<f64>,
    /// The service level then.
    pub sli: Known<f64>,
    /// Share of the window that is covered then.
    pub coverage: Known<f64>,
}

/// The budget over time, for pictures: `points` instants (at least 2) evenly from `from` to `to`,
/// each at a slice end. In a calendar period the budget is full again after its end.
pub fn burn_down(
    spec: &SloSpec,
    record: &Record<'_>,
    (from, to): (SimTime, SimTime),
    denominator: Denominator,
    points: usize,
) -> Vec<BurnPoint> {
    let last = points.max(2) - 1;
    let mut list: Vec<BurnPoint> = Vec::with_capacity(last + 1);
    for index in 0..=last {
        let part = i128::from((to - from).ms()) * index as i128 / last as i128;
        let exact = from + SimDuration::from_ms(i64::try_from(part).unwrap_or(0));
        let slice = record.events().index_of(exact);
        let at = record.events().time_of(slice);
        if list.last().is_some_and(|point| point.at >= at) {
            continue;
        }
        let measured = measure(spec, record, at);
        list.push(BurnPoint {
            at,
            remaining_ratio: measured
                .and_then(|m| m.spent(spec, denominator))
                .and_then(|spent| spent.remaining()),
            sli: measured.and_then(|m| m.sli()),
            coverage: measured.map(|m| m.share.coverage()),
        });
    }
    list
}

/// What each base slice of a period took of its budget: `(end of slice, share)`, the worst `most`
/// first, of equal ones the earlier. Only slices with bad events.
pub fn costliest_slices(
    spec: &SloSpec,
    record: &Record<'_>,
    as_of: SimTime,
    most: usize,
) -> Vec<(SimTime, f64)> {
    let Ok(measured) = measure(spec, record, as_of) else { return Vec::new() };
    let sums = record.events().sums();
    let (from, to) = measured.base;
    let (budget, whole) = spec.target.budget();
    let allowed = (sums[to] - sums[from]).total as f64 * budget as f64 / whole as f64;
    let mut slices: Vec<(i64, usize)> = (from..to)
        .map(|index| ((sums[index + 1] - sums[index]).bad, index))
        .filter(|(bad, _)| *bad > 0)
        .collect();
    slices.sort_unstable_by_key(|(bad, index)| (-bad, *index));
    slices.truncate(most);
    slices
        .into_iter()
        .map(|(bad, index)| (record.events().time_of(index + 1), bad as f64 / allowed))
        .collect()
}
