//! `metrics.jsonl` of the runbook: 35 days of sessions, hooks, skills, MCP servers and checks.
//!
//! The last day holds what the runbook's examples show: 15 failures of `PreToolUse` and 3 of
//! `PostToolUse`, so that one of 19 SLOs is missed, two alerts of severity `ticket`, and a disk
//! that reaches 95 % with the last check.

use super::lines::{Lines, utc};
use crate::sim::{Stream, StreamName, Streams};
use crate::units::{Seed, SimDuration, SimTime};

/// 2026-01-10T15:00:00Z; 35 days later, at the end, it is midnight of 2026-02-15 in Tokyo.
const START: SimTime = SimTime::from_ms(1_768_057_200_000);
const DAYS: i64 = 35;
const MINUTES: i64 = DAYS * 1440;
const LAST_DAY: i64 = MINUTES - 1440;
const HOOKS: [&str; 5] = ["PreToolUse", "PostToolUse", "SessionStart", "Stop", "Notification"];
/// `(hook, failures)` of the last day.
const LAST_FAILURES: [(usize, i64); 2] = [(0, 15), (1, 3)];
/// Skill loading is slow in these minutes, `(from, to, share over a second)`; the first that fits
/// counts. The two short spells of the last day are what its two alerts are about.
const SLOW_SKILLS: [(i64, i64, f64); 4] = [
    (MINUTES - 4 * 1440, LAST_DAY - 480, 0.1),
    (LAST_DAY + 180, LAST_DAY + 207, 1.0),
    (MINUTES - 300, MINUTES - 273, 1.0),
    (LAST_DAY, MINUTES, 0.004),
];

struct Writer {
    lines: Lines,
}

impl Writer {
    /// A record of type `kind` with more fields, `"key":value` each.
    fn record(&mut self, at: SimTime, kind: &str, fields: &str) {
        let comma = if fields.is_empty() { "" } else { "," };
        let line = format!(r#"{{"timestamp":"{}","type":"{kind}"{comma}{fields}}}"#, utc(at));
        self.lines.push(at, line);
    }
}

fn within(minute: i64, draw: &mut Stream) -> SimTime {
    let offset = i64::try_from(draw.below(60_000)).unwrap_or(0);
    START + SimDuration::from_minutes(minute) + SimDuration::from_ms(offset)
}

/// The whole stream, ascending by `timestamp`.
pub(super) fn metrics() -> Vec<u8> {
    let streams = Streams::new(Seed(1));
    let stream = |name: &str| streams.stream(StreamName::of(name));
    let mut writer = Writer { lines: Lines::default() };
    hooks(&mut writer, &mut stream("sample:hooks"));
    sessions(&mut writer, &mut stream("sample:sessions"));
    skills(&mut writer, &mut stream("sample:skills"));
    checks(&mut writer);
    writer.lines.into_bytes("")
}

/// Which hook fails in `minute` of the last day: the failures are spread evenly over it.
fn last_day_failure(minute: i64) -> Option<usize> {
    let total: i64 = LAST_FAILURES.iter().map(|(_, count)| count).sum();
    let every = 1440 / total;
    let since = minute - LAST_DAY;
    if since < 0 || since % every != every / 2 {
        return None;
    }
    // Every sixth failure is the rarer hook's.
    Some(LAST_FAILURES[usize::from((since / every) % 6 == 5)].0)
}

fn hooks(writer: &mut Writer, draw: &mut Stream) {
    for minute in 0..MINUTES {
        let at = within(minute, draw);
        let forced = last_day_failure(minute);
        let drawn = HOOKS[draw.below(HOOKS.len())];
        let hook = forced.map_or(drawn, |index| HOOKS[index]);
        let by_chance = minute < LAST_DAY && draw.chance(0.002);
        let failed = forced.is_some() || by_chance;
        let took = draw.lognormal(42.0, 0.25).min(30_000.0);
        let name = format!(r#""hook":".claude/hooks/{hook}.js""#);
        let error = if failed { r#","error":"exit code 1""# } else { "" };
        let fields = format!(r#"{name},"success":{}{error}"#, !failed);
        writer.record(at, "hook_execution", &fields);
        writer.record(at, "hook_latency", &format!(r#"{name},"duration_ms":{took:.1}"#));
        if failed {
            let fields = format!(r#""severity":"Medium","message":"hook {hook} failed",{name}"#);
            writer.record(at, "error", &fields);
        }
    }
}

/// A session begins every 20 minutes and lasts for a while.
fn sessions(writer: &mut Writer, draw: &mut Stream) {
    for minute in (0..MINUTES).step_by(20) {
        let at = within(minute, draw);
        // One server too many on one afternoon of the second week.
        let heavy = (15_000..15_120).contains(&minute);
        let tokens = if heavy { 42_500.0 } else { 31_000.0 } + 1_500.0 * draw.normal();
        let fields = format!(r#""success":true,"token_consumption_initial":{tokens:.0}"#);
        writer.record(at, "session_start", &fields);
        let end = at + SimDuration::from_minutes(5) + draw.lognormal_time(MEDIAN, 0.5);
        let crashed = minute == 21_000;
        if crashed {
            let fields = r#""severity":"Critical","message":"data integrity error""#;
            writer.record(end, "error", fields);
        }
        writer.record(end, "session_end", &format!(r#""success":{}"#, !crashed));
        writer.record(at, "mcp_start", r#""server":"filesystem","success":true"#);
    }
}

const MEDIAN: SimDuration = SimDuration::from_minutes(8);

fn skills(writer: &mut Writer, draw: &mut Stream) {
    for minute in (0..MINUTES).step_by(3) {
        let at = within(minute, draw);
        let slow = SLOW_SKILLS.iter().find(|(from, to, _)| (*from..*to).contains(&minute));
        let share = slow.map_or(0.012, |(_, _, share)| *share);
        let took = if draw.chance(share) { 1_800.0 } else { draw.lognormal(240.0, 0.3) };
        writer.record(at, "skill_load", &format!(r#""duration_ms":{:.1}"#, took.min(9_000.0)));
    }
}

/// The health check of every five minutes.
fn checks(writer: &mut Writer) {
    for minute in (4..MINUTES).step_by(5) {
        let at = START + SimDuration::from_minutes(minute);
        let mut check = |item: &str, fields: &str| {
            writer.record(at, "check", &format!(r#""item":"{item}",{fields}"#));
        };
        check("settings", r#""success":true"#);
        check("hooks", r#""found":5,"expected":5"#);
        check("skills", r#""found":192,"expected":192"#);
        check("mcp", r#""found":8,"expected":8"#);
        check("backup_settings", &format!(r#""age_minutes":{}"#, (minute + 30) % 60));
        check("backup_skills", &format!(r#""age_minutes":{}"#, (minute + 720) % 1440));
        check("backup_metrics", &format!(r#""age_minutes":{}"#, (minute + 5040) % 10_080));
        let last = minute + 5 > MINUTES - 1;
        let grown = 0.70 + 0.22 * minute as f64 / MINUTES as f64;
        check("disk", &format!(r#""used":{:.3}"#, if last { 0.95 } else { grown }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_fails_as_the_runbook_shows() {
        let failures: Vec<usize> = (0..MINUTES).filter_map(last_day_failure).collect();
        let of = |hook| failures.iter().filter(|found| **found == hook).count();
        assert_eq!((of(0), of(1), failures.len()), (15, 3, 18));
    }
}
