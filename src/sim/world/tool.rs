//! Tools under faults: what their users notice at once, dashboards or not.

use super::plan::{Hit, WorldPlan};
use super::state::{TAG_TOOL, World};
use crate::model::{Number, SignalKind, ToolKind};
use crate::sim::engine::Ctx;
use crate::sim::queue::Token;
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

/// Minutes without coordination at which its loss is seen anew.
const COORDINATION_MINUTES: [i64; 10] = [1, 5, 10, 15, 30, 60, 120, 240, 480, 1440];
/// What agents see of a lost coordination system: task lists, tasks, one another.
const COORDINATION: [SignalKind; 3] =
    [SignalKind::TodoFailingMs, SignalKind::TaskErrorsMs, SignalKind::UnreachableMs];

/// What changes about a tool.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ToolNow {
    down_since: Option<SimTime>,
    next: usize,
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

    /// Notices which tools stopped or work again, after the flow changed.
    pub(super) fn judge_tools(&mut self, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        for (at, tool) in plan.net.tools.iter().enumerate() {
            let (works, now) = (self.flow.tools[at], &mut self.tools[at]);
            if works == now.down_since.is_none() {
                continue;
            }
            now.down_since = (!works).then_some(ctx.now);
            let shown = std::mem::take(&mut now.next) > 0;
            match tool.kind {
                ToolKind::Coordination if works && shown => {
                    self.coordination_signals(0.0, ctx);
                }
                ToolKind::Coordination if !works => self.await_tool(at, ctx),
                ToolKind::Internet => {
                    let lost = f64::from(u8::from(!works));
                    self.system_signal(SignalKind::ConnectionProblem, lost, ctx);
                }
                _ => {}
            }
        }
    }

    fn await_tool(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let now = &self.tools[at];
        if let (Some(since), Some(minutes)) = (now.down_since, COORDINATION_MINUTES.get(now.next)) {
            let due = since + SimDuration::from_minutes(*minutes);
            ctx.queue.push(due, Token::new(TAG_TOOL, at as u32));
        }
    }

    /// Shows how long coordination has been lost; timers of an earlier loss find nothing due.
    pub(super) fn tool_timer(&mut self, at: usize, ctx: &mut Ctx<'_>) {
        let now = &mut self.tools[at];
        let Some(since) = now.down_since else { return };
        let minutes = COORDINATION_MINUTES.get(now.next).copied();
        let Some(lasts) = minutes.map(SimDuration::from_minutes) else {
            return;
        };
        if since + lasts != ctx.now {
            return;
        }
        now.next += 1;
        self.coordination_signals(lasts.ms() as f64, ctx);
        self.await_tool(at, ctx);
    }

    fn coordination_signals(&self, value: f64, ctx: &mut Ctx<'_>) {
        for signal in COORDINATION {
            self.system_signal(signal, value, ctx);
        }
    }

    fn system_signal(&self, signal: SignalKind, value: f64, ctx: &mut Ctx<'_>) {
        let kind = EventKind::Observation { signal, value: Number(value) };
        ctx.emit(kind, vec![self.net.system.clone()], None);
    }
}
