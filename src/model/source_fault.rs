//! What is wrong with the samples an indicator is computed from, as far as only data can tell.

use super::name::Name;
use crate::units::SimTime;

/// A finding on the samples of one indicator.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceFault {
    /// A latency threshold on which no bucket of the histogram ends, so that its good events
    /// cannot be counted.
    BetweenBounds {
        /// The metric with the buckets.
        metric: Name,
        /// The threshold as the spec writes it.
        threshold: Name,
        /// The next bound below.
        below: Option<Name>,
        /// The next bound above.
        above: Option<Name>,
        /// The very bound, where the samples only spell it otherwise (`1.0` for `1`).
        spelled: Option<Name>,
    },
    /// Values of a raw ratio below 0 or above 1.
    OutsideRatio {
        /// How many.
        outside: u64,
        /// Of how many.
        values: u64,
        /// The least value.
        least: f64,
        /// The greatest value.
        most: f64,
    },
    /// Counters of bad events that grew more than those of all events.
    BadAboveTotal {
        /// In so many slices.
        slices: u64,
        /// The start of the first.
        first: SimTime,
        /// What the bad ones grew there, in whole events.
        bad: i64,
        /// What all grew there.
        total: i64,
    },
    /// Samples that are no readings: not a number, infinite, or a negative counter. They are
    /// left out.
    NoReadings {
        /// How many.
        samples: u64,
        /// Of how many.
        of: u64,
    },
}

impl SourceFault {
    /// Whether no slices can be made of the indicator.
    pub const fn blocks(&self) -> bool {
        matches!(self, Self::BetweenBounds { .. } | Self::OutsideRatio { .. })
    }
}
