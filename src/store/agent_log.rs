//! The logs that agents keep by hand while the usual systems are down: progress, issues, changes.
//!
//! Progress is written by `echo "$(date): [agent] [status] description"`, issues by
//! `echo "[instant] [severity] [description] [action taken]"`, changes by `git log --oneline`.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::content::Block;
use super::instant::Clock;
use super::json::Value;
use super::lines::each_text;
use super::shape::Shape;
use super::table::{ColumnDef, Rows, column, excerpt};
use crate::model::ColumnType;

/// The columns of a progress log besides `ts`.
pub(super) fn progress_columns() -> Vec<ColumnDef> {
    ["agent", "status", "message"].map(|name| column(name, ColumnType::Text)).to_vec()
}

/// The columns of an issue log besides `ts`.
pub(super) fn issue_columns() -> Vec<ColumnDef> {
    ["level", "message", "action"].map(|name| column(name, ColumnType::Text)).to_vec()
}

/// The columns of a change log besides `ts`.
pub(super) fn change_columns() -> Vec<ColumnDef> {
    ["commit", "message"].map(|name| column(name, ColumnType::Text)).to_vec()
}

/// The commit and the subject of a line of `git log --oneline`.
pub(super) fn change(text: &str) -> Option<(&str, &str)> {
    let (commit, subject) = text.trim().split_once(' ')?;
    let hex = commit.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (hex && (7..=40).contains(&commit.len())).then_some((commit, subject.trim()))
}

/// Reads a block of a change log; its lines have no instant of their own.
pub(super) fn change_rows(block: &Block, shape: &Shape, places: &[usize], at: Option<i64>) -> Rows {
    let mut rows = Rows::of(shape);
    each_text(block, &mut rows, |rows, number, text| match (change(text), at) {
        (Some((commit, subject)), Some(at)) => {
            let value = |part: &str| Value::Text(Cow::Owned(part.to_owned()));
            let values = [value(commit), value(subject)];
            let values: Vec<_> = places.iter().copied().zip(values).collect();
            rows.push(at, number, &values);
        }
        (Some(_), None) => {
            let reason = "it has no instant; say when with `--at TS` or `--at modified`";
            rows.refuse(number, "ts", reason.to_owned(), text);
        }
        (None, _) => {
            rows.refuse(number, "", "it is no commit with its subject".to_owned(), text);
        }
    });
    rows
}

/// Whether a text is a line of a progress log with all its brackets; without them it could be of
/// any log, and the form must be named.
pub(super) fn is_progress(text: &str, clock: Clock) -> bool {
    let tail = text.split_once(": ").map_or("", |(_, tail)| tail);
    progress(text, clock).is_ok() && groups(tail) == Some(3)
}

/// Whether a text is a line of an issue log with all its brackets.
pub(super) fn is_issue(text: &str, clock: Clock) -> bool {
    issue(text, clock).is_ok() && groups(text) == Some(4)
}

/// How many texts in brackets the line is made of.
fn groups(mut text: &str) -> Option<usize> {
    let mut count = 0;
    while !text.trim().is_empty() {
        text = bracketed(text.trim_start())?.1;
        count += 1;
    }
    Some(count)
}

/// Reads a block of a progress log.
pub(super) fn progress_rows(block: &Block, shape: &Shape, places: &[usize]) -> Rows {
    rows(block, shape, places, progress)
}

/// Reads a block of an issue log.
pub(super) fn issue_rows(block: &Block, shape: &Shape, places: &[usize]) -> Rows {
    rows(block, shape, places, issue)
}

/// An instant and three texts.
type Entry<'a> = (i64, [&'a str; 3]);

fn rows(
    block: &Block,
    shape: &Shape,
    places: &[usize],
    entry: fn(&str, Clock) -> Result<Entry<'_>, String>,
) -> Rows {
    let mut rows = Rows::of(shape);
    each_text(block, &mut rows, |rows, number, text| match entry(text, shape.clock) {
        Ok((ts, parts)) => {
            let value = |part: &'_ str| match part {
                "" => Value::Null,
                part => Value::Text(Cow::Owned(part.to_owned())),
            };
            let values: Vec<_> = places.iter().copied().zip(parts.map(value)).collect();
            rows.push(ts, number, &values);
        }
        Err(reason) => rows.refuse(number, "", reason, text),
    });
    rows
}

