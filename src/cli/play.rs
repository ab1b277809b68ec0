//! `drill run --play ROLE` and `drill run --resume FOLDER`: a game at the terminal.
//!
//! The game itself is sans-I/O; here are its clock, its lines and its journal. What was typed is
//! on the disk before it takes effect, and the time before anything is shown, so that a process
//! that ends at any moment takes nothing with it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args::{Common, Format, RunArgs};
use super::play_input::{Heard, Input, Line, hear};
use super::play_journal::{JOURNAL, Journal};
use super::play_recorded::{is_timeline, play_record, recording, recording_hash};
use super::progress::Bar;
use super::ui::{Failure, Ui};
use super::{exit, folder, kept_actions, run, workspace};
use crate::diag::Diagnostic;
use crate::exercise::play::{
    Debrief, Ended, Entry, Game, Improvement, JOURNAL_SCHEMA, JournalHead, MAX_LINE_CHARS, Shown,
    clean, judge_play, verb_of,
};
use crate::exercise::{Inputs, Prepared};
use crate::model::{ContentHash, Name};
use crate::policy::Policies;
use crate::report::{self, AfterAction};
use crate::units::{SimDuration, SimTime};

/// Time the clock may lose to a busy machine before it is taken for a sleep.
const ASLEEP: Duration = Duration::from_secs(5);
/// How often a person's clock is looked at.
const TICK: Duration = Duration::from_millis(500);

/// Begins a game or goes on with one.
pub(super) fn play(common: &Common, args: &RunArgs, ui: &mut Ui) -> Result<u8, Failure> {
    if let Some(folder) = &args.resume {
        let (journal, head, entries) = Journal::open(folder)?;
        let args = resumed(args, &head);
        if folder.join("timeline.jsonl").is_file() {
            let message = format!("the game in `{}` is over", folder.display());
            let help = format!("read `{}`", folder.join("after-action.html").display());
            return Err(Diagnostic::error("play::over", message).help(help).into());
        }
        let saved = Saved { journal, head, entries, folder: folder.clone(), resumed: true };
        return with_files(common, &args, Some(saved), ui);
    }
    with_files(common, args, None, ui)
}

/// A game on disk.
pub(super) struct Saved {
    journal: Journal,
    head: JournalHead,
    entries: Vec<Entry>,
    pub(super) folder: PathBuf,
    resumed: bool,
}

/// The arguments with which a game was begun; what is asked of its result may be new.
fn resumed(args: &RunArgs, head: &JournalHead) -> RunArgs {
    let start = head.start.as_deref().and_then(|start| start.parse().ok());
    RunArgs {
        scenario: Some(head.scenario.clone()),
        play: Some(head.role.clone()),
        resume: None,
        script: args.script.clone(),
        set: head.set.clone(),
        control: false,
        system: head.system.clone(),
        pack: head.pack.clone(),
        responders: head.responders.clone(),
        seed: head.seed,
        start,
        when: head.when,
        mode: head.mode,
        without: head.without.clone(),
        trials: None,
        why: false,
        band: head.band,
        fail_under: args.fail_under,
        require: args.require.clone(),
        out: None,
    }
}

