//! Which SLOs, alerts and lines people are shown when there are more than anybody reads. The JSON
//! and CSV forms hold all.

use std::collections::BTreeSet;

use crate::assess::{Change, PeriodAlert, PeriodReport, PeriodSlo};
use crate::model::Name;
use crate::slo::SloState;

/// With more SLOs, only those that ask for a look are listed.
const MOST_SLOS: usize = 40;
/// Burn-down pictures.
const MOST_PICTURES: usize = 24;
/// Alerts in the table.
const MOST_ALERTS: usize = 40;
/// Lines of a list.
pub(super) const MOST_LINES: usize = 20;

/// The SLOs to list, in the report's order: all, or of very many those that ask for a look.
pub(super) fn slos(report: &PeriodReport) -> Vec<&PeriodSlo> {
    let many = report.slos.len() > MOST_SLOS;
    let alerted: BTreeSet<&Name> = report.alerts.iter().map(|alert| &alert.alert.slo).collect();
    let asks = |slo: &&PeriodSlo| !many || !is_well(slo) || alerted.contains(&slo.status.spec.name);
    report.slos.iter().filter(asks).collect()
}

/// Well and met, no worse than before, with half of its budget or more.
fn is_well(slo: &PeriodSlo) -> bool {
    let status = &slo.status.status;
    status.state == SloState::Ok
        && status.met == Ok(true)
        && status.budget.remaining_ratio.is_ok_and(|left| left >= 0.5)
        && !matches!(slo.change, Change::Clear(delta) if delta < 0.0)
}

/// The places in the report of the SLOs to draw, ascending: of very many those with the least
/// budget.
pub(super) fn drawn(report: &PeriodReport) -> Vec<usize> {
    let mut places: Vec<usize> = (0..report.slos.len()).collect();
    if places.len() > MOST_SLOS {
        let left = |at: &usize| {
            let remaining = report.slos[*at].status.status.budget.remaining_ratio;
            remaining.unwrap_or(f64::INFINITY)
        };
        places.sort_by(|a, b| left(a).total_cmp(&left(b)));
        places.truncate(MOST_PICTURES);
        places.sort_unstable();
    }
    places
}

/// The alerts to list, in the report's order: all, or of very many the costliest.
pub(super) fn alerts(report: &PeriodReport) -> Vec<&PeriodAlert> {
    let mut places: Vec<usize> = (0..report.alerts.len()).collect();
    let cost = |at: &usize| report.alerts[*at].cost.unwrap_or(f64::NEG_INFINITY);
    places.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    places.truncate(MOST_ALERTS);
    places.sort_unstable();
    places.into_iter().map(|at| &report.alerts[at]).collect()
}
