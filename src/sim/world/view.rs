//! What the crew may ask the world, and the gauges of the drill.

use std::sync::Arc;

use super::agent::AgentNow;
use super::gauge::{AGENT_METRICS, Gauge, SERVICE_METRICS};
use super::plan::Hit;
use super::state::{DOWN_SHARE, TAG_GAUGES, World};
use crate::model::{Ref, ServiceState};
use crate::sim::desk::Condition;
use crate::sim::engine::Ctx;
use crate::sim::queue::Token;
use crate::units::{SimDuration, SimTime};

const MINUTE: SimDuration = SimDuration::from_minutes(1);
/// Gauges go on this long after all is well again.
const AFTER: SimDuration = SimDuration::from_hours(1);
/// Gauges end after a week, whatever happens.
const MINUTES_MAX: usize = 7 * 1440;

impl World {
    /// Whether a tool works: its own faults and everything it needs.
    pub(in crate::sim) fn tool_works(&self, tool: usize) -> bool {
        self.flow.tools[tool]
    }

    /// Whether a service answers again and works off what came in meanwhile.
    pub(in crate::sim) fn recovering(&self, service: usize) -> bool {
        self.services[service].recovering.is_some()
    }

    /// Whether an agent does its tasks by itself.
    pub(in crate::sim) fn agent_works(&self, agent: usize) -> bool {
        let agent = &self.agents[agent];
        agent.hung_since.is_none() && !agent.poor
    }

    /// Whether an intruder can read what a service serves.
    pub(in crate::sim) fn exposed(&self, service: usize) -> bool {
        self.services[service].exposed
    }

    /// Whether what the team sends by a tool does not arrive, and nothing carries it instead.
    pub(in crate::sim) fn tool_lost(&self, tool: usize) -> bool {
        self.tools[tool].breached
    }

    /// Traffic that arrives at a service over what is expected.
    pub(in crate::sim) fn traffic_ratio(&self, service: usize) -> f64 {
        self.input.own[service].traffic
    }

    /// Whether `about` is exactly the target of a root fault that has begun. A fault that was
    /// cleared stays the cause: people look for it after the users are well again, too.
    pub(in crate::sim) fn is_root(&self, about: &Ref) -> bool {
        let mut faults = self.faults.iter().zip(&self.net.faults);
        faults.any(|(now, fault)| fault.root && now.began.is_some() && fault.on == *about)
    }

    /// Services that are down or overloaded now; one whose own degraded mode covers it counts,
    /// because it still needs a recovery.
    pub(in crate::sim) fn failed_services(&self) -> impl Iterator<Item = usize> {
        (0..self.services.len()).filter(|at| {
            let flow = &self.flow.services[*at];
            flow.overloaded || flow.dead > DOWN_SHARE
        })
    }

    /// Whether users or tasks suffer from the state of `about` now.
    pub(in crate::sim) fn impaired(&self, about: &Ref) -> bool {
        match self.net.hit(about) {
            Hit::Service(at) => self.services[at].impaired,
            Hit::Agent(at) => self.agents[at].is_out(),
            Hit::Store(at) => self.input.stores[at].fail > 0.01,
            Hit::Tool(at) => !self.flow.tools[at],
            Hit::Nothing if *about == self.net.system => {
                self.services.iter().any(|service| service.impaired)
                    || self.agents.iter().any(AgentNow::is_out)
            }
            Hit::Nothing => false,
        }
    }

    /// How `about` fares to whoever tries it and reads its logs.
    pub(in crate::sim) fn condition(&self, about: &Ref) -> Condition {
        const SILENT: f64 = 0.5;
        let hit = self.net.hit(about);
        let damaged = || {
            let mut faults = self.faults.iter().zip(&self.net.faults);
            faults.any(|(now, fault)| fault.hit == hit && now.damages(fault))
        };
        let degraded = |bad: bool| if bad { Condition::Degraded } else { Condition::Works };
        match hit {
            Hit::Service(at) if self.failed_services().any(|failed| failed == at) => {
                Condition::Down
            }
            Hit::Service(at) if self.services[at].exposed => Condition::Exposed,
            Hit::Store(at) if self.input.stores[at].fail > SILENT => Condition::Down,
            Hit::Service(_) | Hit::Store(_) if damaged() => Condition::Damaged,
            Hit::Service(_) | Hit::Store(_) => degraded(self.impaired(about)),
            Hit::Agent(at) if self.agents[at].hung_since.is_some() => Condition::Down,
            Hit::Agent(at) => degraded(self.agents[at].poor || self.agents[at].is_out()),
            Hit::Tool(at) if !self.flow.tools[at] => Condition::Down,
            Hit::Tool(_) => Condition::Works,
            Hit::Nothing => Condition::Unknown,
        }
    }

