//! The figures of the responder preset, read once: knobs, delivery by tool, stage tables.

use super::super::rng::{Stream, normal_cdf};
use crate::model::{Preset, QuantileTable, Stage, ToolKind};
use crate::units::SimDuration;

/// A time and its spread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// Probability that one attempt is answered.
    pub(super) p: f64,
    /// Median time to answer.
    pub(super) median: SimDuration,
    /// Standard deviation of its logarithm.
    pub(super) sigma: f64,
}

/// How a tool of some kind carries a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    /// Shortest delay, seconds.
    pub(super) min_s: f64,
    /// Longest delay, seconds.
    pub(super) max_s: f64,
    /// Probability that it does not arrive.
    pub(super) fail_p: f64,
}

/// How using a fallback goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fallback {
    /// Probability that it works.
    pub(super) p: f64,
    /// Time to switch to it.
    pub(super) delay: SimDuration,
}

/// All figures of a preset that the crew uses.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub(super) ack_agent: Answer,
    pub(super) ack_work: Answer,
    pub(super) ack_night: Answer,
    pub(super) attempts: u32,
    pub(super) timeout: SimDuration,
    pub(super) auto_recover_p: f64,
    pub(super) dashboard_lost_factor: f64,
    pub(super) exercised: Fallback,
    pub(super) unexercised: Fallback,
    pub(super) false_report_per_h: f64,
    pub(super) user_report_per_h: f64,
    pub(super) peer_report_per_h: f64,
    pub(super) human_look_per_h: f64,
    pub(super) fatigue_after: SimDuration,
    pub(super) fatigue_factor: f64,
    pub(super) handoff_min: (f64, f64),
    pub(super) night_factor: f64,
    pub(super) red_herring_p: f64,
    pub(super) runbook_factor: f64,
    pub(super) skip_p: f64,
    pub(super) step_sigma: f64,
    pub(super) think: SimDuration,
    pub(super) wrong_hypothesis_p: f64,
    delivery: Vec<(ToolKind, Delivery)>,
    tables: Vec<QuantileTable>,
    correlation: f64,
}

impl Figures {
    /// Reads a preset.
    pub(super) fn new(preset: &Preset) -> Self {
        let knob = |name: &str| preset.knob(name);
        let minutes = |name: &str| SimDuration::from_minutes(1).scale(knob(name));
        let seconds = |name: &str| SimDuration::from_secs(1).scale(knob(name));
        Self {
            ack_agent: Answer {
                p: knob("ack_agent_p"),
                median: seconds("ack_agent_median_s"),
                sigma: knob("ack_work_sigma"),
            },
            ack_work: Answer {
                p: knob("ack_work_p"),
                median: minutes("ack_work_median_min"),
                sigma: knob("ack_work_sigma"),
            },
            ack_night: Answer {
                p: knob("ack_night_p"),
                median: minutes("ack_night_median_min"),
                sigma: knob("ack_night_sigma"),
            },
            attempts: (knob("attempts_per_person_n").round() as u32).max(1),
            timeout: minutes("escalation_timeout_min").max(SimDuration::from_secs(1)),
            auto_recover_p: knob("auto_recover_p"),
            dashboard_lost_factor: knob("dashboard_lost_factor"),
            exercised: Fallback {
                p: knob("fallback_exercised_p"),
                delay: minutes("fallback_exercised_delay_min"),
            },
            unexercised: Fallback {
                p: knob("fallback_unexercised_p"),
                delay: minutes("fallback_unexercised_delay_min"),
            },
            false_report_per_h: knob("false_report_per_h"),
            user_report_per_h: knob("user_report_per_h"),
            peer_report_per_h: knob("peer_report_per_h"),
            human_look_per_h: knob("human_look_per_h"),
            fatigue_after: SimDuration::from_hours(1).scale(knob("fatigue_after_h")),
            fatigue_factor: knob("fatigue_factor"),
            handoff_min: (knob("handoff_min_min"), knob("handoff_max_min")),
            night_factor: knob("night_factor"),
            red_herring_p: knob("red_herring_p"),
            runbook_factor: knob("runbook_factor"),
            skip_p: knob("skip_p"),
            step_sigma: knob("step_sigma"),
            think: seconds("think_median_s"),
            wrong_hypothesis_p: knob("wrong_hypothesis_p"),
            delivery: deliveries(preset),
            tables: preset.tables.clone(),
            correlation: preset.correlation,
        }
    }

