//! The scenarios of the protocol by what they are about: what is done instead, what is lost, who
//! does it, and that nothing happens when the fault is withdrawn.

use std::collections::BTreeSet;

use drill::exercise::{
    Drill, Inputs, Options, Prepared, Silent, TrialOutcome, run_drill, run_trials,
};
use drill::load::Catalog;
use drill::model::{MILESTONES, Name, SignalKind};
use drill::timeline::{Event, EventKind as K};
use drill::units::{Seed, SimDuration};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

fn inputs(scenario: &str, set: &[(&str, &str)]) -> Inputs {
    let catalog = Catalog::new(None);
    let set: Vec<(String, String)> =
        set.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let drill::load::Drill { scenario, system, pack } =
        catalog.scenario(scenario, &set).unwrap().value;
    Inputs { system, scenario, pack, preset: catalog.preset("well-drilled-team").unwrap().value }
}

fn options(seed: u64) -> Options {
    Options {
        seed: Seed(seed),
        start: None,
        when: None,
        mode: None,
        without: Vec::new(),
        threads: 1,
    }
}

fn run_inputs(inputs: &Inputs, seed: u64) -> Drill {
    let options = options(seed);
    let prepared = Prepared::new(inputs, &options).unwrap();
    run_drill(&prepared, 0, &Silent).unwrap()
}

fn run(scenario: &str, set: &[(&str, &str)], seed: u64) -> Drill {
    run_inputs(&inputs(scenario, set), seed)
}

fn trials(inputs: &Inputs, n: u32) -> Vec<TrialOutcome> {
    let options = options(1);
    let prepared = Prepared::new(inputs, &options).unwrap();
    run_trials(&prepared, Seed(1), n, &Silent).unwrap()
}

/// Median over trials of the time from the fault to a milestone.
fn median(outcomes: &[TrialOutcome], milestone: &str) -> SimDuration {
    let index = MILESTONES.iter().position(|known| *known == milestone).unwrap();
    let mut all: Vec<SimDuration> =
        outcomes.iter().filter_map(|o| o.score.milestones[index].offset).collect();
    all.sort();
    all[all.len() / 2]
}

/// The first event that fits.
fn first(drill: &Drill, fits: impl Fn(&Event) -> bool) -> Option<&Event> {
    drill.timeline.events.iter().find(|event| fits(event))
}

fn done<'d>(drill: &'d Drill, wanted: &str) -> Option<&'d Event> {
    first(drill, |event| matches!(&event.kind, K::StepDone { step, .. } if *step == *wanted))
}

fn started<'d>(drill: &'d Drill, wanted: &str) -> Option<&'d Event> {
    first(drill, |event| matches!(&event.kind, K::StepStarted { step, .. } if *step == *wanted))
}

fn skipped<'d>(drill: &'d Drill, wanted: &str) -> Option<&'d Name> {
    drill.timeline.events.iter().find_map(|event| match &event.kind {
        K::StepSkipped { step, reason, .. } if *step == *wanted => reason.as_ref(),
        _ => None,
    })
}

/// Values of a signal, in order.
fn values(drill: &Drill, wanted: SignalKind) -> Vec<f64> {
    let of = |event: &Event| match &event.kind {
        K::Observation { signal, value } if *signal == wanted => Some(value.0),
        _ => None,
    };
    drill.timeline.events.iter().filter_map(of).collect()
}

/// Channels that carried or failed to carry a message, in order, between two instants.
fn carried(drill: &Drill, from: &Event, to: &Event) -> Vec<(String, bool)> {
    let of = |event: &Event| match &event.kind {
        K::MessageSent { channel, .. } => Some((channel.to_string(), true)),
        K::MessageFailed { channel, .. } => Some((channel.to_string(), false)),
        _ => None,
    };
    let within = |event: &&Event| event.at >= from.at && event.at <= to.at && event.by == from.by;
    drill.timeline.events.iter().filter(within).filter_map(of).collect()
}

fn measure(drill: &Drill, name: &str) -> Option<SimDuration> {
    let mut all = drill.scorecard.measures.iter();
    all.find(|measure| *measure.name == *name).unwrap().value
}

