//! The changing part of the world, its timers, and the states that follow from the flow.

use std::collections::VecDeque;
use std::sync::Arc;

use super::agent::AgentNow;
use super::curve::CurveCursor;
use super::fault::FaultNow;
use super::flow::{Flow, FlowInput};
use super::gauge::Gauge;
use super::local::LocalWork;
use super::plan::{Hit, Net, WorldPlan};
use super::telemetry::{ServiceSeries, SloSeries};
use super::tool::ToolNow;
use crate::model::{Name, Number, Ref, ServiceState, SliKind};
use crate::sim::act::Detail;
use crate::sim::engine::{Ctx, WorldNote};
use crate::sim::queue::Token;
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

pub(super) const TAG_FAULT_BEGIN: u8 = 1;
pub(super) const TAG_FAULT_END: u8 = 2;
pub(super) const TAG_FAULT_FLAP: u8 = 3;
pub(super) const TAG_INJECT: u8 = 4;
pub(super) const TAG_MINUTE: u8 = 5;
pub(super) const TAG_PROBE: u8 = 6;
pub(super) const TAG_RECOVERED: u8 = 7;
pub(super) const TAG_AGENT: u8 = 8;
pub(super) const TAG_GAUGES: u8 = 9;
pub(super) const TAG_TOOL: u8 = 10;

/// Share of failing requests above which a service does not answer at all.
pub(super) const DOWN_SHARE: f64 = 0.9;
/// A service whose own causes fail more than this was in trouble and recovers afterwards.
const TROUBLE_SHARE: f64 = 0.5;
/// Users suffer when fewer than this share of their requests arrive.
const UNREACHED_SHARE: f64 = 0.8;
/// Share of the requests of an outage that come back as backlog.
const BACKLOG_SHARE: f64 = 0.3;
/// At most this much of an outage's work comes back; the rest has expired.
const BACKLOG_MAX: SimDuration = SimDuration::from_hours(1);
/// A recovery takes at least this long: caches are cold.
const WARM_UP: SimDuration = SimDuration::from_minutes(2);
/// A recovery takes at most this long.
const RECOVERY_MAX: SimDuration = SimDuration::from_hours(3);
/// Without dashboards responders learn of a state this much later.
const BLIND_DELAY: SimDuration = SimDuration::from_minutes(10);

/// What changes about a service.
#[derive(Debug, Clone)]
pub(super) struct ServiceNow {
    pub(super) state: ServiceState,
    seen: ServiceState,
    seen_mode: Option<Name>,
    probe_at: Option<SimTime>,
    pub(super) trouble_since: Option<SimTime>,
    pub(super) recovering: Option<(SimTime, SimTime)>,
    pub(super) impaired: bool,
    /// Hardly any of the expected requests arrive, with the SLI that says so.
    pub(super) unreached: bool,
    /// An intruder can read what it serves.
    pub(super) exposed: bool,
    /// Cut off from the intruder, and from some of its users with him, until the hole is closed.
    pub(super) cut: bool,
    /// No different from the steady state.
    pub(super) steady: bool,
}

impl ServiceNow {
    /// Probes have yet to see its present state.
    pub(super) fn unseen(&self) -> bool {
        self.probe_at.is_some()
    }
}

/// The changing part of the world.
#[derive(Debug)]
pub(in crate::sim) struct World {
    pub(super) net: Arc<Net>,
    pub(super) flow: Flow,
    pub(super) input: FlowInput,
    pub(super) faults: Vec<FaultNow>,
    pub(super) services: Vec<ServiceNow>,
    pub(super) series: Vec<ServiceSeries>,
    pub(super) slos: Vec<SloSeries>,
    pub(super) agents: Vec<AgentNow>,
    pub(super) tools: Vec<ToolNow>,
    pub(super) notes: VecDeque<WorldNote>,
    pub(super) gauges: Vec<Gauge>,
    pub(super) cursor: CurveCursor,
    /// Up to here the flow of the current minute was added up; `None` while all is steady.
    pub(super) flowed_to: Option<SimTime>,
    /// Since when every SLI is inside its SLO; `None` when one is out.
    pub(super) ok_since: Option<SimTime>,
    pub(super) settled_at: Option<SimTime>,
    /// Dashboards show nothing before this that they did not show already.
    known_from: SimTime,
    pub(super) local: LocalWork,
    /// The metrics store is away by its own fault: slices are missing.
    pub(super) uncounted: bool,
}

