//! Count budgets: how much work a trial does. A change that does more, or less, edits
//! `benches/budgets.toml` and so shows in its diff.

use std::process::Command;

use drill::exercise::{Inputs, Options, Prepared, Silent, run_trials};
use drill::load::{Catalog, Drill};
use drill::units::Seed;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const CHILD: &str = "DRILL_BUDGET_CHILD";
const TRIALS: u32 = 50;

fn inputs(scenario: &str) -> Inputs {
    let catalog = Catalog::new(None);
    let Drill { scenario, system, pack } = catalog.scenario(scenario, &[]).unwrap().value;
    let preset = catalog.preset("well-drilled-team").unwrap().value;
    Inputs { system, scenario, pack, preset }
}

/// `events slices policy_calls allocations` of `TRIALS` trials, all on this thread.
fn measure(scenario: &str) -> [u64; 4] {
    let inputs = inputs(scenario);
    let options = Options {
        seed: Seed(1),
        start: None,
        when: None,
        mode: None,
        without: Vec::new(),
        threads: 1,
    };
    let prepared = Prepared::new(&inputs, &options).unwrap();
    // The first block fills what is made once per process.
    run_trials(&prepared, Seed(1000), 25, &Silent).unwrap();
    let region = Region::new(ALLOCATOR);
    let outcomes = run_trials(&prepared, Seed(1), TRIALS, &Silent).unwrap();
    let allocations = region.change().allocations as u64;
    let sum =
        |of: fn(&drill::exercise::Counts) -> u64| outcomes.iter().map(|o| of(&o.counts)).sum();
    [sum(|c| c.events), sum(|c| c.slices), sum(|c| c.policy_calls), allocations]
}

/// Runs in a process of its own, started by the test below: other tests allocate too.
#[test]
fn child() {
    if let Ok(scenario) = std::env::var(CHILD) {
        let [events, slices, policy_calls, allocations] = measure(&scenario);
        println!("counts {events} {slices} {policy_calls} {allocations}");
    }
}

fn measured(scenario: &str) -> Vec<u64> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "budgets::child", "--nocapture", "--test-threads=1"])
        .env(CHILD, scenario)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line =
        text.lines().find_map(|line| line.split("counts ").nth(1)).expect("the child counts");
    line.split(' ').map(|number| number.trim().parse().unwrap()).collect()
}

#[test]
fn work_stays_within_its_budget() {
    let root = env!("CARGO_MANIFEST_DIR");
    let file = std::fs::read_to_string(format!("{root}/benches/budgets.toml")).unwrap();
    let budgets: toml::Table = file.parse().unwrap();
    let number = |table: &toml::Table, key: &str| {
        u64::try_from(table[key].as_integer().expect("a whole number")).unwrap()
    };
    let mut wrong = Vec::new();
    for (scenario, budget) in budgets["trials"].as_table().unwrap() {
        let budget = budget.as_table().unwrap();
        let got = measured(scenario);
        for (key, got) in ["events", "slices", "policy_calls"].iter().zip(&got) {
            if *got != number(budget, key) {
                wrong.push(format!(
                    "{scenario}: {key} = {got}, the file says {}",
                    number(budget, key)
                ));
            }
        }
        let allocations = number(budget, "allocations");
        if got[3] > allocations || got[3] < allocations * 8 / 10 {
            wrong
                .push(format!("{scenario}: allocations = {}, the file says {allocations}", got[3]));
        }
    }
    let lock = std::fs::read_to_string(format!("{root}/Cargo.lock")).unwrap();
    let crates = lock.matches("[[package]]").count() as u64;
    if crates != number(budgets["build"].as_table().unwrap(), "crates") {
        wrong.push(format!("Cargo.lock has {crates} crates"));
    }
    assert!(wrong.is_empty(), "edit benches/budgets.toml and say why:\n{}", wrong.join("\n"));
}
