//! Each mechanic moves the right way; runs repeat; streams do not disturb one another.

use super::fixture::{Rig, fault, minutes, scenario, start, system};
use crate::model::{FaultEffect, FaultEnd, Ref, ServiceState, Shape};
use crate::sim::act::{Detail, Output};
use crate::sim::engine::WorldNote;
use crate::units::{SimDuration, SimTime};

const FRONT: usize = 0;
const USER: usize = 1;

fn rig(faults: Vec<crate::model::Fault>) -> Rig {
    Rig::new(&system(), &scenario(faults), 1, Detail::Trial)
}

fn entity(text: &str) -> Ref {
    text.parse().unwrap()
}

fn state(rig: &Rig, at: usize) -> ServiceState {
    rig.world.services[at].state
}

#[test]
fn nothing_happens_without_faults() {
    let mut rig = rig(Vec::new());
    rig.to(SimDuration::from_hours(30));
    assert!(rig.out.is_empty() && rig.idle() && rig.world.settled());
    assert_eq!(rig.world.sli_ok_since(), Some(start()));
}

#[test]
fn an_outage_is_told_as_it_was() {
    let mut rig = rig(vec![fault("db", 10, "store:user-db", FaultEffect::Down, 1.0)]);
    rig.to(minutes(40));
    assert_eq!(rig.with(|world, plan, ctx| world.degrade(USER, plan, ctx)), 1);
    rig.to(minutes(60));
    assert_eq!(rig.with(|world, plan, ctx| world.try_recover(FRONT, plan, ctx)), 0);
    assert_eq!(rig.with(|world, plan, ctx| world.try_recover(USER, plan, ctx)), 1);
    rig.to(SimDuration::from_hours(9));
    insta::assert_snapshot!(rig.story().join("\n"));
    assert!(rig.idle() && rig.world.settled());
    assert!(rig.world.sli_ok_since().is_some());
    let impacts: Vec<String> = rig
        .notes
        .iter()
        .map(|(at, note)| match note {
            WorldNote::ImpactBegan(about) => format!("{} began {about}", *at - start()),
            WorldNote::ImpactEnded(about) => format!("{} ended {about}", *at - start()),
            WorldNote::Injected(n) => format!("injected {n}"),
        })
        .collect();
    let expected = [
        "10m began service:front",
        "10m began service:user",
        "40m ended service:front",
        "40m ended service:user",
    ];
    assert_eq!(impacts[..4], expected);
}

#[test]
fn a_dependant_is_degraded_not_down() {
    let mut rig = rig(vec![fault("db", 1, "store:user-db", FaultEffect::Down, 1.0)]);
    rig.to(minutes(10));
    assert_eq!(rig.world.failed_services().collect::<Vec<_>>(), [USER]);
    assert_eq!(state(&rig, FRONT), ServiceState::Degraded);
    assert!(rig.world.impaired(&entity("service:front")));
    assert!(rig.world.is_root(&entity("store:user-db")));
    assert!(!rig.world.is_root(&entity("service:user")));
    let share = rig.good_share(0, 2, 10).unwrap();
    assert!((share - 0.5).abs() < 0.02, "{share}");
    let share = rig.good_share(2, 2, 10).unwrap();
    assert!(share < 1e-9, "{share}");
}

#[test]
fn retries_multiply_load_and_a_budget_caps_them() {
    let mut budgeted = system();
    budgeted.services[0].depends_on[0].retry_budget = true;
    let errors = || scenario(vec![fault("e", 1, "service:user", FaultEffect::Errors, 0.5)]);
    let mut free = Rig::new(&system(), &errors(), 1, Detail::Trial);
    let mut capped = Rig::new(&budgeted, &errors(), 1, Detail::Trial);
    free.to(minutes(5));
    capped.to(minutes(5));
    let load = |rig: &Rig| rig.world.flow.services[USER].load;
    // 300 from outside and 300 calls of 1 + 1/2 + 1/4 + 1/8 attempts each.
    assert!((load(&free) - (300.0 + 300.0 * 1.875)).abs() < 1.0, "{}", load(&free));
    assert!((load(&capped) - (300.0 + 300.0 * 1.1)).abs() < 1.0, "{}", load(&capped));
}

