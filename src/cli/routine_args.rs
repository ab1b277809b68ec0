//! The arguments of `drill routine`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::units::{SimTime, Zone};

/// `drill routine`.
#[derive(Debug, Subcommand)]
pub(super) enum RoutineCommand {
    /// What is looked at every day.
    #[command(
        after_help = "Examples:\n  drill routine daily\n  drill routine daily --pack context-optimization --lang ja --emoji\n\nThe exit code is 1 when a check fails; a warning and what is unknown leave it 0.\nFormats: text, json, md."
    )]
    Daily(RoutineArgs),
    /// What is looked at every week.
    #[command(
        after_help = "Examples:\n  drill routine weekly --pack orchestrator-cc\n  drill routine weekly --root /opt/orchestrator-cc --allow-commands\n\nThe exit code is 1 when a check fails; a warning and what is unknown leave it 0.\nFormats: text, json, md."
    )]
    Weekly(RoutineArgs),
    /// What is looked at every month.
    #[command(
        after_help = "Examples:\n  drill routine monthly --pack orchestrator-cc\n  drill routine monthly --pack orchestrator-cc --archive\n\nThe exit code is 1 when a check fails; a warning and what is unknown leave it 0.\nFormats: text, json, md."
    )]
    Monthly(RoutineArgs),
    /// How the system is now.
    #[command(
        after_help = "Examples:\n  drill routine health\n  drill routine health -v --out diagnostics\n\n--out writes diagnostics_YYYYMMDD_HHMMSS.log with every check, its input and its age.\nThe exit code is 1 when a check fails; a warning and what is unknown leave it 0.\nFormats: text, json, md."
    )]
    Health(RoutineArgs),
}

/// What all routines read.
#[derive(Debug, ClapArgs)]
pub(super) struct RoutineArgs {
    /// Whose check lists [default: those of the service that the workspace's SLOs are about].
    #[arg(long, value_name = "NAME")]
    pub(super) pack: Option<String>,
    /// The instant to look at, RFC 3339 [default: the end of the data; for files, disks and
    /// processes the clock].
    #[arg(long, value_name = "RFC3339")]
    pub(super) at: Option<SimTime>,
    /// The folder that relative paths of the checks are below [default: the workspace].
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// OpenSLO file, or name of an embedded one; may be repeated [default: those of the
    /// workspace that are about the pack's service, or else all].
    #[arg(long, value_name = "FILE")]
    pub(super) spec: Vec<String>,
    /// Maintenance windows and other corrections (TOML).
    #[arg(long, value_name = "FILE")]
    pub(super) corrections: Option<PathBuf>,
    /// Run the commands that the checks name; their results are kept.
    #[arg(long)]
    pub(super) allow_commands: bool,
    /// Compress the files that are due for the archive and move them there.
    #[arg(long)]
    pub(super) archive: bool,
    /// Marks such as ✅ before each line.
    #[arg(long)]
    pub(super) emoji: bool,
    /// Also write every check with its input and age into this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Time zone of the output.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(super) zone: Zone,
}
