//! What a report holds, in the order of its readers: the summary for those who decide, pictures,
//! then the detail for those who look closer.

use super::case::Case;
use super::doc::{Block, Column, Doc, Table, Tone};
use super::lang::Words;
use super::picture::Picture;
use super::story::Weight;
use super::{draft, head, local, measures, next, results, story, summary};

/// Most lines of the story in every form; HTML and Markdown fold the whole of it below.
const STORY: usize = 48;
/// Most lines of the whole story.
const STORY_LONG: usize = 1000;

/// The report on a drill or a scored timeline.
pub(super) fn doc(case: &Case<'_>, words: Words, pictures: &[Picture]) -> Doc {
    let header = &case.timeline.header;
    let title = case
        .scenario
        .map_or_else(|| words.text(&header.text(&header.title)), |s| words.text(&s.title));
    let lead = case.scenario.map_or_else(String::new, |s| words.text(&s.summary));
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.f("report-title", &[("title", &title)]),
        lead,
        blocks: Vec::new(),
    };
    let shown = |doc: &mut Doc, id: &str| {
        let found = pictures.iter().find(|picture| picture.id == id);
        doc.blocks.extend(found.map(Picture::block));
    };
    let head = Block::Facts { rows: head::facts(case, words) };
    doc.note(short(case, words));
    doc.heading(words.t("summary-heading"));
    doc.facts(summary::rows(case, words));
    doc.blocks.push(Block::Longer { blocks: vec![results::tiles(case, words)] });
    shown(&mut doc, "health");
    the_measures(case, words, &mut doc, &shown);
    doc.heading(words.t("next-heading"));
    doc.list(next::items(case, words));
    the_story(case, words, &mut doc);
    shown(&mut doc, "lanes");
    if !case.card.severity.history.is_empty() || !case.calm() {
        doc.heading(words.t("severity-heading"));
        results::severity(case, words, &mut doc);
    }
    doc.heading(words.t("conduct-heading"));
    results::conduct(case, words, &mut doc);
    procedure(case, words, &mut doc);
    local::replayed(case, words, &mut doc);
    the_rest(case, words, &mut doc);
    doc.blocks.push(heading(words, "head-heading"));
    doc.blocks.push(head);
    doc
}

/// What tells this run from every other, in one line.
fn short(case: &Case<'_>, words: Words) -> String {
    let header = &case.timeline.header;
    let scenario = header
        .scenario
        .as_ref()
        .map_or_else(|| words.word("source", header.source.as_str()), ToString::to_string);
    let hash = case.trace_hash.to_string();
    let (scenario, hash) = (("scenario", scenario.as_str()), ("hash", hash.as_str()));
    match header.seed {
        Some(seed) => words.f("report-short", &[scenario, ("seed", &seed.to_string()), hash]),
        None => words.f("report-short-recorded", &[scenario, hash]),
    }
}

fn heading(words: Words, key: &str) -> Block {
    Block::Heading { level: 2, text: words.t(key) }
}

fn the_measures(case: &Case<'_>, words: Words, doc: &mut Doc, shown: &impl Fn(&mut Doc, &str)) {
    doc.heading(words.t("measures-heading"));
    shown(doc, "times");
    doc.blocks.extend(measures::measures(case, words));
    shown(doc, "spread");
    let (capabilities, blind) = results::capabilities(case, words);
    if !capabilities.rows.is_empty() {
        doc.heading(words.t("capabilities-heading"));
        doc.table(capabilities);
        doc.note(words.t("capabilities-note"));
        if !blind.is_empty() {
            doc.note(words.f("not-applicable", &[("titles", &words.titles(&blind))]));
        }
    }
}

fn the_story(case: &Case<'_>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("story-heading"));
    doc.note(words.t("story-note"));
    let (table, left) = story::table(case, words, Weight::Headline, STORY);
    let shown = table.rows.len().to_string();
    doc.table(table);
    if left > 0 {
        let left = left.to_string();
        let note = |key| Block::Paragraph {
            text: words.f(key, &[("shown", &shown), ("n", &left)]),
            tone: Tone::Muted,
        };
        doc.blocks.push(Block::TextOnly { blocks: vec![note("story-left")] });
        doc.blocks.push(Block::Longer { blocks: vec![note("story-left-longer")] });
    }
    let (table, _) = story::table(case, words, Weight::Detail, STORY_LONG);
    let n = table.rows.len().to_string();
    doc.blocks.push(Block::Longer {
        blocks: vec![Block::Folded {
            summary: words.f("details-all", &[("n", &n)]),
            blocks: vec![Block::Table { table }],
        }],
    });
}

fn procedure(case: &Case<'_>, words: Words, doc: &mut Doc) {
    if !case.card.duties.is_empty() {
        doc.heading(words.t("duties-heading"));
        doc.table(results::duties(case, words));
    }
    if !case.card.steps.is_empty() {
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
    }
    the_alerts(case, words, doc);
}

/// All alerts, or in text those that page, since tickets wait for working hours.
fn the_alerts(case: &Case<'_>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("alerts-heading"));
    let all = results::alert_table(case, words, &results::Fired::All);
    if all.rows.is_empty() {
        doc.paragraph(words.t("alerts-none"));
        return;
    }
    let pages = results::alert_table(case, words, &results::Fired::Pages);
    let tickets = all.rows.len() - pages.rows.len();
    let mut short = vec![Block::Table { table: pages }];
    if tickets > 0 {
        let text = words.f("alerts-tickets", &[("n", &tickets.to_string())]);
        short.push(Block::Paragraph { text, tone: Tone::Muted });
    }
    doc.blocks.push(Block::TextOnly { blocks: short });
    doc.blocks.push(Block::Longer { blocks: vec![Block::Table { table: all }] });
}

fn the_rest(case: &Case<'_>, words: Words, doc: &mut Doc) {
    let mut longer = Vec::new();
    if !case.calm() {
        longer.push(heading(words, "drafts-heading"));
        longer.push(Block::Paragraph { text: words.t("drafts-note"), tone: Tone::Muted });
        longer.extend(draft::blocks(case, words));
    }
    longer.push(heading(words, "milestones-heading"));
    longer.push(Block::Table { table: results::milestones(case, words) });
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

/// Where the figures of a preset come from.
pub(super) fn provenance(preset: &crate::model::Preset, words: Words) -> Table {
    Table {
        caption: words.t("provenance-heading"),
        columns: vec![
            Column::flex(words.t("column-input")).main(),
            Column::right(words.t("column-value")),
            Column::left(words.t("column-provenance")),
            Column::flex(words.t("column-source")),
        ],
        rows: head::provenance(preset, words),
    }
}
