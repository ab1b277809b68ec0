//! The fluid flow at an instant: loads, failures and latencies of all services, in closed form.
//!
//! Everything is counted as *excess* over the steady state, so that a system without faults is
//! exactly as its file states it. Mechanics and their sources: retry products (SRE book, chapter
//! 22), latency S/(1-rho) with timeouts above 0.95 (M/M/1), metastable overload with hysteresis
//! (OSDI'22, "Metastable Failures in the Wild"), processor use falling while threads block
//! (Slack, 2021-01-04).

use super::plan::{Dep, Net, Node, ServiceNode};

/// Utilisation above which requests begin to time out.
const TIMEOUT_RHO: f64 = 0.95;
/// Utilisation at which a service tips into overload, and the one at which it comes back.
const OVERLOAD_RHO: f64 = 1.0;
const RELIEF_RHO: f64 = 0.7;
/// An overloaded service wastes work on requests that time out: of its capacity, this share
/// becomes good answers, and at least this share of the requests fails.
const OVERLOAD_GOODPUT: f64 = 0.7;
const OVERLOAD_FAIL_MIN: f64 = 0.5;
/// Threads allow this many times the steady residence time before they are all blocked.
const THREAD_SLACK: f64 = 10.0;
/// Share of the requests that fail when a soft dependency does.
const SOFT_LOSS: f64 = 0.02;
/// Retries under a retry budget add at most this share of the calls.
const RETRY_BUDGET: f64 = 0.1;
/// Share of the work that a request saves when a store or tool refuses it.
const FAIL_FAST: f64 = 0.9;
/// Share of a service's own time that it waits for a store in steady state.
const STORE_TIME: f64 = 0.3;
/// Share of requests that fail at the beginning of a recovery, falling to none at its end.
const WARM_UP_ERRORS: f64 = 0.01;
/// Utilisation at the beginning of a recovery, while the backlog is worked off.
const DRAIN_RHO: f64 = 0.9;
/// Passes over the services per solution: enough for retries to feed back.
const PASSES: usize = 8;

/// What faults do to a service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Own {
    pub(super) down: f64,
    pub(super) errors: f64,
    pub(super) slow: f64,
    pub(super) capacity: f64,
    pub(super) traffic: f64,
}

impl Own {
    pub(super) const NONE: Self =
        Self { down: 0.0, errors: 0.0, slow: 1.0, capacity: 1.0, traffic: 1.0 };
}

/// What faults do to a store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StoreOwn {
    pub(super) fail: f64,
    pub(super) slow: f64,
}

impl StoreOwn {
    pub(super) const NONE: Self = Self { fail: 0.0, slow: 1.0 };
}

/// What a solution is a function of, beside the overload flags it carries on.
#[derive(Debug, Clone)]
pub(super) struct FlowInput {
    pub(super) own: Vec<Own>,
    pub(super) stores: Vec<StoreOwn>,
    pub(super) tools_down: Vec<bool>,
    pub(super) modes_on: Vec<bool>,
    /// Per service: what is left of its recovery, 1 at the beginning, 0 when it is over.
    pub(super) drain: Vec<f64>,
    /// The daily curve now.
    pub(super) curve: f64,
}

impl FlowInput {
    pub(super) fn steady(net: &Net) -> Self {
        Self {
            own: vec![Own::NONE; net.services.len()],
            stores: vec![StoreOwn::NONE; net.stores.len()],
            tools_down: vec![false; net.tools.len()],
            modes_on: vec![false; net.modes.len()],
            drain: vec![0.0; net.services.len()],
            curve: 1.0,
        }
    }
}

/// The flow through one service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ServiceFlow {
    /// Arrivals per minute over the daily curve.
    pub(super) load: f64,
    /// Excess share of requests that fail, all causes and degraded modes counted.
    pub(super) excess: f64,
    /// The same without degraded modes that run on the service itself.
    pub(super) raw: f64,
    /// Share that fails for causes in the service, its stores and tools: not other services.
    pub(super) local: f64,
    /// The same without time-outs of overload: it does not answer at all.
    pub(super) dead: f64,
    /// Share that a degraded mode on the service itself answers of what would fail.
    pub(super) kept: f64,
    pub(super) p50_ms: f64,
    pub(super) p95_ms: f64,
    /// Share of the answers that are fast.
    pub(super) fast: f64,
    /// Load over capacity, or blocked threads over threads, whichever is higher.
    pub(super) rho: f64,
    /// Time waiting for others over the steady median.
    pub(super) blocked: f64,
    pub(super) overloaded: bool,
}

/// The flow through all services.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) services: Vec<ServiceFlow>,
    pub(super) tools: Vec<bool>,
}

