//! Lines of a made-up log in the order of their time.

use crate::units::SimTime;

/// Lines with their instants, written out sorted.
#[derive(Default)]
pub(super) struct Lines {
    rows: Vec<(SimTime, String)>,
}

impl Lines {
    /// Adds a line that carries the instant `at`.
    pub(super) fn push(&mut self, at: SimTime, line: String) {
        self.rows.push((at, line));
    }

    /// All lines, ascending by time; equal times in the order they were added.
    pub(super) fn into_bytes(mut self, header: &str) -> Vec<u8> {
        self.rows.sort_by_key(|(at, _)| *at);
        let mut text = header.to_owned();
        for (_, line) in &self.rows {
            text.push_str(line);
            text.push('\n');
        }
        text.into_bytes()
    }
}

/// `at` as RFC 3339 in UTC with milliseconds.
pub(super) fn utc(at: SimTime) -> String {
    chrono::DateTime::from_timestamp_millis(at.ms())
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
