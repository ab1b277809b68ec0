//! Maintenance windows: times that an SLO leaves out or counts as good.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, TimeZone as _};
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated, Validated};
use serde::Serialize;

use super::name::Name;
use crate::units::{SimDuration, SimTime, Zone};

/// Most occurrences of one rule that are ever looked at.
const MAX_OCCURRENCES: usize = 200_000;

/// What happens to the slices within a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionEffect {
    /// They are left out: their events count nowhere, they are neither good, bad nor missing.
    Drop,
    /// They are good: their events count as good ones, and under the slice methods they are good
    /// slices, measured or not.
    Good,
}

/// A time, or a recurring one, in which an SLO is not held against its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Unique within its file.
    pub name: Name,
    /// Begin of the first occurrence on the wall clock of `zone`.
    pub start: NaiveDateTime,
    /// Length of each occurrence, above zero.
    pub duration: SimDuration,
    /// How it recurs; `None` for once.
    pub rule: Option<Recurrence>,
    /// Whose wall clock.
    pub zone: Zone,
    /// What happens to its slices.
    pub effect: CorrectionEffect,
    /// The SLOs it is for; all of them when empty.
    pub slos: Vec<Name>,
    /// Whether it also keeps the alert replay quiet; otherwise alerts are those that really came.
    pub silence: bool,
}

/// A half-open span of time with an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Corrected {
    /// Its begin.
    pub from: SimTime,
    /// One instant after its end.
    pub to: SimTime,
    /// What happens in it.
    pub effect: CorrectionEffect,
}

impl Correction {
    /// Whether it is for the SLO `slo`.
    pub fn concerns(&self, slo: &str) -> bool {
        self.slos.is_empty() || self.slos.iter().any(|name| name == slo)
    }

    /// Its occurrences that overlap `(from, to)`, ascending by begin. Each begins at the same time
    /// on the wall clock, whatever summer time does, and lasts its duration; a time that the
    /// clock skips is read as [`Zone::instant`] has it.
    pub fn occurrences(&self, from: SimTime, to: SimTime) -> Vec<Corrected> {
        let first = std::iter::once(self.start);
        let starts: Vec<NaiveDateTime> = match &self.rule {
            None => first.collect(),
            Some(rule) => rule.starts(self.start, to.local(self.zone).naive_local()),
        };
        let mut found: Vec<Corrected> = starts
            .into_iter()
            .map(|local| self.zone.instant(local))
            .map(|at| Corrected { from: at, to: at + self.duration, effect: self.effect })
            .filter(|span| span.from < to && span.to > from)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// An RFC 5545 recurrence rule such as `FREQ=WEEKLY;BYDAY=SU`, checked against its first
/// occurrence. It is evaluated on the wall clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrence {
    text: Name,
    rule: RRule<Validated>,
}

impl Eq for Recurrence {}

/// Why a text is no recurrence rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// Not in the grammar of RFC 5545, or not valid from the first occurrence on.
    #[error("`{0}` is not a recurrence rule such as `FREQ=WEEKLY;BYDAY=SU`: {1}")]
    Syntax(String, String),
    /// A maintenance that recurs every minute is none.
    #[error("`{0}` recurs more often than hourly")]
    TooOften(String),
}