impl Flow {
    /// Steady flow.
    pub(super) fn new(net: &Net) -> Self {
        let steady = |service: &ServiceNode| ServiceFlow {
            load: service.steady_load,
            excess: 0.0,
            raw: 0.0,
            local: 0.0,
            dead: 0.0,
            kept: 0.0,
            p50_ms: service.p50_ms,
            p95_ms: service.p95_ms,
            fast: service.fast_share(service.p50_ms, service.p95_ms),
            rho: service.steady_load / service.capacity.max(1e-9),
            blocked: 0.0,
            overloaded: false,
        };
        Self {
            services: net.services.iter().map(steady).collect(),
            tools: vec![true; net.tools.len()],
        }
    }

    /// Solves for `input`. Overload flags carry over; each flips at most once per solution.
    pub(super) fn solve(&mut self, net: &Net, input: &FlowInput) {
        let mut flips = 0;
        loop {
            for _ in 0..PASSES {
                self.tools(net, input);
                self.loads(net, input);
                if self.failures(net, input) < 1e-9 {
                    break;
                }
            }
            if !self.flip(net, input) || flips > net.services.len() {
                break;
            }
            flips += 1;
        }
        for (flow, service) in self.services.iter_mut().zip(&net.services) {
            flow.fast = service.fast_share(flow.p50_ms, flow.p95_ms);
        }
    }

