//! Two sides of a drill on the same seeds, in all forms.

use serde_json::{Value, json};

use super::doc::{Cell, Column, Doc, Table, Tone};
use super::json::{number, pretty, span};
use super::lang::{Lang, Words};
use super::picture::{Branch, Picture, forest};
use super::text::{self, Style};
use super::{csv, html, markdown};
use crate::exercise::{ComparedMeasure, ComparedSide, Comparison, MetDifference, TimeDifference};
use crate::score::stats::Difference;
use crate::units::SimDuration;

/// For a terminal or a pipe.
pub fn compare_text(found: &Comparison, lang: Lang, style: Style) -> String {
    text::render(&doc(found, Words::new(lang)), style)
}

/// As Markdown; the picture is referred to by the file name of [`compare_plots`].
pub fn compare_markdown(found: &Comparison, lang: Lang) -> String {
    markdown::render(&doc(found, Words::new(lang)))
}

/// As one self-contained HTML page.
pub fn compare_html(found: &Comparison, lang: Lang) -> String {
    let words = Words::new(lang);
    html::render(&doc(found, words), words)
}

/// The picture as `(file name, SVG)`.
pub fn compare_plots(found: &Comparison, lang: Lang) -> Vec<(String, String)> {
    picture(found, Words::new(lang)).into_iter().map(|p| (p.file, p.svg)).collect()
}

/// As `drill.compare/1`, ending in a line feed.
pub fn compare_json(found: &Comparison) -> String {
    let side = |side: &ComparedSide| {
        json!({"label": side.label, "system": side.system, "pack": side.pack,
            "responders": side.responders, "trace_hash": side.trace_hash})
    };
    let measure = |m: &ComparedMeasure| {
        let met = m.met.map(|met| {
            json!({"a": met.a, "b": met.b, "pairs": met.difference.pairs,
                "difference": number(met.difference.mean),
                "ci": [number(met.difference.ci.0), number(met.difference.ci.1)],
                "claimed": met.difference.is_claimed()})
        });
        let time = m.time.map(|time| {
            let ms = |value: f64| json!(value.round() as i64);
            json!({"a_p50_ms": span(time.a), "b_p50_ms": span(time.b),
                "pairs": time.difference.pairs, "difference_ms": ms(time.difference.mean),
                "ci_ms": [ms(time.difference.ci.0), ms(time.difference.ci.1)],
                "claimed": time.difference.is_claimed(),
                "only_a": time.only_a, "only_b": time.only_b})
        });
        let mut value = json!({"name": m.name, "met": met, "time": time});
        for (key, absent) in [("met", m.met.is_none()), ("time", m.time.is_none())] {
            if absent {
                value[format!("{key}_reason")] = json!("fewer than two pairs can tell");
            }
        }
        value
    };
    let last = found.seed.trial(u64::from(found.trials.saturating_sub(1)));
    pretty(&json!({"schema": "drill.compare/1", "drill_version": env!("CARGO_PKG_VERSION"),
        "scenario": found.scenario, "trials": found.trials, "seed": found.seed,
        "last_seed": last, "a": side(&found.a), "b": side(&found.b),
        "measures": found.measures.iter().map(measure).collect::<Vec<Value>>()}))
}

/// One row per measure.
pub fn compare_csv(found: &Comparison) -> String {
    let header = [
        "measure",
        "pairs",
        "a_met",
        "b_met",
        "difference",
        "ci_low",
        "ci_high",
        "claimed",
        "time_pairs",
        "difference_ms",
        "ci_low_ms",
        "ci_high_ms",
        "time_claimed",
    ];
    let rows = found.measures.iter().map(|m| {
        let mut row = vec![m.name.to_string()];
        row.extend(match m.met {
            None => vec![String::new(); 7],
            Some(met) => vec![
                met.difference.pairs.to_string(),
                met.a.to_string(),
                met.b.to_string(),
                format!("{:.6}", met.difference.mean),
                format!("{:.6}", met.difference.ci.0),
                format!("{:.6}", met.difference.ci.1),
                met.difference.is_claimed().to_string(),
            ],
        });
        row.extend(match m.time {
            None => vec![String::new(); 5],
            Some(time) => vec![
                time.difference.pairs.to_string(),
                format!("{:.0}", time.difference.mean),
                format!("{:.0}", time.difference.ci.0),
                format!("{:.0}", time.difference.ci.1),
                time.difference.is_claimed().to_string(),
            ],
        });
        row
    });
    csv::render(&header, rows)
}

