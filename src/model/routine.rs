//! Routines: the check lists that people work through every day, week and month.

use serde::Serialize;

use super::name::{Name, Text};
use crate::units::SimDuration;

/// How often a routine is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutineKind {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Whenever somebody asks how the system is.
    Health,
}

impl RoutineKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Health];

    /// Its word in files, options and outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Health => "health",
        }
    }
}

/// How the results of a routine are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutineLayout {
    /// `[1] title` with the findings below it, between a first and a last line.
    Numbered,
    /// One line per check with its figure: `SLO 18/19 (94.7%)`.
    Figures,
    /// One line per check with its state: `Hooks: OK (5/5)`.
    States,
}

impl RoutineLayout {
    /// All layouts.
    pub const ALL: [Self; 3] = [Self::Numbered, Self::Figures, Self::States];

    /// Its word in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Numbered => "numbered",
            Self::Figures => "figures",
            Self::States => "states",
        }
    }
}

/// The routines of a pack, from its `routine.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutineFile {
    /// The pack.
    pub pack: Name,
    /// Name for people.
    pub title: Text,
    /// What the severities of alerts are called here.
    pub levels: Vec<AlertLevel>,
    /// The routines, at most one of a kind.
    pub routines: Vec<Routine>,
}

/// A severity of alerts as a document calls it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertLevel {
    /// The severity of an alert tier, or `no_data`.
    pub severity: Name,
    /// What the document calls it.
    pub title: Text,
    /// Whether such an alert fails a check; otherwise it warns.
    pub fails: bool,
}

/// One routine.
#[derive(Debug, Clone, PartialEq)]
pub struct Routine {
    /// How often.
    pub kind: RoutineKind,
    /// How its results are set.
    pub layout: RoutineLayout,
    /// The first line.
    pub begin: Text,
    /// The last line.
    pub end: Option<Text>,
    /// The checks, in their order.
    pub checks: Vec<Check>,
}

/// One check of a routine.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Name within the routine.
    pub id: Name,
    /// Name for people.
    pub title: Text,
    /// The check that it is shown below, without a number of its own.
    pub under: Option<Name>,
    /// Whether it is shown only when it is not OK (or in detail); it is always counted.
    pub only_when_not_ok: bool,
    /// Minutes planned for it.
    pub minutes: u32,
    /// Who does it.
    pub owner: Option<Name>,
    /// What to do when it is not OK.
    pub remedy: Option<Text>,
    /// Where its answer comes from.
    pub source: CheckSource,
}

/// Rows of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The stream.
    pub stream: Name,
    /// Which rows, an SQL expression; all without one.
    pub filter: Option<Name>,
}

/// What a measured figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingUnit {
    /// A share of a disk that is used, from 0 to 1.
    Used,
    /// An age in minutes.
    AgeMinutes,
    /// A plain number.
    Number,
}

impl ReadingUnit {
    /// All units.
    pub const ALL: [Self; 3] = [Self::Used, Self::AgeMinutes, Self::Number];

    /// Its word in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::AgeMinutes => "age-minutes",
            Self::Number => "number",
        }
    }
}

/// Limits of a figure that should be low. At least one of `warn` and `critical` is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// On target below this; from it on the check warns.
    pub target: Option<f64>,
    /// Above this the check warns, or fails where there is no `critical`.
    pub warn: Option<f64>,
    /// From this on the check fails.
    pub critical: Option<f64>,
}

/// A metric that is summed up, with its target and its warning threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Indicated {
    /// Name of the series.
    pub name: Name,
    /// Its name for people.
    pub title: Text,
    /// The mean is on target below this.
    pub target: Option<f64>,
    /// The mean fails above this; between the two it warns.
    pub warn: Option<f64>,
}

/// How often a drill is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrillFrequency {
    /// Each calendar month.
    Monthly,
    /// Each quarter of the calendar year.
    Quarterly,
}

impl DrillFrequency {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Monthly, Self::Quarterly];

    /// Its word in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
        }
    }
}

