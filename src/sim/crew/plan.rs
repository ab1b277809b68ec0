//! The compiled, unchanging part of the crew: names resolved to indices, streams named.

use chrono::Datelike;

use super::super::rng::StreamName;
use super::figures::Figures;
use super::procedure::{self, Playbook};
use crate::model::{
    EntityKind, Name, Pack, Preset, Ref, RoleKind, Scenario, StepEffect, System, Tool, ToolKind,
    Trigger,
};
use crate::units::{SimDuration, SimTime, Zone};

/// A role.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) me: Ref,
    pub(super) human: bool,
    pub(super) people: u32,
    /// Some playbook has work for it.
    pub(super) works: bool,
    /// Not on call: at most a human may start a level that reaches it, and whoever answers
    /// has to be told first what is known.
    pub(super) external: bool,
    /// Indices of the agents that fill it.
    pub(super) agents: Vec<usize>,
    /// Channels of the tools it can be reached by, in its order.
    pub(super) reach: Vec<usize>,
    /// A script acts for it.
    pub(super) scripted: bool,
    pub(super) ack: StreamName,
    pub(super) think: StreamName,
    pub(super) call: StreamName,
}

/// A channel.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub(super) name: Name,
    pub(super) tool: usize,
    pub(super) kind: ToolKind,
    pub(super) exercised: bool,
    pub(super) fallback: Vec<usize>,
    /// Seconds that a message takes, where the pack says so.
    pub(super) delay_s: Option<(f64, f64)>,
    pub(super) stream: StreamName,
}

/// A level of escalation.
#[derive(Debug, Clone)]
pub(super) struct Level {
    pub(super) number: u32,
    pub(super) from: Option<usize>,
    pub(super) to: Vec<usize>,
    pub(super) channels: Vec<usize>,
    pub(super) human_only: bool,
}

/// What a report needs to be known before a field can be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Known from the moment something was noticed.
    Nothing,
    /// A right hypothesis.
    Cause,
    /// Somebody judged the impact.
    Impact,
    /// A plan, or recovery under way.
    Plan,
    /// Something was done.
    Action,
}

/// A report that is due.
#[derive(Debug, Clone)]
pub(super) struct Duty {
    pub(super) id: Name,
    pub(super) from: Milestone,
    pub(super) within: SimDuration,
    /// Field, what it needs, whether it may be preliminary.
    pub(super) fields: Vec<(Name, Needs, bool)>,
    /// Channels by rank of severity.
    pub(super) channels: Vec<Vec<usize>>,
    pub(super) stream: StreamName,
}

/// What a step or a duty waits for, as the crew knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Milestone {
    /// Nothing to wait for.
    Start,
    Detected,
    Acked,
    Declared,
    Mitigated,
    Resolved,
}

impl Milestone {
    fn of(word: &str) -> Self {
        match word {
            "detected" => Self::Detected,
            "acked" | "page_delivered" | "roles_filled" => Self::Acked,
            "declared" => Self::Declared,
            "mitigated" => Self::Mitigated,
            "resolved" => Self::Resolved,
            _ => Self::Start,
        }
    }

    pub(super) fn named(word: Option<&Name>) -> Self {
        word.map_or(Self::Start, |word| Self::of(word))
    }
}

/// Something that can be noticed: services, then agents, then tools, each in system order.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    pub(super) about: Ref,
    pub(super) rule: Name,
    pub(super) trigger: Trigger,
    pub(super) streams: [StreamName; 4],
}

/// A scripted act.
#[derive(Debug, Clone)]
pub(super) struct CuePlan {
    pub(super) at: SimDuration,
    pub(super) role: usize,
    pub(super) step: Option<usize>,
    pub(super) target: usize,
}

/// A red herring or news.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    pub(super) kind: crate::model::InjectKind,
    pub(super) about: Ref,
}

