//! One pass over a timeline: the facts that every rating is made of, without any text.

use super::plan::{ScorePlan, mark};
use super::sli::SliTrack;
use super::steps::{ActKind, StepAct, Steps};
use crate::model::MILESTONES;
use crate::model::{
    DecisionKind, DetectionSource, EntityKind, Name, Ref, ServiceState, SignalKind, Source,
    StepEffect, Trigger,
};
use crate::timeline::{Event, EventId, EventKind, MessagePurpose};
use crate::units::{SimDuration, SimTime};

/// An instant with the event that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub at: SimTime,
    pub uncertainty: SimDuration,
    pub event: EventId,
}

impl Mark {
    pub(super) fn of(event: &Event) -> Self {
        let uncertainty = event.uncertainty.unwrap_or(SimDuration::ZERO);
        Self { at: event.at, uncertainty, event: event.id }
    }

    /// The later of two, the first on a tie.
    pub(super) fn later(self, other: Self) -> Self {
        if other.at > self.at { other } else { self }
    }
}

/// When a record began and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Start of the record or exercise.
    pub start: SimTime,
    /// Its end; later milestones are censored.
    pub end: SimTime,
}

/// How complete the report of a duty was.
#[derive(Debug, Clone, Default)]
pub(super) struct DutyFacts<'a> {
    pub complete: Option<Mark>,
    pub last: Option<Mark>,
    pub have: Vec<bool>,
    pub preliminary: Vec<bool>,
    pub carried: Vec<&'a Name>,
    pub events: Vec<EventId>,
}

