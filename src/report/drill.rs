//! A drill in all forms, and a scored timeline in the same forms with what it holds.

use super::case::Case;
use super::doc::{Block, Column, Doc, Table, Tone};
use super::lang::{Lang, Words};
use super::story::Weight;
use super::text::Style;
use super::{csv, draft, head, html, json, markdown, next, picture, results, story, text};
use crate::exercise::Drill;
use crate::model::Pack;
use crate::score::Scorecard;
use crate::timeline::Timeline;

/// Most lines of the story in the short form; the rest is in the timeline file.
const STORY_TEXT: usize = 60;
/// Most lines of the story in Markdown and HTML.
const STORY_LONG: usize = 400;

/// The drill for a terminal or a pipe.
pub fn drill_text(drill: &Drill, lang: Lang, style: Style) -> String {
    text::render(&doc(&Case::of_drill(drill), Words::new(lang), &[]), style)
}

/// The drill as `drill.run/1`, ending in a line feed.
pub fn drill_json(drill: &Drill) -> String {
    json::pretty(&json::run(&Case::of_drill(drill)))
}

/// The drill as Markdown; pictures are referred to by the file names of [`plots`].
pub fn drill_markdown(drill: &Drill, lang: Lang) -> String {
    let case = Case::of_drill(drill);
    let words = Words::new(lang);
    markdown::render(&doc(&case, words, &picture::all(&case, words)))
}

/// The measures of the drill as CSV.
pub fn drill_csv(drill: &Drill) -> String {
    measures_csv(&Case::of_drill(drill))
}

/// The drill as one self-contained HTML page with its pictures.
pub fn drill_html(drill: &Drill, lang: Lang) -> String {
    let case = Case::of_drill(drill);
    let words = Words::new(lang);
    html::render(&doc(&case, words, &picture::all(&case, words)), words)
}

/// The pictures of the drill as `(file name, SVG)`.
pub fn plots(drill: &Drill, lang: Lang) -> Vec<(&'static str, String)> {
    let pictures = picture::all(&Case::of_drill(drill), Words::new(lang));
    pictures.into_iter().map(|p| (p.file, p.svg)).collect()
}

/// The file `scorecard.json`: a drill's scorecard without the chances that need trials, so that
/// scoring the same timeline again gives the same bytes.
pub fn scorecard_json(timeline: &Timeline, pack: &Pack, card: &Scorecard) -> String {
    json::pretty(&json::scorecard(&Case::of_scored(timeline, pack, card)))
}

/// A scored timeline for a terminal or a pipe.
pub fn scorecard_text(
    timeline: &Timeline,
    pack: &Pack,
    card: &Scorecard,
    lang: Lang,
    style: Style,
) -> String {
    let case = Case::of_scored(timeline, pack, card);
    text::render(&doc(&case, Words::new(lang), &[]), style)
}

/// A scored timeline as Markdown, without pictures, since it stands alone.
pub fn scorecard_markdown(
    timeline: &Timeline,
    pack: &Pack,
    card: &Scorecard,
    lang: Lang,
) -> String {
    let case = Case::of_scored(timeline, pack, card);
    markdown::render(&doc(&case, Words::new(lang), &[]))
}

/// The measures of a scored timeline as CSV.
pub fn scorecard_csv(timeline: &Timeline, pack: &Pack, card: &Scorecard) -> String {
    measures_csv(&Case::of_scored(timeline, pack, card))
}

/// A scored timeline as one self-contained HTML page with its pictures.
pub fn scorecard_html(timeline: &Timeline, pack: &Pack, card: &Scorecard, lang: Lang) -> String {
    let case = Case::of_scored(timeline, pack, card);
    let words = Words::new(lang);
    html::render(&doc(&case, words, &picture::all(&case, words)), words)
}

fn doc(case: &Case<'_>, words: Words, pictures: &[picture::Picture]) -> Doc {
    let header = &case.timeline.header;
    let title = case.scenario.map_or_else(|| header.title.to_string(), |s| words.text(&s.title));
    let lead = case.scenario.map_or_else(String::new, |s| words.text(&s.summary));
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.f("report-title", &[("title", &title)]),
        lead,
        blocks: Vec::new(),
    };
    let shown = |doc: &mut Doc, id: &str| {
        let found = pictures.iter().find(|picture| picture.id == id);
        doc.blocks.extend(found.map(picture::Picture::block));
    };
    let head = Block::Facts { rows: head::facts(case, words) };
    doc.blocks.push(Block::TextOnly { blocks: vec![heading(words, "head-heading"), head.clone()] });
    doc.heading(words.t("result-heading"));
    doc.blocks.push(results::tiles(case, words));
    if case.card.overall.rating.is_none() {
        doc.note(words.t(if case.simulated() { "no-letter" } else { "no-letter-unknown" }));
    }
    shown(&mut doc, "health");
    the_story(case, words, &mut doc);
    shown(&mut doc, "lanes");
    doc.heading(words.t("measures-heading"));
    shown(&mut doc, "times");
    doc.blocks.extend(results::measures(case, words));
    shown(&mut doc, "spread");
    doc.heading(words.t("capabilities-heading"));
    doc.table(results::capabilities(case, words));
    doc.note(words.t("capabilities-note"));
    doc.heading(words.t("severity-heading"));
    results::severity(case, words, &mut doc);
    doc.heading(words.t("conduct-heading"));
    results::conduct(case, words, &mut doc);
    procedure(case, words, &mut doc);
    the_rest(case, words, &mut doc);
    doc.blocks.push(Block::Longer { blocks: vec![heading(words, "head-heading"), head] });
    doc
}

