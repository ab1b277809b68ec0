//! A preset in which what rests on enough records is measured, and the rest is as assumed.

use super::evidence::{Evidence, LeftOut};
use super::fit::{self, FitTest, MIN_ANSWERED, MIN_RECORDS};
use crate::model::{ContentHash, Name, Preset, Provenance, QuantileTable, Stage, Text, ToolKind};
use crate::score::stats::Observation;
use crate::units::{SimDuration, SimTime, Zone};

/// What was fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// `acknowledgement_work`, `repair`, `delivery_chat` and so on.
    pub input: String,
    /// Waits it rests on.
    pub n: u32,
    /// Those that had not ended when they were last seen.
    pub censored: u32,
    /// Test of the form that the model gives it; `None` where none is needed.
    pub form: Option<FitTest>,
    /// Test of the table that was assumed before, against these waits.
    pub before: Option<FitTest>,
    /// Name of the figure, before and now; for a table its median in minutes.
    pub figures: Vec<(Name, f64, f64)>,
    /// Share of a table that is measured; above it the shape is the base's.
    pub measured_to: Option<f64>,
}

/// Why an input stayed as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptReason {
    /// Fewer than [`MIN_RECORDS`] waits, or fewer than [`MIN_ANSWERED`] that ended.
    TooFew {
        /// Waits in all.
        n: u32,
        /// Those that ended.
        ended: u32,
    },
    /// No record holds it.
    NotInRecords,
}

/// What stayed as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// As in [`Fitted::input`].
    pub input: String,
    /// Why.
    pub why: KeptReason,
}

/// A calibrated preset and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The preset; its hash is that of no file yet.
    pub preset: Preset,
    /// The preset it started from.
    pub base: Name,
    /// Zone in which working hours were told.
    pub zone: Zone,
    /// What was fitted.
    pub fitted: Vec<Fitted>,
    /// What was not.
    pub kept: Vec<Kept>,
    /// Records read.
    pub records: u32,
    /// Incidents, pages or alerts they are about.
    pub incidents: u32,
    /// Why records say nothing, each with how many.
    pub left_out: Vec<(LeftOut, u32)>,
}