#[test]
fn overload_outlives_its_trigger_until_load_is_shed_and_a_retry_budget_cures_it() {
    let play = |retry_budget| {
        let mut system = system();
        system.services[USER].capacity_per_min = 1150.0;
        system.services[FRONT].depends_on[0].retry_budget = retry_budget;
        let mut surge = fault("surge", 5, "service:user", FaultEffect::Traffic, 6.0);
        surge.end = FaultEnd::After(minutes(10));
        let mut rig = Rig::new(&system, &scenario(vec![surge]), 1, Detail::Trial);
        rig.to(minutes(12));
        assert_eq!(state(&rig, USER), ServiceState::Overloaded);
        rig.to(minutes(60));
        rig
    };
    assert_eq!(state(&play(true), USER), ServiceState::Up);
    let mut rig = play(false);
    assert_eq!(state(&rig, USER), ServiceState::Overloaded);
    let lasting = rig.world.is_root(&entity("service:user"));
    assert!(lasting, "the cause lasts while its effect does");
    assert_eq!(rig.with(|world, plan, ctx| world.try_recover(USER, plan, ctx)), 1);
    rig.to(minutes(120));
    assert_eq!(state(&rig, USER), ServiceState::Up);
}

#[test]
fn overload_is_metastable_only_above_the_relief_threshold() {
    let stays = |rate: f64| {
        let mut system = system();
        system.services[2].rate_per_min = rate;
        let mut surge = fault("surge", 5, "service:review", FaultEffect::Traffic, 4.0);
        surge.end = FaultEnd::After(minutes(10));
        let mut rig = Rig::new(&system, &scenario(vec![surge]), 1, Detail::Trial);
        rig.to(minutes(180));
        state(&rig, 2) == ServiceState::Overloaded
    };
    // 600 of its 1600 come from `front`.
    assert!(!stays(300.0));
    assert!(stays(550.0));
}

#[test]
fn latency_rises_with_utilisation_and_the_window_waits_ten_minutes() {
    let mut rig = rig(vec![fault("slow", 5, "service:review", FaultEffect::Slow, 6.0)]);
    rig.to(minutes(40));
    let story = rig.story();
    let seen: Vec<&String> =
        story.iter().filter(|line| line.contains("review p95_ratio")).collect();
    assert_eq!(seen.len(), 1, "{story:?}");
    assert!(seen[0].starts_with("15m30s service:review p95_ratio_10m 6"), "{seen:?}");
    let mut half = Rig::new(
        &system(),
        &scenario(vec![fault("c", 5, "service:user", FaultEffect::Capacity, 0.45)]),
        1,
        Detail::Trial,
    );
    half.to(minutes(30));
    let flow = half.world.flow.services[USER];
    assert!(flow.p95_ms > 1.8 * 200.0 && !flow.overloaded, "{flow:?}");
}

#[test]
fn tools_share_the_fate_of_what_they_need() {
    let mut rig = rig(vec![
        fault("net", 1, "tool:net", FaultEffect::Down, 1.0),
        fault("front", 5, "service:front", FaultEffect::Down, 1.0),
        fault("dash", 5, "tool:dash", FaultEffect::Down, 1.0),
    ]);
    assert!(rig.world.tool_works(0) && rig.world.tool_works(2));
    rig.to(minutes(3));
    assert!(!rig.world.tool_works(0) && !rig.world.tool_works(1) && rig.world.tool_works(2));
    rig.to(minutes(10));
    assert!(!rig.world.tool_works(2));
    let late =
        rig.events().find(|e| matches!(e.kind, crate::timeline::EventKind::ServiceState { .. }));
    let late = late.unwrap();
    assert_eq!(late.known_at - late.at, minutes(10), "nobody looks at a lost dashboard");
}

#[test]
fn traffic_drops_downstream_of_a_dead_caller() {
    let mut rig = rig(vec![fault("front", 1, "service:front", FaultEffect::Down, 1.0)]);
    rig.to(minutes(5));
    let story = rig.story().join("\n");
    assert!(story.contains("service:user traffic_ratio 0.5"), "{story}");
    assert!(!story.contains("service:user down"), "{story}");
}

#[test]
fn users_who_do_not_get_through_suffer() {
    let mut rig = rig(vec![fault("drop", 1, "service:front", FaultEffect::Traffic, 0.1)]);
    rig.to(minutes(5));
    assert!(rig.world.impaired(&entity("service:front")));
    assert!(!rig.world.impaired(&entity("service:user")));
    assert!(rig.story().join("\n").contains("service:front traffic_ratio 0.1"));
    assert_eq!(rig.with(|world, plan, ctx| world.try_recover(FRONT, plan, ctx)), 1);
    assert!(!rig.world.impaired(&entity("service:front")));
}

