//! The report on a period: what happened in it, and where each SLO stood at its end.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::super::alerts::{SloAlert, alerts};
use super::super::due::DueDrills;
use super::super::series::{Series, View};
use super::super::status::{SloStatus, status};
use super::change::{Change, Cluster, change};
use super::drills::{Drills, drills};
use super::low::LowItem;
use super::record::{Attainment, Costly, Level, attainment, clusters, cost, costliest, level};
use super::span::PeriodSpan;
use crate::model::{Action, CorrectionEffect, Name};
use crate::slo::{self, BurnPoint, Known, Reason, Record, Silencing, SloState};
use crate::store::{DrillRow, StreamSummary};
use crate::units::SimTime;

/// Points of a burn-down.
const POINTS: usize = 85;

/// Fewest share of a period that must be measured before it is compared with another.
const COMPARABLE: f64 = 0.9;

/// What a report needs beside the SLOs; `None` where there is no such source.
#[derive(Debug, Clone, Default)]
pub struct PeriodSources {
    /// The drills of the workspace.
    pub history: Option<Vec<DrillRow>>,
    /// Its improvement actions.
    pub actions: Option<Vec<Action>>,
    /// Drills that its packs ask for in such a period.
    pub due: Vec<DueDrills>,
    /// Its streams.
    pub streams: Option<Vec<StreamSummary>>,
    /// Who burnt the budgets.
    pub contributors: Option<Vec<Contributor>>,
    /// Items of severity Low that wait for the review.
    pub low: Option<Vec<LowItem>>,
}

/// A value of a column and its part in what was bad.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributor {
    /// The objective.
    pub slo: Name,
    /// The column, such as `service`, `route` or `hook`.
    pub column: String,
    /// Its value; `None` for events without one.
    pub value: Option<String>,
    /// Bad events with that value.
    pub bad: u64,
    /// Share of all bad events of the objective.
    pub share: f64,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// There are no objectives, or no slices.
    #[error("there are no data to report on")]
    NoData,
    /// The period lies outside the data.
    #[error("the data do not reach into {0}")]
    Outside(String),
}

/// One objective in the period.
#[derive(Debug, Clone)]
pub struct PeriodSlo {
    /// Where it stood at the end.
    pub status: SloStatus,
    /// The level within the period.
    pub now: Level,
    /// The level within the period before.
    pub before: Level,
    /// How they differ.
    pub change: Change,
    /// Share of the budget at the end that the period's bad ones took.
    pub spent: Known<f64>,
    /// What was left of the budget over the period.
    pub burn_down: Vec<BurnPoint>,
    /// The worst hours.
    pub costliest: Vec<Costly>,
    /// The target against what each week reached.
    pub attainment: Attainment,
}

/// One alert of the period.
#[derive(Debug, Clone)]
pub struct PeriodAlert {
    /// The alert.
    pub alert: SloAlert,
    /// Share of the budget at the period's end that was spent from the first bad slice behind it
    /// to its end, as far as that lies in the period.
    pub cost: Known<f64>,
}

/// A correction that touched the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedCorrection {
    /// Its name.
    pub name: Name,
    /// Begin of the occurrence.
    pub from: SimTime,
    /// Its end.
    pub to: SimTime,
    /// What it does.
    pub effect: CorrectionEffect,
    /// How many of the SLOs it is for.
    pub slos: usize,
}

/// A report on a week, a month or a quarter.
#[derive(Debug, Clone)]
pub struct PeriodReport {
    /// The period.
    pub span: PeriodSpan,
    /// The one before it.
    pub before: PeriodSpan,
    /// The instant of all figures: the period's end, or that of the data where they end earlier.
    pub as_of: SimTime,
    /// Objectives met, of those that can be judged.
    pub met: (usize, usize),
    /// Objectives with half of their budget or more, of those that have one.
    pub half_left: (usize, usize),
    /// The objectives, in the order of their definitions.
    pub slos: Vec<PeriodSlo>,
    /// The alerts that were on in the period, ascending.
    pub alerts: Vec<PeriodAlert>,
    /// Corrections that touched the period.
    pub corrections: Vec<AppliedCorrection>,
    /// Who burnt the budgets; `None` without a source.
    pub contributors: Option<Vec<Contributor>>,
    /// The streams; `None` without a workspace.
    pub streams: Option<Vec<StreamSummary>>,
    /// The drills; `None` without a history.
    pub drills: Option<Drills>,
    /// The improvement actions that had been filed by the period's end; `None` without a history.
    pub actions: Option<Vec<Action>>,
    /// The drills that packs ask for in such a period.
    pub due: Vec<DueDrills>,
    /// Items of severity Low that waited for the review; `None` without an issue log.
    pub low: Option<Vec<LowItem>>,
}

impl PeriodReport {
    /// The day by which actions are open or overdue: that of the report's instant.
    pub fn day(&self) -> chrono::NaiveDate {
        // The end of a period is the midnight after it.
        let last = self.as_of - crate::units::SimDuration::from_ms(1);
        last.local(self.span.zone).date_naive()
    }
}

/// The end of the data of `series`.
pub fn end_of(series: &[Series]) -> Option<SimTime> {
    series.iter().filter(|one| !one.block.good.is_empty()).map(Series::end).max()
}

