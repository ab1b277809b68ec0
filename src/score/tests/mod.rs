//! Tests of the rules on timelines small enough to check by hand.

mod adherence;
mod beside;
mod capabilities;
mod fixture;
mod laws;
mod measures;
mod milestones;
mod stories;
