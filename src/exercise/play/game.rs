//! The game: time moves on, the person types, and what reaches the person comes out.

use super::super::drill::{Progress, judged};
use super::super::once::{Outcome, Run};
use super::super::prepare::Prepared;
use super::super::result::Drill;
use super::command::{Command, Misread, clean, read};
use super::debrief::Improvement;
use super::evidence::{evidence, symptom};
use super::record::{Record, Recording};
use super::shown::{Board, HintAbout, Shown, Standing, Symptom};
use super::sight::{Seat, Way, wakes, way};
use super::stage::{Setting, Stage};
use super::vocabulary::Vocabulary;
use crate::diag::Diagnostics;
use crate::model::{EntityKind, Mode, Name, Ref, Source};
use crate::policy::Policies;
use crate::sim::{Detail, RespondAct};
use crate::timeline::{Event, EventId, EventKind as K, Timeline};
use crate::units::{SimDuration, SimTime};

/// Events told on joining.
const CAUGHT_UP: usize = 20;
/// Findings in the text of a page.
const PAGED: usize = 4;
/// Events of the log.
const LOGGED: usize = 40;

/// A line that was typed, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The simulated instant.
    pub at: SimTime,
    /// The line, cleaned.
    pub line: String,
    /// It was understood and could be done.
    pub taken: bool,
    /// It let time pass: how much.
    pub waited: SimDuration,
}

/// What a game leaves behind beside its timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// The role.
    pub role: Name,
    /// Train or evaluate.
    pub mode: Mode,
    /// Every line typed.
    pub typed: Vec<Typed>,
    /// Events that reached the person, and when.
    pub seen: Vec<(EventId, SimTime)>,
    /// What the role did in the recording, when one was played.
    pub recorded: Vec<Event>,
    /// The improvement plan.
    pub plan: Vec<Improvement>,
}

/// How a game ended.
pub enum Ended {
    /// A drill: what the run left behind.
    Drill(DrillRun),
    /// A recording: the timeline, ids before and after renumbering, what the role did then.
    Record {
        /// The timeline.
        timeline: Box<Timeline>,
        /// Ids in the game and in the timeline, ascending.
        ids: Vec<(EventId, EventId)>,
        /// What was left out.
        left_out: Vec<Event>,
    },
}

/// What a played drill left behind, before it is scored.
pub struct DrillRun(Box<Outcome>);

/// A game under way.
pub struct Game<'p, 'i> {
    pub(super) stage: Stage<'p, 'i>,
    pub(super) setting: Setting,
    pub(super) words: Vocabulary,
    pub(super) role: Name,
    pub(super) seat: Seat,
    pub(super) train: bool,
    pub(super) start: SimTime,
    pub(super) now: SimTime,
    pub(super) taken: usize,
    pub(super) joined: bool,
    pub(super) held: Vec<usize>,
    /// Diagnoses whose evidence was shown.
    pub(super) diagnosed: usize,
    pub(super) seen: Vec<(EventId, SimTime)>,
    pub(super) typed: Vec<Typed>,
    pub(super) over: bool,
}

impl<'p, 'i> Game<'p, 'i> {
    /// A drill in which a person has the seat of `role`; `None` where the system has no such role.
    pub fn of_drill(
        prepared: &'p Prepared<'i>,
        policies: &'p mut Policies,
        role: &Name,
    ) -> Option<Self> {
        let inputs = prepared.inputs;
        let seed = prepared.options.seed;
        let header = prepared.header(seed);
        let setting =
            Setting::new(&inputs.pack, Some(&inputs.system), Some(&inputs.scenario), &header);
        let mut run = Run::new(prepared, policies, seed, Detail::Full);
        if !run.sit(role) {
            return None;
        }
        let words = Vocabulary::of(&inputs.system, &inputs.pack);
        let train = header.mode == Mode::Train;
        Some(Self::new(Stage::Drill(Box::new(run)), setting, words, role, train))
    }

