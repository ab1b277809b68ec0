//! What is left of a budget over a period, with the alerts that were on.

use super::super::lang::Words;
use super::super::slo::figures::share;
use super::Picture;
use super::canvas::{
    AMBER, Anchor, BLUE, Canvas, INK, LINE, NONE, PALE_GREEN, Point, RED, SOFT, draw, fit,
};
use crate::slo::BurnPoint;
use crate::units::{SimDuration, SimTime, Zone};

const WIDTH: i32 = 720;
const LEFT: i32 = 64;
const RIGHT: i32 = 704;
const TOP: i32 = 34;
const BOTTOM: i32 = 164;
const HEIGHT: i32 = 190;
/// Most ticks of the time axis.
const TICKS: i64 = 8;

/// One picture's data.
pub(in super::super) struct BurnDown<'a> {
    /// What it is of.
    pub(in super::super) name: &'a str,
    /// The period.
    pub(in super::super) span: (SimTime, SimTime),
    /// Whose days the axis shows.
    pub(in super::super) zone: Zone,
    /// The line.
    pub(in super::super) points: &'a [BurnPoint],
    /// When alerts were on, and whether they paged.
    pub(in super::super) alerts: Vec<(SimTime, SimTime, bool)>,
}

/// The picture under the file name `file`; none without a single known point.
pub(in super::super) fn burn_down(
    data: &BurnDown<'_>,
    file: String,
    words: Words,
) -> Option<Picture> {
    let known = data.points.iter().filter_map(|point| point.remaining_ratio.ok());
    let lowest = known.clone().fold(f64::INFINITY, f64::min);
    if !lowest.is_finite() {
        return None;
    }
    // The line is drawn down to ten budgets overspent; beyond, it leaves the picture.
    let low = (lowest.min(0.0) * 1.05).max(-10.0);
    let high = known.fold(1.0, f64::max).min(2.0);
    let scale = Scale { span: data.span, low, high };
    let title = words.f("period-burn-down-of", &[("slo", data.name)]);
    let svg = draw((WIDTH, HEIGHT), &title, |canvas| {
        canvas.bold((12, 20), &fit(data.name, 60), Anchor::Start, INK);
        days(canvas, data, &scale);
        for (from, to, pages) in &data.alerts {
            let ink = if *pages { RED } else { AMBER };
            let (left, right) = (scale.x(*from), scale.x(*to).max(scale.x(*from) + 2));
            canvas.rect_at((left, TOP), (right, BOTTOM), ink, 0.22);
            canvas.rect((left, TOP - 5), (right, TOP), ink);
        }
        levels(canvas, &scale);
        line(canvas, data, &scale);
    });
    Some(Picture { id: "burn-down", file, title, svg })
}

struct Scale {
    span: (SimTime, SimTime),
    low: f64,
    high: f64,
}

impl Scale {
    fn x(&self, at: SimTime) -> i32 {
        let (from, to) = self.span;
        let (part, whole) = ((at - from).ms(), (to - from).ms().max(1));
        LEFT + i32::try_from(part.clamp(0, whole) * i64::from(RIGHT - LEFT) / whole).unwrap_or(0)
    }

    fn y(&self, ratio: f64) -> i32 {
        let part = ((ratio - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        BOTTOM - (f64::from(BOTTOM - TOP) * part).round() as i32
    }
}

/// A line per day, or per several, with its date.
fn days(canvas: &mut Canvas<'_>, data: &BurnDown<'_>, scale: &Scale) {
    let (from, to) = data.span;
    let whole = ((to - from).ms() + 43_200_000) / 86_400_000;
    let every = (whole + TICKS - 1) / TICKS;
    let first = from.local(data.zone).date_naive();
    for day in (0..=whole).step_by(usize::try_from(every.max(1)).unwrap_or(1)) {
        let added = chrono::Days::new(u64::try_from(day).unwrap_or(0));
        let Some(date) = first.checked_add_days(added) else { continue };
        let at = data.zone.instant(date.and_time(chrono::NaiveTime::MIN));
        if at > to + SimDuration::from_hours(1) {
            continue;
        }
        let x = scale.x(at);
        canvas.line((x, TOP), (x, BOTTOM), LINE, 1);
        let anchor = if day == 0 { Anchor::Start } else { Anchor::Middle };
        let anchor = if x > RIGHT - 20 { Anchor::End } else { anchor };
        canvas.small((x, BOTTOM + 16), &date.format("%m-%d").to_string(), anchor, SOFT);
    }
}

fn levels(canvas: &mut Canvas<'_>, scale: &Scale) {
    let mut below = i32::MAX;
    for level in [1.0, 0.5, 0.0, scale.low] {
        let y = scale.y(level);
        let zero = level == 0.0;
        canvas.line((LEFT, y), (RIGHT, y), if zero { RED } else { LINE }, if zero { 2 } else { 1 });
        // A label too close to the one above it would be written over it.
        if below == i32::MAX || y - below >= 12 {
            canvas.small((LEFT - 6, y + 4), &share(level), Anchor::End, SOFT);
            below = y;
        }
    }
}

/// The line, broken where nothing is known, over its surface.
fn line(canvas: &mut Canvas<'_>, data: &BurnDown<'_>, scale: &Scale) {
    let mut runs: Vec<Vec<Point>> = vec![Vec::new()];
    for point in data.points {
        match point.remaining_ratio {
            Ok(left) => {
                if let Some(run) = runs.last_mut() {
                    run.push((scale.x(point.at), scale.y(left)));
                }
            }
            Err(_) => runs.push(Vec::new()),
        }
    }
    for run in runs {
        let (Some(first), Some(last)) = (run.first().copied(), run.last().copied()) else {
            continue;
        };
        if run.len() == 1 {
            canvas.circle(first, 3, BLUE);
            continue;
        }
        let zero = scale.y(0.0);
        let mut surface = vec![(first.0, zero)];
        surface.extend(&run);
        surface.push((last.0, zero));
        canvas.polygon(&surface, PALE_GREEN, 0.35);
        canvas.path(&run, BLUE, 2);
    }
    canvas.line((LEFT, BOTTOM), (RIGHT, BOTTOM), NONE, 1);
}
