//! What a diagnosis found, and what a recording cannot show.

use super::line::Lines;
use crate::exercise::play::{Basis, Condition, Evidence, Symptom, Unshown};

impl Lines<'_> {
    pub(super) fn evidence(&mut self, evidence: &Evidence) {
        let step = self.step_at(&evidence.at);
        self.wide(2, &self.words.f("play-evidence", &[("step", &step)]));
        if evidence.symptoms.is_empty() {
            self.wide(4, &self.t("play-evidence-none"));
        }
        for symptom in &evidence.symptoms {
            self.symptom(symptom);
        }
        let next = if evidence.waits { "play-evidence-name" } else { "play-evidence-revise" };
        self.wide(2, &self.t(next));
    }

    /// How one thing fares, and what it needs.
    pub(super) fn symptom(&mut self, symptom: &Symptom) {
        let key = match symptom.condition {
            Condition::Works => "works",
            Condition::Degraded => "degraded",
            Condition::Down => "down",
            Condition::Damaged => "damaged",
            Condition::Exposed => "exposed",
            Condition::Unknown => "unknown",
        };
        let mut text = self.words.word("play-condition", key);
        if !symptom.needs.is_empty() {
            let names = self.words.list(symptom.needs.iter().map(|name| name.as_str()));
            let args = [("what", text.as_str()), ("names", &names)];
            text = self.words.f("play-needs", &args);
        }
        self.beside(2, 18, &symptom.about.name, &text);
    }

    pub(super) fn unshown(&mut self, unshown: &Unshown) {
        let text = match unshown {
            Unshown::Answer => self.t("play-unshown-answer"),
            Unshown::Step { at, basis, fails } => {
                let key = match (basis, fails) {
                    (_, true) => "play-unshown-failed",
                    (Basis::Recorded, false) => "play-unshown-recorded",
                    (Basis::Playbook, false) => "play-unshown-step",
                };
                self.words.f(key, &[("step", &self.step_at(at))])
            }
        };
        self.more(&text);
    }
}
