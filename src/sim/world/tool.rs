//! Tools under faults: what their users notice at once, dashboards or not, and what carries
//! instead of them.
//!
//! A tool that fails by itself leaves an SLI of its own, "what is sent arrives", until it works
//! again or the team has moved to something else that carries. One that fails because of what it
//! needs is impact of the other.

use super::plan::{Hit, WorldPlan};
use super::state::{TAG_TOOL, World};
use crate::model::{Number, SignalKind, ToolKind};
use crate::sim::engine::{Ctx, WorldNote};
use crate::sim::queue::Token;
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

/// Minutes of a loss at which it is seen anew.
const LOST_MINUTES: [i64; 10] = [1, 5, 10, 15, 30, 60, 120, 240, 480, 1440];

/// What is seen of a lost tool. Of a coordination system: task lists, tasks, one another.
fn lost_signals(kind: ToolKind) -> &'static [SignalKind] {
    match kind {
        ToolKind::Coordination => {
            &[SignalKind::TodoFailingMs, SignalKind::TaskErrorsMs, SignalKind::UnreachableMs]
        }
        ToolKind::Chat => &[SignalKind::ChatLostMs],
        ToolKind::CodeHost => &[SignalKind::CodeHostLostMs],
        ToolKind::Internet => &[SignalKind::InternetLostMs],
        ToolKind::Mail
        | ToolKind::Phone
        | ToolKind::Pager
        | ToolKind::Dashboard
        | ToolKind::StatusPage
        | ToolKind::Files => &[],
    }
}

/// What changes about a tool.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ToolNow {
    down_since: Option<SimTime>,
    next: usize,
    /// Its SLI is out: what the team sends by it does not arrive, and nothing carries it instead.
    pub(super) breached: bool,
}

impl World {
    /// A recovery step on a tool; returns how many of its own faults it cleared.
    pub(in crate::sim) fn recover_tool(
        &mut self,
        tool: usize,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) -> usize {
        self.flow_to(plan, ctx.now);
        let cleared = self.clear_faults(plan, ctx, |_, fault| fault.hit == Hit::Tool(tool));
        if cleared > 0 {
            self.resolve(plan, ctx);
        }
        cleared
    }

    /// Something else carries what a lost tool carried.
    pub(in crate::sim) fn cover_tool(&mut self, tool: usize, ctx: &mut Ctx<'_>) {
        self.tool_carries(tool, ctx);
    }

    /// Notices which tools stopped or work again, after the flow changed.
    pub(super) fn judge_tools(&mut self, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        for (at, tool) in plan.net.tools.iter().enumerate() {
            let (works, now) = (self.flow.tools[at], &mut self.tools[at]);
            if works == now.down_since.is_none() {
                continue;
            }
            now.down_since = (!works).then_some(ctx.now);
            let shown = std::mem::take(&mut now.next) > 0;
            let signals = lost_signals(tool.kind);
            if works {
                if shown {
                    self.tool_signals(signals, 0.0, ctx);
                }
                self.tool_carries(at, ctx);
                continue;
            }
            if self.input.tools_down[at] {
                self.tool_breaks(at, ctx);
            }
            if !signals.is_empty() {
                self.await_tool(at, ctx);
            }
        }
    }

    fn tool_breaks(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        if std::mem::replace(&mut self.tools[at].breached, true) {
            return;
        }
        let tool = &self.net.tools[at];
        let (slo, about) = (tool.slo.clone(), tool.entity.clone());
        self.sli_changed(ctx.now);
        self.notes.push_back(WorldNote::ImpactBegan(about.clone()));
        let known_at = self.seen_at(ctx.now);
        ctx.emit_known(EventKind::SliBreached { slo }, vec![about], None, known_at);
    }

    fn tool_carries(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        if !std::mem::take(&mut self.tools[at].breached) {
            return;
        }
        let tool = &self.net.tools[at];
        let (slo, about) = (tool.slo.clone(), tool.entity.clone());
        self.sli_changed(ctx.now);
        self.notes.push_back(WorldNote::ImpactEnded(about.clone()));
        let known_at = self.seen_at(ctx.now);
        ctx.emit_known(EventKind::SliRecovered { slo }, vec![about], None, known_at);
    }

    fn await_tool(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let now = &self.tools[at];
        if let (Some(since), Some(minutes)) = (now.down_since, LOST_MINUTES.get(now.next)) {
            let due = since + SimDuration::from_minutes(*minutes);
            ctx.queue.push(due, Token::new(TAG_TOOL, at as u32));
        }
    }

    /// Shows how long a tool has been lost; timers of an earlier loss find nothing due.
    pub(super) fn tool_timer(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let now = &mut self.tools[at];
        let Some(since) = now.down_since else { return };
        let minutes = LOST_MINUTES.get(now.next).copied();
        let Some(lasts) = minutes.map(SimDuration::from_minutes) else {
            return;
        };
        if since + lasts != ctx.now {
            return;
        }
        now.next += 1;
        let signals = lost_signals(self.net.tools[at].kind);
        self.tool_signals(signals, lasts.ms() as f64, ctx);
        self.await_tool(at, ctx);
    }

    fn tool_signals(&self, signals: &[SignalKind], value: f64, ctx: &mut Ctx<'_>) {
        for signal in signals {
            self.system_signal(*signal, value, ctx);
        }
    }

    /// A condition of the whole system is seen.
    pub(super) fn system_signal(&self, signal: SignalKind, value: f64, ctx: &mut Ctx<'_>) {
        let kind = EventKind::Observation { signal, value: Number(value) };
        ctx.emit(kind, vec![self.net.system.clone()], None);
    }
}
