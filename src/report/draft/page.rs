//! Drafts as pages of their own: to send, to fill in, and to be checked once they are filled.

use serde_json::{Value, json};

use super::super::case::Case;
use super::super::doc::{Block, Cell, Doc, Tone};
use super::super::lang::{Lang, Words};
use super::super::markdown::escape;
use super::super::text::{self, Style};
use super::super::{json as wire, markdown};
use super::fields::{Draft, Filled, as_of, draft, open_text};
use crate::exercise::Drill;
use crate::model::{Duty, Name, Pack, REPORT_MARK, REPORT_OPEN, Scenario, System};
use crate::score::Scorecard;
use crate::timeline::Timeline;

/// A scored timeline whose reports are drafted.
#[derive(Clone, Copy)]
pub struct Drafts<'a> {
    /// The timeline.
    pub timeline: &'a Timeline,
    /// The pack.
    pub pack: &'a Pack,
    /// The scorecard.
    pub card: &'a Scorecard,
    /// The system, which knows how people call its roles.
    pub system: Option<&'a System>,
    /// The scenario, where one was played.
    pub scenario: Option<&'a Scenario>,
    /// The duties asked for, in this order.
    pub duties: &'a [&'a Duty],
}

impl<'a> Drafts<'a> {
    fn case(&self) -> Case<'a> {
        let Self { system, scenario, .. } = *self;
        Case { system, scenario, ..Case::of_scored(self.timeline, self.pack, self.card) }
    }
}

/// The drafts for a terminal.
pub fn incident_drafts_text(drafts: &Drafts<'_>, lang: Lang, style: Style) -> String {
    let (case, words) = (drafts.case(), Words::new(lang));
    let page = |duty: &&Duty| text::render(&doc(&case, words, duty), style);
    drafts.duties.iter().map(page).collect::<Vec<String>>().join("\n")
}

/// The drafts as Markdown, each with the mark by which `drill check` knows it. A field that is
/// open is a task that is not ticked.
pub fn incident_drafts_markdown(drafts: &Drafts<'_>, lang: Lang) -> String {
    let (case, words) = (drafts.case(), Words::new(lang));
    let page = |duty: &&Duty| one_markdown(&case, words, duty);
    drafts.duties.iter().map(page).collect::<Vec<String>>().join("\n")
}

/// The drafts as `drill.drafts/1`, ending in a line feed.
pub fn incident_drafts_json(drafts: &Drafts<'_>, lang: Lang) -> String {
    let (case, words) = (drafts.case(), Words::new(lang));
    let zone = drafts.timeline.header.zone;
    let one = |duty: &&Duty| -> Value {
        let draft = draft(&case, words, duty);
        let field = |one: &super::fields::DraftField<'_>| {
            let (state, text) = match &one.filled {
                Filled::Known(text) => ("known", Some(text)),
                Filled::Preliminary(text) => ("preliminary", Some(text)),
                Filled::Open => ("open", None),
            };
            let by = draft.role.filter(|_| one.filled == Filled::Open);
            json!({"id": one.field.id, "title": words.text(&one.field.title), "state": state,
                "text": text, "fill_by": by})
        };
        json!({"duty": duty.id, "due": draft.due.map(|at| at.rfc3339(zone)),
            "delivered": draft.delivered.map(|at| at.rfc3339(zone)),
            "as_of": draft.as_of.rfc3339(zone), "open": draft.open(),
            "fields": draft.fields.iter().map(field).collect::<Vec<Value>>()})
    };
    wire::pretty(&json!({"schema": "drill.drafts/1", "drill_version": env!("CARGO_PKG_VERSION"),
        "pack": drafts.pack.name, "trace_hash": case.trace_hash.to_string(),
        "drafts": drafts.duties.iter().map(one).collect::<Vec<Value>>()}))
}