    /// A recorded incident in which a person has the seat of `role`.
    pub fn of_record(recording: &Recording, role: &Name, mode: Mode) -> Self {
        let header = &recording.timeline.header;
        let setting = Setting::new(&recording.pack, recording.system.as_ref(), None, header);
        let words = match &recording.system {
            Some(system) => Vocabulary::of(system, &recording.pack),
            None => Vocabulary::named_in(&recording.timeline, &recording.pack),
        };
        let record = Record::new(recording, role);
        Self::new(Stage::Record(Box::new(record)), setting, words, role, mode == Mode::Train)
    }

    fn new(
        mut stage: Stage<'p, 'i>,
        setting: Setting,
        words: Vocabulary,
        role: &Name,
        train: bool,
    ) -> Self {
        let start = setting.timeline.header.start;
        let desk = stage.desk(role);
        let read_out = matches!(stage, Stage::Record(_));
        let (me, told, decides) = (Ref::role(role), desk.told, desk.decides);
        let seat = Seat { me, told, decides, read_out };
        Self {
            stage,
            setting,
            words,
            role: role.clone(),
            seat,
            train,
            start,
            now: start,
            taken: 0,
            // What a recording tells is read out to whoever sits there.
            joined: read_out,
            held: Vec::new(),
            diagnosed: 0,
            seen: Vec::new(),
            typed: Vec::new(),
            over: false,
        }
    }

    /// What the game is about.
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// The role at the seat.
    pub fn role(&self) -> &Name {
        &self.role
    }

    /// The present instant.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// When the exercise started.
    pub fn start(&self) -> SimTime {
        self.start
    }

    /// Whether the exercise has ended.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// When something can happen next, noticed or not.
    pub fn next_at(&self) -> Option<SimTime> {
        self.stage.next_at()
    }

    /// Events written so far, by which a replay is checked.
    pub fn written(&self) -> usize {
        self.stage.written()
    }

    /// What the person has noticed so far and where things stand, for whoever sits down again.
    pub fn recap(&mut self) -> Vec<Shown> {
        let standing = self.standing();
        vec![Shown::Log(self.log()), Shown::Standing(Box::new(standing))]
    }

    /// Time passes up to `to`, which is not before now. What reaches the person comes out.
    pub fn pass(&mut self, to: SimTime) -> Vec<Shown> {
        let mut shown = Vec::new();
        if !self.over {
            self.go_on(to.max(self.now), false, &mut shown);
        }
        shown
    }

    /// The person types a line, now.
    pub fn typed(&mut self, line: &str) -> Vec<Shown> {
        let line = clean(line);
        let mut shown = Vec::new();
        if self.over {
            return shown;
        }
        let from = self.now;
        let taken = match read(&line, &self.words) {
            Ok(None) => return shown,
            Ok(Some(command)) => self.obey(&command, &mut shown),
            Err(misread) => {
                shown.push(Shown::Misread(misread));
                false
            }
        };
        let waited = self.now - from;
        self.typed.push(Typed { at: from, line, taken, waited });
        shown
    }

    fn obey(&mut self, command: &Command, shown: &mut Vec<Shown>) -> bool {
        match command {
            Command::Act(act) => return self.act(act, shown),
            Command::Status => {
                let standing = self.standing();
                shown.push(Shown::Standing(Box::new(standing)));
            }
            Command::Runbook(playbook) => self.runbook(playbook.as_ref(), shown),
            Command::Log => shown.push(Shown::Log(self.log())),
            Command::Wait(span) => self.wait(self.now + *span, shown),
            Command::Skip => self.wait(SimTime::from_ms(i64::MAX), shown),
            Command::Note => shown.push(Shown::Noted),
            Command::Hint if !self.train => {
                shown.push(Shown::Misread(Misread::NoHints));
                return false;
            }
            Command::Hint => self.hint(shown),
            Command::Pause => shown.push(Shown::Paused),
            Command::End => self.halt("endex", shown),
            Command::Abort => self.halt("abort", shown),
            Command::Quit => shown.push(Shown::Left),
            Command::Help(verb) => shown.push(Shown::Help(*verb)),
        }
        true
    }

