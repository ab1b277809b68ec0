//! The unchanging part of the world: names resolved to positions, steady flow computed once.

use std::sync::Arc;

use super::baseline::Baseline;
use super::curve::Curve;
use super::flow::{Flow, FlowInput};
use crate::model::{
    DependencyKind, EntityKind, Environment, Fault, FaultEffect, FaultEnd, Inject, Name, Preset,
    Ref, Scenario, Shape, SignalKind, SliKind, System, SystemSlo, ToolKind,
};
use crate::sim::rng::{StreamName, normal_cdf};
use crate::units::{SimDuration, SimTime};

/// z of the 95th percentile of a normal distribution.
const Z95: f64 = 1.644_853_626_951_472_2;
/// A series is written down this long after it is steady again, unless its tiers say otherwise.
const TAIL: SimDuration = SimDuration::from_hours(6);

/// The compiled, unchanging part of the world.
#[derive(Debug, Clone)]
pub(in crate::sim) struct WorldPlan {
    pub(super) net: Arc<Net>,
    baseline: Arc<Baseline>,
}

impl WorldPlan {
    /// Compiles `system` and `scenario`. The preset belongs to people; the world takes nothing
    /// from it.
    pub(in crate::sim) fn new(
        system: &System,
        scenario: &Scenario,
        _preset: &Preset,
        baseline: Baseline,
    ) -> Self {
        Self {
            net: Arc::new(Net::new(system, &scenario.faults, &scenario.injects)),
            baseline: Arc::new(baseline),
        }
    }

    /// The steady baseline that all trials share.
    pub(in crate::sim) fn baseline(&self) -> &Baseline {
        &self.baseline
    }
}

