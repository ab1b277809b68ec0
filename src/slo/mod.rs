//! Service level objectives as arithmetic: slices in, burn rates, budgets and alerts out.
//!
//! A [`History`] keeps prefix sums of a series, so every window is one difference. A [`Plan`]
//! joins it with the tiers of one SLO. A [`Replay`] continues the record of a plan from any
//! instant on (a fork), one push per closed slice, and remembers only what was pushed; so
//! thousands of trials share one record. [`replay_block`] does a whole series at once.
//! [`Budget`] says what is left of the error budget.
//!
//! Windows are `(t - W, t]`, evaluated at slice ends. Thresholds are compared in integers, so a
//! tie is a tie. The alert states are those of Prometheus, except that a tier freezes while too
//! little was measured.
//!
//! **Invariant**: no I/O, no clock, no float before a comparison. The same slices give the same
//! transitions whether they are pushed, replayed as a block or forked anywhere.

mod batch;
mod budget;
mod history;
#[cfg(test)]
mod laws;
mod plan;
#[cfg(test)]
mod reference;
mod replay;
mod tier;

pub use batch::replay_block;
pub use budget::{Budget, burn_rate, is_below_target};
pub use history::{History, Method, WindowSum};
pub use plan::Plan;
pub use replay::Replay;
