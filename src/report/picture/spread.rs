//! The distribution of many runs, measure by measure, with this run marked in it.

use super::super::case::Case;
use super::super::lang::Words;
use super::Picture;
use super::axis::Log;
use super::canvas::{Anchor, BLUE, Canvas, INK, LINE, NONE, PANEL, RED, SOFT, STRIPE, draw, fit};
use crate::units::SimDuration;

const WIDTH: i32 = 960;
const CELL: i32 = 310;
const HEIGHT: i32 = 150;
const COLUMNS: usize = 3;
const BINS: usize = 26;

/// One measure over many runs.
pub(in super::super) struct Spread {
    pub(in super::super) title: String,
    /// Ascending.
    pub(in super::super) values: Vec<SimDuration>,
    /// Runs that did not reach the later end.
    pub(in super::super) censored: u32,
    pub(in super::super) target: Option<SimDuration>,
    pub(in super::super) this: Option<SimDuration>,
}

pub(super) fn of_case(case: &Case<'_>, words: Words) -> Vec<Spread> {
    let of = |m: &crate::score::MeasureResult| {
        let band = case
            .band_of(&m.name)
            .filter(|band| m.value.is_some() || !band.values.is_empty() || band.censored > 0)?;
        Some(Spread {
            title: words.text(&m.title),
            values: band.values.clone(),
            censored: band.censored,
            target: m.target,
            this: m.value,
        })
    };
    case.card.measures.iter().filter_map(of).collect()
}

/// The small multiples, or nothing when there are none.
pub(in super::super) fn spread(spreads: &[Spread], words: Words) -> Option<Picture> {
    if spreads.is_empty() {
        return None;
    }
    let one_run = spreads.iter().any(|one| one.this.is_some());
    let title = words.t(if one_run { "picture-spread" } else { "picture-spread-trials" });
    let rows = spreads.len().div_ceil(COLUMNS);
    let height = i32::try_from(rows).unwrap_or(1) * HEIGHT + 34;
    let svg = draw((WIDTH, height), &title, |canvas| {
        for (i, one) in spreads.iter().enumerate() {
            let (column, row) = (i % COLUMNS, i / COLUMNS);
            let x = 12 + i32::try_from(column).unwrap_or(0) * (CELL + 6);
            let y = 6 + i32::try_from(row).unwrap_or(0) * HEIGHT;
            cell(canvas, words, one, (x, y));
        }
        legend(canvas, words, spreads, height - 12);
    });
    Some(Picture { id: "spread", file: "spread.svg".to_owned(), title, svg })
}

fn cell(canvas: &mut Canvas<'_>, words: Words, one: &Spread, (x, y): (i32, i32)) {
    let of = one.values.len() as u64 + u64::from(one.censored);
    canvas.bold((x, y + 14), &fit(&one.title, 40), Anchor::Start, INK);
    let (n, all) = (one.censored.to_string(), of.to_string());
    let note = match (one.values.is_empty(), one.censored) {
        (true, _) => words.t("picture-spread-none"),
        (_, 0) => words.f("picture-spread-all", &[("of", &all)]),
        _ => words.f("picture-spread-censored", &[("n", &n), ("of", &all)]),
    };
    canvas.small((x, y + 29), &note, Anchor::Start, SOFT);
    let (top, bottom) = (y + 38, y + HEIGHT - 30);
    // The last strip of the width is for the runs that never got there.
    let (left, right) = (x, x + CELL - 44);
    canvas.rect((left, top), (right, bottom), STRIPE);
    let spans = one.values.iter().copied().chain(one.target).chain(one.this);
    let scale = Log::of(spans, left + 5, right - 5);
    // Labels of neighbouring ticks would run together in so small a picture.
    let mut free = left - 20;
    for (x, tick) in scale.ticks() {
        canvas.line((x, top), (x, bottom), LINE, 1);
        if x >= free {
            // At the left edge there is no room for half a label.
            let (at, anchor) = match x < left + 16 {
                true => (left, Anchor::Start),
                false => (x, Anchor::Middle),
            };
            canvas.small((at, bottom + 14), &words.span(tick), anchor, SOFT);
            free = x + 42;
        }
    }
    bars(canvas, one, &scale, (left, right), (top, bottom));
    let most = of.max(1);
    let share = i64::from(one.censored) * i64::from(bottom - top) / most as i64;
    let share = i32::try_from(share).unwrap_or(0);
    canvas.rect((right + 8, top), (right + 30, bottom), STRIPE);
    canvas.rect((right + 8, bottom - share), (right + 30, bottom), NONE);
    if let Some(target) = one.target {
        let x = scale.x(target);
        canvas.rect((x - 1, top - 4), (x + 2, bottom), INK);
    }
    if let Some(this) = one.this {
        let x = scale.x(this);
        canvas.rect((x - 2, top - 2), (x + 2, bottom), PANEL);
        canvas.rect((x - 1, top - 2), (x + 1, bottom), RED);
        canvas.polygon(&[(x, top + 4), (x + 6, top - 6), (x - 6, top - 6)], RED, 1.0);
    }
}

fn bars(
    canvas: &mut Canvas<'_>,
    one: &Spread,
    scale: &Log,
    (left, right): (i32, i32),
    (top, bottom): (i32, i32),
) {
    let mut counts = [0_i64; BINS];
    for value in &one.values {
        let place = i64::from(scale.x(*value) - left) * BINS as i64 / i64::from(right - left + 1);
        counts[usize::try_from(place).unwrap_or(0).min(BINS - 1)] += 1;
    }
    let most = counts.into_iter().max().unwrap_or(0).max(1);
    let wide = |bin: usize| {
        left + i32::try_from(bin as i64 * i64::from(right - left) / BINS as i64).unwrap_or(0)
    };
    for (bin, count) in counts.into_iter().enumerate() {
        let height = count * i64::from(bottom - top - 4) / most;
        // One run in thousands is still seen.
        let height = i32::try_from(height).unwrap_or(0).max(i32::from(count > 0));
        canvas.rect((wide(bin), bottom - height), (wide(bin + 1) - 1, bottom), BLUE);
    }
}

fn legend(canvas: &mut Canvas<'_>, words: Words, spreads: &[Spread], y: i32) {
    let mut x = 14;
    let mut next = |canvas: &mut Canvas<'_>, key: &str| {
        let label = words.t(key);
        canvas.small((x + 12, y), &label, Anchor::Start, SOFT);
        let at = x;
        x += 34 + super::canvas::width(&label);
        at
    };
    if spreads.iter().any(|one| one.this.is_some()) {
        let x = next(canvas, "picture-spread-run");
        canvas.polygon(&[(x, y), (x + 6, y - 10), (x - 6, y - 10)], RED, 1.0);
    }
    let x = next(canvas, "picture-spread-target");
    canvas.rect((x - 1, y - 11), (x + 2, y + 1), INK);
    let x = next(canvas, "not-reached");
    canvas.rect((x - 5, y - 9), (x + 6, y + 1), NONE);
}
