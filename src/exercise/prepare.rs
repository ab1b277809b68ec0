//! What a drill is made of, prepared once for all its trials.

use std::sync::Arc;

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{
    AlertTransition, ContentHash, EntityKind, Mode, Name, Pack, Playbook, Preset, Ref, Scenario,
    SloSpec, System, Trigger, When,
};
use crate::policy::Policies;
use crate::score::ScorePlan;
use crate::sim::{Baseline, Blueprint, Detail, RunOptions, Stream, StreamName, Streams};
use crate::slo::{History, Plan, Replay};
use crate::timeline::{Header, KnownSetup, RequiredStep};
use crate::units::{Seed, SimDuration, SimTime};

/// The files of a drill, loaded and checked against one another.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The system under drill.
    pub system: System,
    /// The scenario after `--set`.
    pub scenario: Scenario,
    /// The pack that decides and scores.
    pub pack: Pack,
    /// The responder preset.
    pub preset: Preset,
}

/// What a drill is a function of, beside its files.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed of the run, or of the first trial.
    pub seed: Seed,
    /// When the exercise starts; `None` takes the scenario's fixed instant or draws by `when`.
    pub start: Option<SimTime>,
    /// Hour of the start, drawn from the seed; `None` keeps the scenario's fixed instant.
    pub when: Option<When>,
    /// Train or evaluate; `None` as the scenario says.
    pub mode: Option<Mode>,
    /// Roles removed from play.
    pub without: Vec<Name>,
    /// Worker threads; results do not depend on it.
    pub threads: usize,
}

/// Names of an SLO that events carry, made once.
#[derive(Debug, Clone)]
pub(super) struct SloNames {
    pub(super) slo: Name,
    pub(super) service: crate::model::Ref,
    /// Per tier: name and severity.
    pub(super) tiers: Vec<(Name, Name)>,
}

/// A drill compiled: everything that trials share.
pub struct Prepared<'i> {
    pub(super) inputs: &'i Inputs,
    pub(super) options: &'i Options,
    pub(super) blueprint: Blueprint,
    /// Per SLO, its tiers on the steady baseline.
    pub(super) plans: Vec<Plan>,
    /// Transitions that the steady baseline makes by itself, ascending; usually none.
    pub(super) baseline_alerts: Vec<AlertTransition>,
    pub(super) names: Vec<SloNames>,
    pub(super) plan: ScorePlan,
}

impl<'i> Prepared<'i> {
    /// Compiles a drill and draws the steady baseline that its trials share.
    ///
    /// # Errors
    /// When the pack's scripts do not compile, or a role of `without` does not exist.
    pub fn new(inputs: &'i Inputs, options: &'i Options) -> Result<Self, Diagnostics> {
        // Compiled here only to refuse a broken pack before anything is simulated.
        Policies::compile(&inputs.pack)?;
        check_roles(inputs, options)?;
        let (first, last) = starts(inputs, options);
        let endex = (last - first) + inputs.scenario.endex;
        let baseline = draw_baseline(&inputs.system, first, endex, options.threads);
        let specs: Vec<&SloSpec> = inputs.system.slos.iter().map(|slo| &slo.spec).collect();
        let plan =
            |(slo, spec)| Plan::new(slo, spec, Arc::new(History::new(&baseline.blocks[slo])));
        let plans: Vec<Plan> = specs.iter().copied().enumerate().map(plan).collect();
        let baseline_alerts = baseline_alerts(&plans, first, first + endex);
        let blueprint = Blueprint::new(
            &inputs.system,
            &inputs.scenario,
            &inputs.pack,
            &inputs.preset,
            baseline,
        );
        let names = specs.iter().copied().map(slo_names).collect();
        let plan = ScorePlan::new(&inputs.pack, &header(inputs, options, options.seed, first));
        Ok(Self { inputs, options, blueprint, plans, baseline_alerts, names, plan })
    }

    /// When trial `seed` starts.
    pub(super) fn start_of(&self, seed: Seed) -> SimTime {
        start_of(self.inputs, self.options, seed)
    }

    pub(super) fn run_options(&self, seed: Seed, detail: Detail) -> RunOptions {
        RunOptions {
            seed,
            start: self.start_of(seed),
            mode: self.options.mode.unwrap_or(self.inputs.scenario.mode),
            without: without(self.inputs, self.options),
            detail,
        }
    }

