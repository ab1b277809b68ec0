//! How long the rows of streams are kept.

use serde::Serialize;

use super::name::Name;
use crate::units::SimDuration;

/// What becomes of rows whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// They move into compressed Parquet files and stay queryable.
    Archive,
    /// They are removed.
    Delete,
}

impl Expiry {
    /// Its word in files and outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Delete => "delete",
        }
    }
}

/// How long the rows of some streams are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRule {
    /// Names of streams, in which `*` stands for any characters.
    pub streams: Vec<Name>,
    /// Rows of this age or more have had their time; `None` for ever.
    pub keep: Option<SimDuration>,
    /// What becomes of them.
    pub then: Expiry,
}

impl RetentionRule {
    /// Whether the rule is for the stream.
    pub fn concerns(&self, stream: &str) -> bool {
        self.streams.iter().any(|pattern| matches(pattern, stream))
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|left| {
            left.char_indices()
                .map(|(at, _)| at)
                .chain([left.len()])
                .any(|at| matches(rest, &left[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("*", ""));
        assert!(matches("audit*", "audit"));
        assert!(matches("*-log", "hook-log"));
        assert!(matches("a*c*e", "abcde"));
        assert!(!matches("a*c", "abcd"));
        assert!(!matches("audit", "audits"));
    }
}
