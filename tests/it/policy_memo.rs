//! Answers that are given again without running the script are those that it would give.

use std::collections::BTreeMap;

use drill::model::{Facts, Name, ServiceState, SignalKind};
use drill::policy::Policies;
use drill::timeline::Known;
use drill::units::SimDuration;
use proptest::prelude::*;

use super::policy_fixture::{SHIPPED, down, facts, pack, setup, silent};

/// The rules that are shipped today, which the older ones of the fixture differ from.
const RULES: [(&str, &str); 3] = [
    ("detect.rhai", include_str!("../../rules/cinecom/detect.rhai")),
    ("escalate.rhai", include_str!("../../rules/cinecom/escalate.rhai")),
    ("severity.rhai", include_str!("../../rules/cinecom/severity.rhai")),
];

/// Reads a time, and something else only when another fact holds.
const ODD: &str = r#"
fn detect(signals) {
    let found = [];
    for service in signals.services {
        if service.failed && service.failed_for_ms >= minutes(3) {
            found.push(finding("long", service, "service_outage", "alert"));
        } else if service.traffic_ratio > 1.0 {
            found.push(finding("busy", service, "service_outage", "alert"));
        }
    }
    found
}
fn severity(facts) {
    let v = verdict();
    if facts.agents_hung > 0 { v.at_least("low", facts.environment); }
    if facts.service("user-service").state == "down" && facts.p95_ratio_max > 1.0 {
        v.at_least("high", facts.service("user-service").mode);
    }
    if facts.agent("agent-1").heartbeat_ok == false { v.at_least("medium", "dead"); }
    v
}
fn escalate(incident) {
    if incident.detected_ago_ms > minutes(2) && incident.has_trigger("agent_hang") {
        return [step(incident.findings.len, "pm", ["task"], minutes(5))];
    }
    if incident.severity == "high" { [step(2, "lead", ["mail"], 0)] } else { [] }
}"#;

fn some_facts() -> impl Strategy<Value = Facts> {
    let service = (0_usize..5, 1_i64..5, 0_usize..5, 0_u32..4);
    let agent = (0_usize..5, 0_i64..3, 0_usize..16);
    let signal = (0_usize..SignalKind::ALL.len(), 0_u32..4);
    (
        prop::collection::vec(service, 0..3),
        prop::collection::vec(agent, 0..3),
        prop::collection::vec(signal, 0..2),
        (0_usize..3, 0_i64..4, any::<bool>()),
    )
        .prop_map(|(services, agents, signals, (severity, ago, resolved))| {
            let mut stated = facts();
            let names = setup();
            for (index, minutes, state, ratio) in services {
                let mut fact = down(&names.services[index], minutes);
                fact.state = ServiceState::ALL[state];
                fact.signals = vec![
                    (SignalKind::P95Ratio10m, f64::from(ratio) + 1e-16 * minutes as f64),
                    (SignalKind::TrafficRatio, 0.7 * f64::from(ratio)),
                ];
                stated.services.retain(|other| other.name != fact.name);
                stated.services.push(fact);
            }
            for (index, hours, kind) in agents {
                let mut fact = silent(&names.agents[index], 12 * hours);
                if SignalKind::ALL[kind] != SignalKind::TaskSilenceMs {
                    fact.signals.push((SignalKind::ALL[kind], 1.5 * hours as f64));
                }
                stated.agents.retain(|other| other.name != fact.name);
                stated.agents.push(fact);
            }
            for (kind, value) in signals {
                stated.signals.retain(|(other, _)| *other != SignalKind::ALL[kind]);
                stated.signals.push((SignalKind::ALL[kind], f64::from(value)));
            }
            let levels = [None, Some(Name::from("high")), Some(Name::from("critical"))];
            stated.severity = levels[severity].clone();
            stated.detected_ago = (ago > 0).then(|| SimDuration::from_minutes(5 * ago));
            let hung = ("agent-silent-24h".into(), "agent:agent-2".parse().unwrap());
            stated.findings = if ago > 2 { vec![hung] } else { Vec::new() };
            stated.resolved = resolved;
            stated
        })
}

fn same_as_asked_anew(scripts: &[(&str, &str)], all: &[Facts]) {
    let pack = pack(scripts);
    let triggers = BTreeMap::from([("agent-silent-24h".into(), "agent_hang".into())]);
    let mut asked_often = Policies::compile(&pack).unwrap();
    for facts in all.iter().chain(all) {
        let Ok(known) = Known::from_facts(&setup(), facts, &triggers) else {
            continue;
        };
        let mut asked_once = Policies::compile(&pack).unwrap();
        assert_eq!(asked_often.detect(&known), asked_once.detect(&known));
        assert_eq!(asked_often.severity(&known), asked_once.severity(&known));
        assert_eq!(asked_often.escalate(&known), asked_once.escalate(&known));
        assert_eq!(asked_often.severity(&known), asked_often.severity_traced(&known).0);
        assert_eq!(asked_often.detect(&known), asked_often.detect_traced(&known).0);
        assert_eq!(asked_often.escalate(&known), asked_often.escalate_traced(&known).0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_answer_given_again_is_the_answer(all in prop::collection::vec(some_facts(), 2..8)) {
        same_as_asked_anew(&RULES, &all);
        same_as_asked_anew(&[("odd.rhai", ODD)], &all);
    }

    #[test]
    fn rules_that_skip_what_cannot_hold_say_the_same(stated in some_facts()) {
        let Ok(known) = Known::from_facts(&setup(), &stated, &BTreeMap::new()) else {
            return Ok(());
        };
        let mut before = Policies::compile(&pack(&SHIPPED)).unwrap();
        let mut now = Policies::compile(&pack(&RULES)).unwrap();
        prop_assert_eq!(now.detect(&known), before.detect(&known));
        prop_assert_eq!(now.severity(&known), before.severity(&known));
    }
}

#[test]
fn other_services_and_agents_are_another_question() {
    let mut policies = Policies::compile(&pack(&RULES)).unwrap();
    let known = Known::from_facts(&setup(), &facts(), &BTreeMap::new()).unwrap();
    assert_eq!(policies.severity(&known).value.level, None);
    let mut fewer = setup();
    fewer.services.truncate(1);
    let mut stated = facts();
    stated.services = vec![down("user-service", 1)];
    let known = Known::from_facts(&fewer, &stated, &BTreeMap::new()).unwrap();
    let whole = policies.severity(&known).value;
    assert_eq!(whole.level.as_deref(), Some("critical"));
    let known = Known::from_facts(&setup(), &stated, &BTreeMap::new()).unwrap();
    let one = policies.severity(&known).value;
    assert_eq!(one.level.as_deref(), Some("high"));
}