/// The knobs of a tool's delivery: shortest and longest delay, or one delay, and the failures.
type DeliveryKnobs = (ToolKind, &'static str, &'static [(&'static str, f64)], &'static str);

const DELIVERY: [DeliveryKnobs; 7] = [
    (
        ToolKind::Pager,
        "push",
        &[("push_delay_min_s", 0.05), ("push_delay_max_s", 0.95)],
        "push_fail_p",
    ),
    (
        ToolKind::Phone,
        "call",
        &[("call_delay_min_s", 0.05), ("call_delay_max_s", 0.95)],
        "call_fail_p",
    ),
    (ToolKind::Chat, "chat", &[("chat_delay_s", 0.5)], "chat_fail_p"),
    (ToolKind::Mail, "mail", &[("mail_delay_s", 0.5)], "mail_fail_p"),
    (ToolKind::CodeHost, "issue", &[("issue_delay_s", 0.5)], "issue_fail_p"),
    (ToolKind::Coordination, "task", &[("task_delay_s", 0.5)], "task_fail_p"),
    (ToolKind::Files, "file", &[("file_delay_s", 0.5)], "file_fail_p"),
];

/// Fits delivery, acknowledgement, diagnosis and repair; working hours are Monday to Friday, 9 to
/// 18 on the clock of `zone`, as in a drill. Everything else is `base`.
pub fn calibrate(evidence: &Evidence, base: &Preset, name: &Name, zone: Zone) -> Calibration {
    let (en, ja) = (
        format!("{name}: calibrated from {} incidents of its own", evidence.incidents),
        format!("{name}：自組織の記録 {} 件から較正", evidence.incidents),
    );
    let preset = Preset {
        name: name.clone(),
        title: Text { en: Name::from(en), ja: Name::from(ja) },
        hash: ContentHash(0),
        ..base.clone()
    };
    let left_out = evidence.left_out.iter().map(|(why, n)| (*why, *n)).collect();
    let mut made = Making { evidence, base, zone, preset, fitted: Vec::new(), kept: Vec::new() };
    made.deliveries();
    made.acknowledgement();
    made.stage(Stage::Detection, &[]);
    made.stage(Stage::Identification, &evidence.diagnosis);
    made.stage(Stage::Fix, &evidence.repair);
    Calibration {
        preset: made.preset,
        base: base.name.clone(),
        zone,
        fitted: made.fitted,
        kept: made.kept,
        records: evidence.records,
        incidents: evidence.incidents,
        left_out,
    }
}

struct Making<'a> {
    evidence: &'a Evidence,
    base: &'a Preset,
    zone: Zone,
    preset: Preset,
    fitted: Vec<Fitted>,
    kept: Vec<Kept>,
}

impl Making<'_> {
    fn deliveries(&mut self) {
        for (kind, word, delays, fails) in DELIVERY {
            let input = format!("delivery_{word}");
            let found = self.evidence.deliveries.iter().find(|(known, _)| *known == kind);
            let Some((_, found)) = found else {
                self.kept.push(Kept { input, why: KeptReason::NotInRecords });
                continue;
            };
            let arrived = found.took.len();
            let n = count(arrived) + found.failed;
            if (n as usize) < MIN_RECORDS || arrived < MIN_ANSWERED {
                let why = KeptReason::TooFew { n, ended: count(arrived) };
                self.kept.push(Kept { input, why });
                continue;
            }
            let mut took = found.took.clone();
            took.sort();
            let provenance = self.measured(n, "page sent to page delivered");
            let mut figures = Vec::new();
            for (knob, share) in delays {
                let value = fit::round(fit::seconds_at(&took, *share));
                figures.extend(self.set(knob, value, &provenance));
            }
            let lost = fit::round(f64::from(found.failed) / f64::from(n));
            figures.extend(self.set(fails, lost, &provenance));
            self.fitted.push(Fitted {
                input,
                n,
                censored: 0,
                form: None,
                before: None,
                figures,
                measured_to: None,
            });
        }
    }

    fn acknowledgement(&mut self) {
        let of = |off: bool| -> Vec<Observation> {
            let waits = self.evidence.answers.iter();
            let waits = waits.filter(|(at, _)| off_hours(*at, self.zone) == off);
            waits.map(|(_, answer)| *answer).collect()
        };
        let (work, night) = (of(false), of(true));
        let agents = self.evidence.agents.clone();
        let human = ["p", "median_min", "sigma"];
        self.answers("work", &work, &human);
        self.answers("night", &night, &human);
        // Agents share the spread of people in working hours.
        self.answers("agent", &agents, &["p", "median_s"]);
    }

    fn answers(&mut self, who: &str, waits: &[Observation], knobs: &[&str]) {
        let input = format!("acknowledgement_{who}");
        let minutes = self.base.knob("escalation_timeout_min");
        let timeout = SimDuration::from_minutes(1).scale(minutes);
        let Some(found) = fit::answers(waits, timeout) else {
            // What came after the timeout answered a later attempt.
            self.keep_within(input, waits, timeout);
            return;
        };
        let n = count(waits.len());
        let what = format!(
            "first answer within {minutes} min; lognormal {} (D {:.3}, limit {:.3})",
            if found.test.rejected() { "rejected" } else { "not rejected" },
            found.test.distance,
            found.test.critical
        );
        let provenance = self.measured(n, &what);
        let mut figures = Vec::new();
        for knob in knobs {
            let value = match *knob {
                "p" => found.p,
                "median_min" => found.median_min.max(0.001),
                "median_s" => (found.median_min * 60.0).max(0.001),
                _ => found.sigma,
            };
            let name = format!("ack_{who}_{knob}");
            figures.extend(self.set(&name, fit::round(value), &provenance));
        }
        let (ended, all) = fit::counted(waits);
        self.fitted.push(Fitted {
            input,
            n,
            censored: count(all - ended),
            form: Some(found.test),
            before: None,
            figures,
            measured_to: None,
        });
    }

    fn stage(&mut self, stage: Stage, waits: &[Observation]) {
        let input = input_of(stage).to_owned();
        let Some(index) = self.preset.tables.iter().position(|table| table.stage == stage) else {
            return;
        };
        let base = self.preset.tables[index].clone();
        let Some(found) = fit::table(waits, &base) else {
            self.keep(input, waits);
            return;
        };
        let times = fit::ended(waits);
        let form = fit::lognormal_test(&times);
        let what = match stage {
            Stage::Identification => "detection to the right suspicion",
            _ => "detection, page or alert to mitigation, resolution or the alert's end",
        };
        let tail = match found.measured_to {
            to if to < 1.0 => format!("; above p{:.0} the shape of {}", to * 100.0, self.base.name),
            _ => String::new(),
        };
        let n = count(waits.len());
        let provenance = self.measured(n, &format!("{what}, product-limit quantiles{tail}"));
        let median = |table: &QuantileTable| {
            let knot = table.knots.iter().find(|(p, _)| *p >= 0.5);
            knot.map_or(0.0, |(_, value)| value * table.scale)
        };
        let table = QuantileTable { stage, knots: found.knots, scale: 1.0, provenance };
        let figures = vec![(Name::from("p50_min"), median(&base), median(&table))];
        self.preset.tables[index] = table;
        let (ended, all) = fit::counted(waits);
        self.fitted.push(Fitted {
            input,
            n,
            censored: count(all - ended),
            form: Some(form),
            before: Some(fit::table_test(&times, &base)),
            figures,
            measured_to: Some(found.measured_to),
        });
    }

    fn keep(&mut self, input: String, waits: &[Observation]) {
        self.keep_within(input, waits, SimDuration::from_ms(i64::MAX));
    }

    /// What ended later than `most` counts as not ended.
    fn keep_within(&mut self, input: String, waits: &[Observation], most: SimDuration) {
        let in_time = |wait: &&Observation| matches!(wait, Observation::Reached(t) if *t <= most);
        let (ended, all) = (waits.iter().filter(in_time).count(), waits.len());
        let why = match all {
            0 => KeptReason::NotInRecords,
            _ => KeptReason::TooFew { n: count(all), ended: count(ended) },
        };
        self.kept.push(Kept { input, why });
    }

    /// Sets a figure; its name, what it was and what it is.
    fn set(&mut self, name: &str, value: f64, provenance: &Provenance) -> Option<(Name, f64, f64)> {
        let knob = self.preset.knobs.iter_mut().find(|knob| *knob.name == *name)?;
        let before = std::mem::replace(&mut knob.value, value);
        knob.provenance = provenance.clone();
        Some((knob.name.clone(), before, value))
    }

    fn measured(&self, n: u32, what: &str) -> Provenance {
        let source = format!("own records ({}): {what}", self.evidence.sources.join(", "));
        Provenance::Measured { n: n.max(1), source: Name::from(source) }
    }
}

