//! Streams of telemetry: what they hold and how their files are read.

use serde::Serialize;

use super::name::Name;
use crate::units::{SimDuration, Zone};

/// What the rows of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// One row per request, job, hook call or task.
    Events,
    /// Samples of gauges and counters: `ts`, `name`, `value`, `labels`.
    Metrics,
    /// Messages with a level.
    Logs,
}

impl StreamKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Events, Self::Metrics, Self::Logs];

    /// Its word in files and outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }

    /// The kind that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// `true` or `false`.
    Bool,
    /// A whole number of 64 bits.
    Integer,
    /// A finite number.
    Number,
    /// Text.
    Text,
    /// An object or an array, kept as JSON.
    Json,
}

impl ColumnType {
    /// All types.
    pub const ALL: [Self; 5] = [Self::Bool, Self::Integer, Self::Number, Self::Text, Self::Json];

    /// Its word in files and outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Text => "text",
            Self::Json => "json",
        }
    }

    /// The type that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One metric of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricShape {
    /// Its name.
    pub name: Name,
    /// The labels of one of its series, ascending.
    pub labels: Vec<Name>,
    /// The bounds of its buckets, ascending, as its samples spell them.
    pub bounds: Vec<Name>,
}

/// What can be counted or measured in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamShape {
    /// The stream.
    pub name: Name,
    /// Its columns with their types, in their order.
    pub columns: Vec<(Name, ColumnType)>,
    /// Its metrics, where it has a column `name` and a column `value`; ascending.
    pub metrics: Vec<MetricShape>,
}

/// The unit of instants that are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EpochUnit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
    /// Nanoseconds since 1970.
    Nanoseconds,
}

impl EpochUnit {
    /// All units.
    pub const ALL: [Self; 4] =
        [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

    /// Its word in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        }
    }
}

/// Forms of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputFormat {
    /// One JSON object per line.
    Jsonl,
    /// Comma-separated values under a header.
    Csv,
    /// Common or combined log format of web servers.
    Access,
    /// Apache Parquet.
    Parquet,
    /// Prometheus text format 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0 text.
    Openmetrics,
    /// Saved answers of the Prometheus HTTP API.
    PrometheusJson,
    /// What `promtool tsdb dump` and `dump-openmetrics` print.
    TsdbDump,
    /// CSV whose columns have names of many levels: metrics in a table.
    CsvLevels,
    /// Requests of OTLP as JSON: logs, spans or metrics.
    Otlp,
    /// The JSON export of the systemd journal.
    Journald,
    /// What agents did, by hand: a date, then agent, status and description in brackets.
    ProgressLog,
    /// Problems, by hand: instant, severity, description and action taken in brackets.
    IssueLog,
    /// What `git log --oneline` prints: a commit and its subject, without an instant.
    ChangeLog,
}

impl InputFormat {
    /// All forms.
    pub const ALL: [Self; 14] = [
        Self::Jsonl,
        Self::Csv,
        Self::Access,
        Self::Parquet,
        Self::Prometheus,
        Self::Openmetrics,
        Self::PrometheusJson,
        Self::TsdbDump,
        Self::CsvLevels,
        Self::Otlp,
        Self::Journald,
        Self::ProgressLog,
        Self::IssueLog,
        Self::ChangeLog,
    ];

    /// Its word in files, options and outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Access => "access",
            Self::Parquet => "parquet",
            Self::Prometheus => "prometheus",
            Self::Openmetrics => "openmetrics",
            Self::PrometheusJson => "prometheus-json",
            Self::TsdbDump => "tsdb-dump",
            Self::CsvLevels => "csv-levels",
            Self::Otlp => "otlp",
            Self::Journald => "journald",
            Self::ProgressLog => "progress-log",
            Self::IssueLog => "issue-log",
            Self::ChangeLog => "change-log",
        }
    }

    /// The form that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// How the files of a stream are read. A file of a known form needs none.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamDefinition {
    /// The stream.
    pub name: Name,
    /// What its rows are; by default what the form of the file says.
    pub kind: Option<StreamKind>,
    /// The form of its files; by default told from their content.
    pub format: Option<InputFormat>,
    /// The column with the instant of each row.
    pub ts: Option<Name>,
    /// The unit of instants that are numbers; by default told from their size.
    pub unit: Option<EpochUnit>,
    /// The zone of instants without an offset.
    pub zone: Zone,
    /// Types of columns; others are inferred.
    pub types: Vec<(Name, ColumnType)>,
    /// The column that identifies a row; a value that comes again is a duplicate.
    pub id: Option<Name>,
    /// Longest silence of a stream that works; a longer one is an outage of the stream.
    pub expect_every: Option<SimDuration>,
    /// Patterns (`logs/web-*.jsonl`) of its files below the workspace.
    pub files: Vec<Name>,
}

impl StreamDefinition {
    /// A definition that leaves everything to the content.
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            kind: None,
            format: None,
            ts: None,
            unit: None,
            zone: Zone::UTC,
            types: Vec::new(),
            id: None,
            expect_every: None,
            files: Vec::new(),
        }
    }
}
