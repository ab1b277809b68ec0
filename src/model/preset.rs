//! Responder presets: how long people take, with the provenance of each figure.

use serde::Serialize;

use super::name::{Name, Text};
use super::pack::ContentHash;

/// Where a figure comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Computed from a data set named in `source`, with its number of rows.
    Measured {
        /// Rows behind the figure.
        n: u32,
        /// Data set and how it was read.
        source: Name,
    },
    /// Stated in a publication.
    Cited {
        /// The publication.
        source: Name,
    },
    /// Nobody measured it; the author's judgement, and why.
    Assumed {
        /// The reason.
        reason: Name,
    },
}

/// Which duration of the response a table gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// From the fault to its detection by people, where no alert rule covers it, in minutes.
    Detection,
    /// From detection to the right cause, in minutes; inside `fix` where that is longer.
    Identification,
    /// From detection to mitigation, in minutes; where finding the cause takes longer, from then.
    Fix,
}

/// An empirical distribution as ascending `(probability, minutes)` knots, zeros included.
/// Values between knots are interpolated linearly; the first knot has probability 0, the last 1.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileTable {
    /// What is drawn.
    pub stage: Stage,
    /// Knots.
    pub knots: Vec<(f64, f64)>,
    /// Every draw is multiplied by this (1 for data as measured).
    pub scale: f64,
    /// Where the table comes from.
    pub provenance: Provenance,
}

/// One named, editable number of the responder model.
#[derive(Debug, Clone, PartialEq)]
pub struct Knob {
    /// Name, unit last (`ack_work_p`, `ack_work_median_min`).
    pub name: Name,
    /// Value in the unit of its name.
    pub value: f64,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A model of the people: stage tables joined by a Gaussian copula, and knobs.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// Name (`public-postmortem`).
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// One table per stage.
    pub tables: Vec<QuantileTable>,
    /// Correlation of the copula between detection and fix.
    pub correlation: f64,
    /// Provenance of `correlation`.
    pub correlation_provenance: Provenance,
    /// All knobs of the documented list, ascending by name.
    pub knobs: Vec<Knob>,
    /// Hash of the file's bytes.
    pub hash: ContentHash,
}

impl Preset {
    /// The knob `name`. Loading a preset checks that the documented list is complete.
    ///
    /// # Panics
    /// When a knob outside the documented list is asked for.
    pub fn knob(&self, name: &str) -> f64 {
        let found = self.knobs.iter().find(|knob| &*knob.name == name);
        found.unwrap_or_else(|| panic!("preset `{}` has no knob `{name}`", self.name)).value
    }

    /// How many inputs are assumed, of how many.
    pub fn assumed(&self) -> (usize, usize) {
        let all = self.knobs.iter().map(|knob| &knob.provenance);
        let all = all.chain(self.tables.iter().map(|table| &table.provenance));
        let all: Vec<_> = all.chain([&self.correlation_provenance]).collect();
        let assumed = all.iter().filter(|p| matches!(p, Provenance::Assumed { .. })).count();
        (assumed, all.len())
    }
}
