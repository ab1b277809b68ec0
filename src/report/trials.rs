//! A drill run many times, in all forms.

use serde_json::{Map, Value, json};

use super::doc::{Block, Cell, Column, Doc, Table, Tone};
use super::json::{number, pretty, span};
use super::lang::{Lang, Words};
use super::picture::{Branch, Picture, Spread, forest, spread};
use super::text::Style;
use super::{contents, csv, html, markdown, text};
use crate::exercise::{TrialMeasure, TrialMilestone, Trials, WhyMeasure};
use crate::model::Name;
use crate::units::SimDuration;

/// The trials for a terminal or a pipe.
pub fn trials_text(trials: &Trials, lang: Lang, style: Style) -> String {
    text::render(&doc(trials, Words::new(lang)), style)
}

/// The trials as Markdown.
pub fn trials_markdown(trials: &Trials, lang: Lang) -> String {
    markdown::render(&doc(trials, Words::new(lang)))
}

/// The trials as one self-contained HTML page.
pub fn trials_html(trials: &Trials, lang: Lang) -> String {
    let words = Words::new(lang);
    html::render(&doc(trials, words), words)
}

/// The pictures of the trials as `(file name, SVG)`.
pub fn trials_plots(trials: &Trials, lang: Lang) -> Vec<(String, String)> {
    let words = Words::new(lang);
    let pictures = [picture(trials, words), sensitivity(trials, words)];
    pictures.into_iter().flatten().map(|p| (p.file, p.svg)).collect()
}

/// The measures of the trials as CSV.
pub fn trials_csv(trials: &Trials) -> String {
    let header = ["measure", "target_ms", "met", "of", "ratio", "ci_low", "ci_high"];
    let rows = trials.measures.iter().map(|m| {
        let bound = |pick: fn((f64, f64)) -> f64| {
            m.ci.map_or_else(String::new, |ci| format!("{:.6}", pick(ci)))
        };
        let ratio = ratio(m).map_or_else(String::new, |ratio| format!("{ratio:.6}"));
        [
            m.name.to_string(),
            m.target.map_or_else(String::new, |t| t.ms().to_string()),
            m.met.to_string(),
            m.of.to_string(),
            ratio,
            bound(|ci| ci.0),
            bound(|ci| ci.1),
        ]
    });
    csv::render(&header, rows)
}

fn ratio(m: &TrialMeasure) -> Option<f64> {
    (m.of > 0).then(|| f64::from(m.met) / f64::from(m.of))
}

/// The trials as `drill.trials/1`, ending in a line feed.
pub fn trials_json(trials: &Trials) -> String {
    let (assumed, all) = trials.preset.assumed();
    let parameters = trials.scenario.parameters.iter();
    let parameters: Map<String, Value> =
        parameters.map(|(p, value)| (p.name.to_string(), json!(value))).collect();
    let (all_met, all_of) = trials.all_met;
    let value = json!({
        "schema": "drill.trials/1",
        "drill_version": env!("CARGO_PKG_VERSION"),
        "scenario": trials.scenario.name,
        "scenario_hash": trials.scenario.hash,
        "parameters": parameters,
        "system": trials.system.name,
        "system_hash": trials.system.hash,
        "environment": trials.system.environment.as_str(),
        "pack": trials.pack.name,
        "pack_hash": trials.pack.hash,
        "source": "simulated",
        "responders": trials.preset.name,
        "responder_inputs": {"assumed": assumed, "of": all},
        "mode": trials.scenario.mode.as_str(),
        "seed": trials.seed,
        "last_seed": trials.seed.trial(u64::from(trials.trials.saturating_sub(1))),
        "start": trials.scenario.start.rfc3339(trials.system.zone),
        "trace_hash": trials.trace_hash,
        "events": trials.events,
        "trials": trials.trials,
        "milestones": trials.milestones.iter().map(milestone).collect::<Vec<_>>(),
        "measures": trials.measures.iter().map(measure).collect::<Vec<_>>(),
        "all_met": {"met": all_met, "of": all_of},
        "failed_scripts": trials.failed_scripts,
        "false_alarms": trials.false_alarms,
        "why": trials.why.iter().map(why).collect::<Vec<_>>(),
        "requirements": trials.requirements.iter().map(|r| {
            let mut value = json!({"text": r.text, "lower": r.lower.map_or(Value::Null, number),
                "asked": number(r.asked), "holds": r.holds});
            if r.lower.is_none() {
                value["lower_reason"] = json!("no trial could tell");
            }
            value
        }).collect::<Vec<_>>(),
    });
    pretty(&value)
}

