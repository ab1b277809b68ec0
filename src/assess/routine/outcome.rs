//! The answer to one check.

use serde::Serialize;

use crate::model::{Name, Text};
use crate::units::{SimDuration, SimTime, Zone};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Within its limits.
    Ok,
    /// Not judged: no data, never run, too old.
    Unknown,
    /// Beyond its target; the routine holds.
    Warning,
    /// Beyond its limit; the routine fails.
    Critical,
}

impl CheckState {
    /// Its word in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// The answer to one check, with what it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it came out.
    pub state: CheckState,
    /// The figure for people; `None` where the state says it all.
    pub figure: Option<Text>,
    /// The figure for programs.
    pub value: Option<f64>,
    /// The limit it was held against.
    pub limit: Option<Text>,
    /// What was read.
    pub input: Option<Text>,
    /// The instant of what was read.
    pub input_at: Option<SimTime>,
    /// How old that was.
    pub age: Option<SimDuration>,
    /// What speaks for the state.
    pub evidence: Vec<Text>,
    /// Lines of logs and outputs, word for word.
    pub lines: Vec<String>,
}

/// A text in both languages.
pub(super) fn say(en: impl Into<String>, ja: impl Into<String>) -> Text {
    Text { en: Name::from(en.into()), ja: Name::from(ja.into()) }
}

/// The same words in both languages.
pub(super) fn same(text: impl Into<String>) -> Text {
    let name = Name::from(text.into());
    Text { en: name.clone(), ja: name }
}

impl Outcome {
    pub(super) fn new(state: CheckState) -> Self {
        Self {
            state,
            figure: None,
            value: None,
            limit: None,
            input: None,
            input_at: None,
            age: None,
            evidence: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Not known, and why.
    pub fn unknown(why: Text) -> Self {
        Self::new(CheckState::Unknown).because(why)
    }

    pub(super) fn because(mut self, why: Text) -> Self {
        self.evidence.push(why);
        self
    }

    pub(super) fn figure(mut self, figure: Text) -> Self {
        self.figure = Some(figure);
        self
    }

    pub(super) fn value(mut self, value: f64) -> Self {
        self.value = Some(value);
        self
    }

    pub(super) fn limit(mut self, limit: Text) -> Self {
        self.limit = Some(limit);
        self
    }

    pub(super) fn input(mut self, input: Text) -> Self {
        self.input = Some(input);
        self
    }

    /// The instant of the input, and its age at `now`.
    pub(super) fn at(mut self, at: SimTime, now: SimTime) -> Self {
        self.input_at = Some(at);
        self.age = Some(now - at);
        self
    }
}

/// The worse of two states, where not knowing is better than a warning and worse than OK.
pub(super) fn worse(a: CheckState, b: CheckState) -> CheckState {
    a.max(b)
}

/// `2026-02-14 15:00` on the wall clock of `zone`.
pub(super) fn minute(at: SimTime, zone: Zone) -> String {
    at.to_the_minute(zone)
}

/// `1.2 GB`: decimal units, at most one decimal.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((word, unit)) => format!("{:.1} {word}", bytes as f64 / *unit as f64),
        None => format!("{bytes} B"),
    }
}

/// `94.7%`: one decimal, cut and not rounded, so that 100% means all.
pub(super) fn tenths(part: u64, of: u64) -> String {
    let thousandths = u128::from(part) * 1000 / u128::from(of.max(1));
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// `95`, of a share: whole percent, cut.
pub(super) fn percent(share: f64) -> String {
    // A share that is a whole percent already must not be cut below it.
    let scaled = share * 100.0;
    let cut = if (scaled - scaled.round()).abs() < 1e-6 { scaled.round() } else { scaled.floor() };
    format!("{cut:.0}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_cut_and_sizes_are_short() {
        assert_eq!(tenths(18, 19), "94.7%");
        assert_eq!(tenths(19, 19), "100.0%");
        assert_eq!(tenths(9999, 10_000), "99.9%");
        assert_eq!((percent(0.95), percent(0.949)), ("95%".into(), "94%".into()));
        assert_eq!((size(999), size(1_234_567)), ("999 B".into(), "1.2 MB".into()));
    }

    #[test]
    fn the_worst_state_wins() {
        use CheckState::{Critical, Ok, Unknown, Warning};
        assert_eq!(worse(Ok, Unknown), Unknown);
        assert_eq!(worse(Unknown, Warning), Warning);
        assert_eq!(worse(Critical, Unknown), Critical);
    }
}
