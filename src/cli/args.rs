//! The arguments, as clap reads them; the doc comments are the manual.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::calibrate::CalibrateArgs;
use super::compare::CompareArgs;
use super::data_args::{ExportArgs, FollowArgs, ForgetArgs, RetainArgs, TopArgs};
use super::history_args::HistoryArgs;
use super::report_args::ReportCommand;
use super::routine_args::RoutineCommand;
use super::sample_time::SampleTime;
use super::slo_args::SloCommand;
use crate::model::{InputFormat, Mode, When};
use crate::units::{Seed, SimTime};

/// Rehearse, measure and explain incident response on your own data.
#[derive(Debug, Parser)]
#[command(
    name = "drill",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  drill run quarterly-outage\n  drill run service-outage --set service=movie --trials 1000 --why\n  drill list scenarios\n\nExit codes: 0 it holds, 1 a verdict failed, 2 bad usage or input."
)]
pub(super) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub(super) common: Common,
}

/// Options of every command.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Common options")]
pub(super) struct Common {
    /// Form of the output; each command says which it has.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    #[arg(hide_possible_values = true, value_name = "text|json|md|html|csv|junit")]
    pub(super) format: Format,
    /// Language of reports.
    #[arg(long, global = true, value_enum, default_value_t = LangArg::En)]
    #[arg(hide_possible_values = true, value_name = "en|ja")]
    pub(super) lang: LangArg,
    /// Worker threads; results never depend on it [default: all cores].
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: Option<u16>,
    /// Folder whose scenarios, rules, systems and presets override the embedded ones
    /// [default: the nearest folder upwards with a drill.toml].
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) workspace: Option<PathBuf>,
    /// When to use colour; NO_COLOR counts as never.
    #[arg(long, global = true, value_enum, default_value_t = ColorArg::Auto)]
    #[arg(hide_possible_values = true, value_name = "auto|always|never")]
    pub(super) color: ColorArg,
    /// No progress and no hints on standard error.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// More on standard error.
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

/// Forms of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people at a terminal.
    Text,
    /// One JSON document.
    Json,
    /// Markdown.
    Md,
    /// Self-contained HTML.
    Html,
    /// Comma-separated values.
    Csv,
    /// JUnit XML.
    Junit,
}

/// Languages of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LangArg {
    /// English.
    En,
    /// Japanese.
    Ja,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    /// When writing to a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What drill can do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a drill: once, with timeline, scorecard and report, or many times with --trials.
    Run(RunArgs),
    /// List what there is: scenarios, packs, systems, responders, incidents, reports.
    List(ListArgs),
    /// Explain one scenario, pack, system, responder preset or recorded incident.
    Show(ShowArgs),
    /// Validate any drill file, all mistakes at once.
    Check(CheckArgs),
    /// Score a recorded, simulated or live timeline.
    Score(ScoreArgs),
    /// Compare two sides of a drill on the same seeds: presets, packs, rosters, timings.
    Compare(CompareArgs),
    /// Drills and incidents of the workspace over time, with trends where there are any.
    History(HistoryArgs),
    /// Fit a responder preset to your own pages, alerts and drills.
    Calibrate(CalibrateArgs),
    /// Make a workspace with a commented drill.toml.
    Init(InitArgs),
    /// Versions, engines, and whether everything works here.
    #[command(
        after_help = "Examples:\n  drill doctor\n  drill doctor --format json\n\nWhat does not work comes with its remedy, and the exit code is then 1.\nFormats: text, json."
    )]
    Doctor,
    /// Service level objectives on recorded data.
    #[command(subcommand)]
    Slo(SloCommand),
    /// Reports on a week, a month or a quarter, and those that an incident asks for.
    #[command(subcommand)]
    Report(ReportCommand),
    /// The check lists of every day, week and month, on real data.
    #[command(subcommand)]
    Routine(RoutineCommand),
    /// Read telemetry into the workspace's streams.
    #[command(subcommand)]
    Data(DataCommand),
    /// Work on policy scripts.
    #[command(subcommand, after_help = "Example:\n  drill rules test --pack cinecom")]
    Rules(RulesCommand),
}

/// `drill data`.
#[derive(Debug, Subcommand)]
pub(super) enum DataCommand {
    /// Read what is new in files into streams.
    Ingest(IngestArgs),
    /// List the streams, each with its rows, rejects and span.
    Streams,
    /// Show the lines that are no rows, with file, line, column and reason.
    Rejects(RejectsArgs),
    /// Rank the values of a column: how often, when, and since when.
    Top(TopArgs),
    /// Move rows that have had their time into Parquet, or remove them; shows it first.
    Retain(RetainArgs),
    /// Write a stream into a file: Parquet, CSV or JSON lines.
    Export(ExportArgs),
    /// Forget what was read into a stream, to read it anew by another definition; shows it first.
    Forget(ForgetArgs),
}

