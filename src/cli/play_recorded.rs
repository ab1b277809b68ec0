//! A game on a recorded incident: its files, its end.

use std::path::Path;

use super::args::{Common, RunArgs};
use super::play::{Saved, Table, hash_of, printed};
use super::ui::{Failure, Ui};
use super::{exit, folder, kept_actions, run, workspace};
use crate::diag::Diagnostic;
use crate::exercise::play::{Ended, Game, Recording, judge_record};
use crate::model::{ContentHash, Mode, Name, Pack, System};
use crate::report::{self, AfterAction};
use crate::score::Scorecard;
use crate::timeline::{Timeline, write_jsonl};

/// A game on a recording. Its report has no band: what would be simulated is not known.
pub(super) fn play_record(
    common: &Common,
    args: &RunArgs,
    recording: &Recording,
    role: &Name,
    saved: Saved,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    if let Some(asked) = args.require.first() {
        let message = format!("`--require {asked}` needs a drill");
        let help = "score the timeline of the game with `drill score --fail-under`";
        return Err(Diagnostic::error("usage::recorded", message).help(help).into());
    }
    let mode = args.mode.unwrap_or(Mode::Evaluate);
    let mut game = Game::of_record(recording, role, mode);
    let mut table = Table::sit(saved, args, &mut game, ui)?;
    if !table.until_it_is_over(&mut game, ui)? {
        return Ok(exit::OK);
    }
    let (mut played, ended) = game.ended();
    let Ended::Record { timeline, .. } = ended else { return Ok(exit::OK) };
    let card = judge_record(recording, &timeline)?;
    let pack = &recording.pack;
    let (lang, style) = (ui.lang(), ui.style());
    let first = AfterAction::of_record(&timeline, pack, &card, &played);
    ui.talk(&report::hot_wash_text(&first, lang, style))?;
    let Some(plan) = table.debrief(&first, ui)? else { return Ok(exit::OK) };
    played.plan = plan;
    let mut files = record_files(&timeline, pack, &card, ui)?;
    let after = AfterAction::of_record(&timeline, pack, &card, &played);
    let text = || report::scorecard_text(&timeline, pack, &card, lang, style);
    ui.data(&printed(common.format, &after, text, lang))?;
    files.extend(table.files(&after, ui));
    folder::write_game(&table.saved.folder, &files)?;
    kept_actions::keep_plan(common, &timeline, &played.plan, ui)?;
    ui.talk(&report::folder_text(&table.saved.folder.to_string_lossy(), lang))?;
    let enough = args.fail_under.is_none_or(|points| run::passes(&card, points));
    Ok(if enough { exit::OK } else { exit::FAILED })
}

fn record_files(
    timeline: &Timeline,
    pack: &Pack,
    card: &Scorecard,
    ui: &Ui,
) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut jsonl = Vec::new();
    write_jsonl(timeline, &mut jsonl)
        .map_err(|error| Failure::file(Path::new("timeline.jsonl"), error))?;
    let lang = ui.lang();
    Ok(vec![
        ("timeline.jsonl".to_owned(), jsonl),
        ("scorecard.json".to_owned(), report::scorecard_json(timeline, pack, card).into_bytes()),
        ("report.html".to_owned(), report::scorecard_html(timeline, pack, card, lang).into_bytes()),
        (
            "report.md".to_owned(),
            report::scorecard_markdown(timeline, pack, card, lang).into_bytes(),
        ),
    ])
}

/// Whether a file is the timeline of an incident rather than a scenario.
pub(super) fn is_timeline(path: &Path) -> bool {
    use std::io::Read;
    let mut begin = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(8192).read_to_end(&mut begin));
    path.is_file() && read.is_ok() && String::from_utf8_lossy(&begin).contains("drill.timeline/")
}

/// The recording that is played, with the pack, the system and the people it names.
pub(super) fn recording(
    common: &Common,
    args: &RunArgs,
    path: &Path,
    ui: &Ui,
) -> Result<Recording, Failure> {
    let catalog = workspace::catalog(common)?;
    let timeline = workspace::timeline(&catalog, path, ui)?;
    let named = args.pack.as_deref().or(timeline.header.pack.as_deref());
    let Some(name) = named else {
        let message = format!("`{}` names no pack to score with", path.display());
        let help = "name one with --pack (see `drill list packs`)";
        return Err(Diagnostic::error("score::no-pack", message).help(help).into());
    };
    let loaded = catalog.pack(name)?;
    ui.diagnostics(&loaded.warnings);
    let system: Option<System> = match args.system.as_deref() {
        Some(name) => Some(catalog.system(name)?.value),
        None => {
            let named = timeline.header.system.as_ref();
            named.and_then(|name| catalog.system(name).ok()).map(|loaded| loaded.value)
        }
    };
    let preset = catalog.preset(&args.responders)?.value;
    Ok(Recording { timeline, pack: loaded.value, system, preset })
}

/// What a game on a recording is a function of.
pub(super) fn recording_hash(recording: &Recording) -> String {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = write_jsonl(&recording.timeline, &mut bytes);
    let system = recording.system.as_ref().map_or(0, |system| system.hash.0);
    let preset = recording.preset.hash.0;
    hash_of(&[ContentHash::of(&bytes).0, recording.pack.hash.0, system, preset])
}
