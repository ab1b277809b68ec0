//! What is lost when a service, store or tool of a system is down, read off its arrows.

use crate::model::{DependencyKind, Environment, Name, System, Text};

/// What the failure of one thing means for the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Impact {
    /// What fails.
    pub name: Name,
    /// What users lose, where it is a service.
    pub users_lose: Option<Text>,
    /// Who depends on it, direct or not, ascending by distance, then in the system's order.
    pub dependants: Vec<Dependant>,
    /// Degraded modes while it is down, as `(mode, service that runs it)`.
    pub modes: Vec<(Name, Name)>,
    /// Tools that need it, direct or not; channels on them are lost.
    pub tools_lost: Vec<Name>,
}

/// One service that feels a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependant {
    /// The service.
    pub service: Name,
    /// Whether it fails too (all arrows on the way are hard) or only loses function.
    pub kind: DependencyKind,
    /// Arrows between it and the failure, from 1.
    pub distance: u32,
}

/// The impact of `name`; `None` when the system has no service, store or tool of that name.
pub fn impact(system: &System, name: &str) -> Option<Impact> {
    let service = system.services.iter().find(|service| &*service.name == name);
    let store = system.stores.iter().find(|store| &*store.name == name);
    let tool = system.tools.iter().find(|tool| &*tool.name == name);
    let own = service
        .map(|service| &service.name)
        .or(store.map(|store| &store.name))
        .or(tool.map(|tool| &tool.name))?;
    let modes = service.map_or(&[][..], |service| &service.degraded).iter();
    // A mode for development is no way out in production, and must not be offered as one.
    let modes = modes
        .filter(|mode| !mode.development_only || system.environment == Environment::Development);
    Some(Impact {
        name: own.clone(),
        users_lose: service.map(|service| service.impact.clone()),
        dependants: dependants(system, own),
        modes: modes.map(|m| (m.name.clone(), m.runs_on.clone())).collect(),
        tools_lost: tools_lost(system, own),
    })
}

/// Breadth first against the arrows; a hard way wins over a soft one.
fn dependants(system: &System, failed: &Name) -> Vec<Dependant> {
    let mut found: Vec<Dependant> = Vec::new();
    for wanted in [DependencyKind::Hard, DependencyKind::Soft] {
        let mut edge: Vec<(Name, DependencyKind)> = vec![(failed.clone(), DependencyKind::Hard)];
        let mut seen: Vec<Name> = vec![failed.clone()];
        let mut distance = 0;
        while !edge.is_empty() {
            distance += 1;
            let mut next = Vec::new();
            for service in &system.services {
                let arrows = service.depends_on.iter().filter(|arrow| {
                    wanted == DependencyKind::Soft || arrow.kind == DependencyKind::Hard
                });
                let hit = arrows.into_iter().any(|a| edge.iter().any(|(name, _)| *name == a.on));
                if !hit || seen.contains(&service.name) {
                    continue;
                }
                seen.push(service.name.clone());
                next.push((service.name.clone(), wanted));
                if !found.iter().any(|d| d.service == service.name) {
                    found.push(Dependant { service: service.name.clone(), kind: wanted, distance });
                }
            }
            edge = next;
        }
    }
    found.sort_by_key(|dependant| dependant.distance);
    found
}

fn tools_lost(system: &System, failed: &Name) -> Vec<Name> {
    let mut lost: Vec<Name> = Vec::new();
    loop {
        let needs = |need: &Name| need == failed || lost.contains(need);
        let more = system.tools.iter().find(|tool| {
            tool.name != *failed && !lost.contains(&tool.name) && tool.needs.iter().any(needs)
        });
        match more {
            Some(tool) => lost.push(tool.name.clone()),
            None => return lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn a_soft_arrow_costs_function_not_the_service() {
        let impact = impact(&fixture::system(), "user-service").unwrap();
        let found: Vec<_> =
            impact.dependants.iter().map(|d| (d.service.as_str(), d.kind, d.distance)).collect();
        assert_eq!(
            found,
            [
                ("movie-service", DependencyKind::Hard, 1),
                ("actor-service", DependencyKind::Soft, 2),
            ]
        );
    }

    #[test]
    fn without_the_internet_chat_is_lost_but_not_mail() {
        let impact = impact(&fixture::system(), "internet").unwrap();
        assert_eq!(impact.tools_lost, [Name::from("discord")]);
        assert_eq!(super::impact(&fixture::system(), "nothing"), None);
    }
}
