//! Gauges: what dashboards show over the drill, one value per minute.

use crate::model::Ref;
use crate::units::{SimDuration, SimTime};

/// One gauge of an entity over the drill.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// `service:user-service`.
    pub entity: Ref,
    /// Metric name, unit last.
    pub metric: &'static str,
    /// Start of the first value.
    pub start: SimTime,
    /// Distance between values.
    pub step: SimDuration,
    /// One value per step, `None` where nothing was measured.
    pub values: Vec<Option<f64>>,
}

/// Metrics of a service, in the order of its gauges.
pub(super) const SERVICE_METRICS: [&str; 6] =
    ["requests_per_min", "error_ratio", "p50_ms", "p95_ms", "cpu_ratio", "saturation_ratio"];

/// Metrics of an agent, in the order of its gauges.
pub(super) const AGENT_METRICS: [&str; 3] = ["queue_age_ms", "tokens_per_min", "completed_per_min"];
