//! How long the rows of streams are kept.

use serde::Serialize;

use super::name::Name;
use super::wildcard::fits;
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
    /// Names of streams or patterns of them, see [`fits`].
    pub streams: Vec<Name>,
    /// Rows of this age or more have had their time; `None` for ever.
    pub keep: Option<SimDuration>,
    /// What becomes of them.
    pub then: Expiry,
}

impl RetentionRule {
    /// Whether the rule is for the stream.
    pub fn concerns(&self, stream: &str) -> bool {
        self.streams.iter().any(|pattern| fits(pattern, stream))
    }
}
