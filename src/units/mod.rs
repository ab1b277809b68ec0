//! Quantities with their unit in the type: instants, durations, exact ratios, seeds.
//!
//! **Invariant**: everything here is integer or exact rational; parsing what `Display`
//! (of a burn rate that is no decimal, [`BurnRate::exact`]) prints gives the same value again.

mod ratio;
mod seed;
mod time;

pub use ratio::{BurnRate, Objective, RatioError};
pub use seed::Seed;
pub use time::{SimDuration, SimTime, TimeError, Zone};
