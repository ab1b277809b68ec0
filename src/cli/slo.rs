//! `drill slo`.

use std::path::Path;

use super::args::{Common, Format};
use super::slo_args::{
    SloArgs, SloCompareArgs, SloExplainArgs, SloGateArgs, SloInput, SloLintArgs,
};
use super::ui::{Failure, Ui, only};
use super::{exit, workspace};
use crate::assess::{self, Data, ExplainError, Records, Series, SeriesError, View};
use crate::diag::{Diagnostic, did_you_mean};
use crate::load::{Kind, MAX_FILE_BYTES};
use crate::model::{Correction, Name, SloDefinition, StreamDefinition, TierPreset};
use crate::policy::Policies;
use crate::report;
use crate::slo::Denominator;
use crate::store::Streams;
use crate::units::SimDuration;

/// Every objective with its slices, and how they are looked at.
pub(super) struct Loaded {
    pub(super) series: Vec<Series>,
    pub(super) view: View,
}

/// `drill slo status`.
pub(super) fn status(common: &Common, args: &SloArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let formats = [Format::Text, Format::Json, Format::Md, Format::Csv];
    only(common.format, &formats, "slo status")?;
    let (slos, composites) = records(common, &args.input, ui)?.status()?;
    let (zone, lang) = (args.input.zone, ui.lang());
    let text = match common.format {
        Format::Json => report::slo_status_json(&slos, &composites, zone),
        Format::Md => report::slo_status_markdown(&slos, &composites, zone, lang),
        Format::Csv => report::slo_status_csv(&slos, zone),
        _ => report::slo_status_text(&slos, &composites, zone, lang, ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// `drill slo alerts`.
pub(super) fn alerts(common: &Common, args: &SloArgs, ui: &mut Ui) -> Result<u8, Failure> {
    let formats = [Format::Text, Format::Json, Format::Md, Format::Csv];
    only(common.format, &formats, "slo alerts")?;
    let alerts = records(common, &args.input, ui)?.alerts()?;
    let (zone, lang) = (args.input.zone, ui.lang());
    let text = match common.format {
        Format::Json => report::slo_alerts_json(&alerts, zone),
        Format::Md => report::slo_alerts_markdown(&alerts, zone, lang),
        Format::Csv => report::slo_alerts_csv(&alerts, zone),
        _ => report::slo_alerts_text(&alerts, zone, lang, ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// `drill slo explain`.
pub(super) fn explain(common: &Common, args: &SloExplainArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json], "slo explain")?;
    let loaded = load(common, &args.input, ui)?;
    let found = assess::explain(&loaded.series, &loaded.view, &args.what);
    let (series, explanation) = found.map_err(|error| {
        let (near, known) = match &error {
            ExplainError::UnknownSlo { near, known, .. }
            | ExplainError::UnknownField { near, known, .. } => (near, known),
        };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known.join(", ")),
        };
        Failure::from(Diagnostic::error("slo::unknown", error.to_string()).help(help))
    })?;
    let rows = match args.input.slices.is_some() || args.input.events.is_some() {
        true => report::Rows::InFile,
        false => report::Rows::InWorkspace,
    };
    let (zone, lang) = (args.input.zone, ui.lang());
    let text = match common.format {
        Format::Json => report::slo_explain_json(&series, &explanation, rows, zone),
        _ => report::slo_explain_text(&series, &explanation, rows, zone, lang, ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// `drill slo lint`.
pub(super) fn lint(common: &Common, args: &SloLintArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json], "slo lint")?;
    let input = &args.input;
    let definitions = definitions(common, input, ui)?;
    // What no slices can be made of is a finding here, and a refusal everywhere else.
    let (sources, definitions) = match (&input.slices, workspace::workspace(common)?) {
        (None, Some(root)) => {
            let chosen = chosen(input, &definitions)?;
            assess::lint_sources(&chosen, &Streams::of_workspace(&root), input.slice)?
        }
        _ => (Vec::new(), definitions),
    };
    let slos = match definitions.is_empty() {
        true => sources,
        false => {
            let loaded = load_defined(common, input, definitions, ui)?;
            assess::joined(sources, assess::lint(&loaded.series, &loaded.view))
        }
    };
    let text = match common.format {
        Format::Json => report::slo_lint_json(&slos),
        _ => report::slo_lint_text(&slos, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(if report::slo_lint_failed(&slos) { exit::FAILED } else { exit::OK })
}

/// `drill slo gate`.
pub(super) fn gate(common: &Common, args: &SloGateArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json], "slo gate")?;
    let (slos, _) = records(common, &args.input, ui)?.status()?;
    let gate = match &args.pack {
        None => assess::gate(&slos, args.allow_no_data),
        Some(pack) => {
            let pack = workspace::catalog(common)?.pack(pack)?;
            ui.diagnostics(&pack.warnings);
            let mut policies = Policies::compile(&pack.value)?;
            let name = &pack.value.name;
            if !policies.answers_freeze() {
                let message = format!("the pack `{name}` has no policy on releases");
                let help = "add `fn freeze(budgets) { ... }` to any of its scripts, or leave --pack \
                            out: then a spent budget freezes";
                return Err(Diagnostic::error("slo::no-freeze", message).help(help).into());
            }
            assess::gate_by(&mut policies, name, &slos, args.allow_no_data)
        }
    };
    if let Some(failure) = &gate.failure {
        ui.diagnostics(&failure.clone().into());
    }
    let text = match common.format {
        Format::Json => report::slo_gate_json(&gate, &slos),
        _ => report::slo_gate_text(&gate, &slos, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(if gate.passes() { exit::OK } else { exit::FAILED })
}

/// `drill slo compare`.
pub(super) fn compare(common: &Common, args: &SloCompareArgs, ui: &mut Ui) -> Result<u8, Failure> {
    only(common.format, &[Format::Text, Format::Json, Format::Md], "slo compare")?;
    let loaded = load(common, &args.input, ui)?;
    let slos = assess::compare(&loaded.series, &loaded.view, &args.targets);
    let text = match common.format {
        Format::Json => report::slo_compare_json(&slos),
        Format::Md => report::slo_compare_markdown(&slos, ui.lang()),
        _ => report::slo_compare_text(&slos, ui.lang(), ui.style()),
    };
    ui.data(&text)?;
    Ok(exit::OK)
}

/// The objectives with their slices, and how they are looked at.
pub(super) fn load(common: &Common, input: &SloInput, ui: &Ui) -> Result<Loaded, Failure> {
    let definitions = definitions(common, input, ui)?;
    load_defined(common, input, definitions, ui)
}

/// The same of SLOs that are loaded already.
pub(super) fn load_defined(
    common: &Common,
    input: &SloInput,
    definitions: Vec<SloDefinition>,
    ui: &Ui,
) -> Result<Loaded, Failure> {
    let (series, view) = records_of(common, input, definitions, ui)?.series()?;
    Ok(Loaded { series, view })
}

/// The SLOs, and what they are evaluated on.
fn records(common: &Common, input: &SloInput, ui: &Ui) -> Result<Records, Failure> {
    let definitions = definitions(common, input, ui)?;
    records_of(common, input, definitions, ui)
}

fn records_of(
    common: &Common,
    input: &SloInput,
    definitions: Vec<SloDefinition>,
    ui: &Ui,
) -> Result<Records, Failure> {
    let corrections = match &input.corrections {
        Some(path) => corrections(path, &definitions, ui)?,
        None => Vec::new(),
    };
    let denominator =
        if input.full_period { Denominator::FullPeriod } else { Denominator::Elapsed };
    let view = View { as_of: input.at, denominator, corrections };
    let mut chosen = chosen(input, &definitions)?;
    if let Some(preset) = input.tiers {
        chosen = assess::with_tiers(chosen, preset)
            .map_err(|(slo, period)| no_tiers(preset, &slo, period))?;
    }
    let data = match &input.slices {
        None => Data::Streams(streams(common, input, &chosen, ui)?, input.slice),
        Some(path) => {
            let block = crate::store::slice_file(path, input.slice)?;
            let series = assess::every_objective(&chosen, &block)
                .map_err(|error| which(&error, &definitions))?;
            Data::Slices(series)
        }
    };
    Ok(Records { definitions: chosen, view, data })
}

/// A preset that is not made for the period of an SLO.
pub(super) fn no_tiers(preset: TierPreset, slo: &str, period: SimDuration) -> Failure {
    let message = format!("`{}` has no tiers for the {period} of `{slo}`", preset.as_str());
    let help = format!("it is made for {}", preset.periods());
    Diagnostic::error("slo::tiers", message).help(help).into()
}

/// The SLOs of `--spec`, or those of the workspace.
pub(super) fn definitions(
    common: &Common,
    input: &SloInput,
    ui: &Ui,
) -> Result<Vec<SloDefinition>, Failure> {
    let catalog = workspace::catalog(common)?;
    let own = catalog.workspace_slos();
    let names: Vec<&str> = match input.spec.is_empty() {
        false => input.spec.iter().map(String::as_str).collect(),
        true => own.iter().map(|name| name.as_str()).collect(),
    };
    if names.is_empty() {
        let message = "there are no SLOs to look at";
        let help = "name a file with --spec, or put OpenSLO files into `slos/` of a workspace";
        return Err(Diagnostic::error("slo::no-spec", message).help(help).into());
    }
    let loaded = catalog.slos(&names)?;
    ui.diagnostics(&loaded.warnings);
    Ok(loaded.value)
}

fn corrections(
    path: &Path,
    definitions: &[SloDefinition],
    ui: &Ui,
) -> Result<Vec<Correction>, Failure> {
    let source = crate::load::read(path, MAX_FILE_BYTES)?;
    let objectives = definitions.iter().flat_map(|definition| &definition.objectives);
    let names: Vec<_> = objectives.map(|objective| objective.spec.name.clone()).collect();
    let loaded = crate::load::corrections(&source, &names)?;
    ui.diagnostics(&loaded.warnings);
    Ok(loaded.value)
}

fn which(error: &SeriesError, definitions: &[SloDefinition]) -> Failure {
    let names: Vec<&str> = definitions.iter().map(|slo| slo.name.as_str()).collect();
    let help = match error {
        SeriesError::SeveralSlos(_) => format!("name one with --slo: {}", names.join(", ")),
        SeriesError::UnknownSlo(name) => match did_you_mean(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", names.join(", ")),
        },
    };
    Diagnostic::error("slo::which", error.to_string()).help(help).into()
}

/// The streams that the SLOs are evaluated on: the workspace's, or a file that stands for one.
fn streams(
    common: &Common,
    input: &SloInput,
    definitions: &[SloDefinition],
    ui: &Ui,
) -> Result<Streams, Failure> {
    let root = workspace::workspace(common)?;
    if root.is_none() && input.events.is_none() {
        let help = "name a file of slices with --slices, or ingest streams into a workspace";
        return Err(Diagnostic::error("slo::no-data", "there are no data").help(help).into());
    }
    match (&input.events, root) {
        (Some(path), _) => {
            let stream = stream_of(common, definitions)?;
            let streams = Streams::of_events(path, &stream)?;
            left_out(path, &streams, ui)?;
            Ok(streams)
        }
        (None, root) => Ok(Streams::of_workspace(&root.unwrap_or_default())),
    }
}

/// The one stream that all of the SLOs are about, as the workspace defines it.
fn stream_of(common: &Common, chosen: &[SloDefinition]) -> Result<StreamDefinition, Failure> {
    let objectives = chosen.iter().flat_map(|slo| &slo.objectives);
    let mut names: Vec<&Name> = objectives.map(|one| one.indicator.stream()).collect();
    names.sort();
    names.dedup();
    let [name] = names.as_slice() else {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        let message = "the events stand for one stream, the SLOs are about several";
        let help = format!("name one SLO with --slo; the streams are: {}", names.join(", "));
        return Err(Diagnostic::error("slo::which", message).help(help).into());
    };
    let catalog = workspace::catalog(common)?;
    match catalog.names(Kind::Stream).contains(name) {
        true => Ok(catalog.stream(name)?.value),
        false => Ok(StreamDefinition::new((*name).clone())),
    }
}

/// Says how many rows have no instant.
fn left_out(path: &Path, streams: &Streams, ui: &Ui) -> Result<(), Failure> {
    let rejects: u64 = streams.list()?.iter().map(|stream| stream.rejects).sum();
    if rejects > 0 {
        let path = path.display();
        ui.remark(format_args!("{path}: {rejects} rows have no instant and are left out"));
    }
    Ok(())
}

/// The SLO that is asked for, or all.
pub(super) fn chosen(
    input: &SloInput,
    definitions: &[SloDefinition],
) -> Result<Vec<SloDefinition>, Failure> {
    let Some(name) = &input.slo else { return Ok(definitions.to_vec()) };
    let one: Vec<_> = definitions.iter().filter(|slo| *slo.name == **name).cloned().collect();
    match one.is_empty() {
        true => Err(which(&SeriesError::UnknownSlo(name.clone()), definitions)),
        false => Ok(one),
    }
}
