//! Drills that are due each month or quarter, and periods in which none was held.
//!
//! A pack asks for monthly or quarterly drills by having capabilities that only those evaluate. A
//! drill counts where people took part; one of simulated people is told apart, since nobody learns
//! from it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::period::{PeriodKind, PeriodSpan};
use crate::store::DrillRow;
use crate::units::{SimTime, Zone};

/// Periods that are kept; older ones say nothing about a team any more.
const MOST: usize = 12;

/// Whether a period had its drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// People took part in so many.
    People(u32),
    /// Only so many with simulated people.
    Simulated(u32),
    /// The period is not over and had none yet.
    Due,
    /// The period is over and had none.
    Missed,
}

impl Held {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::People(_) => "held",
            Self::Simulated(_) => "simulated",
            Self::Due => "due",
            Self::Missed => "missed",
        }
    }
}

/// A month or a quarter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePeriod {
    /// The period.
    pub span: PeriodSpan,
    /// Whether it had its drill.
    pub held: Held,
}

/// The drills that a pack asks for each month or each quarter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDrills {
    /// The pack.
    pub pack: String,
    /// Monthly or quarterly.
    pub kind: PeriodKind,
    /// From the period of the pack's first record to the present one, at most the last twelve.
    pub periods: Vec<DuePeriod>,
    /// The scenarios that count.
    pub scenarios: Vec<String>,
}

impl DueDrills {
    /// The period that holds `at`, where it is among those that are kept.
    pub fn at(&self, at: SimTime) -> Option<&DuePeriod> {
        self.periods.iter().find(|period| period.span.from <= at && at < period.span.to)
    }

    /// The last period that is over.
    pub fn last_complete(&self, now: SimTime) -> Option<&DuePeriod> {
        self.periods.iter().rfind(|period| period.span.to <= now)
    }
}

/// The drills of `pack` that are due each period of `kind`, as of `now`; `None` when the history
/// has no drill of the pack. `known` has the frequency of each scenario, for scorecards that do
/// not say theirs.
pub fn due_drills(
    rows: &[DrillRow],
    pack: &str,
    kind: PeriodKind,
    known: &BTreeMap<String, String>,
    (now, zone): (SimTime, Zone),
) -> Option<DueDrills> {
    let own = |row: &&DrillRow| row.pack.split(['@', ' ']).next() == Some(pack);
    let held: Vec<(SimTime, &DrillRow, Value)> = rows
        .iter()
        .filter(own)
        .filter_map(|row| {
            let card = serde_json::from_str(&row.scorecard).unwrap_or(Value::Null);
            Some((row.recorded_at.parse::<SimTime>().ok()?, row, card))
        })
        .filter(|(at, _, _)| *at <= now)
        .collect();
    let first = held.iter().map(|(at, _, _)| *at).min()?;
    let counts = |(_, row, card): &&(SimTime, &DrillRow, Value)| {
        let said = card["frequency"].as_str();
        said.or(known.get(&row.scenario).map(String::as_str)) == Some(kind.as_str())
    };
    let fits: Vec<&(SimTime, &DrillRow, Value)> = held.iter().filter(counts).collect();
    let mut periods: Vec<DuePeriod> = Vec::new();
    let mut next = kind.around(now, zone);
    while let Some(span) = next.take().filter(|span| span.to > first && periods.len() < MOST) {
        let own = fits.iter().filter(|(at, _, _)| span.from <= *at && *at < span.to);
        let (mut people, mut simulated) = (0, 0);
        for (_, _, card) in own {
            match card["source"].as_str() {
                Some("simulated") => simulated += 1,
                _ => people += 1,
            }
        }
        let held = match (people, simulated) {
            (0, 0) if span.to > now => Held::Due,
            (0, 0) => Held::Missed,
            (0, n) => Held::Simulated(n),
            (n, _) => Held::People(n),
        };
        next = span.before();
        periods.push(DuePeriod { span, held });
    }
    periods.reverse();
    let of_kind = known.iter().filter(|(_, frequency)| *frequency == kind.as_str());
    let scenarios = of_kind.map(|(name, _)| name.clone()).collect();
    Some(DueDrills { pack: pack.to_owned(), kind, periods, scenarios })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at: &str, scenario: &str, source: &str) -> DrillRow {
        DrillRow {
            trace_hash: "00ff".into(),
            scenario: scenario.into(),
            pack: "cinecom@1a2b".into(),
            responders: "well-drilled-team".into(),
            seed: 1,
            start: at.into(),
            recorded_at: at.into(),
            scorecard: format!(r#"{{"source":"{source}"}}"#),
        }
    }

    fn found(rows: &[DrillRow], kind: PeriodKind, now: &str) -> Vec<(String, Held)> {
        let known = [("agent-hang", "monthly"), ("quarterly-outage", "quarterly")];
        let known = known.map(|(name, of)| (name.to_owned(), of.to_owned())).into();
        let now = now.parse().unwrap();
        let due = due_drills(rows, "cinecom", kind, &known, (now, Zone::UTC));
        let periods = due.map(|due| due.periods).unwrap_or_default();
        periods.into_iter().map(|period| (period.span.label, period.held)).collect()
    }

    #[test]
    fn a_month_without_a_drill_is_missed_and_the_present_one_is_due() {
        let rows = [
            row("2026-07-31T23:59:59Z", "agent-hang", "live"),
            row("2026-09-10T10:00:00Z", "agent-hang", "simulated"),
            row("2026-09-11T10:00:00Z", "quarterly-outage", "live"),
        ];
        let months = found(&rows, PeriodKind::Monthly, "2026-10-15T00:00:00Z");
        let wanted = [
            ("2026-07", Held::People(1)),
            ("2026-08", Held::Missed),
            ("2026-09", Held::Simulated(1)),
            ("2026-10", Held::Due),
        ];
        assert_eq!(months, wanted.map(|(label, held)| (label.to_owned(), held)));
        let quarters = found(&rows, PeriodKind::Quarterly, "2027-01-01T00:00:00Z");
        let wanted =
            [("2026-Q3", Held::People(1)), ("2026-Q4", Held::Missed), ("2027-Q1", Held::Due)];
        assert_eq!(quarters, wanted.map(|(label, held)| (label.to_owned(), held)));
    }

    #[test]
    fn nothing_is_missed_before_the_first_record() {
        assert_eq!(found(&[], PeriodKind::Monthly, "2026-10-15T00:00:00Z"), vec![]);
        let other = DrillRow { pack: "shop@1".into(), ..row("2026-01-01T00:00:00Z", "x", "live") };
        assert_eq!(found(&[other], PeriodKind::Monthly, "2026-10-15T00:00:00Z"), vec![]);
        let long = [row("2020-01-01T00:00:00Z", "agent-hang", "live")];
        assert_eq!(found(&long, PeriodKind::Monthly, "2026-10-15T00:00:00Z").len(), MOST);
    }
}