fn progress(text: &str, clock: Clock) -> Result<Entry<'_>, String> {
    let (date, rest) = text.split_once(": ").ok_or("`: ` after the date is missing")?;
    let ts = date_of(date.trim(), clock)?;
    let (agent, rest) = field(rest).ok_or("the agent is missing")?;
    let (status, rest) = field(rest).ok_or("the status is missing")?;
    Ok((ts, [agent, status, description(rest)]))
}

fn issue(text: &str, clock: Clock) -> Result<Entry<'_>, String> {
    let (at, rest) = bracketed(text.trim_start()).ok_or("the instant in brackets is missing")?;
    let ts = date_of(at, clock)?;
    let (severity, rest) = bracketed(rest.trim_start()).ok_or("the severity is missing")?;
    let (message, rest) = bracketed(rest.trim_start()).ok_or("the description is missing")?;
    Ok((ts, [severity, message, description(rest)]))
}

/// What stands between a bracket and the one that closes it, and what follows.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?;
    let mut open = 1usize;
    let close = inner.char_indices().find(|(_, c)| {
        match c {
            '[' => open += 1,
            ']' => open -= 1,
            _ => {}
        }
        open == 0
    })?;
    Some((inner[..close.0].trim(), &inner[close.0 + 1..]))
}

/// Something in brackets, or a word.
fn field(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    bracketed(text).or_else(|| {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        (!word.is_empty() && !word.starts_with('[')).then_some((word, rest))
    })
}

/// The rest of a line, without brackets around all of it.
fn description(text: &str) -> &str {
    let text = text.trim();
    match bracketed(text) {
        Some((inner, "")) => inner,
        _ => text,
    }
}

/// What `date` prints: in the C locale, in English with AM and PM, in Japanese, or as RFC 3339.
fn date_of(text: &str, clock: Clock) -> Result<i64, String> {
    let plain = clock.instant(&Value::Text(Cow::Borrowed(text)));
    if plain.is_ok() && text.contains('-') {
        return plain;
    }
    let wrong = || format!("`{}` is no date", excerpt(text));
    let spaced: String = text.chars().map(|c| if "年月日".contains(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let time = words.iter().position(|word| word.contains(':')).ok_or_else(wrong)?;
    let mut zone = None;
    let mut afternoon = None;
    let mut numbers = Vec::new();
    let mut month = None;
    for (i, word) in words.iter().enumerate() {
        if i == time || WEEKDAYS.iter().any(|day| word.trim_end_matches(',') == *day) {
            continue;
        }
        match *word {
            "AM" | "午前" => afternoon = Some(false),
            "PM" | "午後" => afternoon = Some(true),
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                numbers.push(word.parse::<u32>().map_err(|_| wrong())?);
            }
            _ => match MONTHS.iter().position(|name| word.get(..3) == Some(name)) {
                Some(found) if i < time || month.is_none() => month = Some(found as u32 + 1),
                _ if zone.is_none() && i > time => zone = Some(*word),
                _ => return Err(wrong()),
            },
        }
    }
    let (year, month, day) = match (numbers.as_slice(), month) {
        ([day, year], Some(month)) => (*year, month, *day),
        ([year, month, day], None) => (*year, *month, *day),
        _ => return Err(wrong()),
    };
    let seconds = time_of_day(words[time], afternoon).ok_or_else(wrong)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).map_err(|_| wrong())?, month, day)
        .filter(|_| (1700..2262).contains(&year))
        .ok_or_else(wrong)?;
    zoned(date, seconds, zone, clock)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 21] = [
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "月曜", "火曜", "水曜", "木曜", "金曜",
    "土曜", "(月)", "(火)", "(水)", "(木)", "(金)", "(土)", "(日)", "曜",
];

