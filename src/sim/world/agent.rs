//! AI agents under faults: silence, error loops, slow burn, and who takes their tasks.
//!
//! What observers will see of a hung agent is known in closed form the moment the fault begins;
//! it is kept as one ascending list per agent and one timer.

use super::plan::{AgentNode, FaultNode, WorldPlan};
use super::state::{TAG_AGENT, World};
use crate::model::{FaultEffect, Number, SignalKind};
use crate::sim::engine::{Ctx, WorldNote};
use crate::sim::queue::Token;
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

/// Hours of silence at which it is seen anew.
const SILENCE_HOURS: [i64; 11] = [1, 6, 12, 18, 23, 24, 30, 36, 48, 72, 96];
/// Hours of queue age at which it is seen anew.
const QUEUE_HOURS: [i64; 6] = [1, 4, 12, 24, 48, 72];
/// Error responses in a row at which they are seen anew.
const ERROR_COUNTS: [i64; 5] = [1, 2, 3, 5, 10];
/// Ratios of tokens and calls over the baseline at which they are seen anew.
const RATIO_BUCKETS: [f64; 3] = [2.0, 3.0, 5.0];
/// Spend is seen as a mean over this long.
const SPEND_WINDOW: SimDuration = SimDuration::from_minutes(10);
/// A loop of equal calls at a constant rate stands out after this long.
const LOOP_SEEN: SimDuration = SimDuration::from_minutes(15);
/// Ratios over the usual at which worse results are seen anew.
const QUALITY_BUCKETS: [f64; 4] = [1.5, 2.0, 3.0, 5.0];
/// What is measured of an agent's results: the share of the rise that it takes, and the tasks
/// that must be done before a rate of twenty results tells it.
const QUALITY: [(SignalKind, f64, i64); 4] = [
    (SignalKind::TestFailureRatio, 1.0, 5),
    (SignalKind::TaskTimeRatio, 1.0, 5),
    (SignalKind::HelpRequestRatio, 0.7, 6),
    (SignalKind::ReviewFindingRatio, 0.8, 8),
];
/// What is counted: its value, the share of the rise after which it happens, and tasks.
const QUALITY_COUNTS: [(SignalKind, f64, f64, i64); 2] = [
    (SignalKind::CorrectionsOfTask, 3.0, 0.6, 3),
    (SignalKind::RequirementMismatches, 1.0, 0.9, 10),
];
const HOUR: SimDuration = SimDuration::from_hours(1);
const MINUTE: SimDuration = SimDuration::from_minutes(1);
/// Whoever takes the waiting tasks works them off in this share of the time they piled up.
const DRAIN_SHARE: f64 = 0.25;
const DRAIN_MAX: SimDuration = SimDuration::from_hours(4);

/// Something that will be seen of an agent.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sight {
    Signal(SignalKind, f64),
    /// The first task that falls due is not answered.
    Overdue,
    /// The first task after that is answered.
    Answered,
    Drained,
}

/// What changes about an agent.
#[derive(Debug, Default)]
pub(super) struct AgentNow {
    /// Since when it has not worked.
    pub(super) hung_since: Option<SimTime>,
    /// Its results get worse.
    pub(super) poor: bool,
    /// Others do its tasks.
    pub(super) covered: bool,
    /// Its SLI is out: of the tasks that fall due, none is answered.
    pub(super) breached: bool,
    /// Whoever waits for its answers suffers, and may notice.
    pub(super) impaired: bool,
    /// Waiting tasks are worked off until then.
    pub(super) draining: Option<(SimTime, SimTime)>,
    /// Tasks wait and grow old.
    queues: bool,
    /// Token spend over the baseline.
    pub(super) spend: f64,
    /// Effects seen so far, so that recovery takes back only what was seen.
    shown: Vec<SignalKind>,
    sights: Vec<(SimTime, Sight)>,
    next: usize,
}

impl AgentNow {
    fn plan_sight(&mut self, at: SimTime, sight: Sight) {
        self.sights.push((at, sight));
    }

    fn plan_bad(
        &mut self,
        effect: FaultEffect,
        amount: f64,
        now: SimTime,
        first: SimDuration,
        node: &AgentNode,
    ) {
        let task = task_time(node);
        if effect == FaultEffect::ErrorLoop {
            for n in ERROR_COUNTS {
                let sight = Sight::Signal(SignalKind::ErrorsInRow, n as f64);
                self.plan_sight(now + first + task * (n - 1), sight);
            }
        } else {
            for hours in SILENCE_HOURS {
                let after = SimDuration::from_hours(hours);
                let sight = Sight::Signal(SignalKind::TaskSilenceMs, after.ms() as f64);
                self.plan_sight(now + after, sight);
            }
            for hours in QUEUE_HOURS {
                let after = SimDuration::from_hours(hours);
                let sight = Sight::Signal(SignalKind::QueueAgeMs, after.ms() as f64);
                self.plan_sight(now + after, sight);
            }
        }
        match effect {
            FaultEffect::SlowBurn => {
                for bucket in RATIO_BUCKETS.into_iter().filter(|bucket| *bucket <= amount) {
                    let share = (bucket - 1.0) / (amount - 1.0).max(1e-9);
                    let at = now + SPEND_WINDOW.scale(share);
                    self.plan_sight(at, Sight::Signal(SignalKind::TokenRatio, bucket));
                    self.plan_sight(at, Sight::Signal(SignalKind::CallRatio, bucket));
                }
                self.plan_sight(now + LOOP_SEEN, Sight::Signal(SignalKind::LoopConstantRate, 1.0));
            }
            FaultEffect::Down => {
                let missed = node.heartbeat * 2;
                self.plan_sight(now + missed, Sight::Signal(SignalKind::HeartbeatOk, 0.0));
            }
            _ => {}
        }
        self.plan_sight(now + HOUR.max(task), Sight::Signal(SignalKind::Completed1h, 0.0));
        self.plan_sight(now + first, Sight::Overdue);
    }

