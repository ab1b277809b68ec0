//! Streams of the operations manual: states of the three agents and figures of their host, a
//! sample each minute over 35 days, with two outages, one slow evening and a disk that fills.

use super::lines::{Lines, utc};
use crate::sim::{StreamName, Streams};
use crate::units::{Seed, SimTime};

/// 2026-01-10T15:00:00Z; 35 days later, at the end, it is midnight of 2026-02-15 in Tokyo.
const START: SimTime = SimTime::from_ms(1_768_057_200_000);
const MINUTES: i64 = 35 * 1440;
const AGENTS: [&str; 3] = ["grand_boss", "middle_manager", "coding_writing_specialist"];
/// `(agent, first minute, minutes)` without an answer.
const OUTAGES: [(usize, i64, i64); 2] = [(2, 12_000, 45), (1, 44_000, 130)];
/// Minutes of the slow evening: responses over five seconds, a busy processor.
const SLOW: (i64, i64) = (47_300, 47_420);

fn minute(index: i64) -> SimTime {
    SimTime::from_ms(START.ms() + index * 60_000)
}

/// `agents.jsonl`: `ts`, `agent`, `up`.
pub(super) fn agents() -> Vec<u8> {
    let mut lines = Lines::default();
    for index in 0..MINUTES {
        let at = minute(index);
        for (number, agent) in AGENTS.iter().enumerate() {
            let down = |(who, from, minutes): &(usize, i64, i64)| {
                *who == number && (*from..from + minutes).contains(&index)
            };
            let up = !OUTAGES.iter().any(down);
            lines.push(at, format!(r#"{{"ts":"{}","agent":"{agent}","up":{up}}}"#, utc(at)));
        }
    }
    lines.into_bytes("")
}

/// `host.csv`: `ts`, `name`, `value`.
pub(super) fn host() -> Vec<u8> {
    let streams = Streams::new(Seed(1));
    let mut response = streams.stream(StreamName::of("sample:response"));
    let mut cpu = streams.stream(StreamName::of("sample:cpu"));
    let mut memory = streams.stream(StreamName::of("sample:memory"));
    let mut lines = Lines::default();
    for index in 0..MINUTES {
        let at = minute(index);
        let slow = (SLOW.0..SLOW.1).contains(&index);
        let seconds = response.lognormal(if slow { 7.0 } else { 1.4 }, 0.3);
        let busy = if slow { 0.86 } else { 0.38 } + 0.08 * cpu.normal().clamp(-2.0, 2.0);
        let used = 0.52 + 0.03 * memory.normal().clamp(-3.0, 3.0);
        let disk = 0.61 + 0.12 * index as f64 / MINUTES as f64;
        let figures = [
            ("response_seconds", seconds),
            ("cpu_ratio", busy),
            ("memory_ratio", used),
            ("disk_ratio", disk),
        ];
        for (name, value) in figures {
            lines.push(at, format!("{},{name},{value:.4}", utc(at)));
        }
    }
    lines.into_bytes("ts,name,value\n")
}
