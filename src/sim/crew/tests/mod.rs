//! The crew on a stub world: a small system, pack and preset in Rust.

mod behaviour;
mod fixture;
mod mechanisms;
mod rig;