/// The compiled, unchanging part of the crew.
#[derive(Debug, Clone)]
pub(in crate::sim) struct CrewPlan {
    pub(super) figures: Figures,
    pub(super) zone: Zone,
    pub(super) system: Ref,
    pub(super) roles: Vec<Role>,
    pub(super) channels: Vec<Channel>,
    pub(super) levels: Vec<Level>,
    pub(super) duties: Vec<Duty>,
    /// How far apart public updates may be, by rank of severity.
    pub(super) update_gaps: Vec<Option<super::cadence::Interval>>,
    /// Humans who may decide, in the order of escalation.
    pub(super) deciders: Vec<usize>,
    pub(super) severities: Vec<Name>,
    pub(super) playbooks: Vec<Playbook>,
    /// Step names by global step id, with the stream of their times.
    pub(super) steps: Vec<(Name, StreamName)>,
    pub(super) entities: Vec<Entity>,
    pub(super) services: usize,
    pub(super) agents: usize,
    pub(super) tools: usize,
    /// Rank of recovery by service.
    pub(super) ranks: Vec<u32>,
    /// The agent that takes over, and whether every degraded mode was rehearsed, by index.
    pub(super) takes_over: Vec<Option<Ref>>,
    pub(super) modes: Vec<Option<bool>>,
    pub(super) agent_role: Vec<usize>,
    pub(super) dashboards: Vec<usize>,
    /// Per tool, the kind of incident that its loss is.
    pub(super) tool_triggers: Vec<Trigger>,
    pub(super) checker: Option<usize>,
    pub(super) check_every: SimDuration,
    pub(super) roots: Vec<Ref>,
    pub(super) leads: Vec<Lead>,
    pub(super) cues: Vec<CuePlan>,
    /// Nothing new happens in the scenario after this offset.
    pub(super) last_offset: SimDuration,
    pub(super) words: Words,
    pub(super) streams: StreamPlan,
}

/// Names that events need and no file gives.
#[derive(Debug, Clone)]
pub(super) struct Words {
    /// Triggers in the order of [`Trigger::ALL`].
    pub(super) triggers: Vec<Name>,
    /// `AI-001` and so on.
    pub(super) actions: Vec<Name>,
    /// Dates from `first_day` (days of the common era) on.
    pub(super) dates: Vec<Name>,
    pub(super) first_day: i32,
    pub(super) no_mode: Name,
    pub(super) no_switch: Name,
    pub(super) nothing_wrong: Name,
    pub(super) nothing_to_repair: Name,
    pub(super) no_backup: Name,
    pub(super) no_carrier: Name,
    pub(super) carried: Name,
}

/// Streams that belong to no entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamPlan {
    pub(super) stages: StreamName,
    pub(super) check_phase: StreamName,
    pub(super) false_report: StreamName,
    pub(super) skip: StreamName,
    pub(super) hypothesis: StreamName,
    pub(super) recovery: StreamName,
    pub(super) fallback: StreamName,
    pub(super) assembly: StreamName,
    pub(super) approval: StreamName,
    pub(super) handoff: StreamName,
    pub(super) update: StreamName,
}

impl CrewPlan {
    /// Compiles the crew of a drill.
    pub(in crate::sim) fn new(s: &System, sc: &Scenario, pack: &Pack, preset: &Preset) -> Self {
        let index = Index { system: s, pack };
        let steps = procedure::step_ids(pack);
        let roles = roles(&index, sc);
        let agent_role = |agent: usize| {
            let has = |role: &Role| role.agents.contains(&agent);
            roles.iter().position(has).unwrap_or(0)
        };
        let dashboard = |(_, tool): &(usize, &Tool)| tool.kind == ToolKind::Dashboard;
        let tools = s.tools.iter().enumerate();
        let levels: Vec<Level> = pack.levels.iter().map(|level| index.level(level)).collect();
        let first = levels.first().and_then(|level| level.to.first().copied());
        Self {
            figures: Figures::new(preset),
            zone: s.zone,
            system: Ref::new(EntityKind::System, &s.name),
            channels: pack.channels.iter().map(|c| index.channel_plan(c)).collect(),
            checker: index.find_role("pm").or(first),
            deciders: deciders(&roles, &levels),
            levels,
            update_gaps: super::cadence::intervals(pack),
            duties: pack.duties.iter().map(|duty| index.duty(duty)).collect(),
            severities: pack.severities.iter().map(|level| level.level.clone()).collect(),
            playbooks: procedure::playbooks(&index, sc, &steps),
            entities: entities(s),
            services: s.services.len(),
            agents: s.agents.len(),
            tools: s.tools.len(),
            ranks: ranks(s, pack),
            takes_over: takes_over(s),
            modes: modes(s),
            agent_role: (0..s.agents.len()).map(agent_role).collect(),
            dashboards: tools.filter(dashboard).map(|(i, _)| i).collect(),
            tool_triggers: s.tools.iter().map(|tool| tool_trigger(tool.kind)).collect(),
            check_every: pack.health_check_every,
            roots: sc.faults.iter().filter(|f| f.root).map(|f| f.on.clone()).collect(),
            leads: leads(sc),
            cues: cues(&index, sc, &steps),
            last_offset: last_offset(sc),
            words: words(s, sc, pack),
            streams: streams(),
            roles,
            steps,
        }
    }

