//! Policies: Rhai scripts of a pack, sandboxed, asked about what is known.
//!
//! A pack's scripts define `detect(signals)`, `severity(facts)`, `escalate(incident)` and,
//! optionally, `adherence(timeline)`. Each is a pure function of a read-only view of a
//! [`crate::timeline::Known`], so that no policy can see the future. `freeze(budgets)`, optional
//! too, is asked about error budgets.
//!
//! **Invariant**: this is the only module that names rhai. A script cannot read a clock, a file
//! or a random number, and cannot end the program: whatever it does, [`Policies`] answers, with a
//! diagnostic and the pack's stated fallback where the script failed.

mod budgets;
mod compile;
mod conclude;
mod events;
mod failure;
mod host;
mod lint;
mod memo;
mod place;
mod policies;
mod registry;
mod sandbox;
mod scale;
mod snapshot;
mod views;

pub use policies::{Answer, Policies};

/// Version of the script engine, as pinned in `Cargo.toml`.
pub const ENGINE_VERSION: &str = "1.27.0";
