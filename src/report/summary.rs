//! The report in four lines: the verdict, what happened, how it went, what to improve.

use super::case::Case;
use super::doc::{Cell, Tone};
use super::lang::{Lang, Words};
use super::results::{letter, rating_tone};
use super::{measures, next};
use crate::model::{EntityKind, FaultEffect, Name, Ref, ServiceState};
use crate::score::{MeasureResult, Rating, StepOutcome};
use crate::timeline::EventKind as K;

/// A target that fewer of the simulated runs meet says more about the design than about one run.
const RARE: f64 = 0.5;
/// Names listed before the rest is only counted.
const NAMED: usize = 3;

/// The four lines as names and values.
pub(super) fn rows(case: &Case<'_>, words: Words) -> Vec<(String, Cell)> {
    let mut rows = vec![
        (words.t("summary-verdict"), verdict(case, words)),
        (words.t("summary-happened"), Cell::new(happened(case, words))),
    ];
    if !case.calm() {
        rows.push((words.t("summary-went"), Cell::new(went(case, words))));
    }
    rows.push((words.t("summary-improve"), Cell::new(improve(case, words))));
    rows
}

fn verdict(case: &Case<'_>, words: Words) -> Cell {
    let overall = &case.card.overall;
    if case.calm() {
        let c = &case.card.correctness;
        let quiet = c.false_alarms() == 0;
        return match quiet {
            true => Cell::toned(words.t("verdict-quiet"), Tone::Good),
            false => Cell::toned(words.t("verdict-false-alarm"), Tone::Bad),
        };
    }
    let points = overall.points.map(|points| format!("{points:.1}"));
    match (overall.rating, points) {
        (Some(rating), Some(points)) => {
            let meaning = words.word("rating", letter(rating));
            let args =
                [("letter", letter(rating)), ("meaning", &meaning), ("points", points.as_str())];
            Cell::toned(words.f("verdict-rated", &args), rating_tone(rating))
        }
        (_, Some(points)) => {
            let key = if case.simulated() { "verdict-simulated" } else { "verdict-unrated" };
            Cell::new(words.f(key, &[("points", &points)]))
        }
        (_, None) => Cell::toned(words.t("no-letter-unknown"), Tone::Unknown),
    }
}

fn happened(case: &Case<'_>, words: Words) -> String {
    let end = case.timeline.header.end - case.start();
    if case.calm() {
        let c = &case.card.correctness;
        let counts = [c.false_pages, c.false_declarations, c.false_actions];
        let [pages, declared, actions] = counts.map(|n| n.to_string());
        let span = words.span(end);
        return words.f(
            "happened-nothing",
            &[("span", &span), ("pages", &pages), ("declared", &declared), ("actions", &actions)],
        );
    }
    let mut parts: Vec<String> = Vec::new();
    let absent = case.timeline.header.parameters.iter().find(|(name, _)| **name == *"without");
    if let Some((_, roles)) = absent {
        let roles = roles.split(',').map(|role| case.role(&Name::from(role), words));
        parts.push(words.f("happened-without", &[("names", &words.list(roles))]));
    }
    let broken = services(case, |state| state == ServiceState::Down);
    let weak: Vec<String> = services(case, |state| state != ServiceState::Up)
        .into_iter()
        .filter(|name| !broken.contains(name))
        .collect();
    if !broken.is_empty() {
        parts.push(words.f("happened-down", &[("names", &some(&broken, words))]));
    }
    if !weak.is_empty() {
        parts.push(words.f("happened-weak", &[("names", &some(&weak, words))]));
    }
    let inside = Inside::of(case);
    let hit = (broken.is_empty() && weak.is_empty()).then(|| inside.only()).flatten();
    parts.extend(inside.sentences(words));
    let Some(impact) = case.reached("impact_start") else {
        parts.push(words.t("happened-no-impact"));
        return join(parts, words);
    };
    let keys = match hit {
        None => ["happened-over", "happened-mitigated", "happened-lasting"],
        Some(Hit::Agents) => {
            ["happened-agents-over", "happened-agents-mitigated", "happened-agents-lasting"]
        }
        Some(Hit::Poor) => {
            ["happened-poor-over", "happened-poor-mitigated", "happened-poor-lasting"]
        }
        Some(Hit::Tools) => {
            ["happened-tools-over", "happened-tools-mitigated", "happened-tools-lasting"]
        }
    };
    let key = match (case.reached("mitigated"), case.reached("resolved")) {
        (Some(_), Some(_)) => keys[0],
        (Some(_), None) => keys[1],
        (None, _) => keys[2],
    };
    let until = |name| {
        let at = case.reached(name).unwrap_or(case.timeline.header.end);
        words.span(at - impact)
    };
    let (mitigated, resolved) = (until("mitigated"), until("resolved"));
    parts.push(words.f(key, &[("mitigated", &mitigated), ("resolved", &resolved)]));
    join(parts, words)
}

/// What of the team's own was hit.
#[derive(Clone, Copy)]
enum Hit {
    /// Agents that did no work.
    Agents,
    /// Agents that worked badly.
    Poor,
    /// Tools.
    Tools,
}

/// Agents and tools whose own service level was broken, by first appearance.
struct Inside {
    agents: Vec<String>,
    poor: Vec<String>,
    tools: Vec<String>,
    /// A service was hit as well.
    service: bool,
}