    fn tools(&mut self, net: &Net, input: &FlowInput) {
        for (up, down) in self.tools.iter_mut().zip(&input.tools_down) {
            *up = !down;
        }
        for _ in 0..net.tools.len() {
            let mut changed = false;
            for (i, tool) in net.tools.iter().enumerate() {
                if self.tools[i] && !tool.needs.iter().all(|on| self.failure(*on, input) < 0.9) {
                    self.tools[i] = false;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// Excess share of calls to `on` that fail.
    fn failure(&self, on: Node, input: &FlowInput) -> f64 {
        match on {
            Node::Service(service) => self.services[service].excess,
            Node::Store(store) => input.stores[store].fail,
            Node::Tool(tool) => f64::from(u8::from(!self.tools[tool])),
        }
    }

    /// Arrivals: from outside, and from callers, retries included. A caller's own retries
    /// multiply those of the layers above it.
    pub(super) fn loads(&mut self, net: &Net, input: &FlowInput) {
        for ((flow, service), own) in self.services.iter_mut().zip(&net.services).zip(&input.own) {
            flow.load = service.rate * own.traffic;
        }
        for caller in net.order.iter().copied() {
            let flow = self.services[caller];
            let admitted = if flow.overloaded { (1.0 / flow.rho.max(1.0)).min(1.0) } else { 1.0 };
            let working = flow.load * (1.0 - input.own[caller].down) * admitted;
            for dep in &net.services[caller].deps {
                let Node::Service(called) = dep.on else {
                    continue;
                };
                if called != caller {
                    let failing = self.services[called].excess;
                    self.services[called].load += working * dep.calls * attempts(dep, failing);
                }
            }
        }
    }

    /// Failures and latencies, the called before their callers; returns the largest change.
    fn failures(&mut self, net: &Net, input: &FlowInput) -> f64 {
        let mut change: f64 = 0.0;
        for at in net.order.iter().rev().copied() {
            let before = self.services[at];
            let after = self.service(net, input, at);
            change = change
                .max((after.excess - before.excess).abs())
                .max((after.load - before.load).abs() / before.load.max(1.0))
                .max((after.p95_ms - before.p95_ms).abs() / before.p95_ms);
            self.services[at] = after;
        }
        change
    }

    fn service(&self, net: &Net, input: &FlowInput, at: usize) -> ServiceFlow {
        let (service, own, mut flow) = (&net.services[at], input.own[at], self.services[at]);
        let (mut from_stores, mut from_services) = (1.0, 1.0);
        let (mut wait50, mut wait95) = (0.0, 0.0);
        for dep in &service.deps {
            let failing = self.failure(dep.on, input);
            let residual = power(failing, dep.attempts) * dep.calls.min(1.0);
            let kept = dep.modes.iter().filter(|m| input.modes_on[**m]);
            let kept = kept.map(|m| net.modes[*m].keeps).fold(0.0, f64::max);
            let lost = if dep.hard { residual * (1.0 - kept) } else { residual * SOFT_LOSS };
            match dep.on {
                Node::Service(called) => {
                    from_services *= 1.0 - lost;
                    let (now, steady) = (&self.services[called], &net.services[called]);
                    // A soft call is given up after its usual time.
                    let longest = if dep.hard { f64::INFINITY } else { steady.p95_ms };
                    let longer = |now: f64, steady: f64| (now - steady).clamp(0.0, longest);
                    wait50 += dep.calls * longer(now.p50_ms, steady.p50_ms);
                    wait95 += dep.calls * longer(now.p95_ms, steady.p95_ms);
                }
                Node::Store(store) => {
                    from_stores *= 1.0 - lost;
                    let longer = STORE_TIME * (input.stores[store].slow - 1.0).max(0.0);
                    wait50 += dep.calls * service.p50_ms * longer;
                    wait95 += dep.calls * service.p95_ms * longer;
                }
                Node::Tool(_) => from_stores *= 1.0 - lost,
            }
        }
        // What fails at the store fails fast and costs little.
        let working = (1.0 - own.down) * (1.0 - FAIL_FAST * (1.0 - from_stores));
        let steady_rho = service.steady_load * input.curve / service.capacity;
        let rho = flow.load * working * input.curve / (service.capacity * own.capacity.max(1e-3));
        flow.blocked = wait50 / service.p50_ms;
        flow.rho = rho.max(rho * (1.0 + flow.blocked) / THREAD_SLACK);
        let timeouts = if flow.overloaded {
            (1.0 - OVERLOAD_GOODPUT / flow.rho.max(1e-9)).max(OVERLOAD_FAIL_MIN)
        } else {
            (1.0 - TIMEOUT_RHO / flow.rho.max(TIMEOUT_RHO)).max(0.0)
        };
        let drain = input.drain[at];
        let warm = WARM_UP_ERRORS * drain;
        let busy = if drain > 0.0 {
            flow.rho.max(steady_rho + (DRAIN_RHO - steady_rho).max(0.0) * drain)
        } else {
            flow.rho
        };
        let queue = (1.0 - steady_rho) / (1.0 - busy.min(TIMEOUT_RHO));
        let queue = if flow.overloaded { queue.max(1.0) * 1.5 } else { queue };
        flow.p50_ms = service.p50_ms * own.slow * queue + wait50;
        flow.p95_ms = service.p95_ms * own.slow * queue + wait95;
        let own_ok = (1.0 - own.down) * (1.0 - own.errors) * (1.0 - timeouts) * (1.0 - warm);
        let (for_itself, for_others) = kept_by_modes(net, input, at);
        let from_services = 1.0 - (1.0 - from_services) * (1.0 - for_others);
        flow.local = 1.0 - own_ok * from_stores;
        flow.dead = 1.0 - (1.0 - own.down) * (1.0 - own.errors) * from_stores;
        flow.raw = 1.0 - own_ok * from_stores * from_services;
        flow.excess = flow.raw * (1.0 - for_itself);
        flow.kept = for_itself;
        flow
    }

    /// Tips services into overload and back; true when one did.
    fn flip(&mut self, net: &Net, input: &FlowInput) -> bool {
        let mut flipped = false;
        for at in 0..net.services.len() {
            let flow = &mut self.services[at];
            let relieved = flow.rho < RELIEF_RHO || input.own[at].down >= 1.0;
            if flow.overloaded && relieved {
                flow.overloaded = false;
                flipped = true;
            } else if !flow.overloaded && !relieved && flow.rho > OVERLOAD_RHO {
                flow.overloaded = true;
                flipped = true;
            }
        }
        flipped
    }
}

/// What active modes on service `at` keep of its own failures, and of those it has from services
/// that it does not call directly.
fn kept_by_modes(net: &Net, input: &FlowInput, at: usize) -> (f64, f64) {
    let mut kept = (0.0f64, 0.0f64);
    for mode in net.services[at].own_modes.iter().filter(|m| input.modes_on[**m]) {
        let mode = &net.modes[*mode];
        if mode.failed == at {
            kept.0 = kept.0.max(mode.keeps);
        } else {
            kept.1 = kept.1.max(mode.keeps);
        }
    }
    kept
}

/// Mean attempts per call when a share `failing` of them fails: 1 + f + f^2 + ...
pub(super) fn attempts(dep: &Dep, failing: f64) -> f64 {
    let mut mean = 1.0;
    let mut again = failing.clamp(0.0, 1.0);
    for _ in 1..dep.attempts {
        if again <= 0.0 {
            break;
        }
        mean += again;
        again *= failing;
    }
    if dep.retry_budget { mean.min(1.0 + RETRY_BUDGET) } else { mean }
}

fn power(base: f64, times: u32) -> f64 {
    if base <= 0.0 {
        return 0.0;
    }
    (1..times).fold(base, |product, _| product * base)
}
