//! Minutes: slices, SLIs and the signals that dashboards show.

use super::plan::WorldPlan;
use super::state::{DOWN_SHARE, TAG_MINUTE, World};
use crate::model::{Number, SignalKind, Slice};
use crate::sim::act::Output;
use crate::sim::engine::Ctx;
use crate::sim::queue::Token;
use crate::sim::rng::Stream;
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

const MINUTE: SimDuration = SimDuration::from_minutes(1);
/// Minutes over which the lowest latency ratio is kept.
const LATENCY_WINDOW: usize = 10;
/// A latency ratio is seen anew when it enters another of these ranges.
const LATENCY_BUCKETS: [f64; 5] = [1.5, 2.0, 3.0, 5.0, 10.0];
/// The same for traffic over what is expected.
const TRAFFIC_BUCKETS: [f64; 4] = [0.8, 0.5, 0.2, 1e-3];

/// The present minute and the last ten of a service.
#[derive(Debug, Clone)]
pub(super) struct ServiceSeries {
    total: f64,
    /// Differed from the steady state within the present minute.
    touched: bool,
    latency_min: f64,
    latency: [f64; LATENCY_WINDOW],
    next: usize,
    latency_bucket: usize,
    traffic_bucket: usize,
}

impl Default for ServiceSeries {
    fn default() -> Self {
        Self {
            total: 0.0,
            touched: false,
            latency_min: 1.0,
            latency: [1.0; LATENCY_WINDOW],
            next: 0,
            latency_bucket: 0,
            traffic_bucket: 0,
        }
    }
}

/// The series of an SLO.
#[derive(Debug, Default)]
pub(super) struct SloSeries {
    good: f64,
    pub(super) breached: bool,
    /// Slices are written up to here.
    until: Option<SimTime>,
    stream: Option<Stream>,
}

impl World {
    /// Adds the flow since the last change up to `now` to the present minute.
    pub(super) fn flow_to(&mut self, plan: &WorldPlan, now: SimTime) {
        let Some(from) = self.flowed_to.filter(|from| *from < now) else {
            return;
        };
        self.flowed_to = Some(now);
        let curve = self.cursor.factor(&plan.net.curve, from.minute());
        let scale = curve * (now - from).minutes();
        for at in 0..self.series.len() {
            let requests = self.flow.services[at].load * scale;
            self.series[at].total += requests;
            self.series[at].touched |= !self.services[at].steady;
            for slo in &plan.net.services[at].slos {
                let share = self.good_share(at, plan, plan.net.slos[*slo].sli);
                self.slos[*slo].good += requests * share;
            }
        }
    }

    /// Begins to play minutes; the present one was steady so far.
    pub(super) fn start_minutes(&mut self, ctx: &mut Ctx<'_>) {
        let begin = SimTime::from_minute(ctx.now.minute());
        let net = std::sync::Arc::clone(&self.net);
        let scale = self.cursor.factor(&net.curve, begin.minute()) * (ctx.now - begin).minutes();
        for (series, node) in self.series.iter_mut().zip(&net.services) {
            series.total = node.steady_load * scale;
            series.touched = false;
        }
        for (series, slo) in self.slos.iter_mut().zip(&net.slos) {
            series.good = net.services[slo.service].steady_load * scale * slo.steady;
        }
        self.flowed_to = Some(ctx.now);
        ctx.queue.push(begin + MINUTE, Token::new(TAG_MINUTE, 0));
    }

    /// Whether minutes must be played: something differs, grows, or is still written down.
    pub(super) fn needs_minutes(&self, plan: &WorldPlan, now: SimTime) -> bool {
        self.uncounted
            || self.services.iter().any(|service| !service.steady)
            || self.growing(plan, now)
            || self
                .slos
                .iter()
                .any(|slo| slo.breached || slo.until.is_some_and(|until| until > now))
            || self.series.iter().any(|s| s.latency_bucket > 0 || s.traffic_bucket > 0)
    }

    /// Whether the flow of the next minute differs from that of the last one.
    fn changes(&mut self, plan: &WorldPlan, now: SimTime) -> bool {
        let uneven = self.services.iter().any(|service| !service.steady);
        let curve = self.cursor.factor(&plan.net.curve, now.minute());
        (uneven && curve.to_bits() != self.input.curve.to_bits())
            || self.services.iter().any(|service| service.recovering.is_some())
            || self.growing(plan, now)
    }

    fn growing(&self, plan: &WorldPlan, now: SimTime) -> bool {
        self.faults.iter().zip(&plan.net.faults).any(|(state, fault)| state.grows(fault, now))
    }

    /// The end of a minute.
    pub(super) fn minute(&mut self, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        self.flow_to(plan, ctx.now);
        for slo in 0..self.slos.len() {
            self.close_slice(slo, plan, ctx);
        }
        for at in 0..self.series.len() {
            self.signals(at, plan, ctx);
            self.series[at].total = 0.0;
            self.series[at].touched = false;
        }
        if self.changes(plan, ctx.now) {
            self.resolve(plan, ctx);
        }
        if self.needs_minutes(plan, ctx.now) {
            ctx.after(MINUTE, Token::new(TAG_MINUTE, 0));
        } else {
            self.flowed_to = None;
        }
    }