impl Recurrence {
    /// The rule `text`, of which the first occurrence begins at `start`; `UNTIL` in UTC is
    /// understood in `zone`.
    ///
    /// # Errors
    /// When it is not a rule, or recurs more often than hourly.
    pub fn new(text: &str, start: NaiveDateTime, zone: Zone) -> Result<Self, RecurrenceError> {
        let wrong = |error: String| RecurrenceError::Syntax(text.to_owned(), error);
        let bare = text.trim().strip_prefix("RRULE:").unwrap_or(text.trim());
        let on_the_wall = local_until(bare, zone);
        let rule: RRule<Unvalidated> =
            on_the_wall.parse().map_err(|error: rrule::RRuleError| wrong(error.to_string()))?;
        if matches!(rule.get_freq(), Frequency::Minutely | Frequency::Secondly) {
            return Err(RecurrenceError::TooOften(text.to_owned()));
        }
        let rule = rule.validate(wall(start)).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { text: Name::from(bare), rule })
    }

    /// Begins on the wall clock, from `start` to `last`.
    fn starts(&self, start: NaiveDateTime, last: NaiveDateTime) -> Vec<NaiveDateTime> {
        let set = RRuleSet::new(wall(start)).rrule(self.rule.clone()).limit();
        // A day more, because clocks that skip can move an occurrence.
        let last = last.checked_add_signed(chrono::TimeDelta::days(2)).unwrap_or(last);
        set.into_iter()
            .take(MAX_OCCURRENCES)
            .map(|at| at.naive_utc())
            .take_while(|at| *at <= last)
            .collect()
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A time on a wall clock as if its zone had no offset, so that the rule never meets a clock
/// change.
fn wall(local: NaiveDateTime) -> DateTime<Tz> {
    Tz::UTC.from_utc_datetime(&local)
}

/// The rule with its `UNTIL` on the wall clock of `zone`, written as the crate wants it.
fn local_until(rule: &str, zone: Zone) -> String {
    let part = |part: &str| {
        let Some(until) = part.strip_prefix("UNTIL=") else {
            return part.to_owned();
        };
        match NaiveDateTime::parse_from_str(until, "%Y%m%dT%H%M%SZ") {
            Ok(utc) => {
                let local = SimTime::from_ms(utc.and_utc().timestamp_millis()).local(zone);
                format!("UNTIL={}", local.format("%Y%m%dT%H%M%SZ"))
            }
            Err(_) if until.ends_with('Z') || !until.contains('T') => part.to_owned(),
            Err(_) => format!("{part}Z"),
        }
    };
    rule.split(';').map(part).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn correction(zone: &str, start: &str, rule: Option<&str>) -> Correction {
        let (zone, start): (Zone, NaiveDateTime) = (zone.parse().unwrap(), start.parse().unwrap());
        Correction {
            name: Name::from("nightly"),
            start,
            duration: SimDuration::from_hours(1),
            rule: rule.map(|rule| Recurrence::new(rule, start, zone).unwrap()),
            zone,
            effect: CorrectionEffect::Drop,
            slos: Vec::new(),
            silence: false,
        }
    }

    fn begins(correction: &Correction, from: &str, to: &str) -> Vec<String> {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let found = correction.occurrences(from, to);
        found.iter().map(|span| span.from.rfc3339(correction.zone)).collect()
    }

    #[test]
    fn a_rule_stays_on_the_wall_clock_over_summer_time() {
        let weekly =
            correction("Europe/Berlin", "2026-03-22T02:30:00", Some("FREQ=WEEKLY;BYDAY=SU"));
        assert_eq!(
            begins(&weekly, "2026-03-20T00:00:00Z", "2026-04-06T00:00:00Z"),
            ["2026-03-22T02:30:00+01:00", "2026-03-29T03:30:00+02:00", "2026-04-05T02:30:00+02:00"]
        );
    }

    #[test]
    fn an_occurrence_that_only_overlaps_counts() {
        let once = correction("UTC", "2026-11-01T02:00:00", None);
        let whole = begins(&once, "2026-11-01T02:59:59Z", "2026-11-01T03:00:00Z");
        assert_eq!(whole, ["2026-11-01T02:00:00+00:00"]);
        assert!(begins(&once, "2026-11-01T03:00:00Z", "2026-11-02T00:00:00Z").is_empty());
        assert!(begins(&once, "2026-11-01T00:00:00Z", "2026-11-01T02:00:00Z").is_empty());
    }

    #[test]
    fn until_is_understood_in_both_writings() {
        for until in ["20261103T170000Z", "20261104T020000"] {
            let rule = format!("FREQ=DAILY;UNTIL={until}");
            let daily = correction("Asia/Tokyo", "2026-11-02T02:00:00", Some(&rule));
            let found = begins(&daily, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
            assert_eq!(found.len(), 3, "{until}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        let start = "2026-11-01T02:00:00".parse().unwrap();
        for bad in ["", "WEEKLY", "FREQ=FORTNIGHTLY", "FREQ=DAILY;COUNT=x", "FREQ=DAILY;BYHOUR=25"]
        {
            let refused = Recurrence::new(bad, start, Zone::UTC);
            assert!(matches!(refused, Err(RecurrenceError::Syntax(..))), "{bad}");
        }
        let often = Recurrence::new("FREQ=MINUTELY", start, Zone::UTC);
        assert!(matches!(often, Err(RecurrenceError::TooOften(_))));
    }

    #[test]
    fn a_rule_that_never_comes_ends() {
        let never =
            correction("UTC", "2026-01-01T00:00:00", Some("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"));
        assert!(begins(&never, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").is_empty());
    }
}
