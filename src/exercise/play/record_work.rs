//! What the person at the seat of a recording works on: begun at its instant, done when its time
//! is over.

use super::record::Record;
use super::record_step::{Basis, UnderWay, changes_the_world, course, recorded_rollback};
use super::shown::Unshown;
use crate::model::{EntityKind, ForEach, Name, Ref, Step, StepEffect, Trigger};
use crate::sim::{Objection, StepAt};
use crate::timeline::{EventKind as K, MessagePurpose};

impl Record {
    /// Why a step cannot be begun now.
    pub(super) fn no_step(&self, step: &Name, on: Option<&Name>) -> Option<Objection> {
        let about: Vec<Ref> = on.iter().map(|on| self.target(on)).collect();
        if let Some(same) =
            self.doing.iter().find(|known| known.at.step == *step && known.about == about)
        {
            return Some(Objection::UnderWay(same.at.clone()));
        }
        let doing = self.steps(|step| step.until.is_some());
        if doing.len() >= self.capacity() as usize {
            return Some(Objection::Busy(doing));
        }
        let declares = self.plan_of(step).is_some_and(|plan| plan.effect == StepEffect::Declare);
        let nothing = self.known.severity().is_none() && self.known.declared().is_none();
        (declares && nothing).then_some(Objection::SayLevel)
    }

    /// What was said already is done where the procedure asks for it as a step of the role.
    pub(super) fn credit(&mut self, effect: StepEffect) {
        let done = |id: &Name| self.known.steps_done().iter().any(|(step, ..)| step == id);
        let mut meant: Vec<(Name, Name, Option<u32>)> = Vec::new();
        for trigger in self.known.findings().iter().map(|finding| &finding.trigger) {
            let playbook = Trigger::from_word(trigger);
            let Some(playbook) = playbook.and_then(|t| self.recording.pack.playbook(t)) else {
                continue;
            };
            let wanted = |step: &&Step| {
                step.effect == effect && step.role == self.me.name && !done(&step.id)
            };
            for step in playbook.steps.iter().filter(wanted) {
                if meant.iter().all(|(id, ..)| *id != step.id) {
                    meant.push((step.id.clone(), playbook.id.clone(), step.phase));
                }
            }
        }
        for (step, playbook, phase) in meant {
            if self.doing.iter().any(|known| known.at.step == step) {
                continue;
            }
            let (id, book) = (step.clone(), playbook.clone());
            self.mine(K::StepStarted { step: id, playbook: book, phase, attempt: 1 }, Vec::new());
            self.mine(K::StepDone { step, playbook, phase, attempt: 1 }, Vec::new());
        }
    }

    fn plan_of(&self, step: &Name) -> Option<&Step> {
        let playbook = self.playbook_of(step);
        let plan = self.recording.pack.playbooks.iter().find(|known| known.id == playbook);
        plan.and_then(|known| known.steps.iter().find(|known| known.id == *step))
    }

    /// The step that goes back to an earlier version.
    pub(super) fn recovery(&self) -> Option<Name> {
        let steps = self.recording.pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
        let mut recovers = steps.filter(|step| step.effect == StepEffect::Recover);
        recovers.next().map(|step| step.id.clone())
    }

    /// Targets that a step made for each shares its time between.
    fn targets(&self, plan: Option<&Step>) -> usize {
        let kind = match plan.map(|step| step.for_each) {
            Some(ForEach::FailedAgent) => EntityKind::Agent,
            _ => EntityKind::Service,
        };
        let about = self.known.findings().iter().map(|finding| &finding.about);
        let mut about: Vec<&Ref> = about.filter(|about| about.kind == kind).collect();
        about.sort();
        about.dedup();
        about.len()
    }

    /// Begins a step; it takes its time.
    pub(super) fn begin(&mut self, step: &Name, on: Option<&Name>, back_to: Option<Name>) {
        let playbook = self.playbook_of(step);
        let about: Vec<Ref> = on.iter().map(|on| self.target(on)).collect();
        let known = self.attempts.iter_mut().find(|(id, at, _)| id == step && *at == about);
        let attempt = match known {
            Some((.., attempts)) => {
                *attempts += 1;
                *attempts
            }
            None => {
                self.attempts.push((step.clone(), about.clone(), 1));
                1
            }
        };
        let plan = self.plan_of(step);
        let course = course(&self.recording, step, &about, attempt, plan, self.targets(plan));
        let under_way = UnderWay {
            at: StepAt { playbook: playbook.clone(), step: step.clone(), on: on.cloned() },
            phase: plan.and_then(|step| step.phase),
            duty: plan.and_then(|step| step.duty.clone()),
            effect: plan.map(|step| step.effect),
            about: about.clone(),
            attempt,
            until: Some(self.now + course.time),
            basis: course.basis,
            fails: course.fails,
            back_to,
        };
        let (step, phase) = (step.clone(), under_way.phase);
        self.mine(K::StepStarted { step, playbook, phase, attempt }, about);
        self.doing.push(under_way);
    }

    /// The time of a step is over. A diagnosis ends when the person names a cause.
    pub(super) fn time_over(&mut self, index: usize) {
        if self.doing[index].effect == Some(StepEffect::Diagnose) && !self.doing[index].fails {
            self.diagnosed.push(self.doing[index].at.clone());
            if !self.suspected {
                self.doing[index].until = None;
                return;
            }
        }
        self.finish(index);
    }

    /// A step takes effect, as far as a record lets it.
    pub(super) fn finish(&mut self, index: usize) {
        let UnderWay { at, about, phase, duty, effect, attempt, basis, fails, back_to, .. } =
            self.doing.remove(index);
        let (step, playbook) = (at.step.clone(), at.playbook.clone());
        if fails {
            self.mine(K::StepFailed { step, playbook, phase, attempt }, about);
            self.unshown.push(Unshown::Step { at, basis, fails });
            return;
        }
        match effect {
            Some(StepEffect::Declare) => self.declare_known(),
            Some(StepEffect::ClaimMitigated) if self.known.mitigated().is_none() => {
                self.mine(K::MitigatedClaimed {}, Vec::new());
            }
            Some(StepEffect::ClaimResolved) if self.known.resolved().is_none() => {
                self.mine(K::ResolvedClaimed {}, Vec::new());
            }
            Some(StepEffect::PublicUpdate) if duty.is_none() => self.post(),
            Some(StepEffect::Message) => self.message(MessagePurpose::Update, None),
            _ => {}
        }
        if let Some(duty) = duty {
            self.deliver(duty);
        }
        self.mine(K::StepDone { step, playbook, phase, attempt }, about.clone());
        if let (Some(option), Some(on)) = (back_to, about.first()) {
            let went = recorded_rollback(&self.recording.timeline.events, on);
            if let Some(succeeded) = went {
                self.mine(K::Rollback { option, succeeded }, about);
            }
        }
        if effect.is_some_and(changes_the_world) || basis == Basis::Recorded {
            self.unshown.push(Unshown::Step { at, basis, fails });
        }
    }

    fn declare_known(&mut self) {
        if let (None, Some(level)) = (self.known.declared(), self.known.severity().cloned()) {
            self.mine(K::Declared { level }, Vec::new());
        }
    }
}
