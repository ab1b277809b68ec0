//! A recorded incident in which a person takes a seat (wheel of misfortune).
//!
//! The record goes on as it went, whatever the person types; what it says of the role itself, and
//! of nobody in particular, is left out, since that is the person's now. What the person says is
//! written at its instant. A step takes the time that it took when it was really done, or else
//! that of the playbook under the preset; what it would have changed the record cannot show, and
//! the person is told so.

use super::super::drill::score_timeline;
use super::game::Ended;
use super::record_step::UnderWay;
use super::shown::Unshown;
use super::vocabulary::{Kind, Vocabulary};
use crate::diag::Diagnostics;
use crate::model::{
    EntityKind, Mode, Name, Pack, Preset, Ref, RoleKind, Source, StepEffect, System, Trigger,
};
use crate::score::Scorecard;
use crate::sim::{Condition, Desk, Objection, RespondAct, StepAt};
use crate::timeline::{Event, EventKind as K, Known, KnownSetup, MessagePurpose, Timeline};
use crate::units::SimTime;

/// A recording that is played.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The record.
    pub timeline: Timeline,
    /// The pack it is scored with.
    pub pack: Pack,
    /// The system, where it is known.
    pub system: Option<System>,
    /// How long people take for a step that the record says nothing of.
    pub preset: Preset,
}

impl Recording {
    /// Every role that can be played: those of the system, of the record and of the pack.
    pub fn roles(&self) -> Vec<Name> {
        let named = Vocabulary::named_in(&self.timeline, &self.pack).known(Kind::Role);
        let system = self.system.iter().flat_map(|system| &system.roles);
        let mut roles: Vec<Name> = system.map(|role| role.name.clone()).chain(named).collect();
        roles.sort();
        roles.dedup();
        roles
    }
}

/// A recording under way.
pub(super) struct Record {
    pub(super) recording: Recording,
    pub(super) me: Ref,
    /// What goes on as it went, in the order of becoming known.
    pub(super) kept: Vec<Event>,
    pub(super) next: usize,
    /// What the role did when it happened.
    pub(super) left_out: Vec<Event>,
    /// Ground truth, for the scorer.
    pub(super) truth: Vec<Event>,
    pub(super) learned: Vec<Event>,
    pub(super) known: Known,
    pub(super) now: SimTime,
    pub(super) end: SimTime,
    pub(super) stopped: bool,
    pub(super) ids: u32,
    pub(super) joined: Option<SimTime>,
    pub(super) pages: Vec<u32>,
    /// Steps that were begun, in this order.
    pub(super) doing: Vec<UnderWay>,
    /// Attempts so far, by step and target.
    pub(super) attempts: Vec<(Name, Vec<Ref>, u32)>,
    pub(super) suspected: bool,
    pub(super) diagnosed: Vec<StepAt>,
    pub(super) unshown: Vec<Unshown>,
}

impl Record {
    pub(super) fn new(recording: &Recording, role: &Name) -> Self {
        let me = Ref::role(role);
        let timeline = &recording.timeline;
        let start = timeline.header.start;
        let setup = match &recording.system {
            Some(system) => KnownSetup::of(system, start),
            None => KnownSetup::named_in(timeline),
        };
        let (truth, rest): (Vec<Event>, Vec<Event>) =
            timeline.events.iter().cloned().partition(|event| event.kind.is_ground_truth());
        let mine =
            |event: &Event| responds(&event.kind) && event.by.as_ref().is_none_or(|b| *b == me);
        let (left_out, mut kept): (Vec<Event>, Vec<Event>) =
            rest.into_iter().partition(|event| mine(event));
        kept.retain(|event| !matches!(event.kind, K::Stopped { .. }));
        kept.sort_by_key(|event| (event.known_at, event.id));
        let ids = timeline.events.iter().map(|event| event.id).max().unwrap_or(0);
        Self {
            me,
            kept,
            next: 0,
            left_out,
            truth,
            learned: Vec::new(),
            known: Known::new(&setup),
            now: start,
            end: timeline.header.end.max(start),
            stopped: false,
            ids,
            joined: None,
            pages: Vec::new(),
            doing: Vec::new(),
            attempts: Vec::new(),
            suspected: false,
            diagnosed: Vec::new(),
            unshown: Vec::new(),
            recording: recording.clone(),
        }
    }