    /// The entity that `about` names.
    pub(super) fn entity(&self, about: &Ref) -> Option<usize> {
        self.entities.iter().position(|entity| entity.about == *about)
    }

    /// What a target column is about: nothing in column 0, then services, then agents.
    pub(super) fn about(&self, target: usize) -> Vec<Ref> {
        match target {
            0 => Vec::new(),
            n => vec![self.entities[n - 1].about.clone()],
        }
    }

    /// Number of target columns.
    pub(super) fn targets(&self) -> usize {
        1 + self.services + self.agents
    }

    /// The service of a target column.
    pub(super) fn service_of(&self, target: usize) -> Option<usize> {
        (1..=self.services).contains(&target).then(|| target - 1)
    }

    /// The agent of a target column.
    pub(super) fn agent_of(&self, target: usize) -> Option<usize> {
        (target > self.services).then(|| target - 1 - self.services)
    }

    /// The channel `name`.
    pub(super) fn channel(&self, name: &str) -> Option<usize> {
        self.channels.iter().position(|channel| &*channel.name == name)
    }

    /// The role `name`.
    pub(super) fn role(&self, name: &str) -> Option<usize> {
        self.roles.iter().position(|role| &*role.me.name == name)
    }

    /// Rank of a severity, 0 being the most severe.
    pub(super) fn rank(&self, level: &str) -> Option<usize> {
        self.severities.iter().position(|known| &**known == level)
    }

    /// Whether it is night or weekend for people.
    pub(super) fn off_hours(&self, at: SimTime) -> bool {
        use chrono::Timelike;
        let local = at.local(self.zone);
        local.weekday().number_from_monday() > 5 || !(9..18).contains(&local.hour())
    }

    /// The date two weeks after `at`.
    pub(super) fn due(&self, at: SimTime) -> Option<Name> {
        let day = at.local(self.zone).date_naive().num_days_from_ce() + 14;
        let index = usize::try_from(day - self.words.first_day).ok()?;
        self.words.dates.get(index).cloned()
    }
}

/// Resolves names while compiling.
pub(super) struct Index<'a> {
    pub(super) system: &'a System,
    pub(super) pack: &'a Pack,
}

impl Index<'_> {
    fn find_role(&self, name: &str) -> Option<usize> {
        self.system.roles.iter().position(|role| &*role.name == name)
    }

    pub(super) fn role(&self, name: &str) -> usize {
        self.find_role(name).expect("invariant: loading refuses unknown roles")
    }

    pub(super) fn channel(&self, name: &str) -> usize {
        let mut channels = self.pack.channels.iter();
        channels
            .position(|channel| &*channel.name == name)
            .expect("invariant: loading refuses unknown channels")
    }

    /// The first channel that a tool carries.
    fn channel_of(&self, tool: &Name) -> Option<usize> {
        self.pack.channels.iter().position(|channel| channel.tool == *tool)
    }

    pub(super) fn channels(&self, names: &[Name]) -> Vec<usize> {
        names.iter().map(|name| self.channel(name)).collect()
    }

    /// The target column of a service or an agent.
    pub(super) fn target(&self, name: Option<&Name>) -> usize {
        let Some(name) = name else { return 0 };
        let services = &self.system.services;
        let agent = || self.system.agents.iter().position(|agent| agent.name == *name);
        match services.iter().position(|service| service.name == *name) {
            Some(service) => 1 + service,
            None => agent().map_or(0, |agent| 1 + services.len() + agent),
        }
    }

    fn channel_plan(&self, channel: &crate::model::Channel) -> Channel {
        let tool = self.system.tools.iter().position(|tool| tool.name == channel.tool);
        let tool = tool.expect("invariant: loading refuses unknown tools");
        Channel {
            name: channel.name.clone(),
            tool,
            kind: self.system.tools[tool].kind,
            exercised: self.system.tools[tool].exercised,
            fallback: self.channels(&channel.fallback),
            delay_s: channel.delay.map(|delay| (seconds(delay.min), seconds(delay.max))),
            stream: StreamName::of(&format!("carry:{}", channel.name)),
        }
    }

    fn level(&self, level: &crate::model::EscalationLevel) -> Level {
        Level {
            number: level.level,
            from: self.find_role(&level.from),
            to: level.to.iter().filter_map(|role| self.find_role(role)).collect(),
            channels: self.channels(&level.channels),
            human_only: level.human_only,
        }
    }

    fn duty(&self, duty: &crate::model::Duty) -> Duty {
        let channels = |severity: &crate::model::Severity| {
            let names = duty.channels.get(&severity.level);
            names.map_or_else(Vec::new, |names| self.channels(names))
        };
        let field = |field: &crate::model::Field| {
            (field.id.clone(), needs(&field.id), field.may_be_preliminary)
        };
        Duty {
            id: duty.id.clone(),
            from: Milestone::of(&duty.from),
            within: duty.within,
            fields: duty.fields.iter().map(field).collect(),
            channels: self.pack.severities.iter().map(channels).collect(),
            stream: StreamName::of(&format!("duty:{}", duty.id)),
        }
    }
}