    /// It does not work, and nobody does its tasks.
    pub(super) fn is_out(&self) -> bool {
        self.hung_since.is_some() && !self.covered
    }

    /// Age of the oldest waiting task.
    pub(super) fn queue_age(&self, now: SimTime) -> SimDuration {
        match (self.draining, self.hung_since) {
            (Some((from, to)), _) => {
                let whole = (to - from).ms().max(1) as f64;
                let left = ((to - now).ms() as f64 / whole).clamp(0.0, 1.0);
                SimDuration::from_ms((whole / DRAIN_SHARE) as i64).scale(left)
            }
            (None, Some(since)) if self.queues && !self.covered => now - since,
            _ => SimDuration::ZERO,
        }
    }
}

/// Mean time of a task.
fn task_time(node: &AgentNode) -> SimDuration {
    HOUR.scale(1.0 / node.tasks_per_hour).max(SimDuration::from_secs(1))
}

impl World {
    /// A fault begins on an agent.
    pub(super) fn agent_fails(&mut self, at: usize, fault: &FaultNode, ctx: &mut Ctx<'_>) {
        let node = &self.net.agents[at];
        // Where in a task the fault falls decides when the first answer stays out, or is an error.
        let part = ctx.streams.stream(node.stream).uniform();
        let first = task_time(node).scale(part);
        let agent = &mut self.agents[at];
        if agent.hung_since.is_none() {
            agent.sights.clear();
            agent.next = 0;
            agent.draining = None;
            agent.covered = false;
            agent.queues = false;
            agent.spend = 1.0;
        }
        agent.hung_since.get_or_insert(ctx.now);
        agent.queues |= fault.effect != FaultEffect::ErrorLoop;
        agent.spend = match fault.effect {
            FaultEffect::SlowBurn => fault.amount,
            FaultEffect::ErrorLoop => agent.spend,
            _ => 0.0,
        };
        if agent.covered {
            return;
        }
        agent.plan_bad(fault.effect, fault.amount, ctx.now, first, node);
        let begun = agent.next;
        agent.sights[begun..].sort_by_key(|(at, _)| *at);
        self.await_agent(at, ctx);
    }

    /// The results of an agent begin to get worse: nothing stops, but its tasks are done badly.
    pub(super) fn agent_gets_worse(&mut self, at: usize, fault: &FaultNode, ctx: &mut Ctx<'_>) {
        let task = task_time(&self.net.agents[at]);
        let agent = &mut self.agents[at];
        if agent.hung_since.is_some() || std::mem::replace(&mut agent.poor, true) {
            return;
        }
        agent.sights.clear();
        agent.next = 0;
        let reaches = |ratio: f64, share: f64| {
            let rise = (fault.amount - 1.0) * share;
            (rise >= ratio - 1.0).then(|| fault.over.scale((ratio - 1.0) / rise.max(1e-9)))
        };
        for (signal, share, tasks) in QUALITY {
            for ratio in QUALITY_BUCKETS {
                if let Some(after) = reaches(ratio, share) {
                    let seen = ctx.now + after + task * tasks;
                    agent.plan_sight(seen, Sight::Signal(signal, ratio));
                }
            }
        }
        for (signal, value, share, tasks) in QUALITY_COUNTS {
            let seen = ctx.now + fault.over.scale(share) + task * tasks;
            agent.plan_sight(seen, Sight::Signal(signal, value));
        }
        if let Some(after) = reaches(2.0, 1.0) {
            // Its SLI is a rate of results, out once enough of them say so.
            agent.plan_sight(ctx.now + after + task * QUALITY[0].2, Sight::Overdue);
        }
        agent.sights.sort_by_key(|(at, _)| *at);
        self.await_agent(at, ctx);
    }

    /// Its tasks are done well again; the figures show it once enough of them are.
    fn agent_gets_better(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let task = task_time(&self.net.agents[at]);
        let agent = &mut self.agents[at];
        agent.poor = false;
        agent.impaired = false;
        agent.sights.clear();
        agent.next = 0;
        if agent.breached {
            agent.plan_sight(ctx.now + task, Sight::Answered);
        }
        for signal in std::mem::take(&mut agent.shown) {
            let counts = QUALITY_COUNTS.iter().any(|(count, ..)| *count == signal);
            let value = if counts { 0.0 } else { 1.0 };
            agent.plan_sight(ctx.now + task * 5, Sight::Signal(signal, value));
        }
        agent.sights.sort_by_key(|(at, _)| *at);
        self.await_agent(at, ctx);
    }

