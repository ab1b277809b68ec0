//! The world: services, stores, agents and tools under faults, as rates and capacities.
//!
//! A fluid model. Rates, capacities and queues change only at events (a fault begins, a minute of
//! a ramp passes, a recovery step ends); between events everything is closed form. Per affected
//! series and minute one Poisson and one binomial draw make a slice; series in steady state are
//! the shared [`Baseline`] and cost nothing.
//!
//! **Invariant**: the world knows nothing of people, policies or alerts; a fault on one entity
//! never shifts the draws of a series it does not touch.

mod action;
mod agent;
mod baseline;
mod curve;
mod fault;
mod flow;
mod gauge;
mod local;
mod plan;
mod poisson;
mod state;
mod telemetry;
mod tool;
mod view;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

pub use baseline::Baseline;
pub use gauge::Gauge;
pub use local::LocalRecord;
pub(super) use plan::WorldPlan;
pub(super) use state::World;