    fn act(&mut self, act: &RespondAct, shown: &mut Vec<Shown>) -> bool {
        if let Some(objection) = self.stage.objection(&self.role, act) {
            shown.push(Shown::Objection(objection));
            return false;
        }
        self.stage.act(&self.role, act);
        self.settle(shown);
        if let RespondAct::Look { about } = act {
            let board = self.board(about.as_ref());
            shown.push(Shown::Board(Box::new(board)));
        }
        true
    }

    fn halt(&mut self, reason: &str, shown: &mut Vec<Shown>) {
        self.stage.halt(reason);
        self.collect(shown);
        self.end(shown);
    }

    fn end(&mut self, shown: &mut Vec<Shown>) {
        if !std::mem::replace(&mut self.over, true) {
            shown.push(Shown::Over(self.now - self.start));
        }
    }

    /// Everything that follows at the present instant.
    fn settle(&mut self, shown: &mut Vec<Shown>) {
        self.go_on(self.now, false, shown);
    }

    fn wait(&mut self, to: SimTime, shown: &mut Vec<Shown>) {
        let from = self.now;
        let at = shown.len();
        self.go_on(to, true, shown);
        let to = SimTime::min(to, self.now);
        let woken = shown.len() > at && !self.over;
        shown.insert(at, Shown::Waited { from, to, woken });
    }

    /// Goes on to `to`; where `wake`, only to the end of the instant at which something is noticed.
    fn go_on(&mut self, to: SimTime, wake: bool, shown: &mut Vec<Shown>) {
        let mut woken = false;
        loop {
            let Some(next) = self.stage.next_at() else {
                self.end(shown);
                return;
            };
            if next > to {
                break;
            }
            if woken && next > self.now {
                return;
            }
            self.stage.turn(next);
            self.now = self.now.max(next);
            woken |= self.collect(shown) && wake;
        }
        if !woken {
            // Nothing happens until then.
            self.stage.turn(to);
            self.now = self.now.max(to);
            self.collect(shown);
        }
    }

    /// Takes in what became known; whether somebody who waits looks up.
    fn collect(&mut self, shown: &mut Vec<Shown>) -> bool {
        let mut woken = false;
        while self.taken < self.stage.learned() {
            let index = self.taken;
            self.taken += 1;
            let event = self.stage.event(index);
            let Some(way) = way(event, &self.seat) else { continue };
            // A recording measured what nobody had noticed yet.
            let measured = matches!(event.kind, K::SliBreached { .. } | K::ServiceState { .. });
            if self.seat.read_out && measured && self.stage.known().detected().is_none() {
                continue;
            }
            if matches!(event.kind, K::Joined {}) && way == Way::Own {
                self.joined = true;
            }
            if way == Way::Channel && !self.joined {
                self.held.push(index);
                continue;
            }
            let event = event.clone();
            woken |= wakes(&event, way);
            self.seen.push((event.id, self.now));
            let joins = matches!(event.kind, K::Joined {}) && way == Way::Own;
            let leaves = matches!(event.kind, K::HandedOver { .. }) && way == Way::Own;
            let reply = self.reply(&event, way);
            shown.push(Shown::Event { event: Box::new(event), way });
            shown.extend(reply);
            if way == Way::Page {
                shown.push(self.page_says());
            }
            if joins {
                self.catch_up(shown);
            }
            if leaves {
                self.joined = false;
            }
        }
        shown.extend(self.stage.take_unshown().into_iter().map(Shown::Unshown));
        woken | self.show_evidence(shown)
    }

    /// What diagnoses found that are over since; whether there was one.
    fn show_evidence(&mut self, shown: &mut Vec<Shown>) -> bool {
        let steps = self.stage.diagnosed().get(self.diagnosed..).unwrap_or_default().to_vec();
        self.diagnosed += steps.len();
        let system = self.setting.system.as_ref();
        for at in &steps {
            let judging = self.stage.desk(&self.role).judging;
            let waits = judging.contains(at);
            shown.push(Shown::Evidence(evidence(&mut self.stage, system, at.clone(), waits)));
        }
        !steps.is_empty()
    }