fn doc(found: &Comparison, words: Words) -> Doc {
    let (a, b) = (found.a.label.as_str(), found.b.label.as_str());
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.f("compare-title", &[("a", a), ("b", b)]),
        lead: words.text(&found.title),
        blocks: Vec::new(),
    };
    doc.facts(facts(found, words));
    let shared: Vec<&ComparedMeasure> = found.measures.iter().filter(|m| told(m)).collect();
    doc.heading(words.t("compare-verdict"));
    doc.list(verdicts(found, &shared, words));
    if !shared.is_empty() {
        doc.heading(words.t("compare-met"));
        doc.table(met_table(&shared, words));
        doc.blocks.extend(picture(found, words).map(|picture| picture.block()));
        doc.heading(words.t("compare-times"));
        doc.table(time_table(&shared, words));
        doc.note(words.t("compare-note"));
        if shared.iter().any(|m| m.time.is_some_and(|time| time.only_a + time.only_b > 0)) {
            doc.list(one_sided(&shared, words));
        }
    }
    doc.note(words.t("compare-simulated"));
    doc
}

fn told(m: &ComparedMeasure) -> bool {
    m.met.is_some() || m.time.is_some()
}

fn facts(found: &Comparison, words: Words) -> Vec<(String, Cell)> {
    let side = |side: &ComparedSide| {
        words.f(
            "compare-side",
            &[
                ("label", side.label.as_str()),
                ("system", side.system.as_str()),
                ("pack", side.pack.as_str()),
                ("responders", side.responders.as_str()),
            ],
        )
    };
    let last = found.seed.trial(u64::from(found.trials.saturating_sub(1))).to_string();
    let (n, first) = (found.trials.to_string(), found.seed.to_string());
    let pairs = words.f("compare-pairs-value", &[("n", &n), ("first", &first), ("last", &last)]);
    let rows = [
        ("head-scenario", found.scenario.to_string()),
        ("compare-a", side(&found.a)),
        ("compare-b", side(&found.b)),
        ("compare-pairs", pairs),
    ];
    rows.map(|(key, value)| (words.t(key), Cell::new(value))).into()
}

/// What may be claimed: targets met more or less often, and times that differ.
fn verdicts(found: &Comparison, shared: &[&ComparedMeasure], words: Words) -> Vec<Cell> {
    let b = found.b.label.as_str();
    let titles = |wanted: &dyn Fn(&ComparedMeasure) -> bool| -> Vec<String> {
        shared.iter().filter(|m| wanted(m)).map(|m| words.text(&m.title)).collect()
    };
    let met = |sign: f64| {
        move |m: &ComparedMeasure| {
            m.met.is_some_and(|met| met.difference.is_claimed() && met.difference.mean * sign > 0.0)
        }
    };
    let time = |sign: f64| {
        move |m: &ComparedMeasure| {
            m.time.is_some_and(|time| {
                time.difference.is_claimed() && time.difference.mean * sign > 0.0
            })
        }
    };
    let lines = [
        ("compare-met-more", titles(&met(1.0)), Tone::Good),
        ("compare-met-less", titles(&met(-1.0)), Tone::Bad),
        ("compare-faster", titles(&time(-1.0)), Tone::Good),
        ("compare-slower", titles(&time(1.0)), Tone::Bad),
    ];
    let mut cells: Vec<Cell> = lines
        .into_iter()
        .filter(|(_, titles, _)| !titles.is_empty())
        .map(|(key, titles, tone)| {
            let args = [("b", b), ("titles", &words.titles(&titles))];
            Cell::toned(words.f(key, &args), tone)
        })
        .collect();
    if cells.is_empty() {
        cells.push(Cell::new(words.t("compare-nothing")));
    }
    cells
}

fn points(value: f64) -> String {
    format!("{:+.1}", value * 100.0)
}

fn claim(difference: &Difference, words: Words, good: bool) -> Cell {
    match (difference.is_claimed(), good) {
        (false, _) => Cell::toned(words.t("compare-unclear"), Tone::Muted),
        (true, true) => Cell::toned(words.t("compare-better"), Tone::Good),
        (true, false) => Cell::toned(words.t("compare-worse"), Tone::Bad),
    }
}

fn met_table(shared: &[&ComparedMeasure], words: Words) -> Table {
    let row = |(m, met): (&ComparedMeasure, MetDifference)| {
        let of = f64::from(met.difference.pairs);
        let share = |k: u32| Cell::new(words.percent(f64::from(k) / of));
        let d = &met.difference;
        vec![
            Cell::new(words.text(&m.title)),
            share(met.a),
            share(met.b),
            Cell::new(points(d.mean)),
            Cell::new(format!("{} … {}", points(d.ci.0), points(d.ci.1))),
            Cell::new(d.pairs.to_string()),
            claim(d, words, d.mean > 0.0),
        ]
    };
    Table {
        caption: words.t("compare-met"),
        columns: columns(words, "column-points-difference"),
        rows: shared.iter().filter_map(|m| Some((*m, m.met?))).map(row).collect(),
    }
}

fn time_table(shared: &[&ComparedMeasure], words: Words) -> Table {
    let signed = |ms: f64| words.offset(SimDuration::from_ms(ms.round() as i64));
    let row = |(m, time): (&ComparedMeasure, TimeDifference)| {
        let d = &time.difference;
        let median = |side: Option<SimDuration>| {
            side.map_or_else(|| Cell::new(words.t("not-reached")), |at| Cell::new(words.span(at)))
        };
        vec![
            Cell::new(words.text(&m.title)),
            median(time.a),
            median(time.b),
            Cell::new(signed(d.mean)),
            Cell::new(format!("{} … {}", signed(d.ci.0), signed(d.ci.1))),
            Cell::new(d.pairs.to_string()),
            claim(d, words, d.mean < 0.0),
        ]
    };
    Table {
        caption: words.t("compare-times"),
        columns: columns(words, "column-mean-difference"),
        rows: shared.iter().filter_map(|m| Some((*m, m.time?))).map(row).collect(),
    }
}

