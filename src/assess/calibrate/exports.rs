//! Exports of Alertmanager, PagerDuty and Opsgenie: webhook bodies kept as JSON, one or many per
//! file.
//!
//! Which tool a body is of is told from its keys. Bodies of one incident are joined by its id;
//! each says only what happened at its own instant. What was not over when the last body was
//! written is censored there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::evidence::{Evidence, LeftOut, wait};
use crate::units::SimTime;

/// Why a file could not be read as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ExportError {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Lowercase fragment.
    pub message: String,
}

/// What is known of one incident of a pager.
#[derive(Debug, Clone, Copy, Default)]
struct Lifecycle {
    start: Option<SimTime>,
    acked: Option<SimTime>,
    resolved: Option<SimTime>,
}

/// An alert that was on; `end` is `None` while it was.
#[derive(Debug, Clone, Copy)]
struct Alert {
    start: SimTime,
    end: Option<SimTime>,
}

/// The bodies of all files, joined by incident.
#[derive(Debug, Default)]
struct Bodies {
    incidents: BTreeMap<(&'static str, String), Lifecycle>,
    /// By name of the alert: fingerprints of one name that overlap are one episode.
    alerts: BTreeMap<String, BTreeMap<String, Alert>>,
    last: Option<SimTime>,
}

impl Evidence {
    /// Adds exports, each a file's text: bodies in a row, one per line, or in arrays.
    ///
    /// # Errors
    /// The index of the first text that is not JSON, and where.
    pub fn add_exports(&mut self, texts: &[&str]) -> Result<(), (usize, ExportError)> {
        let mut bodies = Bodies::default();
        for (index, text) in texts.iter().enumerate() {
            for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
                let value = value.map_err(|error| {
                    let message = error.to_string();
                    let message = message.split(" at line ").next().unwrap_or("").to_owned();
                    (index, ExportError { line: error.line(), column: error.column(), message })
                })?;
                bodies.body(&value, self);
            }
        }
        bodies.close(self);
        Ok(())
    }
}

impl Bodies {
    fn body(&mut self, value: &Value, evidence: &mut Evidence) {
        if let Value::Array(bodies) = value {
            bodies.iter().for_each(|body| self.body(body, evidence));
            return;
        }
        evidence.records += 1;
        let has = |key: &str| !value[key].is_null();
        let read = if value["event"]["event_type"].is_string() {
            evidence.seen_in("PagerDuty");
            self.pagerduty(&value["event"])
        } else if value["action"].is_string() && value["alert"].is_object() {
            evidence.seen_in("Opsgenie");
            self.opsgenie(value)
        } else if let Some(alerts) = value["alerts"].as_array() {
            evidence.seen_in("Alertmanager");
            for alert in alerts {
                if let Err(why) = self.alertmanager(alert) {
                    evidence.leave_out(why);
                }
            }
            Ok(())
        } else if has("event_action") || has("alias") && has("responders") {
            Err(LeftOut::NoInstant)
        } else {
            Err(LeftOut::UnknownForm)
        };
        if let Err(why) = read {
            evidence.leave_out(why);
        }
    }