impl World {
    /// A world in steady state.
    pub(in crate::sim) fn new(plan: &WorldPlan) -> Self {
        let net = Arc::clone(&plan.net);
        let service = || ServiceNow {
            state: ServiceState::Up,
            seen: ServiceState::Up,
            seen_mode: None,
            probe_at: None,
            trouble_since: None,
            recovering: None,
            impaired: false,
            unreached: false,
            exposed: false,
            cut: false,
            steady: true,
        };
        Self {
            flow: Flow::new(&net),
            input: FlowInput::steady(&net),
            faults: vec![FaultNow::default(); net.faults.len()],
            services: net.services.iter().map(|_| service()).collect(),
            series: vec![ServiceSeries::default(); net.services.len()],
            slos: net.slos.iter().map(|_| SloSeries::default()).collect(),
            agents: net.agents.iter().map(|_| AgentNow::default()).collect(),
            tools: vec![ToolNow::default(); net.tools.len()],
            notes: VecDeque::new(),
            known_from: SimTime::from_ms(i64::MIN),
            local: LocalWork::default(),
            uncounted: false,
            gauges: Vec::new(),
            cursor: CurveCursor::default(),
            flowed_to: None,
            ok_since: None,
            settled_at: None,
            net,
        }
    }

    /// Sets the timers of faults and injects.
    pub(in crate::sim) fn start(&mut self, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        self.ok_since = Some(ctx.now);
        for (i, fault) in plan.net.faults.iter().enumerate() {
            ctx.after(fault.at, Token::new(TAG_FAULT_BEGIN, i as u32));
        }
        for (i, inject) in plan.net.injects.iter().enumerate() {
            ctx.after(inject.at, Token::new(TAG_INJECT, i as u32));
        }
        if ctx.options.detail == Detail::Full {
            self.start_gauges(ctx);
        }
    }

    /// Handles a timer of the world.
    pub(in crate::sim) fn on_timer(&mut self, token: Token, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let arg = token.arg() as usize;
        match token.tag() {
            TAG_FAULT_BEGIN => self.begin_fault(arg, plan, ctx),
            TAG_FAULT_END => self.end_fault(arg, plan, ctx),
            TAG_FAULT_FLAP => self.flap_fault(arg, plan, ctx),
            TAG_INJECT => self.inject(arg, plan, ctx),
            TAG_MINUTE => self.minute(plan, ctx),
            TAG_PROBE => self.probe(arg, ctx),
            TAG_RECOVERED => self.recovered(arg, plan, ctx),
            TAG_AGENT => self.agent_timer(arg, ctx),
            TAG_GAUGES => self.gauge_timer(ctx),
            TAG_TOOL => self.tool_timer(arg, ctx),
            _ => {}
        }
    }

    /// The next note for the crew.
    pub(in crate::sim) fn take_note(&mut self) -> Option<WorldNote> {
        self.notes.pop_front()
    }

    fn inject(&mut self, index: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let inject = &plan.net.injects[index];
        let kind = EventKind::Inject { inject: inject.name.clone() };
        ctx.emit(kind, vec![inject.about.clone()], None);
        ctx.note(|| inject.text.clone());
        if let Some(signal) = inject.signal {
            let kind = EventKind::Observation { signal, value: Number(1.0) };
            ctx.emit(kind, vec![inject.about.clone()], None);
        }
        self.notes.push_back(WorldNote::Injected(index));
    }

    /// When responders can see what dashboards show at `now`. What was shown late is never
    /// overtaken by what came after it.
    pub(super) fn seen_at(&mut self, now: SimTime) -> SimTime {
        let seen_at = if self.is_blind() { now + BLIND_DELAY } else { now };
        self.known_from = self.known_from.max(seen_at);
        self.known_from
    }

    /// When responders see what happens at `now` and shows once its minute `closes`. What is
    /// seen meanwhile need not wait for it.
    pub(super) fn seen_when_closed(&mut self, now: SimTime, closes: SimTime) -> SimTime {
        if self.is_blind() { self.seen_at(now) } else { self.known_from.max(closes) }
    }

    /// No dashboard works.
    fn is_blind(&self) -> bool {
        let dashboards = &self.net.dashboards;
        let works = |tool: &usize| self.flow.tools[*tool];
        !dashboards.is_empty() && !dashboards.iter().any(works)
    }

    /// Solves the flow anew after a change at `ctx.now` and draws the consequences. The minute's
    /// flow up to now must have been added up before the change, see [`World::flow_to`].
    pub(super) fn resolve(&mut self, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        // Ending degraded modes or a recovery beginning changes the flow once more.
        for _ in 0..3 {
            self.prepare(plan, ctx.now);
            self.flow.solve(&plan.net, &self.input);
            if !self.troubles(plan, ctx) && !self.end_modes(plan, ctx.now) {
                break;
            }
        }
        self.observe_minimum(plan);
        let dashboards = &self.net.dashboards;
        self.uncounted =
            !dashboards.is_empty() && dashboards.iter().all(|tool| self.input.tools_down[*tool]);
        self.judge_tools(plan, ctx);
        for at in 0..self.services.len() {
            self.judge(at, plan, ctx);
        }
        if self.flowed_to.is_none() && self.needs_minutes(plan, ctx.now) {
            self.start_minutes(ctx);
        }
    }

