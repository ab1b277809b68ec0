//! Rules on the user's own metrics: recorded series per slice, and the burn-rate alerts on them.
//!
//! `increase()` extrapolates, so these differ from the replay where samples are missing; the
//! recorded slices keep that difference within a slice. Prometheus resolves an alert when its
//! series vanish, where the replay freezes: every condition wants nine tenths of its slices.

use super::metrics::{PerSlice, per_slice};
use super::yaml::{
    Stands, alert_keys, alert_name, comment, condition, quoted, range, rule, series,
};
use crate::model::{BudgetingMethod, Name, NoData, ObjectiveDefinition, SloSpec};
use crate::slo::{judged_slice, tier_rule};
use crate::units::SimDuration;

/// Rules, and the SLOs that have none with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// A rule file.
    pub text: String,
    /// SLO and reason.
    pub left_out: Vec<(Name, String)>,
}

/// The production rules of `objectives` on base slices of `step`.
pub fn production_rules(objectives: &[&ObjectiveDefinition], step: SimDuration) -> Exported {
    let mut text = format!(
        "# Written by drill {}. Slices are recorded as drill:slice_bad and drill:slice_total, and\n\
         # the alerts stand on sums of them. increase() extrapolates, so where scrapes are missing\n\
         # these differ from `drill slo alerts`; where a window misses more than a tenth of its\n\
         # slices they resolve instead of freezing.\n",
        env!("CARGO_PKG_VERSION")
    );
    let (mut groups, mut left_out) = (String::new(), Vec::new());
    for objective in objectives {
        match group(objective, step) {
            Ok(group) => groups += &group,
            Err(reason) => {
                let name = &objective.spec.name;
                text += &format!("# {} is not exported: {}.\n", comment(name), comment(&reason));
                left_out.push((name.clone(), reason));
            }
        }
    }
    text += if groups.is_empty() { "groups: []\n" } else { "groups:\n" };
    text += &groups;
    Exported { text, left_out }
}

fn group(objective: &ObjectiveDefinition, step: SimDuration) -> Result<String, String> {
    let spec = &objective.spec;
    if spec.no_data != NoData::Gap {
        return Err("what its missing slices count as is nothing that Prometheus can record".into());
    }
    let slice = judged_slice(spec.method, step);
    let measured = per_slice(&objective.indicator, slice)?;
    let guarded = spec.tiers.iter().any(|tier| tier.min_events > 0 || tier.min_failures > 0);
    if guarded && !(measured.events && spec.method == BudgetingMethod::Occurrences) {
        return Err("its guards count events, which its series do not hold".into());
    }
    let mut text = format!(
        "- name: {}\n  interval: {slice}\n  rules:\n",
        quoted(&format!("drill:{}", spec.name))
    );
    let labels = [("labels", format!("{{slo: {}}}", quoted(&spec.name)))];
    for (metric, expression) in recorded(spec, &measured) {
        text += &rule(&format!("record: {metric}"), &expression, &labels);
    }
    let [bad, total] = [BAD, TOTAL].map(|metric| series(metric, &spec.name));
    let (events, failures) = (total.clone(), bad.clone());
    let stands = Stands { bad, total: total.clone(), events, failures };
    for (index, tier) in spec.tiers.iter().enumerate() {
        let name = alert_name(spec, index);
        let Some(compiled) = tier_rule(spec, tier, step) else {
            text += &format!("# {}: even all events bad do not reach it.\n", comment(&name));
            continue;
        };
        let guard = |span: SimDuration, is_long: bool| match is_long {
            true => {
                format!("\n  and count_over_time({total}[{}]) >= {}", range(span), compiled.floor)
            }
            false => String::new(),
        };
        let expression = condition(&stands, tier, &compiled, guard);
        text += &rule(&format!("alert: {}", quoted(&name)), &expression, &alert_keys(spec, tier));
    }
    if spec.alert_when_no_data {
        let silence = SimDuration::from_minutes(5).max(slice * 2);
        let expression = format!("absent_over_time({total}[{silence}])");
        let name = quoted(&format!("{}:no_data", spec.name));
        let labels = format!("{{slo: {}, tier: no_data}}", quoted(&spec.name));
        text += &rule(&format!("alert: {name}"), &expression, &[("labels", labels)]);
    }
    Ok(text)
}

const BAD: &str = "drill:slice_bad";
const TOTAL: &str = "drill:slice_total";

/// What is recorded of each slice under the method: its events, or what the slice itself is.
fn recorded(spec: &SloSpec, measured: &PerSlice) -> [(&'static str, String); 2] {
    let (bad, total) = (&measured.bad, format!("({})", measured.total));
    match spec.method {
        BudgetingMethod::Occurrences => [(BAD, bad.clone()), (TOTAL, measured.total.clone())],
        // A slice without events is there and judges nothing.
        BudgetingMethod::Timeslices { target, .. } => [
            (
                BAD,
                format!(
                    "(({total} - ({bad})) * {} < bool {total} * {})",
                    target.den(),
                    target.num()
                ),
            ),
            (TOTAL, format!("{total} > bool 0")),
        ],
        BudgetingMethod::RatioTimeslices { .. } => [
            (BAD, format!("(({bad}) / ({total} > 0)) or {total} * 0")),
            (TOTAL, format!("{total} > bool 0")),
        ],
    }
}
