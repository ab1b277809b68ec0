//! A policy pack as tables.

use chrono::NaiveDate;

use super::doc::{Cell, Doc, Tone};
use super::lang::Words;
use super::show::{names, plain, section};
use crate::model::{Name, Pack, Sent, System, holes};

/// Most tools that are taken as lost together.
pub(super) const LOST: usize = 3;

pub(super) fn pack(p: &Pack, system: Option<&System>, day: NaiveDate, words: Words, doc: &mut Doc) {
    let facts = [("head-pack", p.name.to_string()), ("head-pack-hash", p.hash.to_string())];
    let mut facts: Vec<(String, Cell)> =
        facts.map(|(key, value)| (words.t(key), Cell::new(value))).into();
    facts.push((words.t("show-next-review"), next_review(p, day, words)));
    doc.facts(facts);
    let rows = p.severities.iter().map(|s| {
        let within = s.respond_within.map_or_else(|| words.t("show-review"), |w| words.span(w));
        let pages = words.t(if s.pages { "show-pages" } else { "show-no-page" });
        vec![s.level.to_string(), words.text(&s.title), within, pages]
    });
    section(
        doc,
        words,
        "severity-heading",
        &["column-level", "column-title", "column-respond", "column-note"],
        &[1, 3],
        rows.collect(),
    );
    let rows = p.levels.iter().map(|l| {
        let who = format!("{} → {}", l.from, names(words, &l.to));
        vec![l.level.to_string(), words.text(&l.title), who, names(words, &l.channels)]
    });
    section(
        doc,
        words,
        "show-levels",
        &["column-level", "column-title", "column-who", "column-channel"],
        &[1, 2, 3],
        rows.collect(),
    );
    let rows = p.channels.iter().map(|c| {
        vec![
            c.name.to_string(),
            c.address.to_string(),
            c.tool.to_string(),
            c.delay.map_or_else(
                || words.t("show-delay-tool"),
                |delay| {
                    let mark = if delay.assumed { "*" } else { "" };
                    format!("{} – {}{mark}", words.span(delay.min), words.span(delay.max))
                },
            ),
            names(words, &c.fallback),
        ]
    });
    section(
        doc,
        words,
        "show-channels",
        &["column-channel", "column-way", "column-tool", "column-delay", "column-fallback"],
        &[1, 4],
        rows.collect(),
    );
    without_channel(p, system, words, doc);
    let rows = p.duties.iter().map(|d| {
        let fields = words.list(d.fields.iter().map(|f| words.text(&f.title)));
        let from = words.word("milestone", &d.from);
        let within = words.f("show-within", &[("span", &words.span(d.within)), ("from", &from)]);
        vec![words.text(&d.title), within, fields]
    });
    section(
        doc,
        words,
        "duties-heading",
        &["column-duty", "column-within", "column-text"],
        &[1, 2],
        rows.collect(),
    );
    pack_scoring(p, words, doc);
}

/// The day of the next review; one that has passed says so.
fn next_review(p: &Pack, day: NaiveDate, words: Words) -> Cell {
    match p.next_review_day() {
        None => Cell::toned(words.t("show-review-unset"), Tone::Unknown),
        Some(next) if next < day => {
            let days = (day - next).num_days().to_string();
            let args = [("date", next.to_string()), ("days", days)];
            let text =
                words.f("show-review-overdue", &[("date", &args[0].1), ("days", &args[1].1)]);
            Cell::toned(text, Tone::Bad)
        }
        Some(next) => Cell::new(next.to_string()),
    }
}

/// Which tools, lost together, leave something without any channel.
fn without_channel(p: &Pack, system: Option<&System>, words: Words, doc: &mut Doc) {
    doc.heading(words.t("show-holes"));
    let found = holes(p, system, LOST);
    let most = LOST.to_string();
    if found.is_empty() {
        doc.paragraph(words.f("show-holes-none", &[("n", &most)]));
        return;
    }
    doc.note(words.f("show-holes-note", &[("n", &most)]));
    let sent = |sent: &Sent| match sent {
        Sent::Duty(id) => {
            let duty = p.duties.iter().find(|duty| duty.id == *id);
            duty.map_or_else(|| id.to_string(), |duty| words.text(&duty.title))
        }
        Sent::Level(level) => {
            let own = p.levels.iter().find(|one| one.level == *level);
            own.map_or_else(|| level.to_string(), |own| words.text(&own.title))
        }
        Sent::Public => words.t("show-public"),
    };
    let title = |tool: &Name| {
        let own = system.and_then(|system| system.tools.iter().find(|one| one.name == *tool));
        own.map_or_else(|| tool.to_string(), |own| words.text(&own.title))
    };
    let rows = found.iter().map(|hole| {
        let tools: Vec<String> = hole.tools.iter().map(title).collect();
        vec![tools.join(" + "), words.titles(&hole.sent.iter().map(sent).collect::<Vec<_>>())]
    });
    doc.table(plain(
        words,
        "show-holes",
        &["column-lost-tools", "column-no-channel"],
        &[0, 1],
        rows.collect(),
    ));
}

fn pack_scoring(p: &Pack, words: Words, doc: &mut Doc) {
    let rows = p.measures.iter().map(|m| {
        let target = |(level, t): (&Name, &crate::model::Target)| {
            let mark = if t.assumed { "*" } else { "" };
            format!("{level} {}{mark}", words.span(t.within))
        };
        let ends = words.f("from-to", &[("from", &m.from), ("to", &m.to)]);
        vec![words.text(&m.title), ends, words.list(m.targets.iter().map(target))]
    });
    section(
        doc,
        words,
        "measures-heading",
        &["column-measure", "column-from-to", "column-target"],
        &[0, 1, 2],
        rows.collect(),
    );
    let rows = p
        .capabilities
        .iter()
        .map(|c| vec![words.text(&c.title), format!("{:.0}", c.weight), names(words, &c.measures)]);
    section(
        doc,
        words,
        "capabilities-heading",
        &["column-capability", "column-weight", "column-tasks"],
        &[0, 2],
        rows.collect(),
    );
    for playbook in &p.playbooks {
        let text = words
            .f("show-playbook", &[("title", &words.text(&playbook.title)), ("id", &playbook.id)]);
        doc.heading(text);
        let rows = playbook.steps.iter().map(|s| {
            let rung = playbook.rungs.iter().find(|rung| Some(&rung.id) == s.rung.as_ref());
            let rung = rung.map_or_else(String::new, |rung| words.span(rung.within));
            let title = words.text(&s.title);
            let title =
                if s.critical { words.f("step-critical", &[("step", &title)]) } else { title };
            vec![title, s.role.to_string(), rung, names(words, &s.channels)]
        });
        doc.table(plain(
            words,
            "steps-heading",
            &["column-step", "column-role", "column-within", "column-channel"],
            &[0, 3],
            rows.collect(),
        ));
    }
    if !p.decisions.is_empty() {
        doc.heading(words.t("show-decisions"));
        doc.list(p.decisions.iter().map(|d| Cell::new(words.text(d))).collect());
    }
}
