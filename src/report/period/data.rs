//! A periodic report as CSV.

use std::collections::BTreeMap;

use serde_json::json;

use crate::assess::{Change, PeriodReport};
use crate::model::Name;
use crate::report::csv;
use crate::slo::Known;

/// One row per objective.
pub fn period_csv(report: &PeriodReport) -> String {
    let header = [
        "period",
        "slo",
        "target",
        "sli",
        "bad",
        "total",
        "coverage",
        "missing_slices",
        "sli_before",
        "change",
        "change_is",
        "budget_remaining_ratio",
        "budget_spent_in_period",
        "alerts",
        "state",
    ];
    let text = |value: Known<f64>| value.map_or_else(|_| String::new(), |value| value.to_string());
    let mut alerts: BTreeMap<&Name, usize> = BTreeMap::new();
    for alert in &report.alerts {
        *alerts.entry(&alert.alert.slo).or_default() += 1;
    }
    let rows = report.slos.iter().map(|slo| {
        let status = &slo.status;
        let own = alerts.get(&status.spec.name).copied().unwrap_or_default();
        let (change, is) = match slo.change {
            Change::Clear(delta) => (delta.to_string(), "clear"),
            Change::Unclear => (String::new(), "unclear"),
            Change::Unknown(_) => (String::new(), "unknown"),
        };
        [
            report.span.label.clone(),
            status.spec.name.to_string(),
            status.spec.target.to_string(),
            text(slo.now.sli),
            slo.now.bad.to_string(),
            slo.now.total.to_string(),
            slo.now.coverage.to_string(),
            slo.now.missing.to_string(),
            text(slo.before.sli),
            change,
            is.to_owned(),
            text(status.status.budget.remaining_ratio),
            text(slo.spent),
            own.to_string(),
            json!(status.status.state).as_str().unwrap_or_default().to_owned(),
        ]
    });
    csv::render(&header, rows)
}
