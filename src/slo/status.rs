//! Where one SLO stands at one instant.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::batch::replay_alerts;
use super::calendar::PeriodBounds;
use super::forecast::{FORECAST_BASES, Forecast, forecast};
use super::measure::{Denominator, Measured, SliceCounts, measure};
use super::reason::{Known, Reason};
use super::record::Record;
use crate::model::{
    AlertState, AlertTransition, BudgetingMethod, Corrected, Correction, Name, NoData, Period,
    SliceBlock, SloSpec,
};
use crate::units::{Objective, SimDuration, SimTime, Zone};

/// Burn rates are shown over these windows beside those of the tiers.
const BURN_WINDOWS: [SimDuration; 4] = [
    SimDuration::from_hours(1),
    SimDuration::from_hours(6),
    SimDuration::from_hours(24),
    SimDuration::from_hours(72),
];

/// Records are read every few minutes to every hour, so this much is no sign of anything.
const USUAL_SILENCE: SimDuration = SimDuration::from_hours(1);

/// Most slices that are added as missing between the end of a record and a later instant: 20
/// years of minutes.
const MAX_MISSING_SLICES: i64 = 10_512_000;

/// How an SLO is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusOptions {
    /// The instant; by default the end of the record (its watermark).
    pub as_of: Option<SimTime>,
    /// What the budget is a share of.
    pub denominator: Denominator,
    /// The end of the newest record that is looked at beside this one, by which silence is told
    /// where no instant is given.
    pub newest: Option<SimTime>,
}

/// The budget of the window. Signed, never clamped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BudgetStatus {
    /// What it is a share of.
    pub denominator: Denominator,
    /// `(sli - target) / (1 - target)` of the denominator; negative when overspent.
    pub remaining_ratio: Known<f64>,
    /// `1 - remaining_ratio`.
    pub consumed_ratio: Known<f64>,
    /// Bad events that the target allows; under the slice methods, bad slices.
    pub total_bad_allowed: Known<f64>,
    /// Bad events or slices so far.
    pub bad: Known<f64>,
    /// Allowed minus bad.
    pub remaining_bad: Known<f64>,
    /// What is left as time: of slices their length, of events the time of total failure at even
    /// traffic.
    pub remaining_ms: Known<i64>,
    /// Whether `remaining_ms` assumes even traffic.
    pub is_time_approximate: bool,
}

/// How fast the budget burns in one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BurnRateStatus {
    /// The window.
    pub window: SimDuration,
    /// Its error ratio over `1 - target`.
    pub value: Known<f64>,
    /// Whether nine tenths of it are covered.
    pub is_covered: bool,
}

/// What an SLO's state comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SloState {
    /// Budget is left and no tier fires.
    Ok,
    /// A tier fires.
    Burning,
    /// Nothing is left of the budget.
    Exhausted,
    /// Too little was measured, or the SLI is undefined.
    NoData,
}

/// The figures of a window before its corrections.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Uncorrected {
    /// The SLI.
    pub sli: Known<f64>,
    /// What is left of the budget.
    pub remaining_ratio: Known<f64>,
    /// Good events.
    pub good: i64,
    /// All events.
    pub total: i64,
}

/// One SLO at one instant; `drill.slo/1` is made from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The SLO.
    pub name: Name,
    /// How slices become its SLI.
    pub method: BudgetingMethod,
    /// Its target.
    pub target: Objective,
    /// The instant.
    pub as_of: SimTime,
    /// The window: `(from, to]`; a calendar period's `to` may lie ahead.
    pub window: Known<PeriodBounds>,
    /// The zone of a calendar period.
    pub zone: Option<Zone>,
    /// Good events measured in the window, after corrections.
    pub good: i64,
    /// All events measured in the window, after corrections.
    pub total: i64,
    /// Its base slices.
    pub slices: SliceCounts,
    /// Share of the window's slices with data, or with what the policy puts in their place.
    pub coverage: Known<f64>,
    /// Whether the coverage reaches the floor of 0.9.
    pub is_covered: bool,
    /// The service level.
    pub sli: Known<f64>,
    /// Whether it meets the target, compared exactly.
    pub met: Known<bool>,
    /// The error budget.
    pub budget: BudgetStatus,
    /// Burn rates, by window.
    pub burn_rates: Vec<BurnRateStatus>,
    /// When the budget runs out.
    pub forecast: Vec<Forecast>,
    /// Tiers that fire, by index.
    pub firing: Vec<usize>,
    /// All in one word.
    pub state: SloState,
    /// The same without corrections, where any touched the window.
    pub before_corrections: Option<Uncorrected>,
    /// For how long nothing was recorded, where that is no usual silence; the state is then
    /// `no_data`, whatever the figures of before are.
    pub silent: Option<SimDuration>,
}

