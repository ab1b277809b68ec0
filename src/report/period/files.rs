//! A periodic report in all forms.

use super::choice;
use super::contents::doc;
use super::data::period_csv;
use super::json::period_json;
use crate::assess::PeriodReport;
use crate::report::lang::{Lang, Words};
use crate::report::picture::{BurnDown, Picture, burn_down};
use crate::report::text::{self, Style};
use crate::report::{html, markdown};

/// For a terminal or a pipe.
pub fn period_text(report: &PeriodReport, lang: Lang, style: Style) -> String {
    text::render(&doc(report, Words::new(lang), &[]), style)
}

/// As Markdown; pictures are named where they are written beside it.
pub fn period_markdown(report: &PeriodReport, lang: Lang) -> String {
    markdown::render(&doc(report, Words::new(lang), &[]))
}

/// As one self-contained HTML page with its pictures.
pub fn period_html(report: &PeriodReport, lang: Lang) -> String {
    let words = Words::new(lang);
    html::render(&doc(report, words, &pictures(report, words)), words)
}

/// All forms and pictures as files, `weekly_YYYYMMDD.md` and so on by the period's first day.
pub fn period_files(report: &PeriodReport, lang: Lang) -> Vec<(String, Vec<u8>)> {
    let words = Words::new(lang);
    let stem = period_stem(report);
    let pictures = pictures(report, words);
    let doc = doc(report, words, &pictures);
    let file = |ending: &str, text: String| (format!("{stem}.{ending}"), text.into_bytes());
    let mut files = vec![
        file("md", markdown::render(&doc)),
        file("html", html::render(&doc, words)),
        file("json", period_json(report)),
        file("csv", period_csv(report)),
    ];
    files.extend(pictures.into_iter().map(|picture| (picture.file, picture.svg.into_bytes())));
    files
}

/// What the names of a report's files begin with: `weekly_YYYYMMDD`.
pub fn period_stem(report: &PeriodReport) -> String {
    format!("{}_{}", report.span.kind.as_str(), report.span.first_day.format("%Y%m%d"))
}

fn pictures(report: &PeriodReport, words: Words) -> Vec<Picture> {
    let stem = period_stem(report);
    let one = |index: usize| {
        let slo = &report.slos[index];
        let name = &slo.status.spec.name;
        let own = report.alerts.iter().filter(|alert| alert.alert.slo == *name);
        let alerts = own.filter_map(|alert| {
            let from = alert.alert.episode.firing_at.ok()?.max(report.span.from);
            let to = alert.alert.episode.resolved_at.unwrap_or(report.as_of).min(report.as_of);
            Some((from, to, *alert.alert.severity == *"page"))
        });
        let data = BurnDown {
            name,
            span: (report.span.from, report.span.to),
            zone: report.span.zone,
            points: &slo.burn_down,
            alerts: alerts.collect(),
        };
        // A name may hold what no file name may, so the number makes it unique.
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let name: String = name.chars().map(plain).take(60).collect();
        burn_down(&data, format!("{stem}_{:02}_{name}.svg", index + 1), words)
    };
    choice::drawn(report).into_iter().filter_map(one).collect()
}
