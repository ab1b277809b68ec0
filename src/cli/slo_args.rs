//! The arguments of `drill slo`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::slo_export::SloExport;
use super::slo_init::SloInitArgs;
use crate::model::TierPreset;
use crate::units::{Objective, SimDuration, SimTime, Zone};

/// `drill slo`.
#[derive(Debug, Subcommand)]
pub(super) enum SloCommand {
    /// Where each SLO stands: SLI, error budget, burn rates, forecast.
    Status(SloArgs),
    /// The burn-rate alerts that would have fired, with their exact instants.
    Alerts(SloArgs),
    /// Formula, inputs and slices of any number.
    Explain(SloExplainArgs),
    /// Arithmetic on specs and data: what can never fire, was never reached, has holes.
    Lint(SloLintArgs),
    /// Whether a release may go out: exit code 1 when a budget is exhausted.
    Gate(SloGateArgs),
    /// The same data under other budgeting methods and other targets.
    Compare(SloCompareArgs),
    /// The SLOs as alert rules of another tool.
    #[command(subcommand)]
    Export(SloExport),
    /// A spec to start from, or the spec of another tool as OpenSLO.
    Init(SloInitArgs),
}

/// What all commands on SLOs read.
#[derive(Debug, ClapArgs)]
pub(super) struct SloInput {
    /// OpenSLO file, or name of an embedded one; may be repeated
    /// [default: `slos/*.yaml` of the workspace].
    #[arg(long, value_name = "FILE")]
    pub(super) spec: Vec<String>,
    /// Slices as CSV or Parquet with ts,good,total, instead of the workspace's streams.
    #[arg(long, value_name = "FILE")]
    pub(super) slices: Option<PathBuf>,
    /// Rows of events as Parquet, which stand for the SLOs' stream; nothing is ingested.
    #[arg(long, value_name = "FILE", conflicts_with = "slices")]
    pub(super) events: Option<PathBuf>,
    /// Length of a slice of --slices.
    #[arg(long, value_name = "SPAN", default_value = "1m", value_parser = span)]
    pub(super) slice: SimDuration,
    /// Only this SLO.
    #[arg(long, value_name = "NAME")]
    pub(super) slo: Option<String>,
    /// The instant to look at, RFC 3339 [default: the end of the data].
    #[arg(long, value_name = "RFC3339")]
    pub(super) at: Option<SimTime>,
    /// Maintenance windows and other corrections (TOML).
    #[arg(long, value_name = "FILE")]
    pub(super) corrections: Option<PathBuf>,
    /// Budget as a share of the whole period instead of what has elapsed of it.
    #[arg(long)]
    pub(super) full_period: bool,
    /// Alert tiers instead of the spec's: google-30d, sloth, pyrra or datadog.
    #[arg(long, value_name = "PRESET", value_parser = preset)]
    pub(super) tiers: Option<TierPreset>,
    /// Time zone of the output.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(super) zone: Zone,
}

/// `drill slo status` and `drill slo alerts`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill slo status\n  drill slo status --spec web.yaml --slices requests.csv --at 2026-11-01T00:00:00Z\n  drill slo alerts --tiers google-30d --format json\n\nFormats: text, json, md, csv."
)]
pub(super) struct SloArgs {
    #[command(flatten)]
    pub(super) input: SloInput,
}

/// `drill slo explain`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill slo explain web-availability\n  drill slo explain web-availability.budget.remaining_ratio --spec web.yaml --slices requests.csv\n\nFields: state, met, sli, coverage, budget.remaining_ratio, budget.consumed_ratio,\nbudget.total_bad_allowed, budget.remaining_ms, burn_rates.WINDOW, forecast.BASIS.\nFormats: text, json."
)]
pub(super) struct SloExplainArgs {
    /// The number: an SLO, or one of its fields.
    #[arg(value_name = "SLO[.FIELD]")]
    pub(super) what: String,
    #[command(flatten)]
    pub(super) input: SloInput,
}

/// `drill slo lint`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  drill slo lint --spec web.yaml --slices requests.csv\n\nThe exit code is 1 when a finding is an error.\nFormats: text, json."
)]
pub(super) struct SloLintArgs {
    #[command(flatten)]
    pub(super) input: SloInput,
}

/// `drill slo gate`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill slo gate --spec web.yaml --slices requests.csv && ./release.sh\n  drill slo gate --pack my-pack --format json\n\nThe exit code is 1 when a budget is exhausted (with --pack, when its policy holds releases back),\nor when there is too little data to tell.\nFormats: text, json."
)]
pub(super) struct SloGateArgs {
    #[command(flatten)]
    pub(super) input: SloInput,
    /// Ask `freeze(budgets)` of this pack instead of the budgets alone.
    #[arg(long, value_name = "NAME")]
    pub(super) pack: Option<String>,
    /// Let objectives pass that cannot be judged for want of data.
    #[arg(long)]
    pub(super) allow_no_data: bool,
}

/// `drill slo compare`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  drill slo compare --spec web.yaml --slices requests.csv --target 0.995 --target 0.99\n\nFormats: text, json, md."
)]
pub(super) struct SloCompareArgs {
    #[command(flatten)]
    pub(super) input: SloInput,
    /// Another target, a ratio such as 0.995; may be repeated.
    #[arg(long = "target", value_name = "RATIO")]
    pub(super) targets: Vec<Objective>,
}

pub(super) fn preset(text: &str) -> Result<TierPreset, String> {
    let words: Vec<&str> = TierPreset::ALL.into_iter().map(TierPreset::as_str).collect();
    let found = TierPreset::ALL.into_iter().find(|preset| preset.as_str() == text);
    found.ok_or_else(|| format!("write one of {}", words.join(", ")))
}

pub(super) fn span(text: &str) -> Result<SimDuration, String> {
    let span: SimDuration = text.parse().map_err(|error| format!("{error}"))?;
    if span <= SimDuration::ZERO {
        return Err("wanted more than 0s".to_owned());
    }
    Ok(span)
}
