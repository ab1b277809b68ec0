//! `drill routine`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{Common, Format};
use super::probe::{Machine, probe};
use super::probe_command::CommandRules;
use super::routine_args::{RoutineArgs, RoutineCommand};
use super::routine_kept::Kept;
use super::slo::{self, Loaded};
use super::slo_args::SloInput;
use super::ui::{Failure, Ui, only};
use super::{archive_files, exit, workspace};
use crate::assess::{self, CheckState, Outcome, RoutineReport, RoutineTimes, SloSources};
use crate::diag::{Diagnostic, did_you_mean};
use crate::load::{Catalog, Kind};
use crate::model::{Check, CheckSource, Name, Routine, RoutineFile, RoutineKind, Text};
use crate::report::{self, RoutineLook};
use crate::store::Streams;
use crate::units::{SimDuration, SimTime};

/// Data that end so long before the clock are remarked on.
const STALE: SimDuration = SimDuration::from_hours(24);
/// Codes of failures that leave objectives unknown instead of ending the routine.
const WITHOUT_DATA: [&str; 3] = ["slo::no-spec", "slo::no-data", "rollup::no-stream"];

/// Works through a routine.
pub(super) fn routine(
    common: &Common,
    command: &RoutineCommand,
    ui: &mut Ui,
) -> Result<u8, Failure> {
    let (kind, args) = match command {
        RoutineCommand::Daily(args) => (RoutineKind::Daily, args),
        RoutineCommand::Weekly(args) => (RoutineKind::Weekly, args),
        RoutineCommand::Monthly(args) => (RoutineKind::Monthly, args),
        RoutineCommand::Health(args) => (RoutineKind::Health, args),
    };
    let formats = [Format::Text, Format::Json, Format::Md];
    only(common.format, &formats, &format!("routine {}", kind.as_str()))?;
    let catalog = workspace::catalog(common)?;
    let file = chosen(&catalog, args, ui)?;
    let routine = of_kind(&file, kind)?;
    let work = Work::new(common, args, ui, &catalog, &file, routine)?;
    if args.archive {
        archive_files::archive(routine, &work.root, work.times.machine, ui)?;
    }
    let mut outcomes = Vec::with_capacity(routine.checks.len());
    for check in &routine.checks {
        outcomes.push(work.judge(check, args)?);
    }
    let report = RoutineReport::new(&file, routine, outcomes, work.times);
    let look = RoutineLook { lang: ui.lang(), emoji: args.emoji, detail: ui.is_verbose() };
    if let Some(out) = &args.out {
        write_log(out, &report, look, ui)?;
    }
    let text = match common.format {
        Format::Json => report::routine_json(&report),
        Format::Md => report::routine_markdown(&report, look),
        _ => report::routine_text(&report, look, ui.style()),
    };
    ui.data(&text)?;
    Ok(if report.overall() == CheckState::Critical { exit::FAILED } else { exit::OK })
}

/// The routines of `--pack`, or of the pack that the workspace is about.
fn chosen(catalog: &Catalog, args: &RoutineArgs, ui: &Ui) -> Result<RoutineFile, Failure> {
    let name = match &args.pack {
        Some(name) => Name::from(name.as_str()),
        None => default_pack(catalog)?,
    };
    let loaded = catalog.routine(&name)?;
    ui.diagnostics(&loaded.warnings);
    Ok(loaded.value)
}

/// The only pack with routines whose service the SLOs of the workspace are about.
fn default_pack(catalog: &Catalog) -> Result<Name, Failure> {
    let known = catalog.names(Kind::Routine);
    if let [only] = known.as_slice() {
        return Ok(only.clone());
    }
    let services = services(catalog)?;
    let fits: Vec<&Name> = known
        .iter()
        .filter(|name| services.iter().any(|(_, found)| found.contains(name)))
        .collect();
    if let [only] = fits.as_slice() {
        return Ok((*only).clone());
    }
    let names: Vec<&str> = known.iter().map(Name::as_str).collect();
    let message = "it is not clear whose routine is meant";
    let help = format!("name one with --pack: {}", names.join(", "));
    Err(Diagnostic::error("routine::which-pack", message).help(help).into())
}

