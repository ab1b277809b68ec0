//! Instants as telemetry writes them, in microseconds since 1970.

use chrono::{NaiveDate, TimeZone as _};

use super::json::Value;
use crate::model::EpochUnit;
use crate::units::Zone;

/// How the instants of a stream are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// Unit of numbers; told from their size where it is not given.
    pub(super) unit: Option<EpochUnit>,
    /// Zone of instants without an offset.
    pub(super) zone: Zone,
}

impl Clock {
    /// The instant that `value` is.
    pub(super) fn instant(self, value: &Value<'_>) -> Result<i64, String> {
        match value {
            Value::Int(n) => self.epoch(*n),
            Value::Float(n) => self.epoch_fraction(*n),
            Value::Text(text) => self.text(text.trim()),
            Value::Null => Err("is missing".to_owned()),
            _ => Err("is no instant".to_owned()),
        }
    }

    fn unit_of(self, size: f64) -> EpochUnit {
        self.unit.unwrap_or_else(|| Self::unit_by_size(size))
    }

    /// The unit of a number, told from its size.
    pub(super) fn unit_by_size(size: f64) -> EpochUnit {
        match size.abs() {
            s if s < 1e11 => EpochUnit::Seconds,
            s if s < 1e14 => EpochUnit::Milliseconds,
            s if s < 1e17 => EpochUnit::Microseconds,
            _ => EpochUnit::Nanoseconds,
        }
    }

    fn epoch(self, n: i64) -> Result<i64, String> {
        let us = match self.unit_of(n as f64) {
            EpochUnit::Seconds => n.checked_mul(1_000_000),
            EpochUnit::Milliseconds => n.checked_mul(1000),
            EpochUnit::Microseconds => Some(n),
            EpochUnit::Nanoseconds => Some(n.div_euclid(1000)),
        };
        us.filter(|us| in_range(*us)).ok_or_else(|| format!("`{n}` is out of range"))
    }

    fn epoch_fraction(self, n: f64) -> Result<i64, String> {
        let scale = match self.unit_of(n) {
            EpochUnit::Seconds => 1e6,
            EpochUnit::Milliseconds => 1e3,
            EpochUnit::Microseconds => 1.0,
            EpochUnit::Nanoseconds => 1e-3,
        };
        let us = (n * scale).round() as i64;
        if in_range(us) { Ok(us) } else { Err(format!("`{n}` is out of range")) }
    }

    /// RFC 3339, the same without an offset in the stream's zone, or epoch numbers as text.
    fn text(self, text: &str) -> Result<i64, String> {
        if let Some((local, rest)) = date_time(text.as_bytes()) {
            return match offset(rest) {
                Some(Some(seconds)) => Ok(local - i64::from(seconds) * 1_000_000),
                Some(None) => self.local(local, text),
                None => Err(format!("`{text}` is no instant")),
            };
        }
        if let Ok(n) = text.parse::<i64>() {
            return self.epoch(n);
        }
        match text.parse::<f64>() {
            Ok(n) if n.is_finite() => self.epoch_fraction(n),
            _ => Err(format!("`{text}` is no instant")),
        }
    }

    /// Of an hour that comes twice, the first; an hour that is skipped does not exist.
    fn local(self, local: i64, text: &str) -> Result<i64, String> {
        if self.zone == Zone::UTC {
            return Ok(local);
        }
        let naive = chrono::DateTime::from_timestamp_micros(local).map(|at| at.naive_utc());
        let zoned = naive.and_then(|naive| self.zone.tz().from_local_datetime(&naive).earliest());
        zoned
            .map(|at| at.timestamp_micros())
            .ok_or_else(|| format!("`{text}` does not exist in {}", self.zone))
    }
}

/// Years 1700 to 2261 or so; anything else is a wrong unit.
fn in_range(us: i64) -> bool {
    us.abs() < 9_000_000_000_000_000
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes
        .iter()
        .try_fold(0i64, |n, byte| byte.is_ascii_digit().then(|| n * 10 + i64::from(byte - b'0')))
}

