//! Files of corrections: maintenance windows that SLOs leave out or count as good.
//!
//! ```toml
//! schema = "drill.corrections/1"
//!
//! [[correction]]
//! name = "weekly-patching"
//! start = 2026-11-01T02:00:00      # on the wall clock of `zone`; with an offset, that instant
//! duration = "90m"
//! rrule = "FREQ=WEEKLY;BYDAY=SU"   # left out: once
//! zone = "Asia/Tokyo"              # left out: UTC
//! effect = "drop"                  # or "good"
//! slos = ["checkout-availability"] # left out: all
//! silence = true                   # alerts too; left out: false
//! ```

use chrono::{DateTime, NaiveDateTime};

use super::decode::{Cx, Fields, Loaded};
use super::symbols::{Space, choices};
use crate::diag::{Diagnostics, SourceText};
use crate::model::{Correction, CorrectionEffect, Name, Recurrence};
use crate::units::{SimDuration, SimTime, Zone};

const CORRECTION: Space = Space::new("correction", "corrections::unknown-correction");

/// The corrections of a file's text, in its order. `slos` are the SLOs there are: a correction
/// for another one is a mistake. Without any, names are not checked.
///
/// # Errors
/// All mistakes of the file: unknown, missing and doubled keys, times and zones that are none,
/// recurrence rules that are none or recur more often than hourly, unknown SLOs.
pub fn corrections(
    source: &SourceText,
    slos: &[Name],
) -> Result<Loaded<Vec<Correction>>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    let value = cx.fields(&tree, "file of corrections").map(|fields| {
        fields.choice("schema", &["drill.corrections/1"]);
        let tables = fields.tables("correction", "correction");
        tables.iter().map(|table| correction(table, slos)).collect()
    });
    cx.finish(value)
}

/// A time as it is written: on a wall clock, or exactly.
#[derive(Clone, Copy)]
enum Start {
    Local(NaiveDateTime),
    Instant(SimTime),
}

impl std::str::FromStr for Start {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.replacen(' ', "T", 1);
        if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
            return Ok(Self::Instant(SimTime::from_ms(at.timestamp_millis())));
        }
        let local = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
        let found = local.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
        found.map(Self::Local).ok_or("not a date with a time of day")
    }
}

fn correction(fields: &Fields<'_>, slos: &[Name]) -> Correction {
    let zone = match fields.get("zone") {
        None => Zone::UTC,
        Some(node) => fields
            .parse_node("`zone`", node, "an IANA time zone such as \"Asia/Tokyo\"")
            .unwrap_or(Zone::UTC),
    };
    let wanted = "a time such as 2026-11-01T02:00:00, or with an offset";
    let start: Option<Start> = fields.parse("start", wanted);
    let local = match start {
        None => NaiveDateTime::default(),
        Some(Start::Local(local)) => local,
        Some(Start::Instant(at)) => at.local(zone).naive_local(),
    };
    let effects = [CorrectionEffect::Drop, CorrectionEffect::Good];
    Correction {
        name: fields.define("name", CORRECTION),
        start: local,
        duration: duration(fields),
        rule: rule(fields, start.is_some().then_some(local), zone),
        zone,
        effect: fields.word("effect", &effects, |effect| match effect {
            CorrectionEffect::Drop => "drop",
            CorrectionEffect::Good => "good",
        }),
        slos: concerned(fields, slos),
        silence: fields.flag("silence", false),
    }
}

fn duration(fields: &Fields<'_>) -> SimDuration {
    fields.duration_positive("duration")
}

fn rule(fields: &Fields<'_>, start: Option<NaiveDateTime>, zone: Zone) -> Option<Recurrence> {
    let text: String = fields.parse_node(
        "`rrule`",
        fields.get("rrule")?,
        "a recurrence rule such as \"FREQ=WEEKLY;BYDAY=SU\"",
    )?;
    match Recurrence::new(&text, start?, zone) {
        Ok(rule) => Some(rule),
        Err(error) => {
            let span = fields.span_of("rrule");
            let bad = fields.cx.at("corrections::rrule", error.to_string(), span, "no rule");
            fields.cx.push(bad.help("write a rule of RFC 5545 such as \"FREQ=WEEKLY;BYDAY=SU\""));
            None
        }
    }
}

fn concerned(fields: &Fields<'_>, slos: &[Name]) -> Vec<Name> {
    let known: Vec<&str> = slos.iter().map(Name::as_str).collect();
    let names = fields.names("slos");
    for (name, span) in &names {
        if !name.is_empty() && !known.is_empty() && !known.contains(&name.as_str()) {
            let message = format!("there is no SLO `{name}`");
            let unknown = fields.cx.at("corrections::unknown-slo", message, *span, "unknown SLO");
            fields.cx.push(unknown.help(choices(name, &known)));
        }
    }
    names.into_iter().map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, slos: &[&str]) -> Result<Vec<Correction>, Vec<&'static str>> {
        let slos: Vec<Name> = slos.iter().map(|slo| Name::from(*slo)).collect();
        let loaded = corrections(&SourceText::new("maintenance.toml", text), &slos);
        loaded
            .map(|loaded| loaded.value)
            .map_err(|errors| errors.list.iter().map(|error| error.code).collect())
    }

    #[test]
    fn a_rule_and_a_fixed_time_load() {
        let text = r#"
            schema = "drill.corrections/1"
            [[correction]]
            name = "weekly"
            start = 2026-11-01T02:00:00
            duration = "90m"
            rrule = "FREQ=WEEKLY;BYDAY=SU"
            zone = "Asia/Tokyo"
            effect = "drop"
            slos = ["checkout"]
            silence = true
            [[correction]]
            name = "once"
            start = "2026-11-03T01:00:00Z"
            duration = "1h"
            zone = "Asia/Tokyo"
            effect = "good"
        "#;
        let loaded = load(text, &["checkout"]).unwrap();
        assert_eq!(loaded[0].rule.as_ref().unwrap().to_string(), "FREQ=WEEKLY;BYDAY=SU");
        assert!(loaded[0].silence && loaded[0].concerns("checkout"));
        assert!(!loaded[0].concerns("search") && loaded[1].concerns("search"));
        assert_eq!(loaded[1].start.to_string(), "2026-11-03 10:00:00");
        let span =
            loaded[1].occurrences(SimTime::default(), SimTime::from_minute(i64::from(u32::MAX)));
        assert_eq!(span[0].from.to_string(), "2026-11-03T01:00:00+00:00");
    }

    #[test]
    fn all_mistakes_come_at_once() {
        let text = r#"
            schema = "drill.corrections/1"
            [[correction]]
            name = "a"
            start = "yesterday"
            duration = "0s"
            effect = "ignore"
            [[correction]]
            name = "a"
            start = 2026-11-01T02:00:00
            duration = "1h"
            rrule = "EVERY SUNDAY"
            zone = "Tokyo"
            effect = "drop"
            slos = ["chekout"]
            until = 3
        "#;
        let codes = load(text, &["checkout"]).unwrap_err();
        for code in [
            "decode::bad-value",
            "decode::out-of-range",
            "decode::unknown-word",
            "decode::duplicate",
            "corrections::rrule",
            "corrections::unknown-slo",
            "decode::unknown-key",
        ] {
            assert!(codes.contains(&code), "{code} in {codes:?}");
        }
    }
}
