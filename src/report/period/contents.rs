//! What a periodic report holds, and in which order.

use super::choice::{self, MOST_LINES};
use super::tables;
use crate::assess::{Change, MOST_CONTRIBUTED, PeriodKind, PeriodReport};
use crate::model::CorrectionEffect;
use crate::report::actions::{KeptActions, open_actions};
use crate::report::doc::{Block, Cell, Doc, Tile, Tone};
use crate::report::due::due_state;
use crate::report::lang::Words;
use crate::report::picture::Picture;
use crate::report::slo::figures::{minute, share};
use crate::units::SimTime;

pub(super) fn doc(report: &PeriodReport, words: Words, pictures: &[Picture]) -> Doc {
    let label = [("label", report.span.label.as_str())];
    let title = match report.span.kind {
        PeriodKind::Weekly => words.f("period-title-weekly", &label),
        PeriodKind::Monthly => words.f("period-title-monthly", &label),
        PeriodKind::Quarterly => words.f("period-title-quarterly", &label),
    };
    let mut doc =
        Doc { lang: words.lang.as_str(), title, lead: lead(report, words), blocks: vec![] };
    doc.blocks.push(Block::Tiles { tiles: tiles(report, words) });
    if report.as_of < report.span.to {
        doc.note(words.f("period-incomplete", &[("at", &minute(report.as_of, report.span.zone))]));
    }
    doc.heading(words.t("period-slos"));
    let listed = choice::slos(report);
    match listed.is_empty() {
        true => doc.paragraph(words.t("period-slos-all-well")),
        false => doc.table(tables::slos(&listed, words)),
    }
    let well = report.slos.len() - listed.len();
    if well > 0 {
        doc.note(words.f("period-slos-well", &[("count", &well.to_string())]));
    }
    doc.note(legend(report, words));
    if !pictures.is_empty() {
        doc.heading(words.t("period-burn-down"));
        doc.note(words.t("period-burn-down-note"));
        left_out(&mut doc, report.slos.len() - choice::drawn(report).len(), words);
        doc.blocks.extend(pictures.iter().map(Picture::block));
    }
    burn(&mut doc, report, words);
    if report.span.kind != PeriodKind::Weekly {
        doc.heading(words.t("period-attainment"));
        doc.table(tables::attainment(&listed, words));
        doc.note(words.t("period-attainment-note"));
        left_out(&mut doc, well, words);
    }
    doc.heading(words.t("period-forecast"));
    let forecast = forecast(report, words);
    match forecast.is_empty() {
        true => doc.paragraph(words.t("period-forecast-none")),
        false => first_lines(&mut doc, forecast, words),
    }
    corrections(&mut doc, report, words);
    quality(&mut doc, report, words);
    drills(&mut doc, report, words);
    due(&mut doc, report, words);
    actions(&mut doc, report, words);
    doc
}

fn lead(report: &PeriodReport, words: Words) -> String {
    let zone = report.span.zone;
    words.f(
        "period-lead",
        &[
            ("from", &minute(report.span.from, zone)),
            ("to", &minute(report.span.to, zone)),
            ("zone", &zone.to_string()),
            ("met", &report.met.0.to_string()),
            ("of", &report.met.1.to_string()),
            ("half", &report.half_left.0.to_string()),
        ],
    )
}

fn tiles(report: &PeriodReport, words: Words) -> Vec<Tile> {
    let tile = |key: &str, value: String, note: String, good: bool| Tile {
        label: words.t(key),
        value,
        note,
        tone: if good { Tone::Good } else { Tone::Poor },
    };
    let ((met, of), (half, with)) = (report.met, report.half_left);
    let unknown = report.slos.len() - of;
    let note = match unknown {
        0 => String::new(),
        n => words.f("period-tile-unknown", &[("count", &n.to_string())]),
    };
    let pages = report.alerts.iter().filter(|alert| *alert.alert.severity == *"page").count();
    let all = report.alerts.len();
    let paged = words.f("period-tile-pages", &[("count", &pages.to_string())]);
    vec![
        tile("period-tile-slos", format!("{met}/{of}"), note, met == of && unknown == 0),
        tile("period-tile-half", format!("{half}/{with}"), String::new(), half == with),
        tile("period-tile-alerts", all.to_string(), paged, all == 0),
    ]
}

