//! What was measured during a drill.

use super::name::Name;
use super::slo::SliceBlock;
use crate::units::{SimDuration, SimTime};

/// A gauge over the time of the drill: one value per step, `None` where nothing was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct GaugeSeries {
    /// `service:user-service`, `agent:backend-agent`.
    pub entity: Name,
    /// Metric name, unit last (`p95_ms`, `requests_per_min`, `cpu_ratio`, `saturation_ratio`,
    /// `tokens_per_min`, `queue_age_ms`).
    pub metric: Name,
    /// Start of the first value.
    pub start: SimTime,
    /// Distance between values.
    pub step: SimDuration,
    /// Values.
    pub values: Vec<Option<f64>>,
}

/// Everything measured during a drill, with 30 days of history before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Telemetry {
    /// Per SLO, in the system's order: name, service, and its slices.
    pub slices: Vec<(Name, Name, SliceBlock)>,
    /// Gauges of the drill itself.
    pub gauges: Vec<GaugeSeries>,
}
