//! Service level objectives as arithmetic: slices in, burn rates, budgets and alerts out.
//!
//! A [`History`] keeps prefix sums of a series, so every window is one difference. A [`Plan`]
//! joins it with the tiers of one SLO. A [`Replay`] continues the record of a plan from any
//! instant on (a fork), one push per closed slice, and remembers only what was pushed; so
//! thousands of trials share one record. These three know occurrences with gaps, which is what a
//! drill measures.
//!
//! A [`Record`] is a whole series under any method, policy on missing data and corrections, again
//! as prefix sums: of events, of good and bad slices, or of ratios in fixed point with an exact
//! sum where that cannot decide. [`replay_block`], [`replay_alerts`] and [`replay_many`] give the
//! alerts of whole series, [`episodes`] joins them, [`status`](status()) says where an SLO stands,
//! [`compare`](compare()) puts methods side by side, [`lint_spec`] and [`lint_data`] do arithmetic
//! on what cannot work, [`explain`](explain()) takes any number apart.
//!
//! Windows are `(t - W, t]`, evaluated at slice ends. Thresholds are compared in integers, so a
//! tie is a tie. The alert states are those of Prometheus, except that a tier freezes while too
//! little was measured. Choices where the specifications are silent:
//!
//! - Slices of a slice method end at whole multiples of their length since 1970. One is measured
//!   when all its base slices are; windows hold whole ones only.
//! - Policies other than `gap` put something in the place of missing slices, so that these count
//!   as covered; what lies before the record began counts as missing under every policy.
//! - A window that was measured in part, without any event, has no level even under `good` or
//!   `bad`: an average slice of nothing is nothing.
//! - A freeze that lasts since the record began fires no alert on missing data.
//! - An instant at the end of a calendar period belongs to it, and not to the next one.
//! - A slice is corrected when a correction overlaps it at all.
//!
//! **Invariant**: no I/O, no clock, no float before a comparison. The same slices give the same
//! transitions whether they are pushed, replayed as a block or forked anywhere.

mod batch;
mod calendar;
mod cells;
mod compare;
mod composite;
mod episode;
mod exact;
mod explain;
mod forecast;
mod gauge;
mod history;
#[cfg(test)]
mod laws;
mod lint;
mod measure;
#[cfg(test)]
mod method_laws;
mod plan;
mod reason;
mod record;
#[cfg(test)]
mod reference;
mod replay;
mod rules;
mod source_lint;
mod status;
#[cfg(test)]
mod status_tests;
mod sweep;
mod tier;

pub use batch::{replay_alerts, replay_block, replay_many};
pub use calendar::{PeriodBounds, calendar_period, period_at};
pub use compare::{
    Column, Comparison, SlothColumn, columns, compare, method_variants, target_variants,
};
pub use composite::{CompositeStatus, Part, PartStatus, any_bad, weighted};
pub use episode::{AlertSource, BurnPoint, Episode, burn_down, costliest_slices, episodes};
pub use explain::{
    Explanation, SliceEvidence, SliceFact, Value, explain, explain_alert, explained_fields,
};
pub use forecast::{FORECAST_BASES, Forecast};
pub use gauge::{Gauges, TierRule, gauges, judged_slice, must_agree, no_gauges, tier_rule};
pub use history::{History, WindowSum};
pub use lint::{Figure, Lint, LintLevel, lint_data, lint_spec};
pub use measure::{Denominator, SliceCounts};
pub use plan::Plan;
pub use reason::{Known, Reason};
pub use record::{Record, Share};
pub use replay::Replay;
pub use source_lint::lint_source;
pub use status::{
    BudgetStatus, BurnRateStatus, Silencing, SloState, Status, StatusOptions, Uncorrected,
    corrections_of, silent_for, status, until,
};
