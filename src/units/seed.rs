//! The seed of a run.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number every random stream of a run is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of trial `n` of a family; trial 0 is the run itself.
    pub const fn trial(self, n: u64) -> Self {
        Self(self.0.wrapping_add(n))
    }
}

impl Default for Seed {
    fn default() -> Self {
        Self(1)
    }
}

impl FromStr for Seed {
    type Err = ParseIntError;
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
