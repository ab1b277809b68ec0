//! What an SLI is computed from, as OpenSLO states it, and the objectives on it.

use serde::{Deserialize, Serialize};

use super::name::Name;
use super::slo::{NoData, SloSpec};
use crate::units::Objective;

/// How the samples of one slice become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Their number.
    Count,
    /// Their sum.
    Sum,
    /// Their arithmetic mean.
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The last in time; of equal times, the last row.
    Last,
}

/// Rows of a stream, and what of them is counted or measured.
///
/// In OpenSLO it is a `metricSource` of `type: drill`:
/// `spec: { stream: access, where: "status < 500" }`. `metric` picks one metric of a stream of
/// metrics, `value` is the column (or expression) that is measured, by default the `value` column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The source's type; `drill` for drill's own streams, such as `prometheus` for others, whose
    /// `spec` is kept as it is and can be exported but not evaluated.
    pub source: Name,
    /// The stream; empty for other sources.
    pub stream: Name,
    /// The metric within the stream.
    pub metric: Option<Name>,
    /// SQL condition on the stream's columns.
    pub filter: Option<String>,
    /// SQL expression that is measured.
    pub value: Option<String>,
    /// How a slice's values become one.
    pub aggregate: Aggregate,
    /// The source's own fields as they are written, in the order of the file.
    pub fields: Vec<(String, String)>,
}

/// How a measured value compares with its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdOp {
    /// `<=`.
    Lte,
    /// `<`.
    Lt,
    /// `>=`.
    Gte,
    /// `>`.
    Gt,
}

/// What an SLI is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indicator {
    /// Good (or bad) events over all events.
    Ratio {
        /// Whether the values are counters that only grow.
        counter: bool,
        /// Whether `part` counts bad events instead of good ones.
        part_is_bad: bool,
        /// Good or bad events.
        part: Query,
        /// All events.
        total: Query,
    },
    /// One query that gives the ratio itself.
    Raw {
        /// Whether it is the ratio of failures.
        failure: bool,
        /// The ratio.
        query: Query,
    },
    /// A measured value against a threshold; each slice (or sample) is good or bad.
    Threshold {
        /// What is measured.
        query: Query,
        /// How it compares.
        op: ThresholdOp,
        /// The threshold as it is written, a decimal.
        value: String,
    },
}

impl Indicator {
    /// The stream it is computed from; empty for sources that are not drill's.
    pub fn stream(&self) -> &Name {
        match self {
            Self::Ratio { total: query, .. }
            | Self::Raw { query, .. }
            | Self::Threshold { query, .. } => &query.stream,
        }
    }

    /// What it asks, one query or two.
    pub fn queries(&self) -> impl Iterator<Item = &Query> {
        let (one, other) = match self {
            Self::Ratio { part, total, .. } => (total, Some(part)),
            Self::Raw { query, .. } | Self::Threshold { query, .. } => (query, None),
        };
        std::iter::once(one).chain(other)
    }
}

/// One objective of an SLO with its indicator.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectiveDefinition {
    /// What is evaluated. Its name is the SLO's, followed by `/` and its display name or number
    /// where the SLO has several.
    pub spec: SloSpec,
    /// What it is computed from.
    pub indicator: Indicator,
    /// Its weight in a composite.
    pub weight: Option<f64>,
}

/// How the parts of a composite become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompositeRule {
    /// Weighted mean of the parts' SLIs, weights divided by their sum; parts without data are
    /// left out and the other weights renormalised.
    Weighted,
    /// A slice is bad when it is bad in any part.
    AnyBad,
}

/// Several objectives judged as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Composite {
    /// How the parts become one.
    pub rule: CompositeRule,
    /// The target of the whole.
    pub target: Objective,
}

/// Where a threshold comes from. Figures that a document states are `Derived`; those it leaves
/// open are `Assumed`, and every report says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Stated by its author.
    Stated,
    /// Follows from a document's thresholds.
    Derived,
    /// Chosen where the document is silent.
    Assumed,
}

/// One SLO of a spec file.
#[derive(Debug, Clone, PartialEq)]
pub struct SloDefinition {
    /// Unique within what is loaded together.
    pub name: Name,
    /// Name for people, or the name.
    pub title: Name,
    /// The service it is about.
    pub service: Name,
    /// What it is for.
    pub description: Option<Name>,
    /// Where its figures come from (annotation `drill/origin`).
    pub origin: Origin,
    /// At least one.
    pub objectives: Vec<ObjectiveDefinition>,
    /// Present when the objectives are parts of one composite.
    pub composite: Option<Composite>,
    /// What a slice without data counts as (annotation `drill/no-data`).
    pub no_data: NoData,
    /// The file and line of its definition.
    pub file: Name,
    /// Counted from 1.
    pub line: usize,
}
