//! `drill calibrate`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::args::{Common, Format};
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::assess::{Calibration, Evidence, MIN_ANSWERED, MIN_RECORDS, calibrate as fit};
use crate::diag::{Diagnostic, SourceText};
use crate::load::{self, Catalog, MAX_TIMELINE_BYTES, preset_toml};
use crate::model::{Name, Pack, Preset, System};
use crate::report;
use crate::store::History;
use crate::timeline::Timeline;
use crate::units::Zone;

/// Files that folders may hold at most, so that a slip does not read a whole disk.
const MAX_FILES: usize = 20_000;
/// What all files may hold together, since they are joined in memory.
const MAX_BYTES: usize = 512 * 1024 * 1024;
/// Folders in folders.
const MAX_DEPTH: usize = 8;

/// `drill calibrate`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill calibrate exports/pagerduty --name our-team --zone Asia/Tokyo\n  drill calibrate drill-out live.jsonl --history --name our-team --base pagerduty-norms\n  drill run quarterly-outage --preset our-team\n\nReads webhook bodies of PagerDuty (v3), Opsgenie and Alertmanager as JSON, answers of\nAlertmanager's API, and timelines of drills with people in them. At least 20 waits, 10 of them\nended, make a figure; what has fewer stays as the base assumes it.\nFormats: text, json, md."
)]
pub(super) struct CalibrateArgs {
    /// Files or folders: exports as JSON or JSON lines, timelines, folders of drills.
    #[arg(required_unless_present = "history")]
    pub(super) files: Vec<PathBuf>,
    /// Name of the new preset.
    #[arg(long, value_name = "NAME")]
    pub(super) name: String,
    /// The preset that gives what the records do not.
    #[arg(long, value_name = "PRESET", default_value = "public-postmortem")]
    pub(super) base: String,
    /// Zone of the team's working hours (Monday to Friday, 9 to 18).
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(super) zone: Zone,
    /// The drills with people in the workspace's history, too.
    #[arg(long)]
    pub(super) history: bool,
    /// Write the file here [default: presets/NAME.toml of the workspace, or NAME.toml].
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Fits a preset to records and writes it.
pub(super) fn calibrate(common: &Common, args: &CalibrateArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json, Format::Md], "calibrate")?;
    check_name(&args.name)?;
    let root = workspace::workspace(common)?;
    let catalog = Catalog::new(root.as_deref());
    let base = catalog.preset(&args.base)?.value;
    let mut evidence = Evidence::default();
    read(args, &catalog, &mut evidence)?;
    if args.history {
        history(root.as_deref(), &mut evidence)?;
    }
    let found = fit(&evidence, &base, &Name::from(args.name.as_str()), args.zone);
    if found.fitted.is_empty() {
        let lang = ui.lang();
        ui.remark(report::calibration_text(&found, None, lang, ui.style()));
        let message = format!(
            "too few records to fit anything: {} is as good as ever, and nothing was written",
            args.base
        );
        let help = format!(
            "a figure needs {MIN_RECORDS} waits, {MIN_ANSWERED} of them ended; give more records"
        );
        return Err(Diagnostic::error("calibrate::too-few", message).help(help).into());
    }
    let target = match (&args.out, &root) {
        (Some(out), _) => out.clone(),
        (None, Some(root)) => root.join("presets").join(format!("{}.toml", args.name)),
        (None, None) => PathBuf::from(format!("{}.toml", args.name)),
    };
    write(&target, &found, &base)?;
    let (lang, shown) = (ui.lang(), target.to_string_lossy());
    let text = match common.format {
        Format::Json => report::calibration_json(&found, &shown),
        Format::Md => report::calibration_markdown(&found, Some(&shown), lang),
        _ => report::calibration_text(&found, Some(&shown), lang, ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// The name becomes that of a file.
fn check_name(name: &str) -> Result<(), Diagnostic> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && name.len() <= 64 && name.chars().all(fits) {
        return Ok(());
    }
    let message = format!("`{name}` cannot be the name of a preset");
    let help = "use lower-case letters, digits and `-`, such as our-team";
    Err(Diagnostic::error("calibrate::name", message).help(help))
}

fn read(args: &CalibrateArgs, catalog: &Catalog, evidence: &mut Evidence) -> Result<(), Failure> {
    let mut files = Vec::new();
    for path in &args.files {
        find(path, 0, &mut files)?;
    }
    let (mut exports, mut timelines) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for file in files {
        let source = load::read(&file, MAX_TIMELINE_BYTES)?;
        bytes += source.text.len();
        if bytes > MAX_BYTES {
            let message = format!("the files hold more than {} MiB", MAX_BYTES / 1024 / 1024);
            let help = "calibrate from a shorter time; the latest months say most";
            return Err(Diagnostic::error("calibrate::too-large", message).help(help).into());
        }
        match is_timeline(&file, &source) {
            true => timelines.push(source),
            false => exports.push(source),
        }
    }
    let texts: Vec<&str> = exports.iter().map(|source| &*source.text).collect();
    if let Err((index, error)) = evidence.add_exports(&texts) {
        let message = format!("this is not JSON: {error}");
        let help = "give webhook bodies as JSON, one or many per file, or timelines";
        let diagnostic = Diagnostic::error("calibrate::not-json", message);
        return Err(diagnostic.in_file(&exports[index]).help(help).into());
    }
    for source in timelines {
        let timeline = timeline(&source)?;
        let (pack, system) = judged_by(&timeline, catalog, &source)?;
        evidence.add_timeline(&timeline, &pack, system.as_ref());
    }
    Ok(())
}

fn is_timeline(path: &Path, source: &SourceText) -> bool {
    let toml = path.extension().is_some_and(|ending| ending == "toml");
    let first = source.text.lines().next().unwrap_or_default();
    toml || first.contains("\"drill.timeline/")
}

fn timeline(source: &SourceText) -> Result<Timeline, Failure> {
    match source.text.trim_start().starts_with('{') {
        true => Ok(crate::timeline::read_jsonl(source)?),
        false => Ok(load::timeline_toml(source)?.value),
    }
}

fn judged_by(
    timeline: &Timeline,
    catalog: &Catalog,
    source: &SourceText,
) -> Result<(Pack, Option<System>), Failure> {
    let Some(name) = timeline.header.pack.as_deref() else {
        let message = "this timeline names no pack to read its milestones with";
        return Err(Diagnostic::error("calibrate::no-pack", message)
            .in_file(source)
            .help("add `pack = \"cinecom\"` to its header")
            .into());
    };
    let pack = catalog.pack(name)?.value;
    let system = timeline.header.system.as_deref();
    Ok((pack, system.and_then(|name| catalog.system(name).ok()).map(|loaded| loaded.value)))
}

/// The files of `path`, ascending; of a drill's folder its timeline only.
fn find(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let of_drill = path.join("timeline.jsonl");
    if of_drill.is_file() {
        files.push(of_drill);
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(|error| Failure::file(path, error))?;
    let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inside.sort();
    for entry in inside {
        let known = |ending: &str| entry.extension().is_some_and(|known| known == ending);
        let hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if entry.is_dir() && depth < MAX_DEPTH && !hidden {
            find(&entry, depth + 1, files)?;
        } else if entry.is_file() && ["json", "jsonl", "ndjson"].into_iter().any(known) {
            files.push(entry);
        }
        if files.len() > MAX_FILES {
            let message = format!("`{}` holds more than {MAX_FILES} files", path.display());
            let help = "put the bodies of many into one file, one per line";
            return Err(Diagnostic::error("calibrate::too-many", message).help(help).into());
        }
    }
    Ok(())
}

fn history(root: Option<&Path>, evidence: &mut Evidence) -> Result<(), Failure> {
    let Some(root) = root else {
        let message = "there is no workspace here, so there is no history";
        let help = "make one with `drill init`, or name one with --workspace";
        return Err(Diagnostic::error("usage::no-workspace", message).help(help).into());
    };
    // Asking makes a database; a workspace without drills has none, and keeps none.
    if !root.join(".drill").join("history.duckdb").is_file() {
        return Ok(());
    }
    for row in History::of_workspace(root).drills()? {
        let card = serde_json::from_str(&row.scorecard).unwrap_or_default();
        evidence.add_scorecard(&card);
    }
    Ok(())
}

/// Writes the preset beside its place and renames it; what was written is read again first.
fn write(target: &Path, found: &Calibration, base: &Preset) -> Result<(), Failure> {
    let lead = [
        format!("Calibrated from {} incidents in {} records.", found.incidents, found.records),
        format!("What says `measured` is fitted; the rest is that of `{}`.", base.name),
    ];
    let text = preset_toml(&found.preset, &lead);
    load::preset(&SourceText::new(target.to_string_lossy(), text.as_str()))?;
    let fail = |error| Failure::file(target, error);
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    let partial = target.with_extension(format!("toml.partial-{}", std::process::id()));
    fs::write(&partial, text).and_then(|()| fs::rename(&partial, target)).map_err(fail)
}
