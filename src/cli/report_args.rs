//! The arguments of `drill report`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::slo_args::SloInput;

/// `drill report`.
#[derive(Debug, Subcommand)]
pub(super) enum ReportCommand {
    /// What a week did to the budgets.
    Weekly(WeeklyArgs),
    /// A month, with what was attained against the targets.
    Monthly(MonthlyArgs),
    /// A quarter, with what was attained against the targets.
    Quarterly(QuarterlyArgs),
    /// Drafts of the reports that an incident asks for, from its timeline.
    Incident(IncidentArgs),
    /// Cause, evaluation of the response and improvement plan of a drill or an incident.
    Postmortem(PostmortemArgs),
}

/// `drill report weekly`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill report weekly\n  drill report weekly --week 2026-W46 --zone Asia/Tokyo --lang ja --out reports\n\nFormats: text, json, md, html, csv; --out writes them all."
)]
pub(super) struct WeeklyArgs {
    /// ISO week [default: the last one that was over when the data end].
    #[arg(long, value_name = "YYYY-Www")]
    pub(super) week: Option<String>,
    #[command(flatten)]
    pub(super) common: ReportInput,
}

/// `drill report monthly`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill report monthly\n  drill report monthly --month 2026-10 --format html > october.html\n\nFormats: text, json, md, html, csv; --out writes them all."
)]
pub(super) struct MonthlyArgs {
    /// Month [default: the last one that was over when the data end].
    #[arg(long, value_name = "YYYY-MM")]
    pub(super) month: Option<String>,
    #[command(flatten)]
    pub(super) common: ReportInput,
}

/// `drill report quarterly`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill report quarterly\n  drill report quarterly --quarter 2026-Q4 --lang ja\n\nFormats: text, json, md, html, csv; --out writes them all."
)]
pub(super) struct QuarterlyArgs {
    /// Quarter of the calendar year [default: the last one that was over when the data end].
    #[arg(long, value_name = "YYYY-Qq")]
    pub(super) quarter: Option<String>,
    #[command(flatten)]
    pub(super) common: ReportInput,
}

/// `drill report incident`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill report incident drill-out/quarterly-outage-1-46bd85ba\n  drill report incident drill-out/quarterly-outage-1-46bd85ba --kind final --lang ja --format md > final.md\n  drill check final.md\n\nWhat the timeline does not hold is left open, with the role that is to fill it in; `drill check`\nnames the fields that are still open.\nFormats: text, json, md."
)]
pub(super) struct IncidentArgs {
    /// Folder of a drill, file of a timeline, or name of a recorded incident.
    pub(super) timeline: PathBuf,
    /// Only this report of the pack, such as immediate, detailed or final; repeatable.
    #[arg(long, value_name = "NAME")]
    pub(super) kind: Vec<String>,
    /// Pack that asks for the reports [default: the one the timeline names].
    #[arg(long, value_name = "NAME")]
    pub(super) pack: Option<String>,
}

/// `drill report postmortem`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill report postmortem drill-out/quarterly-outage-1-46bd85ba\n  drill report postmortem github-2018 --pack cinecom --lang ja --format md > postmortem.md\n\nActions that the workspace keeps of the drill are in its plan (see `drill history file`).\nFormats: text, md, html."
)]
pub(super) struct PostmortemArgs {
    /// Folder of a drill, file of a timeline, or name of a recorded incident.
    pub(super) timeline: PathBuf,
    /// Pack to judge by [default: the one the timeline names].
    #[arg(long, value_name = "NAME")]
    pub(super) pack: Option<String>,
}

/// What all reports read, and where they go.
#[derive(Debug, ClapArgs)]
pub(super) struct ReportInput {
    /// Write Markdown, HTML, JSON, CSV and the pictures into this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) input: SloInput,
}