    fn prepare(&mut self, plan: &WorldPlan, now: SimTime) {
        self.input.curve = self.cursor.factor(&plan.net.curve, now.minute());
        self.gather_faults(plan, now);
        for (drain, service) in self.input.drain.iter_mut().zip(&self.services) {
            *drain = service.recovering.map_or(0.0, |(from, to)| {
                let whole = ((to - from).ms() as f64).max(1.0);
                ((to - now).ms() as f64 / whole).clamp(0.0, 1.0)
            });
        }
    }

    /// Notices where trouble of a service's own began or ended; true when a recovery began.
    fn troubles(&mut self, plan: &WorldPlan, ctx: &mut Ctx<'_>) -> bool {
        let mut began = false;
        for at in 0..self.services.len() {
            let flow = self.flow.services[at];
            let troubled = flow.local > TROUBLE_SHARE || flow.overloaded;
            let service = &mut self.services[at];
            match (troubled, service.trouble_since) {
                (true, None) => {
                    service.trouble_since = Some(ctx.now);
                    service.recovering = None;
                }
                (false, Some(since)) => {
                    service.trouble_since = None;
                    let lasts = recovery_time(plan, at, ctx.now - since, self.input.curve);
                    service.recovering = Some((ctx.now, ctx.now + lasts));
                    ctx.after(lasts, Token::new(TAG_RECOVERED, at as u32));
                    began = true;
                }
                _ => {}
            }
        }
        began
    }

    /// Ends the degraded modes of services that work again, as soon as their caches are warm: who
    /// still works off a backlog answers again. True when one ended.
    fn end_modes(&mut self, plan: &WorldPlan, now: SimTime) -> bool {
        let mut ended = false;
        for (on, mode) in self.input.modes_on.iter_mut().zip(&plan.net.modes) {
            let (flow, service) = (&self.flow.services[mode.failed], &self.services[mode.failed]);
            let warm = service.recovering.is_none_or(|(from, _)| now - from >= WARM_UP);
            if *on && service.trouble_since.is_none() && warm && flow.raw < 0.01 {
                *on = false;
                ended = true;
            }
        }
        ended
    }

    fn recovered(&mut self, at: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        if self.services[at].recovering.is_none_or(|(_, to)| to != ctx.now) {
            return;
        }
        self.flow_to(plan, ctx.now);
        self.services[at].recovering = None;
        self.resolve(plan, ctx);
    }

    /// State, impact and probes of one service after the flow changed.
    fn judge(&mut self, at: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let flow = self.flow.services[at];
        let node = &plan.net.services[at];
        let breached = self.breached_now(at, plan);
        self.note_breaches(at, plan, ctx);
        let mode = self.mode_on(at, plan);
        let service = &mut self.services[at];
        service.steady = flow.excess.abs() < 1e-9
            && (flow.load - node.steady_load).abs() <= 1e-9 * node.steady_load.max(1.0)
            && (flow.p95_ms / node.p95_ms - 1.0).abs() < 1e-6
            && (flow.p50_ms / node.p50_ms - 1.0).abs() < 1e-6;
        service.state = if flow.dead * (1.0 - flow.kept) > DOWN_SHARE {
            ServiceState::Down
        } else if flow.overloaded {
            ServiceState::Overloaded
        } else if service.recovering.is_some() {
            ServiceState::Recovering
        } else if breached || mode.is_some() {
            ServiceState::Degraded
        } else {
            ServiceState::Up
        };
        let failed = matches!(service.state, ServiceState::Down | ServiceState::Overloaded);
        let covered = (0..plan.net.modes.len()).any(|m| {
            let mode = &plan.net.modes[m];
            let helps = mode.failed == at || (mode.runs_on == at && flow.excess <= 0.5);
            self.input.modes_on[m] && helps && mode.keeps > 0.0
        });
        // Requests that never arrive break no objective, but whoever sent them suffers.
        let unreached = self.input.own[at].traffic < UNREACHED_SHARE;
        if unreached != service.unreached {
            service.unreached = unreached;
            let (slo, about) = (node.arrivals.clone(), node.entity.clone());
            self.sli_event(unreached, slo, about, ctx);
        }
        let service = &mut self.services[at];
        let impaired = (breached || failed || unreached) && !covered;
        if impaired != service.impaired {
            service.impaired = impaired;
            let about = node.entity.clone();
            self.notes.push_back(if impaired {
                WorldNote::ImpactBegan(about)
            } else {
                WorldNote::ImpactEnded(about)
            });
        }
        let unseen = service.seen != service.state || service.seen_mode.as_ref() != mode;
        if unseen && service.probe_at.is_none() {
            let probe_at = plan.net.next_probe(at, ctx.now);
            service.probe_at = Some(probe_at);
            ctx.queue.push(probe_at, Token::new(TAG_PROBE, at as u32));
        }
    }

