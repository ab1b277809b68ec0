//! Any number of a status or an alert as a tree: its formula, its inputs, the slices behind it.

use super::episode::{AlertSource, Episode};
use super::history::slices_in;
use super::measure::measure;
use super::reason::{Known, Reason};
use super::record::{Record, Share};
use super::status::{SloState, Status};
use crate::model::{BudgetingMethod, Comparator, NoData, Period, SloSpec, Tier};
use crate::units::{SimDuration, SimTime};

/// Slices named as evidence.
const WORST_SLICES: usize = 5;

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A ratio, a rate or an amount.
    Number(f64),
    /// A number of events or slices.
    Count(i64),
    /// A length of time.
    Span(SimDuration),
    /// An instant.
    Instant(SimTime),
    /// Whether something holds.
    Holds(bool),
    /// A state.
    State(SloState),
    /// Nothing, and why.
    Undefined(Reason),
}

/// A slice that weighs on a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceFact {
    /// Its begin.
    pub start: SimTime,
    /// Its end.
    pub end: SimTime,
    /// Good events.
    pub good: u32,
    /// All events.
    pub total: u32,
}

/// The slices behind a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceEvidence {
    /// Begin of the first.
    pub from: SimTime,
    /// End of the last.
    pub to: SimTime,
    /// How many base slices were measured.
    pub measured: u64,
    /// Those with the most bad events first, of equal ones the earlier; only such with any.
    pub worst: Vec<SliceFact>,
}

/// A number with what it follows from.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Its name, as in `burn_rates.1h`.
    pub name: String,
    /// What it is.
    pub value: Value,
    /// How it follows from the inputs, which it names; empty for what is measured or stated.
    pub formula: &'static str,
    /// What it follows from.
    pub inputs: Vec<Explanation>,
    /// The slices it was measured in.
    pub slices: Option<SliceEvidence>,
}

impl Explanation {
    fn leaf(name: &str, value: Value) -> Self {
        Self::of(name, value, "", Vec::new())
    }

    fn of(name: &str, value: Value, formula: &'static str, inputs: Vec<Self>) -> Self {
        Self { name: name.to_owned(), value, formula, inputs, slices: None }
    }

    fn behind(mut self, slices: SliceEvidence) -> Self {
        self.slices = Some(slices);
        self
    }
}

impl From<Known<f64>> for Value {
    fn from(known: Known<f64>) -> Self {
        known.map_or_else(Self::Undefined, Self::Number)
    }
}

/// The fields of `status` that can be explained.
pub fn explained_fields(status: &Status) -> Vec<String> {
    let fixed = [
        "state",
        "met",
        "sli",
        "coverage",
        "budget.remaining_ratio",
        "budget.consumed_ratio",
        "budget.total_bad_allowed",
        "budget.remaining_ms",
    ];
    let burn = status.burn_rates.iter().map(|burn| format!("burn_rates.{}", burn.window));
    let ahead = status.forecast.iter().map(|forecast| format!("forecast.{}", forecast.basis));
    fixed.into_iter().map(str::to_owned).chain(burn).chain(ahead).collect()
}

/// The field `field` of `status`, which was made from `record`; `None` when there is no such
/// field.
pub fn explain(
    spec: &SloSpec,
    record: &Record<'_>,
    status: &Status,
    field: &str,
) -> Option<Explanation> {
    let budget = &status.budget;
    Some(match field {
        "sli" => sli(spec, record, status),
        "coverage" => coverage(spec, record, status),
        "met" => Explanation::of(
            field,
            status.met.map_or_else(Value::Undefined, Value::Holds),
            "sli >= target, compared as exact fractions",
            vec![sli(spec, record, status), target(spec)],
        ),
        "state" => Explanation::of(
            field,
            Value::State(status.state),
            "no_data when the record ended longer ago than it was ever silent, sli is undefined or \
             coverage < 0.9, else exhausted when remaining_ratio <= 0, else burning when a tier \
             fires, else ok",
            {
                let silent = status
                    .silent
                    .map(|silent| Explanation::leaf("silent_for", Value::Span(silent)));
                let mut inputs: Vec<Explanation> = silent.into_iter().collect();
                inputs.push(coverage(spec, record, status));
                inputs.push(remaining(spec, record, status));
                let firing = Value::Count(status.firing.len() as i64);
                inputs.push(Explanation::leaf("firing_tiers", firing));
                inputs
            },
        ),
        "budget.remaining_ratio" => remaining(spec, record, status),
        "budget.consumed_ratio" => consumed(spec, record, status),
        "budget.total_bad_allowed" => allowed(spec, record, status),
        "budget.remaining_ms" => {
            let value = budget.remaining_ms.map(SimDuration::from_ms);
            let (formula, length) = if budget.is_time_approximate {
                let window = status.window.map(|window| match budget.denominator {
                    super::Denominator::Elapsed => status.as_of - window.from,
                    super::Denominator::FullPeriod => window.to - window.from,
                });
                ("remaining_ratio * (1 - target) * window, at even traffic", window)
            } else {
                ("(total_bad_allowed - bad) * slice", Ok(record.slice_length()))
            };
            let length = length.map_or_else(Value::Undefined, Value::Span);
            Explanation::of(
                field,
                value.map_or_else(Value::Undefined, Value::Span),
                formula,
                vec![
                    remaining(spec, record, status),
                    Explanation::leaf(
                        if budget.is_time_approximate { "window" } else { "slice" },
                        length,
                    ),
                ],
            )
        }
        _ => return windowed(spec, record, status, field),
    })
}