fn with_files(
    common: &Common,
    args: &RunArgs,
    saved: Option<Saved>,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let scenario = args.scenario.clone().unwrap_or_default();
    let role = Name::from(args.play.as_deref().unwrap_or_default());
    let catalog = workspace::catalog(common)?;
    let path = Path::new(&scenario);
    if is_timeline(path) || workspace::is_timeline(&catalog, path) {
        let recording = recording(common, args, path, ui)?;
        let roles = recording.roles();
        if !roles.contains(&role) {
            return Err(unknown_role(&role, &roles, "the recording or its pack".to_owned()).into());
        }
        let saved = ready(saved, args, true, recording_hash(&recording))?;
        return play_record(common, args, &recording, &role, saved, ui);
    }
    let inputs = workspace::inputs(common, args, ui)?;
    let require = run::requirements(args, &inputs)?;
    let options = run::options(common, args);
    let prepared = Prepared::new(&inputs, &options)?;
    let mut policies = Policies::compile(&inputs.pack)?;
    let removed = options.without.contains(&role);
    let Some(mut game) = Game::of_drill(&prepared, &mut policies, &role).filter(|_| !removed)
    else {
        return Err(no_role(&role, &inputs, removed).into());
    };
    let saved = ready(saved, args, false, inputs_hash(&inputs))?;
    let mut table = Table::sit(saved, args, &mut game, ui)?;
    if !table.until_it_is_over(&mut game, ui)? {
        return Ok(exit::OK);
    }
    let (mut played, ended) = game.ended();
    let Ended::Drill(left) = ended else { return Ok(exit::OK) };
    let drill = judge_play(&prepared, &played, left, args.band, &Bar::new(ui))?;
    for failure in &drill.script_failures {
        ui.diagnostics(&failure.clone().into());
    }
    let (lang, style) = (ui.lang(), ui.style());
    let first = AfterAction::of_drill(&drill, &played);
    ui.talk(&report::hot_wash_text(&first, lang, style))?;
    let Some(plan) = table.debrief(&first, ui)? else { return Ok(exit::OK) };
    played.plan = plan;
    let mut files = run::drill_files(&drill, ui)?;
    let after = AfterAction::of_drill(&drill, &played);
    let text = || report::drill_text(&drill, lang, style);
    ui.data(&printed(common.format, &after, text, lang))?;
    files.extend(table.files(&after, ui));
    folder::write_game(&table.saved.folder, &files)?;
    run::remember(common, &drill, ui)?;
    kept_actions::keep_plan(common, &drill.timeline, &played.plan, ui)?;
    run::verdict(common, args, &drill, &require, &table.saved.folder, ui)
}

fn no_role(role: &Name, inputs: &Inputs, removed: bool) -> Diagnostic {
    if removed {
        let message = format!("`{role}` cannot be played and be removed by --without");
        return Diagnostic::error("play::removed", message).help("leave one of the two out");
    }
    let known: Vec<Name> = inputs.system.roles.iter().map(|role| role.name.clone()).collect();
    unknown_role(role, &known, format!("system `{}`", inputs.system.name))
}

fn unknown_role(role: &Name, known: &[Name], of: String) -> Diagnostic {
    let known: Vec<&str> = known.iter().map(Name::as_str).collect();
    let message = format!("`{role}` is not a role of {of}");
    let help = match crate::diag::did_you_mean(role, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("roles are: {}", known.join(", ")),
    };
    Diagnostic::error("run::unknown-role", message).help(help)
}

/// What a game prints at its end: the report as text, or the after-action report in the form asked
/// for.
pub(super) fn printed(
    format: Format,
    after: &AfterAction<'_>,
    text: impl FnOnce() -> String,
    lang: report::Lang,
) -> String {
    match format {
        Format::Json => report::after_action_json(after),
        Format::Md => report::after_action_markdown(after, lang),
        Format::Html => report::after_action_html(after, lang),
        Format::Csv => report::after_action_csv(after),
        Format::Text | Format::Junit => text(),
    }
}

pub(super) fn hash_of(hashes: &[u128]) -> String {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    ContentHash::of(&bytes).to_string()
}

fn inputs_hash(inputs: &Inputs) -> String {
    let Inputs { system, scenario, pack, preset } = inputs;
    hash_of(&[system.hash.0, scenario.hash.0, pack.hash.0, preset.hash.0])
}

