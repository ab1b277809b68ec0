//! Two timelines side by side: where the first was faster than the second, and where slower.

use serde_json::json;

use super::csv;
use super::doc::{Cell, Column, Doc, Table, Tone};
use super::json::{pretty, span};
use super::lang::{Lang, Words};
use super::markdown;
use super::results::{dash, span_cell};
use super::text::{self, Style};
use crate::model::{Pack, Source};
use crate::score::{BesideMeasure, Verdict};
use crate::timeline::Timeline;

/// Two timelines, the pack that judged both, and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The one that is asked about.
    pub one: &'a Timeline,
    /// The one beside it.
    pub other: &'a Timeline,
    /// The pack that judged both.
    pub pack: &'a Pack,
    /// The measures, in the pack's order.
    pub found: &'a [BesideMeasure],
}

/// For a terminal or a pipe.
pub fn beside_text(pair: &Pair<'_>, lang: Lang, style: Style) -> String {
    text::render(&doc(pair, Words::new(lang)), style)
}

/// As Markdown.
pub fn beside_markdown(pair: &Pair<'_>, lang: Lang) -> String {
    markdown::render(&doc(pair, Words::new(lang)))
}

/// As `drill.beside/1`, ending in a line feed.
pub fn beside_json(pair: &Pair<'_>) -> String {
    let side = |timeline: &Timeline| {
        let header = &timeline.header;
        json!({"title": header.title, "source": header.source.as_str(), "seed": header.seed,
            "responders": header.responders, "start": header.start.rfc3339(header.zone),
            "sources": header.sources})
    };
    let measures = pair.found.iter().map(|m| {
        json!({"name": m.name, "one_ms": span(m.one), "other_ms": span(m.other),
            "difference_ms": span(m.difference()), "uncertainty_ms": m.uncertainty.ms(),
            "verdict": m.verdict})
    });
    pretty(&json!({"schema": "drill.beside/1", "drill_version": env!("CARGO_PKG_VERSION"),
        "pack": pair.pack.name, "one": side(pair.one), "other": side(pair.other),
        "measures": measures.collect::<Vec<_>>()}))
}

/// One row per measure.
pub fn beside_csv(pair: &Pair<'_>) -> String {
    let header = ["measure", "one_ms", "other_ms", "difference_ms", "uncertainty_ms", "verdict"];
    let ms = |span: Option<crate::units::SimDuration>| {
        span.map_or_else(String::new, |span| span.ms().to_string())
    };
    let rows = pair.found.iter().map(|m| {
        let verdict = match m.verdict {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::Same => "same",
            Verdict::TooClose => "too_close",
            Verdict::Unknown => "unknown",
        };
        [
            m.name.to_string(),
            ms(m.one),
            ms(m.other),
            ms(m.difference()),
            m.uncertainty.ms().to_string(),
            verdict.to_owned(),
        ]
    });
    csv::render(&header, rows)
}

fn doc(pair: &Pair<'_>, words: Words) -> Doc {
    let (one, other) = (title(pair.one, words), title(pair.other, words));
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.f("beside-title", &[("one", &one), ("other", &other)]),
        lead: String::new(),
        blocks: Vec::new(),
    };
    let known = |m: &&BesideMeasure| m.verdict != Verdict::Unknown;
    let told: Vec<&BesideMeasure> = pair.found.iter().filter(known).collect();
    for (verdict, key, tone) in [
        (Verdict::Faster, "beside-faster", Tone::Good),
        (Verdict::Slower, "beside-slower", Tone::Bad),
        (Verdict::Same, "beside-same", Tone::Plain),
        (Verdict::TooClose, "beside-close", Tone::Plain),
    ] {
        let of = told.iter().filter(|m| m.verdict == verdict);
        let titles: Vec<String> = of.map(|m| words.text(&m.title)).collect();
        if !titles.is_empty() {
            let name = short(&other);
            let text = words.f(key, &[("other", name), ("titles", &words.titles(&titles))]);
            doc.blocks.push(super::doc::Block::Paragraph { text, tone });
        }
    }
    if told.is_empty() {
        doc.paragraph(words.t("beside-none"));
    } else {
        doc.table(Table {
            caption: words.t("measures-heading"),
            columns: vec![
                Column::flex(words.t("column-measure")).main(),
                Column::right(words.t("column-one")),
                Column::right(words.t("column-other")),
                Column::right(words.t("column-difference")),
            ],
            rows: told.iter().map(|m| row(m, words)).collect(),
        });
    }
    doc.list(notes(pair, words));
    doc
}

