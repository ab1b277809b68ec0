//! Findings on the samples an indicator is computed from.

use super::lint::{Figure, Lint, LintLevel};
use crate::model::{Name, SourceFault};

/// The finding that tells of `fault`.
pub fn lint_source(fault: &SourceFault) -> Lint {
    match fault {
        SourceFault::BetweenBounds { metric, threshold, below, above, spelled } => {
            between(metric, threshold, (below.as_ref(), above.as_ref()), spelled.as_ref())
        }
        SourceFault::OutsideRatio { outside, values, least, most } => Lint::new(
            "slo::percent-for-ratio",
            LintLevel::Error,
            format!(
                "{outside} of {values} values of the ratio are not from 0 to 1 ({least} to {most}): is it a percentage?"
            ),
            format!(
                "比率の値 {values} 個のうち {outside} 個が 0〜1 の範囲外です（{least}〜{most}）。パーセントではありませんか"
            ),
            vec![
                ("outside", count(*outside)),
                ("values", count(*values)),
                ("min", Figure::Number(*least)),
                ("max", Figure::Number(*most)),
            ],
        ),
        SourceFault::BadAboveTotal { slices, first, bad, total } => Lint::new(
            "slo::bad-above-total",
            LintLevel::Error,
            format!(
                "in {slices} slices the counter of bad events grew more than that of all, first at {first}: {bad} of {total}"
            ),
            format!(
                "失敗のカウンターの増分が全体の増分を超えるスライスが {slices} 個あります（最初は {first}: {total} 中 {bad}）"
            ),
            vec![
                ("slices", count(*slices)),
                ("first", Figure::Instant(*first)),
                ("bad", Figure::Count(*bad)),
                ("total", Figure::Count(*total)),
            ],
        ),
        SourceFault::NoReadings { samples, of } => Lint::new(
            "slo::no-readings",
            LintLevel::Warning,
            format!(
                "{samples} of {of} samples are no readings (not a number, infinite, or a negative counter) and are left out"
            ),
            format!(
                "サンプル {of} 個のうち {samples} 個は値として読めないため除外しています（非数、無限大、負のカウンター）"
            ),
            vec![("samples", count(*samples)), ("of", count(*of))],
        ),
    }
}

fn count(count: u64) -> Figure {
    Figure::Count(i64::try_from(count).unwrap_or(i64::MAX))
}

fn between(
    metric: &Name,
    threshold: &Name,
    (below, above): (Option<&Name>, Option<&Name>),
    spelled: Option<&Name>,
) -> Lint {
    let mut figures = vec![
        ("metric", Figure::Name(metric.clone())),
        ("threshold", Figure::Name(threshold.clone())),
    ];
    if let Some(spelled) = spelled {
        figures.push(("bound", Figure::Name(spelled.clone())));
        return Lint::new(
            "slo::threshold-between-bounds",
            LintLevel::Error,
            format!(
                "no bucket of {metric} has the bound {threshold}: its samples spell it {spelled}"
            ),
            format!(
                "{metric} に境界 {threshold} のバケットはありません（サンプルでの表記は {spelled}）"
            ),
            figures,
        );
    }
    let word = |bound: Option<&Name>| bound.map_or("-".to_owned(), ToString::to_string);
    let (low, high) = (word(below), word(above));
    figures.extend(below.map(|bound| ("below", Figure::Name(bound.clone()))));
    figures.extend(above.map(|bound| ("above", Figure::Name(bound.clone()))));
    Lint::new(
        "slo::threshold-between-bounds",
        LintLevel::Error,
        format!(
            "the threshold {threshold} lies between two bounds of {metric}, {low} and {high}: the events below it cannot be counted"
        ),
        format!(
            "しきい値 {threshold} は {metric} の境界 {low} と {high} の間にあり、その値以下のイベントを数えられません"
        ),
        figures,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_bounds_are_named() {
        let fault = SourceFault::BetweenBounds {
            metric: Name::from("latency_seconds_bucket"),
            threshold: Name::from("0.3"),
            below: Some(Name::from("0.1")),
            above: Some(Name::from("0.5")),
            spelled: None,
        };
        let lint = lint_source(&fault);
        assert_eq!(lint.code, "slo::threshold-between-bounds");
        assert!(lint.text.en.contains("0.1 and 0.5") && lint.text.ja.contains("0.1"));
        assert_eq!(lint.level, LintLevel::Error);
    }
}
