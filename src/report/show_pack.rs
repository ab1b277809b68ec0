//! A policy pack as tables.

use super::doc::{Cell, Doc};
use super::lang::Words;
use super::show::{names, plain, section};
use crate::model::{Name, Pack};

pub(super) fn pack(p: &Pack, words: Words, doc: &mut Doc) {
    let review = p.next_review.as_ref().map_or_else(|| words.t("unknown"), |r| r.to_string());
    let facts = [
        ("head-pack", p.name.to_string()),
        ("head-pack-hash", p.hash.to_string()),
        ("show-next-review", review),
    ];
    doc.facts(facts.map(|(key, value)| (words.t(key), Cell::new(value))).into());
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
            names(words, &c.fallback),
        ]
    });
    section(
        doc,
        words,
        "show-channels",
        &["column-channel", "column-way", "column-tool", "column-fallback"],
        &[1, 3],
        rows.collect(),
    );
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
