//! What a report is about: a drill, or a timeline that was scored.

use std::collections::BTreeMap;

use super::lang::Words;
use crate::exercise::{Band, BandMeasure, Drill, Telemetry};
use crate::model::{EntityKind, Name, Pack, Preset, Ref, Scenario, Source, System};
use crate::score::{MeasureResult, Milestone, Scorecard};
use crate::timeline::{EventKind, Timeline, TraceHash, TraceHasher};
use crate::units::SimTime;

/// Everything the builders of a report may read. A scored timeline has fewer parts than a drill.
pub(super) struct Case<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) pack: &'a Pack,
    pub(super) card: &'a Scorecard,
    pub(super) system: Option<&'a System>,
    pub(super) scenario: Option<&'a Scenario>,
    pub(super) preset: Option<&'a Preset>,
    pub(super) telemetry: Option<&'a Telemetry>,
    pub(super) band: Option<&'a Band>,
    pub(super) trace_hash: TraceHash,
    /// Places in scripts that failed while the drill ran.
    pub(super) script_failures: usize,
}

impl<'a> Case<'a> {
    /// Whether a measure says something about this incident: one that ends with a step of a
    /// procedure nobody began, because another kind of incident asks for it, does not.
    pub(super) fn applies(&self, measure: &MeasureResult) -> bool {
        let Some(id) = measure.to.strip_prefix("step:") else { return true };
        let mut owners = self.pack.playbooks.iter().filter(|playbook| {
            playbook.rungs.iter().any(|rung| *rung.id == *id)
                || playbook.steps.iter().any(|step| *step.id == *id)
        });
        measure.value.is_some() || owners.any(|playbook| self.began(&playbook.id))
    }

    /// Whether anybody began a step of the playbook `id`.
    pub(super) fn began(&self, id: &str) -> bool {
        self.timeline.events.iter().any(|event| match &event.kind {
            EventKind::StepStarted { playbook, .. } | EventKind::StepDone { playbook, .. } => {
                **playbook == *id
            }
            _ => false,
        })
    }

    pub(super) fn of_drill(drill: &'a Drill) -> Self {
        Self {
            timeline: &drill.timeline,
            pack: &drill.pack,
            card: &drill.scorecard,
            system: Some(&drill.system),
            scenario: Some(&drill.scenario),
            preset: Some(&drill.preset),
            telemetry: Some(&drill.telemetry),
            band: drill.band.as_ref(),
            trace_hash: drill.trace_hash,
            script_failures: drill.script_failures.len(),
        }
    }

    pub(super) fn of_scored(timeline: &'a Timeline, pack: &'a Pack, card: &'a Scorecard) -> Self {
        let mut hasher = TraceHasher::default();
        for event in &timeline.events {
            hasher.event(event);
        }
        Self {
            timeline,
            pack,
            card,
            system: None,
            scenario: None,
            preset: None,
            telemetry: None,
            band: None,
            trace_hash: hasher.finish(),
            script_failures: 0,
        }
    }

    /// Whether no person took part, so that the run says nothing about a team.
    pub(super) fn simulated(&self) -> bool {
        self.timeline.header.source == Source::Simulated
    }

    pub(super) fn start(&self) -> SimTime {
        self.timeline.header.start
    }