    fn close_slice(&mut self, index: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let slo = &plan.net.slos[index];
        let (total, touched) = (self.series[slo.service].total, self.series[slo.service].touched);
        let series = &mut self.slos[index];
        let good = std::mem::take(&mut series.good);
        let ratio = if total > 1e-9 { good / total } else { slo.steady };
        if touched {
            series.until = Some(ctx.now + slo.tail);
        }
        // Nobody counts requests while the metrics store is away.
        let gap = self.uncounted;
        if gap {
            series.until = Some(ctx.now + slo.tail);
            let slice = Slice { good: 0, total: 0, present: false };
            ctx.out.push(Output::Slice { slo: index, end: ctx.now, slice });
        } else if series.until.is_some_and(|until| ctx.now <= until) {
            let shared = plan.baseline().slice(index, ctx.now - MINUTE);
            let slice = match shared.filter(|_| !touched) {
                Some(slice) => slice,
                None => {
                    let stream =
                        series.stream.get_or_insert_with(|| ctx.streams.stream(slo.stream));
                    let total = stream.poisson(total);
                    let good = stream.binomial(total, ratio.clamp(0.0, 1.0));
                    Slice { good, total, present: true }
                }
            };
            ctx.out.push(Output::Slice { slo: index, end: ctx.now, slice });
        }
        let good = ratio >= slo.target || ratio >= slo.steady - 1e-6;
        if series.breached && good && !self.is_out(index, plan) {
            self.slos[index].breached = false;
            let kind = EventKind::SliRecovered { slo: slo.name.clone() };
            let about = plan.net.services[slo.service].entity.clone();
            let known_at = self.seen_at(ctx.now);
            ctx.emit_known(kind, vec![about], None, known_at);
            self.sli_changed(ctx.now);
        }
    }

    /// An SLI is out from the instant at which users are hit; a dashboard shows it when the
    /// minute closes. It is back in with the first minute that was good.
    pub(super) fn note_breaches(&mut self, at: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        for index in plan.net.services[at].slos.iter().copied() {
            if self.slos[index].breached || !self.is_out(index, plan) {
                continue;
            }
            self.slos[index].breached = true;
            let closes = SimTime::from_minute(ctx.now.minute()) + MINUTE;
            let kind = EventKind::SliBreached { slo: plan.net.slos[index].name.clone() };
            let about = plan.net.services[at].entity.clone();
            let known_at = self.seen_when_closed(ctx.now, closes);
            ctx.emit_known(kind, vec![about], None, known_at);
            self.sli_changed(ctx.now);
        }
    }

    /// Keeps since when all SLIs are inside.
    pub(super) fn sli_changed(&mut self, now: SimTime) {
        let out = self.slos.iter().any(|slo| slo.breached)
            || self.agents.iter().any(|agent| agent.breached)
            || self.tools.iter().any(|tool| tool.breached)
            || self.services.iter().any(|service| service.unreached || service.exposed);
        self.ok_since = match (out, self.ok_since) {
            (true, _) => None,
            (false, Some(since)) => Some(since),
            (false, None) => Some(now),
        };
    }

    /// Keeps the lowest latency ratio of the minute, after the flow changed.
    pub(super) fn observe_minimum(&mut self, plan: &WorldPlan) {
        for (at, series) in self.series.iter_mut().enumerate() {
            let ratio = self.flow.services[at].p95_ms / plan.net.services[at].p95_ms;
            series.latency_min = series.latency_min.min(ratio);
        }
    }

    fn signals(&mut self, at: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let (flow, node) = (&self.flow.services[at], &plan.net.services[at]);
        let series = &mut self.series[at];
        // A service that does not answer has no latency to measure: the last window stands.
        if flow.dead < DOWN_SHARE {
            series.latency[series.next] = series.latency_min;
            series.next = (series.next + 1) % LATENCY_WINDOW;
            series.latency_min = flow.p95_ms / node.p95_ms;
        }
        let lowest = series.latency.iter().copied().fold(f64::INFINITY, f64::min);
        let bucket = LATENCY_BUCKETS.iter().filter(|b| lowest >= **b - 1e-9).count();
        let latency = (bucket != series.latency_bucket).then_some(lowest);
        series.latency_bucket = bucket;
        let ratio = if node.steady_load > 0.0 { flow.load / node.steady_load } else { 1.0 };
        let bucket = TRAFFIC_BUCKETS.iter().filter(|b| ratio <= **b + 1e-9).count();
        let traffic = (bucket != series.traffic_bucket).then_some(ratio);
        series.traffic_bucket = bucket;
        let found = [(SignalKind::P95Ratio10m, latency), (SignalKind::TrafficRatio, traffic)];
        for (signal, value) in found {
            if let Some(value) = value {
                let value = Number((value * 1e6).round() / 1e6);
                let kind = EventKind::Observation { signal, value };
                let known_at = self.seen_at(ctx.now);
                ctx.emit_known(kind, vec![node.entity.clone()], None, known_at);
            }
        }
    }
}