fn milestone(m: &TrialMilestone) -> Value {
    let ci = m.p50_ci.map(|(low, high)| json!([low.ms(), span(high)]));
    let mut value = json!({"name": m.name, "reached": m.reached, "of": m.of,
        "p10_ms": span(m.p10), "p50_ms": span(m.p50), "p90_ms": span(m.p90),
        "p50_ci_ms": ci});
    let never = match m.of {
        0 => "not observable in any trial",
        _ => "too few trials reached it before the end",
    };
    for key in ["p10_ms", "p50_ms", "p90_ms", "p50_ci_ms"] {
        if value[key].is_null() {
            value[format!("{key}_reason")] = json!(never);
        }
    }
    if m.p50_ci.is_some_and(|(_, high)| high.is_none()) {
        value["p50_ci_ms_reason"] = json!("open above: too few trials reached it before the end");
    }
    value
}

fn measure(m: &TrialMeasure) -> Value {
    let ci = m.ci.map(|(low, high)| json!([number(low), number(high)]));
    let mut value = json!({"name": m.name, "target_ms": span(m.target), "met": m.met,
        "of": m.of, "ratio": ratio(m).map_or(Value::Null, number), "ci": ci});
    if m.target.is_none() {
        value["target_ms_reason"] = json!("the pack names no target at this severity");
    }
    for key in ["ratio", "ci"] {
        if value[key].is_null() {
            value[format!("{key}_reason")] = json!("no trial could tell");
        }
    }
    value
}

fn why(w: &WhyMeasure) -> Value {
    let causes = w.causes.iter().map(|(cause, lost)| json!({"cause": cause, "lost_ms": lost.ms()}));
    let sensitivity = w.sensitivity.iter();
    let sensitivity = sensitivity.map(|(what, share)| {
        let mut value = json!({"improved": what, "ratio": number(*share)});
        if let Some((_, gain)) = w.gains.iter().find(|(known, _)| known == what) {
            value["gain"] = number(gain.mean);
            value["gain_ci"] = json!([number(gain.ci.0), number(gain.ci.1)]);
            value["gain_claimed"] = json!(gain.is_claimed());
        }
        value
    });
    json!({"name": w.name, "missed": w.missed, "causes": causes.collect::<Vec<_>>(),
        "sensitivity": sensitivity.collect::<Vec<_>>()})
}

fn title(trials: &Trials, name: &Name, words: Words) -> String {
    let found = trials.pack.measures.iter().find(|m| m.name == *name);
    found.map_or_else(|| name.to_string(), |m| words.text(&m.title))
}

fn picture(trials: &Trials, words: Words) -> Option<Picture> {
    let never = |m: &TrialMeasure| {
        // Trials in which the measure could be told but has no value did not reach its end.
        m.of.saturating_sub(u32::try_from(m.values.len()).unwrap_or(u32::MAX))
    };
    let of = |m: &TrialMeasure| Spread {
        title: title(trials, &m.name, words),
        values: m.values.clone(),
        censored: never(m),
        target: m.target,
        this: None,
    };
    let spreads: Vec<Spread> = trials.measures.iter().filter(|m| told(m)).map(of).collect();
    spread(&spreads, words)
}

/// The improvements that help or harm for certain, the most first.
fn sensitivity(trials: &Trials, words: Words) -> Option<Picture> {
    const MOST: usize = 20;
    let mut branches: Vec<Branch> = Vec::new();
    for one in &trials.why {
        let measure = title(trials, &one.name, words);
        let claimed = one.gains.iter().filter(|(_, gain)| gain.is_claimed());
        branches.extend(claimed.map(|(what, gain)| Branch {
            title: measure.clone(),
            detail: Some(improved(what, words)),
            mean: gain.mean * 100.0,
            low: gain.ci.0 * 100.0,
            high: gain.ci.1 * 100.0,
            claimed: true,
        }));
    }
    branches.sort_by(|a, b| b.mean.abs().total_cmp(&a.mean.abs()));
    branches.truncate(MOST);
    let (below, above) = (words.t("why-gain-less"), words.t("why-gain-more"));
    forest("sensitivity", words.t("picture-sensitivity"), &branches, (&below, &above), words)
}

