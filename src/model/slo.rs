//! Service level objectives, slices and alert transitions.

use serde::{Deserialize, Serialize};

use chrono::NaiveDateTime;

use super::name::Name;
use crate::units::{BurnRate, Objective, SimDuration, SimTime, Zone};

/// What of a service an SLI counts as good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SliKind {
    /// Requests answered without an error.
    Availability,
    /// Requests answered within the latency threshold of the service.
    Latency,
}

/// One tier of a multi-window burn-rate alert: it holds while the burn rate of the long *and*
/// of the short window is above `factor`. SRE Workbook, chapter 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// The long window.
    pub long: SimDuration,
    /// The short window.
    pub short: SimDuration,
    /// Burn-rate threshold.
    pub factor: BurnRate,
    /// How a burn rate compares with `factor`.
    pub comparator: Comparator,
    /// Fewest events in the long window with which the condition can hold; 0 for no such guard.
    pub min_events: u64,
    /// Fewest bad events in the long window with which the condition can hold; 0 for none.
    pub min_failures: u64,
    /// `page` or `ticket`.
    pub severity: Name,
    /// How long the condition must hold before the alert fires.
    pub hold_for: SimDuration,
    /// How long the condition must be gone before the alert resolves.
    pub keep_firing_for: SimDuration,
}

impl Tier {
    /// `LONG/SHORT`, as in `1h/5m`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.long, self.short)
    }

    /// The preset `google-30d`: 2 %, 5 %, 10 % and 10 % of a 30-day budget spent within 1 h, 6 h,
    /// 1 d and 3 d, each with a short window of a twelfth, comparator `>`, no `for`. SRE Workbook,
    /// "Alerting on SLOs".
    pub fn google_30d() -> Vec<Self> {
        let minutes = SimDuration::from_minutes;
        [
            (minutes(60), minutes(5), BurnRate::new(144, 10), "page"),
            (minutes(360), minutes(30), BurnRate::new(6, 1), "page"),
            (minutes(1440), minutes(120), BurnRate::new(3, 1), "ticket"),
            (minutes(4320), minutes(360), BurnRate::new(1, 1), "ticket"),
        ]
        .into_iter()
        .map(|(long, short, factor, severity)| Self::new(long, short, factor, severity))
        .collect()
    }

    /// A tier without `for`, guards or delays, comparator `>`.
    pub fn new(
        long: SimDuration,
        short: SimDuration,
        factor: BurnRate,
        severity: impl Into<Name>,
    ) -> Self {
        Self {
            long,
            short,
            factor,
            comparator: Comparator::Above,
            min_events: 0,
            min_failures: 0,
            severity: severity.into(),
            hold_for: SimDuration::ZERO,
            keep_firing_for: SimDuration::ZERO,
        }
    }
}

/// How a burn rate compares with a factor. SRE Workbook, Sloth and Pyrra use `>`, others `>=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparator {
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
}

/// How slices become an SLI; OpenSLO `budgetingMethod`. Slices of a `window` longer than the
/// base slice are built from base slices; a partial one is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BudgetingMethod {
    /// Sum of good over sum of all events.
    Occurrences,
    /// Good slices over measured slices; a slice is good when good / total >= `target`.
    Timeslices {
        /// The ratio that makes a slice good, in (0, 1].
        target: Objective,
        /// Length of a slice.
        window: SimDuration,
    },
    /// Mean of the slices' ratios.
    RatioTimeslices {
        /// Length of a slice.
        window: SimDuration,
    },
}

/// The period of an error budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The last so long.
    Rolling(SimDuration),
    /// Whole calendar periods since a first one.
    Calendar(Calendar),
}

/// Consecutive periods of `count` units: the `k`th begins at `start` plus `k` times so many
/// units on the wall clock of `zone`, with the day clamped to its month's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// What is counted.
    pub unit: CalendarUnit,
    /// How many of them, at least 1.
    pub count: u32,
    /// Begin of the first period, local time.
    pub start: NaiveDateTime,
    /// Whose wall clock.
    pub zone: Zone,
}