const fn input_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Detection => "detection",
        Stage::Identification => "diagnosis",
        Stage::Fix => "repair",
    }
}

/// Night or weekend, as a drill tells them.
fn off_hours(at: SimTime, zone: Zone) -> bool {
    use chrono::{Datelike, Timelike};
    let local = at.local(zone);
    local.weekday().number_from_monday() > 5 || !(9..18).contains(&local.hour())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Catalog;

    fn minutes(n: i64) -> SimDuration {
        SimDuration::from_minutes(n)
    }

    fn base() -> Preset {
        Catalog::new(None).preset("public-postmortem").unwrap().value
    }

    /// Pages on Monday mornings in Tokyo, answered within minutes.
    fn pages(n: i64, hour: &str) -> Vec<(SimTime, Observation)> {
        let at: SimTime = format!("2026-03-02T{hour}:00:00+09:00").parse().unwrap();
        (0..n).map(|i| (at, Observation::Reached(SimDuration::from_secs(30 + 7 * i)))).collect()
    }

    #[test]
    fn answers_to_later_attempts_do_not_count_as_ended() {
        let mut evidence = Evidence::default();
        let late = Observation::Reached(SimDuration::from_hours(3));
        evidence.answers = vec![(SimTime::from_minute(0), late); 40];
        let found = calibrate(&evidence, &base(), &Name::from("late"), Zone::UTC);
        let why = |kept: &Kept| match kept.why {
            KeptReason::TooFew { n, ended } => Some((n, ended)),
            KeptReason::NotInRecords => None,
        };
        assert_eq!(found.kept.iter().find_map(why), Some((40, 0)));
        assert_eq!(found.fitted, Vec::new());
    }

    #[test]
    fn only_what_rests_on_enough_is_measured() {
        let mut evidence = Evidence { incidents: 30, ..Evidence::default() };
        evidence.seen_in("PagerDuty");
        evidence.answers = pages(30, "10");
        evidence.answers.extend(pages(5, "23"));
        evidence.repair = (1..=30).map(|i| Observation::Reached(minutes(i))).collect();
        let zone = "Asia/Tokyo".parse().unwrap();
        let base = base();
        let found = calibrate(&evidence, &base, &Name::from("ours"), zone);
        let inputs: Vec<&str> = found.fitted.iter().map(|f| f.input.as_str()).collect();
        assert_eq!(inputs, ["acknowledgement_work", "repair"]);
        let night = found.kept.iter().find(|kept| kept.input == "acknowledgement_night").unwrap();
        assert_eq!(night.why, KeptReason::TooFew { n: 5, ended: 5 });
        let diagnosis = found.kept.iter().find(|kept| kept.input == "diagnosis").unwrap();
        assert_eq!(diagnosis.why, KeptReason::NotInRecords);
        for knob in &found.preset.knobs {
            let measured = matches!(knob.provenance, Provenance::Measured { .. });
            assert_eq!(measured, knob.name.starts_with("ack_work_"), "{}", knob.name);
            assert!(measured || knob.value == base.knob(&knob.name), "{}", knob.name);
        }
        assert_eq!(found.preset.assumed().0 + 3, base.assumed().0, "three knobs are known now");
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        let at: SimTime = "2026-03-02T10:00:00+09:00".parse().unwrap();
        assert!(!off_hours(at, "Asia/Tokyo".parse().unwrap()));
        assert!(off_hours(at, Zone::UTC), "01:00 in London");
        let saturday: SimTime = "2026-03-07T10:00:00Z".parse().unwrap();
        assert!(off_hours(saturday, Zone::UTC));
    }
}