/// What was improved, as a title: the name is what stands before its description.
fn improved(what: &str, words: Words) -> String {
    let name = what.split(':').next().unwrap_or(what).replace(' ', "-");
    words.word("improved", &name)
}

fn doc(trials: &Trials, words: Words) -> Doc {
    let of = words.text(&trials.scenario.title);
    let mut doc = Doc {
        lang: words.lang.as_str(),
        title: words.f("trials-title", &[("title", &of), ("n", &trials.trials.to_string())]),
        lead: words.text(&trials.scenario.summary),
        blocks: Vec::new(),
    };
    doc.heading(words.t("summary-heading"));
    doc.facts(summary(trials, words));
    doc.heading(words.t("head-heading"));
    doc.facts(head(trials, words));
    if trials.all_met.1 > 0 {
        doc.heading(words.t("result-heading"));
        doc.table(measures(trials, words));
        doc.note(words.t("trials-measures-note"));
    }
    let idle = trials.measures.iter().filter(|m| !told(m));
    not_applicable(words, idle.map(|m| title(trials, &m.name, words)).collect(), &mut doc);
    doc.blocks.extend(picture(trials, words).map(|p| p.block()));
    let reached = milestones(trials, words);
    if !reached.rows.is_empty() {
        doc.heading(words.t("milestones-heading"));
        doc.table(reached);
        let key = match calm(trials) {
            true => "trials-milestones-note-calm",
            false => "trials-milestones-note",
        };
        doc.note(words.t(key));
        let never = trials.milestones.iter().filter(|m| m.of == 0);
        not_applicable(words, never.map(|m| words.word("milestone", m.name)).collect(), &mut doc);
    }
    if !trials.requirements.is_empty() {
        doc.heading(words.t("requirements-heading"));
        doc.table(requirements(trials, words));
    }
    if !trials.why.is_empty() {
        doc.heading(words.t("why-heading"));
        let same_seeds = (trials.trials as usize).min(crate::exercise::SENSITIVITY_TRIALS);
        doc.note(words.f("why-note", &[("n", &same_seeds.to_string())]));
        doc.blocks.extend(sensitivity(trials, words).map(|p| p.block()));
        for one in &trials.why {
            whys(trials, one, words, &mut doc);
        }
    }
    let table = contents::provenance(&trials.preset, words);
    doc.blocks.push(Block::Longer {
        blocks: vec![
            Block::Heading { level: 2, text: words.t("provenance-heading") },
            Block::Folded {
                summary: words.f("provenance-all", &[("n", &table.rows.len().to_string())]),
                blocks: vec![Block::Table { table }],
            },
        ],
    });
    doc
}

/// The trials in three lines: how often all went well, what came in the way, what to look at.
fn summary(trials: &Trials, words: Words) -> Vec<(String, Cell)> {
    let all = trials.trials.to_string();
    let (k, n) = trials.all_met;
    let verdict = if n > 0 {
        words.f("trials-all-met", &[("k", &k.to_string()), ("n", &n.to_string())])
    } else {
        words.f("trials-nothing", &[("n", &all)])
    };
    let mut rows = vec![(words.t("summary-verdict"), Cell::new(verdict))];
    let mut bad: Vec<String> = Vec::new();
    if calm(trials) {
        let k = trials.false_alarms.to_string();
        bad.push(words.f("trials-false-alarms", &[("k", &k), ("n", &all)]));
    }
    if trials.failed_scripts > 0 {
        let k = trials.failed_scripts.to_string();
        bad.push(words.f("trials-failed-scripts", &[("k", &k), ("n", &all)]));
    }
    if !bad.is_empty() {
        let tone = match trials.false_alarms + trials.failed_scripts {
            0 => Tone::Good,
            _ => Tone::Bad,
        };
        rows.push((
            words.t("summary-happened"),
            Cell::toned(super::summary::join(bad, words), tone),
        ));
    }
    let mut rare: Vec<&TrialMeasure> =
        trials.measures.iter().filter(|m| m.of > 0 && m.met < m.of).collect();
    let by_share = |a: &&TrialMeasure, b: &&TrialMeasure| {
        (u64::from(a.met) * u64::from(b.of)).cmp(&(u64::from(b.met) * u64::from(a.of)))
    };
    rare.sort_by(by_share);
    let worst = rare.iter().take(3).map(|m| {
        let share = words.percent(f64::from(m.met) / f64::from(m.of));
        words.f("trials-worst-one", &[("title", &title(trials, &m.name, words)), ("share", &share)])
    });
    let worst: Vec<String> = worst.collect();
    if !worst.is_empty() {
        let text = words.f("trials-worst", &[("names", &words.list(worst))]);
        rows.push((words.t("summary-improve"), Cell::new(text)));
    }
    rows
}