#[test]
fn without_discord_the_substitutes_are_tried_in_the_order_of_the_protocol() {
    for seed in SEEDS {
        for (also, down) in [("none", None), ("github", Some("issues")), ("mail", Some("mail"))] {
            let drill = run("communication-outage", &[("also", also)], seed);
            let (from, to) = (
                started(&drill, "switch-carrier").unwrap(),
                done(&drill, "switch-carrier").unwrap(),
            );
            let tried = carried(&drill, from, to);
            let order = ["issues", "mail", "files"];
            let places: Vec<usize> = tried
                .iter()
                .filter_map(|(channel, _)| order.iter().position(|known| known == channel))
                .collect();
            let ascending = places.windows(2).all(|pair| pair[0] <= pair[1]);
            assert!(ascending && !places.is_empty(), "seed {seed}, also {also}: {tried:?}");
            let worked =
                |(channel, sent): &&(String, bool)| *sent && Some(channel.as_str()) == down;
            assert_eq!(tried.iter().find(worked), None, "seed {seed}, also {also}: {tried:?}");
            let mitigated = first(&drill, |e| matches!(e.kind, K::MitigatedClaimed {})).unwrap();
            assert!(mitigated.at > to.at, "seed {seed}");
            assert!(done(&drill, "move-back").unwrap().at > mitigated.at, "seed {seed}");
        }
    }
}

#[test]
fn a_fallback_exercised_lately_is_reached_sooner() {
    let switched = |exercised: bool| {
        let mut inputs = inputs("communication-outage", &[]);
        let github = inputs.system.tools.iter_mut().find(|tool| *tool.name == *"github").unwrap();
        github.exercised = exercised;
        median(&trials(&inputs, 30), "mitigated")
    };
    let (lately, long_ago) = (switched(true), switched(false));
    assert!(long_ago > lately + SimDuration::from_minutes(5), "{long_ago} against {lately}");
}

#[test]
fn what_was_recorded_locally_is_replayed_once_and_none_is_lost() {
    for (scenario, work) in [("github-outage", "work-locally"), ("internet-outage", "go-offline")] {
        for seed in SEEDS {
            let drill = run(scenario, &[], seed);
            let (begun, sync) = (done(&drill, work).unwrap(), done(&drill, "sync").unwrap());
            let all = values(&drill, SignalKind::LocalRecords);
            let replayed = values(&drill, SignalKind::ReplayedRecords);
            assert_eq!(all.len(), 1, "{scenario} seed {seed}");
            assert!(all[0] > 0.0, "{scenario} seed {seed}: agents worked on");
            assert_eq!(replayed.len(), 2, "{scenario} seed {seed}: the first replay breaks off");
            assert!(replayed[0] <= replayed[1], "{scenario} seed {seed}: none twice");
            assert_eq!(replayed.last(), all.last(), "{scenario} seed {seed}: none lost");
            let each = &drill.local_records;
            assert_eq!(each.len() as f64, all[0], "{scenario} seed {seed}: each record is there");
            let numbers = each.iter().map(|record| record.number);
            assert!(numbers.eq(1..=each.len() as u32) && each.is_sorted_by_key(|one| one.at));
            assert!(each.iter().all(|one| one.replayed_at.is_some_and(|at| at > one.at)));
            let met = each.iter().filter(|record| record.conflict_with.is_some()).count() as f64;
            let counted = values(&drill, SignalKind::ReplayConflicts);
            assert_eq!(counted.last(), Some(&met), "{scenario} seed {seed}: each conflict named");
            for record in each {
                let Some(other) = record.conflict_with else { continue };
                assert_ne!(each[other as usize - 1].agent, record.agent, "with another's");
            }
            let failed = first(
                &drill,
                |e| matches!(&e.kind, K::StepFailed { step, .. } if *step == *"sync"),
            );
            assert!(failed.is_some() && begun.at < sync.at, "{scenario} seed {seed}");
            let resolved = first(&drill, |e| matches!(e.kind, K::ResolvedClaimed {})).unwrap();
            assert!(done(&drill, "check-sync").unwrap().at < resolved.at, "{scenario} seed {seed}");
        }
    }
}

#[test]
fn all_agents_hear_of_the_loss_of_github_by_discord_or_what_carries_instead() {
    for seed in SEEDS {
        let drill = run("github-outage", &[], seed);
        let (from, to) =
            (started(&drill, "tell-agents").unwrap(), done(&drill, "tell-agents").unwrap());
        let told = carried(&drill, from, to);
        assert_eq!(told.first().map(|(channel, _)| channel.as_str()), Some("urgent"), "{seed}");
        let drill = run("github-outage", &[("also", "discord")], seed);
        let (lost, back) = {
            let fault = |e: &Event| matches!(&e.kind, K::FaultInjected { fault, .. } if *fault == *"telling-down");
            let over = |e: &Event| matches!(&e.kind, K::FaultCleared { fault } if *fault == *"telling-down");
            (first(&drill, fault).unwrap(), first(&drill, over).unwrap())
        };
        let by_discord = drill.timeline.events.iter().find(|event| {
            matches!(&event.kind, K::MessageSent { channel, .. } if *channel == *"urgent")
                && event.at > lost.at
                && event.at < back.at
        });
        assert_eq!(by_discord, None, "seed {seed}: Discord carries nothing");
        assert!(done(&drill, "tell-agents").is_some(), "seed {seed}");
    }
}

