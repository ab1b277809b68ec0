//! What a freeze policy is asked about, and what it answers.

use serde::Serialize;

use super::name::Name;

/// One error budget as a policy sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetFact {
    /// The objective.
    pub slo: Name,
    /// Its service.
    pub service: Name,
    /// The target ratio.
    pub target: f64,
    /// What is left of the budget: 1 is all of it, below 0 is overspent; `None` when too little
    /// was measured to tell.
    pub remaining: Option<f64>,
    /// Severities of the burn-rate alerts that fire.
    pub firing: Vec<Name>,
}

/// A reason of the policy to hold releases back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hold {
    /// Rule identifier, unique within the pack.
    pub rule: Name,
    /// The objective it is about; `None` is all of them.
    pub slo: Option<Name>,
    /// Why, for people.
    pub reason: Name,
}
