//! The arguments of `drill data top`, `retain` and `export`, and of following a file.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use crate::store::TopOrder;
use crate::units::{SimDuration, SimTime};

/// Following a file.
#[derive(Debug, ClapArgs)]
pub(super) struct FollowArgs {
    /// Keep reading this file as it grows and is rotated, until Ctrl-C or --for.
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub(super) follow: Option<PathBuf>,
    /// With --follow: end after so long.
    #[arg(long = "for", value_name = "DURATION", requires = "follow", value_parser = span)]
    pub(super) until: Option<SimDuration>,
    /// With --follow: look this often.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = span)]
    pub(super) poll: SimDuration,
}

/// `drill data top`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill data top --by route --where 'status >= 500'\n  drill data top --stream metrics --by hook --where \"type = 'hook_execution' and not success\"\n  drill data top --stream metrics --by hook --measure duration_ms --order mean\n  drill data top --by message --per 1h\n  drill data top --by route --before 2026-11-03T10:00:00Z --after 2026-11-03T10:30:00Z\n\nmessage, route, hook and service find the column that a stream has for them.\nFormats: text, json, csv."
)]
pub(super) struct TopArgs {
    /// The column whose values are counted; message, route, hook, service or a column's name.
    #[arg(long, value_name = "COLUMN", required_unless_present = "per")]
    pub(super) by: Option<String>,
    /// The stream [default: the only one with such a column].
    #[arg(long, value_name = "NAME")]
    pub(super) stream: Option<String>,
    /// Count only rows of which this SQL condition on the stream's columns holds.
    #[arg(long = "where", value_name = "SQL")]
    pub(super) filter: Option<String>,
    /// Count per span of this length (UTC), such as 1h.
    #[arg(long, value_name = "DURATION", value_parser = span)]
    pub(super) per: Option<SimDuration>,
    /// Compare what came before this instant ...
    #[arg(long, value_name = "RFC3339", requires = "after", conflicts_with = "per")]
    pub(super) before: Option<SimTime>,
    /// ... with what came from this one on.
    #[arg(long, value_name = "RFC3339", requires = "before")]
    pub(super) after: Option<SimTime>,
    /// Length of both compared spans [default: the longest that has rows on both sides].
    #[arg(long, value_name = "DURATION", requires = "before", value_parser = span)]
    pub(super) span: Option<SimDuration>,
    /// Show mean, 95th percentile and maximum of this column too.
    #[arg(long, value_name = "COLUMN", conflicts_with = "before")]
    pub(super) measure: Option<String>,
    /// Rank by count, mean, p95 or max.
    #[arg(long, value_enum, default_value_t = OrderArg::Count, hide_possible_values = true)]
    pub(super) order: OrderArg,
    /// At most so many values.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(super) limit: u64,
}

/// By what values are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OrderArg {
    /// How often they come.
    Count,
    /// The mean of what is measured.
    Mean,
    /// Its 95th percentile.
    P95,
    /// Its greatest.
    Max,
}

impl OrderArg {
    pub(super) fn order(self) -> TopOrder {
        match self {
            Self::Count => TopOrder::Count,
            Self::Mean => TopOrder::Mean,
            Self::P95 => TopOrder::P95,
            Self::Max => TopOrder::Max,
        }
    }
}

/// `drill data retain`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill data retain\n  drill data retain --apply\n\nThe rules are those of the workspace's retention.toml. Without one, streams named history,\ndeploy or rollback are kept for ever, audit 90 days, hook_execution 7 days, and all others\n30 days as they came and then as Parquet, which every question still reads.\nWhat a current window of the workspace's SLOs still needs is not removed.\n\nFormats: text, json, csv."
)]
pub(super) struct RetainArgs {
    /// Do it; without this it is only shown.
    #[arg(long)]
    pub(super) apply: bool,
    /// The instant at which ages are counted [default: now].
    #[arg(long, value_name = "RFC3339")]
    pub(super) at: Option<SimTime>,
}

/// `drill data export`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill data export access --to access.parquet\n  drill data export metrics --to november.csv --from 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z\n\nFormats: text, json, csv (of the summary)."
)]
pub(super) struct ExportArgs {
    /// The stream.
    pub(super) stream: String,
    /// The file; its name ends in .parquet, .csv or .jsonl.
    #[arg(long, value_name = "FILE")]
    pub(super) to: PathBuf,
    /// Rows from this instant on.
    #[arg(long, value_name = "RFC3339")]
    pub(super) from: Option<SimTime>,
    /// Rows before this instant.
    #[arg(long, value_name = "RFC3339")]
    pub(super) until: Option<SimTime>,
    /// Replace a file that is there.
    #[arg(long)]
    pub(super) force: bool,
}

/// `drill data forget`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill data forget taxi\n  drill data forget taxi --apply && drill data ingest nyc_taxi.csv --stream taxi\n  drill data forget notes --file notes.log --apply\n\nThe files that were read are not touched. A stream of which rows were archived or removed is not\nforgotten.\n\nFormats: text, json, csv."
)]
pub(super) struct ForgetArgs {
    /// The stream.
    pub(super) stream: String,
    /// Only what was read from this file, as `drill data ingest` named it.
    #[arg(long, value_name = "PATH")]
    pub(super) file: Option<String>,
    /// Do it, instead of showing what would be forgotten.
    #[arg(long)]
    pub(super) apply: bool,
}

fn span(text: &str) -> Result<SimDuration, String> {
    let span: SimDuration = text.parse().map_err(|error| format!("{error}"))?;
    if span <= SimDuration::ZERO {
        return Err("wanted more than 0s".to_owned());
    }
    Ok(span)
}
