//! `drill.report/1`.

use crate::report::actions::{KeptActions, actions_json};
use crate::report::due::due_json;
use serde_json::{Map, Value, json};

use crate::assess::{
    Change, Drills, Level, PeriodAlert, PeriodReport, PeriodSlo, PeriodSpan, StreamSummary,
};
use crate::report::json::{number, pretty};
use crate::report::slo::figures::{put, put_instant, put_number};
use crate::report::slo::status_json;
use crate::units::Zone;

/// The whole report. A value that does not exist is null, with its reason beside it.
pub fn period_json(report: &PeriodReport) -> String {
    let zone = report.span.zone;
    let corrections = report.corrections.iter().map(|one| {
        json!({
            "name": one.name,
            "from": one.from.rfc3339(zone),
            "to": one.to.rfc3339(zone),
            "effect": one.effect,
            "slos": one.slos,
        })
    });
    let contributors = report.contributors.as_ref().map(|list| {
        let one = |found: &crate::assess::Contributor| {
            json!({
                "slo": found.slo,
                "column": found.column,
                "value": found.value,
                "bad": found.bad,
                "share": number(found.share),
            })
        };
        list.iter().map(one).collect::<Vec<_>>()
    });
    let streams = report.streams.as_ref();
    pretty(&json!({
        "schema": "drill.report/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "kind": report.span.kind,
        "zone": zone.to_string(),
        "period": span(&report.span),
        "before": span(&report.before),
        "as_of": report.as_of.rfc3339(zone),
        "is_complete": report.as_of >= report.span.to,
        "summary": {
            "slos": report.slos.len(),
            "slos_judged": report.met.1,
            "slos_met": report.met.0,
            "budgets": report.half_left.1,
            "budgets_half_or_more": report.half_left.0,
            "alerts": report.alerts.len(),
        },
        "slos": report.slos.iter().map(|slo| slo_json(slo, zone)).collect::<Vec<_>>(),
        "alerts": report.alerts.iter().map(|alert| alert_json(alert, zone)).collect::<Vec<_>>(),
        "corrections": corrections.collect::<Vec<_>>(),
        "contributors": contributors,
        "streams": streams.map(|list| {
            list.iter().map(|one| stream_json(one, zone)).collect::<Vec<_>>()
        }),
        "drills": report.drills.as_ref().map(|drills| drills_json(drills, zone)),
        "due": due_json(&report.due),
        "low_items": report.low.as_ref().map(|list| {
            let one = |item: &crate::assess::LowItem| {
                json!({"since": item.at.rfc3339(zone), "text": item.text, "stream": item.stream})
            };
            list.iter().map(one).collect::<Vec<_>>()
        }),
        "actions": report.actions.as_ref().map(|all| {
            actions_json(&KeptActions { all, day: report.day() })
        }),
    }))
}

fn span(span: &PeriodSpan) -> Value {
    json!({
        "label": span.label,
        "from": span.from.rfc3339(span.zone),
        "to": span.to.rfc3339(span.zone),
    })
}

fn level(level: &Level) -> Value {
    let mut one = Map::new();
    put_number(&mut one, "sli", level.sli);
    one.insert("bad".into(), number(level.bad));
    one.insert("total".into(), number(level.total));
    one.insert("coverage".into(), number(level.coverage));
    one.insert("missing_slices".into(), json!(level.missing));
    Value::Object(one)
}

fn slo_json(slo: &PeriodSlo, zone: Zone) -> Value {
    let mut object = Map::new();
    object.insert("name".into(), json!(slo.status.spec.name));
    object.insert("in_period".into(), level(&slo.now));
    object.insert("in_period_before".into(), level(&slo.before));
    object.insert(
        "change".into(),
        match slo.change {
            Change::Clear(delta) => json!({"is": "clear", "delta": number(delta)}),
            Change::Unclear => json!({"is": "unclear", "delta": null}),
            Change::Unknown(reason) => json!({"is": "unknown", "delta": null, "reason": reason}),
        },
    );
    put_number(&mut object, "budget_spent_in_period", slo.spent);
    let costliest = slo.costliest.iter().map(|hour| {
        let mut one = Map::new();
        one.insert("from".into(), json!(hour.from.rfc3339(zone)));
        one.insert("to".into(), json!(hour.to.rfc3339(zone)));
        one.insert("bad".into(), number(hour.bad));
        one.insert("total".into(), number(hour.total));
        put_number(&mut one, "budget_cost", hour.cost);
        Value::Object(one)
    });
    object.insert("costliest_hours".into(), costliest.collect());
    let burn_down = slo.burn_down.iter().map(|point| {
        let mut one = Map::new();
        one.insert("at".into(), json!(point.at.rfc3339(zone)));
        put_number(&mut one, "remaining_ratio", point.remaining_ratio);
        Value::Object(one)
    });
    object.insert("burn_down".into(), burn_down.collect());
    let mut reached = Map::new();
    put(&mut reached, "suggested_target", slo.attainment.suggested, |target| {
        number(target.as_f64())
    });
    put_number(&mut reached, "worst_week_sli", slo.attainment.worst_week);
    reached.insert("weeks".into(), json!(slo.attainment.weeks));
    object.insert("attainment".into(), Value::Object(reached));
    object.insert("status".into(), status_json(&slo.status, zone));
    Value::Object(object)
}

fn alert_json(found: &PeriodAlert, zone: Zone) -> Value {
    let alert = &found.alert;
    let mut object = Map::new();
    object.insert("slo".into(), json!(alert.slo));
    object.insert("tier".into(), json!(alert.tier));
    object.insert("severity".into(), json!(alert.severity));
    put_instant(&mut object, "firing_at", alert.episode.firing_at, zone);
    put_instant(&mut object, "resolved_at", alert.episode.resolved_at, zone);
    put_number(&mut object, "budget_cost", found.cost);
    Value::Object(object)
}

fn stream_json(stream: &StreamSummary, zone: Zone) -> Value {
    json!({
        "name": stream.name,
        "rows": stream.rows,
        "rejects": stream.rejects,
        "duplicates": stream.duplicates,
        "last": stream.last.map(|at| at.rfc3339(zone)),
    })
}

fn drills_json(drills: &Drills, zone: Zone) -> Value {
    let one = |drill: &crate::assess::DrillResult| {
        json!({
            "at": drill.at.rfc3339(zone),
            "scenario": drill.scenario,
            "pack": drill.pack,
            "points": drill.points.map(number),
            "rating": drill.rating,
            "severity": drill.severity,
            "trace_hash": drill.trace_hash,
        })
    };
    let post_mortems = drills.post_mortems.as_ref().map(
        |sum| json!({"due": sum.due, "on_time": sum.on_time, "late": sum.late, "open": sum.open}),
    );
    json!({
        "results": drills.results.iter().map(one).collect::<Vec<_>>(),
        "post_mortems": post_mortems,
    })
}
