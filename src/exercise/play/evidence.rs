//! What a diagnosis finds: how the things that are known to be hit fare, and what they need.
//!
//! It looks one step further than what was noticed, as somebody does who follows the calls in the
//! logs. It says how each thing fares and never which of them is the cause.

use super::shown::{Evidence, Symptom};
use super::stage::Stage;
use crate::model::{EntityKind, Name, Ref, ServiceState, System};
use crate::sim::StepAt;

/// More than this nobody reads in an incident.
const MOST: usize = 24;

/// The evidence of the diagnosis `at`, now.
pub(super) fn evidence(
    stage: &mut Stage<'_, '_>,
    system: Option<&System>,
    at: StepAt,
    waits: bool,
) -> Evidence {
    let mut hit: Vec<Ref> = Vec::new();
    let known = stage.known();
    let found = known.findings().iter().map(|finding| finding.about.clone());
    let fails = known.services().iter().filter(|service| service.state != ServiceState::Up);
    let fails = fails.map(|service| Ref::new(EntityKind::Service, &service.name));
    for about in found.chain(fails).filter(|about| about.kind != EntityKind::System) {
        if !hit.contains(&about) {
            hit.push(about);
        }
    }
    let mut all = hit.clone();
    for name in hit.iter().flat_map(|about| needs(system, about)) {
        if let Some(about) = system.and_then(|system| entity(system, &name))
            && !all.contains(&about)
        {
            all.push(about);
        }
    }
    all.truncate(MOST);
    let symptoms = all.iter().map(|about| symptom(stage, system, about)).collect();
    Evidence { at, symptoms, waits }
}

/// How one thing fares now.
pub(super) fn symptom(stage: &mut Stage<'_, '_>, system: Option<&System>, about: &Ref) -> Symptom {
    Symptom { about: about.clone(), condition: stage.condition(about), needs: needs(system, about) }
}

/// What something calls or cannot work without, by the system's description.
fn needs(system: Option<&System>, about: &Ref) -> Vec<Name> {
    let Some(system) = system else { return Vec::new() };
    match about.kind {
        EntityKind::Service => {
            let mut services = system.services.iter();
            let service = services.find(|service| service.name == about.name);
            service.map_or_else(Vec::new, |service| {
                service.depends_on.iter().map(|call| call.on.clone()).collect()
            })
        }
        EntityKind::Tool => {
            let mut tools = system.tools.iter();
            let tool = tools.find(|tool| tool.name == about.name);
            tool.map_or_else(Vec::new, |tool| tool.needs.clone())
        }
        _ => Vec::new(),
    }
}

fn entity(system: &System, name: &Name) -> Option<Ref> {
    let kind = if system.services.iter().any(|service| service.name == *name) {
        EntityKind::Service
    } else if system.stores.iter().any(|store| store.name == *name) {
        EntityKind::Store
    } else if system.tools.iter().any(|tool| tool.name == *name) {
        EntityKind::Tool
    } else {
        return None;
    };
    Some(Ref::new(kind, name))
}
