//! What the history of a workspace says about a period.

use serde_json::Value;

use super::span::PeriodSpan;
use crate::store::DrillRow;
use crate::units::SimTime;

/// One drill of the period.
#[derive(Debug, Clone, PartialEq)]
pub struct DrillResult {
    /// When it was held.
    pub at: SimTime,
    /// Scenario.
    pub scenario: String,
    /// Pack.
    pub pack: String,
    /// Points; unknown when the scorecard has none.
    pub points: Option<f64>,
    /// Rating, where one was given.
    pub rating: Option<String>,
    /// The severity that was declared.
    pub severity: Option<String>,
    /// Trace hash.
    pub trace_hash: String,
}

/// Post-mortems of the period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostMortems {
    /// Due in the period.
    pub due: u32,
    /// Delivered in time.
    pub on_time: u32,
    /// Delivered late.
    pub late: u32,
    /// Not delivered.
    pub open: u32,
}

/// The drills of a period.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drills {
    /// Each, by the time it was held.
    pub results: Vec<DrillResult>,
    /// Duties to write a post-mortem or final report; `None` when no drill had one.
    pub post_mortems: Option<PostMortems>,
}

/// The rows that were recorded within `span`.
pub(in crate::assess) fn drills(rows: &[DrillRow], span: &PeriodSpan) -> Drills {
    let mut found = Drills::default();
    for row in rows {
        let Ok(at) = row.recorded_at.parse::<SimTime>() else { continue };
        if at < span.from || at >= span.to {
            continue;
        }
        let card: Value = serde_json::from_str(&row.scorecard).unwrap_or(Value::Null);
        let word = |value: &Value| value.as_str().map(str::to_owned);
        found.results.push(DrillResult {
            at,
            scenario: row.scenario.clone(),
            pack: row.pack.split_whitespace().next().unwrap_or_default().to_owned(),
            points: card["score"]["points"].as_f64(),
            rating: word(&card["score"]["rating"]),
            severity: word(&card["severity"]["declared"]),
            trace_hash: row.trace_hash.clone(),
        });
        for duty in card["duties"].as_array().into_iter().flatten() {
            count(&mut found.post_mortems, duty);
        }
    }
    found.results.sort_by(|a, b| a.at.cmp(&b.at).then(a.trace_hash.cmp(&b.trace_hash)));
    found
}

/// The duty that closes an incident in writing, whatever its pack calls it.
fn count(post_mortems: &mut Option<PostMortems>, duty: &Value) {
    let name = duty["duty"].as_str().unwrap_or_default().replace(['-', '_'], "");
    if name != "final" && !name.contains("postmortem") {
        return;
    }
    let instant = |key: &str| duty[key].as_str().and_then(|text| text.parse::<SimTime>().ok());
    let Some(due) = instant("due") else { return };
    let sum = post_mortems.get_or_insert_default();
    sum.due += 1;
    match instant("delivered") {
        Some(at) if at <= due => sum.on_time += 1,
        Some(_) => sum.late += 1,
        None => sum.open += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::span::PeriodKind;
    use super::*;
    use crate::units::Zone;

    fn row(recorded_at: &str, scorecard: &str) -> DrillRow {
        DrillRow {
            trace_hash: "00ff".into(),
            scenario: "quiet-day".into(),
            pack: "cinecom 1a2b".into(),
            responders: "well-drilled-team".into(),
            seed: 1,
            start: "2026-10-05T10:00:00+09:00".into(),
            recorded_at: recorded_at.into(),
            scorecard: scorecard.into(),
        }
    }

    #[test]
    fn drills_belong_to_the_week_they_were_held_in() {
        let week = PeriodKind::Weekly.named("2026-W46", Zone::UTC).unwrap();
        let card = r#"{"score":{"points":77.5,"rating":null},"severity":{"declared":"low"},
            "duties":[{"duty":"final","due":"2026-10-06T00:00:00Z","delivered":null},
            {"duty":"post_mortem","due":"2026-10-06T00:00:00Z","delivered":"2026-10-06T00:00:00Z"},
            {"duty":"immediate","due":"2026-10-06T00:00:00Z","delivered":null}]}"#;
        let rows = [
            row("2026-11-08T23:59:59Z", card),
            row("2026-11-09T00:00:00Z", card),
            row("2026-11-15T12:00:00Z", "not json"),
            row("yesterday", card),
        ];
        let found = drills(&rows, &week);
        assert_eq!(found.results.len(), 2);
        assert_eq!(found.results[0].points, Some(77.5));
        assert_eq!(found.results[0].severity.as_deref(), Some("low"));
        assert_eq!(found.results[0].pack, "cinecom");
        assert_eq!(found.results[1].points, None);
        let sum = PostMortems { due: 2, on_time: 1, late: 0, open: 1 };
        assert_eq!(found.post_mortems, Some(sum));
    }
}
