//! A periodic report as CSV.

use serde_json::json;

use crate::assess::{Change, PeriodReport};
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
    let rows = report.slos.iter().map(|slo| {
        let status = &slo.status;
        let own = report.alerts.iter().filter(|alert| alert.alert.slo == status.spec.name);
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
            own.count().to_string(),
            json!(status.status.state).as_str().unwrap_or_default().to_owned(),
        ]
    });
    csv::render(&header, rows)
}
