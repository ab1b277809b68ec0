//! Policy packs: `pack.toml`, with the scripts beside it.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::Xxh3;

use super::decode::{Cx, Fields, Loaded};
use super::pack_parts;
use super::playbook;
use super::symbols::Space;
use crate::diag::{Diagnostic, Diagnostics, SourceText};
use crate::model::{ContentHash, Gate, MILESTONES, Name, Pack, Playbook, Priority, Text, Trigger};

pub(crate) const CHANNEL: Space = Space::new("channel", "pack::unknown-channel");
pub(crate) const SEVERITY: Space = Space::new("severity", "pack::unknown-severity");
pub(crate) const DUTY: Space = Space::new("duty", "pack::unknown-duty");
pub(crate) const LEVEL: Space = Space::new("escalation level", "pack::unknown-level");
pub(crate) const MEASURE: Space = Space::new("measure", "pack::unknown-measure");
pub(crate) const CAPABILITY: Space = Space::new("capability", "pack::unknown-capability");
pub(crate) const MOMENT: Space = Space::new("milestone", "pack::unknown-milestone");
pub(crate) const PLAYBOOK: Space = Space::new("playbook", "pack::unknown-playbook");

/// What a clock may start or stop at beside the milestones: the first acknowledgement or step.
const FIRST_ACTION: &str = "first_action";

/// A pack from the text of its `pack.toml` and of its scripts. The scripts are not compiled here.
///
/// # Errors
/// All mistakes of the file, among them references to channels, duties, rungs, phases, levels,
/// severities, measures and steps that do not exist, and steps that wait for one another.
pub fn pack(source: &SourceText, scripts: &[SourceText]) -> Result<Loaded<Pack>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    for moment in MILESTONES.into_iter().chain([FIRST_ACTION]) {
        cx.declare(MOMENT, &Name::from(moment));
    }
    pack_parts::declare_signals(&cx);
    let scripts = in_order(scripts);
    let value = cx.fields(&tree, "pack").map(|fields| decode(&fields, scripts));
    cx.finish(value)
}

/// `(file name, text)`, ascending: a pack is the same wherever its folder is.
fn in_order(scripts: &[SourceText]) -> Vec<(Name, Name)> {
    let mut scripts: Vec<(Name, Name)> = scripts
        .iter()
        .map(|script| {
            let name = script.path.rsplit(['/', '\\']).next().unwrap_or_default();
            (Name::from(name), Name::from(&*script.text))
        })
        .collect();
    scripts.sort();
    scripts
}

fn hash(text: &str, scripts: &[(Name, Name)]) -> ContentHash {
    let mut hasher = Xxh3::new();
    let pack = [("pack.toml", text)].into_iter();
    let scripts = scripts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    for (path, text) in pack.chain(scripts) {
        // Lengths keep a path's end from being taken for a text's beginning.
        hasher.update(&(path.len() as u64).to_le_bytes());
        hasher.update(path.as_bytes());
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    ContentHash(hasher.digest128())
}

fn decode(fields: &Fields<'_>, scripts: Vec<(Name, Name)>) -> Pack {
    fields.choice("schema", &["drill.pack/1"]);
    let severities = fields.some_tables("severity", "severity");
    let severities = severities.iter().map(pack_parts::severity).collect();
    let capabilities = fields.tables("capability", "capability");
    let capabilities: Vec<_> = capabilities.iter().map(pack_parts::capability).collect();
    pack_parts::warn_of_weights(fields, &capabilities);
    let pack = Pack {
        name: fields.name("name"),
        title: fields.text("title"),
        version: fields.line("version"),
        date: fields.date("date"),
        next_review: fields.date_optional("next_review"),
        documents: fields.lines("documents"),
        severities,
        fallback_severity: fields.refer("fallback_severity", &[SEVERITY]),
        channels: fields.tables("channel", "channel").iter().map(pack_parts::channel).collect(),
        levels: fields.tables("level", "escalation level").iter().map(pack_parts::level).collect(),
        duties: decode_duties(fields),
        priorities: priorities(fields),
        playbooks: playbooks(fields),
        measures: fields.tables("measure", "measure").iter().map(pack_parts::measure).collect(),
        capabilities,
        gates: gates(fields),
        health_check_every: fields.duration_positive("health_check_every"),
        decisions: fields.texts("decisions"),
        texts: translations(fields),
        hash: hash(&fields.cx.source.text, &scripts),
        scripts,
    };
    refuse_duplicate_triggers(fields, &pack.playbooks);
    pack
}

fn decode_duties(fields: &Fields<'_>) -> Vec<crate::model::Duty> {
    let tables = fields.tables("duty", "duty");
    let duties: Vec<_> =
        tables.iter().enumerate().map(|(n, table)| pack_parts::duty(table, n + 1)).collect();
    pack_parts::declare_duties(fields, &duties);
    duties
}

fn playbooks(fields: &Fields<'_>) -> Vec<Playbook> {
    let tables = fields.tables("playbook", "playbook");
    tables.iter().enumerate().map(|(n, table)| playbook::decode(table, n + 1)).collect()
}

fn refuse_duplicate_triggers(fields: &Fields<'_>, playbooks: &[Playbook]) {
    let mut seen: BTreeSet<Trigger> = BTreeSet::new();
    for playbook in playbooks {
        if !seen.insert(playbook.trigger) && !playbook.id.is_empty() {
            let message = format!(
                "playbook `{}` answers `{}`, which another playbook answers already",
                playbook.id,
                playbook.trigger.as_str()
            );
            fields.error("pack::duplicate-trigger", message, "playbook", "one per trigger");
        }
    }
}

/// Groups of services; the place in the outer list is the rank.
fn priorities(fields: &Fields<'_>) -> Vec<Priority> {
    let Some(node) = fields.get("priorities") else {
        return Vec::new();
    };
    let mut priorities: Vec<Priority> = Vec::new();
    let groups = fields.elements("priorities", node, "arrays of services");
    for (rank, group) in (1u32..).zip(groups) {
        for element in fields.elements("priorities", group, "arrays of services") {
            let Some(text) = fields.string("a service", element, "a service's name") else {
                continue;
            };
            let service = Name::from(text);
            if priorities.iter().any(|earlier| earlier.service == service) {
                let message = format!("`{service}` has two priorities");
                fields.cx.error("decode::duplicate", message, element.span, "again");
            }
            priorities.push(Priority { service, rank });
        }
    }
    priorities
}

/// What scripts say, in both languages. What varies must have its place in both.
fn translations(fields: &Fields<'_>) -> Vec<Text> {
    let texts = fields.texts("texts");
    let places = |text: &Name| text.matches("{}").count();
    for text in texts.iter().filter(|text| places(&text.en) != places(&text.ja)) {
        let message = format!(
            "`{}` has {} places `{{}}`, its Japanese has {}",
            text.en,
            places(&text.en),
            places(&text.ja)
        );
        fields.error("pack::text-places", message, "texts", "give both as many `{}`");
    }
    texts
}

fn gates(fields: &Fields<'_>) -> Vec<Gate> {
    let Some(node) = fields.get("gates") else {
        return Vec::new();
    };
    let mut gates = Vec::new();
    for element in fields.elements("gates", node, "words") {
        let Some(gate) = fields.word_node("a gate", element, Gate::ALL, Gate::as_str) else {
            continue;
        };
        if gates.contains(&gate) {
            let message = format!("gate `{}` is listed twice", gate.as_str());
            let warning = Diagnostic::warning("decode::duplicate", message);
            fields.cx.push(warning.at(fields.cx.source, element.span, "again"));
        } else {
            gates.push(gate);
        }
    }
    gates
}