/// `drill data ingest`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill data ingest access.log\n  drill data ingest --stream checkout logs/checkout.jsonl logs/checkout.jsonl.1.gz\n  drill data ingest --at modified metrics.prom\n  drill data ingest\n  drill data ingest --follow /var/log/nginx/access.log\n\nThe same content is never kept twice; a file that grew is continued.\n\nFormats: text, json, csv."
)]
pub(super) struct IngestArgs {
    /// Files, or folders of files; gzip and zstd are unpacked
    /// [default: the `files` of the definitions in `streams/`].
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) follow: FollowArgs,
    /// The stream [default: the name of the file up to its first dot].
    #[arg(long, value_name = "NAME")]
    pub(super) stream: Option<String>,
    /// Form of the files [default: told from their content].
    #[arg(long = "as", value_name = "FORM", value_parser = forms())]
    pub(super) form: Option<String>,
    /// The instant of samples of metrics that have none: RFC 3339, or `modified` for the time at
    /// which their file was last changed.
    #[arg(long, value_name = "TS")]
    pub(super) at: Option<SampleTime>,
}

/// The words of all forms that are read.
fn forms() -> Vec<&'static str> {
    InputFormat::ALL.into_iter().map(InputFormat::as_str).collect()
}

/// `drill data rejects`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  drill data rejects --stream access\n\nFormats: text, json, csv."
)]
pub(super) struct RejectsArgs {
    /// Of this stream only.
    #[arg(long, value_name = "NAME")]
    pub(super) stream: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(super) limit: u64,
}

/// `drill rules`.
#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Run a pack's rule tests.
    Test(RulesTestArgs),
}

/// `drill run`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill run quarterly-outage\n  drill run agent-hang --set variant=slow_burn --seed 7 --lang ja\n  drill run internet-outage --control --trials 200\n  drill run quarterly-outage --trials 1000 --why --require 'mitigate<=2h@0.8'\n  drill run service-outage --play pm --mode train\n  drill run incident.toml --play lead\n  drill run --resume drill-out/play-service-outage-1-pm\n\nFormats: text, json, md, html, csv; of a game its after-action report (it is talked on stderr then)."
)]
pub(super) struct RunArgs {
    /// Name of a scenario (see `drill list scenarios`), or a file; with --play also the timeline
    /// of a recorded incident.
    #[arg(required_unless_present = "resume")]
    pub(super) scenario: Option<String>,
    /// Take the seat of a role yourself; the others are simulated.
    #[arg(long, value_name = "ROLE", conflicts_with = "trials")]
    pub(super) play: Option<String>,
    /// Go on with a game that was left, in its folder.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = [
        "scenario", "play", "trials", "out", "set", "system", "pack", "responders", "seed", "start",
        "when", "mode", "without", "band",
    ])]
    pub(super) resume: Option<PathBuf>,
    /// Play the lines of this file instead of the keyboard; `@12m30s ack` types at that offset.
    #[arg(long, value_name = "FILE")]
    pub(super) script: Option<PathBuf>,
    /// Set a parameter of the scenario; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(super) set: Vec<(String, String)>,
    /// Run on this system instead of the scenario's.
    #[arg(long, value_name = "NAME")]
    pub(super) system: Option<String>,
    /// Decide and score with this pack instead of the scenario's.
    #[arg(long, value_name = "NAME")]
    pub(super) pack: Option<String>,
    /// How people respond (see `drill list responders`), or a preset's file.
    #[arg(long, visible_alias = "preset", value_name = "PRESET")]
    #[arg(default_value = "well-drilled-team")]
    pub(super) responders: String,
    /// Seed of all random draws; with --trials, of the first trial.
    #[arg(long, value_name = "N", default_value_t = Seed(1))]
    pub(super) seed: Seed,
    /// When the exercise starts, RFC 3339 [default: the scenario's fixed instant].
    #[arg(long, value_name = "RFC3339", conflicts_with = "when")]
    pub(super) start: Option<SimTime>,
    /// Draw the start: work, night, weekend or any.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub(super) when: Option<When>,
    /// train (hints are allowed and logged) or evaluate.
    #[arg(long, value_name = "MODE", value_parser = mode)]
    pub(super) mode: Option<Mode>,
    /// Take a role out of play: the key person is not there. May be repeated.
    #[arg(long, value_name = "ROLE")]
    pub(super) without: Vec<String>,
    /// The control run: nothing fails, red herrings stay; every page is a false alarm. Short for
    /// --set control=on.
    #[arg(long)]
    pub(super) control: bool,
    /// Run this many trials and show distributions instead of one timeline.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) trials: Option<u32>,
    /// With --trials: what missed targets were lost to, and what would help.
    #[arg(long, requires = "trials")]
    pub(super) why: bool,
    /// Trials of the band beside a single run.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(super) band: u32,
    /// Exit with 1 below this many points, or when a hard gate failed.
    #[arg(long, value_name = "POINTS", conflicts_with = "trials", value_parser = points)]
    pub(super) fail_under: Option<f64>,
    /// Exit with 1 unless a measure holds, as `mitigate<=30m@0.8`; may be repeated. With
    /// --trials the lower end of the 95 % interval counts.
    #[arg(long, value_name = "REQUIREMENT")]
    pub(super) require: Vec<String>,
    /// Write the folder here [default: drill-out/SCENARIO-SEED-HASH].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