#[test]
fn shapes_grow_and_fall() {
    let error_at = |shape, minute| {
        let mut fault = fault("f", 1, "service:review", FaultEffect::Errors, 0.8);
        fault.shape = shape;
        fault.over = minutes(10);
        let mut rig = rig(vec![fault]);
        rig.to(minutes(minute));
        rig.world.flow.services[2].excess
    };
    assert!(error_at(Shape::Ramp, 3) < error_at(Shape::Ramp, 7));
    assert!((error_at(Shape::Ramp, 30) - 0.8).abs() < 1e-9);
    assert!(error_at(Shape::Flap, 4) > 0.79 && error_at(Shape::Flap, 8) < 0.01);
    assert!(error_at(Shape::Sawtooth, 10) > 0.6 && error_at(Shape::Sawtooth, 12) < 0.2);
}

#[test]
fn damaged_data_keep_a_service_unresolved() {
    let mut rig = rig(vec![fault("d", 1, "store:user-db", FaultEffect::DataDamage, 1.0)]);
    rig.to(minutes(2));
    assert!(!rig.world.data_consistent(USER) && rig.world.data_consistent(FRONT));
    assert_eq!(rig.with(|world, plan, ctx| world.try_recover(USER, plan, ctx)), 0);
    assert!(!rig.world.settled());
    rig.with(|world, plan, ctx| world.repair_data(USER, plan, ctx));
    assert!(rig.world.data_consistent(USER) && rig.world.settled());
}

#[test]
fn a_silent_agent_is_seen_by_what_it_does_not_do() {
    let mut rig = rig(vec![fault("hang", 10, "agent:dev", FaultEffect::Silent, 1.0)]);
    rig.to(SimDuration::from_hours(25));
    assert!(rig.world.impaired(&entity("agent:dev")) && rig.world.sli_ok_since().is_none());
    assert!(rig.with(|world, plan, ctx| world.activate_backup(0, plan, ctx)));
    assert!(!rig.world.impaired(&entity("agent:dev")), "another does its tasks");
    assert!(rig.world.sli_ok_since().is_none(), "no task was answered yet");
    assert!(!rig.world.settled(), "the queue drains first");
    rig.to(SimDuration::from_hours(30));
    assert!(rig.world.settled() && rig.world.sli_ok_since().is_some());
    assert!(!rig.with(|world, plan, ctx| world.activate_backup(1, plan, ctx)));
    insta::assert_snapshot!(rig.story().join("\n"));
}

#[test]
fn loops_and_burns_have_their_own_marks() {
    let mut rig = rig(vec![
        fault("loop", 0, "agent:dev", FaultEffect::ErrorLoop, 1.0),
        fault("burn", 0, "agent:spare", FaultEffect::SlowBurn, 4.0),
    ]);
    rig.to(minutes(50));
    let story = rig.story().join("\n");
    assert!(story.contains("agent:dev errors_in_row 3"), "{story}");
    assert!(story.contains("agent:spare token_ratio 3") && !story.contains("token_ratio 5"));
    assert!(!story.contains("heartbeat_ok"));
    assert_eq!(rig.with(|world, plan, ctx| world.recover_agent(0, plan, ctx)), 1);
    assert_eq!(rig.with(|world, plan, ctx| world.recover_agent(1, plan, ctx)), 1);
    rig.to(minutes(300));
    let story = rig.story().join("\n");
    assert!(story.contains("agent:dev errors_in_row 0"), "{story}");
    assert!(story.contains("agent:spare token_ratio 1"), "{story}");
    assert!(rig.world.settled());
}

#[test]
fn series_begin_with_the_fault_and_end_in_the_baseline() {
    let mut rig = rig(vec![fault("e", 10, "service:review", FaultEffect::Errors, 0.3)]);
    rig.to(minutes(30));
    rig.with(|world, plan, ctx| world.try_recover(2, plan, ctx));
    rig.to(SimDuration::from_hours(9));
    let ends: Vec<SimTime> = rig
        .out
        .iter()
        .filter_map(|output| match output {
            Output::Slice { slo: 3, end, .. } => Some(*end),
            _ => None,
        })
        .collect();
    assert_eq!(ends[0] - start(), SimDuration::from_secs(10 * 60 + 30));
    assert!(ends.windows(2).all(|pair| pair[1] - pair[0] == minutes(1)));
    let last = *ends.last().unwrap();
    assert!(last - start() >= SimDuration::from_minutes(30 + 360) && rig.idle());
    let shared = rig.plan.baseline().slice(3, last - minutes(1));
    let emitted = rig.out.iter().rev().find_map(|output| match output {
        Output::Slice { slo: 3, slice, .. } => Some(*slice),
        _ => None,
    });
    assert_eq!(shared, emitted);
    let share = rig.good_share(3, 11, 30).unwrap();
    assert!((share - 0.7).abs() < 0.03, "{share}");
}