fn windowed(
    spec: &SloSpec,
    record: &Record<'_>,
    status: &Status,
    field: &str,
) -> Option<Explanation> {
    let (kind, length) = field.split_once('.')?;
    let length: SimDuration = length.parse().ok()?;
    match kind {
        "burn_rates" => {
            let burn = status.burn_rates.iter().find(|burn| burn.window == length)?;
            Some(burn_rate(spec, record, status.as_of, burn.window, burn.value.into(), field))
        }
        "forecast" => {
            let forecast = status.forecast.iter().find(|forecast| forecast.basis == length)?;
            let rate = super::status::burn_rate(spec, &record.window(length, status.as_of));
            let formula = match spec.period {
                Period::Rolling(_) => {
                    "first slice end at which bad >= allowed in the window then: each slice ahead \
                     is the mean one of the basis, and slices older than the window are gone"
                }
                Period::Calendar(_) => {
                    "first slice end before the period's end at which bad >= allowed: each slice \
                     ahead is the mean one of the basis"
                }
            };
            Some(Explanation::of(
                field,
                forecast.exhausted_at.map_or_else(Value::Undefined, Value::Instant),
                formula,
                vec![
                    remaining(spec, record, status),
                    burn_rate(spec, record, status.as_of, length, rate.into(), "basis"),
                    Explanation::leaf("returned", forecast.returned.into()),
                ],
            ))
        }
        _ => None,
    }
}

/// An alert: each of its windows at the instant it fired.
pub fn explain_alert(spec: &SloSpec, record: &Record<'_>, episode: &Episode) -> Explanation {
    let instant = |known: Known<SimTime>| known.map_or_else(Value::Undefined, Value::Instant);
    let AlertSource::Tier(tier) = episode.source else {
        return Explanation::of(
            "firing_at",
            instant(episode.firing_at),
            "first slice end more than 5m after the first at which a tier was frozen",
            vec![Explanation::leaf("frozen_at", Value::Instant(episode.pending_at))],
        );
    };
    let tier = &spec.tiers[tier];
    let at = episode.firing_at.unwrap_or(episode.pending_at);
    let window = |span: SimDuration, name: &str| {
        let rate = super::status::burn_rate(spec, &record.window(span, at));
        burn_rate(spec, record, at, span, rate.into(), name)
    };
    let mut inputs = vec![
        window(tier.long, "long"),
        window(tier.short, "short"),
        Explanation::leaf("factor", Value::Number(tier.factor.as_f64())),
        Explanation::leaf("pending_at", Value::Instant(episode.pending_at)),
        Explanation::leaf("for", Value::Span(tier.hold_for)),
        Explanation::leaf("resolved_at", instant(episode.resolved_at)),
        Explanation::leaf("budget_spent_at_firing", episode.budget_spent_at_firing.into()),
    ];
    if tier.min_events > 0 || tier.min_failures > 0 {
        let least = |count: u64| Value::Count(i64::try_from(count).unwrap_or(i64::MAX));
        inputs.push(Explanation::leaf("min_events", least(tier.min_events)));
        inputs.push(Explanation::leaf("min_failures", least(tier.min_failures)));
    }
    Explanation::of("firing_at", instant(episode.firing_at), condition(tier), inputs)
}

fn condition(tier: &Tier) -> &'static str {
    let guarded = tier.min_events > 0 || tier.min_failures > 0;
    match (tier.comparator, guarded) {
        (Comparator::Above, false) => "long > factor and short > factor, for that long",
        (Comparator::AtLeast, false) => "long >= factor and short >= factor, for that long",
        (Comparator::Above, true) => {
            "long > factor and short > factor and events >= min_events and bad >= min_failures in \
             the long window, for that long"
        }
        (Comparator::AtLeast, true) => {
            "long >= factor and short >= factor and events >= min_events and bad >= min_failures \
             in the long window, for that long"
        }
    }
}

fn target(spec: &SloSpec) -> Explanation {
    Explanation::leaf("target", Value::Number(spec.target.as_f64()))
}