/// The drafts of the reports that a drill asked for, as `(file name, Markdown)`.
pub fn drill_drafts(drill: &Drill, lang: Lang) -> Vec<(String, String)> {
    let (case, words) = (Case::of_drill(drill), Words::new(lang));
    if case.calm() {
        return Vec::new();
    }
    let level = case.card.severity.declared.as_ref();
    let asked = |duty: &&Duty| level.is_none_or(|level| duty.channels.contains_key(level));
    let file = |duty: &Name| format!("draft-{duty}.md");
    let page = |duty: &Duty| (file(&duty.id), one_markdown(&case, words, duty));
    case.pack.duties.iter().filter(asked).map(page).collect()
}

fn doc(case: &Case<'_>, words: Words, duty: &Duty) -> Doc {
    let draft = draft(case, words, duty);
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: title(case, words, duty),
        lead: String::new(),
        blocks: Vec::new(),
    };
    doc.facts(head(case, words, &draft).into_iter().map(|(n, v)| (n, Cell::new(v))).collect());
    for one in &draft.fields {
        doc.heading(words.text(&one.field.title));
        let (text, tone) = match &one.filled {
            Filled::Known(text) => (text.clone(), Tone::Plain),
            Filled::Preliminary(text) => {
                (words.f("draft-preliminary", &[("text", text)]), Tone::Poor)
            }
            Filled::Open => (open_text(case, words, &draft), Tone::Unknown),
        };
        doc.blocks.push(Block::Paragraph { text, tone });
    }
    doc
}

fn one_markdown(case: &Case<'_>, words: Words, duty: &Duty) -> String {
    let draft = draft(case, words, duty);
    let mut doc = Doc { blocks: Vec::new(), ..doc(case, words, duty) };
    let head = head(case, words, &draft).into_iter().map(|(n, v)| (n, Cell::new(v)));
    doc.facts(head.collect());
    let mark = format!("<!-- {REPORT_MARK} pack={} duty={} -->\n", case.pack.name, duty.id);
    let mut out = mark;
    out.push_str(&markdown::render(&doc));
    for one in &draft.fields {
        out.push_str(&format!("\n## {}\n\n", escape(&words.text(&one.field.title))));
        match &one.filled {
            Filled::Known(text) => out.push_str(&escape(text)),
            Filled::Preliminary(text) => {
                out.push_str(&escape(&words.f("draft-preliminary", &[("text", text)])));
            }
            Filled::Open => {
                out.push_str(&format!("{REPORT_OPEN} {}", escape(&open_text(case, words, &draft))));
            }
        }
        out.push('\n');
    }
    out
}

fn title(case: &Case<'_>, words: Words, duty: &Duty) -> String {
    let header = &case.timeline.header;
    let about = case.scenario.map_or_else(|| header.title.to_string(), |s| words.text(&s.title));
    words.f("draft-title", &[("duty", &words.text(&duty.title)), ("title", &about)])
}

/// Level, time allowed, receivers, and how much is still open.
fn head(case: &Case<'_>, words: Words, draft: &Draft<'_>) -> Vec<(String, String)> {
    let level = case.card.severity.declared.as_ref();
    let unknown = || words.t("unknown");
    let severity = level.map_or_else(unknown, |level| case.severity(level, words));
    let channels = level.and_then(|level| draft.duty.channels.get(level));
    let to = channels.map(|list| words.list(list.iter().map(|name| case.channel(name, words))));
    let clock = |at: Option<crate::units::SimTime>| {
        at.map(|at| format!("{} ({})", case.clock(at), case.offset(at, words)))
    };
    let by = draft.role.map_or_else(unknown, |role| case.role(role, words));
    let (n, of) = (draft.open().to_string(), draft.fields.len().to_string());
    let open = match draft.open() {
        0 => words.t("draft-complete"),
        _ => words.f("draft-still-open", &[("n", &n), ("of", &of), ("role", &by)]),
    };
    vec![
        (words.t("draft-level"), severity),
        (words.t("draft-due"), clock(draft.due).unwrap_or_else(unknown)),
        (
            words.t("draft-delivered"),
            clock(draft.delivered).unwrap_or_else(|| words.t("draft-not-delivered")),
        ),
        (words.t("draft-to"), to.unwrap_or_else(unknown)),
        (words.t("draft-by"), by),
        (words.t("draft-fields"), open),
        (words.t("draft-state"), as_of(case, words, draft)),
    ]
}
