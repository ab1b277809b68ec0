//! What records say about how long people took, before anything is fitted.

use std::collections::BTreeMap;

use crate::model::ToolKind;
use crate::score::stats::Observation;
use crate::units::{SimDuration, SimTime};

/// Why a record says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// Its form is none that is read.
    UnknownForm,
    /// It carries no instant, as bodies sent to the Events API do.
    NoInstant,
    /// It was never said when it began.
    NoStart,
    /// Its first event is also its last: nothing was waited for.
    NothingSeen,
    /// It ended or was answered before it began.
    BeforeStart,
    /// It was silenced or inhibited, so nobody was asked.
    Silenced,
    /// Responders were simulated: it would only give the preset back that drew them.
    Simulated,
}

impl LeftOut {
    /// The word in JSON and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownForm => "unknown_form",
            Self::NoInstant => "no_instant",
            Self::NoStart => "no_start",
            Self::NothingSeen => "nothing_seen",
            Self::BeforeStart => "before_start",
            Self::Silenced => "silenced",
            Self::Simulated => "simulated",
        }
    }
}

/// Attempts on one kind of channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Deliveries {
    /// How long those that arrived took.
    pub(super) took: Vec<SimDuration>,
    /// Those that did not arrive.
    pub(super) failed: u32,
}

/// What was found in records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// Records read: events of an export, alerts, drills.
    pub records: u32,
    /// Incidents, pages or alerts that they are about.
    pub incidents: u32,
    /// Why records say nothing, each with how many.
    pub left_out: BTreeMap<LeftOut, u32>,
    /// Names of the tools and files that it comes from, for the provenance.
    pub(super) sources: Vec<&'static str>,
    /// When people were first asked, and how long they took; censored where they never answered.
    pub(super) answers: Vec<(SimTime, Observation)>,
    /// The same of AI agents.
    pub(super) agents: Vec<Observation>,
    /// From detection to the right suspicion.
    pub(super) diagnosis: Vec<Observation>,
    /// From detection to mitigation, or to the end of the alert.
    pub(super) repair: Vec<Observation>,
    /// By kind of tool.
    pub(super) deliveries: Vec<(ToolKind, Deliveries)>,
}

impl Evidence {
    pub(super) fn leave_out(&mut self, why: LeftOut) {
        *self.left_out.entry(why).or_default() += 1;
    }

    pub(super) fn seen_in(&mut self, source: &'static str) {
        if !self.sources.contains(&source) {
            self.sources.push(source);
        }
    }

    pub(super) fn deliveries(&mut self, kind: ToolKind) -> &mut Deliveries {
        let known = self.deliveries.iter().position(|(known, _)| *known == kind);
        let index = known.unwrap_or_else(|| {
            self.deliveries.push((kind, Deliveries::default()));
            self.deliveries.len() - 1
        });
        &mut self.deliveries[index].1
    }
}

/// What a wait shows: its length where it ended, else that it was longer than what was seen.
pub(super) fn wait(
    from: SimTime,
    to: Option<SimTime>,
    seen_until: SimTime,
) -> Result<Observation, LeftOut> {
    let length = to.unwrap_or(seen_until) - from;
    match to {
        _ if length < SimDuration::ZERO => Err(LeftOut::BeforeStart),
        Some(_) => Ok(Observation::Reached(length)),
        None if length == SimDuration::ZERO => Err(LeftOut::NothingSeen),
        None => Ok(Observation::Censored(length)),
    }
}