/// What a field needs, by the words in its id: packs name fields freely.
fn needs(field: &str) -> Needs {
    let has = |words: &[&str]| words.iter().any(|word| field.contains(word));
    if has(&["cause"]) {
        Needs::Cause
    } else if has(&["plan", "resource"]) {
        Needs::Plan
    } else if has(&["impact", "scope"]) {
        Needs::Impact
    } else if has(&["action", "course"]) {
        Needs::Action
    } else {
        Needs::Nothing
    }
}

fn roles(index: &Index<'_>, scenario: &Scenario) -> Vec<Role> {
    let agent = |name: &Name| index.system.agents.iter().position(|agent| agent.name == *name);
    let role = |role: &crate::model::Role| Role {
        me: Ref::role(&role.name),
        human: role.kind == RoleKind::Human,
        people: role.people.max(1),
        works: index.pack.playbooks.iter().flat_map(|p| &p.steps).any(|s| s.role == role.name),
        external: is_external(index.pack, &role.name),
        agents: role.agents.iter().filter_map(agent).collect(),
        reach: role.reach.iter().filter_map(|tool| index.channel_of(tool)).collect(),
        scripted: scenario.script.iter().any(|cue| cue.role == role.name),
        ack: StreamName::of(&format!("ack:{}", role.name)),
        think: StreamName::of(&format!("think:{}", role.name)),
        call: StreamName::of(&format!("call:{}", role.name)),
    };
    index.system.roles.iter().map(role).collect()
}

/// Whether a role is not on call: no level reaches it that does not need a human to start it. In a
/// pack that reaches nobody, everybody is.
fn is_external(pack: &Pack, role: &Name) -> bool {
    let on_call = |role: &Name| pack.levels.iter().any(|l| !l.human_only && l.to.contains(role));
    let somebody = pack.levels.iter().any(|level| !level.human_only && !level.to.is_empty());
    somebody && !on_call(role)
}

/// Humans in the order in which levels reach them, then those whom no level reaches.
fn deciders(roles: &[Role], levels: &[Level]) -> Vec<usize> {
    let reached = |role: &usize| {
        let level = levels.iter().find(|level| level.to.contains(role));
        level.map_or(u32::MAX, |level| level.number)
    };
    let mut humans: Vec<usize> = (0..roles.len()).filter(|role| roles[*role].human).collect();
    humans.sort_by_key(reached);
    humans
}

fn entities(system: &System) -> Vec<Entity> {
    let (reported, agent_reported) = (Name::from("reported"), Name::from("agent-reported"));
    let entity = |kind, name: &Name, rule: &Name, trigger| Entity {
        about: Ref::new(kind, name),
        rule: rule.clone(),
        trigger,
        streams: ["user", "peer", "look", "check"]
            .map(|who| StreamName::of(&format!("notice:{who}:{name}"))),
    };
    let service = |s: &crate::model::Service| {
        entity(EntityKind::Service, &s.name, &reported, Trigger::ServiceOutage)
    };
    let agent = |a: &crate::model::Agent| {
        entity(EntityKind::Agent, &a.name, &agent_reported, Trigger::AgentHang)
    };
    let tool = |t: &Tool| entity(EntityKind::Tool, &t.name, &reported, tool_trigger(t.kind));
    let services = system.services.iter().map(service);
    let agents = system.agents.iter().map(agent);
    services.chain(agents).chain(system.tools.iter().map(tool)).collect()
}