/// The files of SLOs in the workspace, each with the services it is about.
fn services(catalog: &Catalog) -> Result<Vec<(Name, Vec<Name>)>, Failure> {
    let mut found = Vec::new();
    for file in catalog.workspace_slos() {
        let slos = catalog.slos(&[&file])?.value;
        found.push((file, slos.into_iter().map(|slo| slo.service).collect()));
    }
    Ok(found)
}

fn of_kind(file: &RoutineFile, kind: RoutineKind) -> Result<&Routine, Failure> {
    let found = file.routines.iter().find(|routine| routine.kind == kind);
    found.ok_or_else(|| {
        let message = format!("`{}` has no {} routine", file.pack, kind.as_str());
        let kinds: Vec<&str> = file.routines.iter().map(|one| one.kind.as_str()).collect();
        let help = match did_you_mean(kind.as_str(), kinds.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has: {}", kinds.join(", ")),
        };
        Diagnostic::error("routine::no-such-kind", message).help(help).into()
    })
}

/// What the checks of a routine stand on.
struct Work {
    root: PathBuf,
    memory: Option<PathBuf>,
    streams: Option<Streams>,
    kept: Kept,
    /// The objectives, or why there are none.
    slos: Option<Result<Loaded, Text>>,
    levels: Vec<crate::model::AlertLevel>,
    times: RoutineTimes,
}

impl Work {
    fn new(
        common: &Common,
        args: &RoutineArgs,
        ui: &Ui,
        catalog: &Catalog,
        file: &RoutineFile,
        routine: &Routine,
    ) -> Result<Self, Failure> {
        let folder = workspace::workspace(common)?;
        let slos = match routine.checks.iter().any(|check| asks_slos(&check.source)) {
            true => Some(objectives(common, args, ui, catalog, file)?),
            false => None,
        };
        let streams = folder.as_deref().map(Streams::of_workspace);
        #[expect(clippy::disallowed_methods, reason = "what a machine is like is a matter of now")]
        let clock = SimTime::from_ms(chrono::Utc::now().timestamp_millis());
        let end = end_of_data(streams.as_ref(), slos.as_ref(), routine)?;
        let times = RoutineTimes {
            data: args.at.or(end),
            machine: args.at.unwrap_or(clock),
            asked: args.at.is_some(),
            zone: args.zone,
        };
        if let (Some(end), None) = (end, args.at)
            && clock - end > STALE
        {
            let (at, age) = (end.rfc3339(args.zone), (clock - end).human());
            ui.remark(format_args!("the data end at {at}, {age} ago; --at names an instant"));
        }
        let kept = match routine.checks.iter().any(|check| asks_history(&check.source)) {
            true => Kept::read(folder.as_deref(), catalog, &file.pack, &times)?,
            false => Kept::default(),
        };
        let here = folder.clone().unwrap_or_else(|| PathBuf::from("."));
        Ok(Self {
            root: args.root.clone().unwrap_or(here),
            memory: folder.map(|folder| folder.join(".drill").join("routine")),
            streams,
            kept,
            slos,
            levels: file.levels.clone(),
            times,
        })
    }

    fn judge(&self, check: &Check, args: &RoutineArgs) -> Result<Outcome, Failure> {
        let (zone, source) = (self.times.zone, &check.source);
        let machine = Machine {
            root: &self.root,
            now: self.times.machine,
            memory: self.memory.clone(),
            remember: !self.times.asked,
            commands: match args.allow_commands {
                true => CommandRules::Allowed,
                false => CommandRules::Never,
            },
        };
        if let Some(fact) = probe(source, &check.id, &machine) {
            return Ok(assess::judge_fact(source, &fact, self.times.machine, zone));
        }
        if asks_history(source) {
            return Ok(self.kept.judge(source, &self.times));
        }
        if asks_slos(source) {
            return Ok(match &self.slos {
                Some(Ok(loaded)) => {
                    let (series, view, levels) = (&*loaded.series, &loaded.view, &*self.levels);
                    let from = SloSources { series, view, levels, zone };
                    assess::judge_slos(source, &from).unwrap_or_else(nothing)
                }
                Some(Err(why)) => Outcome::unknown(why.clone()),
                None => nothing(),
            });
        }
        let (Some(streams), Some(now)) = (&self.streams, self.times.data) else {
            return Ok(Outcome::unknown(super::probe::say(
                "nothing was ingested yet",
                "まだ何も取り込まれていません",
            )));
        };
        let judged = assess::judge_streams(source, streams, now, zone)?;
        Ok(judged.unwrap_or_else(nothing))
    }
}