/// The game on disk: a new one, or the saved one if it is still the same game.
fn ready(
    saved: Option<Saved>,
    args: &RunArgs,
    recorded: bool,
    inputs: String,
) -> Result<Saved, Failure> {
    if let Some(saved) = saved {
        if saved.head.inputs != inputs || saved.head.recorded != recorded {
            let message = "the files of this game have changed since it was begun";
            let help = "put them back as they were, or begin another game with --out";
            return Err(Diagnostic::error("play::changed", message).help(help).into());
        }
        return Ok(saved);
    }
    let head = JournalHead {
        schema: JOURNAL_SCHEMA.to_owned(),
        drill_version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: args.scenario.clone().unwrap_or_default(),
        recorded,
        role: args.play.clone().unwrap_or_default(),
        set: workspace::parameters(args),
        system: args.system.clone(),
        pack: args.pack.clone(),
        responders: args.responders.clone(),
        seed: args.seed,
        start: args.start.map(|start| start.to_string()),
        when: args.when,
        mode: args.mode,
        without: args.without.clone(),
        band: args.band,
        inputs,
    };
    let folder = args.out.clone().unwrap_or_else(|| {
        let scenario = Path::new(&head.scenario).file_stem();
        let scenario =
            scenario.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let role = head.role.replace(['/', '\\'], "-");
        Path::new("drill-out").join(format!("play-{scenario}-{}-{role}", head.seed))
    });
    let journal = Journal::begin(&folder, &head)?;
    Ok(Saved { journal, head, entries: Vec::new(), folder, resumed: false })
}

/// The person's side of a game: its lines, its clock, its journal.
pub(super) struct Table {
    pub(super) saved: Saved,
    input: Input,
    answers: Vec<String>,
}

impl Table {
    /// Sits down: replays what was typed before, and opens the source of lines.
    pub(super) fn sit(
        saved: Saved,
        args: &RunArgs,
        game: &mut Game<'_, '_>,
        ui: &mut Ui,
    ) -> Result<Self, Failure> {
        let after = saved.entries.iter().filter_map(Entry::script_line).max().unwrap_or(0);
        let input = Input::open(args.script.as_deref(), after)?;
        let mut table = Self { saved, input, answers: Vec::new() };
        if !table.input.is_person() {
            table.saved.journal.trust_the_system();
        }
        table.replay(game)?;
        let (lang, style) = (ui.lang(), ui.style());
        let mode = args.mode.unwrap_or(game.setting().timeline.header.mode);
        ui.talk(&report::play_welcome(game.setting(), game.role(), mode, game.now(), lang, style))?;
        if table.saved.resumed {
            let recap = game.recap();
            ui.talk(&report::play_text(&recap, game.setting(), lang, style))?;
        }
        Ok(table)
    }

    fn replay(&mut self, game: &mut Game<'_, '_>) -> Result<(), Failure> {
        let start = game.start();
        for (at, entry) in self.saved.entries.iter().enumerate() {
            let (at_ms, events) = match entry {
                Entry::Typed { at_ms, events, .. } | Entry::Clock { at_ms, events } => {
                    (*at_ms, *events)
                }
                Entry::Answer { answer, .. } => {
                    self.answers.push(answer.clone());
                    continue;
                }
            };
            game.pass(start + at_ms);
            if game.written() as u64 != events {
                let message = format!(
                    "line {} of `{}` does not replay: {} events then, {} now",
                    at + 2,
                    self.saved.folder.join(JOURNAL).display(),
                    events,
                    game.written()
                );
                let version = &self.saved.head.drill_version;
                let help = if version == env!("CARGO_PKG_VERSION") {
                    "somebody changed it; begin another game with --out".to_owned()
                } else {
                    format!("go on with drill {version}, which it was begun with")
                };
                return Err(Diagnostic::error("play::differs", message).help(help).into());
            }
            if let Entry::Typed { typed, .. } = entry {
                game.typed(typed);
            }
        }
        Ok(())
    }

    /// Plays until the exercise is over; false when the person left before.
    pub(super) fn until_it_is_over(
        &mut self,
        game: &mut Game<'_, '_>,
        ui: &mut Ui,
    ) -> Result<bool, Failure> {
        let over = if self.input.is_person() {
            self.by_the_clock(game, ui)?
        } else {
            self.by_lines(game, ui)?
        };
        if !over {
            self.say_how_to_go_on(ui);
        }
        Ok(over)
    }