    pub(super) fn next_at(&self) -> Option<SimTime> {
        if self.stopped {
            return None;
        }
        let next = self.kept.get(self.next).map(|event| event.known_at.max(self.now));
        let step = self.doing.iter().filter_map(|step| step.until).min();
        Some([next, step].into_iter().flatten().fold(self.end, SimTime::min))
    }

    pub(super) fn turn(&mut self, to: SimTime) {
        if self.stopped {
            return;
        }
        let to = to.min(self.end).max(self.now);
        while let Some(at) = self.next_at().filter(|at| *at <= to) {
            self.now = at;
            while let Some(event) = self.kept.get(self.next).filter(|event| event.known_at <= at) {
                let event = event.clone();
                self.next += 1;
                if let K::PageDelivered { page, .. } = event.kind
                    && event.about.contains(&self.me)
                {
                    self.pages.push(page);
                }
                self.known.observe(&event);
                self.learned.push(event);
            }
            let over = |step: &UnderWay| step.until.is_some_and(|until| until <= at);
            while let Some(index) = self.doing.iter().position(over) {
                self.time_over(index);
            }
            if at >= self.end {
                break;
            }
        }
        self.now = to;
        self.known.advance(to.max(self.known.now()));
        if to >= self.end {
            self.halt("endex");
        }
    }

    pub(super) fn halt(&mut self, reason: &str) {
        if !self.stopped {
            self.stopped = true;
            self.end = self.now;
            self.write(K::Stopped { reason: Name::from(reason) }, Vec::new(), None);
        }
    }