/// What the signs in the table of SLOs mean, with why some could not be compared.
fn legend(report: &PeriodReport, words: Words) -> String {
    let before = report.before.label.as_str();
    let mut text = words.f("period-change-note", &[("before", before)]);
    let unknown = report.slos.iter().find_map(|slo| match slo.change {
        Change::Unknown(reason) => Some(reason),
        _ => None,
    });
    if let Some(reason) = unknown {
        let why = words.text(&reason.text());
        text.push(' ');
        text.push_str(&words.f("period-change-unknown", &[("why", &why)]));
    }
    text
}

/// A list, cut where nobody reads on.
fn first_lines(doc: &mut Doc, mut lines: Vec<Cell>, words: Words) {
    let more = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    doc.list(lines);
    left_out(doc, more, words);
}

/// Says how many are only in the forms for programs.
fn left_out(doc: &mut Doc, count: usize, words: Words) {
    if count > 0 {
        doc.note(words.f("period-left-out", &[("count", &count.to_string())]));
    }
}

/// Alerts, hours and contributors: where the budgets went.
fn burn(doc: &mut Doc, report: &PeriodReport, words: Words) {
    doc.heading(words.t("period-alerts"));
    match report.alerts.is_empty() {
        true => doc.paragraph(words.t("period-alerts-none")),
        false => {
            let listed = choice::alerts(report);
            doc.table(tables::alerts(&listed, report.span.zone, words));
            left_out(doc, report.alerts.len() - listed.len(), words);
            doc.note(words.t("period-cost-note"));
        }
    }
    let hours = tables::hours(report, words);
    let nothing_bad = hours.rows.is_empty();
    doc.heading(words.t("period-hours"));
    match hours.rows.is_empty() {
        true => doc.paragraph(words.t("period-hours-none")),
        false => doc.table(hours),
    }
    if let Some(list) = &report.contributors {
        doc.heading(words.t("period-contributors"));
        match list.is_empty() {
            true if nothing_bad => doc.paragraph(words.t("period-hours-none")),
            true => doc.paragraph(words.t("period-contributors-none")),
            false => doc.table(tables::contributors(list, words)),
        }
        if report.slos.len() > MOST_CONTRIBUTED {
            let count = MOST_CONTRIBUTED.to_string();
            doc.note(words.f("period-contributors-of", &[("count", &count)]));
        }
    }
}

fn forecast(report: &PeriodReport, words: Words) -> Vec<Cell> {
    let mut all: Vec<(SimTime, Cell)> = Vec::new();
    for slo in &report.slos {
        let mut found = slo
            .status
            .status
            .forecast
            .iter()
            .filter_map(|forecast| forecast.exhausted_at.ok().map(|at| (at, forecast.basis)));
        // The longest basis that finds an end says most; short ones carry on a single burst.
        if let Some((at, basis)) = found.next_back() {
            let line = words.f(
                "period-forecast-line",
                &[
                    ("slo", &slo.status.spec.name),
                    ("basis", &words.span(basis)),
                    ("at", &minute(at, report.span.zone)),
                ],
            );
            all.push((at, Cell::new(line)));
        }
    }
    all.sort_by_key(|line| line.0);
    all.into_iter().map(|line| line.1).collect()
}

fn corrections(doc: &mut Doc, report: &PeriodReport, words: Words) {
    doc.heading(words.t("period-corrections"));
    if report.corrections.is_empty() {
        doc.paragraph(words.t("period-corrections-none"));
        return;
    }
    let zone = report.span.zone;
    let line = |one: &crate::assess::AppliedCorrection| {
        let args = [
            ("name", &*one.name),
            ("from", &minute(one.from, zone)),
            ("to", &minute(one.to, zone)),
            ("slos", &one.slos.to_string()),
        ];
        Cell::new(match one.effect {
            CorrectionEffect::Drop => words.f("period-correction-drop", &args),
            CorrectionEffect::Good => words.f("period-correction-good", &args),
        })
    };
    doc.list(report.corrections.iter().map(line).collect());
}

