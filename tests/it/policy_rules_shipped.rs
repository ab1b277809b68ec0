//! The shipped rules of a pack, asked about stated facts.

use std::collections::BTreeMap;

use drill::model::{Name, SignalKind};
use drill::policy::Policies;
use drill::timeline::Known;
use drill::units::SimDuration;

use super::policy_fixture::{SHIPPED, down, facts, pack, setup, silent};

fn policies() -> Policies {
    Policies::compile(&pack(&SHIPPED)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn nothing_wrong_gives_nothing() {
    let known = Known::from_facts(&setup(), &facts(), &BTreeMap::new()).unwrap();
    let mut policies = policies();
    assert_eq!(policies.detect(&known).value, []);
    let severity = policies.severity(&known);
    assert_eq!((severity.value.level, severity.failure), (None, None));
    assert_eq!(policies.escalate(&known).value, []);
    assert_eq!(policies.adherence(&known).value, []);
}

#[test]
fn two_services_down_are_critical_and_go_straight_to_the_lead() {
    let mut stated = facts();
    stated.services = vec![down("user-service", 3), down("movie-service", 2)];
    let mut policies = policies();
    let known = Known::from_facts(&setup(), &stated, policies.triggers()).unwrap();
    let found = policies.detect(&known).value;
    let rules: Vec<_> = found.iter().map(|f| format!("{} {}", f.rule, f.about)).collect();
    insta::assert_snapshot!(rules.join("\n"));
    let decision = policies.severity(&known).value;
    assert_eq!(decision.level.as_deref(), Some("critical"));
    assert_eq!(decision.reasons, [Name::from("several services failed")]);

    stated.severity = Some("critical".into());
    stated.detected_ago = Some(SimDuration::from_minutes(1));
    let known = Known::from_facts(&setup(), &stated, policies.triggers()).unwrap();
    let steps = policies.escalate(&known);
    assert_eq!(steps.failure, None);
    let steps: Vec<_> = steps
        .value
        .iter()
        .map(|s| format!("{} {} {} {}", s.level, s.role, s.channels.join("+"), s.within))
        .collect();
    insta::assert_snapshot!(steps.join("\n"));
}

#[test]
fn a_trace_shows_what_was_read_and_concluded() {
    let mut stated = facts();
    stated.services = vec![down("user-service", 3)];
    stated.agents = vec![silent("pm-1", 30)];
    stated.signals = vec![(SignalKind::DataLost, 1.0)];
    let mut policies = policies();
    let known = Known::from_facts(&setup(), &stated, policies.triggers()).unwrap();
    let found = policies.detect(&known).value;
    let known = known.with_findings(&found);
    let (decision, trace) = policies.severity_traced(&known);
    assert_eq!(decision, policies.severity(&known), "tracing changes nothing");
    let lines: Vec<_> = trace
        .steps
        .iter()
        .filter(|step| !step.what.starts_with("agent-") && !step.what.starts_with("pm-"))
        .map(|s| format!("{}:{}:{} {}", s.file, s.line, s.column, s.what))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}