#[test]
fn nothing_gets_out_without_the_internet_but_a_call() {
    let outside = ["urgent", "coord", "issues", "mail", "status"];
    for seed in SEEDS {
        let drill = run("internet-outage", &[], seed);
        let lost = first(&drill, |e| matches!(e.kind, K::FaultInjected { .. })).unwrap().at;
        let back = first(&drill, |e| matches!(e.kind, K::FaultCleared { .. })).unwrap().at;
        for event in drill.timeline.events.iter().filter(|e| e.at > lost && e.at < back) {
            let channel = match &event.kind {
                K::PageDelivered { channel, .. } | K::MessageSent { channel, .. } => channel,
                K::PublicUpdate { channel, .. } => channel,
                _ => continue,
            };
            assert!(!outside.contains(&channel.as_str()), "seed {seed}: {channel} at {}", event.at);
        }
        let called = done(&drill, "call-human").unwrap();
        assert!(called.at < back, "seed {seed}");
        let answers = |e: &Event| {
            matches!(e.kind, K::Acknowledged { .. })
                && e.by.as_ref().is_some_and(|by| by.to_string() == "role:lead")
        };
        let answered = first(&drill, answers).unwrap().at;
        let wait = answered - called.at;
        assert!(wait < SimDuration::from_minutes(30), "seed {seed}: who is called comes: {wait}");
    }
}

#[test]
fn stages_of_coordination_whose_carrier_is_down_are_left_out_with_the_reason() {
    for seed in SEEDS {
        let drill = run("coordination-outage", &[], seed);
        let order: Vec<_> = ["backup-coordination", "switch-github", "manual-discord"]
            .iter()
            .filter_map(|step| started(&drill, step).map(|event| event.at))
            .collect();
        assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}: {order:?}");
        assert!(done(&drill, "direct-instructions").is_none(), "seed {seed}: others carry");
        let gap = measure(&drill, "duty:progress").unwrap();
        assert!(gap <= SimDuration::from_hours(3), "seed {seed}: {gap} between reports");
        let drill = run("coordination-outage", &[("also", "github")], seed);
        assert_eq!(skipped(&drill, "switch-github").unwrap().as_str(), "its carrier is down too");
        let drill = run("coordination-outage", &[("also", "both")], seed);
        assert_eq!(skipped(&drill, "manual-discord").unwrap().as_str(), "its carrier is down too");
        assert!(done(&drill, "direct-instructions").is_some(), "seed {seed}: the minimal stage");
    }
}

#[test]
fn requests_that_stay_without_an_answer_are_in_the_scorecard() {
    let inputs = inputs("coordination-outage", &[]);
    for (seed, without) in [(1, None), (1, Some("agents")), (2, None)] {
        let without: Vec<Name> = without.into_iter().map(Name::from).collect();
        let options = Options { without: without.clone(), ..options(seed) };
        let prepared = Prepared::new(&inputs, &options).unwrap();
        let drill = run_drill(&prepared, 0, &Silent).unwrap();
        let agents = drill.system.agents.len();
        let to_agents = drill.scorecard.requests.iter();
        let to_agents: Vec<_> =
            to_agents.filter(|one| one.to.kind == drill::model::EntityKind::Agent).collect();
        assert_eq!(to_agents.len(), agents, "seed {seed}: each agent is asked by name");
        for one in to_agents {
            assert_eq!(*one.channel, *"coord", "seed {seed}");
            assert!(one.answered.is_none_or(|at| at >= one.at), "seed {seed}");
            let pm = *one.to.name == *"pm-agent";
            assert!(pm || without.is_empty() || one.answered.is_none(), "nobody is there: {one:?}");
        }
        let text =
            drill::report::drill_text(&drill, drill::report::Lang::En, drill::report::Style::PLAIN);
        let open = drill.scorecard.requests.iter().any(|one| one.answered.is_none());
        assert_eq!(text.contains("No answer from"), open, "seed {seed}: {text}");
    }
}