    pub(super) fn milestone(&self, name: &str) -> Option<&'a Milestone> {
        self.card.milestones.iter().find(|m| m.name == name)
    }

    pub(super) fn reached(&self, name: &str) -> Option<SimTime> {
        self.milestone(name).and_then(|m| m.at)
    }

    pub(super) fn band_of(&self, measure: &str) -> Option<&'a BandMeasure> {
        self.band?.measures.iter().find(|m| &*m.name == measure)
    }

    /// `+12 min 24 s`: how long after the start of the record.
    pub(super) fn offset(&self, at: SimTime, words: Words) -> String {
        words.offset(at - self.start())
    }

    /// Whether there was no incident at all. Alarms were then false.
    pub(super) fn calm(&self) -> bool {
        !self.card.incident
    }

    /// The events that show a milestone: without them the story cannot be followed.
    pub(super) fn turns(&self) -> Vec<crate::timeline::EventId> {
        self.card.milestones.iter().filter_map(|m| m.evidence).collect()
    }

    /// The first and the last seed of the runs behind the band.
    pub(super) fn band_seeds(&self) -> Option<(u64, u64)> {
        let band = self.band?;
        let last = u64::from(band.trials.checked_sub(1)?);
        Some((band.seed.0, band.seed.trial(last).0))
    }

    /// The date and time on the wall clock of the record's zone.
    pub(super) fn clock(&self, at: SimTime) -> String {
        let local = at.local(self.timeline.header.zone);
        local.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// How people call what `about` points at.
    pub(super) fn title(&self, about: &Ref, words: Words) -> String {
        let name = &about.name;
        let found = self.system.and_then(|system| match about.kind {
            EntityKind::Role => find(&system.roles, |r| (&r.name, &r.title), name),
            EntityKind::Agent => find(&system.agents, |a| (&a.name, &a.title), name),
            EntityKind::Tool => find(&system.tools, |t| (&t.name, &t.title), name),
            EntityKind::System => Some(&system.title),
            // Services, stores and alerts go by the name that dashboards and scripts use.
            EntityKind::Service | EntityKind::Store | EntityKind::Alert => None,
        });
        found.map_or_else(|| name.to_string(), |text| words.text(text))
    }

    pub(super) fn role(&self, name: &Name, words: Words) -> String {
        self.title(&Ref::role(name), words)
    }

    /// A sentence of a script or of the scorer, for people.
    pub(super) fn say(&self, message: &str, words: Words) -> String {
        let header = &self.timeline.header;
        if let Some(text) = header.texts.iter().find(|text| text.en == *message) {
            return words.text(text);
        }
        super::phrase::say(&self.pack.texts, message, words)
    }

    /// How people write a channel.
    pub(super) fn channel(&self, name: &str, words: Words) -> String {
        let Some(channel) = self.pack.channel(name) else { return name.to_owned() };
        let title = channel.title.as_ref().map(|title| words.text(title));
        title.unwrap_or_else(|| channel.address.to_string())
    }

    pub(super) fn severity(&self, level: &str, words: Words) -> String {
        let found = self.pack.severities.iter().find(|s| &*s.level == level);
        found.map_or_else(|| level.to_owned(), |s| words.text(&s.title))
    }

    pub(super) fn step(&self, playbook: &str, step: &str, words: Words) -> String {
        let found = self.pack.playbooks.iter().find(|p| &*p.id == playbook);
        let step_of = found.and_then(|p| p.steps.iter().find(|s| &*s.id == step));
        step_of.map_or_else(|| step.to_owned(), |s| words.text(&s.title))
    }

    pub(super) fn duty(&self, id: &str, words: Words) -> String {
        let found = self.pack.duties.iter().find(|duty| &*duty.id == id);
        found.map_or_else(|| id.to_owned(), |duty| words.text(&duty.title))
    }

    pub(super) fn field(&self, duty: &str, field: &str, words: Words) -> String {
        let found = self.pack.duties.iter().find(|d| &*d.id == duty);
        let found = found.and_then(|d| d.fields.iter().find(|f| &*f.id == field));
        found.map_or_else(|| field.to_owned(), |f| words.text(&f.title))
    }

    /// How people call an end of a measure: a milestone, `duty:ID` or `step:ID`.
    pub(super) fn end(&self, end: &str, words: Words) -> String {
        if let Some(id) = end.strip_prefix("duty:") {
            return self.duty(id, words);
        }
        let Some(id) = end.strip_prefix("step:") else {
            return words.word("milestone", end);
        };
        let rungs = self.pack.playbooks.iter().flat_map(|p| &p.rungs);
        let rung = rungs.into_iter().find(|rung| &*rung.id == id);
        let steps = self.pack.playbooks.iter().flat_map(|p| &p.steps);
        let step = steps.into_iter().find(|step| &*step.id == id);
        match (rung, step) {
            (Some(rung), _) => words.text(&rung.title),
            (None, Some(step)) => words.text(&step.title),
            (None, None) => id.to_owned(),
        }
    }
}

fn find<'a, T>(
    items: &'a [T],
    names: impl Fn(&'a T) -> (&'a Name, &'a crate::model::Text),
    name: &Name,
) -> Option<&'a crate::model::Text> {
    let mut items = items.iter().map(names);
    items.find(|(own, _)| *own == name).map(|(_, title)| title)
}

/// One alert from pending to resolved, put together from its events.
pub(super) struct AlertRun {
    pub(super) slo: Name,
    pub(super) tier: Name,
    pub(super) severity: Name,
    pub(super) pending: Option<SimTime>,
    pub(super) firing: Option<SimTime>,
    pub(super) resolved: Option<SimTime>,
    pub(super) spent: Option<f64>,
    pub(super) governed_by: Option<crate::model::Governed>,
}

/// The alerts of a timeline, ascending by when they began. Alerts that were pending and never
/// fired are among them.
pub(super) fn alerts(timeline: &Timeline) -> Vec<AlertRun> {
    use crate::timeline::EventKind as K;
    let mut open: BTreeMap<(Name, Name), usize> = BTreeMap::new();
    let mut runs: Vec<AlertRun> = Vec::new();
    for event in &timeline.events {
        let (K::AlertPending { slo, tier, severity }
        | K::AlertFiring { slo, tier, severity, .. }
        | K::AlertResolved { slo, tier, severity }) = &event.kind
        else {
            continue;
        };
        let key = (slo.clone(), tier.clone());
        let index = *open.entry(key.clone()).or_insert_with(|| {
            runs.push(AlertRun {
                slo: slo.clone(),
                tier: tier.clone(),
                severity: severity.clone(),
                pending: None,
                firing: None,
                resolved: None,
                spent: None,
                governed_by: None,
            });
            runs.len() - 1
        });
        let run = &mut runs[index];
        match &event.kind {
            K::AlertPending { .. } => run.pending = run.pending.or(Some(event.at)),
            K::AlertFiring { budget_spent, governed_by, .. } => {
                run.firing = Some(event.at);
                run.spent = budget_spent.map(|number| number.0);
                run.governed_by = *governed_by;
            }
            _ => {
                run.resolved = Some(event.at);
                open.remove(&key);
            }
        }
    }
    runs
}
