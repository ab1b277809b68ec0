//! What reaches the person at the seat by itself, and how.
//!
//! Knowledge is the team's; what comes to one role of it is less. A page or a question reaches its
//! role wherever it is. What colleagues say and do is read on the channels by whoever takes part.
//! Dashboards tell nothing by themselves: they are looked at.

use crate::model::{DecisionKind, DetectionSource, EntityKind, Ref};
use crate::timeline::{Event, EventKind as K, MessagePurpose};

/// How something reaches the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A page of the role's own.
    Page,
    /// Somebody tells or asks the role.
    Told,
    /// On the channels, for whoever takes part.
    Channel,
    /// What the role did itself.
    Own,
}

/// The seat, as far as it matters for what it sees.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) me: Ref,
    /// Users and peers tell this role what they find.
    pub(super) told: bool,
    /// Approvals are asked of this role.
    pub(super) decides: bool,
    /// A recording is played: what it tells is read out, since nothing more can be looked at.
    pub(super) read_out: bool,
}

/// How an event reaches the seat; `None` when it does not by itself.
pub(super) fn way(event: &Event, seat: &Seat) -> Option<Way> {
    if event.kind.is_ground_truth() {
        return None;
    }
    if event.by.as_ref() == Some(&seat.me) {
        return Some(Way::Own);
    }
    let about_me = event.about.contains(&seat.me);
    let told = matches!(&event.by, Some(by) if by.kind == EntityKind::Role);
    match &event.kind {
        K::PageDelivered { .. } => about_me.then_some(Way::Page),
        K::PageSent { .. } | K::PageFailed { .. } => None,
        K::MessageSent { purpose, .. } => match purpose {
            _ if about_me => Some(Way::Told),
            // What agents confirm one by one is told by their roles.
            MessagePurpose::Confirmation => None,
            _ => Some(Way::Channel),
        },
        K::ApprovalAsked { .. } => Some(if seat.decides { Way::Told } else { Way::Channel }),
        K::Finding { source, .. } => {
            let reported =
                matches!(source, DetectionSource::UserReport | DetectionSource::PeerAgent);
            Some(if reported && seat.told { Way::Told } else { Way::Channel })
        }
        K::Decision { function: DecisionKind::Severity, .. } => Some(Way::Channel),
        K::Decision { .. } => None,
        K::Hint { .. } | K::Stopped { .. } => Some(Way::Told),
        K::ServiceState { .. }
        | K::SliBreached { .. }
        | K::SliRecovered { .. }
        | K::AlertFiring { .. }
        | K::AlertResolved { .. }
        | K::Observation { .. }
            if seat.read_out =>
        {
            Some(Way::Channel)
        }
        K::AlertFiring { severity, .. } => (*severity == "page").then_some(Way::Channel),
        // Probes and SLIs are on dashboards, unless somebody says what it found.
        K::ServiceState { .. } | K::Observation { .. } => told.then_some(Way::Channel),
        K::SliBreached { .. }
        | K::SliRecovered { .. }
        | K::AlertPending { .. }
        | K::AlertResolved { .. } => None,
        _ => Some(Way::Channel),
    }
}

/// Whether somebody who waits looks up at it.
pub(super) fn wakes(event: &Event, way: Way) -> bool {
    match way {
        Way::Page | Way::Told => true,
        Way::Own => matches!(
            event.kind,
            K::StepDone { .. } | K::StepFailed { .. } | K::StepSkipped { .. } | K::Hypothesis {}
        ),
        Way::Channel => !matches!(
            event.kind,
            K::StepStarted { .. }
                | K::Joined {}
                | K::RoleTaken { .. }
                | K::MessageSent { .. }
                | K::Acknowledged { .. }
                | K::ActionFiled { .. }
        ),
    }
}