    fn say_how_to_go_on(&self, ui: &Ui) {
        ui.remark(report::play_go_on(&self.saved.folder.to_string_lossy(), ui.lang()));
    }

    /// Lines that say themselves when they are typed.
    fn by_lines(&mut self, game: &mut Game<'_, '_>, ui: &mut Ui) -> Result<bool, Failure> {
        while !game.is_over() {
            let Some(line) = self.next_line()? else { return Ok(false) };
            if let Some(at) = line.at {
                let to = game.start() + at;
                let shown = game.pass(to);
                self.show(&shown, game, ui)?;
                if game.is_over() {
                    break;
                }
            }
            if self.take(&line, game, ui)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn next_line(&mut self) -> Result<Option<Line>, Failure> {
        let Input::Lines(lines) = &mut self.input else { return Ok(None) };
        let line = lines.next().transpose();
        line.map_err(|error| Failure::file(Path::new("standard input"), error))
    }

    /// A line takes effect; whether the person leaves.
    fn take(&mut self, line: &Line, game: &mut Game<'_, '_>, ui: &mut Ui) -> Result<bool, Failure> {
        let (at_ms, events) = (game.now() - game.start(), game.written() as u64);
        let typed = line.text.chars().take(MAX_LINE_CHARS).collect();
        if !self.input.is_person() {
            let prompt = report::play_prompt(game.setting(), game.now(), game.role(), ui.lang());
            ui.talk(&format!("{prompt}{}\n", clean(&line.text)))?;
        }
        self.saved.journal.add(&Entry::Typed { at_ms, events, typed, line: line.number })?;
        let shown = game.typed(&line.text);
        self.show(&shown, game, ui)?;
        Ok(shown.iter().any(|one| matches!(one, Shown::Left)))
    }

    /// Shows what came out, once the instant is on the disk.
    fn show(&mut self, shown: &[Shown], game: &Game<'_, '_>, ui: &mut Ui) -> Result<(), Failure> {
        if shown.is_empty() {
            return Ok(());
        }
        let (at_ms, events) = (game.now() - game.start(), game.written() as u64);
        self.saved.journal.add(&Entry::Clock { at_ms, events })?;
        ui.talk(&report::play_text(shown, game.setting(), ui.lang(), ui.style()))?;
        ui.finish()
    }

    /// A person at the keyboard: a second is a second, unless it is skipped.
    fn by_the_clock(&mut self, game: &mut Game<'_, '_>, ui: &mut Ui) -> Result<bool, Failure> {
        let mut clock = Clock::at(game.now());
        self.prompt(game, ui)?;
        loop {
            let shown = game.pass(clock.now());
            if !shown.is_empty() {
                ui.talk("\n")?;
                self.show(&shown, game, ui)?;
                if game.is_over() {
                    return Ok(true);
                }
                self.prompt(game, ui)?;
            }
            let text = match self.listen(&mut clock) {
                Heard::Line(text) => text,
                Heard::Nothing => continue,
                Heard::End => {
                    ui.talk("\n")?;
                    return Ok(false);
                }
            };
            let before = game.pass(clock.now());
            self.show(&before, game, ui)?;
            let line = Line { at: None, text, number: None };
            let paused = verb_of(&line.text).is_some_and(|verb| verb.word == "pause");
            if self.take(&line, game, ui)? {
                return Ok(false);
            }
            if game.is_over() {
                return Ok(true);
            }
            if paused && matches!(self.rest(), Heard::End) {
                return Ok(false);
            }
            clock = Clock::at(game.now());
            self.prompt(game, ui)?;
        }
    }

    fn prompt(&self, game: &Game<'_, '_>, ui: &mut Ui) -> Result<(), Failure> {
        ui.ask(&report::play_prompt(game.setting(), game.now(), game.role(), ui.lang()))
    }

    /// Waits for a line while the clock goes on; a machine that slept in between stopped it.
    fn listen(&self, clock: &mut Clock) -> Heard {
        let Input::Person(lines) = &self.input else { return Heard::End };
        let before = clock.now();
        let heard = hear(lines, TICK);
        if clock.since(before) > TICK + ASLEEP {
            clock.back_to(before);
        }
        heard
    }

    /// Waits for a line while the clock stands still.
    fn rest(&self) -> Heard {
        let Input::Person(lines) = &self.input else { return Heard::End };
        lines.recv().map_or(Heard::End, Heard::Line)
    }

    /// Asks for the improvement plan; `None` when the person left before it was whole.
    pub(super) fn debrief(
        &mut self,
        result: &AfterAction<'_>,
        ui: &mut Ui,
    ) -> Result<Option<Vec<Improvement>>, Failure> {
        let header = &result.timeline.header;
        let mut debrief = Debrief::new(result.card, result.pack, header);
        for answer in std::mem::take(&mut self.answers) {
            // An answer that was refused was asked again.
            let _ = debrief.answer(&answer);
        }
        let (lang, style) = (ui.lang(), ui.style());
        while let Some((improvement, field)) = debrief.question() {
            let place = debrief.place();
            let text = report::play_question(result, improvement, field, place, lang, style);
            ui.ask(&text)?;
            let Some((line, number)) = self.answer()? else { break };
            if !self.input.is_person() {
                ui.talk(&format!("{}\n", clean(&line)))?;
            }
            if verb_of(&line).is_some_and(|verb| verb.word == "quit") && !line.trim().contains(' ')
            {
                self.say_how_to_go_on(ui);
                return Ok(None);
            }
            let answer = line.chars().take(MAX_LINE_CHARS).collect();
            self.saved.journal.add(&Entry::Answer { answer, line: number })?;
            if let Err(wrong) = debrief.answer(&line) {
                ui.talk(&report::play_misanswer(&wrong, lang))?;
            }
        }
        ui.talk("\n")?;
        Ok(Some(debrief.plan()))
    }

    fn answer(&mut self) -> Result<Option<(String, Option<u64>)>, Failure> {
        if self.input.is_person() {
            return Ok(match self.rest() {
                Heard::Line(line) => Some((line, None)),
                _ => None,
            });
        }
        // Commands that were left over when the exercise ended are no answers.
        while let Some(line) = self.next_line()? {
            if let Some(answer) = line.text.strip_prefix('>') {
                return Ok(Some((answer.trim().to_owned(), line.number)));
            }
        }
        Ok(None)
    }

    /// The files that only a game has.
    pub(super) fn files(&self, result: &AfterAction<'_>, ui: &Ui) -> Vec<(String, Vec<u8>)> {
        let lang = ui.lang();
        vec![
            ("after-action.html".to_owned(), report::after_action_html(result, lang).into_bytes()),
            (
                "after-action.md".to_owned(),
                report::after_action_markdown(result, lang).into_bytes(),
            ),
            ("after-action.json".to_owned(), report::after_action_json(result).into_bytes()),
            ("after-action.csv".to_owned(), report::after_action_csv(result).into_bytes()),
            (JOURNAL.to_owned(), self.saved.journal.bytes().to_vec()),
        ]
    }
}

/// A clock at the pace of the real one.
struct Clock {
    from: SimTime,
    since: Instant,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a person thinks at the pace of a real clock")]
    fn at(now: SimTime) -> Self {
        Self { from: now, since: Instant::now() }
    }

    fn now(&self) -> SimTime {
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.from + SimDuration::from_ms(passed)
    }

    fn since(&self, before: SimTime) -> Duration {
        let ms = (self.now() - before).ms();
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }

    fn back_to(&mut self, then: SimTime) {
        *self = Self::at(then);
    }
}
