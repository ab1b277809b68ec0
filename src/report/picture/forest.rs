//! Differences with their intervals around a line of no difference.

use super::super::lang::Words;
use super::Picture;
use super::canvas::{Anchor, BLUE, Canvas, INK, LINE, RED, SOFT, STRIPE, draw, fit};

const WIDTH: i32 = 960;
const ROW: i32 = 28;
/// A row whose title has a second line.
const TALL: i32 = 40;
const LEFT: i32 = 330;
const RIGHT: i32 = 920;
const TOP: i32 = 30;

/// One difference of shares, in points of percent.
pub(in super::super) struct Branch {
    pub(in super::super) title: String,
    /// A second line, in small letters.
    pub(in super::super) detail: Option<String>,
    pub(in super::super) mean: f64,
    pub(in super::super) low: f64,
    pub(in super::super) high: f64,
    /// Whether the interval excludes 0.
    pub(in super::super) claimed: bool,
}

/// The picture `id`, or nothing when there is no difference to show. What stands left and right of
/// the line of no difference is said below.
pub(in super::super) fn forest(
    id: &'static str,
    title: String,
    branches: &[Branch],
    (below, above): (&str, &str),
    words: Words,
) -> Option<Picture> {
    if branches.is_empty() {
        return None;
    }
    let rows = i32::try_from(branches.len()).unwrap_or(1);
    let row = if branches.iter().any(|one| one.detail.is_some()) { TALL } else { ROW };
    let bottom = TOP + rows * row;
    let svg = draw((WIDTH, bottom + 54), &title, |canvas| {
        let reach = branches.iter().flat_map(|one| [one.low.abs(), one.high.abs()]);
        let reach = reach.fold(5.0, f64::max).min(100.0);
        for (i, _) in branches.iter().enumerate().filter(|(i, _)| i % 2 == 0) {
            let y = TOP + i32::try_from(i).unwrap_or(0) * row;
            canvas.rect((8, y), (RIGHT + 20, y + row), STRIPE);
        }
        axis(canvas, reach, bottom, words);
        for (i, one) in branches.iter().enumerate() {
            branch(canvas, one, reach, TOP + i32::try_from(i).unwrap_or(0) * row + row / 2);
        }
        canvas.small((LEFT, bottom + 42), &fit(below, 60), Anchor::Start, SOFT);
        canvas.small((RIGHT, bottom + 42), &fit(above, 60), Anchor::End, SOFT);
    });
    Some(Picture { id, file: format!("{id}.svg"), title, svg })
}

fn x(points: f64, reach: f64) -> i32 {
    let middle = f64::from(LEFT + RIGHT) / 2.0;
    let half = f64::from(RIGHT - LEFT) / 2.0;
    (middle + half * (points / reach).clamp(-1.0, 1.0)).round() as i32
}

fn axis(canvas: &mut Canvas<'_>, reach: f64, bottom: i32, words: Words) {
    const STEPS: [i32; 6] = [1, 2, 5, 10, 20, 50];
    let step = STEPS.into_iter().find(|step| reach / f64::from(*step) <= 5.0).unwrap_or(50);
    let most = (reach / f64::from(step)).floor() as i32;
    for tick in -most..=most {
        let at = x(f64::from(tick * step), reach);
        canvas.line((at, TOP), (at, bottom), LINE, 1);
        let label = match tick.signum() {
            1 => format!("+{}", tick * step),
            _ => (tick * step).to_string(),
        };
        canvas.small((at, bottom + 15), &label, Anchor::Middle, SOFT);
    }
    canvas.dashes(x(0.0, reach), (TOP, bottom), INK);
    canvas.small((RIGHT, 18), &words.t("picture-forest-axis"), Anchor::End, SOFT);
}

fn branch(canvas: &mut Canvas<'_>, one: &Branch, reach: f64, y: i32) {
    let first = if one.detail.is_some() { y - 3 } else { y + 4 };
    canvas.text((14, first), &fit(&one.title, 42), Anchor::Start, INK);
    if let Some(detail) = &one.detail {
        canvas.small((14, y + 13), &fit(detail, 48), Anchor::Start, SOFT);
    }
    let (low, mean, high) = (x(one.low, reach), x(one.mean, reach), x(one.high, reach));
    let ink = match (one.claimed, one.mean < 0.0) {
        (false, _) => SOFT,
        (true, true) => RED,
        (true, false) => BLUE,
    };
    canvas.rect((low, y - 1), (high.max(low + 1), y + 1), ink);
    for end in [low, high] {
        canvas.rect((end - 1, y - 5), (end + 1, y + 5), ink);
    }
    match one.claimed {
        true => {
            canvas.polygon(&[(mean - 6, y), (mean, y - 6), (mean + 6, y), (mean, y + 6)], ink, 1.0)
        }
        false => canvas.circle((mean, y), 4, ink),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::lang::Lang;
    use super::*;

    #[test]
    fn the_picture_is_the_same_each_time_and_nothing_without_differences() {
        let one = |mean: f64, claimed| Branch {
            title: "Mitigation".to_owned(),
            detail: (mean > 5.0).then(|| "repair: every fix takes half the time".to_owned()),
            mean,
            low: mean - 8.0,
            high: mean + 8.0,
            claimed,
        };
        let branches = [one(12.0, true), one(-30.0, true), one(1.0, false)];
        for lang in Lang::ALL {
            let words = Words::new(lang);
            let picture = |branches: &[Branch]| {
                let feet = ("A meets it more often", "B meets it more often");
                forest("forest", "Differences".to_owned(), branches, feet, words)
            };
            assert!(picture(&[]).is_none());
            let svg = picture(&branches).unwrap().svg;
            assert_eq!(svg, picture(&branches).unwrap().svg);
            insta::assert_snapshot!(format!("forest_svg_{}", lang.as_str()), svg);
        }
    }
}