/// Something a service can call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Service(usize),
    Store(usize),
    Tool(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Dep {
    pub(super) on: Node,
    pub(super) hard: bool,
    pub(super) calls: f64,
    pub(super) attempts: u32,
    pub(super) retry_budget: bool,
    /// Modes that answer instead when this call fails.
    pub(super) modes: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct ServiceNode {
    pub(super) entity: Ref,
    pub(super) rate: f64,
    pub(super) capacity: f64,
    pub(super) error_ratio: f64,
    pub(super) p50_ms: f64,
    pub(super) p95_ms: f64,
    pub(super) threshold_ms: f64,
    pub(super) deps: Vec<Dep>,
    /// Modes it runs itself for its own failure, or for one it does not call directly.
    pub(super) own_modes: Vec<usize>,
    pub(super) slos: Vec<usize>,
    /// Arrivals per minute in steady state, calls from inside included, before the curve.
    pub(super) steady_load: f64,
    /// Health probes look at it at this phase of each minute.
    pub(super) probe_phase: SimDuration,
    /// Names of the SLIs that no objective of the file stands for: that requests arrive, and that
    /// nobody reads what he may not.
    pub(super) arrivals: Name,
    pub(super) confidentiality: Name,
}

impl ServiceNode {
    /// Share of requests answered within the threshold when the median and the 95th percentile
    /// are these: the lognormal distribution through both.
    pub(super) fn fast_share(&self, p50_ms: f64, p95_ms: f64) -> f64 {
        let p50_ms = p50_ms.max(1e-3);
        let sigma = (libm::log(p95_ms.max(p50_ms) / p50_ms) / Z95).max(0.05);
        normal_cdf(libm::log(self.threshold_ms.max(1e-3) / p50_ms) / sigma)
    }

    /// Share of requests that are good in steady state.
    pub(super) fn steady_good(&self, sli: SliKind) -> f64 {
        match sli {
            SliKind::Availability => 1.0 - self.error_ratio,
            SliKind::Latency => {
                (1.0 - self.error_ratio) * self.fast_share(self.p50_ms, self.p95_ms)
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct ModeNode {
    pub(super) name: Name,
    pub(super) failed: usize,
    pub(super) runs_on: usize,
    pub(super) keeps: f64,
    pub(super) development_only: bool,
}

#[derive(Debug, Clone)]
pub(super) struct AgentNode {
    pub(super) entity: Ref,
    pub(super) tasks_per_hour: f64,
    pub(super) tokens_per_hour: f64,
    pub(super) heartbeat: SimDuration,
    pub(super) backup: Option<usize>,
    pub(super) slo: Name,
    pub(super) stream: StreamName,
}

#[derive(Debug, Clone)]
pub(super) struct ToolNode {
    pub(super) entity: Ref,
    /// What it carries for the team, as an SLI of its own.
    pub(super) slo: Name,
    pub(super) kind: ToolKind,
    pub(super) needs: Vec<Node>,
}

#[derive(Debug, Clone)]
pub(super) struct SloNode {
    pub(super) name: Name,
    pub(super) service: usize,
    pub(super) sli: SliKind,
    pub(super) target: f64,
    pub(super) steady: f64,
    pub(super) tail: SimDuration,
    pub(super) stream: StreamName,
}

/// What a fault hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hit {
    Service(usize),
    Store(usize),
    Tool(usize),
    Agent(usize),
    /// Nothing that the world plays, such as a role.
    Nothing,
}

#[derive(Debug, Clone)]
pub(super) struct FaultNode {
    pub(super) name: Name,
    pub(super) on: Ref,
    pub(super) hit: Hit,
    pub(super) at: SimDuration,
    pub(super) effect: FaultEffect,
    pub(super) amount: f64,
    pub(super) shape: Shape,
    pub(super) over: SimDuration,
    pub(super) end: FaultEnd,
    pub(super) root: bool,
}

#[derive(Debug, Clone)]
pub(super) struct InjectNode {
    pub(super) name: Name,
    pub(super) at: SimDuration,
    pub(super) about: Ref,
    pub(super) text: Name,
    /// The condition it states.
    pub(super) signal: Option<SignalKind>,
}

/// A system and a scenario with names resolved.
#[derive(Debug, Clone)]
pub(super) struct Net {
    pub(super) services: Vec<ServiceNode>,
    pub(super) stores: Vec<Ref>,
    /// Per store: how often it is backed up, and how long after midnight.
    pub(super) backups: Vec<(SimDuration, SimDuration)>,
    pub(super) agents: Vec<AgentNode>,
    pub(super) tools: Vec<ToolNode>,
    pub(super) dashboards: Vec<usize>,
    pub(super) modes: Vec<ModeNode>,
    pub(super) slos: Vec<SloNode>,
    pub(super) faults: Vec<FaultNode>,
    pub(super) injects: Vec<InjectNode>,
    /// Services, callers before the called wherever there is no cycle.
    pub(super) order: Vec<usize>,
    pub(super) curve: Curve,
    pub(super) development: bool,
    pub(super) system: Ref,
    pub(super) replay: StreamName,
}

impl Net {
    /// Resolves names. Names that do not exist were refused at load; here they are left out.
    pub(super) fn new(system: &System, faults: &[Fault], injects: &[Inject]) -> Self {
        let modes = modes(system);
        let mut net = Self {
            services: services(system, &modes),
            stores: system.stores.iter().map(|s| Ref::new(EntityKind::Store, &s.name)).collect(),
            backups: system.stores.iter().map(|s| (s.backup_every, s.backup_at)).collect(),
            agents: agents(system),
            tools: tools(system),
            dashboards: (0..system.tools.len())
                .filter(|i| system.tools[*i].kind == ToolKind::Dashboard)
                .collect(),
            modes,
            slos: Vec::new(),
            faults: faults.iter().map(|fault| fault_node(system, fault)).collect(),
            injects: injects.iter().map(inject_node).collect(),
            order: Vec::new(),
            curve: Curve::new(system.zone, system.daily_swing),
            development: system.environment == Environment::Development,
            system: Ref::new(EntityKind::System, &system.name),
            replay: StreamName::of("local:replay"),
        };
        net.order = callers_first(&net.services);
        net.settle_steady();
        net.slos = slos(system, &net.services);
        for (i, slo) in net.slos.iter().enumerate() {
            net.services[slo.service].slos.push(i);
        }
        net
    }

    /// Computes steady arrivals, and lifts capacities that the busiest hour would already fill:
    /// a steady state is by definition one that lasts.
    fn settle_steady(&mut self) {
        let mut flow = Flow::new(self);
        let input = FlowInput::steady(self);
        flow.loads(self, &input);
        let peak = self.curve.peak();
        for (service, state) in self.services.iter_mut().zip(&flow.services) {
            service.steady_load = state.load;
            service.capacity = service.capacity.max(state.load * peak / 0.9).max(1e-9);
        }
    }

    /// When the next probe of `service` after `now` looks.
    pub(super) fn next_probe(&self, service: usize, now: SimTime) -> SimTime {
        let phase = self.services[service].probe_phase.ms();
        let into = (now.ms() - phase).rem_euclid(60_000);
        now + SimDuration::from_ms(60_000 - into)
    }

    /// When a store's newest backup at `at` was taken.
    pub(super) fn last_backup(&self, store: usize, at: SimTime) -> SimTime {
        // Day 0 of the epoch was a Thursday; four days later a week begins.
        const MONDAY: SimDuration = SimDuration::from_hours(4 * 24);
        let (every, after) = self.backups[store];
        let ahead = SimDuration::from_minutes(self.curve.offset_minutes(at));
        let grid = (MONDAY + after - ahead).ms();
        let since = (at.ms() - grid).rem_euclid(every.ms().max(1));
        at - SimDuration::from_ms(since)
    }

    /// The position of the service, agent, store or tool that `about` names.
    pub(super) fn hit(&self, about: &Ref) -> Hit {
        let found = match about.kind {
            EntityKind::Service => {
                self.services.iter().position(|s| s.entity == *about).map(Hit::Service)
            }
            EntityKind::Store => self.stores.iter().position(|s| s == about).map(Hit::Store),
            EntityKind::Agent => {
                self.agents.iter().position(|a| a.entity == *about).map(Hit::Agent)
            }
            EntityKind::Tool => self.tools.iter().position(|t| t.entity == *about).map(Hit::Tool),
            EntityKind::Role | EntityKind::Alert | EntityKind::System => None,
        };
        found.unwrap_or(Hit::Nothing)
    }
}

fn node(system: &System, name: &Name) -> Option<Node> {
    let services = system.services.iter().position(|s| s.name == *name).map(Node::Service);
    let stores = || system.stores.iter().position(|s| s.name == *name).map(Node::Store);
    let tools = || system.tools.iter().position(|s| s.name == *name).map(Node::Tool);
    services.or_else(stores).or_else(tools)
}

fn modes(system: &System) -> Vec<ModeNode> {
    let of = |failed: usize| {
        system.services[failed].degraded.iter().map(move |mode| ModeNode {
            name: mode.name.clone(),
            failed,
            runs_on: system.services.iter().position(|s| s.name == mode.runs_on).unwrap_or(failed),
            keeps: mode.keeps.clamp(0.0, 1.0),
            development_only: mode.development_only,
        })
    };
    (0..system.services.len()).flat_map(of).collect()
}

fn services(system: &System, modes: &[ModeNode]) -> Vec<ServiceNode> {
    let compile = |(i, service): (usize, &crate::model::Service)| {
        let mut own_modes: Vec<usize> =
            (0..modes.len()).filter(|m| modes[*m].runs_on == i).collect();
        let mut deps = Vec::new();
        for dep in &service.depends_on {
            let Some(on) = node(system, &dep.on) else {
                continue;
            };
            let answers = |m: &usize| {
                modes[*m].runs_on == i
                    && modes[*m].failed != i
                    && Node::Service(modes[*m].failed) == on
            };
            let answered: Vec<usize> = (0..modes.len()).filter(answers).collect();
            own_modes.retain(|m| !answered.contains(m));
            deps.push(Dep {
                on,
                hard: dep.kind == DependencyKind::Hard,
                calls: dep.calls.max(0.0),
                attempts: dep.attempts.clamp(1, 100),
                retry_budget: dep.retry_budget,
                modes: answered,
            });
        }
        let name = format!("probe:{}", service.name);
        let phase = xxhash_rust::xxh3::xxh3_64(name.as_bytes()) % 60_000;
        ServiceNode {
            entity: Ref::new(EntityKind::Service, &service.name),
            rate: service.rate_per_min.max(0.0),
            capacity: service.capacity_per_min,
            error_ratio: service.error_ratio.clamp(0.0, 1.0),
            p50_ms: (service.p50.ms() as f64).max(1e-3),
            p95_ms: (service.p95.ms().max(service.p50.ms()) as f64).max(1e-3),
            threshold_ms: service.latency_threshold.ms() as f64,
            deps,
            own_modes,
            slos: Vec::new(),
            steady_load: 0.0,
            probe_phase: SimDuration::from_ms(phase as i64),
            arrivals: Name::from(format!("{}-arrivals", service.name)),
            confidentiality: Name::from(format!("{}-confidentiality", service.name)),
        }
    };
    system.services.iter().enumerate().map(compile).collect()
}

fn agents(system: &System) -> Vec<AgentNode> {
    let compile = |agent: &crate::model::Agent| AgentNode {
        entity: Ref::new(EntityKind::Agent, &agent.name),
        tasks_per_hour: agent.tasks_per_hour.max(1e-3),
        tokens_per_hour: agent.tokens_per_hour.max(0.0),
        heartbeat: agent.heartbeat,
        backup: agent
            .backup
            .as_ref()
            .and_then(|backup| system.agents.iter().position(|a| a.name == *backup)),
        slo: Name::from(format!("{}-tasks", agent.name)),
        stream: StreamName::of(&format!("agent:{}", agent.name)),
    };
    system.agents.iter().map(compile).collect()
}

fn tools(system: &System) -> Vec<ToolNode> {
    let compile = |tool: &crate::model::Tool| ToolNode {
        entity: Ref::new(EntityKind::Tool, &tool.name),
        slo: Name::from(format!("{}-delivery", tool.name)),
        kind: tool.kind,
        needs: tool.needs.iter().filter_map(|name| node(system, name)).collect(),
    };
    system.tools.iter().map(compile).collect()
}

fn slos(system: &System, services: &[ServiceNode]) -> Vec<SloNode> {
    let compile = |SystemSlo { spec: slo, sli }: &SystemSlo| {
        let service = system.services.iter().position(|s| s.name == slo.service).unwrap_or(0);
        SloNode {
            name: slo.name.clone(),
            service,
            sli: *sli,
            target: slo.target.as_f64(),
            steady: services[service].steady_good(*sli),
            tail: slo.tiers.iter().map(|tier| tier.short).max().unwrap_or(TAIL),
            stream: StreamName::of(&format!("slice:{}", slo.name)),
        }
    };
    if services.is_empty() {
        return Vec::new();
    }
    system.slos.iter().map(compile).collect()
}

fn fault_node(system: &System, fault: &Fault) -> FaultNode {
    let name = &fault.on.name;
    let hit = match fault.on.kind {
        EntityKind::Service => {
            system.services.iter().position(|s| s.name == *name).map(Hit::Service)
        }
        EntityKind::Store => system.stores.iter().position(|s| s.name == *name).map(Hit::Store),
        EntityKind::Tool => system.tools.iter().position(|s| s.name == *name).map(Hit::Tool),
        EntityKind::Agent => system.agents.iter().position(|s| s.name == *name).map(Hit::Agent),
        EntityKind::Role | EntityKind::Alert | EntityKind::System => None,
    };
    FaultNode {
        name: fault.name.clone(),
        on: fault.on.clone(),
        hit: hit.unwrap_or(Hit::Nothing),
        at: fault.at,
        effect: fault.effect,
        amount: if fault.amount.is_finite() { fault.amount.max(0.0) } else { 1.0 },
        shape: fault.shape,
        over: fault.over,
        end: fault.end,
        root: fault.root,
    }
}

fn inject_node(inject: &Inject) -> InjectNode {
    InjectNode {
        name: inject.name.clone(),
        at: inject.at,
        about: inject.about.clone(),
        text: inject.text.en.clone(),
        signal: inject.signal,
    }
}

/// Depth-first order, reversed: every caller before what it calls; back edges of cycles ignored.
fn callers_first(services: &[ServiceNode]) -> Vec<usize> {
    let mut seen = vec![false; services.len()];
    let mut order = Vec::with_capacity(services.len());
    for root in 0..services.len() {
        let mut stack = vec![(root, 0)];
        if seen[root] {
            continue;
        }
        seen[root] = true;
        while let Some((service, next)) = stack.pop() {
            let Some(dep) = services[service].deps.get(next) else {
                order.push(service);
                continue;
            };
            stack.push((service, next + 1));
            match dep.on {
                Node::Service(called) if !seen[called] => {
                    seen[called] = true;
                    stack.push((called, 0));
                }
                _ => {}
            }
        }
    }
    order.reverse();
    order
}
