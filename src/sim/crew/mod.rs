//! The crew: the people and agents who notice, are paged, and work the playbook.

use super::act::Act;
use super::engine::{Ctx, WorldNote};
use super::queue::Token;
use super::world::World;
use crate::model::{Pack, Preset, Scenario, System};

/// The compiled, unchanging part of the crew.
#[derive(Debug, Clone)]
pub(super) struct CrewPlan {}

impl CrewPlan {
    pub(super) fn new(_s: &System, _sc: &Scenario, _pack: &Pack, _p: &Preset) -> Self {
        Self {}
    }
}

/// The changing part of the crew.
#[derive(Debug)]
pub(super) struct Crew {}

impl Crew {
    pub(super) fn new(_plan: &CrewPlan) -> Self {
        Self {}
    }
    pub(super) fn start(&mut self, _plan: &CrewPlan, _world: &mut World, _ctx: &mut Ctx<'_>) {}
    pub(super) fn on_timer(&mut self, _t: Token, _p: &CrewPlan, _w: &mut World, _c: &mut Ctx<'_>) {}
    pub(super) fn on_note(
        &mut self,
        _n: &WorldNote,
        _p: &CrewPlan,
        _w: &mut World,
        _c: &mut Ctx<'_>,
    ) {
    }
    pub(super) fn apply(&mut self, _a: &Act, _p: &CrewPlan, _w: &mut World, _c: &mut Ctx<'_>) {}
    pub(super) fn done(&self, _world: &World) -> bool {
        false
    }
}