    /// How a tool of `kind` delivers.
    pub(super) fn delivery(&self, kind: ToolKind) -> Delivery {
        let found = self.delivery.iter().find(|(known, _)| *known == kind);
        found.map_or(Delivery { min_s: 0.0, max_s: 0.0, fail_p: 0.0 }, |(_, delivery)| *delivery)
    }

    /// How using something as a fallback goes.
    pub(super) fn fallback(&self, exercised: bool) -> Fallback {
        if exercised { self.exercised } else { self.unexercised }
    }

    /// Draws the durations of one incident, each by its own table, joined by a Gaussian copula.
    /// Identification depends on the fix as detection does, because the data hold no figure of
    /// its own (27 rows that state both have a log correlation of -0.03).
    pub(super) fn stages(&self, stream: &mut Stream) -> Stages {
        let rho = self.correlation.clamp(-1.0, 1.0);
        let rest = libm::sqrt(1.0 - rho * rho);
        let fix = stream.normal();
        let detection = rho * fix + rest * stream.normal();
        let identification = rho * fix + rest * stream.normal();
        let fix = self.quantile(Stage::Fix, fix);
        Stages {
            detection: self.quantile(Stage::Detection, detection),
            identification: self.quantile(Stage::Identification, identification),
            fix,
        }
    }

    fn quantile(&self, stage: Stage, normal: f64) -> SimDuration {
        let Some(table) = self.tables.iter().find(|table| table.stage == stage) else {
            return SimDuration::ZERO;
        };
        let minutes = interpolate(&table.knots, normal_cdf(normal)) * table.scale;
        SimDuration::from_minutes(1).scale(minutes)
    }
}

/// The durations of one incident.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stages {
    pub(super) detection: SimDuration,
    pub(super) identification: SimDuration,
    pub(super) fix: SimDuration,
}

impl Stages {
    /// The time from detection to the end of a stage as it is worked on.
    ///
    /// Identification lies inside the fix, except where it takes longer than the fix: nobody ends
    /// a repair before its cause is known, so the cause is found first and mended afterwards. So
    /// it is in the rows that state both: of 22 with the shorter identification 9 lasted exactly
    /// as long as detection and fix; of 9 with the longer one, 8 lasted at least as long as
    /// detection and identification, and half at least 1.06 times the sum of all three.
    pub(super) fn of(&self, stage: Stage) -> SimDuration {
        match stage {
            Stage::Detection => self.detection,
            Stage::Identification => self.identification,
            Stage::Fix if self.identification > self.fix => self.identification + self.fix,
            Stage::Fix => self.fix,
        }
    }
}

fn deliveries(preset: &Preset) -> Vec<(ToolKind, Delivery)> {
    let ranged = |min: &str, max: &str, fail: &str| Delivery {
        min_s: preset.knob(min),
        max_s: preset.knob(max),
        fail_p: preset.knob(fail),
    };
    // A single figure is a median; half and one and a half times of it are its ends.
    let single = |delay: &str, fail: &str| Delivery {
        min_s: preset.knob(delay) * 0.5,
        max_s: preset.knob(delay) * 1.5,
        fail_p: preset.knob(fail),
    };
    vec![
        (ToolKind::Pager, ranged("push_delay_min_s", "push_delay_max_s", "push_fail_p")),
        (ToolKind::Phone, ranged("call_delay_min_s", "call_delay_max_s", "call_fail_p")),
        (ToolKind::Chat, single("chat_delay_s", "chat_fail_p")),
        (ToolKind::Mail, single("mail_delay_s", "mail_fail_p")),
        (ToolKind::CodeHost, single("issue_delay_s", "issue_fail_p")),
        (ToolKind::Coordination, single("task_delay_s", "task_fail_p")),
        (ToolKind::Files, single("file_delay_s", "file_fail_p")),
    ]
}