fn heading(words: Words, key: &str) -> Block {
    Block::Heading { level: 2, text: words.t(key) }
}

fn the_story(case: &Case<'_>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("story-heading"));
    doc.note(words.t("story-note"));
    let with_note = |least: Weight, most: usize| {
        let (table, left) = story::table(case, words, least, most);
        let mut blocks = vec![Block::Table { table }];
        if left > 0 {
            let text = words.f("story-left", &[("n", &left.to_string())]);
            let tone = Tone::Muted;
            blocks.push(Block::Paragraph { text, tone });
        }
        blocks
    };
    doc.blocks.push(Block::TextOnly { blocks: with_note(Weight::Headline, STORY_TEXT) });
    doc.blocks.push(Block::Longer { blocks: with_note(Weight::Headline, STORY_LONG) });
}

fn procedure(case: &Case<'_>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("duties-heading"));
    doc.table(results::duties(case, words));
    doc.heading(words.t("steps-heading"));
    doc.paragraph(results::step_counts(case, words));
    let imperfect = results::steps(case, words, &results::Which::Imperfect);
    doc.blocks.push(Block::TextOnly { blocks: vec![Block::Table { table: imperfect }] });
    let all = results::steps(case, words, &results::Which::All);
    doc.blocks.push(Block::Longer {
        blocks: vec![Block::Folded {
            summary: words.f("steps-all", &[("n", &all.rows.len().to_string())]),
            blocks: vec![Block::Table { table: all }],
        }],
    });
    doc.heading(words.t("alerts-heading"));
    let alerts = results::alert_table(case, words);
    match alerts.rows.is_empty() {
        true => doc.paragraph(words.t("alerts-none")),
        false => doc.table(alerts),
    }
}

fn the_rest(case: &Case<'_>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("next-heading"));
    doc.list(next::items(case, words));
    let mut longer = vec![heading(words, "drafts-heading")];
    longer.push(Block::Paragraph { text: words.t("drafts-note"), tone: Tone::Muted });
    longer.extend(draft::blocks(case, words));
    longer.push(heading(words, "milestones-heading"));
    longer.push(Block::Table { table: results::milestones(case, words) });
    let (table, _) = story::table(case, words, Weight::Detail, STORY_LONG);
    longer.push(heading(words, "details-heading"));
    longer.push(Block::Folded {
        summary: words.f("details-all", &[("n", &table.rows.len().to_string())]),
        blocks: vec![Block::Table { table }],
    });
    if let Some(preset) = case.preset {
        longer.push(heading(words, "provenance-heading"));
        let table = provenance(preset, words);
        longer.push(Block::Folded {
            summary: words.f("provenance-all", &[("n", &table.rows.len().to_string())]),
            blocks: vec![Block::Table { table }],
        });
    }
    doc.blocks.push(Block::Longer { blocks: longer });
}

pub(super) fn provenance(preset: &crate::model::Preset, words: Words) -> Table {
    Table {
        caption: words.t("provenance-heading"),
        columns: vec![
            Column::flex(words.t("column-input")),
            Column::right(words.t("column-value")),
            Column::left(words.t("column-provenance")),
            Column::flex(words.t("column-source")),
        ],
        rows: head::provenance(preset, words),
    }
}