fn amounts(share: &Share) -> Vec<Explanation> {
    vec![
        Explanation::leaf("bad", Value::Number(share.bad())),
        Explanation::leaf("total", Value::Number(share.total())),
    ]
}

const fn sli_formula(spec: &SloSpec) -> &'static str {
    match (spec.method, spec.no_data) {
        (BudgetingMethod::Occurrences, NoData::Good | NoData::Bad) => {
            "c * known + (1 - c) * (1 or 0), c the share of slices with data; bad and total count \
             a missing slice as an average one, all good or all bad"
        }
        (BudgetingMethod::Occurrences, _) => "(total - bad) / total, of events",
        (BudgetingMethod::Timeslices { .. }, _) => {
            "(total - bad) / total, of slices; bad is below the slice target"
        }
        (BudgetingMethod::RatioTimeslices { .. }, _) => {
            "(total - bad) / total; total is slices, bad the sum of their error ratios"
        }
    }
}

fn sli(spec: &SloSpec, record: &Record<'_>, status: &Status) -> Explanation {
    match measure(spec, record, status.as_of) {
        Err(reason) => Explanation::leaf("sli", Value::Undefined(reason)),
        Ok(measured) => {
            let own = Explanation::of(
                "sli",
                status.sli.into(),
                sli_formula(spec),
                amounts(&measured.share),
            );
            own.behind(evidence(record, measured.base))
        }
    }
}

fn coverage(spec: &SloSpec, record: &Record<'_>, status: &Status) -> Explanation {
    let Ok(measured) = measure(spec, record, status.as_of) else {
        return Explanation::leaf("coverage", status.coverage.into());
    };
    Explanation::of(
        "coverage",
        status.coverage.into(),
        "covered / slices of the whole window, also those before the record began",
        vec![
            Explanation::leaf("covered", Value::Count(measured.share.covered)),
            Explanation::leaf("slices", Value::Count(measured.share.slices)),
        ],
    )
}

fn allowed(spec: &SloSpec, record: &Record<'_>, status: &Status) -> Explanation {
    let total = measure(spec, record, status.as_of).map(|measured| measured.share.total());
    let formula = match status.budget.denominator {
        super::Denominator::Elapsed => "(1 - target) * total",
        super::Denominator::FullPeriod => {
            "(1 - target) * total of the whole period: its slices, or its events at even traffic"
        }
    };
    Explanation::of(
        "total_bad_allowed",
        status.budget.total_bad_allowed.into(),
        formula,
        vec![target(spec), Explanation::leaf("total", total.into())],
    )
}

fn consumed(spec: &SloSpec, record: &Record<'_>, status: &Status) -> Explanation {
    let own = Explanation::of(
        "consumed_ratio",
        status.budget.consumed_ratio.into(),
        "bad / total_bad_allowed",
        vec![Explanation::leaf("bad", status.budget.bad.into()), allowed(spec, record, status)],
    );
    match measure(spec, record, status.as_of) {
        Ok(measured) => own.behind(evidence(record, measured.base)),
        Err(_) => own,
    }
}

fn remaining(spec: &SloSpec, record: &Record<'_>, status: &Status) -> Explanation {
    Explanation::of(
        "remaining_ratio",
        status.budget.remaining_ratio.into(),
        "1 - consumed_ratio",
        vec![consumed(spec, record, status)],
    )
}

fn burn_rate(
    spec: &SloSpec,
    record: &Record<'_>,
    at: SimTime,
    window: SimDuration,
    value: Value,
    name: &str,
) -> Explanation {
    let share = record.window(window, at);
    let mut inputs = amounts(&share);
    inputs.push(target(spec));
    inputs.push(Explanation::leaf("window", Value::Span(window)));
    let own = Explanation::of(name, value, "(bad / total) / (1 - target)", inputs);
    let to = record.events().index_of(at);
    let from = to.saturating_sub(slices_in(window, record.events().step()));
    own.behind(evidence(record, (from, to)))
}

fn evidence(record: &Record<'_>, (from, to): (usize, usize)) -> SliceEvidence {
    let sums = record.events().sums();
    let mut bad: Vec<(i64, usize)> = (from..to)
        .map(|index| ((sums[index + 1] - sums[index]).bad, index))
        .filter(|(bad, _)| *bad > 0)
        .collect();
    bad.sort_unstable_by_key(|(bad, index)| (-bad, *index));
    let time = |index| record.events().time_of(index);
    let fact = |&(_, index): &(i64, usize)| SliceFact {
        start: time(index),
        end: time(index + 1),
        good: record.block.good[index],
        total: record.block.total[index],
    };
    SliceEvidence {
        from: time(from),
        to: time(to),
        measured: u64::try_from((sums[to] - sums[from]).present).unwrap_or(0),
        worst: bad.iter().take(WORST_SLICES).map(fact).collect(),
    }
}
