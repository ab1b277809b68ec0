//! Whether a release may go out.

use super::status::SloStatus;
use crate::diag::Diagnostic;
use crate::model::{BudgetFact, Hold, Name};
use crate::policy::Policies;
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
    /// A rule of the pack holds it back.
    Held,
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

/// What the gate says of all objectives.
#[derive(Debug, Clone)]
pub struct Gate {
    /// One per objective, in their order.
    pub verdicts: Vec<GateVerdict>,
    /// The pack that was asked; `None` where the budgets alone decide.
    pub pack: Option<Name>,
    /// What its rules hold back.
    pub holds: Vec<Hold>,
    /// Why its script failed, in which case nothing passes.
    pub failure: Option<Diagnostic>,
}

impl Gate {
    /// Whether a release may go out.
    pub fn passes(&self) -> bool {
        self.failure.is_none()
            && self.holds.is_empty()
            && self.verdicts.iter().all(|verdict| verdict.passes)
    }
}

/// The release gate of the SRE Workbook's error budget policy: an exhausted budget freezes
/// releases, and what cannot be told counts as failed unless `allow_no_data`.
pub fn gate(slos: &[SloStatus], allow_no_data: bool) -> Gate {
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
    Gate {
        verdicts: slos.iter().map(verdict).collect(),
        pack: None,
        holds: Vec::new(),
        failure: None,
    }
}

/// The gate by the policy `freeze(budgets)` of a pack. What cannot be told counts as failed
/// unless `allow_no_data`, whatever the policy says, and so does everything when it fails.
pub fn gate_by(
    policies: &mut Policies,
    pack: &Name,
    slos: &[SloStatus],
    allow_no_data: bool,
) -> Gate {
    let facts: Vec<BudgetFact> = slos.iter().map(fact).collect();
    let answer = policies.freeze(&facts);
    let mut gate = gate(slos, allow_no_data);
    for (verdict, slo) in gate.verdicts.iter_mut().zip(slos) {
        if answer.value.iter().any(|hold| hold.slo.as_ref() == Some(&verdict.slo)) {
            (verdict.passes, verdict.reason) = (false, GateReason::Held);
        } else if slo.status.state == SloState::Exhausted {
            // The policy was asked and lets it pass.
            verdict.passes = answer.failure.is_none();
        }
    }
    Gate { pack: Some(pack.clone()), holds: answer.value, failure: answer.failure, ..gate }
}

fn fact(slo: &SloStatus) -> BudgetFact {
    let status = &slo.status;
    let is_known = status.state != SloState::NoData;
    let tiers = status.firing.iter().filter_map(|tier| slo.spec.tiers.get(*tier));
    let mut firing: Vec<Name> = tiers.map(|tier| tier.severity.clone()).collect();
    firing.sort();
    firing.dedup();
    BudgetFact {
        slo: slo.spec.name.clone(),
        service: slo.service.clone(),
        target: slo.spec.target.as_f64(),
        remaining: status.budget.remaining_ratio.ok().filter(|_| is_known),
        firing,
    }
}
