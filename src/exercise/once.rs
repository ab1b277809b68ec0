//! One run: the loop that couples the simulation, the alert replay and the policies.
//!
//! The simulation says what happened; closed slices go to the replay, whose transitions become
//! events; when something that policies may know has changed, they are asked, and their answers
//! go back into the simulation. Nothing here looks at ground truth.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::prepare::Prepared;
use crate::diag::Diagnostic;
use crate::model::{
    AlertState, AlertTransition, DecisionKind, EntityKind, Finding, Name, Number, Ref, Slice,
};
use crate::policy::Policies;
use crate::sim::{Act, Detail, Draft, Gauge, LocalRecord, Output, Sim};
use crate::slo::Replay;
use crate::timeline::{Event, EventKind, Known, TraceHash, TraceHasher};
use crate::units::{Seed, SimDuration, SimTime};

/// How long a finding must have been away to be a new one when it comes back: own judgement,
/// twice the five minutes for which a recovery must hold.
const AWAY: SimDuration = SimDuration::from_minutes(10);

/// How much work a run did, for the count budgets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events of the timeline.
    pub events: u64,
    /// Slices pushed into the replay.
    pub slices: u64,
    /// Policy functions called.
    pub policy_calls: u64,
}

/// What one run leaves behind.
pub(super) struct Outcome {
    pub(super) events: Vec<Event>,
    pub(super) end: SimTime,
    pub(super) hash: TraceHash,
    pub(super) counts: Counts,
    /// Slices that differ from the baseline, per SLO as `(end of slice, slice)`; full detail only.
    pub(super) overlay: Vec<Vec<(SimTime, Slice)>>,
    pub(super) gauges: Vec<Gauge>,
    pub(super) local_records: Vec<LocalRecord>,
    /// Scripts that failed, each place once.
    pub(super) failures: Vec<Diagnostic>,
}

/// Which policies must be asked again.
#[derive(Default, Clone, Copy)]
struct Dirty {
    detect: bool,
    severity: bool,
    escalate: bool,
}

/// A run under way.
pub(super) struct Run<'p, 'i> {
    prepared: &'p Prepared<'i>,
    policies: &'p mut Policies,
    sim: Sim<'p>,
    outputs: Vec<Output>,
    detail: Detail,
    replays: Vec<Option<Replay<'p>>>,
    transitions: Vec<AlertTransition>,
    events: Vec<Event>,
    /// Indices of the events that became known, in that order, where a person asks for them.
    learned: Option<Vec<usize>>,
    /// Events that policies may not know yet, by `(known_at, index)`.
    pending: BinaryHeap<Reverse<(SimTime, usize)>>,
    known: Known,
    dirty: Dirty,
    /// Findings made, and since when the rules have not found them any more.
    made: Vec<(Finding, Option<SimTime>)>,
    /// Rule and entity of what people and peers reported themselves.
    reported: Vec<(Name, Ref)>,
    severity: Option<Name>,
    reasons: Vec<Name>,
    escalated: Vec<(u32, Name)>,
    /// The last time `escalate` was asked for the sake of the clock alone.
    reviewed: SimTime,
    overlay: Vec<Vec<(SimTime, Slice)>>,
    next_baseline_alert: usize,
    counts: Counts,
    failures: Vec<Diagnostic>,
}

/// Runs the drill of `prepared` under `seed`.
pub(super) fn run(
    prepared: &Prepared<'_>,
    policies: &mut Policies,
    seed: Seed,
    detail: Detail,
) -> Outcome {
    let mut run = Run::new(prepared, policies, seed, detail);
    while let Some(next) = run.next_at() {
        run.turn(next);
    }
    run.outcome()
}

impl<'p, 'i> Run<'p, 'i> {
    /// A run at its start.
    pub(super) fn new(
        prepared: &'p Prepared<'i>,
        policies: &'p mut Policies,
        seed: Seed,
        detail: Detail,
    ) -> Self {
        let options = prepared.run_options(seed, detail);
        let start = options.start;
        let slos = prepared.names.len();
        Self {
            prepared,
            policies,
            sim: Sim::new(&prepared.blueprint, options),
            outputs: Vec::new(),
            detail,
            replays: (0..slos).map(|_| None).collect(),
            transitions: Vec::new(),
            events: Vec::with_capacity(512),
            learned: None,
            pending: BinaryHeap::new(),
            known: Known::new(&prepared.setup(start)),
            dirty: Dirty::default(),
            made: Vec::new(),
            reported: Vec::new(),
            severity: None,
            reasons: Vec::new(),
            escalated: Vec::new(),
            reviewed: start,
            overlay: vec![Vec::new(); slos],
            next_baseline_alert: prepared.baseline_alerts.partition_point(|t| t.at <= start),
            counts: Counts::default(),
            failures: Vec::new(),
        }
    }