#[test]
fn full_detail_changes_nothing_but_gauges() {
    let faults = || vec![fault("db", 10, "store:user-db", FaultEffect::Down, 1.0)];
    let mut trial = rig(faults());
    let mut full = Rig::new(&system(), &scenario(faults()), 1, Detail::Full);
    for rig in [&mut trial, &mut full] {
        rig.to(minutes(50));
        rig.with(|world, plan, ctx| world.try_recover(USER, plan, ctx));
        rig.to(SimDuration::from_hours(9));
    }
    assert_eq!(trial.out, full.out);
    assert!(trial.world.gauges().is_empty());
    let gauges = full.world.gauges();
    assert_eq!(gauges.len(), 3 * 6 + 2 * 3);
    assert!(gauges.iter().all(|gauge| gauge.values.len() > 100 && gauge.values.len() < 400));
    let p50 = gauges.iter().find(|g| g.entity == entity("service:user") && g.metric == "p50_ms");
    assert_eq!(p50.unwrap().values[20], None, "a dead service has no latency");
    assert_eq!(p50.unwrap().values[2], Some(50.0));
}

#[test]
fn a_fault_elsewhere_shifts_no_draw() {
    let review = || fault("e", 10, "service:review", FaultEffect::Errors, 0.3);
    let slices = |faults| {
        let mut rig = rig(faults);
        rig.to(minutes(60));
        let review = rig.out.iter().filter(|output| matches!(output, Output::Slice { slo: 3, .. }));
        review.cloned().collect::<Vec<_>>()
    };
    let alone = slices(vec![review()]);
    let user = fault("u", 5, "service:user", FaultEffect::Errors, 0.3);
    assert_eq!(alone, slices(vec![user, review()]));
    assert_eq!(alone.len(), 50);
}

#[test]
fn a_trial_stays_within_its_budget() {
    let faults = vec![
        fault("db", 10, "store:user-db", FaultEffect::Down, 1.0),
        fault("errors", 12, "service:review", FaultEffect::Errors, 0.3),
    ];
    let mut rig = rig(faults);
    rig.to(minutes(250));
    rig.with(|world, plan, ctx| world.try_recover(USER, plan, ctx));
    rig.with(|world, plan, ctx| world.try_recover(2, plan, ctx));
    rig.to(SimDuration::from_hours(30));
    let events = rig.events().count();
    assert!(events < 60, "{events} events");
    assert!(rig.out.len() - events < 4 * 660, "slices of four series for eleven hours");
}

#[test]
fn a_lost_coordination_system_is_felt_without_dashboards() {
    let mut rig = rig(vec![fault("todo", 3, "tool:todo", FaultEffect::Down, 1.0)]);
    rig.to(minutes(20));
    assert_eq!(rig.with(|world, plan, ctx| world.recover_tool(4, plan, ctx)), 1);
    rig.to(minutes(90));
    let story = rig.story();
    let seen: Vec<&str> =
        story.iter().filter(|line| line.contains("todo_failing_ms")).map(String::as_str).collect();
    let expected = [
        "4m system:test todo_failing_ms 60000",
        "8m system:test todo_failing_ms 300000",
        "13m system:test todo_failing_ms 600000",
        "18m system:test todo_failing_ms 900000",
        "20m system:test todo_failing_ms 0",
    ];
    assert_eq!(seen, expected);
    assert!(rig.world.settled() && rig.idle());
}

#[test]
fn late_news_never_overtakes_newer_news() {
    let mut dash = fault("dash", 4, "tool:dash", FaultEffect::Down, 1.0);
    dash.end = FaultEnd::After(minutes(5));
    let mut down = fault("down", 5, "service:review", FaultEffect::Down, 1.0);
    down.end = FaultEnd::After(minutes(6));
    let mut rig = rig(vec![dash, down]);
    rig.to(minutes(60));
    let known = |draft: &&crate::sim::act::Draft| !draft.kind.is_ground_truth();
    let times: Vec<SimTime> = rig.events().filter(known).map(|draft| draft.known_at).collect();
    assert!(times.len() > 4 && times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
}
