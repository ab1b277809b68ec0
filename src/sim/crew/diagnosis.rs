//! Suspicions: right ones, wrong ones, and red herrings.
//!
//! A simulated diagnosis ends in a suspicion. That of a person yields evidence, and the person
//! draws the conclusion, which the repairs then follow.

use super::super::desk::StepAt;
use super::responder::Responder;
use super::state::{Crew, Scene, tag};
use crate::model::{ForEach, Ref};
use crate::timeline::EventKind;
use crate::units::SimDuration;

/// Repairs that follow a wrong suspicion, before people look elsewhere by themselves.
const ASTRAY: u32 = 2;

impl Crew {
    /// Diagnoses from the seat whose evidence is in.
    pub(in crate::sim) fn diagnosed(&self) -> &[StepAt] {
        &self.diagnosed
    }

    /// The time of a person's diagnosis is over: the evidence is there, and the step ends when
    /// the person says what it takes for the cause, or at once where it did.
    fn hand_evidence(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        self.diagnosed.push(self.step_at(work, scene));
        if self.incident.aim.is_some() {
            self.complete(work, scene);
            return;
        }
        self.works[work].judging = true;
        self.release(work);
    }

    /// The person at the seat names what it takes for the cause.
    pub(super) fn suspect(&mut self, role: usize, about: &Ref, scene: &mut Scene<'_, '_>) {
        self.incident.cause_known |= scene.ground.is_root(about);
        if self.seated == Some(role) {
            self.incident.aim = Some(about.clone());
        }
        let by = Some(scene.role(role));
        scene.emit(EventKind::Hypothesis {}, vec![about.clone()], by);
        for work in 0..self.works.len() {
            if self.works[work].by == role && std::mem::take(&mut self.works[work].judging) {
                self.complete(work, scene);
            }
        }
    }

    /// Whoever goes on with the person's work draws the conclusions that wait for one.
    pub(super) fn pass_on_judging(&mut self, to: usize, scene: &mut Scene<'_, '_>) {
        for work in 0..self.works.len() {
            if std::mem::take(&mut self.works[work].judging) {
                self.works[work].by = to;
                scene.after(scene.plan.figures.think, tag::WORK, work);
            }
        }
    }

    /// Whether a repair follows a suspicion of the person at the seat that is wrong.
    pub(super) fn is_astray(&self, work: usize, scene: &Scene<'_, '_>) -> bool {
        let aim = self.incident.aim.as_ref().filter(|_| !self.incident.cause_known);
        self.works[work].attempt <= ASTRAY && aim.is_some_and(|about| !scene.ground.is_root(about))
    }

    /// A diagnosis ends in a suspicion. A wrong one costs another diagnosis: the step goes on.
    pub(super) fn diagnose(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let by = self.works[work].by;
        if self.seated == Some(by) && self.members[by].responder == Responder::Live {
            self.hand_evidence(work, scene);
            return;
        }
        let nth = self.incident.diagnoses;
        self.incident.diagnoses += 1;
        let figures = &scene.plan.figures;
        let mut stream = scene.ctx.streams.stream(scene.plan.streams.hypothesis.nth(nth));
        let (lured, wrong) = (stream.uniform(), stream.uniform());
        let by = Some(scene.role(self.works[work].by));
        let first = nth == 0 && !self.incident.cause_known;
        let herring = self.incident.red_herring.take();
        let mislead = match herring {
            Some(about) if !self.incident.cause_known && lured < figures.red_herring_p => {
                Some(about)
            }
            _ if first && !self.incident.observed && wrong < figures.wrong_hypothesis_p => {
                self.wrong_suspect(stream.below(1 << 16), scene)
            }
            _ => None,
        };
        if let Some(about) = mislead {
            scene.emit(EventKind::Hypothesis {}, vec![about.clone()], by);
            scene.ctx.note(|| format!("a wrong track: {about}").into());
            if !scene.ground.is_root(&about) {
                self.diagnose_again(work, scene);
                return;
            }
        }
        if let Some(about) = self.right_suspect(work, scene) {
            self.incident.cause_known |= scene.ground.is_root(&about);
            let by = Some(scene.role(self.works[work].by));
            scene.emit(EventKind::Hypothesis {}, vec![about], by);
        }
        self.complete(work, scene);
    }

    /// The whole time of the step once more.
    fn diagnose_again(&mut self, work: usize, scene: &mut Scene<'_, '_>) {
        let step = self.step(work, scene);
        let again = match (step.share(), self.incident.stages) {
            (Some((stage, share)), Some(stages)) => stages.of(stage).scale(share),
            _ => match step.time {
                crate::model::StepTime::Median(median) => median,
                crate::model::StepTime::Share { .. } => SimDuration::from_minutes(10),
            },
        };
        scene.after(again.max(SimDuration::from_secs(1)), tag::WORK, work);
    }

    /// The root cause, as far as the response can see it: one of the roots on the target, else
    /// any that acts now, else the first entity known to be hit.
    fn right_suspect(&self, work: usize, scene: &Scene<'_, '_>) -> Option<Ref> {
        let plan = scene.plan;
        let target = self.works[work].target.checked_sub(1).map(|i| &plan.entities[i].about);
        if let Some(about) = target.filter(|about| scene.ground.is_root(about)) {
            return Some(about.clone());
        }
        let root = plan.roots.iter().find(|root| scene.ground.is_root(root));
        let known = || {
            let first = self.known_targets(ForEach::Once, scene).first().copied()?;
            Some(&plan.entities[first - 1].about)
        };
        root.or(target).or_else(known).cloned()
    }

    /// Something plausible that is not the cause: an entity known to be hit, else any service.
    fn wrong_suspect(&self, draw: usize, scene: &Scene<'_, '_>) -> Option<Ref> {
        let about = |target: usize| &scene.plan.entities[target - 1].about;
        let wrong = |target: &usize| !scene.ground.is_root(about(*target));
        let known = self.known_targets(ForEach::Once, scene);
        let mut suspects: Vec<usize> = known.into_iter().filter(wrong).collect();
        if suspects.is_empty() {
            suspects = (1..=scene.plan.services).filter(wrong).collect();
        }
        let chosen = suspects.get(draw.checked_rem(suspects.len())?)?;
        Some(about(*chosen).clone())
    }
}
