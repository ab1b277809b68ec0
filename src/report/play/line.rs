//! What comes out of a game, as lines for a terminal.

use super::super::case::Case;
use super::super::lang::{Lang, Words};
use super::super::story::sentence_of;
use super::super::text::{Style, clean, columns, wrap};
use super::manual;
use crate::exercise::play::{
    Board, HintAbout, Misread, Objection, RunbookStep, Setting, Shown, Standing, StepAt, Way,
    WordKind,
};
use crate::model::{EntityKind, Mode, Name, Ref, ServiceState, SignalKind};
use crate::timeline::{AgentKnown, Event, EventKind as K, FindingKnown, ServiceKnown};
use crate::units::SimTime;

/// Columns before the text of a line: when it was, and how it came.
const MARGIN: usize = 17;
const MIN_WIDTH: usize = 60;

/// Lines being written.
pub(super) struct Lines<'a> {
    pub(super) case: Case<'a>,
    pub(super) words: Words,
    width: usize,
    out: String,
}

impl<'a> Lines<'a> {
    pub(super) fn new(setting: &'a Setting, lang: Lang, style: Style) -> Self {
        let mut case = Case::of_scored(&setting.timeline, &setting.pack, &setting.card);
        case.system = setting.system.as_ref();
        case.scenario = setting.scenario.as_ref();
        let width = style.width.max(MIN_WIDTH);
        Self { case, words: Words::new(lang), width, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// A line behind the margin; `head` stands in the margin.
    fn put(&mut self, head: &str, mark: &str, text: &str) {
        let mut head = head.to_owned();
        for line in wrap(&clean(text), self.width - MARGIN) {
            let room = (MARGIN - 4).saturating_sub(columns(&head));
            let mark = if head.is_empty() { " " } else { mark };
            let row = format!("{}{head}  {mark} {line}", " ".repeat(room));
            self.out.push_str(row.trim_end());
            self.out.push('\n');
            head.clear();
        }
    }

    /// A line behind the margin without a head.
    pub(super) fn more(&mut self, text: &str) {
        self.put("", " ", text);
    }

    /// A line over the whole width; what is broken off hangs.
    pub(super) fn wide(&mut self, indent: usize, text: &str) {
        for (n, line) in wrap(&clean(text), self.width - indent - 2).iter().enumerate() {
            let more = if n > 0 { 2 } else { 0 };
            self.out.push_str(&" ".repeat(indent + more));
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    /// A name in a column of `room`, and what is said of it beside.
    pub(super) fn beside(&mut self, indent: usize, room: usize, name: &str, text: &str) {
        let name = clean(name);
        let fits = columns(&name) < room;
        if !fits {
            self.wide(indent, &name);
        }
        for (n, line) in wrap(&clean(text), self.width - indent - room).iter().enumerate() {
            let head = if n == 0 && fits { name.as_str() } else { "" };
            let gap = indent + room - columns(head) - indent;
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str(head);
            self.out.push_str(&" ".repeat(gap));
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    pub(super) fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    fn event(&mut self, event: &Event, way: Way, late: bool) {
        let mark = match way {
            Way::Page => "!",
            Way::Told => ">",
            Way::Own => "*",
            Way::Channel => "-",
        };
        let (mut what, who) = sentence_of(&self.case, self.words, event);
        if let K::StepFailed { step, .. } = &event.kind {
            let failures = self.case.scenario.map_or(&[][..], |scenario| &scenario.failures);
            let on = event.about.first().map(|about| &about.name);
            let meant = |f: &&crate::model::StepFailure| {
                f.step == *step && f.on.as_ref().is_none_or(|failing| Some(failing) == on)
            };
            let planned = failures.iter().find(meant).map(|f| self.words.text(&f.text));
            let noted = || event.note.as_ref().map(|note| self.case.say(note, self.words));
            if let Some(reason) = planned.or_else(noted) {
                let args = [("what", what.as_str()), ("reason", reason.as_str())];
                what = self.words.f("event-with-reason", &args);
            }
        }
        let text = if way == Way::Own {
            what
        } else {
            self.words.f("play-said", &[("who", &who), ("what", &what)])
        };
        let at = if late { event.at } else { event.known_at };
        let head = self.case.offset(at, self.words);
        self.put(&head, mark, &text);
    }

    pub(super) fn step_at(&self, at: &StepAt) -> String {
        let title = self.case.step(&at.playbook, &at.step, self.words);
        let typed = match &at.on {
            Some(on) => format!("{} {on}", at.step),
            None => at.step.to_string(),
        };
        self.words.f("play-step-at", &[("title", &title), ("typed", &typed)])
    }

    fn steps(&self, steps: &[StepAt]) -> String {
        self.words.list(steps.iter().map(|at| self.step_at(at)))
    }

    fn names(&self, names: &[Name]) -> String {
        self.words.list(names.iter().map(|name| name.as_str()))
    }

    fn shown(&mut self, shown: &Shown) {
        match shown {
            Shown::Event { event, way } => self.event(event, *way, false),
            Shown::CatchUp { events, left } => self.catch_up(events, *left),
            Shown::PageSays { severity, findings } => self.page(severity.as_ref(), findings),
            Shown::Reply { by, doing, suspects } => self.reply(by, doing, suspects.as_ref()),
            Shown::Evidence(evidence) => self.evidence(evidence),
            Shown::Unshown(unshown) => self.unshown(unshown),
            Shown::Board(board) => self.board(board),
            Shown::Standing(standing) => self.standing(standing),
            Shown::Runbook { playbook, steps } => self.runbook(playbook, steps),
            Shown::Playbooks(ids) => {
                let names = self.names(ids);
                let text = self.words.f("play-playbooks", &[("names", &names)]);
                self.wide(2, &text);
            }
            Shown::Log(events) => {
                for event in events {
                    self.event(event, Way::Channel, true);
                }
                if events.is_empty() {
                    self.wide(2, &self.t("play-log-empty"));
                }
            }
            Shown::Waited { from, to, woken } => {
                let span = self.words.span(*to - *from);
                let key = if *woken { "play-waited-woken" } else { "play-waited" };
                self.wide(2, &self.words.f(key, &[("span", &span)]));
            }
            Shown::Hint(about) => self.hint(about),
            Shown::Noted => self.wide(2, &self.t("play-noted")),
            Shown::Misread(misread) => self.misread(misread),
            Shown::Objection(objection) => self.objection(objection),
            Shown::Help(verb) => manual::write(self, *verb),
            Shown::Paused => self.wide(2, &self.t("play-paused")),
            Shown::Left => self.wide(2, &self.t("play-left")),
            Shown::Over(span) => {
                let span = self.words.span(*span);
                self.wide(0, &self.words.f("play-over", &[("span", &span)]));
            }
        }
    }

    fn catch_up(&mut self, events: &[Event], left: usize) {
        self.more(&self.t("play-catch-up"));
        if left > 0 {
            self.more(&self.words.f("play-catch-up-left", &[("n", &left.to_string())]));
        }
        for event in events {
            self.event(event, Way::Channel, true);
        }
    }

    fn page(&mut self, severity: Option<&Name>, findings: &[FindingKnown]) {
        if let Some(level) = severity {
            let level = self.case.severity(level, self.words);
            self.more(&self.words.f("play-page-severity", &[("level", &level)]));
        }
        for finding in findings {
            let text = self.finding(finding);
            self.more(&text);
        }
    }

    fn finding(&self, finding: &FindingKnown) -> String {
        let about = self.case.title(&finding.about, self.words);
        let rule = self.case.say(&finding.rule, self.words);
        let source = self.words.word("detection", finding.source.as_str());
        let at = self.case.offset(finding.at, self.words);
        let args = [("about", about.as_str()), ("rule", &rule), ("source", &source), ("at", &at)];
        self.words.f("play-finding", &args)
    }

    fn reply(&mut self, by: &Ref, doing: &[(Name, Name, Option<Ref>)], suspects: Option<&Ref>) {
        let mut any = false;
        let at = |lines: &Self, on: Option<&Ref>| {
            on.map_or_else(String::new, |on| lines.case.title(on, lines.words))
        };
        for (playbook, step, on) in doing {
            any = true;
            let title = self.case.step(playbook, step, self.words);
            let on = at(self, on.as_ref());
            let key = if on.is_empty() { "play-reply-doing" } else { "play-reply-doing-on" };
            self.more(&self.words.f(key, &[("step", &title), ("on", &on)]));
        }
        if let Some(about) = suspects {
            any = true;
            let about = self.case.title(about, self.words);
            self.more(&self.words.f("play-reply-suspects", &[("about", &about)]));
        }
        if !any {
            let who = self.case.title(by, self.words);
            self.more(&self.words.f("play-reply-nothing", &[("who", &who)]));
        }
    }

    fn board(&mut self, board: &Board) {
        if !board.opens {
            self.wide(2, &self.t("play-board-closed"));
        }
        for service in &board.services {
            let text = self.service(service);
            self.beside(2, 18, &service.name, &text);
        }
        for agent in &board.agents {
            let seen = agent.signals.iter().any(Option::is_some) || agent.reported.is_some();
            if seen || board.only.is_some() {
                let text = self.agent(agent);
                self.beside(2, 18, &agent.name, &text);
            }
        }
        let quiet = board.agents.len()
            - board.agents.iter().filter(|a| a.signals.iter().any(Option::is_some)).count();
        if board.only.is_none() && quiet > 0 {
            self.wide(2, &self.words.f("play-agents-quiet", &[("n", &quiet.to_string())]));
        }
        for alert in &board.alerts {
            let severity = self.words.word("alert", &alert.severity);
            let since = self.case.offset(alert.since, self.words);
            let args = [
                ("severity", severity.as_str()),
                ("slo", &alert.slo),
                ("tier", &alert.tier),
                ("since", &since),
            ];
            let text = self.words.f("play-alert", &args);
            self.wide(2, &text);
        }
        for tried in &board.tried {
            self.symptom(tried);
        }
        if board.alerts.is_empty() && (board.only.is_none() || board.tried.is_empty()) {
            self.wide(2, &self.t("play-alerts-none"));
        }
        for finding in &board.findings {
            let text = self.finding(finding);
            self.wide(2, &text);
        }
    }

    fn service(&self, service: &ServiceKnown) -> String {
        let state = self.words.word("state", service.state.as_str());
        let mut text = match &service.mode {
            Some(mode) => {
                let args = [("state", state.as_str()), ("mode", mode.as_str())];
                self.words.f("play-service-mode", &args)
            }
            None => state,
        };
        // What was steady before the record has no instant worth telling.
        if service.state != ServiceState::Up && service.since >= self.case.start() {
            let since = self.case.offset(service.since, self.words);
            text = self.words.f("play-since", &[("what", &text), ("since", &since)]);
        }
        let mut notes = vec![text];
        let ratio = |value: f64| format!("{value:.1}");
        if (service.p95_ratio_10m - 1.0).abs() > 1e-9 {
            let times = ratio(service.p95_ratio_10m);
            notes.push(self.words.f("play-latency", &[("ratio", &times)]));
        }
        if (service.traffic_ratio - 1.0).abs() > 1e-9 {
            let percent = self.words.percent(service.traffic_ratio);
            notes.push(self.words.f("play-traffic", &[("percent", &percent)]));
        }
        self.words.list(notes)
    }

    fn agent(&self, agent: &AgentKnown) -> String {
        let signal = |kind: &SignalKind| {
            let value = agent.signals[*kind as usize]?;
            Some(format!("{}={value:.2}", kind.as_str()))
        };
        let mut notes: Vec<String> = SignalKind::ALL.iter().filter_map(signal).collect();
        if let Some(source) = agent.reported {
            let source = self.words.word("detection", source.as_str());
            notes.push(self.words.f("play-reported", &[("source", &source)]));
        }
        if notes.is_empty() {
            notes.push(self.t("play-agent-quiet"));
        }
        self.words.list(notes)
    }

    fn standing(&mut self, standing: &Standing) {
        let clock = self.case.clock(standing.at);
        let offset = self.case.offset(standing.at, self.words);
        self.wide(2, &self.words.f("play-now", &[("offset", &offset), ("clock", &clock)]));
        let since = |lines: &Self, at: SimTime| lines.case.offset(at, lines.words);
        let joined = match standing.joined {
            Some(at) => self.words.f("play-joined", &[("at", &since(self, at))]),
            None => self.t("play-not-joined"),
        };
        self.wide(2, &joined);
        if let Some(other) = &standing.stand_in {
            let who = self.case.title(other, self.words);
            self.wide(2, &self.words.f("play-stand-in", &[("who", &who)]));
        }
        for page in &standing.pages {
            self.wide(2, &self.words.f("play-page-open", &[("page", &page.to_string())]));
        }
        for at in &standing.approvals {
            let step = self.step_at(at);
            self.wide(2, &self.words.f("play-approval-open", &[("step", &step)]));
        }
        for at in &standing.doing {
            let step = self.step_at(at);
            self.wide(2, &self.words.f("play-doing", &[("step", &step)]));
        }
        for at in &standing.judging {
            let step = self.step_at(at);
            self.wide(2, &self.words.f("play-judging", &[("step", &step)]));
        }
        if let Some(level) = &standing.severity {
            let level = self.case.severity(level, self.words);
            self.wide(2, &self.words.f("play-severity", &[("level", &level)]));
        }
        let declared = match &standing.declared {
            Some((level, at)) => {
                let level = self.case.severity(level, self.words);
                let at = since(self, *at);
                self.words.f("play-declared", &[("level", &level), ("at", &at)])
            }
            None => self.t("play-undeclared"),
        };
        self.wide(2, &declared);
        for (key, at) in
            [("play-mitigated", standing.mitigated), ("play-resolved", standing.resolved)]
        {
            if let Some(at) = at {
                let at = since(self, at);
                self.wide(2, &self.words.f(key, &[("at", &at)]));
            }
        }
    }

    fn runbook(&mut self, playbook: &Name, steps: &[RunbookStep]) {
        let found = self.case.pack.playbooks.iter().find(|known| known.id == *playbook);
        let title = found.map_or_else(String::new, |known| self.words.text(&known.title));
        let args = [("id", playbook.as_str()), ("title", &title)];
        self.wide(2, &self.words.f("play-runbook", &args));
        for step in steps {
            let mark = match (step.done, step.doing) {
                (true, _) => "x",
                (false, true) => "~",
                (false, false) => " ",
            };
            let mine = if step.mine { "*" } else { " " };
            let title = self.case.step(playbook, &step.step, self.words);
            let mut notes = vec![self.case.role(&step.role, self.words)];
            if step.each {
                notes.push(self.t("play-each"));
            }
            if step.destructive {
                notes.push(self.t("play-destructive"));
            }
            let notes = self.words.list(notes);
            let args = [("title", title.as_str()), ("notes", &notes)];
            let text = self.words.f("play-runbook-step", &args);
            self.beside(2, 25, &format!("[{mark}]{mine} {}", step.step), &text);
        }
        self.wide(2, &self.t("play-runbook-legend"));
    }

    fn hint(&mut self, about: &HintAbout) {
        let text = match about {
            HintAbout::Page(page) => self.words.f("play-hint-page", &[("page", &page.to_string())]),
            HintAbout::Approval(at) => {
                self.words.f("play-hint-approval", &[("step", &self.step_at(at))])
            }
            HintAbout::Step(at) => self.words.f("play-hint-step", &[("step", &self.step_at(at))]),
            HintAbout::Cause(at) => self.words.f("play-hint-cause", &[("step", &self.step_at(at))]),
            HintAbout::Look => self.t("play-hint-look"),
            HintAbout::Wait => self.t("play-hint-wait"),
        };
        self.wide(2, &text);
    }

    fn misread(&mut self, misread: &Misread) {
        let text = match misread {
            Misread::Unknown { kind, word, near, known } => {
                let kind_word = self.words.word("play-kind", kind.as_str());
                let args = [("word", word.as_str()), ("kind", &kind_word)];
                let mut text = self.words.f("play-unknown", &args);
                let next = match near {
                    Some(near) => self.words.f("play-near", &[("near", near)]),
                    None if *kind == WordKind::Command => self.t("play-see-help"),
                    None if known.is_empty() => self.t("play-see-runbook"),
                    None => self.words.f("play-known", &[("names", &self.names(known))]),
                };
                text.push(' ');
                text.push_str(&next);
                text
            }
            Misread::Missing { verb, known } => {
                let mut text = self.words.f("play-missing", &[("usage", &manual::usage(verb))]);
                if !known.is_empty() {
                    text.push(' ');
                    text.push_str(&self.words.f("play-known", &[("names", &self.names(known))]));
                }
                text
            }
            Misread::TooMuch(verb) => {
                self.words.f("play-too-much", &[("usage", &manual::usage(verb))])
            }
            Misread::Duration(word) => self.words.f("play-duration", &[("word", word)]),
            Misread::NoHints => self.t("play-no-hints"),
        };
        self.wide(2, &text);
    }

    fn objection(&mut self, objection: &Objection) {
        let text = match objection {
            Objection::NoPage => self.t("play-no-page"),
            Objection::NotYourPage => self.t("play-not-your-page"),
            Objection::HereAlready => self.t("play-here-already"),
            Objection::DeclaredAlready => self.t("play-declared-already"),
            Objection::Busy(steps) => self.words.f("play-busy", &[("steps", &self.steps(steps))]),
            Objection::UnderWay(at) => {
                self.words.f("play-under-way", &[("step", &self.step_at(at))])
            }
            Objection::DoneAlready(at) => {
                self.words.f("play-done-already", &[("step", &self.step_at(at))])
            }
            Objection::NameTarget(names) => {
                self.words.f("play-name-target", &[("names", &self.names(names))])
            }
            Objection::WrongTarget => self.t("play-wrong-target"),
            Objection::NotAsked => self.t("play-not-asked"),
            Objection::AskedAlready => self.t("play-asked-already"),
            Objection::Yourself => self.t("play-yourself"),
            Objection::PagedAlready => self.t("play-paged-already"),
            Objection::NoLevel => self.t("play-no-level"),
            Objection::HumanOnly => self.t("play-human-only"),
            Objection::NotHere => self.t("play-not-here"),
            Objection::NoColleague => self.t("play-no-colleague"),
            Objection::NothingPublic => self.t("play-nothing-public"),
            Objection::NothingToRecover => self.t("play-nothing-to-recover"),
            Objection::SaidAlready => self.t("play-said-already"),
            Objection::SayLevel => self.t("play-say-level"),
        };
        self.wide(2, &text);
    }
}

/// What came out of a game, for the terminal.
pub fn play_text(shown: &[Shown], setting: &Setting, lang: Lang, style: Style) -> String {
    let mut lines = Lines::new(setting, lang, style);
    for one in shown {
        lines.shown(one);
    }
    lines.finish()
}

/// What the person is told on sitting down: what is played, who it is, and when.
pub fn play_welcome(
    setting: &Setting,
    role: &Name,
    mode: Mode,
    now: SimTime,
    lang: Lang,
    style: Style,
) -> String {
    let mut lines = Lines::new(setting, lang, style);
    let words = lines.words;
    let header = &setting.timeline.header;
    let title = match &setting.scenario {
        Some(scenario) => words.text(&scenario.title),
        None => words.text(&header.text(&header.title)),
    };
    let who = lines.case.title(&Ref::new(EntityKind::Role, role), words);
    lines.wide(0, &title);
    let seat = if setting.scenario.is_some() { "play-you-are" } else { "play-you-are-recorded" };
    lines.wide(0, &words.f(seat, &[("who", &who), ("role", role)]));
    lines.wide(0, &words.word("play-mode", mode.as_str()));
    if let Some(scenario) = &setting.scenario {
        for stop in &scenario.abort {
            let text = words.text(stop);
            lines.wide(0, &words.f("play-abort-when", &[("when", &text)]));
        }
    }
    lines.wide(0, &words.t("play-how"));
    if now == header.start {
        lines.wide(0, &words.t("play-begin"));
    }
    let clock = lines.case.clock(now);
    let zone = header.zone.to_string();
    let key = if now > header.start { "play-goes-on" } else { "play-starts" };
    lines.wide(0, &words.f(key, &[("clock", &clock), ("zone", &zone)]));
    lines.finish()
}

/// The prompt: when it is, and who is at the seat.
pub fn play_prompt(setting: &Setting, now: SimTime, role: &Name, lang: Lang) -> String {
    let words = Words::new(lang);
    let offset = words.offset(now - setting.timeline.header.start);
    format!("[{offset}] {role}> ")
}
