//! Laws that hold whatever fails: no panic, ascending outputs, repeatable, mendable.

use super::fixture::{Rig, fault, minutes, scenario, system};
use crate::model::{FaultEffect, FaultEnd, Shape};
use crate::sim::act::{Detail, Output};
use crate::sim::engine::WorldNote;
use crate::units::{SimDuration, SimTime};
use proptest::prelude::*;

const USER: usize = 1;

fn any_fault() -> impl Strategy<Value = crate::model::Fault> {
    let on = prop::sample::select(vec![
        "service:front",
        "service:user",
        "service:review",
        "store:user-db",
        "agent:dev",
        "agent:spare",
        "tool:net",
        "tool:dash",
    ]);
    let effect = prop::sample::select(FaultEffect::ALL);
    let shape = prop::sample::select(Shape::ALL);
    let end = prop::option::of(1i64..90);
    (on, effect, 0.0..12.0f64, shape, 0i64..20, end, 0i64..120).prop_map(
        |(on, effect, amount, shape, over, end, at)| {
            let mut fault = fault("f", at, on, effect, amount);
            fault.shape = shape;
            fault.over = minutes(over);
            fault.end = end.map_or(FaultEnd::Recovery, |m| FaultEnd::After(minutes(m)));
            fault
        },
    )
}

/// Plays faults with a recovery step of each kind every seven minutes, to the end.
fn play(faults: Vec<crate::model::Fault>, seed: u64) -> Rig {
    let plan = super::WorldPlan::new(
        &system(),
        &scenario(faults),
        &super::fixture::preset(),
        super::Baseline { blocks: Vec::new() },
    );
    let mut rig = Rig::of(plan, seed, Detail::Trial);
    for step in 0..40usize {
        rig.to(minutes(7 * step as i64));
        rig.with(|world, plan, ctx| match step % 5 {
            0 => world.degrade(step / 5 % 3, plan, ctx),
            1 | 2 => world.try_recover(step / 5 % 3, plan, ctx),
            3 => world.recover_agent(step / 5 % 2, plan, ctx),
            _ => usize::from(world.activate_backup(step / 5 % 2, plan, ctx)),
        });
        if step % 7 == 6 {
            rig.with(|world, plan, ctx| world.restore_data(USER, plan, ctx));
        }
    }
    rig.to(SimDuration::from_hours(40));
    rig
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn random_faults_never_break_the_world(
        faults in prop::collection::vec(any_fault(), 0..6), seed in 0u64..9,
    ) {
        let rig = play(faults.clone(), seed);
        let times: Vec<SimTime> = rig.out.iter().map(|output| match output {
            Output::Event(draft) => draft.at,
            Output::Slice { end, .. } => *end,
        }).collect();
        prop_assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
        for output in &rig.out {
            match output {
                Output::Event(draft) => prop_assert!(draft.known_at >= draft.at),
                Output::Slice { slice, .. } => prop_assert!(slice.good <= slice.total),
            }
        }
        for flow in &rig.world.flow.services {
            prop_assert!(flow.load.is_finite() && (-1e-9..=1.0 + 1e-9).contains(&flow.excess));
            prop_assert!(flow.p95_ms.is_finite() && flow.p50_ms > 0.0);
        }
        prop_assert_eq!(rig.out, play(faults, seed).out);
    }

    #[test]
    fn everything_can_be_mended(
        faults in prop::collection::vec(any_fault(), 0..6), seed in 0u64..9,
    ) {
        let mut rig = play(faults, seed);
        for round in 0..2 {
            for at in 0..3 {
                rig.with(|world, plan, ctx| world.contain(at, plan, ctx));
                rig.with(|world, plan, ctx| world.try_recover(at, plan, ctx));
                rig.with(|world, plan, ctx| world.repair_data(at, plan, ctx));
                rig.with(|world, plan, ctx| world.restore_data(at, plan, ctx));
            }
            for at in 0..5 {
                rig.with(|world, plan, ctx| world.recover_tool(at, plan, ctx));
            }
            for at in 0..2 {
                rig.with(|world, plan, ctx| world.recover_agent(at, plan, ctx));
            }
            rig.to(SimDuration::from_hours(50 + 10 * round));
        }
        prop_assert!(rig.world.settled() && rig.idle(), "{:?}", rig.world);
        prop_assert!(rig.world.sli_ok_since().is_some());
        let mut impact = std::collections::BTreeMap::new();
        for (_, note) in &rig.notes {
            match note {
                WorldNote::ImpactBegan(about) => *impact.entry(about.clone()).or_insert(0) += 1,
                WorldNote::ImpactEnded(about) => *impact.entry(about.clone()).or_insert(0) -= 1,
                WorldNote::Injected(_) => {}
            }
        }
        prop_assert!(impact.values().all(|open| *open == 0), "every impact ends: {impact:?}");
    }
}