fn quality(doc: &mut Doc, report: &PeriodReport, words: Words) {
    doc.heading(words.t("period-quality"));
    let holes: Vec<Cell> = report
        .slos
        .iter()
        .filter(|slo| slo.now.missing > 0 || slo.now.coverage < 1.0)
        .map(|slo| {
            let line = words.f(
                "period-quality-line",
                &[
                    ("slo", &slo.status.spec.name),
                    ("share", &share(slo.now.coverage)),
                    ("missing", &slo.now.missing.to_string()),
                ],
            );
            Cell::new(line)
        })
        .collect();
    match holes.is_empty() {
        true => doc.paragraph(words.t("period-quality-whole")),
        false => first_lines(doc, holes, words),
    }
    match &report.streams {
        None => doc.note(words.t("period-streams-none")),
        Some(list) if list.is_empty() => doc.note(words.t("period-streams-none")),
        Some(list) => doc.table(tables::streams(list, report.span.zone, words)),
    }
}

fn drills(doc: &mut Doc, report: &PeriodReport, words: Words) {
    post_mortems(doc, report, words);
    let is_low = |severity: &Option<String>| {
        severity.as_ref().is_some_and(|word| word.eq_ignore_ascii_case("low"))
    };
    doc.heading(words.t("period-drills"));
    let Some(found) = &report.drills else {
        doc.paragraph(words.t("period-drills-no-source"));
        low(doc, report, words);
        return;
    };
    let all: Vec<_> = found.results.iter().collect();
    match all.is_empty() {
        true => doc.paragraph(words.t("period-drills-none")),
        false => doc.table(tables::drills(&all, report.span.zone, words)),
    }
    low(doc, report, words);
    let low: Vec<_> = all.iter().copied().filter(|one| is_low(&one.severity)).collect();
    if !low.is_empty() {
        doc.note(words.t("period-low-drills"));
        doc.table(tables::drills(&low, report.span.zone, words));
    }
}

/// The Low items of the issue logs that nobody has acted on.
fn low(doc: &mut Doc, report: &PeriodReport, words: Words) {
    doc.heading(words.t("period-low"));
    match &report.low {
        None => doc.paragraph(words.t("period-low-no-source")),
        Some(list) if list.is_empty() => doc.paragraph(words.t("period-low-none")),
        Some(list) => doc.table(tables::low(list, report.span.zone, words)),
    }
}

/// Whether the drills that packs ask for in such a period were held.
fn due(doc: &mut Doc, report: &PeriodReport, words: Words) {
    if report.span.kind == PeriodKind::Weekly {
        return;
    }
    doc.heading(words.t("due-heading"));
    let mut items: Vec<Cell> = Vec::new();
    for due in &report.due {
        let Some(period) = due.at(report.span.from) else { continue };
        let (text, tone) = due_state(period.held, words);
        let args = [("pack", due.pack.as_str()), ("period", &period.span.label), ("state", &text)];
        items.push(Cell::toned(words.f("due-line", &args), tone));
    }
    match items.is_empty() {
        true => doc.paragraph(words.t("due-no-source")),
        false => doc.list(items),
    }
}

fn actions(doc: &mut Doc, report: &PeriodReport, words: Words) {
    match &report.actions {
        Some(all) => open_actions(&KeptActions { all, day: report.day() }, words, doc),
        None => {
            doc.heading(words.t("actions-heading"));
            doc.paragraph(words.t("period-drills-no-source"));
        }
    }
}

fn post_mortems(doc: &mut Doc, report: &PeriodReport, words: Words) {
    if report.span.kind == PeriodKind::Weekly {
        return;
    }
    doc.heading(words.t("period-post-mortems"));
    let found = report.drills.as_ref().and_then(|drills| drills.post_mortems.as_ref());
    doc.paragraph(match found {
        None => words.t("period-post-mortems-no-source"),
        Some(sum) => words.f(
            "period-post-mortems-line",
            &[
                ("due", &sum.due.to_string()),
                ("on_time", &sum.on_time.to_string()),
                ("late", &sum.late.to_string()),
                ("open", &sum.open.to_string()),
            ],
        ),
    });
}