/// The facts of one timeline.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub plan: &'a ScorePlan,
    pub span: Span,
    pub marks: [Option<Mark>; 15],
    pub first_action: Option<Mark>,
    pub source: Option<DetectionSource>,
    pub faults: Vec<&'a Event>,
    pub cleared: Vec<&'a Event>,
    pub findings: Vec<(Option<Trigger>, &'a Event)>,
    pub sli: SliTrack<'a>,
    /// Every state that health probes saw of a service.
    pub states: Vec<(&'a Ref, ServiceState, SimTime)>,
    pub alerts: Vec<&'a Event>,
    /// Severity declared or changed, as ranks.
    pub levels: Vec<(usize, &'a Event)>,
    /// Per entry of `levels`, the reasons that a policy gave last.
    pub level_reasons: Vec<&'a [Name]>,
    /// Reasons of the last decision so far.
    reasons: &'a [Name],
    /// Rank of the highest severity that a policy decided.
    pub decided: Option<usize>,
    pub pages: Vec<&'a Event>,
    pub declarations: Vec<&'a Event>,
    pub roles: Vec<&'a Event>,
    /// The first sign of life of each role: it acknowledged, joined or took its role.
    pub answers: Vec<(&'a Name, Mark)>,
    /// Every step that was begun.
    pub begun: Vec<Mark>,
    /// Decisions for which the pack's fallback stood in, because its script failed.
    pub fallbacks: Vec<EventId>,
    pub internal: Vec<Mark>,
    pub external: Vec<Mark>,
    /// By event, how soon a public update says that the next one comes.
    pub announced: Vec<(EventId, SimDuration)>,
    pub hypotheses: Vec<&'a Event>,
    pub mitigated_claims: Vec<Mark>,
    pub resolved_claims: Vec<Mark>,
    pub reports: Vec<&'a Event>,
    pub duties: Vec<DutyFacts<'a>>,
    pub hints: Vec<(Option<&'a Name>, Mark)>,
    pub approvals: Vec<(&'a Name, Mark)>,
    pub stopped: Option<(&'a Name, Mark)>,
    /// Spans that observations state, of the signals that measures read.
    pub spans: Vec<(SignalKind, SimDuration, Mark)>,
    /// Every time that a step which is done again and again was done.
    pub repeats: Vec<(usize, Mark)>,
    pub steps: Steps<'a>,
    /// Rank of the severity whose targets apply: expected, else highest declared, else highest
    /// decided.
    pub severity: Option<usize>,
}

impl<'a> Facts<'a> {
    /// Reads `events`, which ascend by `(at, id)`.
    pub(super) fn read(events: &'a [Event], span: Span, plan: &'a ScorePlan) -> Self {
        let mut facts = Self {
            plan,
            span,
            marks: [None; 15],
            first_action: None,
            source: None,
            faults: Vec::new(),
            cleared: Vec::new(),
            findings: Vec::new(),
            sli: SliTrack::default(),
            states: Vec::new(),
            alerts: Vec::new(),
            levels: Vec::new(),
            level_reasons: Vec::new(),
            reasons: &[],
            decided: None,
            pages: Vec::new(),
            declarations: Vec::new(),
            roles: Vec::new(),
            answers: Vec::new(),
            begun: Vec::new(),
            fallbacks: Vec::new(),
            internal: Vec::new(),
            external: Vec::new(),
            announced: Vec::new(),
            hypotheses: Vec::new(),
            mitigated_claims: Vec::new(),
            resolved_claims: Vec::new(),
            reports: Vec::new(),
            duties: Vec::new(),
            hints: Vec::new(),
            approvals: Vec::new(),
            stopped: None,
            spans: Vec::new(),
            repeats: Vec::new(),
            steps: Steps::default(),
            severity: None,
        };
        let mut acts = Vec::new();
        // What is written after the end of the record is not part of it.
        for event in events.iter().filter(|event| event.at <= span.end) {
            if let EventKind::Decision { function: DecisionKind::Severity, reasons, .. } =
                &event.kind
            {
                facts.reasons = reasons;
            }
            facts.observe(event, &mut acts);
            facts.level_reasons.resize(facts.levels.len(), facts.reasons);
        }
        facts.derive(&acts);
        facts
    }

    fn first(&mut self, which: usize, event: &Event) {
        self.marks[which].get_or_insert_with(|| Mark::of(event));
    }

    fn observe(&mut self, event: &'a Event, acts: &mut Vec<StepAct<'a>>) {
        self.sli.observe(event);
        self.answer(event);
        match &event.kind {
            EventKind::FaultInjected { .. } => {
                self.first(mark::FAULT_START, event);
                self.faults.push(event);
            }
            EventKind::FaultCleared { .. } => self.cleared.push(event),
            EventKind::ServiceState { state, .. } => {
                let services = event.about.iter().filter(|r| r.kind == EntityKind::Service);
                self.states.extend(services.map(|service| (service, *state, event.at)));
            }
            EventKind::AlertFiring { .. } => self.alerts.push(event),
            EventKind::Finding { source, trigger, .. } => {
                if self.marks[mark::DETECTED].is_none() {
                    self.source = Some(*source);
                    self.first(mark::DETECTED, event);
                }
                self.findings.push((Trigger::from_word(trigger), event));
            }
            EventKind::Decision { level, fallback, .. } => {
                if *fallback {
                    self.fallbacks.push(event.id);
                }
                let rank = level.as_ref().and_then(|level| self.plan.rank(level));
                self.decided = self.decided.into_iter().chain(rank).min();
            }
            EventKind::PageSent { .. } => self.pages.push(event),
            EventKind::PageDelivered { .. } => {
                self.first(mark::PAGE_DELIVERED, event);
                if self.marks[mark::DETECTED].is_none() {
                    self.source = Some(DetectionSource::Alert);
                    self.first(mark::DETECTED, event);
                }
            }
            EventKind::Acknowledged { .. } => {
                self.first(mark::ACKED, event);
                self.first_action.get_or_insert_with(|| Mark::of(event));
            }
            _ => self.observe_response(event, acts),
        }
    }

    /// What was answered before the response was stood down belongs to no incident.
    fn stood_down(&mut self) {
        if self.marks[mark::DECLARED].is_none() {
            for which in [mark::DETECTED, mark::PAGE_DELIVERED, mark::ACKED] {
                self.marks[which] = None;
            }
            (self.source, self.first_action) = (None, None);
        }
    }

    fn answer(&mut self, event: &'a Event) {
        let role = match &event.kind {
            EventKind::RoleTaken { role } => Some(role),
            EventKind::Acknowledged { .. } | EventKind::Joined {} => {
                event.by.as_ref().filter(|by| by.kind == EntityKind::Role).map(|by| &by.name)
            }
            _ => None,
        };
        if let Some(role) = role
            && !self.answers.iter().any(|(known, _)| *known == role)
        {
            self.answers.push((role, Mark::of(event)));
        }
    }

    /// When a step that tells somebody had worked: one of them had answered. `None` when nobody
    /// did; a record without any answers cannot tell, and sending stands for it.
    pub(super) fn heard(&self, step: usize, done: Mark) -> Option<Mark> {
        let tells = &self.plan.steps[step].tells;
        let silent = self.plan.source == Source::Recorded && self.answers.is_empty();
        if tells.is_empty() || silent {
            return Some(done);
        }
        let of = self.answers.iter().filter(|(role, _)| tells.contains(role));
        of.map(|(_, mark)| *mark).min_by_key(|mark| (mark.at, mark.event)).map(|a| done.later(a))
    }

    /// Whether what was hit serves users: a service, or something the record does not name. Where
    /// only agents or tools of the team were, there is nothing to tell the public.
    pub(super) fn users_hit(&self) -> bool {
        let service = |about: &Ref| about.kind == EntityKind::Service;
        let named = !self.sli.services.is_empty() || !self.faults.is_empty();
        let faulted = self.faults.iter().flat_map(|fault| &fault.about);
        let hit = self.sli.services.iter().copied().chain(faulted);
        let inside = [EntityKind::Agent, EntityKind::Tool];
        !named
            || !hit.clone().all(|about| inside.contains(&about.kind))
            || self
                .states
                .iter()
                .any(|(about, state, _)| service(about) && *state != ServiceState::Up)
    }

    fn observe_response(&mut self, event: &'a Event, acts: &mut Vec<StepAct<'a>>) {
        match &event.kind {
            EventKind::Declared { level } => {
                self.first(mark::DECLARED, event);
                self.declarations.push(event);
                self.levels.extend(self.plan.rank(level).map(|rank| (rank, event)));
            }
            EventKind::SeverityChanged { level, .. } => {
                self.levels.extend(self.plan.rank(level).map(|rank| (rank, event)));
            }
            EventKind::RoleTaken { .. } => self.roles.push(event),
            EventKind::MessageSent { purpose, .. } if *purpose != MessagePurpose::Confirmation => {
                self.internal.push(Mark::of(event));
            }
            EventKind::PublicUpdate { next_within_ms, .. } => {
                self.external.push(Mark::of(event));
                let next = next_within_ms.map(|ms| SimDuration::from_ms(i64::from(ms)));
                self.announced.extend(next.map(|next| (event.id, next)));
            }
            EventKind::Hypothesis {} => self.hypotheses.push(event),
            EventKind::StepStarted { step, playbook, .. } => {
                self.act(step, playbook, ActKind::Started, event, acts);
            }
            EventKind::StepDone { step, playbook, .. } => {
                self.act(step, playbook, ActKind::Done, event, acts);
            }
            EventKind::StepFailed { step, playbook, .. } => {
                self.act(step, playbook, ActKind::Failed, event, acts);
            }
            EventKind::StepSkipped { step, playbook, reason } => {
                let said = reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
                self.act(step, playbook, ActKind::Skipped { reason: said }, event, acts);
            }
            EventKind::ApprovalGiven { what } => self.approvals.push((what, Mark::of(event))),
            EventKind::MitigatedClaimed {} => self.mitigated_claims.push(Mark::of(event)),
            EventKind::ResolvedClaimed {} => self.resolved_claims.push(Mark::of(event)),
            EventKind::ReportDelivered { duty, .. } => {
                self.reports.push(event);
                let duty = self.plan.duty(duty);
                match duty.map(|duty| self.plan.duties[duty].external) {
                    Some(true) => self.external.push(Mark::of(event)),
                    _ => self.internal.push(Mark::of(event)),
                }
            }
            EventKind::StoodDown {} => self.stood_down(),
            EventKind::ActionFiled { .. } => self.first(mark::ACTIONS_FILED, event),
            EventKind::Hint { step } => self.hints.push((step.as_ref(), Mark::of(event))),
            EventKind::Observation { signal, value } if self.plan.signals.contains(signal) => {
                let span = SimDuration::from_ms(value.0 as i64);
                self.spans.push((*signal, span, Mark::of(event)));
            }
            EventKind::Stopped { reason } => self.stopped = Some((reason, Mark::of(event))),
            _ => {}
        }
    }

    fn act(
        &mut self,
        step: &'a Name,
        playbook: &str,
        kind: ActKind,
        event: &'a Event,
        acts: &mut Vec<StepAct<'a>>,
    ) {
        if kind == ActKind::Started {
            self.begun.push(Mark::of(event));
        }
        if !matches!(kind, ActKind::Skipped { .. }) {
            self.first_action.get_or_insert_with(|| Mark::of(event));
        }
        let Some(step) = self.plan.step(playbook, step) else {
            return;
        };
        if kind == ActKind::Done && self.plan.steps[step].effect == StepEffect::Progress {
            self.repeats.push((step, Mark::of(event)));
        }
        let on = self.plan.steps[step].target(&event.about);
        acts.push(StepAct { step, on, kind, mark: Mark::of(event) });
    }

    /// Milestones that follow from several facts, in the order in which they build on another.
    fn derive(&mut self, acts: &[StepAct<'a>]) {
        let declared = self.levels.iter().map(|(rank, _)| *rank).min();
        self.severity = self.plan.expected.or(declared).or(self.decided);
        self.marks[mark::IMPACT_START] = self.sli.bad.first().map(|bad| bad.from);
        self.marks[mark::DETECTABLE] = self.detectable();
        self.marks[mark::FIRST_INTERNAL] = self.internal.first().copied();
        self.marks[mark::FIRST_EXTERNAL] = self.external.first().copied();
        let right = self.hypotheses.iter().find(|event| self.names_root(event));
        self.marks[mark::CORRECT_HYPOTHESIS] = right.map(|event| Mark::of(event));
        self.marks[mark::MITIGATED] = self.mitigated();
        self.steps = Steps::new(self, acts);
        self.marks[mark::ROLES_FILLED] = self.roles_filled();
        let claims = self.resolved_claims.iter();
        let valid = claims.copied().find(|claim| self.resolved_is_valid(claim));
        self.marks[mark::RESOLVED] = valid;
        self.duties = (0..self.plan.duties.len()).map(|duty| self.duty(duty)).collect();
        self.marks[mark::REPORT_DELIVERED] = match self.plan.final_duty {
            Some(duty) => self.duties[duty].complete,
            None => self.reports.first().map(|event| Mark::of(event)),
        };
        debug_assert_eq!(MILESTONES.len(), self.marks.len());
        self.hide();
    }

    /// What the source of a record did not publish is unknown, although a later event, or one of
    /// somebody else, would stand for it.
    fn hide(&mut self) {
        for name in &self.plan.hidden {
            match MILESTONES.iter().position(|known| **name == **known) {
                Some(which) => self.marks[which] = None,
                None if **name == *"first_action" => self.first_action = None,
                None => {}
            }
        }
        if self.marks[mark::DETECTED].is_none() {
            self.source = None;
        }
    }

    /// From when the time of a step counts that is due so long after milestone `from`. Where that
    /// is detection, what was found first may have called for another procedure: the time counts
    /// from the finding that called for the step's own.
    pub(super) fn clock(&self, step: usize, from: usize) -> Option<Mark> {
        let mark = self.marks[from]?;
        if from != mark::DETECTED {
            return Some(mark);
        }
        let trigger = self.plan.playbooks[self.plan.steps[step].playbook].trigger;
        let calls =
            |(of, event): &&(Option<Trigger>, &Event)| *of == Some(trigger) && event.at >= mark.at;
        Some(self.findings.iter().find(calls).map_or(mark, |(_, event)| Mark::of(event)))
    }

    /// Whether a record does not tell of public notices after the first.
    pub(super) fn hides_updates(&self) -> bool {
        self.plan.hidden.iter().any(|name| **name == *"updates")
    }

    /// Earliest alert about what is faulted or a service whose SLI was breached; in a record
    /// without ground truth and without SLI events, about anything.
    fn detectable(&self) -> Option<Mark> {
        let anything = self.faults.is_empty() && self.sli.services.is_empty();
        let concerned = |about: &Ref| {
            self.sli.services.contains(&about)
                || self.faults.iter().any(|fault| fault.about.contains(about))
        };
        let from = self.marks[mark::FAULT_START].map(|mark| mark.at);
        self.alerts
            .iter()
            .filter(|alert| from.is_none_or(|from| alert.at >= from))
            .find(|alert| anything || alert.about.iter().any(concerned))
            .map(|alert| Mark::of(alert))
    }

    /// Whether an event names the target of a root fault.
    pub(super) fn names_root(&self, event: &Event) -> bool {
        self.faults.iter().any(|fault| {
            matches!(fault.kind, EventKind::FaultInjected { root: true, .. })
                && fault.about.iter().any(|about| event.about.contains(about))
        })
    }

    /// See [`SliTrack::mitigated`]. Where no SLI was breached, or a record never says when it
    /// recovered, the claim counts; without a claim the moment at which the last fault was cleared.
    fn mitigated(&self) -> Option<Mark> {
        let silent = self.sli.bad.iter().all(|bad| bad.to.is_none());
        let recorded = self.plan.source == Source::Recorded;
        let unknown = self.sli.bad.is_empty() || recorded && silent;
        if !unknown {
            return self.sli.mitigated(&self.faults, self.span.end);
        }
        let all = !self.faults.is_empty() && self.faults.iter().all(|fault| self.is_cleared(fault));
        let cleared = self.cleared.last().filter(|_| all).map(|event| Mark::of(event));
        let start = self.marks[mark::FAULT_START].map(|mark| mark.at);
        let claim = self.mitigated_claims.iter();
        let claim = claim.copied().find(|claim| start.is_none_or(|start| claim.at >= start));
        claim.or(cleared)
    }

    fn is_cleared(&self, fault: &Event) -> bool {
        let EventKind::FaultInjected { fault: name, .. } = &fault.kind else {
            return true;
        };
        self.cleared.iter().any(|event| {
            matches!(&event.kind, EventKind::FaultCleared { fault } if fault == name)
                && event.at >= fault.at
        })
    }

    /// Declared, and everybody there: where the playbook calls people in, once that step is
    /// done; else once the command role is taken, or any role where none is called so.
    fn roles_filled(&self) -> Option<Mark> {
        let declared = self.marks[mark::DECLARED]?;
        let mut assemble = self.steps.with_effect(self.plan, StepEffect::Assemble).peekable();
        if assemble.peek().is_some() {
            let mut last = declared;
            for instance in assemble {
                last = last.later(instance.done?);
            }
            return Some(last);
        }
        let command = |event: &&&Event| matches!(&event.kind, EventKind::RoleTaken { role } if commands(role));
        let taken = self.roles.iter().find(command).or(self.roles.first())?;
        Some(declared.later(Mark::of(taken)))
    }

    /// After mitigation, with every SLI inside and every verification done.
    pub(super) fn resolved_is_valid(&self, claim: &Mark) -> bool {
        let mitigated = self.marks[mark::MITIGATED].is_some_and(|mark| mark.at <= claim.at);
        let unknown = self.plan.source == Source::Recorded
            && self.marks[mark::MITIGATED].is_none()
            && self.sli.bad.is_empty();
        (mitigated || unknown) && !self.sli.bad_at(claim.at) && self.verified(claim).is_empty()
    }

    /// The verifications that were not done by `claim`, as indices into the steps' instances:
    /// those of the playbook whose step made the claim, or of all where no step did.
    pub(super) fn verified(&self, claim: &Mark) -> Vec<usize> {
        let instances = &self.steps.instances;
        let effect = |i: usize| self.plan.steps[instances[i].step].effect;
        let by = |playbook: usize| {
            let claims = &self.steps.claims;
            let said = claims.iter().any(|(_, at)| *at == claim.at);
            !said || claims.contains(&(playbook, claim.at))
        };
        let open = |i: &usize| {
            matches!(effect(*i), StepEffect::Verify | StepEffect::CheckData)
                && by(self.plan.steps[instances[*i].step].playbook)
                && instances[*i].settled().is_none_or(|mark| mark.at > claim.at)
        };
        (0..instances.len()).filter(open).collect()
    }

    fn duty(&self, index: usize) -> DutyFacts<'a> {
        let duty = &self.plan.duties[index];
        let mut facts = DutyFacts {
            have: vec![false; duty.fields.len()],
            preliminary: vec![false; duty.fields.len()],
            ..DutyFacts::default()
        };
        let wanted = self.severity.and_then(|rank| duty.channels[rank].as_ref());
        for event in &self.reports {
            let EventKind::ReportDelivered { duty: id, fields, preliminary, channels } =
                &event.kind
            else {
                continue;
            };
            if *id != duty.id {
                continue;
            }
            facts.events.push(event.id);
            facts.last = Some(Mark::of(event));
            for (i, (field, may)) in duty.fields.iter().enumerate() {
                if preliminary.contains(field) {
                    facts.have[i] |= may;
                    facts.preliminary[i] = true;
                } else if fields.contains(field) {
                    facts.have[i] = true;
                    facts.preliminary[i] = false;
                }
            }
            facts.carried.extend(channels);
            let carried = wanted
                .into_iter()
                .flatten()
                .all(|carriers| carriers.iter().any(|carrier| facts.carried.contains(&carrier)));
            if carried && facts.have.iter().all(|have| *have) {
                facts.complete.get_or_insert_with(|| Mark::of(event));
            }
        }
        facts
    }

    /// Whether the duty applies at the severity in question.
    pub(super) fn duty_applies(&self, index: usize) -> bool {
        let duty = &self.plan.duties[index];
        let any = duty.channels.iter().any(Option::is_some);
        !any || self.severity.is_some_and(|rank| duty.channels[rank].is_some())
    }

    /// Whether there was an incident: something failed or users were hit. A record that is silent
    /// about both had one unless nothing was expected; a false alarm makes none.
    pub(super) fn incident(&self) -> bool {
        let began = [mark::FAULT_START, mark::IMPACT_START];
        !self.plan.expect_nothing || began.iter().any(|which| self.marks[*which].is_some())
    }

    /// Whether something was wrong at `at`, or had been.
    pub(super) fn incident_by(&self, at: SimTime) -> bool {
        let started = |mark: Option<Mark>| mark.is_some_and(|mark| mark.at <= at);
        started(self.marks[mark::FAULT_START]) || started(self.marks[mark::IMPACT_START])
    }
}

fn commands(role: &str) -> bool {
    role.contains("command") || matches!(role, "ic" | "incident_lead" | "incident-lead")
}
