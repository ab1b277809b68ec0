//! The event engine: a system with faults, and the people who respond to them.
//!
//! [`Sim`] is sans-I/O: [`Sim::advance`] moves simulated time on and says what happened,
//! [`Sim::apply`] tells it what alerts, policies and live responders decided. It owns no loop,
//! calls nothing out, and is a function of its blueprint, its options and the acts applied.
//!
//! **Invariant**: no clock, no I/O, no hash order; every draw comes from a stream with a name.

mod act;
mod crew;
mod desk;
mod engine;
mod queue;
mod rng;
mod world;

pub use act::{Act, Detail, Draft, Output, RespondAct, RunOptions};
pub use desk::{Condition, Desk, Objection, StepAt};
pub use engine::{Blueprint, Sim};
pub use queue::{EventQueue, Token};
pub use rng::{Stream, StreamName, Streams};
pub use world::{Baseline, Gauge, LocalRecord};
