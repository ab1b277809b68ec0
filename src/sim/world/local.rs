//! Work that goes on with local copies while the code host or the way out is lost, and its replay.
//!
//! Every task that an agent ends meanwhile leaves one local record. A replay takes each record
//! once: one that breaks off has taken a part of them, and the next goes on behind it. Some
//! records meet a change of somebody else and are merged by hand.

use super::plan::WorldPlan;
use super::state::World;
use crate::model::SignalKind;
use crate::sim::engine::Ctx;
use crate::units::SimTime;

/// Share of the records that touch what another agent changed too.
const CONFLICT_SHARE: f64 = 0.04;

/// What is kept locally.
#[derive(Debug, Clone, Default)]
pub(super) struct LocalWork {
    since: Option<SimTime>,
    records: Option<Records>,
}

#[derive(Debug, Clone, Copy)]
struct Records {
    all: u32,
    replayed: u32,
    conflicts: u32,
    attempts: u64,
}

impl World {
    /// From now on what is done is kept locally.
    pub(in crate::sim) fn work_locally(&mut self, now: SimTime) {
        self.local.since.get_or_insert(now);
    }

    /// Replays the local records, all of them unless the replay `breaks` off.
    pub(in crate::sim) fn replay(&mut self, breaks: bool, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let Some(since) = self.local.since else { return };
        let mut records = match self.local.records {
            Some(records) => records,
            None => {
                let records = self.count_records(since, plan, ctx);
                self.system_signal(SignalKind::LocalRecords, f64::from(records.all), ctx);
                records
            }
        };
        let mut stream = ctx.streams.stream(plan.net.replay.nth(records.attempts));
        let left = records.all - records.replayed;
        let share = stream.uniform();
        let taken = if breaks { stream.binomial(left, share) } else { left };
        records.replayed += taken;
        records.conflicts += stream.binomial(taken, CONFLICT_SHARE);
        records.attempts += 1;
        self.local.records = Some(records);
        self.system_signal(SignalKind::ReplayedRecords, f64::from(records.replayed), ctx);
        self.system_signal(SignalKind::ReplayConflicts, f64::from(records.conflicts), ctx);
    }

    /// Whether every local record was replayed.
    pub(in crate::sim) fn replayed(&self) -> bool {
        match (self.local.since, self.local.records) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(_), Some(records)) => records.replayed == records.all,
        }
    }

    fn count_records(&self, since: SimTime, plan: &WorldPlan, ctx: &Ctx<'_>) -> Records {
        let hours = (ctx.now - since).minutes() / 60.0;
        let mut all = 0;
        for (agent, state) in plan.net.agents.iter().zip(&self.agents) {
            if state.hung_since.is_none() {
                // The agent's own stream; its first draw belongs to faults.
                let mut stream = ctx.streams.stream(agent.stream.nth(1));
                all += stream.poisson(agent.tasks_per_hour * hours);
            }
        }
        Records { all, replayed: 0, conflicts: 0, attempts: 0 }
    }
}
