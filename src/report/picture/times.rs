//! Response times against targets and floors.

use super::super::case::Case;
use super::super::lang::Words;
use super::super::measures::told;
use super::super::results::letter;
use super::Picture;
use super::axis::Log;
use super::canvas::{
    AMBER, Anchor, BLUE, Canvas, GREEN, INK, Ink, LINE, NONE, RED, SOFT, STRIPE, draw, fit, width,
};
use crate::score::{MeasureResult, Rating};

const WIDTH: i32 = 960;
const LEFT: i32 = 292;
const RIGHT: i32 = 800;
const ROW: i32 = 30;
const TOP: i32 = 14;

pub(super) const fn ink(rating: Rating) -> Ink {
    match rating {
        Rating::P => GREEN,
        Rating::S => BLUE,
        Rating::M => AMBER,
        Rating::U => RED,
        Rating::NotObservable => NONE,
    }
}

pub(super) fn picture(case: &Case<'_>, words: Words) -> Option<Picture> {
    let measures: Vec<&MeasureResult> =
        case.card.measures.iter().filter(|m| told(case, m)).collect();
    if measures.is_empty() {
        return None;
    }
    let title = words.t("picture-times");
    let spans = measures.iter().flat_map(|m| [m.value, m.target, m.floor]);
    let scale = Log::of(spans.flatten(), LEFT, RIGHT);
    let bottom = TOP + i32::try_from(measures.len()).unwrap_or(0) * ROW;
    let svg = draw((WIDTH, bottom + 50), &title, |canvas| {
        for i in (0..measures.len()).step_by(2) {
            let y = TOP + i32::try_from(i).unwrap_or(0) * ROW;
            canvas.rect((0, y), (WIDTH, y + ROW), STRIPE);
        }
        for (x, tick) in scale.ticks() {
            canvas.line((x, TOP), (x, bottom), LINE, 1);
            canvas.small((x, bottom + 15), &words.span(tick), Anchor::Middle, SOFT);
        }
        for (i, measure) in measures.iter().enumerate() {
            let y = TOP + i32::try_from(i).unwrap_or(0) * ROW;
            row(canvas, words, measure, &scale, y);
        }
        legend(canvas, words, bottom + 38);
    });
    Some(Picture { id: "times", file: "times.svg".to_owned(), title, svg })
}

fn row(canvas: &mut Canvas<'_>, words: Words, measure: &MeasureResult, scale: &Log, y: i32) {
    let middle = y + ROW / 2;
    let letter = if measure.target.is_some() { letter(measure.rating) } else { "–" };
    canvas.rect((10, middle - 9), (40, middle + 9), ink(measure.rating));
    let on = match measure.rating {
        Rating::M | Rating::S | Rating::NotObservable => super::canvas::BLACK,
        Rating::P | Rating::U => super::canvas::WHITE,
    };
    canvas.bold((25, middle + 4), letter, Anchor::Middle, on);
    let title = fit(&words.text(&measure.title), 36);
    canvas.text((50, middle + 4), &title, Anchor::Start, INK);
    let end = match measure.value {
        Some(value) => {
            let x = scale.x(value).max(LEFT + 2);
            canvas.rect((LEFT, middle - 6), (x, middle + 6), ink(measure.rating));
            x
        }
        None => LEFT,
    };
    if let Some(floor) = measure.floor {
        let x = scale.x(floor);
        canvas.polygon(&[(x, middle + 6), (x + 5, middle + 13), (x - 5, middle + 13)], SOFT, 1.0);
    }
    let target = measure.target.map(|target| scale.x(target));
    if let Some(x) = target {
        canvas.rect((x - 1, middle - 11), (x + 2, middle + 11), INK);
    }
    let value = match measure.value {
        Some(value) => words.span(value),
        None => words.t("not-reached"),
    };
    // The value stands behind the bar, or behind the target where both are near.
    let behind = target.filter(|x| *x >= end - 2 && *x < end + width(&value) + 10);
    let x = behind.map_or(end, |x| x.max(end)) + 7;
    canvas.text((x, middle + 4), &value, Anchor::Start, INK);
}

fn legend(canvas: &mut Canvas<'_>, words: Words, y: i32) {
    let value = words.t("picture-times-value");
    let target = words.t("picture-times-target");
    let floor = words.t("picture-times-floor");
    let mut x = 50;
    canvas.rect((x, y - 9), (x + 18, y + 1), GREEN);
    canvas.small((x + 24, y), &value, Anchor::Start, SOFT);
    x += 44 + width(&value);
    canvas.rect((x, y - 12), (x + 3, y + 3), INK);
    canvas.small((x + 9, y), &target, Anchor::Start, SOFT);
    x += 28 + width(&target);
    canvas.polygon(&[(x, y - 8), (x + 5, y), (x - 5, y)], SOFT, 1.0);
    canvas.small((x + 10, y), &floor, Anchor::Start, SOFT);
    canvas.small((WIDTH - 14, y), &words.t("picture-times-axis"), Anchor::End, SOFT);
}