    fn seen(&mut self, at: SimTime) {
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    /// Version 3 of PagerDuty's webhooks.
    fn pagerduty(&mut self, event: &Value) -> Result<(), LeftOut> {
        let at = instant(&event["occurred_at"]).ok_or(LeftOut::NoInstant)?;
        self.seen(at);
        let id = event["data"]["id"].as_str().ok_or(LeftOut::UnknownForm)?;
        let known = self.incidents.entry(("PagerDuty", id.to_owned())).or_default();
        if let Some(created) = instant(&event["data"]["created_at"]) {
            known.start = earlier(known.start, created);
        }
        match event["event_type"].as_str().unwrap_or_default() {
            "incident.triggered" => known.start = earlier(known.start, at),
            "incident.acknowledged" => known.acked = earlier(known.acked, at),
            "incident.resolved" => known.resolved = earlier(known.resolved, at),
            _ => {}
        }
        Ok(())
    }

    /// `createdAt` is in milliseconds, `updatedAt` in nanoseconds since 1970, of 19 digits.
    fn opsgenie(&mut self, body: &Value) -> Result<(), LeftOut> {
        let alert = &body["alert"];
        let epoch = |key: &str, per_ms: i64| {
            let ms = alert[key].as_i64()?.div_euclid(per_ms);
            // The years 2001 to 2286: anything else is another unit.
            (1_000_000_000_000..10_000_000_000_000).contains(&ms).then(|| SimTime::from_ms(ms))
        };
        let created = epoch("createdAt", 1);
        let at = epoch("updatedAt", 1_000_000).or(created).ok_or(LeftOut::NoInstant)?;
        self.seen(at);
        let id = alert["alertId"].as_str().ok_or(LeftOut::UnknownForm)?;
        let known = self.incidents.entry(("Opsgenie", id.to_owned())).or_default();
        if let Some(created) = created {
            known.start = earlier(known.start, created);
        }
        match body["action"].as_str().unwrap_or_default() {
            "Acknowledge" => known.acked = earlier(known.acked, at),
            "Close" => known.resolved = earlier(known.resolved, at),
            _ => {}
        }
        Ok(())
    }

    /// An alert of a webhook body or of `GET /api/v2/alerts/groups`. An `endsAt` of an alert that
    /// is still on is when it will be forgotten, not when it ended.
    fn alertmanager(&mut self, alert: &Value) -> Result<(), LeftOut> {
        let start = instant(&alert["startsAt"]).ok_or(LeftOut::NoInstant)?;
        self.seen(start);
        let state = &alert["status"];
        if state["state"] == "suppressed" {
            return Err(LeftOut::Silenced);
        }
        if let Some(updated) = instant(&alert["updatedAt"]) {
            self.seen(updated);
        }
        let resolved = state.as_str().is_some_and(|word| word == "resolved");
        let end = instant(&alert["endsAt"]).filter(|end| resolved && *end >= start);
        if let Some(end) = end {
            self.seen(end);
        }
        let name = alert["labels"]["alertname"].as_str().unwrap_or_default().to_owned();
        let labels = alert["fingerprint"].as_str().map(str::to_owned);
        let labels = labels.unwrap_or_else(|| alert["labels"].to_string());
        let key = format!("{labels} {}", start.ms());
        let alerts = self.alerts.entry(name).or_default();
        let known = alerts.entry(key).or_insert(Alert { start, end });
        known.end = known.end.or(end);
        Ok(())
    }

    fn close(self, evidence: &mut Evidence) {
        let Some(last) = self.last else { return };
        for lifecycle in self.incidents.into_values() {
            let Some(start) = lifecycle.start else {
                evidence.leave_out(LeftOut::NoStart);
                continue;
            };
            evidence.incidents += 1;
            let until = lifecycle.resolved.unwrap_or(last);
            match wait(start, lifecycle.acked, until) {
                Ok(answer) => evidence.answers.push((start, answer)),
                Err(why) => evidence.leave_out(why),
            }
            match wait(start, lifecycle.resolved, last) {
                Ok(repair) => evidence.repair.push(repair),
                Err(LeftOut::NothingSeen) => {}
                Err(why) => evidence.leave_out(why),
            }
        }
        for alerts in self.alerts.into_values() {
            for episode in episodes(alerts.into_values().collect()) {
                evidence.incidents += 1;
                match wait(episode.start, episode.end, last) {
                    Ok(repair) => evidence.repair.push(repair),
                    Err(why) => evidence.leave_out(why),
                }
            }
        }
    }
}

/// Alerts of one name that overlap: one thing went wrong, not one per label set.
fn episodes(mut alerts: Vec<Alert>) -> Vec<Alert> {
    alerts.sort_by_key(|alert| (alert.start, alert.end.is_none(), alert.end));
    let mut merged: Vec<Alert> = Vec::new();
    for alert in alerts {
        match merged.last_mut() {
            Some(last) if last.end.is_none_or(|end| end >= alert.start) => {
                last.end = last.end.zip(alert.end).map(|(a, b)| a.max(b));
            }
            _ => merged.push(alert),
        }
    }
    merged
}

fn earlier(known: Option<SimTime>, at: SimTime) -> Option<SimTime> {
    Some(known.map_or(at, |known| known.min(at)))
}

/// An RFC 3339 instant; Alertmanager's year 1 stands for none.
fn instant(value: &Value) -> Option<SimTime> {
    let at: SimTime = value.as_str()?.parse().ok()?;
    (at.ms() > 0).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::stats::Observation::{Censored, Reached};
    use crate::units::SimDuration;

    fn minutes(n: i64) -> SimDuration {
        SimDuration::from_minutes(n)
    }

    fn pagerduty(id: &str, what: &str, at: &str) -> String {
        format!(
            r#"{{"event":{{"event_type":"incident.{what}","occurred_at":"2026-03-02T{at}Z","data":{{"id":"{id}"}}}}}}"#
        )
    }

    #[test]
    fn bodies_of_one_incident_are_joined_whatever_their_order() {
        let mut evidence = Evidence::default();
        let text = [
            pagerduty("A", "resolved", "10:30:00"),
            pagerduty("A", "triggered", "10:00:00"),
            pagerduty("A", "acknowledged", "10:03:00"),
            pagerduty("A", "acknowledged", "10:09:00"),
            pagerduty("B", "triggered", "10:10:00"),
            pagerduty("C", "acknowledged", "10:11:00"),
        ]
        .join("\n");
        evidence.add_exports(&[&text]).unwrap();
        let answers: Vec<_> = evidence.answers.iter().map(|(_, answer)| *answer).collect();
        assert_eq!(answers, [Reached(minutes(3)), Censored(minutes(20))]);
        assert_eq!(evidence.repair, [Reached(minutes(30)), Censored(minutes(20))]);
        assert_eq!(evidence.left_out, BTreeMap::from([(LeftOut::NoStart, 1)]));
        assert_eq!((evidence.records, evidence.incidents), (6, 2));
    }

    #[test]
    fn nanoseconds_of_opsgenie_are_exact_enough() {
        let body = |action: &str, minutes: i64| {
            let updated = (1_502_709_956_288 + minutes * 60_000) * 1_000_000 + 110;
            format!(
                r#"{{"action":"{action}","alert":{{"alertId":"x","createdAt":1502709956288,"updatedAt":{updated}}}}}"#
            )
        };
        let mut evidence = Evidence::default();
        let text =
            format!("[{},{},{}]", body("Create", 0), body("Acknowledge", 4), body("Close", 50));
        evidence.add_exports(&[&text]).unwrap();
        assert_eq!(evidence.answers[0].1, Reached(minutes(4)));
        assert_eq!(evidence.repair, [Reached(minutes(50))]);
    }

    #[test]
    fn alerts_of_one_name_that_overlap_are_one_episode() {
        let alert = |from: &str, to: &str, host: &str, status: &str| {
            format!(
                r#"{{"status":"{status}","labels":{{"alertname":"Down","host":"{host}"}},"startsAt":"2026-03-02T{from}:00Z","endsAt":"{to}"}}"#
            )
        };
        let none = "0001-01-01T00:00:00Z";
        let body = |alerts: &[String]| format!(r#"{{"alerts":[{}]}}"#, alerts.join(","));
        let texts = [
            body(&[alert("10:00", none, "a", "firing"), alert("10:05", none, "b", "firing")]),
            body(&[
                alert("10:00", "2026-03-02T10:20:00Z", "a", "resolved"),
                alert("10:05", "2026-03-02T10:40:00Z", "b", "resolved"),
            ]),
            body(&[alert("11:00", none, "a", "firing")]),
            body(&[alert("11:30", "2026-03-02T11:20:00Z", "c", "firing")]),
        ];
        let mut evidence = Evidence::default();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        evidence.add_exports(&texts).unwrap();
        assert_eq!(evidence.repair, [Reached(minutes(40)), Censored(minutes(30))]);
        assert_eq!(evidence.answers, [], "Alertmanager does not know who acknowledged");
    }

    #[test]
    fn what_is_no_body_is_counted_and_what_is_no_json_is_placed() {
        let mut evidence = Evidence::default();
        let texts = [
            r#"{"event_action":"acknowledge","dedup_key":"abc"}"#,
            r#"{"alias":"x","responders":[],"message":"m"}"#,
            r#"{"hello":1} 7"#,
        ];
        evidence.add_exports(&texts).unwrap();
        let left = BTreeMap::from([(LeftOut::NoInstant, 2), (LeftOut::UnknownForm, 2)]);
        assert_eq!(evidence.left_out, left);
        let (index, error) = evidence.add_exports(&["{}", "{}\n{,"]).unwrap_err();
        assert_eq!((index, error.line, error.column), (1, 2, 2));
    }
}