#[test]
fn channels_of_the_code_host_have_delays_of_their_own() {
    let range = |name: &str| {
        let drill = run("quiet-day", &[], 1);
        let channel = drill.pack.channel(name).unwrap().clone();
        let delay = channel.delay.unwrap();
        assert!(delay.assumed, "{name}");
        (delay.min, delay.max)
    };
    for (scenario, names) in [
        ("coordination-outage", &["boards", "labels", "reviews"][..]),
        ("communication-outage", &["discussions", "commits"]),
    ] {
        for name in names {
            let (min, max) = range(name);
            let mut used = 0;
            for seed in SEEDS {
                let drill = run(scenario, &[], seed);
                used += drill
                    .timeline
                    .events
                    .iter()
                    .filter(|event| {
                        matches!(&event.kind, K::MessageSent { channel, .. } if **channel == **name)
                    })
                    .count();
                let step = drill.pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
                let own = |step: &&drill::model::Step| step.channels.iter().any(|c| **c == **name);
                let step = step.into_iter().find(own).unwrap();
                let (Some(begun), Some(ended)) =
                    (started(&drill, &step.id), done(&drill, &step.id))
                else {
                    continue;
                };
                assert!(ended.at - begun.at >= min, "{name} seed {seed}");
            }
            assert!(used > 0 && max > min, "{scenario} uses {name}");
        }
    }
}

#[test]
fn a_request_counts_when_it_is_confirmed() {
    let drill = run("coordination-outage", &[], 1);
    let asked = started(&drill, "request-tasks").unwrap().at;
    let answered = done(&drill, "request-tasks").unwrap().at;
    let confirmed = drill.timeline.events.iter().filter(|event| {
        matches!(
            &event.kind,
            K::MessageSent { purpose: drill::timeline::MessagePurpose::Confirmation, .. }
        ) && event.at >= asked
            && event.at <= answered
    });
    assert!(confirmed.count() >= 4, "each agent that answers confirms");
}

#[test]
fn a_restore_loses_what_was_written_since_the_backup_before_the_loss() {
    for seed in SEEDS {
        let drill = run("data-loss", &[], seed);
        let gone = measure(&drill, "data_loss_ms").unwrap();
        let restored = done(&drill, "restore-data").unwrap().at;
        let backup = restored - gone;
        assert_eq!(backup, "2026-11-11T03:00:00+09:00".parse().unwrap(), "seed {seed}");
        assert_eq!(values(&drill, SignalKind::DataLost), [1.0], "seed {seed}");
        let approved = first(
            &drill,
            |e| matches!(&e.kind, K::ApprovalGiven { what } if *what == *"restore-data"),
        );
        assert!(approved.unwrap().at < restored, "seed {seed}: a human approves");
        for before in ["assess-loss", "backup", "choose-backup"] {
            assert!(
                done(&drill, before).unwrap().at <= started(&drill, "restore-data").unwrap().at
            );
        }
        assert!(measure(&drill, "restore_ms").unwrap() > SimDuration::ZERO, "seed {seed}");
        let films = |wanted: fn(&K) -> bool| {
            first(&drill, |e| {
                wanted(&e.kind) && e.about.iter().any(|a| *a.name == *"movie-service")
            })
        };
        let checked = films(|k| matches!(k, K::StepDone { step, .. } if *step == *"check-data"));
        let restarted = films(|k| matches!(k, K::StepStarted { step, .. } if *step == *"restart"));
        assert!(restarted.unwrap().at >= checked.unwrap().at, "seed {seed}");
    }
}

#[test]
fn damage_that_creeps_needs_an_older_backup() {
    let sudden = measure(&run("data-loss", &[], 1), "data_loss_ms").unwrap();
    let creeping = run("data-loss", &[("loss", "creeping")], 1);
    let begun = first(&creeping, |e| matches!(e.kind, K::FaultInjected { .. })).unwrap().at;
    let gone = measure(&creeping, "data_loss_ms").unwrap();
    let restored = done(&creeping, "restore-data").unwrap().at;
    assert!(restored - gone < begun, "the backup is older than the damage");
    assert!(gone > sudden, "{gone} against {sudden}");
}

