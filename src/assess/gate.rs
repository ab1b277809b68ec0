//! Whether a release may go out.

use super::status::SloStatus;
use crate::model::Name;
use crate::slo::SloState;

/// Why an objective lets a release pass or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateReason {
    /// Budget is left and nothing burns.
    BudgetLeft,
    /// Budget is left, though an alert fires.
    Burning,
    /// Nothing is left of the budget.
    Exhausted,
    /// Too little was measured to tell.
    NoData,
    /// The same, and that was allowed.
    NoDataAllowed,
}

/// The gate's word on one objective.
#[derive(Debug, Clone)]
pub struct GateVerdict {
    /// The objective.
    pub slo: Name,
    /// Whether a release may go out.
    pub passes: bool,
    /// Why.
    pub reason: GateReason,
}

/// The release gate of the SRE Workbook's error budget policy: an exhausted budget freezes
/// releases, and what cannot be told counts as failed unless `allow_no_data`.
pub fn gate(slos: &[SloStatus], allow_no_data: bool) -> Vec<GateVerdict> {
    let verdict = |slo: &SloStatus| {
        let (passes, reason) = match slo.status.state {
            SloState::Ok => (true, GateReason::BudgetLeft),
            SloState::Burning => (true, GateReason::Burning),
            SloState::Exhausted => (false, GateReason::Exhausted),
            SloState::NoData if allow_no_data => (true, GateReason::NoDataAllowed),
            SloState::NoData => (false, GateReason::NoData),
        };
        GateVerdict { slo: slo.spec.name.clone(), passes, reason }
    };
    slos.iter().map(verdict).collect()
}
