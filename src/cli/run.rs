//! `drill run`.

use std::path::Path;

use super::args::{Common, Format, RunArgs};
use super::progress::Bar;
use super::ui::{Failure, Ui, only};
use super::{exit, folder, play, workspace};
use crate::diag::{Diagnostic, Diagnostics};
use crate::exercise::{
    Asked, Drill, Inputs, Options, Prepared, TrialsAsked, judge_drill, parse_requirement,
    run_drill, trials,
};
use crate::load::system_slos_yaml;
use crate::model::Name;
use crate::report;
use crate::store;
use crate::timeline::write_jsonl;

/// Runs a drill once or many times.
pub(super) fn run(common: &Common, args: &RunArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let formats = [Format::Text, Format::Json, Format::Md, Format::Html, Format::Csv];
    only(common.format, &formats, "run")?;
    if args.play.is_some() || args.resume.is_some() {
        return play::play(common, args, ui);
    }
    if args.script.is_some() {
        let message = "--script says what a person at a seat types, and nobody has a seat";
        let help = "name the seat with --play ROLE";
        return Err(Diagnostic::error("usage::script", message).help(help).into());
    }
    let inputs = workspace::inputs(common, args, ui)?;
    let require = requirements(args, &inputs)?;
    let options = options(common, args);
    let prepared = Prepared::new(&inputs, &options)?;
    match args.trials {
        Some(number) => many(common, args, &prepared, number, require, ui),
        None => once(common, args, &prepared, &require, ui),
    }
}

/// What a run is a function of, beside its files.
pub(super) fn options(common: &Common, args: &RunArgs) -> Options {
    Options {
        seed: args.seed,
        start: args.start,
        when: args.when,
        mode: args.mode,
        without: args.without.iter().map(|role| Name::from(role.as_str())).collect(),
        threads: threads(common),
    }
}

pub(super) fn threads(common: &Common) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    common.threads.map_or_else(all, usize::from)
}