fn columns(words: Words, difference: &str) -> Vec<Column> {
    vec![
        Column::flex(words.t("column-measure")).main(),
        Column::right(words.t("column-a")),
        Column::right(words.t("column-b")),
        Column::right(words.t(difference)),
        Column::right(words.t("column-ci")),
        Column::right(words.t("column-pairs")).wide(),
        Column::left(words.t("column-claim")),
    ]
}

/// Pairs in which only one side got there are in no mean.
fn one_sided(shared: &[&ComparedMeasure], words: Words) -> Vec<Cell> {
    let line = |m: &&ComparedMeasure| {
        let time = m.time.filter(|time| time.only_a + time.only_b > 0)?;
        let title = words.text(&m.title);
        let (a, b) = (time.only_a.to_string(), time.only_b.to_string());
        let args = [("title", title.as_str()), ("a", &a), ("b", &b)];
        Some(Cell::toned(words.f("compare-one-sided", &args), Tone::Muted))
    };
    shared.iter().filter_map(line).collect()
}

fn picture(found: &Comparison, words: Words) -> Option<Picture> {
    let branch = |m: &ComparedMeasure| {
        let d = m.met?.difference;
        Some(Branch {
            title: words.text(&m.title),
            detail: None,
            mean: d.mean * 100.0,
            low: d.ci.0 * 100.0,
            high: d.ci.1 * 100.0,
            claimed: d.is_claimed(),
        })
    };
    let branches: Vec<Branch> = found.measures.iter().filter_map(branch).collect();
    let more = |side: &ComparedSide| words.f("picture-forest-more", &[("side", &side.label)]);
    let (a, b) = (more(&found.a), more(&found.b));
    forest("forest", words.t("picture-forest"), &branches, (&a, &b), words)
}

#[cfg(test)]
mod tests {
    use super::super::doc::Block;
    use super::super::fixture;
    use super::super::text::columns as wide;
    use super::*;
    use crate::score::stats::paired_difference;
    use crate::units::Seed;

    fn found() -> Comparison {
        let drill = fixture::drill();
        let side = |label: &str| ComparedSide {
            label: label.to_owned(),
            system: "cinecom".into(),
            pack: "cinecom".into(),
            responders: "public-postmortem".into(),
            trace_hash: drill.trace_hash,
        };
        let pairs = |shift: f64| -> Vec<(f64, f64)> {
            (0..40)
                .map(|i| (f64::from(i % 7) * 6e4, f64::from(i % 7 + i % 3) * 6e4 + shift))
                .collect()
        };
        let measure = |(i, m): (usize, &crate::model::Measure)| {
            let shift = [-3e5, 0.0, 4e5][i % 3];
            let met: Vec<(f64, f64)> = (0..40u32)
                .map(|n| (f64::from(n % 2), f64::from(u8::from(n as usize % 3 > i % 3))))
                .collect();
            ComparedMeasure {
                name: m.name.clone(),
                title: m.title.clone(),
                met: paired_difference(&met).map(|difference| MetDifference {
                    a: 20,
                    b: 13,
                    difference,
                }),
                time: paired_difference(&pairs(shift)).map(|difference| TimeDifference {
                    a: Some(SimDuration::from_minutes(12)),
                    b: (i % 2 == 0).then(|| SimDuration::from_minutes(9)),
                    difference,
                    only_a: u32::try_from(i).unwrap(),
                    only_b: 0,
                }),
            }
        };
        Comparison {
            scenario: drill.scenario.name.clone(),
            title: drill.scenario.title.clone(),
            a: side("as-is"),
            b: side("without=pm"),
            seed: Seed(1),
            trials: 40,
            measures: drill.pack.measures.iter().enumerate().map(measure).take(4).collect(),
        }
    }

    #[test]
    fn both_languages_claim_only_what_excludes_zero() {
        let found = found();
        for lang in Lang::ALL {
            let text = compare_text(&found, lang, Style::PLAIN);
            for line in text.lines() {
                assert!(wide(line) <= 80, "{line}");
            }
            insta::assert_snapshot!(format!("compare_text_{}", lang.as_str()), text);
            let pictures = |block: &&Block| matches!(block, Block::Picture { .. });
            let blocks = doc(&found, Words::new(lang)).blocks;
            assert_eq!(blocks.iter().filter(pictures).count(), 1);
            assert!(compare_html(&found, lang).contains("role=\"img\""));
        }
        insta::assert_snapshot!("compare_json", compare_json(&found));
        assert_eq!(compare_csv(&found).lines().count(), 5);
    }
}
