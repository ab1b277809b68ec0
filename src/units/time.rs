//! Instants and durations in whole milliseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not an instant, a duration or a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The text is not an RFC 3339 instant; the caller may ask again.
    #[error("`{0}` is not an instant such as `2026-10-05T10:00:00+09:00`")]
    Instant(String),
    /// The text is not a duration; a number without a unit is refused.
    #[error("`{0}` is not a duration such as `90s`, `5m`, `1h30m` or `7d`")]
    Duration(String),
    /// The duration does not fit 64 bits of milliseconds.
    #[error("`{0}` is too long: at most 100000d")]
    TooLong(String),
    /// The zone is not in the IANA database.
    #[error("`{0}` is not an IANA time zone such as `Asia/Tokyo`")]
    Zone(String),
}

/// An IANA time zone from the embedded database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(chrono_tz::UTC);

    /// The zone as chrono knows it.
    pub fn tz(self) -> chrono_tz::Tz {
        self.0
    }

    /// The instant at which the wall clock shows `local`: the earlier one where it shows it twice.
    /// Where it is skipped, the clock is read as if it had not been moved, as RFC 5545 has it, so
    /// that 02:30 on a night that skips 02:00 to 03:00 is the instant shown as 03:30.
    pub fn instant(self, local: NaiveDateTime) -> SimTime {
        let mut before = local;
        // No gap is longer than two days (a zone that changed sides of the date line).
        for _ in 0..=48 {
            if let Some(known) = self.0.from_local_datetime(&before).earliest() {
                return SimTime(known.timestamp_millis())
                    + SimDuration((local - before).num_milliseconds());
            }
            before = before.checked_sub_signed(TimeDelta::hours(1)).unwrap_or(before);
        }
        SimTime(local.and_utc().timestamp_millis())
    }
}

impl FromStr for Zone {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.parse().map(Self).map_err(|_| TimeError::Zone(text.to_owned()))
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.to_string()
    }
}

impl TryFrom<String> for Zone {
    type Error = TimeError;
    fn try_from(name: String) -> Result<Self, TimeError> {
        name.parse()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct SimTime(i64);

impl SimTime {
    /// The instant `ms` milliseconds after the Unix epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Whole minutes since the Unix epoch, rounded down.
    pub const fn minute(self) -> i64 {
        self.0.div_euclid(60_000)
    }

    /// The start of minute `minute` since the Unix epoch.
    pub const fn from_minute(minute: i64) -> Self {
        Self(minute * 60_000)
    }

    /// RFC 3339 with the offset that `zone` has at this instant; milliseconds only when not zero.
    /// Instants from before a zone had whole-minute offsets are written in UTC, because RFC 3339
    /// has no seconds in an offset.
    pub fn rfc3339(self, zone: Zone) -> String {
        let mut local = self.local(zone);
        if local.offset().fix().local_minus_utc() % 60 != 0 {
            local = self.local(Zone::UTC);
        }
        let pattern = if self.0.rem_euclid(1000) == 0 {
            "%Y-%m-%dT%H:%M:%S%:z"
        } else {
            "%Y-%m-%dT%H:%M:%S%.3f%:z"
        };
        local.format(pattern).to_string()
    }

    /// `HH:MM:SS` on the wall clock of `zone`.
    pub fn clock(self, zone: Zone) -> String {
        self.local(zone).format("%H:%M:%S").to_string()
    }

    /// `2026-02-14 15:00`: the date and the minute on the wall clock of `zone`.
    pub fn to_the_minute(self, zone: Zone) -> String {
        self.local(zone).format("%Y-%m-%d %H:%M").to_string()
    }

    /// The date and time on the wall clock of `zone`. Instants outside chrono's range (about
    /// 262,000 years) show as the epoch; no parser here lets one in.
    pub fn local(self, zone: Zone) -> DateTime<chrono_tz::Tz> {
        let utc = Utc.timestamp_millis_opt(self.0).single().unwrap_or(DateTime::UNIX_EPOCH);
        utc.with_timezone(&zone.0)
    }
}

impl FromStr for SimTime {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self(at.timestamp_millis()))
            .map_err(|_| TimeError::Instant(text.to_owned()))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339(Zone::UTC))
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, other: SimDuration) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub<SimDuration> for SimTime {
    type Output = Self;
    fn sub(self, other: SimDuration) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    fn sub(self, other: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(other.0))
    }
}