    fn catch_up(&mut self, shown: &mut Vec<Shown>) {
        let held = std::mem::take(&mut self.held);
        let mut events = Vec::new();
        for index in held {
            let event = self.stage.event(index);
            self.seen.push((event.id, self.now));
            if wakes(event, Way::Channel) {
                events.push(event.clone());
            }
        }
        let left = events.len().saturating_sub(CAUGHT_UP);
        events.drain(..left);
        if !events.is_empty() {
            shown.push(Shown::CatchUp { events, left });
        }
    }

    /// The text of a page: what was found last, and the severity that was decided.
    fn page_says(&self) -> Shown {
        let known = self.stage.known();
        let mut findings = known.findings().to_vec();
        findings.drain(..findings.len().saturating_sub(PAGED));
        Shown::PageSays { severity: known.severity().cloned(), findings }
    }

    /// What a colleague who answers says: only what it did openly.
    fn reply(&self, event: &Event, way: Way) -> Option<Shown> {
        let purpose = crate::timeline::MessagePurpose::Update;
        let asked = matches!(&event.kind, K::MessageSent { purpose: p, .. } if *p == purpose);
        let by = event.by.as_ref().filter(|_| asked && way == Way::Told)?;
        let mut doing: Vec<(Name, Name, Option<Ref>)> = Vec::new();
        let mut suspects = None;
        for n in 0..self.taken {
            let known = self.stage.event(n);
            if known.by.as_ref() != Some(by) {
                continue;
            }
            let about = known.about.first().cloned();
            match &known.kind {
                K::StepStarted { step, playbook, .. } => {
                    doing.push((playbook.clone(), step.clone(), about));
                }
                K::StepDone { step, .. } | K::StepFailed { step, .. } => {
                    doing.retain(|(_, known, on)| known != step || *on != about);
                }
                K::Hypothesis {} => suspects = about,
                _ => {}
            }
        }
        Some(Shown::Reply { by: by.clone(), doing, suspects })
    }

    fn board(&mut self, about: Option<&Ref>) -> Board {
        let opens = self.stage.desk(&self.role).dashboards;
        let tried = self.apart(about);
        let known = self.stage.known();
        let wanted = |name: &Name| about.is_none_or(|about| about.name == *name);
        Board {
            at: self.now,
            opens,
            only: about.cloned(),
            services: {
                let of = known.services().iter().filter(|s| wanted(&s.name));
                of.filter(|s| tried.iter().all(|t| t.about.name != s.name)).cloned().collect()
            },
            agents: known.agents().iter().filter(|a| wanted(&a.name)).cloned().collect(),
            alerts: known
                .alerts()
                .iter()
                .filter(|alert| alert.about.as_ref().is_none_or(|about| wanted(&about.name)))
                .cloned()
                .collect(),
            findings: match about {
                None => Vec::new(),
                Some(about) => {
                    known.findings().iter().filter(|f| f.about == *about).cloned().collect()
                }
            },
            tried,
        }
    }

    /// What has no line of its own on a board: stores and tools, and services of whose state a
    /// recording has said nothing so far.
    fn apart(&mut self, about: Option<&Ref>) -> Vec<Symptom> {
        let mut apart: Vec<Ref> = about
            .filter(|about| matches!(about.kind, EntityKind::Store | EntityKind::Tool))
            .cloned()
            .into_iter()
            .collect();
        if self.seat.read_out && self.setting.system.is_none() {
            let told = |name: &Name| {
                let mut known = (0..self.taken).map(|n| self.stage.event(n));
                known.any(|event| {
                    matches!(event.kind, K::ServiceState { .. })
                        && event.about.iter().any(|about| about.name == *name)
                })
            };
            let services = self.stage.known().services().iter().map(|service| &service.name);
            let untold = services.filter(|name| !told(name));
            let untold = untold.filter(|name| about.is_none_or(|about| about.name == **name));
            apart.extend(untold.map(|name| Ref::new(EntityKind::Service, name)));
        }
        let system = self.setting.system.as_ref();
        apart.iter().map(|about| symptom(&mut self.stage, system, about)).collect()
    }

