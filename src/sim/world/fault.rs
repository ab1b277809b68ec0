//! Faults: when they begin and end, how strong they are, and what they do to their target.

use super::flow::{Own, StoreOwn};
use super::plan::{FaultNode, Hit, WorldPlan};
use super::state::{TAG_FAULT_END, TAG_FAULT_FLAP, World};
use crate::model::{FaultEffect, FaultEnd, Shape};
use crate::sim::engine::Ctx;
use crate::sim::queue::Token;
use crate::timeline::EventKind;
use crate::units::{SimDuration, SimTime};

/// Shapes are never finer than this: an event per period must stay affordable.
const PERIOD_MIN: SimDuration = SimDuration::from_secs(2);

/// Share of the requests of a service that fail while it is cut off from an intruder: old keys
/// and sessions are refused, whoever holds them.
const CUT_OFF_SHARE: f64 = 0.3;

/// What changes about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FaultNow {
    pub(super) began: Option<SimTime>,
    pub(super) ended: bool,
    /// A flapping fault is in its quiet half.
    pub(super) quiet: bool,
}

impl FaultNow {
    /// Begun and not ended.
    pub(super) fn active(&self) -> bool {
        self.began.is_some() && !self.ended
    }

    /// Damages data at present, or has lost some.
    pub(super) fn damages(&self, fault: &FaultNode) -> bool {
        let effects = [FaultEffect::DataDamage, FaultEffect::DataLoss];
        self.active() && effects.contains(&fault.effect)
    }

    /// Strength between 0 and 1 at `now`.
    fn strength(&self, fault: &FaultNode, now: SimTime) -> f64 {
        let Some(began) = self.began.filter(|_| !self.ended) else {
            return 0.0;
        };
        let since = (now - began).ms() as f64;
        let over = fault.over.max(PERIOD_MIN).ms() as f64;
        match fault.shape {
            _ if fault.over <= SimDuration::ZERO => 1.0,
            Shape::Step => 1.0,
            Shape::Ramp => (since / over).clamp(0.0, 1.0),
            Shape::Flap => f64::from(u8::from(!self.quiet)),
            Shape::Sawtooth => (since / over).rem_euclid(1.0),
        }
    }

    /// Whether its strength changes between events, so that minutes must be played.
    pub(super) fn grows(&self, fault: &FaultNode, now: SimTime) -> bool {
        let Some(began) = self.began.filter(|_| !self.ended) else {
            return false;
        };
        match fault.shape {
            Shape::Ramp => now - began < fault.over + SimDuration::from_minutes(1),
            Shape::Sawtooth => fault.over > SimDuration::ZERO,
            Shape::Step | Shape::Flap => false,
        }
    }
}

impl World {
    pub(super) fn begin_fault(&mut self, index: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let fault = &plan.net.faults[index];
        self.flow_to(plan, ctx.now);
        self.faults[index].began = Some(ctx.now);
        let kind = EventKind::FaultInjected {
            fault: fault.name.clone(),
            effect: fault.effect,
            root: fault.root,
        };
        ctx.emit(kind, vec![fault.on.clone()], None);
        if let FaultEnd::After(lasts) = fault.end {
            ctx.after(lasts, Token::new(TAG_FAULT_END, index as u32));
        }
        if fault.shape == Shape::Flap && fault.over > SimDuration::ZERO {
            ctx.after(half_period(fault), Token::new(TAG_FAULT_FLAP, index as u32));
        }
        if fault.effect == FaultEffect::Breach {
            self.expose(fault.hit, ctx);
        }
        match fault.hit {
            Hit::Agent(agent) if fault.effect == FaultEffect::QualityDrop => {
                self.agent_gets_worse(agent, fault, ctx);
            }
            Hit::Agent(agent) => self.agent_fails(agent, fault, ctx),
            Hit::Service(_) | Hit::Store(_) | Hit::Tool(_) => self.resolve(plan, ctx),
            Hit::Nothing => {}
        }
    }

    /// The fault goes away by itself.
    pub(super) fn end_fault(&mut self, index: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        if !self.faults[index].active() {
            return;
        }
        self.flow_to(plan, ctx.now);
        self.clear_fault(index, plan, ctx);
        match plan.net.faults[index].hit {
            Hit::Agent(agent) => self.agent_may_recover(agent, plan, ctx),
            _ => self.resolve(plan, ctx),
        }
    }

    pub(super) fn flap_fault(&mut self, index: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        if !self.faults[index].active() {
            return;
        }
        self.flow_to(plan, ctx.now);
        self.faults[index].quiet = !self.faults[index].quiet;
        let fault = &plan.net.faults[index];
        ctx.after(half_period(fault), Token::new(TAG_FAULT_FLAP, index as u32));
        if !matches!(fault.hit, Hit::Agent(_)) {
            self.resolve(plan, ctx);
        }
    }

