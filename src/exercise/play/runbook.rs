//! The procedure as the person at the seat can read it.

use super::game::Game;
use super::shown::{RunbookStep, Shown};
use crate::model::{Name, Pack, Trigger};
use crate::timeline::EventKind as K;

impl Game<'_, '_> {
    /// A playbook, or those that apply as far as the person has seen.
    pub(super) fn runbook(&mut self, asked: Option<&Name>, shown: &mut Vec<Shown>) {
        let doing = self.stage.desk(&self.role).doing;
        let pack = &self.setting.pack;
        let ids = match asked {
            Some(id) => vec![id.clone()],
            None => self.applying(pack),
        };
        if ids.is_empty() {
            shown.push(Shown::Playbooks(pack.playbooks.iter().map(|p| p.id.clone()).collect()));
        }
        let known = self.stage.known();
        for id in ids {
            let Some(playbook) = pack.playbooks.iter().find(|p| p.id == id) else { continue };
            let line = |step: &crate::model::Step| RunbookStep {
                step: step.id.clone(),
                role: step.role.clone(),
                mine: step.role == self.role,
                done: self.joined && known.steps_done().iter().any(|(done, ..)| *done == step.id),
                doing: doing.iter().any(|at| at.step == step.id),
                each: step.for_each != crate::model::ForEach::Once,
                destructive: step.destructive,
            };
            let steps = playbook.steps.iter().map(line).collect();
            shown.push(Shown::Runbook { playbook: id, steps });
        }
    }

    /// The playbooks that findings name, as far as the person has seen them; one that takes the
    /// place of another comes last and alone.
    fn applying(&self, pack: &Pack) -> Vec<Name> {
        let mut ids: Vec<Name> = Vec::new();
        for n in 0..self.taken {
            let event = self.stage.event(n);
            let K::Finding { trigger, .. } = &event.kind else { continue };
            if !self.seen.iter().any(|(id, _)| *id == event.id) {
                continue;
            }
            let Some(trigger) = Trigger::from_word(trigger) else { continue };
            if trigger == Trigger::MultiService {
                ids.clear();
            }
            let covered = pack.playbook(Trigger::MultiService).map(|p| &p.id);
            let covers = covered.is_some_and(|id| ids.contains(id));
            if covers && trigger == Trigger::ServiceOutage {
                continue;
            }
            if let Some(playbook) = pack.playbook(trigger)
                && !ids.contains(&playbook.id)
            {
                ids.push(playbook.id.clone());
            }
        }
        ids
    }
}