    fn standing(&mut self) -> Standing {
        let desk = self.stage.desk(&self.role);
        let known = self.stage.known();
        let here = |at: Option<SimTime>| at.filter(|_| self.joined);
        Standing {
            at: self.now,
            joined: desk.joined,
            stand_in: desk.stand_in,
            pages: desk.pages,
            approvals: desk.approvals,
            doing: desk.doing,
            judging: desk.judging,
            severity: known.severity().filter(|_| self.joined).cloned(),
            declared: known.declared().filter(|_| self.joined).cloned(),
            mitigated: here(known.mitigated()),
            resolved: here(known.resolved()),
        }
    }

    fn log(&self) -> Vec<Event> {
        let ids: Vec<EventId> = self.seen.iter().map(|(id, _)| *id).collect();
        let events = (0..self.taken).map(|n| self.stage.event(n));
        let mut events: Vec<Event> = events.filter(|e| ids.contains(&e.id)).cloned().collect();
        let left = events.len().saturating_sub(LOGGED);
        events.drain(..left);
        events
    }

    fn hint(&mut self, shown: &mut Vec<Shown>) {
        let desk = self.stage.desk(&self.role);
        let about = if let Some(page) = desk.pages.first() {
            HintAbout::Page(*page)
        } else if let Some(approval) = desk.approvals.first() {
            HintAbout::Approval(approval.clone())
        } else if let Some(step) = desk.judging.first() {
            HintAbout::Cause(step.clone())
        } else if let Some(step) = desk.next.first().filter(|_| self.joined) {
            HintAbout::Step(step.clone())
        } else if self.joined {
            HintAbout::Wait
        } else {
            HintAbout::Look
        };
        let step = match &about {
            HintAbout::Step(at) | HintAbout::Approval(at) | HintAbout::Cause(at) => {
                Some(at.step.clone())
            }
            _ => None,
        };
        self.stage.act(&self.role, &RespondAct::Hint { step });
        let mut events = Vec::new();
        self.settle(&mut events);
        events.retain(
            |s| !matches!(s, Shown::Event { event, .. } if matches!(event.kind, K::Hint { .. })),
        );
        shown.push(Shown::Hint(about));
        shown.append(&mut events);
    }

    /// What the game leaves behind, once it is over.
    pub fn ended(self) -> (Played, Ended) {
        let mut played = Played {
            role: self.role,
            mode: if self.train { Mode::Train } else { Mode::Evaluate },
            typed: self.typed,
            seen: self.seen,
            recorded: Vec::new(),
            plan: Vec::new(),
        };
        match self.stage {
            Stage::Drill(run) => (played, Ended::Drill(DrillRun(Box::new(run.outcome())))),
            Stage::Record(record) => {
                let ended = record.ended(played.mode);
                if let Ended::Record { ids, left_out, .. } = &ended {
                    for (id, _) in &mut played.seen {
                        if let Ok(at) = ids.binary_search_by_key(id, |(old, _)| *old) {
                            *id = ids[at].1;
                        }
                    }
                    played.recorded.clone_from(left_out);
                }
                (played, ended)
            }
        }
    }
}

/// Scores a played drill, beside `band_trials` simulated ones.
///
/// # Errors
/// When the pack's scripts do not compile.
pub fn judge_play(
    prepared: &Prepared<'_>,
    played: &Played,
    run: DrillRun,
    band_trials: u32,
    progress: &dyn Progress,
) -> Result<Drill, Diagnostics> {
    let mut policies = Policies::compile(&prepared.inputs.pack)?;
    let mut header = prepared.header(prepared.options.seed);
    header.source = Source::Live;
    header.parameters.push((Name::from("play"), played.role.clone()));
    judged(prepared, &mut policies, *run.0, header, band_trials, progress)
}
