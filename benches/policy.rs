//! Policy decisions per second on one core, and on two threads that compile for themselves.
//!
//! `repeated` asks about one state of knowledge again and again, `changing` about states whose
//! numbers all differ without crossing what rules compare them with, and `asked` runs every
//! script: with a trace, which never gives an answer again.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use drill::model::{ServiceState, SignalKind};
use drill::policy::Policies;
use drill::timeline::Known;
use drill::units::SimDuration;

#[path = "../tests/it/policy_fixture.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests")]
mod fixture;

const DECISIONS: u64 = 1000;

/// Twelve conditions through getters, and no loop over entities.
const TWELVE: &str = r#"
fn detect(f) {
    let found = [];
    for s in f.services { if s.failed { found.push(finding("service-failed", s, "service_outage", "alert")); } }
    found
}
fn escalate(i) { [] }
fn severity(f) {
    let v = verdict();
    if f.services_failed >= f.services_total { v.at_least("critical", "everything"); }
    if f.services_failed >= 2 { v.at_least("critical", "several services failed"); }
    if f.major_function_failed > 0 { v.at_least("critical", "major function"); }
    if f.data_lost > 0 { v.at_least("critical", "data are lost"); }
    if f.security_breach > 0 { v.at_least("critical", "security"); }
    if f.services_failed == 1 { v.at_least("high", "one service failed"); }
    if f.p95_ratio_max >= 2.0 { v.at_least("high", "slow"); }
    if f.development_blocked > 0 { v.at_least("high", "development is blocked"); }
    if f.todo_failing_ms >= 300000 { v.at_least("high", "coordination"); }
    if f.agents_hung > 0 { v.at_least("medium", "an agent failed"); }
    if f.minor_malfunction > 0 { v.at_least("medium", "minor"); }
    if f.document_late > 0 { v.at_least("low", "late"); }
    v
}"#;

/// The rules of the shipped pack.
const SHIPPED: [(&str, &str); 3] = [
    ("detect.rhai", include_str!("../rules/cinecom/detect.rhai")),
    ("escalate.rhai", include_str!("../rules/cinecom/escalate.rhai")),
    ("severity.rhai", include_str!("../rules/cinecom/severity.rhai")),
];

/// A slow service, an agent that is silent and an incident that is a little older in every state.
fn changing() -> Vec<Known> {
    let state = |index: u32| {
        let mut facts = fixture::facts();
        let mut slow = fixture::down("user-service", 3);
        slow.state = ServiceState::Up;
        slow.signals = vec![(SignalKind::P95Ratio10m, 2.0 + f64::from(index) * 1e-4)];
        facts.services = vec![slow];
        facts.agents = vec![fixture::silent("agent-2", 30)];
        facts.severity = Some("high".into());
        facts.detected_ago = Some(SimDuration::from_ms(960_000 + i64::from(index)));
        Known::from_facts(&fixture::setup(), &facts, &BTreeMap::new()).expect("facts are right")
    };
    (0..2000).map(state).collect()
}

fn decide(c: &mut Criterion) {
    let all = changing();
    let known = &all[0];
    let mut group = c.benchmark_group("policy/decide_1k");
    group.throughput(Throughput::Elements(DECISIONS)).sample_size(10);
    for (name, scripts) in [("twelve", &[("a.rhai", TWELVE)][..]), ("shipped", &SHIPPED[..])] {
        let pack = fixture::pack(scripts);
        for (case, states) in [("repeated", &all[..1]), ("changing", &all[..])] {
            let mut policies = Policies::compile(&pack).expect("rules compile");
            let mut states = states.iter().cycle();
            let mut next = || states.next().expect("invariant: a cycle of one or more");
            group.bench_function(format!("{name}/severity/{case}"), |b| {
                b.iter(|| (0..DECISIONS).for_each(|_| drop(black_box(policies.severity(next())))));
            });
            group.bench_function(format!("{name}/detect/{case}"), |b| {
                b.iter(|| (0..DECISIONS).for_each(|_| drop(black_box(policies.detect(next())))));
            });
            group.bench_function(format!("{name}/escalate/{case}"), |b| {
                b.iter(|| (0..DECISIONS).for_each(|_| drop(black_box(policies.escalate(next())))));
            });
        }
        let mut policies = Policies::compile(&pack).expect("rules compile");
        group.bench_function(format!("{name}/severity/asked"), |b| {
            b.iter(|| {
                (0..DECISIONS).for_each(|_| drop(black_box(policies.severity_traced(known))));
            });
        });
    }
    group.finish();
    c.bench_function("policy/compile", |b| {
        let pack = fixture::pack(&SHIPPED);
        b.iter(|| Policies::compile(&pack).is_ok());
    });
    let mut group = c.benchmark_group("policy/two_threads");
    group.throughput(Throughput::Elements(40_000)).sample_size(10);
    let pack = fixture::pack(&[("a.rhai", TWELVE)]);
    group.bench_function("twelve/severity", |b| {
        b.iter(|| {
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        let mut policies = Policies::compile(&pack).expect("rules compile");
                        (0..20_000).for_each(|_| drop(black_box(policies.severity(known))));
                    });
                }
            });
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = decide
}
criterion_main!(benches);