impl Inside {
    fn of(case: &Case<'_>) -> Self {
        let (agents, poor, tools) = (Vec::new(), Vec::new(), Vec::new());
        let mut inside = Self { agents, poor, tools, service: false };
        let mut worse: Vec<&Ref> = Vec::new();
        for event in &case.timeline.events {
            if let K::FaultInjected { effect: FaultEffect::QualityDrop, .. } = &event.kind {
                worse.extend(&event.about);
            }
            let K::SliBreached { .. } = &event.kind else { continue };
            for about in &event.about {
                inside.service |= about.kind == EntityKind::Service;
                let names = match about.kind {
                    EntityKind::Agent if worse.contains(&about) => &mut inside.poor,
                    EntityKind::Agent => &mut inside.agents,
                    EntityKind::Tool => &mut inside.tools,
                    _ => continue,
                };
                if !names.iter().any(|name| *name == *about.name) {
                    names.push(about.name.to_string());
                }
            }
        }
        inside
    }

    /// What was hit, where no service was.
    fn only(&self) -> Option<Hit> {
        if self.service {
            return None;
        }
        match (self.agents.is_empty(), self.poor.is_empty(), self.tools.is_empty()) {
            (false, _, _) => Some(Hit::Agents),
            (true, false, _) => Some(Hit::Poor),
            (true, true, false) => Some(Hit::Tools),
            (true, true, true) => None,
        }
    }

    fn sentences(&self, words: Words) -> Vec<String> {
        let all = [
            ("happened-agents", &self.agents),
            ("happened-poor", &self.poor),
            ("happened-tools", &self.tools),
        ];
        let named = all.into_iter().filter(|(_, names)| !names.is_empty());
        named.map(|(key, names)| words.f(key, &[("names", &some(names, words))])).collect()
    }
}

/// Services that the record shows in a state that `is` wanted, by first appearance.
fn services(case: &Case<'_>, is: impl Fn(ServiceState) -> bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for event in &case.timeline.events {
        let K::ServiceState { state, .. } = &event.kind else { continue };
        for about in event.about.iter().filter(|about| about.kind == EntityKind::Service) {
            if is(*state) && !names.iter().any(|name| *name == *about.name) {
                names.push(about.name.to_string());
            }
        }
    }
    names
}

fn some(names: &[String], words: Words) -> String {
    let shown = words.list(names.iter().take(NAMED));
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => words.f("summary-and-more", &[("names", &shown), ("n", &more.to_string())]),
    }
}

pub(super) fn join(parts: Vec<String>, words: Words) -> String {
    parts.join(if words.lang == Lang::En { " " } else { "" })
}

fn went(case: &Case<'_>, words: Words) -> String {
    let rated: Vec<&MeasureResult> = case
        .card
        .measures
        .iter()
        .filter(|m| measures::told(case, m) && m.rating != Rating::NotObservable)
        .collect();
    let met = rated.iter().filter(|m| m.rating == Rating::P).count();
    let (k, n) = (met.to_string(), rated.len().to_string());
    let mut parts = vec![words.f("went-targets", &[("k", &k), ("n", &n)])];
    let steps = case.card.steps.iter().filter(|s| s.outcome != StepOutcome::Censored);
    let wrong = |s: &&crate::score::StepResult| {
        matches!(s.outcome, StepOutcome::Late | StepOutcome::OutOfOrder | StepOutcome::Skipped)
    };
    let (all, bad) = (steps.clone().count(), steps.filter(wrong).count());
    match (all, bad) {
        (0, _) => {}
        (_, 0) => parts.push(words.f("went-steps-all", &[("n", &all.to_string())])),
        _ => {
            let (n, all) = (bad.to_string(), all.to_string());
            parts.push(words.f("went-steps-some", &[("k", &n), ("n", &all)]));
        }
    }
    let failed =
        |event: &&crate::timeline::Event| matches!(event.kind, K::Decision { fallback: true, .. });
    let failed = case.timeline.events.iter().filter(failed).count();
    if failed > 0 || case.script_failures > 0 {
        let (decisions, places) = (failed.to_string(), case.script_failures.to_string());
        let args = [("decisions", decisions.as_str()), ("places", &places)];
        parts.push(words.f("went-script-failed", &args));
    }
    let (gates, broken) = (case.card.overall.gates.len(), case.card.violations.len());
    if gates + broken == 0 {
        parts.push(words.t("went-clean"));
    } else {
        let (gates, broken) = (gates.to_string(), broken.to_string());
        parts.push(words.f("went-broken", &[("gates", &gates), ("rules", &broken)]));
    }
    join(parts, words)
}

fn improve(case: &Case<'_>, words: Words) -> String {
    let missed = next::missed(case);
    let mut parts: Vec<String> = Vec::new();
    if !case.card.overall.gates.is_empty() {
        let gates = case.card.overall.gates.iter().map(|(gate, _)| words.word("gate", gate));
        parts.push(words.f("improve-gate", &[("names", &words.list(gates))]));
    }
    for m in missed.iter().take(2) {
        let title = words.text(&m.title);
        let value = m
            .value
            .map_or_else(|| words.t("not-reached"), |value| words.span_against(value, m.target));
        let target = m.target.map_or_else(String::new, |target| words.span(target));
        let args = [("title", title.as_str()), ("value", &value), ("target", &target)];
        parts.push(words.f("improve-measure", &args));
    }
    let rarely_met = |m: &&&MeasureResult| {
        let met = case.band_of(&m.name).and_then(|band| band.met).filter(|(_, of)| *of > 0);
        met.is_some_and(|(k, of)| f64::from(k) / f64::from(of) < RARE)
    };
    let rare: Vec<String> =
        missed.iter().take(2).filter(rarely_met).map(|m| words.text(&m.title)).collect();
    if !rare.is_empty() {
        let names = words.list(rare);
        parts.push(words.f("improve-design", &[("names", &names)]));
    }
    if parts.is_empty() {
        let first = next::items(case, words).into_iter().next();
        parts.extend(first.map(|item| item.text));
    }
    join(parts, words)
}