/// Whether nothing broke in any trial.
fn calm(trials: &Trials) -> bool {
    trials.milestones.iter().all(|m| m.name != "fault_start" || m.reached == 0)
        && trials.milestones.iter().all(|m| m.name != "impact_start" || m.reached == 0)
}

/// Whether any trial says something about the measure.
fn told(m: &TrialMeasure) -> bool {
    m.of > 0 || !m.values.is_empty()
}

fn not_applicable(words: Words, titles: Vec<String>, doc: &mut Doc) {
    if !titles.is_empty() {
        doc.note(words.f("not-applicable", &[("titles", &words.titles(&titles))]));
    }
}

fn head(trials: &Trials, words: Words) -> Vec<(String, Cell)> {
    let mut rows: Vec<(String, Cell)> = Vec::new();
    let mut add = |key: &str, value: String| rows.push((words.t(key), Cell::new(value)));
    add("head-scenario", trials.scenario.name.to_string());
    let parameters = trials.scenario.parameters.iter();
    let parameters: Vec<String> = parameters.map(|(p, v)| format!("{}={v}", p.name)).collect();
    if !parameters.is_empty() {
        add("head-parameters", parameters.join(" "));
    }
    let environment = words.word("environment", trials.system.environment.as_str());
    let system = trials.system.name.as_str();
    add(
        "head-system",
        words.f("head-system-value", &[("system", system), ("environment", &environment)]),
    );
    let (pack, version) = (trials.pack.name.as_str(), trials.pack.version.as_str());
    add("head-pack", words.f("head-pack-value", &[("pack", pack), ("version", version)]));
    add("head-pack-hash", trials.pack.hash.to_string());
    let (n, of) = trials.preset.assumed();
    let (n, of, source) = (n.to_string(), of.to_string(), words.t("source-simulated"));
    let args = [("source", source.as_str()), ("name", &trials.preset.name), ("n", &n), ("of", &of)];
    add("head-responders", words.f("head-responders-assumed", &args));
    add("head-mode", words.word("mode", trials.scenario.mode.as_str()));
    add("head-trials", trials.trials.to_string());
    let last = trials.seed.trial(u64::from(trials.trials.saturating_sub(1)));
    let (first, last) = (trials.seed.to_string(), last.to_string());
    add("head-seeds", words.f("head-seeds-value", &[("first", &first), ("last", &last)]));
    add("head-start", trials.scenario.start.rfc3339(trials.system.zone));
    add("head-version", env!("CARGO_PKG_VERSION").to_owned());
    add("head-events", trials.events.to_string());
    add("head-trace", trials.trace_hash.to_string());
    rows
}

fn span_cell(span: Option<SimDuration>, words: Words) -> Cell {
    span.map_or_else(|| Cell::toned("–", Tone::Muted), |span| Cell::new(words.span(span)))
}

fn measures(trials: &Trials, words: Words) -> Table {
    let dash = || Cell::toned("–", Tone::Muted);
    let row = |m: &TrialMeasure| {
        let ratio = ratio(m).map_or_else(dash, |ratio| Cell::new(words.percent(ratio)));
        let ci = m.ci.map_or_else(dash, |(low, high)| {
            Cell::toned(format!("{} – {}", words.percent(low), words.percent(high)), Tone::Muted)
        });
        vec![
            Cell::new(title(trials, &m.name, words)),
            span_cell(m.target, words),
            if m.of > 0 { Cell::new(format!("{} / {}", m.met, m.of)) } else { dash() },
            ratio,
            ci,
        ]
    };
    Table {
        caption: words.t("measures-heading"),
        columns: vec![
            Column::flex(words.t("column-measure")).main(),
            Column::right(words.t("column-target")),
            Column::right(words.t("column-met")),
            Column::right(words.t("column-ratio")),
            Column::right(words.t("column-ci")),
        ],
        rows: trials.measures.iter().filter(|m| told(m)).map(row).collect(),
    }
}

