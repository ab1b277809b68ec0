//! A routine for programs.

use serde_json::{Map, Value, json};

use super::json::{number, pretty};
use super::routine::overall_word;
use crate::assess::{CheckResult, CheckState, RoutineReport};
use crate::model::Name;
use crate::units::Zone;

/// `drill.routine-result/1`.
pub fn routine_json(report: &RoutineReport) -> String {
    let zone = report.times.zone;
    let (planned, owners) = report.planned();
    let owner =
        |(owner, minutes): &(Option<Name>, u32)| json!({"owner": owner, "minutes": minutes});
    let remedies = report.results.iter().filter(|one| one.outcome.state != CheckState::Ok);
    let remedies: Vec<Value> = remedies
        .filter_map(|one| one.check.remedy.as_ref().map(|text| (&one.check.id, text)))
        .map(|(id, text)| json!({"check": id, "text": text}))
        .collect();
    let count = |state| report.count(state);
    let mut root = Map::new();
    root.insert("schema".into(), json!("drill.routine-result/1"));
    root.insert("drill_version".into(), json!(env!("CARGO_PKG_VERSION")));
    root.insert("pack".into(), json!(report.pack));
    root.insert("title".into(), json!(report.title));
    root.insert("routine".into(), json!(report.routine.kind));
    root.insert("as_of".into(), json!(report.times.data.map(|at| at.rfc3339(zone))));
    if report.times.data.is_none() {
        root.insert("as_of_reason".into(), json!("no_data"));
    }
    root.insert("timestamp".into(), json!(report.times.machine.rfc3339(zone)));
    root.insert("overall_status".into(), json!(overall_word(report.overall())));
    root.insert("failed".into(), json!(report.overall() == CheckState::Critical));
    root.insert(
        "counts".into(),
        json!({
            "ok": count(CheckState::Ok),
            "warning": count(CheckState::Warning),
            "critical": count(CheckState::Critical),
            "unknown": count(CheckState::Unknown),
        }),
    );
    root.insert("planned_minutes".into(), json!(planned));
    root.insert("planned".into(), owners.iter().map(owner).collect());
    let checks = report.results.iter().map(|result| check(result, zone));
    root.insert("checks".into(), checks.collect());
    root.insert("recommendations".into(), Value::Array(remedies));
    pretty(&Value::Object(root))
}

fn check(result: &CheckResult, zone: Zone) -> Value {
    let (check, outcome) = (&result.check, &result.outcome);
    let mut one = Map::new();
    one.insert("id".into(), json!(check.id));
    one.insert("title".into(), json!(check.title));
    one.insert("under".into(), json!(check.under));
    one.insert("source".into(), json!(check.source.as_str()));
    one.insert("state".into(), json!(outcome.state));
    one.insert("figure".into(), json!(outcome.figure));
    one.insert("value".into(), outcome.value.map_or(Value::Null, number));
    if outcome.value.is_none() {
        one.insert(
            "value_reason".into(),
            json!(if outcome.state == CheckState::Unknown { "unknown" } else { "not_a_number" }),
        );
    }
    one.insert("limit".into(), json!(outcome.limit));
    one.insert("input".into(), json!(outcome.input));
    one.insert("input_at".into(), json!(outcome.input_at.map(|at| at.rfc3339(zone))));
    one.insert("age_ms".into(), json!(outcome.age.map(|age| age.ms())));
    one.insert("evidence".into(), json!(outcome.evidence));
    one.insert("lines".into(), json!(outcome.lines));
    one.insert("planned_minutes".into(), json!(check.minutes));
    one.insert("owner".into(), json!(check.owner));
    Value::Object(one)
}