/// What stands before the colon of a title (`GitHub 2018: split brain after 43 s`).
fn short(title: &str) -> &str {
    title.split_once(':').map_or(title, |(name, _)| name)
}

/// A drill by its scenario and seed, anything else by its title.
fn title(timeline: &Timeline, words: Words) -> String {
    let header = &timeline.header;
    match (header.source, header.seed) {
        (Source::Simulated, Some(seed)) => {
            let (title, seed) = (header.title.to_string(), seed.to_string());
            words.f("beside-drill", &[("title", &title), ("seed", &seed)])
        }
        _ => words.text(&header.text(&header.title)),
    }
}

fn row(m: &BesideMeasure, words: Words) -> Vec<Cell> {
    let never = || Cell::new(words.t("not-reached"));
    let side = |value, missing: bool| if missing { never() } else { span_cell(value, words) };
    let difference = match (m.verdict, m.difference()) {
        (Verdict::Faster, Some(by)) => {
            Cell::toned(words.f("beside-by-faster", &[("span", &words.span(-by))]), Tone::Good)
        }
        (Verdict::Slower, Some(by)) => {
            Cell::toned(words.f("beside-by-slower", &[("span", &words.span(by))]), Tone::Bad)
        }
        (Verdict::TooClose, _) => {
            let open = words.span(m.uncertainty);
            Cell::new(words.f("beside-by-close", &[("span", &open)]))
        }
        _ => dash(),
    };
    let (one, other) = (m.one.is_none(), m.other.is_none());
    vec![
        Cell::new(words.text(&m.title)),
        side(m.one, one && m.verdict == Verdict::Slower),
        side(m.other, other && m.verdict == Verdict::Faster),
        difference,
    ]
}

fn notes(pair: &Pair<'_>, words: Words) -> Vec<Cell> {
    let mut notes = vec![words.f("beside-note", &[("pack", &pair.pack.name)])];
    // Steps of a procedure say nothing about records that follow another.
    let open = |m: &&BesideMeasure| {
        m.verdict == Verdict::Unknown && (m.one.is_some() || m.other.is_some())
    };
    let titles: Vec<String> =
        pair.found.iter().filter(open).map(|m| words.text(&m.title)).collect();
    if !titles.is_empty() {
        notes.push(words.f("beside-unknown", &[("titles", &words.titles(&titles))]));
    }
    if pair.one.header.source == Source::Simulated || pair.other.header.source == Source::Simulated
    {
        notes.push(words.t("beside-simulated"));
    }
    for timeline in [pair.one, pair.other] {
        if !timeline.header.sources.is_empty() {
            let sources = words.list(timeline.header.sources.iter().map(|s| s.as_str()));
            let title = title(timeline, words);
            notes
                .push(words.f("beside-source", &[("title", short(&title)), ("sources", &sources)]));
        }
    }
    notes.into_iter().map(|text| Cell::toned(text, Tone::Muted)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::text::columns;
    use super::*;
    use crate::score::beside;
    use crate::units::SimDuration;

    #[test]
    fn both_languages_say_where_it_was_faster() {
        let drill = fixture::drill();
        let (mut other, mut card) = (drill.timeline.clone(), drill.scorecard.clone());
        other.header.source = Source::Recorded;
        other.header.title = "Elsewhere 2018: a long night".into();
        other.header.sources = vec!["https://example.com/post-mortem".into()];
        for (measure, minutes) in card.measures.iter_mut().zip([-2, 0, 7, 3]) {
            measure.value = measure.value.map(|v| v + SimDuration::from_minutes(minutes));
        }
        let found = beside(&drill.scorecard, &card);
        let pair = Pair { one: &drill.timeline, other: &other, pack: &drill.pack, found: &found };
        for lang in Lang::ALL {
            let text = beside_text(&pair, lang, Style::PLAIN);
            assert!(text.lines().all(|line| columns(line) <= 80));
            insta::assert_snapshot!(format!("beside_text_{}", lang.as_str()), text);
        }
        assert_eq!(beside_csv(&pair).lines().count(), found.len() + 1);
        let json: serde_json::Value = serde_json::from_str(&beside_json(&pair)).unwrap();
        assert_eq!(json["measures"].as_array().unwrap().len(), found.len());
    }
}
