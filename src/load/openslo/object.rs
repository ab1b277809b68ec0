//! The objects of OpenSLO as they are written, before their references are looked up.

use super::annotations::SloNotes;
use super::fields::Length;
use super::metadata::Meta;
use crate::diag::Span;
use crate::load::node::Spanned;
use crate::model::{Comparator, Name, Period, Query, ThresholdOp};
use crate::units::{BurnRate, Objective, SimDuration};

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ObjectKind {
    Slo,
    Sli,
    AlertPolicy,
    AlertCondition,
    AlertNotificationTarget,
    DataSource,
    Service,
}

impl ObjectKind {
    /// All kinds of `openslo/v1`.
    pub(crate) const ALL: [Self; 7] = [
        Self::Slo,
        Self::Sli,
        Self::AlertPolicy,
        Self::AlertCondition,
        Self::AlertNotificationTarget,
        Self::DataSource,
        Self::Service,
    ];

    /// Its `kind`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Slo => "SLO",
            Self::Sli => "SLI",
            Self::AlertPolicy => "AlertPolicy",
            Self::AlertCondition => "AlertCondition",
            Self::AlertNotificationTarget => "AlertNotificationTarget",
            Self::DataSource => "DataSource",
            Self::Service => "Service",
        }
    }
}

/// An object that stands on its own.
#[derive(Debug)]
pub(crate) struct Object {
    /// Index of its file among those read together.
    pub(crate) file: usize,
    pub(crate) meta: Meta,
    pub(crate) span: Span,
    pub(crate) spec: Spec,
}

/// What an object says; `None` where its mistakes leave nothing to go on with.
#[derive(Debug)]
pub(crate) enum Spec {
    Slo(Option<SloSpecification>),
    Sli(Option<Metric>),
    AlertPolicy(Policy),
    AlertCondition(Option<Condition>),
    AlertNotificationTarget,
    DataSource(Option<Name>),
    Service,
}

impl Spec {
    pub(crate) const fn kind(&self) -> ObjectKind {
        match self {
            Self::Slo(_) => ObjectKind::Slo,
            Self::Sli(_) => ObjectKind::Sli,
            Self::AlertPolicy(_) => ObjectKind::AlertPolicy,
            Self::AlertCondition(_) => ObjectKind::AlertCondition,
            Self::AlertNotificationTarget => ObjectKind::AlertNotificationTarget,
            Self::DataSource(_) => ObjectKind::DataSource,
            Self::Service => ObjectKind::Service,
        }
    }
}

/// Something by name, or in place.
#[derive(Debug, Clone)]
pub(crate) enum RefOr<T> {
    Ref(Spanned<Name>),
    Inline(T),
}

/// A `metricSource`.
#[derive(Debug, Clone)]
pub(crate) struct MetricSource {
    pub(crate) data_source: Option<Spanned<Name>>,
    /// Whether the source says its type itself.
    pub(crate) typed: bool,
    pub(crate) query: Query,
    pub(crate) span: Span,
}

/// What an SLI measures. The threshold of a threshold metric stands in each objective.
#[derive(Debug, Clone)]
pub(crate) enum Metric {
    Ratio { counter: bool, part_is_bad: bool, part: MetricSource, total: MetricSource },
    Raw { failure: bool, source: MetricSource },
    Threshold { source: MetricSource },
}

/// An AlertCondition.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) severity: Name,
    /// `None` for `lt` and `lte`, which cannot be evaluated.
    pub(crate) comparator: Option<Comparator>,
    pub(crate) threshold: BurnRate,
    pub(crate) lookback: SimDuration,
    pub(crate) alert_after: SimDuration,
    /// Annotation `drill/short-window`.
    pub(crate) short: Option<SimDuration>,
    /// Annotation `drill/keep`.
    pub(crate) keep: SimDuration,
    /// Annotation `drill/min-events`.
    pub(crate) min_events: u64,
    /// Annotation `drill/min-failures`.
    pub(crate) min_failures: u64,
    pub(crate) span: Span,
}

/// An AlertPolicy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    pub(crate) when_breaching: Option<bool>,
    pub(crate) when_no_data: Option<bool>,
    /// One, unless it has mistakes.
    pub(crate) conditions: Vec<RefOr<Condition>>,
    /// Those given by name.
    pub(crate) targets: Vec<Spanned<Name>>,
}

/// A word for a budgeting method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MethodWord {
    Occurrences,
    Timeslices,
    RatioTimeslices,
}

impl MethodWord {
    pub(crate) const ALL: [Self; 3] = [Self::Occurrences, Self::Timeslices, Self::RatioTimeslices];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Occurrences => "Occurrences",
            Self::Timeslices => "Timeslices",
            Self::RatioTimeslices => "RatioTimeslices",
        }
    }
}

/// One of an SLO's `objectives`.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    pub(crate) display: Option<Name>,
    pub(crate) op: Option<ThresholdOp>,
    /// A decimal as it is written.
    pub(crate) value: Option<Name>,
    pub(crate) target: Objective,
    pub(crate) slice_target: Option<Objective>,
    pub(crate) slice_window: Option<Length>,
    pub(crate) weight: Option<f64>,
    pub(crate) indicator: Option<RefOr<Metric>>,
    pub(crate) span: Span,
}

/// An SLO.
#[derive(Debug)]
pub(crate) struct SloSpecification {
    pub(crate) service: Spanned<Name>,
    pub(crate) description: Option<Name>,
    pub(crate) indicator: Option<RefOr<Metric>>,
    pub(crate) period: Period,
    pub(crate) method: MethodWord,
    pub(crate) goals: Vec<Goal>,
    pub(crate) policies: Vec<RefOr<Policy>>,
    pub(crate) notes: SloNotes,
}
