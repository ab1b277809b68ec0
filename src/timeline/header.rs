//! The header of a timeline.

use serde::{Deserialize, Serialize};

use super::event::Event;
use crate::model::{Environment, Mode, Name, Source};
use crate::units::{Seed, SimTime, Zone};

/// A step whose absence counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredStep {
    /// Playbook.
    pub playbook: Name,
    /// Step of the playbook.
    pub step: Name,
}

/// What a timeline is about, and everything a run is a function of.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// IANA zone in which instants are written.
    pub zone: Zone,
    /// Recorded, simulated or live.
    pub source: Source,
    /// Title for people; for drills the scenario's name.
    pub title: Name,
    /// Scenario, for drills.
    pub scenario: Option<Name>,
    /// Parameters chosen, as `(name, value)`.
    pub parameters: Vec<(Name, Name)>,
    /// System, for drills.
    pub system: Option<Name>,
    /// Where the system runs; `None` is unknown.
    pub environment: Option<Environment>,
    /// Pack to score with.
    pub pack: Option<Name>,
    /// Hash of the pack's content, 32 hex digits.
    pub pack_hash: Option<Name>,
    /// Hash over system, scenario and preset, 32 hex digits.
    pub inputs_hash: Option<Name>,
    /// Responder preset, or `recorded`.
    pub responders: Option<Name>,
    /// `(assumed, all)` inputs of the responder preset.
    pub assumed_inputs: Option<(u32, u32)>,
    /// Train or evaluate.
    pub mode: Mode,
    /// How often the drill is held (`monthly`, `quarterly`, `any`).
    pub frequency: Option<Name>,
    /// Seed, for drills.
    pub seed: Option<Seed>,
    /// When the exercise, or the record, starts.
    pub start: SimTime,
    /// When the record or exercise ended; later milestones are censored.
    pub end: SimTime,
    /// Version of drill that wrote it.
    pub drill_version: Option<Name>,
    /// Expected severity (ground truth).
    pub expected_severity: Option<Name>,
    /// Whether nothing should have been declared at all (ground truth).
    pub expect_nothing: bool,
    /// Steps whose absence counts (ground truth).
    pub required_steps: Vec<RequiredStep>,
    /// Where a recorded incident was published.
    pub sources: Vec<Name>,
}

/// A header and its events, ascending by `(at, id)`; ids are 1, 2, 3, ...
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// What it is about.
    pub header: Header,
    /// What happened.
    pub events: Vec<Event>,
}
