//! `drill slo export`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::args::{Common, Format};
use super::exit;
use super::slo::{self, Loaded};
use super::slo_args::{SloInput, preset, span};
use super::ui::{Failure, Ui, only};
use crate::diag::Diagnostic;
use crate::model::{ObjectiveDefinition, SloDefinition, SloSpec, TierPreset};
use crate::report::{self, OracleSeries};
use crate::slo::replay_block;
use crate::units::{SimDuration, Zone};

/// `drill slo export`.
#[derive(Debug, Subcommand)]
pub(super) enum SloExport {
    /// Alert rules for Prometheus.
    Prometheus(SloExportPrometheus),
}

/// `drill slo export prometheus`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill slo export prometheus web.yaml\n  drill slo export prometheus web.yaml --out rules --slices requests.csv\n  promtool check rules rules/production-rules.yml && promtool test rules rules/oracle-test.yml\n\nThe oracle rules stand on one sample per slice and reach the states of `drill slo alerts`,\nwhich the unit test asks for; the production rules stand on the metrics the SLO names."
)]
pub(super) struct SloExportPrometheus {
    /// OpenSLO files, or names of embedded ones [default: `slos/*.yaml` of the workspace].
    specs: Vec<String>,
    /// Folder for oracle-rules.yml, oracle-test.yml and production-rules.yml
    /// [default: one form on standard output].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only this form: oracle or production [default: both into --out, otherwise production].
    #[arg(long, value_enum, hide_possible_values = true)]
    form: Option<RuleForm>,
    /// Slices as CSV or Parquet, of which the unit test is made.
    #[arg(long, value_name = "FILE", requires = "out")]
    slices: Option<PathBuf>,
    /// Make the unit test of the workspace's streams.
    #[arg(long, requires = "out", conflicts_with = "slices")]
    streams: bool,
    /// Length of a slice.
    #[arg(long, value_name = "SPAN", default_value = "1m", value_parser = span)]
    slice: SimDuration,
    /// Only this SLO.
    #[arg(long, value_name = "NAME")]
    slo: Option<String>,
    /// Alert tiers instead of the spec's: google-30d, sloth, pyrra or datadog.
    #[arg(long, value_name = "PRESET", value_parser = preset)]
    tiers: Option<TierPreset>,
}

/// What rules stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RuleForm {
    /// One sample per slice.
    Oracle,
    /// The metrics of the user.
    Production,
}

/// What every file that drill writes here begins with.
const MARK: &str = "# Written by drill";

/// `drill slo export`.
pub(super) fn export(common: &Common, args: &SloExport, ui: &mut Ui) -> Result<u8, Failure> {
    let SloExport::Prometheus(args) = args;
    only(common.format, &[Format::Text], "slo export")?;
    let input = SloInput {
        spec: args.specs.clone(),
        events: None,
        slices: args.slices.clone(),
        slice: args.slice,
        slo: args.slo.clone(),
        at: None,
        corrections: None,
        full_period: false,
        tiers: args.tiers,
        zone: Zone::UTC,
    };
    let definitions = slo::definitions(common, &input, ui)?;
    let chosen = slo::chosen(&input, &definitions)?;
    let objectives = objectives(&chosen, args.tiers)?;
    let form = |form| args.form.is_none_or(|asked| asked == form);
    let Some(folder) = &args.out else {
        let text = match args.form {
            Some(RuleForm::Oracle) => oracle(&objectives, args.slice),
            _ => production(&objectives, args.slice, ui),
        };
        ui.data(&text)?;
        return Ok(exit::OK);
    };
    let mut files = Vec::new();
    if form(RuleForm::Oracle) {
        files.push(("oracle-rules.yml", oracle(&objectives, args.slice)));
        if args.slices.is_some() || args.streams {
            let loaded = slo::load_defined(common, &input, definitions, ui)?;
            files.push(("oracle-test.yml", unit_test(&loaded)));
        }
    }
    if form(RuleForm::Production) {
        files.push(("production-rules.yml", production(&objectives, args.slice, ui)));
    }
    fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    for (name, _) in &files {
        refuse_foreign(&folder.join(name))?;
    }
    for (name, text) in &files {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Failure::file(&path, error))?;
        ui.data(&format!("wrote {}\n", path.display()))?;
    }
    Ok(exit::OK)
}

/// A file that somebody else wrote is not overwritten.
fn refuse_foreign(path: &Path) -> Result<(), Failure> {
    match fs::read(path) {
        Ok(bytes) if !bytes.starts_with(MARK.as_bytes()) => {
            let message = format!("`{}` was not written by drill", path.display());
            let help = "name another folder with --out";
            Err(Diagnostic::error("export::foreign-file", message).help(help).into())
        }
        _ => Ok(()),
    }
}

/// Every objective, with other tiers where these are asked for.
fn objectives(
    definitions: &[SloDefinition],
    tiers: Option<TierPreset>,
) -> Result<Vec<ObjectiveDefinition>, Failure> {
    let mut all = Vec::new();
    for definition in definitions {
        for objective in &definition.objectives {
            let mut objective = objective.clone();
            if let Some(preset) = tiers {
                let (name, period) = (&objective.spec.name, objective.spec.period.nominal());
                let made = preset.tiers(period);
                objective.spec.tiers = made.ok_or_else(|| slo::no_tiers(preset, name, period))?;
            }
            all.push(objective);
        }
    }
    Ok(all)
}

fn oracle(objectives: &[ObjectiveDefinition], step: SimDuration) -> String {
    let specs: Vec<&SloSpec> = objectives.iter().map(|objective| &objective.spec).collect();
    report::oracle_rules(&specs, step)
}

fn production(objectives: &[ObjectiveDefinition], step: SimDuration, ui: &Ui) -> String {
    let all: Vec<&ObjectiveDefinition> = objectives.iter().collect();
    let exported = report::production_rules(&all, step);
    for (slo, reason) in &exported.left_out {
        ui.remark(format!("`{slo}` has no production rules: {reason}"));
    }
    exported.text
}

fn unit_test(loaded: &Loaded) -> String {
    let replays: Vec<_> =
        loaded.series.iter().map(|one| replay_block(one.spec(), &one.block)).collect();
    let series: Vec<OracleSeries<'_>> = loaded
        .series
        .iter()
        .zip(&replays)
        .map(|(one, transitions)| OracleSeries { spec: one.spec(), block: &one.block, transitions })
        .collect();
    report::oracle_test("oracle-rules.yml", &series)
}