/// The report on `span`.
///
/// # Errors
/// Without data, and when the data do not reach into the period.
pub fn period_report(
    series: &[Series],
    view: &View,
    span: PeriodSpan,
    sources: PeriodSources,
) -> Result<PeriodReport, PeriodError> {
    let end = end_of(series).ok_or(PeriodError::NoData)?;
    let start = series.iter().map(|one| one.block.start).min().ok_or(PeriodError::NoData)?;
    if end <= span.from || start >= span.to {
        return Err(PeriodError::Outside(span.label));
    }
    let before = span.before().ok_or_else(|| PeriodError::Outside(span.label.clone()))?;
    let as_of = span.to.min(end);
    let view = View { as_of: Some(as_of), ..view.clone() };
    let statuses = status(series, &view);
    let fired = alerts(series, &view);
    let mut of_each: BTreeMap<&Name, Vec<&SloAlert>> = BTreeMap::new();
    for alert in &fired {
        of_each.entry(&alert.slo).or_default().push(alert);
    }
    let own = |one: &Series| of_each.get(&one.spec().name).map_or(&[][..], Vec::as_slice);
    let parts: Vec<(PeriodSlo, Vec<PeriodAlert>)> = series
        .par_iter()
        .zip(statuses)
        .map(|(one, status)| of_slo(one, status, own(one), &view, (&before, &span, as_of)))
        .collect();
    let (slos, costs): (Vec<PeriodSlo>, Vec<Vec<PeriodAlert>>) = parts.into_iter().unzip();
    let mut alerts: Vec<PeriodAlert> = costs.into_iter().flatten().collect();
    alerts.sort_by_key(|alert| alert.alert.episode.firing_at.unwrap_or(as_of));
    let judged = slos.iter().map(|slo| &slo.status.status);
    let judged = judged.filter(|status| status.state != SloState::NoData);
    let judged = judged.filter_map(|status| status.met.ok());
    let left = slos.iter().filter_map(|slo| slo.status.status.budget.remaining_ratio.ok());
    Ok(PeriodReport {
        met: share_of(judged),
        half_left: share_of(left.map(|left| left >= 0.5)),
        corrections: applied(series, &view, &span),
        contributors: sources.contributors,
        streams: sources.streams,
        drills: sources.history.map(|rows| drills(&rows, &span)),
        actions: sources.actions.map(|all| filed_before(all, span.to)),
        due: sources.due,
        low: sources.low,
        slos,
        alerts,
        span,
        before,
        as_of,
    })
}

fn filed_before(mut actions: Vec<Action>, end: SimTime) -> Vec<Action> {
    actions.retain(|action| action.filed_at < end);
    actions
}

fn share_of(answers: impl Iterator<Item = bool>) -> (usize, usize) {
    answers.fold((0, 0), |(yes, of), answer| (yes + usize::from(answer), of + 1))
}

fn of_slo(
    series: &Series,
    status: SloStatus,
    fired: &[&SloAlert],
    view: &View,
    (before, span, as_of): (&PeriodSpan, &PeriodSpan, SimTime),
) -> (PeriodSlo, Vec<PeriodAlert>) {
    let spec = series.spec();
    let block = slo::until(&series.block, as_of);
    let spans = slo::corrections_of(spec, &block, &view.corrections, Silencing::Any);
    let record = Record::new(spec, &block, &spans);
    let (now, earlier) =
        (level(&record, &block, span.from, as_of), level(&record, &block, before.from, before.to));
    let hours = clusters(&record, span.from, as_of);
    let allowed = status.status.budget.total_bad_allowed;
    let begin = span.from.max(block.start);
    let slo = PeriodSlo {
        now,
        before: earlier,
        change: compared(&earlier, &now, &clusters(&record, before.from, before.to), &hours),
        spent: cost(now.bad, allowed),
        burn_down: slo::burn_down(spec, &record, (begin, as_of), view.denominator, POINTS),
        costliest: costliest(&hours, as_of, allowed),
        attainment: attainment(&record, &block, span.zone),
        status,
    };
    let alerts = fired.iter().filter_map(|alert| in_period(alert, &record, (span, as_of), allowed));
    (slo, alerts.collect())
}

fn compared(
    before: &Level,
    now: &Level,
    hours_before: &[(SimTime, Cluster)],
    hours: &[(SimTime, Cluster)],
) -> Change {
    if before.coverage < COMPARABLE || now.coverage < COMPARABLE {
        return Change::Unknown(Reason::RecordTooShort);
    }
    let only = |hours: &[(SimTime, Cluster)]| hours.iter().map(|hour| hour.1).collect::<Vec<_>>();
    change(&only(hours_before), &only(hours))
}

/// The alert with its cost, when it was on in the period.
fn in_period(
    alert: &SloAlert,
    record: &Record<'_>,
    (span, as_of): (&PeriodSpan, SimTime),
    allowed: Known<f64>,
) -> Option<PeriodAlert> {
    let episode = &alert.episode;
    let fired = episode.firing_at.ok()?;
    let end = episode.resolved_at.unwrap_or(as_of);
    if end <= span.from || fired > as_of {
        return None;
    }
    let onset = episode.time_to_detect.map_or(fired, |detect| fired - detect);
    let share = record.between(onset.max(span.from), end.min(as_of));
    Some(PeriodAlert { alert: alert.clone(), cost: cost(share.bad(), allowed) })
}

fn applied(series: &[Series], view: &View, span: &PeriodSpan) -> Vec<AppliedCorrection> {
    let mut list = Vec::new();
    for correction in &view.corrections {
        let slos = series.iter().filter(|one| correction.concerns(&one.spec().name)).count();
        if slos == 0 {
            continue;
        }
        list.extend(correction.occurrences(span.from, span.to).into_iter().map(|found| {
            AppliedCorrection {
                name: correction.name.clone(),
                from: found.from,
                to: found.to,
                effect: found.effect,
                slos,
            }
        }));
    }
    list.sort_by(|a, b| a.from.cmp(&b.from).then(a.name.cmp(&b.name)));
    list
}