    pub(super) fn setup(&self, start: SimTime) -> KnownSetup {
        KnownSetup::of(&self.inputs.system, start)
    }

    pub(super) fn header(&self, seed: Seed) -> Header {
        header(self.inputs, self.options, seed, self.start_of(seed))
    }
}

/// Roles that nobody fills: those the scenario leaves out, then those that are asked for.
fn without(inputs: &Inputs, options: &Options) -> Vec<Name> {
    let absent = &inputs.scenario.absent;
    let more = options.without.iter().filter(|role| !absent.contains(role));
    absent.iter().chain(more).cloned().collect()
}

fn check_roles(inputs: &Inputs, options: &Options) -> Result<(), Diagnostics> {
    let known: Vec<&str> = inputs.system.roles.iter().map(|role| &*role.name).collect();
    let mut wrong = Diagnostics::default();
    for role in options.without.iter().filter(|role| !known.contains(&&***role)) {
        let message = format!("`{role}` is not a role of system `{}`", inputs.system.name);
        let help = match crate::diag::did_you_mean(role, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("roles are: {}", known.join(", ")),
        };
        wrong.push(Diagnostic::error("run::unknown-role", message).help(help));
    }
    if wrong.list.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The earliest and the latest instant at which a trial may start.
fn starts(inputs: &Inputs, options: &Options) -> (SimTime, SimTime) {
    let fixed = options.start.unwrap_or(inputs.scenario.start);
    match options.when {
        Some(_) if options.start.is_none() => {
            let week = week_start(inputs, fixed);
            (week, week + SimDuration::from_hours(7 * 24))
        }
        _ => (fixed, fixed),
    }
}

/// Monday 00:00, in the system's zone, of the week of `at`.
fn week_start(inputs: &Inputs, at: SimTime) -> SimTime {
    use chrono::{Datelike, Timelike};
    let local = at.local(inputs.system.zone);
    let days = i64::from(local.weekday().num_days_from_monday());
    let into_day = SimDuration::from_secs(i64::from(local.num_seconds_from_midnight()));
    let millis = SimDuration::from_ms(at.ms().rem_euclid(1000));
    at - into_day - millis - SimDuration::from_hours(days * 24)
}

fn start_of(inputs: &Inputs, options: &Options, seed: Seed) -> SimTime {
    let fixed = options.start.unwrap_or(inputs.scenario.start);
    let (Some(when), None) = (options.when, options.start) else {
        return fixed;
    };
    let mut stream = Streams::new(seed).stream(StreamName::of("start"));
    let minute = drawn_minute(when, &mut stream);
    week_start(inputs, fixed) + SimDuration::from_minutes(minute)
}

/// Minutes after Monday 00:00. Whole minutes, so that slices keep their grid.
fn drawn_minute(when: When, stream: &mut Stream) -> i64 {
    let minute = |stream: &mut Stream, from_hour: i64, hours: i64| {
        from_hour * 60 + stream.below(usize::try_from(hours * 60).unwrap_or(1)) as i64
    };
    let day = 24 * 60;
    match when {
        When::Work => stream.below(5) as i64 * day + minute(stream, 10, 7),
        When::Night => stream.below(5) as i64 * day + minute(stream, 22, 8),
        When::Weekend => 5 * day + minute(stream, 0, 48),
        When::Any => minute(stream, 0, 7 * 24),
    }
}

fn draw_baseline(system: &System, start: SimTime, endex: SimDuration, threads: usize) -> Baseline {
    let draw = |slo: usize| Baseline::draw_slo(system, slo, start, endex);
    let slos: Vec<usize> = (0..system.slos.len()).collect();
    if threads < 2 {
        return Baseline { blocks: slos.into_iter().map(draw).collect() };
    }
    let mut blocks = Vec::with_capacity(slos.len());
    std::thread::scope(|scope| {
        let half = slos.len() / 2;
        let (left, right) = slos.split_at(half);
        let other = scope.spawn(|| right.iter().map(|slo| draw(*slo)).collect::<Vec<_>>());
        blocks.extend(left.iter().map(|slo| draw(*slo)));
        blocks.extend(other.join().expect("drawing slices cannot panic"));
    });
    Baseline { blocks }
}

fn baseline_alerts(plans: &[Plan], from: SimTime, to: SimTime) -> Vec<AlertTransition> {
    let mut all = Vec::new();
    for plan in plans.iter().filter(|plan| !plan.is_quiet(from, to)) {
        Replay::fork(plan, from).catch_up(to, &mut all);
    }
    all.sort_by_key(|transition| (transition.at, transition.slo, transition.tier));
    all
}

fn slo_names(spec: &SloSpec) -> SloNames {
    SloNames {
        slo: spec.name.clone(),
        service: crate::model::Ref::service(&spec.service),
        tiers: spec
            .tiers
            .iter()
            .map(|tier| (Name::from(tier.name()), tier.severity.clone()))
            .collect(),
    }
}

fn header(inputs: &Inputs, options: &Options, seed: Seed, start: SimTime) -> Header {
    let Inputs { system, scenario, pack, preset } = inputs;
    let (assumed, all) = preset.assumed();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut parameters: Vec<(Name, Name)> =
        scenario.parameters.iter().map(|(p, value)| (p.name.clone(), value.clone())).collect();
    let without = without(inputs, options);
    if !without.is_empty() {
        let roles: Vec<&str> = without.iter().map(|role| &**role).collect();
        parameters.push((Name::from("without"), Name::from(roles.join(","))));
    }
    let hashes = [system.hash.0, scenario.hash.0, preset.hash.0];
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    Header {
        zone: system.zone,
        source: crate::model::Source::Simulated,
        title: scenario.name.clone(),
        scenario: Some(scenario.name.clone()),
        likeness: scenario.likeness.clone(),
        parameters,
        system: Some(system.name.clone()),
        environment: Some(system.environment),
        pack: Some(pack.name.clone()),
        pack_hash: Some(Name::from(pack.hash.to_string())),
        inputs_hash: Some(Name::from(ContentHash::of(&bytes).to_string())),
        responders: Some(preset.name.clone()),
        assumed_inputs: Some((count(assumed), count(all))),
        mode: options.mode.unwrap_or(scenario.mode),
        frequency: Some(scenario.frequency.clone()),
        seed: Some(seed),
        start,
        end: start + scenario.endex,
        drill_version: Some(Name::from(env!("CARGO_PKG_VERSION"))),
        expected_severity: scenario.expect.severity.clone(),
        expect_nothing: scenario.expect.severity.is_none(),
        required_steps: required_steps(scenario, pack),
        sources: Vec::new(),
        not_published: Vec::new(),
        texts: Vec::new(),
    }
}

/// The kind of incident that a scenario's root faults make.
fn trigger_of(scenario: &Scenario) -> Option<Trigger> {
    let mut hit: Vec<&Ref> =
        scenario.faults.iter().filter(|fault| fault.root).map(|fault| &fault.on).collect();
    hit.sort();
    hit.dedup();
    let of = |kinds: &[EntityKind]| hit.iter().filter(|on| kinds.contains(&on.kind)).count();
    match of(&[EntityKind::Service, EntityKind::Store]) {
        0 => (of(&[EntityKind::Agent]) > 0).then_some(Trigger::AgentHang),
        1 => Some(Trigger::ServiceOutage),
        _ => Some(Trigger::MultiService),
    }
}

/// The steps a scenario expects, under the playbook that it names, else under the one that has
/// most of them: playbooks share step ids, and an expectation is about one procedure.
fn required_steps(scenario: &Scenario, pack: &Pack) -> Vec<RequiredStep> {
    let mut named: Vec<&Name> =
        scenario.expect.first_actions.iter().chain(&scenario.expect.required_steps).collect();
    named.dedup();
    let has = |playbook: &Playbook, id: &Name| playbook.steps.iter().any(|step| step.id == *id);
    let meant = |playbook: &&Playbook| {
        scenario.expect.playbook.as_ref().is_none_or(|named| playbook.id == *named)
    };
    let counted = pack
        .playbooks
        .iter()
        .filter(meant)
        .map(|playbook| (named.iter().filter(|id| has(playbook, id)).count(), playbook));
    // Between equals, the one for what the scenario breaks; then the pack's first, which
    // `max_by_key` finds last.
    let trigger = trigger_of(scenario);
    let best =
        counted.rev().max_by_key(|(count, playbook)| (*count, Some(playbook.trigger) == trigger));
    let Some((_, playbook)) = best.filter(|(count, _)| *count > 0) else { return Vec::new() };
    let of_it = named.into_iter().filter(|id| has(playbook, id));
    of_it.map(|id| RequiredStep { playbook: playbook.id.clone(), step: id.clone() }).collect()
}