/// The corrections of `spec` that overlap `block`, as spans that ascend by begin.
pub fn corrections_of(
    spec: &SloSpec,
    block: &SliceBlock,
    corrections: &[Correction],
    only_silencing: Silencing,
) -> Vec<Corrected> {
    let end = block.start + block.step * i64::try_from(block.good.len()).unwrap_or(i64::MAX);
    let mut spans: Vec<Corrected> = corrections
        .iter()
        .filter(|correction| correction.concerns(&spec.name))
        .filter(|correction| only_silencing == Silencing::Any || correction.silence)
        .flat_map(|correction| correction.occurrences(block.start, end))
        .collect();
    spans.sort_unstable();
    spans
}

/// Which corrections are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silencing {
    /// All: what the figures are corrected by.
    Any,
    /// Only those that silence alerts too.
    Only,
}

/// The part of `block` that was over at `as_of`; slices after its end are missing.
pub fn until(block: &SliceBlock, as_of: SimTime) -> Cow<'_, SliceBlock> {
    let passed = (as_of - block.start).ms().max(0) / block.step.ms();
    let have = i64::try_from(block.good.len()).unwrap_or(i64::MAX);
    if passed == have {
        return Cow::Borrowed(block);
    }
    let len = usize::try_from(passed.min(have + MAX_MISSING_SLICES)).unwrap_or(0);
    let mut clipped = block.clone();
    clipped.good.resize(len, 0);
    clipped.total.resize(len, 0);
    clipped.present.resize(len, false);
    Cow::Owned(clipped)
}

