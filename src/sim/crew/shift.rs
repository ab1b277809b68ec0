//! Shifts: people who tire hand over, whether there is work at that moment or not.

use super::state::{Crew, Member, Scene, tag};
use crate::timeline::EventKind;
use crate::units::SimDuration;

/// A shift that is over ends with the next quiet moment.
const SHIFT_SLACK: SimDuration = SimDuration::from_minutes(5);

impl Crew {
    /// A tired person hands over to a colleague of the same role before the next step.
    pub(super) fn hand_over_shift(&mut self, by: usize, scene: &mut Scene<'_, '_>) -> bool {
        let figures = &scene.plan.figures;
        let role = &scene.plan.roles[by];
        let tired = scene.now() - self.members[by].fresh > figures.fatigue_after;
        if !role.human || role.people < 2 || !tired || self.members[by].busy > 0 {
            return false;
        }
        self.hand_over_now(by, scene);
        true
    }

    fn hand_over_now(&mut self, by: usize, scene: &mut Scene<'_, '_>) {
        let (min, max) = scene.plan.figures.handoff_min;
        let nth = (scene.now().ms() / 60_000) as u64;
        let mut stream = scene.ctx.streams.stream(scene.plan.streams.handoff.nth(nth));
        let time = SimDuration::from_minutes(1).scale(stream.between(min, max.max(min)));
        self.members[by].busy += 1;
        scene.after(time, tag::HANDOFF, by);
    }

    /// A shift ends when its person would tire, whether there is work at that moment or not.
    pub(super) fn await_shift(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        let plan = &scene.plan.roles[role];
        if plan.human && plan.people > 1 {
            scene.after(scene.plan.figures.fatigue_after + SHIFT_SLACK, tag::SHIFT, role);
        }
    }

    /// The shift of a role is over, unless somebody fresh has come meanwhile.
    pub(super) fn shift_over(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        let Member { engaged, fresh, busy, .. } = self.members[role];
        let tired = scene.now() - fresh > scene.plan.figures.fatigue_after;
        if engaged.is_none() || !tired || self.incident.resolved.is_some() {
            return;
        }
        if busy > 0 || !self.members[role].responder.is_simulated() {
            scene.after(SHIFT_SLACK, tag::SHIFT, role);
        } else {
            self.hand_over_now(role, scene);
        }
    }

    pub(super) fn handoff_over(&mut self, role: usize, scene: &mut Scene<'_, '_>) {
        self.members[role].busy = self.members[role].busy.saturating_sub(1);
        self.members[role].fresh = scene.now();
        self.await_shift(role, scene);
        let me = scene.role(role);
        let kind = EventKind::HandedOver { what: me.name.clone(), to: me.clone() };
        scene.emit(kind, Vec::new(), Some(me));
        self.dispatch(scene);
    }
}