    /// The last fault of an agent may have ended.
    pub(super) fn agent_may_recover(&mut self, at: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let hit = super::plan::Hit::Agent(at);
        let mut faults = self.faults.iter().zip(&plan.net.faults);
        if faults.any(|(now, fault)| now.active() && fault.hit == hit) {
            return;
        }
        if self.agents[at].poor {
            self.agent_gets_better(at, ctx);
            return;
        }
        if self.agents[at].hung_since.is_none() {
            return;
        }
        self.relieve_agent(at, ctx);
        let first_task = ctx.now + task_time(&self.net.agents[at]);
        let agent = &mut self.agents[at];
        agent.hung_since = None;
        agent.covered = false;
        agent.spend = 1.0;
        for signal in std::mem::take(&mut agent.shown) {
            let (at, value) = match signal {
                SignalKind::TokenRatio | SignalKind::CallRatio => (ctx.now + MINUTE, 1.0),
                SignalKind::LoopConstantRate => (ctx.now + MINUTE, 0.0),
                SignalKind::HeartbeatOk => (ctx.now + MINUTE, 1.0),
                SignalKind::Completed1h => (first_task, 1.0),
                SignalKind::QueueAgeMs => continue,
                _ => (first_task, 0.0),
            };
            agent.plan_sight(at, Sight::Signal(signal, value));
        }
        let begun = agent.next;
        agent.sights[begun..].sort_by_key(|(at, _)| *at);
        self.await_agent(at, ctx);
    }

    /// Its tasks are done again, by itself or by others: nobody is kept waiting any more, the
    /// queue drains, and the SLI is back in with the first answer.
    pub(super) fn relieve_agent(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let net = std::sync::Arc::clone(&self.net);
        let node = &net.agents[at];
        let agent = &mut self.agents[at];
        if let Some(since) = agent.hung_since.filter(|_| !agent.covered) {
            let drain = (ctx.now - since).scale(DRAIN_SHARE).min(DRAIN_MAX);
            agent.sights.clear();
            agent.next = 0;
            if agent.queues {
                agent.draining = Some((ctx.now, ctx.now + drain));
                agent.plan_sight(ctx.now + drain, Sight::Drained);
            }
            if agent.breached {
                agent.plan_sight(ctx.now + task_time(node), Sight::Answered);
            }
            agent.sights.sort_by_key(|(at, _)| *at);
        }
        if agent.impaired {
            agent.impaired = false;
            self.notes.push_back(WorldNote::ImpactEnded(node.entity.clone()));
        }
        self.await_agent(at, ctx);
    }

    fn await_agent(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let agent = &self.agents[at];
        if let Some((due, _)) = agent.sights.get(agent.next) {
            ctx.queue.push((*due).max(ctx.now), Token::new(TAG_AGENT, at as u32));
        }
    }

    /// Shows what is due. Timers of a list that was replaced since find nothing due.
    pub(super) fn agent_timer(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let net = std::sync::Arc::clone(&self.net);
        let node = &net.agents[at];
        let before = self.agents[at].next;
        loop {
            let agent = &mut self.agents[at];
            let Some((_, sight)) = agent.sights.get(agent.next).filter(|(due, _)| *due <= ctx.now)
            else {
                break;
            };
            let sight = *sight;
            agent.next += 1;
            let kind = match sight {
                Sight::Signal(signal, value) => {
                    let bad = agent.hung_since.is_some() || agent.poor;
                    if bad && !agent.shown.contains(&signal) {
                        agent.shown.push(signal);
                    }
                    EventKind::Observation { signal, value: Number(value) }
                }
                Sight::Overdue => {
                    // Who gets bad results sees figures; who waits for an answer complains.
                    if !std::mem::replace(&mut agent.impaired, true) && !agent.poor {
                        self.notes.push_back(WorldNote::ImpactBegan(node.entity.clone()));
                    }
                    if std::mem::replace(&mut self.agents[at].breached, true) {
                        continue;
                    }
                    self.sli_changed(ctx.now);
                    EventKind::SliBreached { slo: node.slo.clone() }
                }
                Sight::Answered => {
                    agent.breached = false;
                    self.sli_changed(ctx.now);
                    EventKind::SliRecovered { slo: node.slo.clone() }
                }
                Sight::Drained => {
                    agent.draining = None;
                    let shown = agent.shown.contains(&SignalKind::QueueAgeMs);
                    agent.shown.retain(|s| *s != SignalKind::QueueAgeMs);
                    if !shown {
                        continue;
                    }
                    EventKind::Observation { signal: SignalKind::QueueAgeMs, value: Number(0.0) }
                }
            };
            let known_at = self.seen_at(ctx.now);
            ctx.emit_known(kind, vec![node.entity.clone()], None, known_at);
        }
        if self.agents[at].next > before {
            self.await_agent(at, ctx);
        }
    }
}