fn milestones(trials: &Trials, words: Words) -> Table {
    let row = |m: &TrialMilestone| {
        let ci = match m.p50_ci {
            None => "–".to_owned(),
            Some((low, Some(high))) => format!("{} – {}", words.span(low), words.span(high)),
            Some((low, None)) => format!("{} –", words.span(low)),
        };
        vec![
            Cell::new(words.word("milestone", m.name)),
            Cell::new(format!("{} / {}", m.reached, m.of)),
            span_cell(m.p10, words),
            span_cell(m.p50, words),
            span_cell(m.p90, words),
            Cell::toned(ci, Tone::Muted),
        ]
    };
    Table {
        caption: words.t("milestones-heading"),
        columns: vec![
            Column::flex(words.t("column-milestone")).main(),
            Column::right(words.t("column-reached")),
            Column::right(words.t("column-p10")),
            Column::right(words.t("column-p50")),
            Column::right(words.t("column-p90")),
            Column::right(words.t("column-ci")),
        ],
        rows: trials.milestones.iter().filter(|m| m.of > 0).map(row).collect(),
    }
}

fn requirements(trials: &Trials, words: Words) -> Table {
    let row = |r: &crate::exercise::Requirement| {
        let (key, tone) = match r.holds {
            true => ("requirement-holds", Tone::Good),
            false => ("requirement-fails", Tone::Bad),
        };
        let lower = r.lower.map_or_else(|| words.t("unknown"), |lower| words.percent(lower));
        vec![
            Cell::badge(words.t(key), tone),
            Cell::new(r.text.clone()),
            Cell::new(lower),
            Cell::new(words.percent(r.asked)),
        ]
    };
    Table {
        caption: words.t("requirements-heading"),
        columns: vec![
            Column::left(words.t("column-state")),
            Column::flex(words.t("column-requirement")).main(),
            Column::right(words.t("column-lower")),
            Column::right(words.t("column-asked")),
        ],
        rows: trials.requirements.iter().map(row).collect(),
    }
}

fn whys(trials: &Trials, one: &WhyMeasure, words: Words, doc: &mut Doc) {
    let name = title(trials, &one.name, words);
    let key = if one.missed == 1 { "why-measure-once" } else { "why-measure" };
    let text = words.f(key, &[("title", &name), ("n", &one.missed.to_string())]);
    doc.blocks.push(Block::Heading { level: 3, text });
    let causes = one.causes.iter();
    let causes = causes.map(|(cause, lost)| {
        vec![Cell::new(words.word("cause", cause)), Cell::new(words.span(*lost))]
    });
    doc.table(Table {
        caption: words.t("column-cause"),
        columns: vec![Column::flex(words.t("column-cause")), Column::right(words.t("column-lost"))],
        rows: causes.collect(),
    });
    let improved = one.sensitivity.iter().map(|(what, share)| {
        vec![Cell::new(improved(what, words)), Cell::new(words.percent(*share))]
    });
    doc.table(Table {
        caption: words.t("column-improved"),
        columns: vec![
            Column::flex(words.t("column-improved")),
            Column::right(words.t("column-then")),
        ],
        rows: improved.collect(),
    });
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::text::columns;
    use super::*;

    #[test]
    fn trials_are_shown_in_all_forms() {
        let trials = fixture::trials();
        for lang in Lang::ALL {
            let text = trials_text(&trials, lang, Style::PLAIN);
            assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
            insta::assert_snapshot!(format!("trials_text_{}", lang.as_str()), text);
            let html = trials_html(&trials, lang);
            if let Some(folder) = std::env::var_os("DRILL_REPORT_LOOK") {
                let file = format!("trials-{}.html", lang.as_str());
                std::fs::write(std::path::Path::new(&folder).join(file), &html).unwrap();
            }
            assert!(html.contains("<svg"));
            let markdown = trials_markdown(&trials, lang);
            for (file, svg) in trials_plots(&trials, lang) {
                assert!(markdown.contains(&file) && svg.contains("<svg"), "{file}");
            }
            assert_eq!(trials_plots(&trials, lang).len(), 2);
        }
        insta::assert_snapshot!("trials_json", trials_json(&trials));
        insta::assert_snapshot!("trials_csv", trials_csv(&trials));
    }
}
