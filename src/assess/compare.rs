//! The same data under other methods and targets.

use rayon::prelude::*;

use super::series::{Series, View};
use crate::model::Name;
use crate::slo::{self, Column, Comparison, StatusOptions};
use crate::units::Objective;

/// What another target would have meant.
#[derive(Debug, Clone)]
pub struct TargetColumn {
    /// The target and the status with it.
    pub column: Column,
    /// Alerts that would have fired, by severity `page` and all others.
    pub alerts: (usize, usize),
}

/// One objective compared.
#[derive(Debug, Clone)]
pub struct SloComparison {
    /// The objective.
    pub name: Name,
    /// The budgeting methods side by side, and Sloth's approximation.
    pub methods: Comparison,
    /// The targets asked for, its own first.
    pub targets: Vec<TargetColumn>,
}

/// Compares each of `series` under the three methods, and under each of `targets`.
pub fn compare(series: &[Series], view: &View, targets: &[Objective]) -> Vec<SloComparison> {
    let options = view.options(series);
    series.par_iter().map(|one| compare_one(one, view, options, targets)).collect()
}

fn compare_one(
    series: &Series,
    view: &View,
    options: StatusOptions,
    targets: &[Objective],
) -> SloComparison {
    let spec = series.spec();
    let methods = slo::compare(spec, &series.block, &view.corrections, options);
    let mut all = vec![spec.target];
    all.extend(targets.iter().filter(|target| **target != spec.target));
    let variants = slo::target_variants(spec, &all);
    let columns = slo::columns(&variants, &series.block, &view.corrections, options);
    let with_alerts = |column: Column| {
        let mut other = series.clone();
        other.objective.spec = column.spec.clone();
        let alerts = super::alerts::alerts(std::slice::from_ref(&other), view);
        let fired = alerts.iter().filter(|alert| alert.episode.firing_at.is_ok());
        let (pages, others): (Vec<_>, Vec<_>) = fired.partition(|alert| *alert.severity == *"page");
        TargetColumn { column, alerts: (pages.len(), others.len()) }
    };
    SloComparison {
        name: spec.name.clone(),
        methods,
        targets: columns.into_iter().map(with_alerts).collect(),
    }
}
