//! The arguments of `drill history`.

use chrono::NaiveDate;
use clap::{Args as ClapArgs, Subcommand};

use crate::units::SimTime;

/// `drill history`.
#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  drill history\n  drill history --scenario quarterly-outage --lang ja\n  drill history --format csv > drills.csv\n  drill history --before 2026-06-01 --after 2026-07-01\n  drill history close A-3 --by ito\n\nA trend needs 12 drills with people, and two halves whose intervals are apart.\nFormats: text, json, md, csv."
)]
pub(super) struct HistoryArgs {
    /// Only this scenario.
    #[arg(long, value_name = "NAME")]
    pub(super) scenario: Option<String>,
    /// Compare the drills before this day, or instant, with those after it.
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(super) before: Option<SimTime>,
    /// Where the later period begins [default: where the earlier one ends].
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(super) after: Option<SimTime>,
    /// Drills listed of each group, the latest last.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) last: usize,
    #[command(subcommand)]
    pub(super) command: Option<HistoryCommand>,
}

/// An instant as RFC 3339, or a day, which begins at midnight UTC.
fn instant(text: &str) -> Result<SimTime, String> {
    let day = text.parse::<chrono::NaiveDate>().map(|day| format!("{day}T00:00:00Z"));
    let wrong = |_| "write a day such as 2026-06-01, or an instant as RFC 3339".to_owned();
    day.as_deref().unwrap_or(text).parse().map_err(wrong)
}

/// What is done to the improvement actions of the workspace.
#[derive(Debug, Subcommand)]
pub(super) enum HistoryCommand {
    /// File an improvement action.
    File(FileArgs),
    /// Give an action an owner, a date or a kind.
    Assign(AssignArgs),
    /// Close an action that is done.
    Close(CloseArgs),
}

/// What an action has beside its text.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct ActionFields {
    /// Kind in the pack, such as monitoring, auto_recovery, backup or documents.
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Option<String>,
    /// Who is responsible.
    #[arg(long, value_name = "NAME")]
    pub(super) owner: Option<String>,
    /// Until when.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) due: Option<NaiveDate>,
}

/// `drill history file`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill history file \"Probe the login from outside\" --kind monitoring --owner ito --due 2026-12-15\n  drill history file \"Rehearse the restore\" --kind backup --drill 46bd85ba"
)]
pub(super) struct FileArgs {
    /// What is to be done.
    pub(super) text: String,
    #[command(flatten)]
    pub(super) fields: ActionFields,
    /// Drill it came from: the begin of its trace hash.
    #[arg(long, value_name = "HASH")]
    pub(super) drill: Option<String>,
}

/// `drill history assign`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  drill history assign A-3 --owner ito --due 2026-12-15")]
#[group(id = "assigned", required = true, multiple = true, args = ["kind", "owner", "due"])]
pub(super) struct AssignArgs {
    /// The action, such as A-3.
    pub(super) action: String,
    #[command(flatten)]
    pub(super) fields: ActionFields,
}

/// `drill history close`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill history close A-3 --by ito\n  drill history close A-3 --by ito --on 2026-11-20"
)]
pub(super) struct CloseArgs {
    /// The action, such as A-3.
    pub(super) action: String,
    /// Who closed it.
    #[arg(long, value_name = "NAME")]
    pub(super) by: String,
    /// When it was done [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) on: Option<NaiveDate>,
}
