//! The period of an error budget around an instant.

use chrono::{Days, Months, NaiveDateTime};

use crate::model::{Calendar, CalendarUnit, Period};
use crate::units::{SimDuration, SimTime};

/// A period: after `from`, up to and with `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PeriodBounds {
    /// Its begin.
    pub from: SimTime,
    /// Its end; beyond the instant asked for where a calendar period is still running.
    pub to: SimTime,
}

/// The period that `at` lies in, as `(from, to]`: an instant at the end of a period is that
/// period's last, so that a month evaluated at its very end is the whole month. `None` before the
/// first period of a calendar.
///
/// The `k`th calendar period begins at the calendar's start plus `k` times so many units, always
/// counted from the start, so that a day clamped in February is whole again in March. What the
/// wall clock skips or repeats is decided by [`Zone::instant`](crate::units::Zone::instant).
pub fn period_at(period: Period, at: SimTime) -> Option<PeriodBounds> {
    match period {
        Period::Rolling(length) => Some(PeriodBounds { from: at - length, to: at }),
        Period::Calendar(calendar) => {
            let first = begin(&calendar, 0)?;
            if at <= first {
                return None;
            }
            let mut index = u32::try_from((at - first).ms() / mean(&calendar).ms()).ok()?;
            while index > 0 && begin(&calendar, index)? >= at {
                index -= 1;
            }
            let mut bounds = calendar_period(&calendar, index)?;
            while bounds.to < at {
                index += 1;
                bounds = calendar_period(&calendar, index)?;
            }
            Some(bounds)
        }
    }
}

/// The calendar period number `index`, from 0; `None` beyond the calendar's last year.
pub fn calendar_period(calendar: &Calendar, index: u32) -> Option<PeriodBounds> {
    Some(PeriodBounds { from: begin(calendar, index)?, to: begin(calendar, index + 1)? })
}

fn begin(calendar: &Calendar, index: u32) -> Option<SimTime> {
    let count = calendar.count.max(1).checked_mul(index)?;
    let start: NaiveDateTime = calendar.start;
    let months = |per: u32| start.checked_add_months(Months::new(count.checked_mul(per)?));
    let local = match calendar.unit {
        CalendarUnit::Day => start.checked_add_days(Days::new(count.into())),
        CalendarUnit::Week => start.checked_add_days(Days::new(u64::from(count) * 7)),
        CalendarUnit::Month => months(1),
        CalendarUnit::Quarter => months(3),
        CalendarUnit::Year => months(12),
    }?;
    Some(calendar.zone.instant(local))
}

/// The mean length of a period, from which its number is guessed.
fn mean(calendar: &Calendar) -> SimDuration {
    let hours = match calendar.unit {
        CalendarUnit::Day => 24,
        CalendarUnit::Week => 168,
        CalendarUnit::Month => 730,
        CalendarUnit::Quarter => 2191,
        CalendarUnit::Year => 8766,
    };
    SimDuration::from_hours(hours * i64::from(calendar.count.max(1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Zone;

    fn calendar(unit: CalendarUnit, count: u32, start: &str, zone: &str) -> Calendar {
        Calendar { unit, count, start: start.parse().unwrap(), zone: zone.parse().unwrap() }
    }

    fn shown(calendar: Calendar, at: &str) -> (String, String) {
        let bounds = period_at(Period::Calendar(calendar), at.parse().unwrap()).unwrap();
        (bounds.from.rfc3339(calendar.zone), bounds.to.rfc3339(calendar.zone))
    }

    fn check(calendar: Calendar, at: &str, expect: (&str, &str)) {
        let (from, to) = shown(calendar, at);
        assert_eq!((from.as_str(), to.as_str()), expect, "{calendar:?} at {at}");
    }

    #[test]
    fn months_clamp_their_day_and_recover_it() {
        let monthly = calendar(CalendarUnit::Month, 1, "2024-01-31T00:00:00", "UTC");
        check(
            monthly,
            "2024-02-29T12:00:00Z",
            ("2024-02-29T00:00:00+00:00", "2024-03-31T00:00:00+00:00"),
        );
        check(
            monthly,
            "2024-02-29T00:00:00Z",
            ("2024-01-31T00:00:00+00:00", "2024-02-29T00:00:00+00:00"),
        );
        let yearly = calendar(CalendarUnit::Year, 1, "2024-02-29T00:00:00", "Asia/Tokyo");
        check(
            yearly,
            "2026-06-01T00:00:00Z",
            ("2026-02-28T00:00:00+09:00", "2027-02-28T00:00:00+09:00"),
        );
    }

    #[test]
    fn days_follow_the_clock() {
        let daily = calendar(CalendarUnit::Day, 1, "2026-01-01T00:00:00", "Europe/Berlin");
        check(
            daily,
            "2026-03-29T12:00:00Z",
            ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        );
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let hours = |at: &str| {
            let bounds = period_at(Period::Calendar(daily), at.parse().unwrap()).unwrap();
            assert_eq!(bounds.from.clock(berlin), "00:00:00");
            (bounds.to - bounds.from).ms() / 3_600_000
        };
        assert_eq!((hours("2026-03-29T12:00:00Z"), hours("2026-10-25T12:00:00Z")), (23, 25));
        // A midnight that does not exist: the day begins when the clock goes on.
        let sao = calendar(CalendarUnit::Day, 1, "2018-01-01T00:00:00", "America/Sao_Paulo");
        check(
            sao,
            "2018-11-04T12:00:00Z",
            ("2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"),
        );
    }

    #[test]
    fn quarters_may_be_fiscal_and_nothing_is_before_the_first() {
        let fiscal = calendar(CalendarUnit::Quarter, 1, "2025-04-01T00:00:00", "Asia/Tokyo");
        check(
            fiscal,
            "2026-11-21T00:00:00Z",
            ("2026-10-01T00:00:00+09:00", "2027-01-01T00:00:00+09:00"),
        );
        let at = "2025-03-31T15:00:00Z".parse().unwrap();
        assert_eq!(period_at(Period::Calendar(fiscal), at), None);
    }

    proptest! {
        #[test]
        fn periods_tile_time(
            unit in prop::sample::select(vec![
                CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month,
                CalendarUnit::Quarter, CalendarUnit::Year,
            ]),
            count in 1..4u32,
            zone in prop::sample::select(vec![
                "UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
            ]),
            minute in 1..20_000_000i64,
        ) {
            let calendar = calendar(unit, count, "2020-01-31T00:30:00", zone);
            let first = calendar.zone.instant(calendar.start);
            let at = first + SimDuration::from_minutes(minute);
            let own = period_at(Period::Calendar(calendar), at).unwrap();
            prop_assert!(own.from < at && at <= own.to);
            let next = period_at(Period::Calendar(calendar), own.to + SimDuration::from_ms(1));
            prop_assert_eq!(next.unwrap().from, own.to);
            prop_assert_eq!(period_at(Period::Calendar(calendar), own.to), Some(own));
        }
    }
}
