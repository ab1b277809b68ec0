//! When users were affected, and when that ended for good.

use super::facts::Mark;
use crate::model::{Name, Ref};
use crate::timeline::{Event, EventKind};
use crate::units::{SimDuration, SimTime};

/// How long every SLI must stay inside its SLO before users count as no longer affected.
pub(super) const HOLD: SimDuration = SimDuration::from_minutes(5);

/// A stretch in which at least one SLI was outside its SLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bad {
    pub from: Mark,
    /// `None`: still bad when the record ended.
    pub to: Option<Mark>,
}

/// All bad stretches, ascending and apart.
#[derive(Debug, Default)]
pub(super) struct SliTrack<'a> {
    open: Vec<(&'a Name, Option<&'a Ref>)>,
    pub bad: Vec<Bad>,
    /// Services whose SLI was breached.
    pub services: Vec<&'a Ref>,
}

impl<'a> SliTrack<'a> {
    /// Takes in an event about an SLI; others change nothing. A breach that is said twice
    /// counts once, a recovery without a breach is ignored.
    pub(super) fn observe(&mut self, event: &'a Event) {
        let about = event.about.first();
        match &event.kind {
            EventKind::SliBreached { slo } => {
                for service in &event.about {
                    if !self.services.contains(&service) {
                        self.services.push(service);
                    }
                }
                if self.open.contains(&(slo, about)) {
                    return;
                }
                if self.open.is_empty() {
                    let joins = self
                        .bad
                        .last()
                        .is_some_and(|bad| bad.to.is_some_and(|to| to.at == event.at));
                    match self.bad.last_mut() {
                        Some(last) if joins => last.to = None,
                        _ => self.bad.push(Bad { from: Mark::of(event), to: None }),
                    }
                }
                self.open.push((slo, about));
            }
            EventKind::SliRecovered { slo } => {
                let Some(at) = self.open.iter().position(|known| *known == (slo, about)) else {
                    return;
                };
                self.open.remove(at);
                if self.open.is_empty()
                    && let Some(last) = self.bad.last_mut()
                {
                    last.to = Some(Mark::of(event));
                }
            }
            _ => {}
        }
    }

    /// Whether some SLI was bad at `at`. A recovery at the same instant counts as recovered.
    pub(super) fn bad_at(&self, at: SimTime) -> bool {
        self.bad.iter().any(|bad| bad.from.at <= at && bad.to.is_none_or(|to| to.at > at))
    }

    /// The start of the first good stretch of at least [`HOLD`] that held: no SLI was breached
    /// again before the record ended, unless by a fault that began after it. A good stretch
    /// that a relapse follows is no mitigation, and one cut off by the end of the record before
    /// [`HOLD`] had passed cannot be told.
    pub(super) fn mitigated(&self, faults: &[&Event], end: SimTime) -> Option<Mark> {
        let mut held: Option<Mark> = None;
        for (i, bad) in self.bad.iter().enumerate() {
            let relapse =
                |to: &Mark| !faults.iter().any(|fault| fault.at > to.at && fault.at <= bad.from.at);
            if let Some(to) = held
                && !relapse(&to)
            {
                return held;
            }
            held = None;
            let Some(to) = bad.to else { continue };
            let next = self.bad.get(i + 1).map_or(end, |next| next.from.at);
            if next - to.at >= HOLD {
                held = Some(to);
            }
        }
        held
    }
}
