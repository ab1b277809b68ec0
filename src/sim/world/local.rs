//! Work that goes on with local copies while the code host or the way out is lost, and its replay.
//!
//! Every task that an agent ends meanwhile leaves one local record. A replay takes each record
//! once: one that breaks off has taken a part of them, and the next goes on behind it. Some
//! records meet a change of somebody else and are merged by hand.

use super::plan::WorldPlan;
use super::state::World;
use crate::model::{Name, SignalKind};
use crate::sim::act::Detail;
use crate::sim::engine::Ctx;
use crate::sim::rng::{Stream, StreamName};
use crate::units::SimTime;

/// Share of the records that touch what another agent changed too.
const CONFLICT_SHARE: f64 = 0.04;

/// Conflicts that are named in one note.
const NAMED: usize = 12;

/// A task that an agent ended with local copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalRecord {
    /// From 1, by time.
    pub number: u32,
    /// When the task ended.
    pub at: SimTime,
    /// The agent.
    pub agent: Name,
    /// When it was replayed.
    pub replayed_at: Option<SimTime>,
    /// The record of another agent that it met.
    pub conflict_with: Option<u32>,
}

/// What is kept locally.
#[derive(Debug, Clone, Default)]
pub(super) struct LocalWork {
    since: Option<SimTime>,
    records: Option<Records>,
    /// Each record, in full detail only: the counts above do not depend on them.
    each: Vec<LocalRecord>,
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
        let from = records.replayed;
        records.replayed += taken;
        let conflicts = stream.binomial(taken, CONFLICT_SHARE);
        records.conflicts += conflicts;
        let mut choice =
            ctx.streams.stream(StreamName::of("local:conflicts").nth(records.attempts));
        let named = self.take_each(from, taken, conflicts, ctx.now, &mut choice);
        records.attempts += 1;
        self.local.records = Some(records);
        self.system_signal(SignalKind::ReplayedRecords, f64::from(records.replayed), ctx);
        self.system_signal(SignalKind::ReplayConflicts, f64::from(records.conflicts), ctx);
        if !named.is_empty() {
            ctx.note(|| Name::from(named.join(", ")));
        }
    }

    /// The local records of a run in full detail, by number.
    pub(in crate::sim) fn local_records(&self) -> &[LocalRecord] {
        &self.local.each
    }

    /// Marks `taken` records behind the first `from` as replayed, chooses which of them met the
    /// nearest record of another agent, and names those.
    fn take_each(
        &mut self,
        from: u32,
        taken: u32,
        conflicts: u32,
        now: SimTime,
        choice: &mut Stream,
    ) -> Vec<String> {
        let begin = (from as usize).min(self.local.each.len());
        let end = begin.saturating_add(taken as usize).min(self.local.each.len());
        for record in &mut self.local.each[begin..end] {
            record.replayed_at = Some(now);
        }
        let mut open: Vec<usize> = (begin..end).collect();
        let mut named = Vec::new();
        for _ in 0..conflicts.min(u32::try_from(open.len()).unwrap_or(0)) {
            let index = open.swap_remove(choice.below(open.len()));
            let own = self.local.each[index].clone();
            let others = self.local.each.iter().filter(|other| other.agent != own.agent);
            let Some(met) = others.min_by_key(|other| other.number.abs_diff(own.number)) else {
                continue;
            };
            if named.len() < NAMED {
                let (a, b) = (&own.agent, &met.agent);
                named.push(format!("R-{} ({a}) with R-{} ({b})", own.number, met.number));
            }
            let met = met.number;
            self.local.each[index].conflict_with = Some(met);
        }
        named
    }

    /// Whether every local record was replayed.
    pub(in crate::sim) fn replayed(&self) -> bool {
        match (self.local.since, self.local.records) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(_), Some(records)) => records.replayed == records.all,
        }
    }

    fn count_records(&mut self, since: SimTime, plan: &WorldPlan, ctx: &Ctx<'_>) -> Records {
        let hours = (ctx.now - since).minutes() / 60.0;
        let mut all = 0;
        let mut each: Vec<LocalRecord> = Vec::new();
        for (index, (agent, state)) in plan.net.agents.iter().zip(&self.agents).enumerate() {
            if state.hung_since.is_none() {
                // The agent's own stream; its first draw belongs to faults.
                let mut stream = ctx.streams.stream(agent.stream.nth(1));
                let n = stream.poisson(agent.tasks_per_hour * hours);
                all += n;
                if ctx.options.detail == Detail::Full {
                    let name = StreamName::of("local:records").nth(index as u64);
                    let mut times = ctx.streams.stream(name);
                    each.extend((0..n).map(|_| LocalRecord {
                        number: 0,
                        at: since + (ctx.now - since).scale(times.uniform()),
                        agent: agent.entity.name.clone(),
                        replayed_at: None,
                        conflict_with: None,
                    }));
                }
            }
        }
        each.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.agent.cmp(&b.agent)));
        for (record, number) in each.iter_mut().zip(1..) {
            record.number = number;
        }
        self.local.each = each;
        Records { all, replayed: 0, conflicts: 0, attempts: 0 }
    }
}