/// Seconds of the day.
fn time_of_day(text: &str, afternoon: Option<bool>) -> Option<u32> {
    let parts: Option<Vec<u32>> = text.split(':').map(|part| part.parse().ok()).collect();
    let parts = parts?;
    let [hour, minute, second] = parts.as_slice() else { return None };
    let hour = match afternoon {
        None if *hour < 24 => *hour,
        Some(after) if (1..=12).contains(hour) => hour % 12 + if after { 12 } else { 0 },
        Some(false) if *hour == 0 => 0,
        _ => return None,
    };
    (*minute < 60 && *second <= 60).then(|| (hour * 60 + minute) * 60 + second.min(&59))
}

/// The instant of a local time. Abbreviations of zones are ambiguous: besides UTC, GMT and JST
/// only the one that the stream's own zone has at that time is understood.
fn zoned(date: NaiveDate, seconds: u32, zone: Option<&str>, clock: Clock) -> Result<i64, String> {
    let text = |zone: &str| {
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let text = format!("{date}T{hour:02}:{minute:02}:{second:02}{zone}");
        clock.instant(&Value::Text(Cow::Owned(text)))
    };
    match zone {
        None => text(""),
        Some("UTC" | "GMT" | "Z") => text("Z"),
        Some("JST") => text("+09:00"),
        Some(offset) if offset.starts_with(['+', '-']) => text(offset),
        Some(word) => {
            let us = text("")?;
            let at = chrono::DateTime::from_timestamp_micros(us)
                .map(|at| at.with_timezone(&clock.zone.tz()).format("%Z").to_string());
            if at.as_deref() == Some(word) {
                return Ok(us);
            }
            Err(format!("the zone `{}` is ambiguous: name the stream's zone", excerpt(word)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str) -> Clock {
        Clock { unit: None, zone: zone.parse().unwrap() }
    }

    #[test]
    fn dates_of_every_locale_are_one_instant() {
        let want = 1_755_824_400_000_000;
        for date in [
            "Fri Aug 22 10:00:00 JST 2025",
            "Fri Aug 22 10:00:00 AM JST 2025",
            "Fri 22 Aug 2025 10:00:00 AM JST",
            "2025年  8月 22日 金曜日 10:00:00 JST",
            "2025-08-22T10:00:00+09:00",
            "Fri Aug 22 01:00:00 UTC 2025",
            "Fri Aug 22 10:00:00 +0900 2025",
        ] {
            assert_eq!(date_of(date, clock("UTC")), Ok(want), "{date}");
        }
        let summer = date_of("Thu Aug 21 21:00:00 EDT 2025", clock("America/New_York"));
        assert_eq!(summer, Ok(want));
        for bad in [
            "Thu Aug 21 21:00:00 EDT 2025",
            "Fri Aug 32 10:00:00 JST 2025",
            "Fri Aug 22 25:00:00 JST 2025",
            "Fri Aug 22 JST 2025",
            "",
            "12:00:00",
        ] {
            assert!(date_of(bad, clock("UTC")).is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_are_taken_apart() {
        let utc = clock("UTC");
        let line = "Fri Aug 22 10:00:00 JST 2025: [movie agent] [blocked] [waits for [user-db]]";
        assert_eq!(
            progress(line, utc).unwrap().1,
            ["movie agent", "blocked", "waits for [user-db]"]
        );
        let line = "Fri Aug 22 10:00:00 JST 2025: pm done all: well";
        assert_eq!(progress(line, utc).unwrap().1, ["pm", "done", "all: well"]);
        let line = "[2025-08-22 10:00:00] [high] [user-service 停止] [再起動した]";
        assert_eq!(issue(line, utc).unwrap().1, ["high", "user-service 停止", "再起動した"]);
        assert!(issue("[x] [high] [y] [z]", utc).is_err());
        assert!(progress("2025-08-22T10:00:00Z: [a", utc).is_err());
    }
}