    /// A person takes the seat of `role`, at the start; whether there is such a role. What becomes
    /// known is kept in its order from then on.
    pub(super) fn sit(&mut self, role: &Name) -> bool {
        self.learned = Some(Vec::new());
        self.sim.sit(role)
    }

    /// The simulation, to ask what it thinks of an act.
    pub(super) fn sim(&mut self) -> &mut Sim<'p> {
        &mut self.sim
    }

    /// Events so far, those of ground truth among them.
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Indices of the events that became known, in that order; none before [`Run::sit`].
    pub(super) fn learned(&self) -> &[usize] {
        self.learned.as_deref().unwrap_or_default()
    }

    /// What is known now.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// When something can change next; `None` at the end of the exercise.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.sim.next_at().map(|next| self.earliest(next))
    }

    /// Plays on to `to`, which is not after [`Run::next_at`], or to the first output before.
    pub(super) fn turn(&mut self, to: SimTime) {
        let mut outputs = std::mem::take(&mut self.outputs);
        self.sim.advance(to, &mut outputs);
        // The engine stops at its first output, so that acts meet it at the right instant.
        let now = if outputs.is_empty() { to } else { self.sim.now() };
        for output in outputs.drain(..) {
            match output {
                Output::Event(draft) => {
                    self.note_report(&draft);
                    self.write(draft);
                }
                Output::Slice { slo, end, slice } => self.slice(slo, end, slice),
            }
        }
        self.outputs = outputs;
        self.baseline_alerts(now);
        self.learn(now);
        self.ask(now);
    }

    /// A person acts at the present instant.
    pub(super) fn act(&mut self, act: &Act) {
        self.sim.apply(act);
        let now = self.sim.now();
        self.turn(now);
    }

    /// The exercise ends now, for `reason`.
    pub(super) fn halt(&mut self, reason: &str) {
        self.sim.halt(reason);
        let now = self.sim.now();
        self.turn(now);
    }

    /// The next instant at which anything can change: in the world, in what is known, or in the
    /// steady baseline.
    fn earliest(&self, sim: SimTime) -> SimTime {
        let known = self.pending.peek().map(|Reverse((at, _))| *at);
        let alerts = &self.prepared.baseline_alerts;
        let steady = alerts.get(self.next_baseline_alert).map(|transition| transition.at);
        let review = self.next_review();
        [known, steady, review].into_iter().flatten().fold(sim, SimTime::min)
    }

    /// When `escalate` is asked again although nothing happened: it may count the time since
    /// detection ("a human after 15 minutes unsolved"). Every 5 minutes in the first hour, every
    /// half hour up to 6 hours, every hour up to a day, and no more once users are well again.
    fn next_review(&self) -> Option<SimTime> {
        let detected = self.known.detected()?;
        if self.known.mitigated().or(self.known.resolved()).is_some() {
            return None;
        }
        let minutes = (self.reviewed - detected).ms().div_euclid(60_000).max(0);
        let step = match minutes {
            0..60 => 5,
            60..360 => 30,
            360..1440 => 60,
            _ => return None,
        };
        let next = (minutes / step + 1) * step;
        Some(detected + SimDuration::from_minutes(next))
    }

    /// Remembers what people and peers report themselves.
    fn note_report(&mut self, draft: &Draft) {
        if let (EventKind::Finding { rule, .. }, [about]) = (&draft.kind, draft.about.as_slice()) {
            self.reported.push((rule.clone(), about.clone()));
        }
    }

    fn write(&mut self, draft: Draft) {
        let Draft { at, known_at, kind, about, by, note } = draft;
        let id = u32::try_from(self.events.len() + 1).expect("fewer than 2^32 events in a run");
        let hidden = kind.is_ground_truth();
        self.events.push(Event { id, at, known_at, kind, about, by, uncertainty: None, note });
        if !hidden {
            self.pending.push(Reverse((known_at, self.events.len() - 1)));
        }
    }

    fn slice(&mut self, slo: usize, end: SimTime, slice: Slice) {
        let plan = &self.prepared.plans[slo];
        let before = end - plan.history().step();
        let replay = self.replays[slo].get_or_insert_with(|| Replay::fork(plan, before));
        // Between two spells of trouble a series is steady and emits nothing; the replay fills
        // the gap from the shared baseline.
        replay.push_at(end, slice, &mut self.transitions);
        self.counts.slices += 1;
        if self.detail == Detail::Full {
            self.overlay[slo].push((end, slice));
        }
        let transitions = std::mem::take(&mut self.transitions);
        for transition in &transitions {
            self.alert(*transition);
        }
        self.transitions = transitions;
        self.transitions.clear();
    }

    fn baseline_alerts(&mut self, now: SimTime) {
        while let Some(transition) = self.prepared.baseline_alerts.get(self.next_baseline_alert) {
            if transition.at > now {
                break;
            }
            self.next_baseline_alert += 1;
            if self.replays[transition.slo].is_none() {
                self.alert(*transition);
            }
        }
    }

    fn alert(&mut self, transition: AlertTransition) {
        let names = &self.prepared.names[transition.slo];
        let (tier, severity) = names.tiers[transition.tier].clone();
        let slo = names.slo.clone();
        let kind = match transition.state {
            AlertState::Pending => EventKind::AlertPending { slo, tier, severity },
            AlertState::Firing => EventKind::AlertFiring {
                slo,
                tier,
                severity,
                budget_spent: transition.budget_spent.map(Number),
                governed_by: transition.governed_by,
            },
            AlertState::Resolved => EventKind::AlertResolved { slo, tier, severity },
        };
        let about = vec![names.service.clone()];
        let at = transition.at.max(self.sim.now());
        self.write(Draft { at, known_at: at, kind, about, by: None, note: None });
        self.sim.apply(&Act::Alert(transition));
    }

    /// Lets policies know what has become known by `now`.
    fn learn(&mut self, now: SimTime) {
        while let Some(Reverse((at, index))) = self.pending.peek().copied() {
            if at > now {
                break;
            }
            self.pending.pop();
            if let Some(learned) = &mut self.learned {
                learned.push(index);
            }
            let event = &self.events[index];
            self.dirty.note(&event.kind);
            self.known.observe(event);
            if event.kind == (EventKind::StoodDown {}) {
                // Whatever comes next is another incident, judged and escalated anew.
                self.severity = None;
                self.reasons.clear();
                self.escalated.clear();
            }
        }
        self.known.advance(now.max(self.known.now()));
    }

    fn ask(&mut self, now: SimTime) {
        if self.next_review().is_some_and(|at| at <= now) {
            self.reviewed = now;
            self.dirty.escalate = true;
        }
        // A finding changes what severity sees, and severity what escalation sees, so the order
        // is fixed and one pass is enough: nothing here makes `detect` see anything new.
        if std::mem::take(&mut self.dirty.detect) {
            self.detect(now);
            self.learn(now);
        }
        if std::mem::take(&mut self.dirty.severity) {
            self.decide_severity(now);
            self.learn(now);
        }
        if std::mem::take(&mut self.dirty.escalate) {
            self.escalate(now);
            self.learn(now);
        }
    }

    /// A finding is made once per incident. It is made again when it comes back after the
    /// response was stood down or somebody said that it is over, and it had been away for long
    /// enough that it is no flicker.
    fn detect(&mut self, now: SimTime) {
        self.counts.policy_calls += 1;
        let answer = self.policies.detect(&self.known);
        self.failed(answer.failure);
        let found = answer.value;
        let known = &self.known;
        let under_way =
            known.detected().is_some() && known.mitigated().is_none() && known.resolved().is_none();
        // A rule that only repeats what somebody reported finds nothing new.
        let told = |finding: &Finding| {
            self.reported.iter().any(|(rule, on)| *rule == finding.rule && *on == finding.about)
        };
        let mut new: Vec<Finding> = Vec::new();
        for finding in &found {
            let before = self.made.iter().find(|(made, _)| made == finding);
            let again = match before {
                None => !told(finding),
                Some((_, away)) => !under_way && away.is_some_and(|away| now - away >= AWAY),
            };
            if again {
                new.push(finding.clone());
            }
        }
        for (made, away) in &mut self.made {
            match found.contains(made) {
                true => *away = None,
                false => _ = away.get_or_insert(now),
            }
        }
        for finding in found {
            if self.made.iter().all(|(made, _)| *made != finding) {
                self.made.push((finding, None));
            }
        }
        for finding in &new {
            let Finding { rule, about, trigger, source } = finding.clone();
            let kind = EventKind::Finding { rule, source, trigger };
            self.policy_event(now, kind, vec![about]);
        }
        if !new.is_empty() {
            self.sim.apply(&Act::Findings(new));
        }
    }

    fn decide_severity(&mut self, now: SimTime) {
        self.counts.policy_calls += 1;
        let answer = self.policies.severity(&self.known);
        let note = self.failed(answer.failure);
        let decision = answer.value;
        let pack = &self.prepared.inputs.pack;
        let rank = |level: &Option<Name>| {
            level.as_ref().and_then(|level| pack.rank(level)).unwrap_or(usize::MAX)
        };
        // While an incident is open its severity is only raised; people lower it on purpose.
        let rises = rank(&decision.level) < rank(&self.severity);
        let new_reason = decision.reasons.iter().any(|reason| !self.reasons.contains(reason));
        if decision.level.is_none() || !(rises || new_reason) {
            return;
        }
        for reason in &decision.reasons {
            if !self.reasons.contains(reason) {
                self.reasons.push(reason.clone());
            }
        }
        let kind = EventKind::Decision {
            function: DecisionKind::Severity,
            level: if rises { decision.level.clone() } else { self.severity.clone() },
            reasons: decision.reasons,
            fallback: decision.fallback,
        };
        self.policy_event(now, kind, Vec::new());
        if let (Some(note), Some(event)) = (note, self.events.last_mut()) {
            event.note = Some(note);
        }
        if rises {
            self.severity.clone_from(&decision.level);
            self.sim.apply(&Act::Severity(decision.level));
        }
    }

    fn escalate(&mut self, now: SimTime) {
        self.counts.policy_calls += 1;
        let answer = self.policies.escalate(&self.known);
        self.failed(answer.failure);
        let mut new = answer.value;
        new.retain(|step| {
            !self.escalated.iter().any(|(level, role)| *level == step.level && *role == step.role)
        });
        if new.is_empty() {
            return;
        }
        self.escalated.extend(new.iter().map(|step| (step.level, step.role.clone())));
        let about = new.iter().map(|step| Ref::new(EntityKind::Role, &step.role)).collect();
        let kind = EventKind::Decision {
            function: DecisionKind::Escalate,
            level: self.severity.clone(),
            reasons: Vec::new(),
            fallback: false,
        };
        self.policy_event(now, kind, about);
        self.sim.apply(&Act::Escalate(new));
    }

    fn policy_event(&mut self, now: SimTime, kind: EventKind, about: Vec<Ref>) {
        self.write(Draft { at: now, known_at: now, kind, about, by: None, note: None });
    }

    /// Keeps a script's failure once per place, and gives its text for the event's note.
    fn failed(&mut self, failure: Option<Diagnostic>) -> Option<Name> {
        let failure = failure?;
        let note = (self.detail == Detail::Full).then(|| Name::from(failure.to_string()));
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
        note
    }

    pub(super) fn outcome(self) -> Outcome {
        let mut hasher = TraceHasher::default();
        for event in &self.events {
            hasher.event(event);
        }
        let counts = Counts { events: self.events.len() as u64, ..self.counts };
        Outcome {
            end: self.sim.now(),
            hash: hasher.finish(),
            gauges: self.sim.gauges().to_vec(),
            local_records: self.sim.local_records().to_vec(),
            events: self.events,
            overlay: self.overlay,
            failures: self.failures,
            counts,
        }
    }
}

impl Dirty {
    /// Which policies can come to another answer because of an event of this kind.
    fn note(&mut self, kind: &EventKind) {
        match kind {
            EventKind::ServiceState { .. }
            | EventKind::Observation { .. }
            | EventKind::AlertFiring { .. }
            | EventKind::AlertResolved { .. } => {
                self.detect = true;
                self.severity = true;
            }
            EventKind::Finding { .. } => {
                self.detect = true;
                self.severity = true;
                self.escalate = true;
            }
            EventKind::Decision { function: DecisionKind::Severity, .. }
            | EventKind::Acknowledged { .. }
            | EventKind::Declared { .. }
            | EventKind::SeverityChanged { .. }
            | EventKind::MitigatedClaimed {}
            | EventKind::ResolvedClaimed {} => self.escalate = true,
            EventKind::StoodDown {} => self.detect = true,
            _ => {}
        }
    }
}