/// A unit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CalendarUnit {
    /// From midnight to midnight, 23 to 25 hours.
    Day,
    /// Seven of them.
    Week,
    /// 28 to 31 of them.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

impl Period {
    /// Its length, where a calendar's is nominal: a month of 30 days, a quarter of 90 and a year
    /// of 365, as the OpenSLO SDK counts them.
    pub fn nominal(self) -> SimDuration {
        match self {
            Self::Rolling(length) => length,
            Self::Calendar(calendar) => {
                let days = match calendar.unit {
                    CalendarUnit::Day => 1,
                    CalendarUnit::Week => 7,
                    CalendarUnit::Month => 30,
                    CalendarUnit::Quarter => 90,
                    CalendarUnit::Year => 365,
                };
                SimDuration::from_hours(24 * days * i64::from(calendar.count))
            }
        }
    }
}

/// What a slice without data counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    /// Neither good nor bad; coverage falls.
    Gap,
    /// Good.
    Good,
    /// Bad.
    Bad,
    /// As the last slice with data.
    Hold,
}

/// One objective on one indicator of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SloSpec {
    /// Unique within a system.
    pub name: Name,
    /// The service measured.
    pub service: Name,
    /// The target ratio.
    pub target: Objective,
    /// The period of the error budget.
    pub period: Period,
    /// How slices become the SLI.
    pub method: BudgetingMethod,
    /// What a slice without data counts as.
    pub no_data: NoData,
    /// Whether a freeze for want of data longer than 5 minutes is an alert itself.
    pub alert_when_no_data: bool,
    /// Alert tiers, ORed. `SloSpec`s without any get the preset `google-30d`.
    pub tiers: Vec<Tier>,
}

impl SloSpec {
    /// An objective on the share of good events over the last `window`: occurrences, gaps stay
    /// gaps, a freeze is an alert, no tiers.
    pub fn new(
        name: impl Into<Name>,
        service: impl Into<Name>,
        target: Objective,
        window: SimDuration,
    ) -> Self {
        Self {
            name: name.into(),
            service: service.into(),
            target,
            period: Period::Rolling(window),
            method: BudgetingMethod::Occurrences,
            no_data: NoData::Gap,
            alert_when_no_data: true,
            tiers: Vec::new(),
        }
    }
}

/// One closed base slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Good events.
    pub good: u32,
    /// All events; 0 is a measured, empty slice.
    pub total: u32,
    /// Whether the slice was measured at all.
    pub present: bool,
}

/// A run of consecutive slices, one entry per base slice, ascending, without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceBlock {
    /// Start of the first slice.
    pub start: SimTime,
    /// Length of each slice.
    pub step: SimDuration,
    /// Good events per slice.
    pub good: Vec<u32>,
    /// All events per slice.
    pub total: Vec<u32>,
    /// Whether each slice was measured.
    pub present: Vec<bool>,
}

/// Which of the two windows became true last and so decided the instant of firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Governed {
    /// The long window.
    Long,
    /// The short window.
    Short,
}

/// The state an alert enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// The condition holds, `hold_for` is not over.
    Pending,
    /// The alert is on.
    Firing,
    /// The alert is off again.
    Resolved,
}

/// One change of one tier of one SLO.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlertTransition {
    /// Index of the SLO in its system's list.
    pub slo: usize,
    /// Index of the tier in the SLO's list; the list's length for the alert on missing data.
    pub tier: usize,
    /// The state entered.
    pub state: AlertState,
    /// End of the slice at which it was entered.
    pub at: SimTime,
    /// On firing: bad events in the governing long window over the bad events allowed in the
    /// period, where the record covers the period; `None` otherwise.
    pub budget_spent: Option<f64>,
    /// On firing: the window that decided the instant.
    pub governed_by: Option<Governed>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn google_30d_is_the_table_of_the_workbook() {
        let tiers: Vec<String> = Tier::google_30d()
            .iter()
            .map(|tier| format!("{} {} {}", tier.name(), tier.factor, tier.severity))
            .collect();
        assert_eq!(tiers, ["1h/5m 14.4 page", "6h/30m 6 page", "1d/2h 3 ticket", "3d/6h 1 ticket"]);
    }
}
