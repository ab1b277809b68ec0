//! What responders do to the world: recover, degrade, hand over, repair.

use super::plan::{Hit, WorldPlan};
use super::state::World;
use crate::model::FaultEffect;
use crate::sim::engine::Ctx;
use crate::units::{SimDuration, SimTime};

impl World {
    /// A recovery step on a service: clears what ends by recovery on it and on the stores that it
    /// depends on hard, damaged data excepted, and sheds the load that keeps it overloaded.
    /// Returns how many causes were cleared; 0 when its trouble comes from another service.
    pub(in crate::sim) fn try_recover(
        &mut self,
        service: usize,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) -> usize {
        self.flow_to(plan, ctx.now);
        let mut cleared = self.clear_faults(plan, ctx, |world, fault| {
            let mendable = match fault.effect {
                FaultEffect::DataDamage | FaultEffect::DataLoss => false,
                // A hole that is still open lets the intruder in again.
                FaultEffect::Breach => !world.services[service].exposed,
                _ => true,
            };
            mendable && world.belongs(fault.hit, service)
        });
        let shed = self.shed_load(service);
        if shed && cleared == 0 {
            cleared = 1;
        }
        if cleared > 0 {
            self.resolve(plan, ctx);
        }
        cleared
    }

    /// Takes a service out of overload; it falls back at once if its load alone is too much.
    fn shed_load(&mut self, service: usize) -> bool {
        std::mem::take(&mut self.flow.services[service].overloaded)
    }

    /// A recovery step on an agent; returns how many faults it cleared.
    pub(in crate::sim) fn recover_agent(
        &mut self,
        agent: usize,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) -> usize {
        let cleared = self.clear_faults(plan, ctx, |_, fault| fault.hit == Hit::Agent(agent));
        if cleared > 0 {
            self.agent_may_recover(agent, plan, ctx);
        }
        cleared
    }

    /// The agent's tasks go to others: impact ends, the queue drains there.
    pub(in crate::sim) fn hand_over(&mut self, agent: usize, _plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        if self.agents[agent].hung_since.is_some() && !self.agents[agent].covered {
            self.relieve_agent(agent, ctx);
            self.agents[agent].covered = true;
        }
    }

    /// The backup agent takes the tasks; false when there is none or it is hung itself.
    pub(in crate::sim) fn activate_backup(
        &mut self,
        agent: usize,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let backup = plan.net.agents[agent].backup;
        let ready = backup
            .is_some_and(|backup| backup != agent && self.agents[backup].hung_since.is_none());
        if ready {
            self.hand_over(agent, plan, ctx);
        }
        ready
    }

    /// Turns on the degraded modes declared for a service in trouble, and sheds load where it is
    /// overloaded. Modes for development environments stay off elsewhere. Returns how many of
    /// its modes are on.
    pub(in crate::sim) fn degrade(
        &mut self,
        service: usize,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) -> usize {
        if self.flow.services[service].raw < 0.01 && !self.flow.services[service].overloaded {
            return 0;
        }
        self.flow_to(plan, ctx.now);
        let mut on = 0;
        for (active, mode) in self.input.modes_on.iter_mut().zip(&plan.net.modes) {
            if mode.failed == service && (!mode.development_only || plan.net.development) {
                *active = true;
                on += 1;
            }
        }
        self.shed_load(service);
        self.resolve(plan, ctx);
        on
    }

    /// Data come back from the newest backup that is older than their loss. Returns the span
    /// whose writes are gone with it, where data were lost.
    pub(in crate::sim) fn restore_data(
        &mut self,
        service: usize,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) -> Option<SimDuration> {
        let gone = self.data_loss(service, ctx.now);
        self.flow_to(plan, ctx.now);
        self.mend_data(service, &[FaultEffect::DataDamage, FaultEffect::DataLoss], plan, ctx);
        if gone.is_some() {
            self.resolve(plan, ctx);
        }
        gone
    }

    /// The span that a restore at `now` would lose: since the newest backup taken before the
    /// first loss on the service's stores. `None` where nothing is lost.
    pub(in crate::sim) fn data_loss(&self, service: usize, now: SimTime) -> Option<SimDuration> {
        let faults = self.faults.iter().zip(&self.net.faults);
        let lost = faults.filter_map(|(state, fault)| match fault.hit {
            Hit::Store(store)
                if fault.effect == FaultEffect::DataLoss
                    && state.active()
                    && self.belongs(fault.hit, service) =>
            {
                Some(now - self.net.last_backup(store, state.began?))
            }
            _ => None,
        });
        lost.max()
    }

    /// Cuts an intruder off from a service; false when nobody had got in.
    pub(in crate::sim) fn contain(
        &mut self,
        service: usize,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        if !std::mem::take(&mut self.services[service].exposed) {
            return false;
        }
        self.flow_to(plan, ctx.now);
        self.services[service].cut = true;
        self.resolve(plan, ctx);
        let node = &self.net.services[service];
        let (slo, about) = (node.confidentiality.clone(), node.entity.clone());
        self.sli_event(false, slo, about, ctx);
        true
    }

    /// A way in is closed, or the intruder left by himself: unless there is another way in, what
    /// belongs to the target serves everybody again.
    pub(super) fn close_breach(&mut self, hit: Hit, ctx: &mut Ctx<'_>) {
        for service in 0..self.services.len() {
            let mut faults = self.faults.iter().zip(&self.net.faults);
            let open = faults.any(|(state, fault)| {
                state.active()
                    && fault.effect == FaultEffect::Breach
                    && self.belongs(fault.hit, service)
            });
            if open || !self.belongs(hit, service) {
                continue;
            }
            self.services[service].cut = false;
            if std::mem::take(&mut self.services[service].exposed) {
                let node = &self.net.services[service];
                let (slo, about) = (node.confidentiality.clone(), node.entity.clone());
                self.sli_event(false, slo, about, ctx);
            }
        }
    }

    /// Somebody has got in: what belongs to the target is exposed.
    pub(super) fn expose(&mut self, hit: Hit, ctx: &mut Ctx<'_>) {
        for service in 0..self.services.len() {
            if !self.belongs(hit, service)
                || std::mem::replace(&mut self.services[service].exposed, true)
            {
                continue;
            }
            let node = &self.net.services[service];
            let (slo, about) = (node.confidentiality.clone(), node.entity.clone());
            self.sli_event(true, slo, about, ctx);
        }
    }

    /// Damaged records are found and corrected.
    pub(in crate::sim) fn repair_data(
        &mut self,
        service: usize,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) {
        self.mend_data(service, &[FaultEffect::DataDamage], plan, ctx);
    }

    fn mend_data(
        &mut self,
        service: usize,
        effects: &[FaultEffect],
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
    ) {
        self.clear_faults(plan, ctx, |world, fault| {
            effects.contains(&fault.effect) && world.belongs(fault.hit, service)
        });
    }
}