/// `drill list`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill list\n  drill list scenarios --format json\n\nFormats: text, json."
)]
pub(super) struct ListArgs {
    /// scenarios, packs, systems, responders, incidents or reports; everything when left out.
    #[arg(value_enum, hide_possible_values = true)]
    pub(super) kind: Option<ListKind>,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListKind {
    /// What can be rehearsed.
    Scenarios,
    /// Policies with their targets.
    Packs,
    /// Systems under drill.
    Systems,
    /// Models of the people.
    Responders,
    /// Published incidents, as timelines.
    Incidents,
    /// What a drill leaves behind.
    Reports,
    /// How a workspace's telemetry is read.
    Streams,
}

/// `drill show`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill show quarterly-outage\n  drill show cinecom --impact user-service\n  drill show github-2018\n\nFormats: text, json, md."
)]
pub(super) struct ShowArgs {
    /// Name of a scenario, pack, system, preset or recorded incident; where a pack and a system
    /// share a name, both.
    pub(super) name: String,
    /// For a system: what is lost when this service or tool fails.
    #[arg(long, value_name = "SERVICE")]
    pub(super) impact: Option<String>,
}

/// `drill check`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill check my-scenario.toml rules/cinecom/pack.toml\n  drill check quarterly-outage\n\nFormats: text, json."
)]
pub(super) struct CheckArgs {
    /// Files, or names of embedded ones.
    #[arg(required = true)]
    pub(super) files: Vec<String>,
}

/// `drill score`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill score drill-out/quarterly-outage-1-0123abcd/timeline.jsonl\n  drill score timeline.jsonl --explain detect\n  drill score timeline.jsonl --lang ja --format html > report.html\n  drill score github-2018\n  drill score drill-out/quarterly-outage-1-0123abcd --beside github-2018\n  drill score drill-out/data-loss-1-0123abcd --beside\n\nFormats: text, json, md, html, csv; an explanation has text and json, --beside all but html."
)]
pub(super) struct ScoreArgs {
    /// A timeline (JSON lines, or TOML written by hand), the folder of a drill, or the name of a
    /// recorded incident (see `drill list incidents`).
    pub(super) timeline: PathBuf,
    /// Show it beside another one, judged by the same pack: where it was faster, where slower.
    /// Without a value, beside the published incident that its scenario is like.
    #[arg(long, value_name = "TIMELINE", num_args = 0..=1, conflicts_with_all = ["explain", "fail_under"])]
    #[allow(
        clippy::option_option,
        reason = "clap's form of an option whose value may be left out"
    )]
    pub(super) beside: Option<Option<PathBuf>>,
    /// Show the events, the rule and the arithmetic of a measure, a milestone, `adherence`,
    /// `duty:ID` or `step:ID`.
    #[arg(long, value_name = "MEASURE")]
    pub(super) explain: Option<String>,
    /// Score with this pack instead of the timeline's.
    #[arg(long, value_name = "NAME")]
    pub(super) pack: Option<String>,
    /// Exit with 1 below this many points, or when a hard gate failed.
    #[arg(long, value_name = "POINTS", value_parser = points)]
    pub(super) fail_under: Option<f64>,
}

/// `drill init`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  drill init my-drills && cd my-drills && drill run my-first-drill\n  drill init web --sample web-access"
)]
pub(super) struct InitArgs {
    /// Folder to make.
    #[arg(default_value = ".")]
    pub(super) dir: PathBuf,
    /// Put in streams and SLOs to try things on: web-access (a real access log),
    /// context-optimization or orchestrator-cc (made up in the shapes of those documents).
    #[arg(long, value_name = "NAME")]
    pub(super) sample: Option<String>,
}

/// `drill rules test`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  drill rules test --pack cinecom\n\nFormats: text, json, junit."
)]
pub(super) struct RulesTestArgs {
    /// Pack to test; all packs when left out.
    #[arg(long, value_name = "NAME")]
    pub(super) pack: Option<String>,
    /// Test files instead of the pack's own.
    pub(super) files: Vec<PathBuf>,
}

pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("write it as KEY=VALUE, such as service=movie".to_owned()),
    }
}

fn when(text: &str) -> Result<When, String> {
    When::from_word(text).ok_or_else(|| "write work, night, weekend or any".to_owned())
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::from_word(text).ok_or_else(|| "write train or evaluate".to_owned())
}

/// Points of a score.
fn points(text: &str) -> Result<f64, String> {
    let points: Option<f64> = text.parse().ok();
    let points = points.filter(|points| (0.0..=100.0).contains(points));
    points.ok_or_else(|| "points go from 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