fn measures_csv(case: &Case<'_>) -> String {
    let header = [
        "measure",
        "from",
        "to",
        "value_ms",
        "target_ms",
        "target_assumed",
        "floor_ms",
        "chance",
        "rating",
        "evidence",
        "rule",
        "reason",
    ];
    let span = |span: Option<crate::units::SimDuration>| {
        span.map_or_else(String::new, |span| span.ms().to_string())
    };
    let rows = case.card.measures.iter().map(|m| {
        let met = case.band_of(&m.name).and_then(|band| band.met).filter(|(_, n)| *n > 0);
        let chance =
            met.map_or_else(String::new, |(k, n)| format!("{:.4}", f64::from(k) / f64::from(n)));
        let evidence: Vec<String> = m.evidence.iter().map(ToString::to_string).collect();
        [
            m.name.to_string(),
            m.from.to_string(),
            m.to.to_string(),
            span(m.value),
            span(m.target),
            m.target_assumed.to_string(),
            span(m.floor),
            chance,
            results::letter(m.rating).to_owned(),
            evidence.join(" "),
            m.rule.clone(),
            m.reason.clone().unwrap_or_default(),
        ]
    });
    csv::render(&header, rows)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::text::{Style, columns};
    use super::*;

    #[test]
    fn text_fits_eighty_columns_in_both_languages() {
        for lang in Lang::ALL {
            let text = drill_text(&fixture::drill(), lang, Style::PLAIN);
            for line in text.lines() {
                assert!(columns(line) <= 80, "{} columns: {line}", columns(line));
            }
            insta::assert_snapshot!(format!("drill_text_{}", lang.as_str()), text);
        }
    }

    #[test]
    fn markdown_holds_the_drafts() {
        for lang in Lang::ALL {
            let text = drill_markdown(&fixture::drill(), lang);
            insta::assert_snapshot!(format!("drill_markdown_{}", lang.as_str()), text);
        }
    }

    #[test]
    fn json_and_csv_are_for_programs() {
        let drill = fixture::drill();
        insta::assert_snapshot!("drill_json", drill_json(&drill));
        insta::assert_snapshot!("drill_csv", drill_csv(&drill));
    }

    #[test]
    fn html_stands_alone() {
        let drill = fixture::drill();
        for lang in Lang::ALL {
            let html = drill_html(&drill, lang);
            if let Some(folder) = std::env::var_os("DRILL_REPORT_LOOK") {
                let path = std::path::Path::new(&folder).join(format!("{}.html", lang.as_str()));
                std::fs::write(path, &html).unwrap();
            }
            assert!(html.contains(&format!("<html lang=\"{}\">", lang.as_str())));
            assert_eq!(html.matches("role=\"img\"").count(), 4);
            let outside = html.replace("http://www.w3.org/2000/svg", "");
            for word in ["http:", "https:", "src=", "@import", "url(", "<script"] {
                assert!(!outside.contains(word), "{word}");
            }
            assert_eq!(html, drill_html(&drill, lang));
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        let evil = "\"><script>alert('x')</script>\u{1b}[31m\nx";
        let mut drill = fixture::drill();
        drill.scenario.title = fixture::text(evil, evil);
        drill.timeline.header.title = evil.into();
        drill.scorecard.violations[0].message = evil.into();
        drill.pack.channels[0].address = evil.into();
        for event in &mut drill.timeline.events {
            for about in &mut event.about {
                about.name = evil.into();
            }
        }
        for lang in Lang::ALL {
            let html = drill_html(&drill, lang);
            assert!(!html.contains("<script"), "HTML");
            assert!(!drill_markdown(&drill, lang).contains("<script"), "Markdown");
            for (file, svg) in plots(&drill, lang) {
                assert!(!svg.contains("<script"), "{file}");
            }
            let text = drill_text(&drill, lang, Style::PLAIN);
            assert!(!text.contains('\u{1b}'), "text");
            assert!(text.lines().all(|line| columns(line) <= 80));
        }
        let value: serde_json::Value = serde_json::from_str(&drill_json(&drill)).unwrap();
        assert_eq!(value["violations"][0]["message"], evil);
    }

    #[test]
    fn a_scored_timeline_gives_the_same_card_as_its_drill() {
        let drill = fixture::drill();
        let json = scorecard_json(&drill.timeline, &drill.pack, &drill.scorecard);
        let card: serde_json::Value = serde_json::from_str(&json).unwrap();
        let run: serde_json::Value = serde_json::from_str(&drill_json(&drill)).unwrap();
        for key in ["trace_hash", "milestones", "score", "capabilities", "severity", "alerts"] {
            assert_eq!(card[key], run[key], "{key}");
        }
        assert!(card["measures"][0].get("chance").is_none());
        assert_eq!(run["milestones"].as_array().unwrap().len(), 15);
        let text =
            scorecard_text(&drill.timeline, &drill.pack, &drill.scorecard, Lang::Ja, Style::PLAIN);
        assert!(text.lines().all(|line| columns(line) <= 80));
    }

    /// A measurement for the eye, with a wide bound so that a busy machine never fails it.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test may read a clock")]
    fn rendering_everything_is_quick() {
        let drill = fixture::drill();
        let all = || {
            let texts = [drill_html(&drill, Lang::Ja), drill_markdown(&drill, Lang::Ja)];
            let size: usize = plots(&drill, Lang::Ja).iter().map(|(_, svg)| svg.len()).sum();
            texts.iter().map(String::len).sum::<usize>() + drill_json(&drill).len() + size
        };
        all();
        let begin = std::time::Instant::now();
        assert!(all() > 100_000);
        let took = begin.elapsed();
        println!("html, md, json and plots: {took:?}");
        assert!(took.as_millis() < 1000, "{took:?}");
    }

    #[test]
    fn pictures_are_the_same_each_time() {
        let drill = fixture::drill();
        let pictures = plots(&drill, Lang::Ja);
        let files: Vec<&str> = pictures.iter().map(|(file, _)| *file).collect();
        assert_eq!(files, ["health.svg", "lanes.svg", "times.svg", "spread.svg"]);
        assert_eq!(pictures, plots(&drill, Lang::Ja));
        insta::assert_snapshot!("times_svg", pictures[2].1);
    }
}