fn tool_trigger(kind: ToolKind) -> Trigger {
    match kind {
        ToolKind::Chat | ToolKind::Mail | ToolKind::Phone | ToolKind::Pager => {
            Trigger::Communication
        }
        ToolKind::CodeHost => Trigger::CodeHost,
        ToolKind::Coordination => Trigger::Coordination,
        ToolKind::Internet => Trigger::Internet,
        ToolKind::Dashboard | ToolKind::StatusPage | ToolKind::Files => Trigger::Minor,
    }
}

fn ranks(system: &System, pack: &Pack) -> Vec<u32> {
    let rank = |service: &crate::model::Service| {
        let found = pack.priorities.iter().find(|p| p.service == service.name);
        found.map_or(u32::MAX, |priority| priority.rank)
    };
    system.services.iter().map(rank).collect()
}

fn takes_over(system: &System) -> Vec<Option<Ref>> {
    let backup = |agent: &crate::model::Agent| {
        agent.backup.as_ref().map(|name| Ref::new(EntityKind::Agent, name))
    };
    system.agents.iter().map(backup).collect()
}

/// Per service: `None` without a degraded mode, else whether all of them were rehearsed.
fn modes(system: &System) -> Vec<Option<bool>> {
    let mode = |service: &crate::model::Service| {
        let mut modes = service.degraded.iter().peekable();
        modes.peek()?;
        Some(modes.all(|mode| mode.exercised))
    };
    system.services.iter().map(mode).collect()
}

fn leads(scenario: &Scenario) -> Vec<Lead> {
    let lead =
        |inject: &crate::model::Inject| Lead { kind: inject.kind, about: inject.about.clone() };
    scenario.injects.iter().map(lead).collect()
}

fn cues(index: &Index<'_>, scenario: &Scenario, steps: &[(Name, StreamName)]) -> Vec<CuePlan> {
    let cue = |cue: &crate::model::Cue| CuePlan {
        at: cue.at,
        role: index.role(&cue.role),
        step: steps.iter().position(|(name, _)| *name == cue.step),
        target: index.target(cue.on.as_ref()),
    };
    scenario.script.iter().map(cue).collect()
}

fn last_offset(scenario: &Scenario) -> SimDuration {
    let faults = scenario.faults.iter().map(|fault| fault.at);
    let injects = scenario.injects.iter().map(|inject| inject.at);
    let cues = scenario.script.iter().map(|cue| cue.at);
    faults.chain(injects).chain(cues).max().unwrap_or(SimDuration::ZERO)
}

fn words(system: &System, scenario: &Scenario, pack: &Pack) -> Words {
    let steps = pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
    let actions = steps.filter(|step| step.effect == StepEffect::FileAction).count();
    let today = scenario.start.local(system.zone).date_naive();
    let last = scenario.endex.ms() / 86_400_000 + 32;
    let date = |day: i64| Name::from(format!("{}", today + chrono::TimeDelta::days(day)));
    Words {
        triggers: Trigger::ALL.iter().map(|trigger| Name::from(trigger.as_str())).collect(),
        actions: (1..=actions).map(|n| Name::from(format!("AI-{n:03}"))).collect(),
        dates: (0..last).map(date).collect(),
        first_day: today.num_days_from_ce(),
        no_mode: Name::from("no degraded mode can run for it"),
        no_switch: Name::from("the degraded mode cannot be switched on"),
        nothing_wrong: Name::from("nothing is wrong any more"),
        nothing_to_repair: Name::from("data are consistent"),
        no_backup: Name::from("no backup works"),
        no_carrier: Name::from("its carrier is down too"),
        carried: Name::from("an earlier stage carries it"),
    }
}

fn streams() -> StreamPlan {
    StreamPlan {
        stages: StreamName::of("stages"),
        check_phase: StreamName::of("notice:check-phase"),
        false_report: StreamName::of("notice:false-report"),
        skip: StreamName::of("skip"),
        hypothesis: StreamName::of("hypothesis"),
        recovery: StreamName::of("recovery"),
        fallback: StreamName::of("fallback"),
        assembly: StreamName::of("assembly"),
        approval: StreamName::of("approval"),
        handoff: StreamName::of("handoff"),
        update: StreamName::of("public-update"),
    }
}

fn seconds(span: SimDuration) -> f64 {
    span.ms() as f64 / 1000.0
}
