//! What is being done, who does it, and what did not work, as far as a report can know it.

use super::super::case::Case;
use super::super::lang::{Lang, Words};
use super::fields::join;
use crate::model::{Name, Ref, StepEffect};
use crate::timeline::{Event, EventKind as K};

/// Steps that bring something back; the plan of a recovery consists of them.
const RECOVERS: [StepEffect; 14] = [
    StepEffect::Degrade,
    StepEffect::AutoRecover,
    StepEffect::Recover,
    StepEffect::HandOver,
    StepEffect::ActivateBackup,
    StepEffect::Switch,
    StepEffect::WorkLocally,
    StepEffect::Replay,
    StepEffect::Contain,
    StepEffect::Backup,
    StepEffect::Restore,
    StepEffect::CheckData,
    StepEffect::RepairData,
    StepEffect::Verify,
];
/// Most names in one list.
const MOST: usize = 6;

/// Parts that hold lists themselves, one after another.
fn sentences(words: Words, parts: &[String]) -> Option<String> {
    let between = if words.lang == Lang::En { "; " } else { "。" };
    (!parts.is_empty()).then(|| parts.join(between))
}

/// A step of a playbook with what it is about.
type StepKey<'a> = (&'a Name, &'a Name, &'a [Ref]);

/// The steps that were begun, and those of them that ended.
fn steps<'a>(known: &[&'a Event]) -> (Vec<StepKey<'a>>, Vec<StepKey<'a>>) {
    let (mut begun, mut ended) = (Vec::new(), Vec::new());
    for event in known {
        match &event.kind {
            K::StepStarted { step, playbook, .. } => begun.push((playbook, step, &*event.about)),
            K::StepDone { step, playbook, .. }
            | K::StepFailed { step, playbook, .. }
            | K::StepSkipped { step, playbook, .. } => ended.push((playbook, step, &*event.about)),
            _ => {}
        }
    }
    (begun, ended)
}

/// What of the recovery runs, and what the playbooks that were begun still ask for. How long it
/// will take stands in no timeline.
pub(super) fn recovery(case: &Case<'_>, words: Words, known: &[&Event]) -> Option<String> {
    let (begun, ended) = steps(known);
    let counts =
        |key: &[StepKey<'_>], found: &StepKey<'_>| key.iter().filter(|k| *k == found).count();
    let mut running: Vec<String> = Vec::new();
    let mut next: Vec<String> = Vec::new();
    for playbook in &case.pack.playbooks {
        let own = |key: &&StepKey<'_>| *key.0 == playbook.id;
        if !begun.iter().any(|key| own(&key)) {
            continue;
        }
        for step in playbook.steps.iter().filter(|step| RECOVERS.contains(&step.effect)) {
            let title = words.text(&step.title);
            let mut of = begun.iter().filter(own).filter(|key| *key.1 == step.id).peekable();
            let ended_once = ended.iter().any(|key| own(&key) && *key.1 == step.id);
            if of.peek().is_none() && !ended_once && !next.contains(&title) {
                next.push(title.clone());
            }
            let open = of.any(|key| counts(&begun, key) > counts(&ended, key));
            if open && !running.contains(&title) {
                running.push(title);
            }
        }
    }
    let parts = [("draft-running", running), ("draft-next", next)];
    let told = parts
        .into_iter()
        .filter_map(|(key, titles)| Some(words.f(key, &[("steps", &join(words, titles, MOST)?)])));
    let told: Vec<String> = told.collect();
    sentences(words, &told)
}

/// Who is at work, who was asked and has not answered, and what waits for an approval.
pub(super) fn resources(case: &Case<'_>, words: Words, known: &[&Event]) -> Option<String> {
    let mut at_work: Vec<&Ref> = Vec::new();
    let mut asked: Vec<&Ref> = Vec::new();
    let mut approvals: Vec<(&Name, Option<&Ref>)> = Vec::new();
    for event in known {
        let by = event.by.as_ref();
        match &event.kind {
            K::Acknowledged { .. } | K::Joined {} | K::StepStarted { .. } => {
                let here = at_work.len();
                at_work.extend(by.filter(|by| !at_work[..here].contains(by)));
            }
            K::PageSent { .. } => {
                let about = event.about.first();
                let here = asked.len();
                asked.extend(about.filter(|about| !asked[..here].contains(about)));
            }
            K::ApprovalAsked { what } => approvals.push((what, event.about.first())),
            K::ApprovalGiven { what } => {
                approvals.retain(|(open, on)| *open != what || *on != event.about.first());
            }
            _ => {}
        }
    }
    asked.retain(|one| !at_work.contains(one));
    let titles = |list: Vec<&Ref>| list.into_iter().map(|one| case.title(one, words)).collect();
    let step = |(what, on): &(&Name, Option<&Ref>)| {
        let of =
            |id: &Name| case.pack.playbooks.iter().find(|p| p.steps.iter().any(|s| s.id == *id));
        let title = of(what).map_or_else(|| what.to_string(), |p| case.step(&p.id, what, words));
        match on {
            Some(on) => {
                words.f("story-about", &[("about", &case.title(on, words)), ("what", &title)])
            }
            None => title,
        }
    };
    let parts: [(&str, Vec<String>); 3] = [
        ("draft-at-work", titles(at_work)),
        ("draft-no-answer", titles(asked)),
        ("draft-approvals", approvals.iter().map(step).collect()),
    ];
    let told = parts
        .into_iter()
        .filter_map(|(key, names)| Some(words.f(key, &[("names", &join(words, names, MOST)?)])));
    let told: Vec<String> = told.collect();
    sentences(words, &told)
}

/// Steps that failed or were left out with a reason, and channels that lost messages.
pub(super) fn process(case: &Case<'_>, words: Words, known: &[&Event]) -> Option<String> {
    let mut failed: Vec<(String, u32)> = Vec::new();
    let mut lost: Vec<(String, u32)> = Vec::new();
    let mut left_out: Vec<String> = Vec::new();
    let count = |list: &mut Vec<(String, u32)>, what: String| match list
        .iter_mut()
        .find(|(known, _)| *known == what)
    {
        Some((_, n)) => *n += 1,
        None => list.push((what, 1)),
    };
    for event in known {
        match &event.kind {
            K::StepFailed { step, playbook, .. } => {
                count(&mut failed, case.step(playbook, step, words));
            }
            K::MessageFailed { channel, .. } | K::PageFailed { channel, .. } => {
                count(&mut lost, case.channel(channel, words));
            }
            K::StepSkipped { step, playbook, reason: Some(reason) } => {
                let (title, why) = (case.step(playbook, step, words), case.say(reason, words));
                let text = words.f("draft-left-out-one", &[("step", &title), ("why", &why)]);
                if !left_out.contains(&text) {
                    left_out.push(text);
                }
            }
            _ => {}
        }
    }
    let times = |list: Vec<(String, u32)>| {
        let one = |(what, n): (String, u32)| {
            words.f("draft-times", &[("what", &what), ("n", &n.to_string())])
        };
        list.into_iter().map(one).collect::<Vec<String>>()
    };
    let parts = [
        ("draft-failed", times(failed)),
        ("draft-lost", times(lost)),
        ("draft-left-out", left_out),
    ];
    let told = parts
        .into_iter()
        .filter_map(|(key, names)| Some(words.f(key, &[("names", &join(words, names, MOST)?)])));
    let told: Vec<String> = told.collect();
    sentences(words, &told)
}