fn interpolate(knots: &[(f64, f64)], p: f64) -> f64 {
    let above = knots.iter().position(|(at, _)| *at >= p);
    match above {
        None => knots.last().map_or(0.0, |(_, value)| *value),
        Some(0) => knots[0].1,
        Some(i) => {
            let ((p0, v0), (p1, v1)) = (knots[i - 1], knots[i]);
            if p1 > p0 { v0 + (v1 - v0) * (p - p0) / (p1 - p0) } else { v1 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::rng::{StreamName, Streams};
    use super::*;
    use crate::diag::SourceText;
    use crate::units::Seed;

    /// Draws of a shipped preset.
    fn draws(text: &str, n: u64) -> (Preset, Vec<Stages>) {
        let preset = crate::load::preset(&SourceText::new("preset.toml", text)).unwrap().value;
        let figures = Figures::new(&preset);
        let streams = Streams::new(Seed(1));
        let name = StreamName::of("stages");
        let draws = (0..n).map(|i| figures.stages(&mut streams.stream(name.nth(i)))).collect();
        (preset, draws)
    }

    const SHIPPED: [&str; 4] = [
        include_str!("../../../data/presets/public-postmortem.toml"),
        include_str!("../../../data/presets/public-weighted.toml"),
        include_str!("../../../data/presets/pagerduty-norms.toml"),
        include_str!("../../../data/presets/well-drilled-team.toml"),
    ];

    #[test]
    fn draws_reproduce_the_tables_of_their_preset_within_a_point() {
        const N: u64 = 40_000;
        for text in SHIPPED {
            let (preset, draws) = draws(text, N);
            for table in &preset.tables {
                let minutes = |draw: &Stages| match table.stage {
                    Stage::Detection => draw.detection.minutes(),
                    Stage::Identification => draw.identification.minutes(),
                    Stage::Fix => draw.fix.minutes(),
                };
                for (p, value) in &table.knots {
                    // Where values repeat, any probability of the repetition will do.
                    let bound = value * table.scale;
                    let share = |inside: &dyn Fn(f64) -> bool| {
                        draws.iter().filter(|draw| inside(minutes(draw))).count() as f64 / N as f64
                    };
                    let below = share(&|at| at < bound - 0.001);
                    let up_to = share(&|at| at <= bound + 0.001);
                    let fits = below - 0.01 <= *p && *p <= up_to + 0.01;
                    let stage = table.stage;
                    assert!(fits, "{} {stage:?} p{p}: {below} to {up_to}", preset.name);
                }
            }
        }
    }

    #[test]
    fn logarithms_of_detection_and_fix_correlate_as_published() {
        for text in SHIPPED {
            let (preset, draws) = draws(text, 40_000);
            let logs: Vec<(f64, f64)> = draws
                .iter()
                .map(|draw| (draw.detection.minutes(), draw.fix.minutes()))
                .filter(|(detection, fix)| *detection > 0.0 && *fix > 0.0)
                .map(|(detection, fix)| (libm::log(detection), libm::log(fix)))
                .collect();
            let mean = |of: &dyn Fn(&(f64, f64)) -> f64| {
                logs.iter().map(of).sum::<f64>() / logs.len() as f64
            };
            let (a, b) = (mean(&|log| log.0), mean(&|log| log.1));
            let product = mean(&|log| (log.0 - a) * (log.1 - b));
            let spread =
                mean(&|log| (log.0 - a) * (log.0 - a)) * mean(&|log| (log.1 - b) * (log.1 - b));
            let found = product / libm::sqrt(spread);
            // Weighted, many rows of detection fall together; the copula that all presets share
            // then gives what the weighted rows themselves have (n = 41).
            let weighted = preset.name == "public-weighted";
            let wanted = if weighted { 0.419 } else { preset.correlation };
            assert!((found - wanted).abs() <= 0.05, "{}: {found} for {wanted}", preset.name);
        }
    }

    #[test]
    fn a_cause_that_takes_longer_to_find_than_to_mend_is_found_first() {
        let (_, draws) = draws(SHIPPED[0], 2_000);
        let outside = draws.iter().filter(|draw| draw.identification > draw.fix).count();
        assert!((200..800).contains(&outside), "{outside} of 2,000: 9 of 31 published rows");
        for draw in draws {
            let (found, mended) = (draw.of(Stage::Identification), draw.of(Stage::Fix));
            assert!(found <= mended, "nothing is mended before its cause is known");
            let (parts, longer) = (draw.identification + draw.fix, found > draw.fix);
            assert_eq!(mended, if longer { parts } else { draw.fix });
        }
    }

    #[test]
    fn quantiles_interpolate_between_knots() {
        let knots = [(0.0, 0.0), (0.5, 10.0), (1.0, 110.0)];
        for (p, want) in [(0.0, 0.0), (0.25, 5.0), (0.5, 10.0), (0.75, 60.0), (1.0, 110.0)] {
            assert!((interpolate(&knots, p) - want).abs() < 1e-9, "{p}");
        }
    }
}
