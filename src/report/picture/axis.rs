//! Axes: minutes on a straight scale, spans on a logarithmic one.

use super::super::case::Case;
use super::super::lang::Words;
use super::canvas::{Anchor, Canvas, LINE, SOFT};
use crate::units::{SimDuration, SimTime};

/// A straight scale from instants to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) from: SimTime,
    pub(super) to: SimTime,
    pub(super) left: i32,
    pub(super) right: i32,
}

impl Clock {
    /// From the start of the record to one hour after the end of the incident, or to the end of
    /// the record. What follows then is days of paper work that would squeeze the rest.
    pub(super) fn of(case: &Case<'_>, left: i32, right: i32) -> Self {
        let end = case.timeline.header.end;
        let over = case.reached("resolved").or_else(|| case.reached("mitigated"));
        let cut = over.map_or(end, |at| (at + SimDuration::from_hours(1)).min(end));
        let from = case.start();
        let to = cut.max(from + SimDuration::from_minutes(1));
        Self { from, to, left, right }
    }

    pub(super) fn x(&self, at: SimTime) -> i32 {
        let (span, whole) = ((at - self.from).ms(), (self.to - self.from).ms());
        let room = i64::from(self.right - self.left);
        let x = span.clamp(0, whole) * room / whole.max(1);
        self.left + i32::try_from(x).unwrap_or(0)
    }

    pub(super) fn shows(&self, at: SimTime) -> bool {
        self.from <= at && at <= self.to
    }

    /// Grid lines from `top` to `bottom` with their minutes below.
    pub(super) fn grid(&self, canvas: &mut Canvas<'_>, top: i32, bottom: i32, words: Words) {
        const STEPS: [i64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440];
        let whole = (self.to - self.from).ms() / 60_000;
        let step = STEPS.into_iter().find(|step| whole / step <= 12);
        let step = step.unwrap_or(1440 * (whole / 14_400 + 1));
        for minute in (0..=whole).step_by(usize::try_from(step).unwrap_or(1)) {
            let x = self.x(self.from + SimDuration::from_minutes(minute));
            canvas.line((x, top), (x, bottom), LINE, 1);
            canvas.small((x, bottom + 15), &minute.to_string(), Anchor::Middle, SOFT);
        }
        let label = words.t("picture-health-axis");
        canvas.small((self.right, bottom + 30), &label, Anchor::End, SOFT);
    }
}

/// A logarithmic scale from spans to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    low: f64,
    high: f64,
    left: i32,
    right: i32,
}

const TICKS: [i64; 11] = [
    1_000,
    10_000,
    60_000,
    300_000,
    900_000,
    3_600_000,
    14_400_000,
    86_400_000,
    604_800_000,
    2_592_000_000,
    31_536_000_000,
];

impl Log {
    /// A scale that holds all `spans`. One of no length or less has no place on it: the scale
    /// then begins at one second, and these stand at its left end.
    pub(super) fn of(spans: impl Iterator<Item = SimDuration>, left: i32, right: i32) -> Self {
        let (mut least, mut most) = (i64::MAX, 0);
        for span in spans {
            least = least.min(span.ms().max(TICKS[0]));
            most = most.max(span.ms());
        }
        let low = TICKS.into_iter().rev().find(|tick| *tick <= least);
        let high = TICKS.into_iter().find(|tick| *tick >= most);
        let (low, high) = (low.unwrap_or(TICKS[0]), high.unwrap_or(TICKS[10]));
        let high = if high <= low { low * 10 } else { high };
        Self { low: libm::log10(low as f64), high: libm::log10(high as f64), left, right }
    }

    pub(super) fn x(&self, span: SimDuration) -> i32 {
        if span.ms() <= 0 {
            return self.left;
        }
        let share = (libm::log10(span.ms() as f64) - self.low) / (self.high - self.low);
        let x = f64::from(self.right - self.left) * share.clamp(0.0, 1.0);
        self.left + x.round() as i32
    }

    /// The ticks inside the scale with their pixels.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (i32, SimDuration)> + '_ {
        let inside = |tick: &i64| {
            let place = libm::log10(*tick as f64);
            place >= self.low - 1e-9 && place <= self.high + 1e-9
        };
        let ticks = TICKS.into_iter().filter(inside).map(SimDuration::from_ms);
        ticks.map(|tick| (self.x(tick), tick))
    }
}