/// `YYYY-MM-DD[T ]HH:MM[:SS[.fff]]` as local microseconds, and what follows.
fn date_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let part = |from: usize, to: usize| digits(text.get(from..to)?);
    let sep = |at: usize, of: &[u8]| text.get(at).is_some_and(|byte| of.contains(byte));
    if !(sep(4, b"-") && sep(7, b"-") && sep(10, b"T t") && sep(13, b":")) {
        return None;
    }
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute) = (part(11, 13)?, part(14, 16)?);
    let mut at = 16;
    let mut second = 0;
    let mut fraction = 0;
    if sep(16, b":") {
        second = part(17, 19)?;
        at = 19;
        if sep(19, b".,") {
            let end = text[20..].iter().take_while(|byte| byte.is_ascii_digit()).count() + 20;
            let kept = (end - 20).min(6);
            fraction = digits(&text[20..20 + kept])? * 10i64.pow(6 - kept as u32);
            if end == 20 {
                return None;
            }
            at = end;
        }
    }
    let us = civil(year, month, day, hour, minute, second)?;
    Some((us + fraction, &text[at..]))
}

fn civil(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    // A leap second counts as the second before it.
    let second = second.min(if second == 60 { 59 } else { 60 });
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = i64::from(date.to_epoch_days());
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000)
}

/// `Some(None)` for no offset, `None` for none that is understood.
fn offset(text: &[u8]) -> Option<Option<i32>> {
    let text = text.trim_ascii();
    match text {
        b"" => Some(None),
        b"Z" | b"z" | b"UTC" => Some(Some(0)),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let (hours, minutes) = match rest.len() {
                2 => (digits(rest)?, 0),
                4 => (digits(&rest[..2])?, digits(&rest[2..])?),
                5 if rest[2] == b':' => (digits(&rest[..2])?, digits(&rest[3..])?),
                _ => return None,
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
            Some(Some(if *sign == b'-' { -seconds } else { seconds }))
        }
        _ => None,
    }
}

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// `17/May/2015:10:05:03 +0000`, as web servers write it.
pub(super) fn web_log(text: &str) -> Option<i64> {
    let text = text.as_bytes();
    let part = |from: usize, to: usize| digits(text.get(from..to)?);
    let seps = [(2, b'/'), (6, b'/'), (11, b':'), (14, b':'), (17, b':'), (20, b' ')];
    if !seps.iter().all(|(at, sep)| text.get(*at) == Some(sep)) {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == &text[3..6])? + 1;
    let local = civil(
        part(7, 11)?,
        month as i64,
        part(0, 2)?,
        part(12, 14)?,
        part(15, 17)?,
        part(18, 20)?,
    )?;
    let seconds = offset(&text[21..])??;
    Some(local - i64::from(seconds) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(zone: &str, text: &str) -> Result<i64, String> {
        let clock = Clock { unit: None, zone: zone.parse().unwrap() };
        clock.instant(&Value::Text(text.into()))
    }

    #[test]
    fn the_usual_forms_are_one_instant() {
        let at = 1_791_162_000_000_000;
        for same in [
            "2026-10-05T01:00:00Z",
            "2026-10-05T10:00:00.000+09:00",
            "2026-10-05 10:00+0900",
            "1791162000",
            "1791162000000",
            "1791162000000000",
            "1791162000000000000",
            "1791162000.0",
            "2026-10-05 01:00:00 UTC",
        ] {
            assert_eq!(text("UTC", same), Ok(at), "{same}");
        }
        assert_eq!(text("Asia/Tokyo", "2026-10-05 10:00:00"), Ok(at));
        assert_eq!(web_log("05/Oct/2026:10:00:00 +0900"), Some(at));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for bad in [
            "",
            "x",
            "2026-13-01T00:00:00Z",
            "2026-02-30 00:00",
            "2026-10-05T25:00:00Z",
            "2026-10-05T10:00:00+9",
            "NaN",
            "99999999999999999999",
            "2026-10-05T10:00:00.Z",
        ] {
            assert!(text("UTC", bad).is_err(), "{bad}");
        }
        assert!(text("America/New_York", "2014-03-09 02:30:00").is_err());
        assert!(web_log("05/Foo/2026:10:00:00 +0900").is_none());
    }
}
