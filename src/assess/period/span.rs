//! Weeks, months and quarters on the wall clock of a zone.

use chrono::{Datelike, Days, IsoWeek, Months, NaiveDate, NaiveTime, Weekday};

use crate::units::{SimTime, Zone};

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodKind {
    /// From Monday to Sunday, ISO 8601.
    Weekly,
    /// A calendar month.
    Monthly,
    /// Three calendar months from January, April, July or October.
    Quarterly,
}

/// One period: from its first to before its last instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodSpan {
    /// What it is.
    pub kind: PeriodKind,
    /// `2026-W46`, `2026-10` or `2026-Q4`.
    pub label: String,
    /// Its begin, midnight.
    pub from: SimTime,
    /// Its end, midnight.
    pub to: SimTime,
    /// The first day.
    pub first_day: NaiveDate,
    /// Whose wall clock.
    pub zone: Zone,
}

impl PeriodKind {
    /// `weekly`, `monthly` or `quarterly`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
        }
    }

    /// The period that `label` names; `None` when it is no such label.
    pub fn named(self, label: &str, zone: Zone) -> Option<PeriodSpan> {
        let (year, rest) = label.split_once('-')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = |text: &str, digits: usize| {
            (is_number(text) && text.len() == digits).then(|| text.parse::<u32>().ok()).flatten()
        };
        let year = i32::try_from(number(year, 4)?).ok().filter(|year| *year >= 1970)?;
        let first = match self {
            Self::Weekly => {
                let week = number(rest.strip_prefix('W')?, 2)?;
                NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)
            }
            Self::Monthly => NaiveDate::from_ymd_opt(year, number(rest, 2)?, 1),
            Self::Quarterly => {
                let quarter = number(rest.strip_prefix('Q')?, 1)?;
                let month = quarter.checked_sub(1).filter(|index| *index < 4)? * 3 + 1;
                NaiveDate::from_ymd_opt(year, month, 1)
            }
        }?;
        self.starting_on(first, zone)
    }

    /// The period that the instant `at` lies in.
    pub fn around(self, at: SimTime, zone: Zone) -> Option<PeriodSpan> {
        let day = at.local(zone).date_naive();
        let first = match self {
            Self::Weekly => {
                let back = day.weekday().num_days_from_monday();
                day.checked_sub_days(Days::new(back.into()))
            }
            Self::Monthly => day.with_day(1),
            Self::Quarterly => {
                day.with_day(1).and_then(|day| day.with_month(day.month0() / 3 * 3 + 1))
            }
        }?;
        self.starting_on(first, zone)
    }

    /// The last period that was over when the data ended, or the one in which they end where they
    /// begin after it. `data` are their begin and end.
    pub fn last_with_data(self, data: (SimTime, SimTime), zone: Zone) -> Option<PeriodSpan> {
        let running = self.around(data.1, zone)?;
        let whole = running.before()?;
        Some(if data.0 < whole.to { whole } else { running })
    }

    fn starting_on(self, first: NaiveDate, zone: Zone) -> Option<PeriodSpan> {
        let next = match self {
            Self::Weekly => first.checked_add_days(Days::new(7)),
            Self::Monthly => first.checked_add_months(Months::new(1)),
            Self::Quarterly => first.checked_add_months(Months::new(3)),
        }?;
        let midnight = |day: NaiveDate| zone.instant(day.and_time(NaiveTime::MIN));
        let week: IsoWeek = first.iso_week();
        let label = match self {
            Self::Weekly => format!("{}-W{:02}", week.year(), week.week()),
            Self::Monthly => first.format("%Y-%m").to_string(),
            Self::Quarterly => format!("{}-Q{}", first.year(), first.month0() / 3 + 1),
        };
        let (from, to) = (midnight(first), midnight(next));
        Some(PeriodSpan { kind: self, label, from, to, first_day: first, zone })
    }
}

