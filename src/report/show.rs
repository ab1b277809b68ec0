//! One scenario, pack, system, preset or recorded incident, explained.

use chrono::NaiveDate;

use super::doc::{Cell, Column, Doc, Table, Tone};
use super::impact::impact;
use super::lang::{Lang, Words};
use super::text::{self, Style};
use super::{contents, markdown, show_incident, show_pack};
use crate::model::{DependencyKind, FaultEnd, Name, Pack, Preset, Scenario, System};
use crate::score::Scorecard;
use crate::timeline::Timeline;
use crate::units::Zone;

/// A thing that can be shown.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// Injects and objectives; its start in the system's zone.
    Scenario(&'a Scenario, Zone),
    /// Its tables, with the system that its channels run on, and the day of the reader.
    Pack(&'a Pack, Option<&'a System>, NaiveDate),
    /// Services, arrows, roles; with a name, what the failure of that one means.
    System(&'a System, Option<&'a str>),
    /// Inputs with their provenance.
    Preset(&'a Preset),
    /// What is known of a published incident, and what is not.
    Incident(&'a Timeline, &'a Pack, &'a Scorecard),
}

/// For a terminal or a pipe.
pub fn show_text(shown: Shown<'_>, lang: Lang, style: Style) -> String {
    text::render(&doc(shown, Words::new(lang)), style)
}

/// As Markdown.
pub fn show_markdown(shown: Shown<'_>, lang: Lang) -> String {
    markdown::render(&doc(shown, Words::new(lang)))
}

fn doc(shown: Shown<'_>, words: Words) -> Doc {
    let (title, lead) = match shown {
        Shown::Scenario(s, _) => (words.text(&s.title), words.text(&s.summary)),
        Shown::Pack(p, ..) => {
            let lead = [("version", p.version.as_str()), ("date", p.date.as_str())];
            (words.text(&p.title), words.f("show-pack-lead", &lead))
        }
        Shown::System(s, _) => {
            (words.text(&s.title), words.word("environment", s.environment.as_str()))
        }
        Shown::Preset(p) => {
            let (n, of) = p.assumed();
            let (n, of) = (n.to_string(), of.to_string());
            (words.text(&p.title), words.f("show-preset-lead", &[("n", &n), ("of", &of)]))
        }
        Shown::Incident(t, ..) => {
            (words.text(&t.header.text(&t.header.title)), words.t("show-incident-lead"))
        }
    };
    let mut doc = Doc { lang: words.lang.as_str(), title, lead, blocks: Vec::new() };
    match shown {
        Shown::Scenario(s, zone) => scenario(s, zone, words, &mut doc),
        Shown::Pack(p, system, day) => show_pack::pack(p, system, day, words, &mut doc),
        Shown::System(s, None) => system(s, words, &mut doc),
        Shown::System(s, Some(name)) => impact_of(s, name, words, &mut doc),
        Shown::Preset(p) => doc.table(contents::provenance(p, words)),
        Shown::Incident(t, pack, card) => show_incident::incident(t, pack, card, words, &mut doc),
    }
    doc
}

/// A table from keys of columns and rows of plain texts; the columns in `flex` may be broken.
pub(super) fn plain(
    words: Words,
    caption: &str,
    keys: &[&str],
    flex: &[usize],
    rows: Vec<Vec<String>>,
) -> Table {
    let column = |(i, key): (usize, &&str)| match flex.contains(&i) {
        true => Column::flex(words.t(key)),
        false => Column::left(words.t(key)),
    };
    Table {
        caption: words.t(caption),
        columns: keys.iter().enumerate().map(column).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(Cell::new).collect()).collect(),
    }
}

pub(super) fn section(
    doc: &mut Doc,
    words: Words,
    key: &str,
    keys: &[&str],
    flex: &[usize],
    rows: Vec<Vec<String>>,
) {
    if rows.is_empty() {
        return;
    }
    doc.heading(words.t(key));
    doc.table(plain(words, key, keys, flex, rows));
}

pub(super) fn names(words: Words, names: &[Name]) -> String {
    words.list(names.iter().map(|name| name.as_str()))
}

fn scenario(s: &Scenario, zone: Zone, words: Words, doc: &mut Doc) {
    let severity = s.expect.severity.as_ref().map_or_else(|| words.t("none"), |l| l.to_string());
    let facts = [
        ("head-scenario", s.name.to_string()),
        ("head-system", s.system.to_string()),
        ("head-pack", s.pack.to_string()),
        ("head-mode", words.word("mode", s.mode.as_str())),
        ("head-start", s.start.rfc3339(zone)),
        ("show-endex", words.span(s.endex)),
        ("severity-expected", severity),
    ];
    let likeness = s.likeness.as_ref().map(|name| ("head-likeness", name.to_string()));
    let shows = s.shows.iter().map(|mechanic| words.word("mechanic", mechanic.as_str()));
    let shows = (!s.shows.is_empty()).then(|| ("show-mechanics", words.list(shows)));
    let facts = facts.into_iter().chain(likeness).chain(shows);
    doc.facts(facts.map(|(key, value)| (words.t(key), Cell::new(value))).collect());
    doc.heading(words.t("show-objectives"));
    doc.list(s.objectives.iter().map(|o| Cell::new(words.text(o))).collect());
    let rows = s.parameters.iter().map(|(p, value)| {
        vec![format!("{}={value}", p.name), words.text(&p.title), names(words, &p.values)]
    });
    section(
        doc,
        words,
        "show-parameters",
        &["column-name", "column-title", "column-text"],
        &[1, 2],
        rows.collect(),
    );
    let rows = s.faults.iter().map(|f| {
        let end = match f.end {
            FaultEnd::Recovery => words.t("fault-until-recovery"),
            FaultEnd::After(span) => words.f("fault-after", &[("span", &words.span(span))]),
        };
        let effect = words.word("effect", f.effect.as_str());
        vec![words.span(f.at), f.name.to_string(), f.on.to_string(), effect, end]
    });
    section(
        doc,
        words,
        "show-faults",
        &["column-offset", "column-name", "column-about", "column-effect", "column-note"],
        &[2, 4],
        rows.collect(),
    );
    let rows = s.injects.iter().map(|i| {
        vec![
            words.span(i.at),
            words.word("inject", i.kind.as_str()),
            i.about.to_string(),
            words.text(&i.text),
        ]
    });
    section(
        doc,
        words,
        "show-injects",
        &["column-offset", "column-kind", "column-about", "column-text"],
        &[3],
        rows.collect(),
    );
    doc.heading(words.t("show-abort"));
    doc.list(s.abort.iter().map(|a| Cell::new(words.text(a))).collect());
}

fn system(s: &System, words: Words, doc: &mut Doc) {
    services(s, words, doc);
    slos(s, words, doc);
    people(s, words, doc);
    tools(s, words, doc);
}

fn services(s: &System, words: Words, doc: &mut Doc) {
    let rows = s.services.iter().map(|service| {
        let arrow = |a: &crate::model::Dependency| {
            let kind = words.word("dependency", a.kind.as_str());
            words.f("show-arrow", &[("on", &a.on), ("kind", &kind)])
        };
        let rate = format!("{:.0} / {:.0}", service.rate_per_min, service.capacity_per_min);
        vec![
            service.name.to_string(),
            rate,
            words.list(service.depends_on.iter().map(arrow)),
            words.text(&service.impact),
        ]
    });
    section(
        doc,
        words,
        "show-services",
        &["column-service", "show-rate", "column-depends", "column-effect"],
        &[2, 3],
        rows.collect(),
    );
    let modes =
        s.services.iter().flat_map(|service| service.degraded.iter().map(move |m| (service, m)));
    let rows = modes.map(|(service, m)| {
        vec![
            service.name.to_string(),
            words.text(&m.title),
            m.runs_on.to_string(),
            words.percent(m.keeps),
        ]
    });
    section(
        doc,
        words,
        "show-modes",
        &["column-service", "column-mode-name", "column-runs-on", "column-keeps"],
        &[1],
        rows.collect(),
    );
}

fn slos(s: &System, words: Words, doc: &mut Doc) {
    let rows = s.slos.iter().map(|slo| &slo.spec).map(|slo| {
        vec![
            slo.name.to_string(),
            slo.service.to_string(),
            slo.target.to_string(),
            words.span(slo.period.nominal()),
        ]
    });
    section(
        doc,
        words,
        "show-slos",
        &["column-slo", "column-service", "column-target", "show-window"],
        &[0, 1],
        rows.collect(),
    );
}

fn people(s: &System, words: Words, doc: &mut Doc) {
    let rows = s.agents.iter().map(|a| {
        let backup = a.backup.as_ref().map_or_else(|| words.t("none"), |b| b.to_string());
        vec![a.name.to_string(), words.text(&a.title), backup]
    });
    section(
        doc,
        words,
        "show-agents",
        &["column-name", "column-title", "column-fallback"],
        &[1],
        rows.collect(),
    );
    let rows = s.roles.iter().map(|r| {
        vec![
            r.name.to_string(),
            words.text(&r.title),
            words.word("role", r.kind.as_str()),
            words.word("hours", r.hours.as_str()),
            names(words, &r.reach),
        ]
    });
    section(
        doc,
        words,
        "show-roles",
        &["column-role", "column-title", "column-kind", "show-hours", "column-way"],
        &[1, 4],
        rows.collect(),
    );
}

fn tools(s: &System, words: Words, doc: &mut Doc) {
    let rows = s.tools.iter().map(|t| {
        vec![
            t.name.to_string(),
            words.text(&t.title),
            names(words, &t.needs),
            names(words, &t.fallback),
        ]
    });
    section(
        doc,
        words,
        "show-tools",
        &["column-tool", "column-title", "column-depends", "column-fallback"],
        &[1, 2, 3],
        rows.collect(),
    );
}

fn impact_of(s: &System, name: &str, words: Words, doc: &mut Doc) {
    doc.heading(words.f("impact-heading", &[("name", name)]));
    let Some(impact) = impact(s, name) else {
        doc.paragraph(words.f("impact-unknown", &[("name", name)]));
        return;
    };
    let users = impact.users_lose.as_ref().map_or_else(|| words.t("unknown"), |t| words.text(t));
    let tools = match impact.tools_lost.is_empty() {
        true => words.t("none"),
        false => names(words, &impact.tools_lost),
    };
    doc.facts(vec![
        (words.t("impact-users"), Cell::new(users)),
        (words.t("impact-tools"), Cell::toned(tools, Tone::Plain)),
    ]);
    let rows: Vec<Vec<String>> = impact
        .dependants
        .iter()
        .map(|d| {
            let key = match d.kind {
                DependencyKind::Hard => "impact-fails",
                DependencyKind::Soft => "impact-degrades",
            };
            vec![d.service.to_string(), words.t(key), d.distance.to_string()]
        })
        .collect();
    if rows.is_empty() {
        doc.paragraph(words.t("impact-nobody"));
    } else {
        doc.heading(words.t("impact-dependants"));
        doc.table(plain(
            words,
            "impact-dependants",
            &["column-service", "column-effect", "impact-distance"],
            &[1],
            rows,
        ));
    }
    let modes = impact.modes.iter().map(|(mode, on)| vec![mode.to_string(), on.to_string()]);
    let modes: Vec<_> = modes.collect();
    if !modes.is_empty() {
        doc.heading(words.t("show-modes"));
        doc.table(plain(words, "show-modes", &["column-mode-name", "column-runs-on"], &[0], modes));
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::columns;
    use super::super::{fixture, list, show_json};
    use super::*;

    #[test]
    fn everything_can_be_shown_in_both_languages() {
        let (scenario, pack) = (fixture::scenario(), fixture::pack());
        let (system, preset) = (fixture::system(), fixture::preset());
        let all = [
            Shown::Scenario(&scenario, system.zone),
            Shown::Pack(&pack, None, NaiveDate::default()),
            Shown::System(&system, None),
            Shown::System(&system, Some("user-service")),
            Shown::Preset(&preset),
        ];
        for lang in Lang::ALL {
            let texts = all.map(|shown| show_text(shown, lang, Style::PLAIN)).join("\n======\n");
            assert!(texts.lines().all(|line| columns(line) <= 80), "{texts}");
            insta::assert_snapshot!(format!("show_text_{}", lang.as_str()), texts);
        }
        for shown in all {
            let json = show_json::show_json(shown);
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(value["schema"], "drill.show/1");
        }
    }

    #[test]
    fn a_list_has_names_and_titles() {
        let items = vec![list::Listed {
            name: "quarterly-outage".into(),
            title: fixture::text("Several services", "複数サービス"),
        }];
        let listings = [list::Listing { kind: "scenarios", items }];
        let text = list::list_text(&listings, Lang::Ja, Style::PLAIN);
        assert!(text.contains("シナリオ") && text.contains("複数サービス"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&list::list_json(&listings)).unwrap();
        assert_eq!(json["items"][0]["name"], "quarterly-outage");
    }
}