fn nothing() -> Outcome {
    Outcome::unknown(super::probe::say("nothing was read", "読み取った情報がありません"))
}

fn asks_history(source: &CheckSource) -> bool {
    matches!(
        source,
        CheckSource::PostMortems { .. }
            | CheckSource::OpenActions
            | CheckSource::DueDrills { .. }
            | CheckSource::Review
    )
}

fn asks_slos(source: &CheckSource) -> bool {
    matches!(
        source,
        CheckSource::SloAttainment { .. }
            | CheckSource::Budgets { .. }
            | CheckSource::Alerts { .. }
    )
}

/// The objectives of the pack's service with their slices. That there are none, or no data, is
/// no mistake of the routine.
fn objectives(
    common: &Common,
    args: &RoutineArgs,
    ui: &Ui,
    catalog: &Catalog,
    file: &RoutineFile,
) -> Result<Result<Loaded, Text>, Failure> {
    let mut spec = args.spec.clone();
    if spec.is_empty() {
        let own = services(catalog)?.into_iter().filter(|(_, found)| found.contains(&file.pack));
        spec = own.map(|(name, _)| name.to_string()).collect();
    }
    let input = SloInput {
        spec,
        events: None,
        slices: None,
        slice: SimDuration::from_minutes(1),
        slo: None,
        at: args.at,
        corrections: args.corrections.clone(),
        full_period: false,
        tiers: None,
        zone: args.zone,
    };
    match slo::load(common, &input, ui) {
        Ok(loaded) => Ok(Ok(loaded)),
        Err(Failure::Input(found))
            if found.list.iter().all(|one| WITHOUT_DATA.contains(&one.code)) =>
        {
            Ok(Err(without_data(found.list.first())))
        }
        Err(failure) => Err(failure),
    }
}

/// Why there are no objectives to judge.
fn without_data(found: Option<&Diagnostic>) -> Text {
    let ja = match found.map(|one| one.code) {
        Some("slo::no-spec") => "対象のSLOがありません",
        Some("slo::no-data") => "データがありません",
        _ => "SLOのストリームがまだ取り込まれていません",
    };
    super::probe::say(found.map_or_else(String::new, |one| one.message.clone()), ja)
}

/// The end of what the routine reads.
fn end_of_data(
    streams: Option<&Streams>,
    slos: Option<&Result<Loaded, Text>>,
    routine: &Routine,
) -> Result<Option<SimTime>, Failure> {
    let series = match slos {
        Some(Ok(loaded)) => assess::end_of(&loaded.series),
        _ => None,
    };
    let list = streams.map(Streams::list).transpose()?.unwrap_or_default();
    let read = |name: &Name| routine.checks.iter().any(|check| stream_of(check) == Some(name));
    let own = list.iter().filter(|stream| read(&stream.name)).filter_map(|stream| stream.last);
    Ok(own.chain(series).max())
}

fn stream_of(check: &Check) -> Option<&Name> {
    match &check.source {
        CheckSource::Records { rows, .. }
        | CheckSource::States { rows, .. }
        | CheckSource::Reading { rows, .. }
        | CheckSource::Errors { rows, .. }
        | CheckSource::Freshness { rows, .. }
        | CheckSource::MetricsSummary { rows, .. }
        | CheckSource::Top { rows, .. } => Some(&rows.stream),
        CheckSource::OldRows { stream, .. } => Some(stream),
        _ => None,
    }
}

/// Writes every check with its input and age, as a file named by the instant.
fn write_log(
    out: &Path,
    report: &RoutineReport,
    look: RoutineLook,
    ui: &Ui,
) -> Result<(), Failure> {
    let kind = match report.routine.kind {
        RoutineKind::Health => "diagnostics",
        kind => kind.as_str(),
    };
    let stamp = report.times.machine.local(report.times.zone).format("%Y%m%d_%H%M%S");
    let path = out.join(format!("{kind}_{stamp}.log"));
    let look = RoutineLook { detail: true, ..look };
    let text = report::routine_text(report, look, report::Style::PLAIN);
    let write = || {
        fs::create_dir_all(out)?;
        // A file of the same second is somebody else's.
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error: std::io::Error| Failure::file(&path, error))?;
    ui.remark(format_args!("wrote {}", path.display()));
    Ok(())
}