pub(super) fn requirements(args: &RunArgs, inputs: &Inputs) -> Result<Vec<Asked>, Diagnostics> {
    let mut wrong = Diagnostics::default();
    let mut asked = Vec::new();
    for text in &args.require {
        match parse_requirement(text, &inputs.pack) {
            Ok(one) => asked.push(one),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if wrong.list.is_empty() { Ok(asked) } else { Err(wrong) }
}

fn once(
    common: &Common,
    args: &RunArgs,
    prepared: &Prepared<'_>,
    require: &[Asked],
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let drill = run_drill(prepared, args.band, &Bar::new(ui))?;
    for failure in &drill.script_failures {
        ui.diagnostics(&failure.clone().into());
    }
    let counts = drill.counts;
    ui.detail(format_args!(
        "{} events, {} slices, {} policy calls",
        counts.events, counts.slices, counts.policy_calls
    ));
    let hash = drill.trace_hash.to_string();
    let name = format!("{}-{}-{}", drill.scenario.name, args.seed, &hash[..8]);
    let target = args.out.clone().unwrap_or_else(|| Path::new("drill-out").join(name));
    let files = drill_files(&drill, ui)?;
    folder::write(&target, &files)?;
    remember(common, &drill, ui)?;
    let lang = ui.lang();
    let text = match common.format {
        Format::Json => report::drill_json(&drill),
        Format::Md => report::drill_markdown(&drill, lang),
        Format::Html => report::drill_html(&drill, lang),
        Format::Csv => report::drill_csv(&drill),
        Format::Text | Format::Junit => report::drill_text(&drill, lang, ui.style()),
    };
    ui.data(&text)?;
    verdict(common, args, &drill, require, &target, ui)
}

/// Says what was asked of a drill and whether it holds, and where its folder is.
pub(super) fn verdict(
    common: &Common,
    args: &RunArgs,
    drill: &Drill,
    require: &[Asked],
    target: &Path,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let lang = ui.lang();
    let requirements: Vec<_> = require.iter().map(|asked| judge_drill(asked, drill)).collect();
    if common.format == Format::Text {
        ui.data(&report::requirements_text(&requirements, lang))?;
        ui.data(&report::folder_text(&target.to_string_lossy(), lang))?;
    } else {
        ui.remark(format_args!("report: {}", target.join("report.html").display()));
    }
    let enough = args.fail_under.is_none_or(|points| passes(&drill.scorecard, points));
    if let (false, Some(wanted)) = (enough, args.fail_under) {
        let overall = &drill.scorecard.overall;
        let got = overall.points.map_or_else(|| "unknown".to_owned(), |got| format!("{got:.1}"));
        let gates = overall.gates.len();
        ui.remark(format_args!(
            "--fail-under does not hold: {got} of {wanted} points, {gates} hard gates failed"
        ));
    }
    let holds = requirements.iter().all(|requirement| requirement.holds);
    Ok(if enough && holds { exit::OK } else { exit::FAILED })
}

/// Whether a scorecard has at least `points` and no failed gate; unknown points do not.
pub(super) fn passes(card: &crate::score::Scorecard, points: f64) -> bool {
    card.overall.gates.is_empty() && card.overall.points.is_some_and(|got| got >= points)
}

/// The files of a drill's folder.
pub(super) fn drill_files(drill: &Drill, ui: &Ui) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let lang = ui.lang();
    let mut timeline = Vec::new();
    write_jsonl(&drill.timeline, &mut timeline)
        .map_err(|error| Failure::file(Path::new("timeline.jsonl"), error))?;
    let mut telemetry = Vec::new();
    store::write_telemetry(&drill.telemetry, &mut telemetry)?;
    let card = report::scorecard_json(&drill.timeline, &drill.pack, &drill.scorecard);
    let mut files = vec![
        ("timeline.jsonl".to_owned(), timeline),
        ("scorecard.json".to_owned(), card.into_bytes()),
        ("report.html".to_owned(), report::drill_html(drill, lang).into_bytes()),
        ("report.md".to_owned(), report::drill_markdown(drill, lang).into_bytes()),
        ("telemetry.parquet".to_owned(), telemetry),
        ("slos.yaml".to_owned(), system_slos_yaml(&drill.system, "telemetry").into_bytes()),
    ];
    let local = report::local_files(drill, lang).into_iter();
    files.extend(local.map(|(name, text)| (name, text.into_bytes())));
    let drafts = report::drill_drafts(drill, lang).into_iter();
    files.extend(drafts.map(|(name, text)| (name, text.into_bytes())));
    let plots = report::plots(drill, lang);
    files.extend(plots.into_iter().map(|(name, svg)| (name, svg.into_bytes())));
    Ok(files)
}

/// Adds the drill to the workspace's history, or says that there is none.
#[expect(clippy::disallowed_methods, reason = "a history says when a drill was really held")]
pub(super) fn remember(common: &Common, drill: &Drill, ui: &Ui) -> Result<(), Failure> {
    let Some(workspace) = workspace::workspace(common)? else {
        ui.remark("no workspace here, so this drill goes into no history (see `drill init`)");
        return Ok(());
    };
    super::kept_actions::remind(&workspace, ui)?;
    let header = &drill.timeline.header;
    let row = store::DrillRow {
        trace_hash: drill.trace_hash.to_string(),
        scenario: drill.scenario.name.to_string(),
        pack: format!("{}@{}", drill.pack.name, drill.pack.hash),
        responders: drill.preset.name.to_string(),
        seed: header.seed.map_or(0, |seed| seed.0),
        start: header.start.rfc3339(header.zone),
        recorded_at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        scorecard: report::scorecard_json(&drill.timeline, &drill.pack, &drill.scorecard),
    };
    Ok(store::History::of_workspace(&workspace).append(&row)?)
}

fn many(
    common: &Common,
    args: &RunArgs,
    prepared: &Prepared<'_>,
    number: u32,
    require: Vec<Asked>,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let asked = TrialsAsked { trials: number, why: args.why, require };
    let result = trials(prepared, &asked, &Bar::new(ui))?;
    let lang = ui.lang();
    let json = report::trials_json(&result);
    if let Some(target) = &args.out {
        let mut files = vec![
            ("trials.json".to_owned(), json.clone().into_bytes()),
            ("report.html".to_owned(), report::trials_html(&result, lang).into_bytes()),
            ("report.md".to_owned(), report::trials_markdown(&result, lang).into_bytes()),
        ];
        let plots = report::trials_plots(&result, lang).into_iter();
        files.extend(plots.map(|(name, svg)| (name, svg.into_bytes())));
        folder::write(target, &files)?;
        ui.remark(format_args!("report: {}", target.join("report.html").display()));
    }
    let text = match common.format {
        Format::Json => json,
        Format::Md => report::trials_markdown(&result, lang),
        Format::Html => report::trials_html(&result, lang),
        Format::Csv => report::trials_csv(&result),
        Format::Text | Format::Junit => report::trials_text(&result, lang, ui.style()),
    };
    ui.data(&text)?;
    let holds = result.requirements.iter().all(|requirement| requirement.holds);
    Ok(if holds { exit::OK } else { exit::FAILED })
}
