//! What agents kept locally while the usual systems were down: the three files of the protocol, in
//! the forms in which its commands write them, and what became of them.

use super::case::Case;
use super::doc::{Cell, Doc, Tone};
use super::lang::{Lang, Words};
use crate::exercise::{Drill, LocalRecord};
use crate::model::{ContentHash, SignalKind};
use crate::timeline::EventKind as K;
use crate::units::SimTime;

/// `progress.log`, `daily_changes.log` and `issues.log` of a drill in which work went on locally.
pub fn local_files(drill: &Drill, lang: Lang) -> Vec<(String, String)> {
    let (case, words) = (Case::of_drill(drill), Words::new(lang));
    if drill.local_records.is_empty() {
        return Vec::new();
    }
    vec![
        ("progress.log".to_owned(), progress(&case, &drill.local_records, words)),
        ("daily_changes.log".to_owned(), changes(drill, words)),
        ("issues.log".to_owned(), issues(&case, &drill.local_records, words)),
    ]
}

/// `$(date): [agent] [status] [description]`, as `date` prints it in the C locale. Abbreviations of
/// zones other than these two are ambiguous, so that others are numbers.
fn progress(case: &Case<'_>, records: &[LocalRecord], words: Words) -> String {
    let zone = case.timeline.header.zone;
    let one = |record: &LocalRecord| {
        let local = record.at.local(zone);
        let name = local.format("%Z").to_string();
        let form = match &*name {
            "UTC" | "JST" => "%a %b %e %H:%M:%S %Z %Y",
            _ => "%a %b %e %H:%M:%S %z %Y",
        };
        let text = words.f("local-task", &[("n", &record.number.to_string())]);
        format!("{}: [{}] [done] [{text}]\n", local.format(form), record.agent)
    };
    records.iter().map(one).collect()
}

/// `git log --oneline`: a commit for each task, the newest first.
fn changes(drill: &Drill, words: Words) -> String {
    let one = |record: &LocalRecord| {
        let of = format!("{} {}", drill.trace_hash, record.number);
        let commit = ContentHash::of(of.as_bytes()).to_string();
        let n = record.number.to_string();
        let args = [("n", n.as_str()), ("agent", record.agent.as_str())];
        format!("{} {}\n", &commit[..7], words.f("local-commit", &args))
    };
    drill.local_records.iter().rev().map(one).collect()
}

/// `[timestamp] [severity] [description] [action_taken]`: what was noticed and what failed while
/// work was local, and the conflicts of the replay.
fn issues(case: &Case<'_>, records: &[LocalRecord], words: Words) -> String {
    let zone = case.timeline.header.zone;
    let last = records.iter().filter_map(|record| record.replayed_at).max();
    let until = last.unwrap_or(case.timeline.header.end);
    let events = &case.timeline.events;
    let mut lines: Vec<(SimTime, String)> = Vec::new();
    let mut level: Option<String> = None;
    let mut add = |at: SimTime, level: &str, what: &str, action: &str| {
        let flat = |text: &str| text.replace(['[', ']'], " ");
        let at_text = at.rfc3339(zone);
        let line = format!("[{at_text}] [{level}] [{}] [{}]\n", flat(what), flat(action));
        lines.push((at, line));
    };
    for (index, event) in events.iter().enumerate().take_while(|(_, event)| event.at <= until) {
        let what = match &event.kind {
            K::Declared { level: now } | K::SeverityChanged { level: now, .. } => {
                level = Some(now.to_string());
                continue;
            }
            K::Finding { rule, .. } => {
                let about = words.list(event.about.iter().map(|about| case.title(about, words)));
                let rule = case.say(rule, words);
                words.f("draft-finding", &[("rule", &rule), ("about", &about)])
            }
            K::StepFailed { step, playbook, .. } => {
                words.f("local-failed", &[("step", &case.step(playbook, step, words))])
            }
            _ => continue,
        };
        let done = events[index..].iter().find_map(|later| match &later.kind {
            K::StepDone { step, playbook, .. } => Some(case.step(playbook, step, words)),
            _ => None,
        });
        let action = done.unwrap_or_else(|| words.t("unknown"));
        add(event.at, level.as_deref().unwrap_or("unknown"), &what, &action);
    }
    for record in records {
        if let (Some(at), Some(other)) = (record.replayed_at, record.conflict_with) {
            add(at, "low", &conflict(record, other, records, words), &words.t("local-merged"));
        }
    }
    lines.sort_by_key(|line| line.0);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn conflict(record: &LocalRecord, other: u32, records: &[LocalRecord], words: Words) -> String {
    let met = records.iter().find(|one| one.number == other);
    let whose = met.map_or_else(|| words.t("unknown"), |one| one.agent.to_string());
    let (n, m) = (record.number.to_string(), other.to_string());
    let args = [("n", n.as_str()), ("agent", record.agent.as_str()), ("m", &m), ("other", &whose)];
    words.f("local-conflict", &args)
}

/// Counts before and after the replay, and the conflicts by name, as far as the timeline has them.
pub(super) fn replayed(case: &Case<'_>, words: Words, doc: &mut Doc) {
    let mut last: [Option<f64>; 3] = [None; 3];
    let mut named: Vec<String> = Vec::new();
    for event in &case.timeline.events {
        let K::Observation { signal, value } = &event.kind else { continue };
        match signal {
            SignalKind::LocalRecords => last[0] = Some(value.0),
            SignalKind::ReplayedRecords => last[1] = Some(value.0),
            SignalKind::ReplayConflicts => {
                last[2] = Some(value.0);
                named.extend(event.note.as_ref().map(ToString::to_string));
            }
            _ => {}
        }
    }
    let Some(kept) = last[0] else { return };
    let count = |n: Option<f64>| n.map_or_else(|| words.t("unknown"), |n| format!("{n:.0}"));
    doc.heading(words.t("local-heading"));
    let tone = match last[1] {
        Some(taken) if taken < kept => Tone::Bad,
        Some(_) => Tone::Good,
        None => Tone::Unknown,
    };
    let left = last[1].map(|taken| kept - taken);
    doc.facts(vec![
        (words.t("local-kept"), Cell::new(count(last[0]))),
        (words.t("local-replayed"), Cell::toned(count(last[1]), tone)),
        (words.t("local-left"), Cell::toned(count(left), tone)),
        (words.t("local-conflicts"), Cell::new(count(last[2]))),
    ]);
    if !named.is_empty() {
        doc.list(named.iter().flat_map(|note| note.split(", ")).map(Cell::new).collect());
    }
}