    /// Ends a fault; the caller resolves the flow afterwards.
    pub(super) fn clear_fault(&mut self, index: usize, plan: &WorldPlan, ctx: &mut Ctx<'_>) {
        let fault = &plan.net.faults[index];
        self.faults[index].ended = true;
        if fault.effect == FaultEffect::Breach {
            self.close_breach(fault.hit, ctx);
        }
        let kind = EventKind::FaultCleared { fault: fault.name.clone() };
        ctx.emit(kind, vec![fault.on.clone()], None);
    }

    /// Clears every active fault with `chosen` that ends by recovery; returns how many.
    pub(super) fn clear_faults(
        &mut self,
        plan: &WorldPlan,
        ctx: &mut Ctx<'_>,
        chosen: impl Fn(&Self, &FaultNode) -> bool,
    ) -> usize {
        let mut cleared = 0;
        for (index, fault) in plan.net.faults.iter().enumerate() {
            let clearable = self.faults[index].active() && fault.end == FaultEnd::Recovery;
            if clearable && chosen(self, fault) {
                self.clear_fault(index, plan, ctx);
                cleared += 1;
            }
        }
        cleared
    }

    /// Adds the active faults up per target.
    pub(super) fn gather_faults(&mut self, plan: &WorldPlan, now: SimTime) {
        self.input.own.fill(Own::NONE);
        self.input.stores.fill(StoreOwn::NONE);
        self.input.tools_down.fill(false);
        for (now_fault, fault) in self.faults.iter().zip(&plan.net.faults) {
            let strength = now_fault.strength(fault, now);
            if strength <= 0.0 {
                continue;
            }
            match fault.hit {
                Hit::Service(at) => hit_service(&mut self.input.own[at], fault, strength),
                Hit::Store(at) => hit_store(&mut self.input.stores[at], fault, strength),
                Hit::Tool(at) => {
                    let down = match fault.effect {
                        FaultEffect::Errors => fault.amount * strength >= 0.5,
                        FaultEffect::Capacity => fault.amount <= 0.5 && strength >= 0.5,
                        _ => strength >= 0.5,
                    };
                    self.input.tools_down[at] |= down;
                }
                Hit::Agent(_) | Hit::Nothing => {}
            }
        }
        for (own, service) in self.input.own.iter_mut().zip(&self.services) {
            if service.cut {
                own.errors = 1.0 - (1.0 - own.errors) * (1.0 - CUT_OFF_SHARE);
            }
        }
    }
}

fn half_period(fault: &FaultNode) -> SimDuration {
    SimDuration::from_ms(fault.over.max(PERIOD_MIN).ms() / 2)
}

fn hit_service(own: &mut Own, fault: &FaultNode, strength: f64) {
    let toward = 1.0 + (fault.amount - 1.0) * strength;
    match fault.effect {
        FaultEffect::Down => own.down = own.down.max(strength),
        FaultEffect::Errors => {
            let errors = (fault.amount * strength).min(1.0);
            own.errors = 1.0 - (1.0 - own.errors) * (1.0 - errors);
        }
        FaultEffect::Slow => own.slow *= toward.max(0.01),
        FaultEffect::Capacity => own.capacity *= toward.clamp(0.0, 1.0),
        FaultEffect::Traffic => own.traffic *= toward.max(0.0),
        FaultEffect::DataDamage
        | FaultEffect::DataLoss
        | FaultEffect::Breach
        | FaultEffect::Silent
        | FaultEffect::ErrorLoop
        | FaultEffect::SlowBurn
        | FaultEffect::QualityDrop => {}
    }
}

fn hit_store(store: &mut StoreOwn, fault: &FaultNode, strength: f64) {
    let amount = fault.amount;
    let fail = match fault.effect {
        FaultEffect::Down => strength,
        FaultEffect::Errors | FaultEffect::DataLoss => (amount * strength).min(1.0),
        // A store at part of its capacity turns the rest of its calls away.
        FaultEffect::Capacity => (1.0 - amount).max(0.0) * strength,
        FaultEffect::Slow => {
            store.slow *= (1.0 + (amount - 1.0) * strength).max(0.01);
            0.0
        }
        FaultEffect::Traffic
        | FaultEffect::DataDamage
        | FaultEffect::Breach
        | FaultEffect::Silent
        | FaultEffect::ErrorLoop
        | FaultEffect::SlowBurn
        | FaultEffect::QualityDrop => 0.0,
    };
    store.fail = 1.0 - (1.0 - store.fail) * (1.0 - fail);
}
