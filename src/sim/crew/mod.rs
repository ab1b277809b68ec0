//! The crew: the people and agents who notice, are paged, and work the playbook.
//!
//! The crew knows only what findings, probes, messages and its own steps tell it; ground truth
//! is asked for where an act meets the world (a recovery clears a fault or does not), never to
//! decide what to do next.
//!
//! - `plan`, `procedure`, `figures`: what is compiled once
//! - `notice`: who sees that something is wrong, and when
//! - `paging`, `carry`: how people are reached, and by which channel
//! - `incident`: which playbooks are worked, on which targets
//! - `work`, `retry`, `shift`, `effects`, `diagnosis`, `duty`, `assembly`: who does which step, and what it changes
//! - `fallback`: what is done instead while a tool is lost, data are gone or somebody got in
//! - `cadence`: the rhythm of public updates
//! - `responder`: who decides for a role: the simulation, a script, or a person
//! - `seat`, `desk`: what a person does, can do, and sees of the role's own work
//!
//! **Invariant**: every draw comes from a stream with a name; alerts reach people only through
//! what policies answered.

mod assembly;
mod cadence;
mod carry;
mod desk;
mod diagnosis;
mod duty;
mod effects;
mod fallback;
mod figures;
mod ground;
mod incident;
mod notice;
mod paging;
mod plan;
mod procedure;
mod responder;
mod retry;
mod seat;
mod shift;
mod state;
#[cfg(test)]
mod tests;
mod work;

pub(super) use plan::CrewPlan;
pub(super) use state::Crew;
