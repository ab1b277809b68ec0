//! A drill in all forms, and a scored timeline in the same forms with what it holds.

use super::case::Case;
use super::contents::doc;
use super::lang::{Lang, Words};
use super::text::Style;
use super::{csv, html, json, markdown, picture, results, text};
use crate::exercise::Drill;
use crate::model::Pack;
use crate::score::Scorecard;
use crate::timeline::Timeline;

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
pub fn plots(drill: &Drill, lang: Lang) -> Vec<(String, String)> {
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
        let files: Vec<&str> = pictures.iter().map(|(file, _)| file.as_str()).collect();
        assert_eq!(files, ["health.svg", "lanes.svg", "times.svg", "spread.svg"]);
        assert_eq!(pictures, plots(&drill, Lang::Ja));
        insta::assert_snapshot!("times_svg", pictures[2].1);
    }
}
