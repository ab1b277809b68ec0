//! The world: services, stores, agents and tools under faults, as rates and capacities.

use super::engine::{Ctx, WorldNote};
use super::queue::Token;
use crate::model::{Preset, Scenario, SliceBlock, System};
use crate::units::{SimDuration, SimTime};

/// One gauge of an entity over the drill.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// `service:user-service`.
    pub entity: crate::model::Ref,
    /// Metric name, unit last.
    pub metric: &'static str,
    /// Start of the first value.
    pub start: SimTime,
    /// Distance between values.
    pub step: SimDuration,
    /// One value per step, `None` where nothing was measured.
    pub values: Vec<Option<f64>>,
}

/// Steady slices of every SLO around the drill: 30 days before and the time after.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// One block per SLO, in the system's order.
    pub blocks: Vec<SliceBlock>,
}

impl Baseline {
    /// Draws the steady slices of `system` from `start` - 30 days to `start` + `endex`. They
    /// depend on the system alone, not on a run's seed, so all trials share them.
    pub fn draw(_system: &System, _start: SimTime, _endex: SimDuration) -> Self {
        Self { blocks: Vec::new() }
    }
}

/// The compiled, unchanging part of the world.
#[derive(Debug, Clone)]
pub(super) struct WorldPlan {
    baseline: Baseline,
}

impl WorldPlan {
    pub(super) fn new(_s: &System, _sc: &Scenario, _p: &Preset, baseline: Baseline) -> Self {
        Self { baseline }
    }

    pub(super) fn baseline(&self) -> &Baseline {
        &self.baseline
    }
}

/// The changing part of the world.
#[derive(Debug)]
pub(super) struct World {}

impl World {
    pub(super) fn new(_plan: &WorldPlan) -> Self {
        Self {}
    }
    pub(super) fn start(&mut self, _plan: &WorldPlan, _ctx: &mut Ctx<'_>) {}
    pub(super) fn on_timer(&mut self, _token: Token, _plan: &WorldPlan, _ctx: &mut Ctx<'_>) {}
    pub(super) fn take_note(&mut self) -> Option<WorldNote> {
        None
    }
    pub(super) fn gauges(&self) -> &[Gauge] {
        &[]
    }
}