    /// An SLI without an objective of the file went out, or came back in.
    pub(super) fn sli_event(&mut self, out: bool, slo: Name, about: Ref, ctx: &mut Ctx<'_>) {
        self.sli_changed(ctx.now);
        let kind =
            if out { EventKind::SliBreached { slo } } else { EventKind::SliRecovered { slo } };
        let known_at = self.seen_at(ctx.now);
        ctx.emit_known(kind, vec![about], None, known_at);
    }

    fn probe(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let net = Arc::clone(&self.net);
        let mode = self.mode_on_net(at, &net).cloned();
        let service = &mut self.services[at];
        service.probe_at = None;
        if service.seen == service.state && service.seen_mode == mode {
            return;
        }
        service.seen = service.state;
        service.seen_mode.clone_from(&mode);
        let kind = EventKind::ServiceState { state: service.state, mode };
        let known_at = self.seen_at(ctx.now);
        ctx.emit_known(kind, vec![net.services[at].entity.clone()], None, known_at);
    }

    fn mode_on<'p>(&self, at: usize, plan: &'p WorldPlan) -> Option<&'p Name> {
        self.mode_on_net(at, &plan.net)
    }

    fn mode_on_net<'n>(&self, at: usize, net: &'n Net) -> Option<&'n Name> {
        let modes = net.modes.iter().zip(&self.input.modes_on);
        let mut on = modes.filter(|(mode, on)| **on && mode.runs_on == at);
        on.next().map(|(mode, _)| &mode.name)
    }

    /// Whether an SLI of the service is out now. A service without SLOs is out when it fails
    /// more than one request in a hundred beyond its steady state.
    fn breached_now(&self, at: usize, plan: &WorldPlan) -> bool {
        let node = &plan.net.services[at];
        if node.slos.is_empty() {
            return self.flow.services[at].excess > 0.01;
        }
        node.slos.iter().any(|slo| self.is_out(*slo, plan))
    }

    /// Whether the SLI of an SLO is out at the present flow.
    pub(super) fn is_out(&self, index: usize, plan: &WorldPlan) -> bool {
        let slo = &plan.net.slos[index];
        let good = self.good_share(slo.service, plan, slo.sli);
        good < slo.target && good < slo.steady - 1e-9
    }

    /// Share of requests that are good at the present flow.
    pub(super) fn good_share(&self, at: usize, plan: &WorldPlan, sli: SliKind) -> f64 {
        let flow = &self.flow.services[at];
        let answered = (1.0 - plan.net.services[at].error_ratio) * (1.0 - flow.excess);
        match sli {
            SliKind::Availability => answered,
            SliKind::Latency => answered * flow.fast,
        }
    }

    /// Whether a service or one of its stores has damaged data.
    pub(super) fn damaged(&self, at: usize) -> bool {
        self.faults
            .iter()
            .zip(&self.net.faults)
            .any(|(now, fault)| now.damages(fault) && self.belongs(fault.hit, at))
    }

    /// Whether `hit` is the service itself or a store that it depends on hard.
    pub(super) fn belongs(&self, hit: Hit, at: usize) -> bool {
        hit == Hit::Service(at)
            || self.net.services[at].deps.iter().any(|dep| match (dep.on, hit) {
                (super::plan::Node::Store(store), Hit::Store(hit)) => dep.hard && store == hit,
                _ => false,
            })
    }
}

/// How long a service works off its backlog: what came back over the spare capacity.
fn recovery_time(plan: &WorldPlan, at: usize, outage: SimDuration, curve: f64) -> SimDuration {
    let service = &plan.net.services[at];
    let load = service.steady_load * curve;
    let spare = (service.capacity - load).max(service.capacity * 0.05);
    let backlog = load * BACKLOG_SHARE * outage.min(BACKLOG_MAX).minutes();
    let drain = SimDuration::from_ms((backlog / spare * 60_000.0) as i64);
    drain.max(WARM_UP).min(RECOVERY_MAX)
}