impl PeriodSpan {
    /// The one before it.
    pub fn before(&self) -> Option<Self> {
        let earlier = match self.kind {
            PeriodKind::Weekly => self.first_day.checked_sub_days(Days::new(7)),
            PeriodKind::Monthly => self.first_day.checked_sub_months(Months::new(1)),
            PeriodKind::Quarterly => self.first_day.checked_sub_months(Months::new(3)),
        }?;
        self.kind.starting_on(earlier, self.zone)
    }

    /// The one after it.
    pub fn after(&self) -> Option<Self> {
        self.kind.around(self.to, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [PeriodKind; 3] = [PeriodKind::Weekly, PeriodKind::Monthly, PeriodKind::Quarterly];

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn check(kind: PeriodKind, label: &str, zone_name: &str, from: &str, hours: i64) {
        let span = kind.named(label, zone(zone_name)).unwrap();
        assert_eq!(span.from.rfc3339(span.zone), from, "{label}");
        assert_eq!((span.to - span.from).ms(), hours * 3_600_000, "{label}");
        assert_eq!(span.label, label);
    }

    #[test]
    fn periods_follow_the_wall_clock() {
        use PeriodKind::{Monthly, Quarterly, Weekly};
        check(Weekly, "2026-W46", "UTC", "2026-11-09T00:00:00+00:00", 168);
        check(Weekly, "2026-W13", "Europe/Berlin", "2026-03-23T00:00:00+01:00", 167);
        check(Weekly, "2026-W43", "Europe/Berlin", "2026-10-19T00:00:00+02:00", 169);
        check(Weekly, "2026-W01", "Asia/Tokyo", "2025-12-29T00:00:00+09:00", 168);
        check(Weekly, "2020-W53", "Asia/Tokyo", "2020-12-28T00:00:00+09:00", 168);
        check(Monthly, "2024-02", "Asia/Tokyo", "2024-02-01T00:00:00+09:00", 29 * 24);
        check(Monthly, "2026-03", "America/New_York", "2026-03-01T00:00:00-05:00", 31 * 24 - 1);
        check(Quarterly, "2026-Q4", "Europe/Berlin", "2026-10-01T00:00:00+02:00", 92 * 24 + 1);
    }

    #[test]
    fn what_is_no_label_is_refused() {
        for label in
            ["", "2026", "2026-W54", "2025-W53", "2026-W5", "2026-46", "26-W46", "2026-W+5"]
        {
            assert_eq!(PeriodKind::Weekly.named(label, Zone::UTC), None, "{label}");
        }
        for label in ["2026-13", "2026-00", "2026-W01", "2026-1"] {
            assert_eq!(PeriodKind::Monthly.named(label, Zone::UTC), None, "{label}");
        }
        for label in ["2026-Q0", "2026-Q5", "2026-4"] {
            assert_eq!(PeriodKind::Quarterly.named(label, Zone::UTC), None, "{label}");
        }
    }

    #[test]
    fn a_period_is_complete_at_its_very_end() {
        let week = PeriodKind::Weekly.named("2026-W46", zone("Asia/Tokyo")).unwrap();
        let last = |at| {
            PeriodKind::Weekly.last_with_data((SimTime::from_ms(0), at), week.zone).unwrap().label
        };
        assert_eq!(last(week.to), "2026-W46");
        assert_eq!(last(SimTime::from_ms(week.to.ms() - 1)), "2026-W45");
    }

    proptest! {
        #[test]
        fn periods_tile_time(
            kind in prop::sample::select(KINDS.to_vec()),
            zone_name in prop::sample::select(vec![
                "UTC", "Asia/Tokyo", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe",
            ]),
            minute in 20_000_000..40_000_000i64,
        ) {
            let zone = zone(zone_name);
            let at = SimTime::from_minute(minute);
            let span = kind.around(at, zone).unwrap();
            prop_assert!(span.from <= at && at < span.to);
            prop_assert_eq!(kind.named(&span.label, zone), Some(span.clone()));
            let next = span.after().unwrap();
            prop_assert_eq!(next.from, span.to);
            prop_assert_eq!(next.before(), Some(span));
        }
    }
}