#[test]
fn evidence_is_kept_before_the_intruder_is_cut_off() {
    for seed in SEEDS {
        let drill = run("security-breach", &[], seed);
        let kept = done(&drill, "preserve-evidence").unwrap();
        let cut = started(&drill, "contain").unwrap();
        assert!(kept.at <= cut.at, "seed {seed}");
        assert_eq!(kept.by.as_ref().unwrap().to_string(), "role:security", "seed {seed}");
        let broken: Vec<_> = drill.scorecard.violations.iter().map(|v| v.rule.as_str()).collect();
        assert!(!broken.contains(&"containment-before-evidence"), "seed {seed}: {broken:?}");
        assert!(measure(&drill, "contain").is_some(), "seed {seed}");
    }
}

#[test]
fn an_overload_outlives_its_trigger_until_load_is_shed() {
    let mut outlived = 0;
    for seed in SEEDS {
        let drill = run("key-person-absent", &[], seed);
        let gone = first(&drill, |e| matches!(e.kind, K::FaultCleared { .. })).unwrap().at;
        let well =
            drill.timeline.events.iter().rev().find(|e| matches!(e.kind, K::SliRecovered { .. }));
        outlived += u32::from(well.unwrap().at > gone);
        let absent = drill
            .timeline
            .events
            .iter()
            .filter(|event| event.by.as_ref().is_some_and(|by| by.to_string() == "role:pm"));
        assert_eq!(absent.count(), 0, "seed {seed}: who is absent does nothing");
    }
    assert!(outlived >= 2, "the overload stays in {outlived} of 3 runs");
}

#[test]
fn a_long_outage_has_shifts_and_help_from_outside() {
    let seed = 1;
    let drill = run("long-outage", &[], seed);
    let began = first(&drill, |e| matches!(e.kind, K::FaultInjected { .. })).unwrap().at;
    let resolved = first(&drill, |e| matches!(e.kind, K::ResolvedClaimed {})).unwrap().at;
    assert!(resolved - began > SimDuration::from_hours(24), "seed {seed}");
    let shifts = drill.timeline.events.iter().filter(|e| matches!(e.kind, K::HandedOver { .. }));
    assert!(shifts.count() >= 3, "seed {seed}: three shifts a day");
    let outside = |e: &Event| {
        matches!(e.kind, K::PageSent { .. }) && e.about[0].to_string() == "role:outside"
    };
    let paged = first(&drill, outside).unwrap();
    assert!(paged.at - began > SimDuration::from_hours(4), "seed {seed}: after four hours");
}

#[test]
fn a_whole_system_out_of_reach_shows_no_errors() {
    for seed in SEEDS {
        let drill = run("infrastructure-outage", &[("variant", "edge")], seed);
        let declared = drill.scorecard.severity.declared.as_ref().unwrap();
        assert_eq!(declared.as_str(), "critical", "seed {seed}");
        let down = first(&drill, |e| {
            matches!(&e.kind, K::ServiceState { state: drill::model::ServiceState::Down, .. })
        });
        assert!(down.is_none(), "seed {seed}: no service fails");
        let gaps = drill.telemetry.slices.iter().flat_map(|(_, _, block)| &block.present);
        assert!(gaps.filter(|present| !**present).count() > 30, "seed {seed}: nothing is counted");
    }
}

#[test]
fn an_agent_that_works_badly_is_seen_by_its_results_and_never_hangs() {
    for seed in SEEDS {
        let drill = run("agent-quality-drop", &[], seed);
        let rules: BTreeSet<String> = drill
            .timeline
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                K::Finding { rule, .. } => Some(rule.to_string()),
                _ => None,
            })
            .collect();
        assert!(rules.contains("quality-drop"), "seed {seed}: {rules:?}");
        assert!(rules.iter().all(|rule| !rule.starts_with("agent-")), "seed {seed}: {rules:?}");
        let steps = ["name-problem", "sharpen-instructions", "support"];
        let at: Vec<_> =
            steps.iter().filter_map(|step| started(&drill, step)).map(|e| e.at).collect();
        assert!(at.windows(2).all(|pair| pair[0] <= pair[1]), "seed {seed}: the protocol's order");
    }
}

#[test]
fn a_control_run_of_every_scenario_has_no_incident() {
    let catalog = Catalog::new(None);
    for scenario in catalog.names(drill::load::Kind::Scenario) {
        let drill = run(&scenario, &[("control", "on")], 2);
        let wrong = |e: &&Event| {
            matches!(e.kind, K::FaultInjected { .. } | K::Declared { .. } | K::SliBreached { .. })
        };
        assert_eq!(drill.timeline.events.iter().find(wrong), None, "{scenario}");
        assert!(drill.timeline.header.expect_nothing, "{scenario}");
    }
}
