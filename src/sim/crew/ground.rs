//! What the crew can do to the world, and see of it.

use super::super::engine::Ctx;
use super::super::world::{World, WorldPlan};
use crate::model::Ref;
use crate::units::{SimDuration, SimTime};

/// The world as the crew meets it. A seam, so that the crew is tested without a world.
pub(super) trait Ground {
    /// Whether a tool can be used now.
    fn tool_works(&self, tool: usize) -> bool;
    /// Whether naming this as the cause is right.
    fn is_root(&self, about: &Ref) -> bool;
    /// Whether health probes see this service failed.
    fn service_failed(&self, service: usize) -> bool;
    /// Whether dashboards show that this service works off its backlog.
    fn recovering(&self, service: usize) -> bool;
    /// Whether an agent is seen to do its tasks by itself.
    fn agent_works(&self, agent: usize) -> bool;
    /// Whether users or tasks suffer from this entity.
    fn impaired(&self, about: &Ref) -> bool;
    /// Clears the faults of a service; how many there were.
    fn try_recover(&mut self, service: usize, ctx: &mut Ctx<'_>) -> usize;
    /// Clears the faults of an agent; how many there were.
    fn recover_agent(&mut self, agent: usize, ctx: &mut Ctx<'_>) -> usize;
    /// Clears the faults of a tool; how many there were.
    fn recover_tool(&mut self, tool: usize, ctx: &mut Ctx<'_>) -> usize;
    /// Moves an agent's tasks to others.
    fn hand_over(&mut self, agent: usize, ctx: &mut Ctx<'_>);
    /// Starts an agent's backup; whether there is one that works.
    fn activate_backup(&mut self, agent: usize, ctx: &mut Ctx<'_>) -> bool;
    /// Turns on the degraded modes for a service; how many.
    fn degrade(&mut self, service: usize, ctx: &mut Ctx<'_>) -> usize;
    /// Restores a service's data from backup; the span whose writes are gone, where some were.
    fn restore_data(&mut self, service: usize, ctx: &mut Ctx<'_>) -> Option<SimDuration>;
    /// The span that a restore now would lose; `None` where no data are lost.
    fn data_loss(&self, service: usize, now: SimTime) -> Option<SimDuration>;
    /// Whether an intruder can read what a service serves.
    fn exposed(&self, service: usize) -> bool;
    /// Cuts an intruder off from a service.
    fn contain(&mut self, service: usize, ctx: &mut Ctx<'_>);
    /// Traffic that arrives at a service over what is expected.
    fn traffic_ratio(&self, service: usize) -> f64;
    /// Whether what the team sends by a tool does not arrive, and nothing carries it instead.
    fn tool_lost(&self, tool: usize) -> bool;
    /// Something else carries what a tool carried.
    fn cover_tool(&mut self, tool: usize, ctx: &mut Ctx<'_>);
    /// Work is kept locally from now on.
    fn work_locally(&mut self, now: SimTime);
    /// Replays the local records; one that `breaks` off takes a part of them.
    fn replay(&mut self, breaks: bool, ctx: &mut Ctx<'_>);
    /// Whether no local record is left to be replayed.
    fn replayed(&self) -> bool;
    /// Repairs a service's data in place.
    fn repair_data(&mut self, service: usize, ctx: &mut Ctx<'_>);
    /// Whether a service's data are consistent.
    fn data_consistent(&self, service: usize) -> bool;
    /// Since when every SLI has been inside its SLO.
    fn sli_ok_since(&self) -> Option<SimTime>;
    /// Whether backlogs are drained and nothing is left to recover.
    fn settled(&self) -> bool;
}

/// The real world with its plan.
pub(super) struct Grounded<'a> {
    pub(super) world: &'a mut World,
    pub(super) plan: &'a WorldPlan,
}

impl Ground for Grounded<'_> {
    fn tool_works(&self, tool: usize) -> bool {
        self.world.tool_works(tool)
    }
    fn is_root(&self, about: &Ref) -> bool {
        self.world.is_root(about)
    }
    fn service_failed(&self, service: usize) -> bool {
        self.world.failed_services().any(|failed| failed == service)
    }
    fn recovering(&self, service: usize) -> bool {
        self.world.recovering(service)
    }
    fn agent_works(&self, agent: usize) -> bool {
        self.world.agent_works(agent)
    }
    fn impaired(&self, about: &Ref) -> bool {
        self.world.impaired(about)
    }
    fn try_recover(&mut self, service: usize, ctx: &mut Ctx<'_>) -> usize {
        self.world.try_recover(service, self.plan, ctx)
    }
    fn recover_agent(&mut self, agent: usize, ctx: &mut Ctx<'_>) -> usize {
        self.world.recover_agent(agent, self.plan, ctx)
    }
    fn recover_tool(&mut self, tool: usize, ctx: &mut Ctx<'_>) -> usize {
        self.world.recover_tool(tool, self.plan, ctx)
    }
    fn hand_over(&mut self, agent: usize, ctx: &mut Ctx<'_>) {
        self.world.hand_over(agent, self.plan, ctx);
    }
    fn activate_backup(&mut self, agent: usize, ctx: &mut Ctx<'_>) -> bool {
        self.world.activate_backup(agent, self.plan, ctx)
    }
    fn degrade(&mut self, service: usize, ctx: &mut Ctx<'_>) -> usize {
        self.world.degrade(service, self.plan, ctx)
    }
    fn restore_data(&mut self, service: usize, ctx: &mut Ctx<'_>) -> Option<SimDuration> {
        self.world.restore_data(service, self.plan, ctx)
    }
    fn data_loss(&self, service: usize, now: SimTime) -> Option<SimDuration> {
        self.world.data_loss(service, now)
    }
    fn exposed(&self, service: usize) -> bool {
        self.world.exposed(service)
    }
    fn contain(&mut self, service: usize, ctx: &mut Ctx<'_>) {
        self.world.contain(service, self.plan, ctx);
    }
    fn traffic_ratio(&self, service: usize) -> f64 {
        self.world.traffic_ratio(service)
    }
    fn tool_lost(&self, tool: usize) -> bool {
        self.world.tool_lost(tool)
    }
    fn cover_tool(&mut self, tool: usize, ctx: &mut Ctx<'_>) {
        self.world.cover_tool(tool, ctx);
    }
    fn work_locally(&mut self, now: SimTime) {
        self.world.work_locally(now);
    }
    fn replay(&mut self, breaks: bool, ctx: &mut Ctx<'_>) {
        self.world.replay(breaks, self.plan, ctx);
    }
    fn replayed(&self) -> bool {
        self.world.replayed()
    }
    fn repair_data(&mut self, service: usize, ctx: &mut Ctx<'_>) {
        self.world.repair_data(service, self.plan, ctx);
    }
    fn data_consistent(&self, service: usize) -> bool {
        self.world.data_consistent(service)
    }
    fn sli_ok_since(&self) -> Option<SimTime> {
        self.world.sli_ok_since()
    }
    fn settled(&self) -> bool {
        self.world.settled()
    }
}