    pub(super) fn learned(&self) -> &[Event] {
        &self.learned
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    pub(super) fn desk(&self) -> Desk {
        Desk {
            joined: self.joined,
            stand_in: None,
            capacity: self.capacity(),
            doing: self.steps(|step| step.until.is_some()),
            judging: self.steps(|step| step.until.is_none()),
            pages: self.pages.clone(),
            approvals: Vec::new(),
            next: self.next_steps(),
            told: true,
            decides: true,
            dashboards: true,
        }
    }

    pub(super) fn steps(&self, wanted: impl Fn(&&UnderWay) -> bool) -> Vec<StepAt> {
        self.doing.iter().filter(wanted).map(|step| step.at.clone()).collect()
    }

    /// Steps at a time: one for a person, one per agent.
    pub(super) fn capacity(&self) -> u32 {
        let roles = self.recording.system.iter().flat_map(|system| &system.roles);
        let agents = |role: &crate::model::Role| {
            (role.kind == RoleKind::Agent).then_some(role.agents.len() as u32)
        };
        let mine = roles.filter(|role| role.name == self.me.name).find_map(agents);
        mine.unwrap_or(1).max(1)
    }

    /// Diagnoses whose evidence is in.
    pub(super) fn diagnosed(&self) -> &[StepAt] {
        &self.diagnosed
    }

    /// What the recording could not show since this was asked last.
    pub(super) fn take_unshown(&mut self) -> Vec<Unshown> {
        std::mem::take(&mut self.unshown)
    }

    /// How something fares, as far as the recording has told.
    pub(super) fn condition(&self, about: &Ref) -> Condition {
        use crate::model::ServiceState;
        let mut services = self.known.services().iter();
        match services.find(|service| service.name == about.name).map(|service| service.state) {
            Some(ServiceState::Down) => Condition::Down,
            Some(ServiceState::Degraded) => Condition::Degraded,
            _ if self.known.findings().iter().any(|finding| finding.about == *about) => {
                Condition::Degraded
            }
            _ => Condition::Unknown,
        }
    }

    /// Steps of the role that are not done, under the playbooks that findings name.
    fn next_steps(&self) -> Vec<StepAt> {
        let pack = &self.recording.pack;
        let done = |id: &Name| self.known.steps_done().iter().any(|(step, ..)| step == id);
        let mut next: Vec<StepAt> = Vec::new();
        for trigger in self.known.findings().iter().map(|finding| &finding.trigger) {
            let playbook = Trigger::from_word(trigger).and_then(|trigger| pack.playbook(trigger));
            let Some(playbook) = playbook else { continue };
            let ready = |step: &&crate::model::Step| {
                step.role == self.me.name && !done(&step.id) && step.after.iter().all(done)
            };
            let at = |step: &crate::model::Step| StepAt {
                playbook: playbook.id.clone(),
                step: step.id.clone(),
                on: None,
            };
            next.extend(playbook.steps.iter().filter(ready).map(at));
        }
        next.dedup();
        next
    }

    pub(super) fn objection(&self, what: &RespondAct) -> Option<Objection> {
        match what {
            RespondAct::Acknowledge { page: Some(page) } => {
                (!self.pages.contains(page)).then_some(Objection::NotYourPage)
            }
            RespondAct::Acknowledge { page: None } => {
                // The first answer may be to what somebody noticed without a page.
                let noticed = self.known.detected().is_some() && self.joined.is_none();
                let nothing = self.pages.is_empty() && !noticed;
                nothing.then_some(Objection::NoPage)
            }
            RespondAct::Join => self.joined.is_some().then_some(Objection::HereAlready),
            RespondAct::Declare { level } => {
                let declared = self.known.declared().is_some();
                let same = declared && self.known.severity() == Some(level);
                same.then_some(Objection::DeclaredAlready)
            }
            RespondAct::ClaimMitigated => {
                self.known.mitigated().is_some().then_some(Objection::SaidAlready)
            }
            RespondAct::ClaimResolved => {
                self.known.resolved().is_some().then_some(Objection::SaidAlready)
            }
            RespondAct::Page { role } | RespondAct::Ask { role } => {
                (*role == self.me.name).then_some(Objection::Yourself)
            }
            RespondAct::Step { step, on } => self.no_step(step, on.as_ref()),
            RespondAct::RollBack { on, .. } => match self.recovery() {
                None => Some(Objection::NothingToRecover),
                Some(step) => self.no_step(&step, Some(on)),
            },
            RespondAct::Approve { .. } => {
                let asked = self.learned.iter().any(|e| matches!(e.kind, K::ApprovalAsked { .. }));
                (!asked).then_some(Objection::NotAsked)
            }
            _ => None,
        }
    }

    pub(super) fn act(&mut self, what: &RespondAct) {
        if !matches!(what, RespondAct::Look { .. } | RespondAct::Hint { .. }) {
            self.join(what);
        }
        match what {
            RespondAct::Declare { level } => {
                let level = level.clone();
                let kind = match self.known.declared() {
                    None => K::Declared { level },
                    Some(_) => K::SeverityChanged { level, reasons: Vec::new() },
                };
                self.mine(kind, Vec::new());
                self.credit(StepEffect::Declare);
            }
            RespondAct::Suspect { about } => self.suspect(about),
            RespondAct::ClaimMitigated => {
                self.mine(K::MitigatedClaimed {}, Vec::new());
                self.credit(StepEffect::ClaimMitigated);
            }
            RespondAct::ClaimResolved => {
                self.mine(K::ResolvedClaimed {}, Vec::new());
                self.credit(StepEffect::ClaimResolved);
            }
            RespondAct::Page { role } => self.page(role),
            RespondAct::Ask { role } => self.ask(Some(role)),
            RespondAct::Say { channel, .. } => {
                let (channel, purpose) = (channel.clone(), MessagePurpose::Update);
                self.mine(K::MessageSent { channel, purpose }, Vec::new());
            }
            RespondAct::Post { .. } => self.post(),
            RespondAct::HandOver { to } => {
                let kind = K::HandedOver { what: self.me.name.clone(), to: Ref::role(to) };
                self.mine(kind, Vec::new());
            }
            RespondAct::Step { step, on } => self.begin(step, on.as_ref(), None),
            RespondAct::RollBack { on, option } => {
                if let Some(step) = self.recovery() {
                    self.begin(&step, Some(on), Some(option.clone()));
                }
            }
            RespondAct::Skip { step, on, reason } => {
                self.doing.retain(|known| known.at.step != *step || known.until.is_some());
                let playbook = self.playbook_of(step);
                let kind = K::StepSkipped { step: step.clone(), playbook, reason: reason.clone() };
                let about = on.iter().map(|on| self.target(on)).collect();
                self.mine(kind, about);
            }
            RespondAct::AskFor { .. } => self.ask(None),
            RespondAct::AskApproval { step, .. } => {
                self.mine(K::ApprovalAsked { what: step.clone() }, Vec::new());
                self.unshown.push(Unshown::Answer);
            }
            RespondAct::Approve { step, .. } => {
                self.mine(K::ApprovalGiven { what: step.clone() }, Vec::new());
            }
            RespondAct::Hint { step } => {
                self.write(K::Hint { step: step.clone() }, Vec::new(), None)
            }
            RespondAct::Acknowledge { .. } | RespondAct::Join | RespondAct::Look { .. } => {}
        }
    }

    fn join(&mut self, what: &RespondAct) {
        if let RespondAct::Acknowledge { page } = what {
            let page = page.or_else(|| self.pages.first().copied());
            self.pages.retain(|open| Some(*open) != page);
            self.mine(K::Acknowledged { page }, Vec::new());
        }
        if self.joined.is_none() {
            self.joined = Some(self.now);
            self.mine(K::Joined {}, Vec::new());
            self.mine(K::RoleTaken { role: self.me.name.clone() }, Vec::new());
        }
    }

    fn page(&mut self, role: &Name) {
        let pack = &self.recording.pack;
        let level = pack.levels.iter().find(|level| level.to.contains(role));
        let Some(channel) = level.and_then(|level| level.channels.first()).cloned() else {
            self.message(MessagePurpose::Request, Some(role));
            return;
        };
        let level = level.map_or(1, |level| level.level);
        let page = 1 + self.learned.iter().filter(|e| matches!(e.kind, K::PageSent { .. })).count();
        let page = u32::try_from(page).unwrap_or(u32::MAX);
        self.mine(K::PageSent { page, channel, attempt: 1, level }, vec![Ref::role(role)]);
    }

    /// A message on the first channel that reaches a role, or on the pack's first.
    pub(super) fn message(&mut self, purpose: MessagePurpose, role: Option<&Name>) {
        let pack = &self.recording.pack;
        let level = role.and_then(|role| pack.levels.iter().find(|level| level.to.contains(role)));
        let channel = level.and_then(|level| level.channels.first());
        let channel = channel.or_else(|| pack.channels.first().map(|channel| &channel.name));
        let Some(channel) = channel.cloned() else { return };
        let about = role.iter().map(|role| Ref::role(role)).collect();
        self.mine(K::MessageSent { channel, purpose }, about);
    }

    pub(super) fn post(&mut self) {
        let pack = &self.recording.pack;
        let steps = pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
        let mut posts = steps.filter(|step| step.effect == StepEffect::PublicUpdate);
        let channel = posts.find_map(|step| step.channels.first()).cloned();
        let any = || pack.channels.first().map(|channel| channel.name.clone());
        if let Some(channel) = channel.or_else(any) {
            self.mine(K::PublicUpdate { channel, next_within_ms: None }, Vec::new());
        }
    }

    /// Whoever is asked is part of a record, and says what it said then.
    fn ask(&mut self, role: Option<&Name>) {
        self.message(MessagePurpose::Request, role);
        self.unshown.push(Unshown::Answer);
    }

    fn suspect(&mut self, about: &Ref) {
        self.suspected = true;
        self.mine(K::Hypothesis {}, vec![about.clone()]);
        while let Some(index) = self.doing.iter().position(|step| step.until.is_none()) {
            self.finish(index);
        }
        self.credit(StepEffect::Diagnose);
    }

    /// A report counts with all its fields: what was in it is for the debriefing.
    pub(super) fn deliver(&mut self, id: Name) {
        let pack = &self.recording.pack;
        let Some(duty) = pack.duties.iter().find(|duty| duty.id == id) else { return };
        let fields = duty.fields.iter().map(|field| field.id.clone()).collect();
        let level = self.known.severity();
        let channels = level.and_then(|level| duty.channels.get(level)).cloned();
        let channels = channels.unwrap_or_default();
        let kind = K::ReportDelivered { duty: id, fields, preliminary: Vec::new(), channels };
        self.mine(kind, Vec::new());
    }

    /// The playbook whose step is meant: of those that findings name, else the first that has it.
    pub(super) fn playbook_of(&self, step: &Name) -> Name {
        let pack = &self.recording.pack;
        let named = self.known.findings().iter().filter_map(|finding| {
            Trigger::from_word(&finding.trigger).and_then(|trigger| pack.playbook(trigger))
        });
        let has = |playbook: &&crate::model::Playbook| {
            playbook.steps.iter().any(|known| known.id == *step)
        };
        let found = named.chain(&pack.playbooks).find(has);
        found.map_or_else(|| Name::from("none"), |playbook| playbook.id.clone())
    }

    pub(super) fn target(&self, name: &Name) -> Ref {
        let about = self.recording.timeline.events.iter().flat_map(|event| &event.about);
        let mut named = about.filter(|about| about.name == *name);
        named.next().cloned().unwrap_or_else(|| Ref::new(EntityKind::Service, name))
    }

    pub(super) fn mine(&mut self, kind: K, about: Vec<Ref>) {
        let by = Some(self.me.clone());
        self.write(kind, about, by);
    }

    fn write(&mut self, kind: K, about: Vec<Ref>, by: Option<Ref>) {
        self.ids += 1;
        let (at, id) = (self.now, self.ids);
        let event = Event { id, at, known_at: at, kind, about, by, uncertainty: None, note: None };
        self.known.observe(&event);
        self.learned.push(event);
    }

    /// The timeline of the game, in the order and with the ids of a timeline.
    pub(super) fn ended(self, mode: Mode) -> Ended {
        let mut events: Vec<Event> = self.truth;
        events.extend(self.learned);
        events.sort_by_key(|event| (event.at, event.id));
        let mut ids = Vec::with_capacity(events.len());
        for (event, id) in events.iter_mut().zip(1u32..) {
            ids.push((event.id, id));
            event.id = id;
        }
        ids.sort_unstable();
        let mut header = self.recording.timeline.header;
        header.source = Source::Live;
        header.mode = mode;
        header.end = self.end;
        header.parameters.push((Name::from("play"), self.me.name));
        Ended::Record {
            timeline: Box::new(Timeline { header, events }),
            ids,
            left_out: self.left_out,
        }
    }
}

/// Whether an event is somebody's response, which the person at the seat gives now.
fn responds(kind: &K) -> bool {
    matches!(
        kind,
        K::Acknowledged { .. }
            | K::Declared { .. }
            | K::SeverityChanged { .. }
            | K::RoleTaken { .. }
            | K::Joined {}
            | K::HandedOver { .. }
            | K::MessageSent { .. }
            | K::MessageFailed { .. }
            | K::PublicUpdate { .. }
            | K::Hypothesis {}
            | K::StepStarted { .. }
            | K::StepDone { .. }
            | K::StepFailed { .. }
            | K::StepSkipped { .. }
            | K::Rollback { .. }
            | K::ApprovalAsked { .. }
            | K::ApprovalGiven { .. }
            | K::MitigatedClaimed {}
            | K::ResolvedClaimed {}
            | K::StoodDown {}
            | K::ReportDelivered { .. }
            | K::ActionFiled { .. }
    )
}

/// Scores a played recording.
///
/// # Errors
/// When the pack's scripts do not compile.
pub fn judge_record(recording: &Recording, timeline: &Timeline) -> Result<Scorecard, Diagnostics> {
    score_timeline(timeline, &recording.pack, recording.system.as_ref())
}