/// Where the answer of a check comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckSource {
    /// Objectives met over a span: OK from a share of them on.
    SloAttainment {
        /// The span.
        over: SimDuration,
        /// Share that is OK.
        ok_from: f64,
    },
    /// Every budget holds at least a share of itself.
    Budgets {
        /// The share.
        at_least: f64,
    },
    /// Alerts on within a span, or not resolved.
    Alerts {
        /// The span.
        over: SimDuration,
        /// Only those that are not resolved.
        open: bool,
        /// Only counted, never judged.
        summary: bool,
    },
    /// The last record of a check that something else made: how many were found of how many.
    Records {
        /// The records.
        rows: Rows,
        /// Expression that holds when the record is good.
        success: Option<Name>,
        /// Expressions of how many were found and expected.
        counts: Option<(Name, Name)>,
        /// Oldest record that still says something.
        max_age: SimDuration,
    },
    /// The last record of each of several things.
    States {
        /// The records.
        rows: Rows,
        /// Column that names the thing.
        by: Name,
        /// Expression that holds when it is well.
        good: Name,
        /// The things there are.
        expected: Vec<Name>,
        /// Oldest record that still says something.
        max_age: SimDuration,
    },
    /// The last value that was measured.
    Reading {
        /// The records.
        rows: Rows,
        /// Expression of the value.
        value: Name,
        /// What it is.
        unit: ReadingUnit,
        /// Its limits.
        limits: Limits,
        /// Oldest record that still says something.
        max_age: SimDuration,
    },
    /// Lines of a log that tell errors; any fails.
    Errors {
        /// The lines.
        rows: Rows,
        /// Expression of the text that is shown.
        message: Name,
        /// The span up to the end of the log.
        over: SimDuration,
        /// Lines after each that are shown.
        context: u32,
    },
    /// Whether a stream goes on: no silence longer than allowed within a span.
    Freshness {
        /// The records.
        rows: Rows,
        /// The span.
        over: SimDuration,
        /// Longest silence.
        max_age: SimDuration,
    },
    /// Means of metrics over a span, against the span before.
    MetricsSummary {
        /// The stream of samples with `name` and `value`.
        rows: Rows,
        /// The span.
        over: SimDuration,
        /// The metrics; all there are, unjudged, when none is named.
        metrics: Vec<Indicated>,
    },
    /// The most frequent values of a column.
    Top {
        /// The rows.
        rows: Rows,
        /// Expression of the value.
        by: Name,
        /// The span.
        over: SimDuration,
        /// How many are shown.
        limit: u32,
    },
    /// Rows older than a span, due for the archive.
    OldRows {
        /// The stream.
        stream: Name,
        /// The span.
        older_than: SimDuration,
    },
    /// How full the file system of a path is.
    Disk {
        /// The path.
        path: Name,
        /// Limits of the share that is used.
        limits: Limits,
    },
    /// What each folder below a path takes, largest first.
    Folders {
        /// The path.
        path: Name,
        /// How many are shown.
        limit: u32,
    },
    /// Sizes and rotation of logs.
    LogSize {
        /// The logs.
        glob: Name,
        /// Largest size.
        max_bytes: u64,
        /// Largest growth over a week, as a factor.
        growth: f64,
        /// Longest time without rotation.
        rotate: SimDuration,
    },
    /// Backups that are made as they should be.
    Backups {
        /// The backups.
        glob: Name,
        /// Greatest age of the newest.
        max_age: SimDuration,
        /// Least size of the newest as a share of the one before.
        min_size_ratio: f64,
        /// How many are shown.
        newest: u32,
    },
    /// The newest archive, restored into a scratch folder.
    Restore {
        /// The archives.
        glob: Name,
        /// What must be in it; `*.json` among them must parse.
        expect: Vec<Name>,
        /// Folder that it is compared with.
        compare: Option<Name>,
        /// Most bytes that are unpacked.
        max_bytes: u64,
    },
    /// Files that must be there.
    Files {
        /// The files, each a path or a pattern.
        globs: Vec<Name>,
        /// How many, at least.
        at_least: u32,
        /// They must be valid JSON.
        json: bool,
        /// Greatest age of the newest.
        max_age: Option<SimDuration>,
    },
    /// Files older than a span, due for the archive.
    OldFiles {
        /// The files.
        glob: Name,
        /// The span; as old as this is old.
        older_than: SimDuration,
        /// Where they go.
        into: Option<Name>,
    },
    /// Processes that run.
    Processes {
        /// Words of their command lines.
        names: Vec<Name>,
    },
    /// A person signs with date and name in a file.
    Signed {
        /// The file.
        file: Name,
        /// Greatest age of the last signature.
        max_age: SimDuration,
    },
    /// The result of another tool, kept in a file.
    Imported {
        /// The file.
        file: Name,
        /// Its greatest age.
        max_age: SimDuration,
        /// The severity from which on a finding fails.
        fail_at: FindingLevel,
    },
    /// A command, run only when that is allowed.
    Command {
        /// Program and arguments; no shell.
        argv: Vec<Name>,
        /// Longest time it may take.
        timeout: SimDuration,
        /// How long its result counts.
        max_age: SimDuration,
    },
    /// Improvement actions that nobody has closed.
    OpenActions,
    /// Drills that are due each month or each quarter.
    DueDrills {
        /// How often.
        frequency: DrillFrequency,
    },
    /// The review of the pack itself.
    Review,
    /// Post-mortems of the drills and incidents of a span.
    PostMortems {
        /// The span.
        over: SimDuration,
    },
}

impl CheckSource {
    /// Its key in files.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SloAttainment { .. } => "slo_attainment",
            Self::Budgets { .. } => "budgets",
            Self::Alerts { .. } => "alerts",
            Self::Records { .. } => "records",
            Self::States { .. } => "states",
            Self::Reading { .. } => "reading",
            Self::Errors { .. } => "errors",
            Self::Freshness { .. } => "freshness",
            Self::MetricsSummary { .. } => "metrics_summary",
            Self::Top { .. } => "top",
            Self::OldRows { .. } | Self::OldFiles { .. } => "archive",
            Self::Disk { .. } => "disk",
            Self::Folders { .. } => "folders",
            Self::LogSize { .. } => "log_size",
            Self::Backups { .. } => "backups",
            Self::Restore { .. } => "restore",
            Self::Files { .. } => "files",
            Self::Processes { .. } => "processes",
            Self::Signed { .. } => "signed",
            Self::Imported { .. } => "imported",
            Self::Command { .. } => "command",
            Self::OpenActions => "open_actions",
            Self::DueDrills { .. } => "due_drills",
            Self::Review => "review",
            Self::PostMortems { .. } => "postmortems",
        }
    }
}

/// How grave a finding of another tool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// The tool does not say.
    Unknown,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl FindingLevel {
    /// All levels, ascending.
    pub const ALL: [Self; 5] = [Self::Unknown, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its word in files and outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level that a tool's word means, whatever its case.
    pub fn from_word(word: &str) -> Self {
        let word = word.to_ascii_lowercase();
        Self::ALL.into_iter().find(|level| level.as_str() == word).unwrap_or(match &*word {
            "moderate" => Self::Medium,
            "important" => Self::High,
            "negligible" | "minor" => Self::Low,
            _ => Self::Unknown,
        })
    }
}