/// For how long `block` has ended at `instant`, where that is longer than an hour and than it was
/// ever without events. A policy that puts something in the place of missing slices puts it here.
pub fn silent_for(spec: &SloSpec, block: &SliceBlock, instant: SimTime) -> Option<SimDuration> {
    let end = block.start + block.step * i64::try_from(block.good.len()).unwrap_or(i64::MAX);
    let silent = instant - end;
    if silent <= USUAL_SILENCE || spec.no_data != NoData::Gap {
        return None;
    }
    let (mut longest, mut run) = (0, 0);
    for (total, present) in block.total.iter().zip(&block.present) {
        run = if *total == 0 && *present { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    (silent > block.step * longest).then_some(silent)
}

/// Where `spec` stands on `block`.
///
/// # Panics
/// As [`Record::new`].
pub fn status(
    spec: &SloSpec,
    block: &SliceBlock,
    corrections: &[Correction],
    options: StatusOptions,
) -> Status {
    let end = block.start + block.step * i64::try_from(block.good.len()).unwrap_or(i64::MAX);
    let as_of = options.as_of.unwrap_or(end);
    let silent = silent_for(spec, block, options.as_of.or(options.newest).unwrap_or(end));
    let block = &*until(block, as_of);
    let spans = corrections_of(spec, block, corrections, Silencing::Any);
    let record = Record::new(spec, block, &spans);
    let silenced = corrections_of(spec, block, corrections, Silencing::Only);
    let firing = firing(spec, &replay_alerts(spec, block, &silenced));
    let mut status = status_of_record(spec, &record, as_of, options.denominator, firing);
    if silent.is_some() {
        (status.silent, status.state) = (silent, SloState::NoData);
    }
    let bounds = status.window;
    if bounds
        .is_ok_and(|bounds| spans.iter().any(|span| span.to > bounds.from && span.from < as_of))
    {
        let plain = Record::new(spec, block, &[]);
        let before = status_of_record(spec, &plain, as_of, options.denominator, Vec::new());
        status.before_corrections = Some(Uncorrected {
            sli: before.sli,
            remaining_ratio: before.budget.remaining_ratio,
            good: before.good,
            total: before.total,
        });
    }
    status
}

/// The tiers that are on after `transitions`, without the alert on missing data.
fn firing(spec: &SloSpec, transitions: &[AlertTransition]) -> Vec<usize> {
    let last = |tier: usize| {
        let own = transitions.iter().rev().find(|transition| transition.tier == tier);
        own.map(|transition| transition.state)
    };
    (0..spec.tiers.len()).filter(|tier| last(*tier) == Some(AlertState::Firing)).collect()
}

/// The status on a record that ends at `as_of`.
pub(super) fn status_of_record(
    spec: &SloSpec,
    record: &Record<'_>,
    as_of: SimTime,
    denominator: Denominator,
    firing: Vec<usize>,
) -> Status {
    let measured = measure(spec, record, as_of);
    let sums = record.events.sums();
    let events = measured.map(|m| sums[m.base.1] - sums[m.base.0]).unwrap_or_default();
    let against = measured.ok().and_then(|m| m.against_budget(spec, record));
    let reason = measured.map_or_else(|reason| reason, |m| m.reason());
    let budget = budget_of(spec, record, measured, denominator);
    let is_covered = measured.is_ok_and(|m| m.share.is_covered());
    let is_exhausted = match (budget.remaining_ratio, measured) {
        (Ok(_), Ok(m)) if denominator == Denominator::FullPeriod => {
            m.spent(spec, denominator).is_ok_and(|spent| spent.bad >= spent.allowed)
        }
        (Ok(_), _) => against != Some(Ordering::Less),
        // Without any budget, any error breaches.
        (Err(Reason::NoBudget), _) => against == Some(Ordering::Greater),
        _ => false,
    };
    Status {
        name: spec.name.clone(),
        method: spec.method,
        target: spec.target,
        as_of,
        window: measured.map(|m| m.bounds),
        zone: match spec.period {
            Period::Calendar(calendar) => Some(calendar.zone),
            Period::Rolling(_) => None,
        },
        good: events.total - events.bad,
        total: events.total,
        slices: measured.map(|m| m.slices(record)).unwrap_or_default(),
        coverage: measured.map(|m| m.share.coverage()),
        is_covered,
        sli: measured.and_then(|m| m.sli()),
        met: against.map(|against| against != Ordering::Greater).ok_or(reason),
        budget,
        burn_rates: burn_rates(spec, record, as_of),
        forecast: measured.map_or_else(
            |reason| FORECAST_BASES.map(|basis| undefined(basis, reason)).into(),
            |m| FORECAST_BASES.map(|basis| forecast(spec, record, &m, basis, denominator)).into(),
        ),
        state: match against {
            None => SloState::NoData,
            Some(_) if !is_covered => SloState::NoData,
            Some(_) if is_exhausted => SloState::Exhausted,
            Some(_) if !firing.is_empty() => SloState::Burning,
            Some(_) => SloState::Ok,
        },
        firing,
        before_corrections: None,
        silent: None,
    }
}

fn undefined(basis: SimDuration, reason: Reason) -> Forecast {
    Forecast { basis, exhausted_at: Err(reason), returned: Err(reason) }
}

fn budget_of(
    spec: &SloSpec,
    record: &Record<'_>,
    measured: Known<Measured>,
    denominator: Denominator,
) -> BudgetStatus {
    use super::exact::quotient;

    let spent = measured.and_then(|m| m.spent(spec, denominator));
    let remaining = spent.and_then(|spent| spent.remaining());
    let by_slices = spec.method != BudgetingMethod::Occurrences;
    let remaining_ms = measured.and_then(|m| {
        let to = match denominator {
            Denominator::Elapsed => m.as_of,
            Denominator::FullPeriod => m.bounds.to,
        };
        let (budget, whole) = spec.target.budget();
        let time = if by_slices {
            let left = spent.map(|spent| quotient(spent.allowed - spent.bad, spent.unit))?;
            left * record.slice_length().ms() as f64
        } else {
            remaining? * (to - m.bounds.from).ms() as f64 * budget as f64 / whole as f64
        };
        Ok(libm::round(time) as i64)
    });
    BudgetStatus {
        denominator,
        remaining_ratio: remaining,
        consumed_ratio: spent.and_then(|spent| spent.consumed()),
        total_bad_allowed: spent.map(|spent| quotient(spent.allowed, spent.unit)),
        bad: spent.map(|spent| quotient(spent.bad, spent.unit)),
        remaining_bad: spent.map(|spent| quotient(spent.allowed - spent.bad, spent.unit)),
        remaining_ms,
        is_time_approximate: !by_slices,
    }
}

/// Burn rates over the windows of the tiers and the usual ones, ascending.
fn burn_rates(spec: &SloSpec, record: &Record<'_>, as_of: SimTime) -> Vec<BurnRateStatus> {
    let mut windows: Vec<SimDuration> =
        spec.tiers.iter().flat_map(|tier| [tier.long, tier.short]).collect();
    windows.extend(BURN_WINDOWS);
    windows.sort_unstable();
    windows.dedup();
    windows
        .into_iter()
        .map(|window| {
            let share = record.window(window, as_of);
            BurnRateStatus {
                window,
                value: burn_rate(spec, &share),
                is_covered: share.is_covered(),
            }
        })
        .collect()
}

/// The error ratio over the budget.
pub(super) fn burn_rate(spec: &SloSpec, share: &super::record::Share) -> Known<f64> {
    let (budget, whole) = spec.target.budget();
    if share.total <= 0 {
        return Err(if share.covered == 0 { Reason::NoData } else { Reason::NoEvents });
    }
    if budget == 0 {
        return Err(Reason::NoBudget);
    }
    let scaled = share.bad.checked_mul(whole.into()).zip(share.total.checked_mul(budget.into()));
    Ok(match scaled {
        Some((bad, total)) => super::exact::quotient(bad, total),
        None => super::exact::quotient(share.bad, share.total) * (whole as f64 / budget as f64),
    })
}