    /// Whether the data of a service and its stores are sound.
    pub(in crate::sim) fn data_consistent(&self, service: usize) -> bool {
        !self.damaged(service)
    }

    /// Since when every SLI, those of agents included, is inside; `None` when one is out.
    pub(in crate::sim) fn sli_ok_since(&self) -> Option<SimTime> {
        self.ok_since
    }

    /// Whether nothing is wrong and nothing more will come: every fault is over, no backlog is
    /// left, every service is up, and probes have seen it. An agent whose tasks others do counts
    /// as settled once its queue is empty.
    pub(in crate::sim) fn settled(&self) -> bool {
        let over = self.faults.iter().zip(&self.net.faults).all(|(now, fault)| {
            let replaced = matches!(fault.hit, Hit::Agent(at) if self.agents[at].covered);
            fault.hit == Hit::Nothing || now.ended || (now.began.is_some() && replaced)
        });
        over && self.services.iter().all(|service| {
            service.state == ServiceState::Up && service.recovering.is_none() && !service.unseen()
        }) && self.agents.iter().all(|agent| agent.draining.is_none() && !agent.breached)
    }

    /// Gauges recorded so far, one per entity and metric.
    pub(in crate::sim) fn gauges(&self) -> &[Gauge] {
        &self.gauges
    }

    /// Begins to record gauges; their minutes never change the run.
    pub(super) fn start_gauges(&mut self, ctx: &mut Ctx<'_>) {
        let start = SimTime::from_minute(ctx.now.minute());
        let gauge = |entity: &Ref, metric| Gauge {
            entity: entity.clone(),
            metric,
            start,
            step: MINUTE,
            values: Vec::new(),
        };
        for service in &self.net.services {
            self.gauges.extend(SERVICE_METRICS.map(|metric| gauge(&service.entity, metric)));
        }
        for agent in &self.net.agents {
            self.gauges.extend(AGENT_METRICS.map(|metric| gauge(&agent.entity, metric)));
        }
        ctx.queue.push(start + MINUTE, Token::new(TAG_GAUGES, 0));
    }

    /// Records the minute that ends now.
    pub(super) fn gauge_timer(&mut self, ctx: &mut Ctx<'_>) {
        let net = Arc::clone(&self.net);
        let minute = (ctx.now - MINUTE).minute();
        let curve = self.cursor.factor(&net.curve, minute);
        for (at, node) in net.services.iter().enumerate() {
            let values = self.service_gauges(at, curve);
            let first = at * SERVICE_METRICS.len();
            for (gauge, value) in self.gauges[first..].iter_mut().zip(values) {
                gauge.values.push(value);
            }
            debug_assert_eq!(self.gauges[first].entity, node.entity);
        }
        let first = net.services.len() * SERVICE_METRICS.len();
        for (at, node) in net.agents.iter().enumerate() {
            let agent = &self.agents[at];
            let hung = agent.hung_since.is_some();
            let spend = if hung { agent.spend } else { 1.0 };
            let completed = if hung { 0.0 } else { node.tasks_per_hour / 60.0 };
            let values = [
                agent.queue_age(ctx.now).ms() as f64,
                node.tokens_per_hour / 60.0 * spend,
                completed,
            ];
            let first = first + at * AGENT_METRICS.len();
            for (gauge, value) in self.gauges[first..].iter_mut().zip(values) {
                gauge.values.push(Some(value));
            }
        }
        if self.settled() {
            self.settled_at.get_or_insert(ctx.now);
        } else {
            self.settled_at = None;
        }
        let over = self.settled_at.is_some_and(|at| ctx.now >= at + AFTER);
        let full = self.gauges.first().is_none_or(|g| g.values.len() >= MINUTES_MAX);
        if !over && !full {
            ctx.after(MINUTE, Token::new(TAG_GAUGES, 0));
        }
    }

    fn service_gauges(&self, at: usize, curve: f64) -> [Option<f64>; SERVICE_METRICS.len()] {
        let (flow, node) = (&self.flow.services[at], &self.net.services[at]);
        let errors = 1.0 - (1.0 - node.error_ratio) * (1.0 - flow.excess);
        let answers = flow.dead < 0.999;
        let rate = flow.load * curve;
        let rho = if self.services[at].steady { rate / node.capacity } else { flow.rho };
        // Blocked threads do not compute: processor use falls while saturation rises.
        let working =
            rate / node.capacity.max(1e-9) * (1.0 - 0.9 * (flow.raw - flow.local).max(0.0));
        let busy = if flow.overloaded { 1.0 } else { working.min(1.0) };
        let cpu = if answers { busy / (1.0 + flow.blocked) } else { 0.0 };
        [
            Some(rate),
            Some(errors),
            answers.then_some(flow.p50_ms),
            answers.then_some(flow.p95_ms),
            Some(cpu),
            Some(if answers { rho.min(1.0) } else { 0.0 }),
        ]
    }
}