/// A signed span of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimDuration(i64);

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `ms` milliseconds.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// `secs` seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1000)
    }

    /// `minutes` minutes.
    pub const fn from_minutes(minutes: i64) -> Self {
        Self(minutes * 60_000)
    }

    /// `hours` hours.
    pub const fn from_hours(hours: i64) -> Self {
        Self(hours * 3_600_000)
    }

    /// Length in milliseconds.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Length in minutes, with fraction.
    pub fn minutes(self) -> f64 {
        self.0 as f64 / 60_000.0
    }

    /// The span scaled by `factor`, rounded to a millisecond; not a number gives zero.
    pub fn scale(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).round() as i64)
    }

    /// For people: the two largest units, seconds as the smallest (`1h 30m`, `4m 12s`, `-45s`).
    pub fn human(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let total = (self.0.unsigned_abs() + 500) / 1000;
        let (days, hours) = (total / 86_400, total / 3600 % 24);
        let (minutes, seconds) = (total / 60 % 60, total % 60);
        let parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")];
        let first = parts.iter().position(|(n, _)| *n > 0).unwrap_or(3);
        let shown: Vec<String> = parts[first..]
            .iter()
            .take(2)
            .enumerate()
            .filter(|(i, (n, _))| *i == 0 || *n > 0)
            .map(|(_, (n, unit))| format!("{n}{unit}"))
            .collect();
        format!("{sign}{}", shown.join(" "))
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for SimDuration {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Mul<i64> for SimDuration {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

const UNITS: [(&str, i64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl fmt::Display for SimDuration {
    /// Exact: `1h30m`, `250ms`, `0s`; parsing it gives the same value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        for (unit, ms) in UNITS {
            let n = rest / ms.unsigned_abs();
            rest %= ms.unsigned_abs();
            if n > 0 {
                write!(f, "{n}{unit}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for SimDuration {
    type Err = TimeError;
    /// `1h30m`, `90s`, `7d`, `250ms`, with an optional leading `-`; units largest first,
    /// each at most once, whole numbers only.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::Duration(text.to_owned());
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if rest.is_empty() {
            return Err(bad());
        }
        let (mut total, mut next_unit) = (0i64, 0usize);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let n: i64 = rest[..digits].parse().map_err(|_| bad())?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
            let unit = UNITS[next_unit..].iter().position(|(u, _)| *u == &rest[..letters]);
            let i = next_unit + unit.ok_or_else(bad)?;
            next_unit = i + 1;
            rest = &rest[letters..];
            let part = n.checked_mul(UNITS[i].1);
            total = part
                .and_then(|part| total.checked_add(part))
                .filter(|total| *total <= 100_000 * 86_400_000)
                .ok_or_else(|| TimeError::TooLong(text.to_owned()))?;
        }
        Ok(Self(if negative { -total } else { total }))
    }
}

impl Serialize for SimDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for SimDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_say_what_they_want() {
        let parse = |text: &str| text.parse::<SimDuration>().map(SimDuration::ms);
        assert_eq!(parse("1h30m"), Ok(5_400_000));
        assert_eq!(parse("-250ms"), Ok(-250));
        for bad in ["", "5", "m5", "5 m", "5m1h", "1.5h", "5M", "-", "1h1h", "５m"] {
            assert!(matches!(parse(bad), Err(TimeError::Duration(_))), "{bad}");
        }
        assert!(matches!(parse("999999999d"), Err(TimeError::TooLong(_))));
    }

    #[test]
    fn people_see_two_units() {
        let human = |ms| SimDuration::from_ms(ms).human();
        assert_eq!(human(0), "0s");
        assert_eq!(human(5_400_000), "1h 30m");
        assert_eq!(human(-45_400), "-45s");
        assert_eq!(human(86_400_000 * 2 + 60_000), "2d");
    }

    #[test]
    fn wall_clocks_skip_and_repeat() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let instant = |text: &str| berlin.instant(text.parse().unwrap()).rfc3339(berlin);
        assert_eq!(instant("2026-03-29T01:59:00"), "2026-03-29T01:59:00+01:00");
        assert_eq!(instant("2026-03-29T02:30:00"), "2026-03-29T03:30:00+02:00");
        assert_eq!(instant("2026-10-25T02:30:00"), "2026-10-25T02:30:00+02:00");
        let apia: Zone = "Pacific/Apia".parse().unwrap();
        let skipped = apia.instant("2011-12-30T12:00:00".parse().unwrap());
        assert_eq!(skipped.rfc3339(apia), "2011-12-31T12:00:00+14:00");
    }

    #[test]
    fn instants_keep_the_offset_of_their_zone() {
        let at: SimTime = "2026-10-05T01:00:00Z".parse().unwrap();
        assert_eq!(at.rfc3339("Asia/Tokyo".parse().unwrap()), "2026-10-05T10:00:00+09:00");
    }

    proptest! {
        #[test]
        fn durations_round_trip(ms in -8_000_000_000_000i64..8_000_000_000_000) {
            let span = SimDuration::from_ms(ms);
            prop_assert_eq!(span.to_string().parse::<SimDuration>().unwrap(), span);
        }

        #[test]
        fn instants_round_trip(ms in -60_000_000_000_000i64..200_000_000_000_000) {
            let at = SimTime::from_ms(ms);
            let zone: Zone = "America/New_York".parse().unwrap();
            prop_assert_eq!(at.rfc3339(zone).parse::<SimTime>().unwrap(), at);
        }
    }
}
