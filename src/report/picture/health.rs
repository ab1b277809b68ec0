//! The health of each service over time, with its SLI and the milestones.

use super::super::case::Case;
use super::super::lang::Words;
use super::Picture;
use super::axis::Clock;
use super::canvas::{
    AMBER, Anchor, BLUE, Canvas, INK, Ink, LINE, NONE, PALE_GREEN, PURPLE, RED, SOFT, draw, fit,
    width,
};
use crate::model::{EntityKind, Name, ServiceState, SliceBlock};
use crate::timeline::EventKind;
use crate::units::SimTime;

const WIDTH: i32 = 960;
const LEFT: i32 = 190;
const RIGHT: i32 = 940;
const STRIP: i32 = 16;
const SLI: i32 = 40;
const GAP: i32 = 16;

const SHOWN: [&str; 8] = [
    "fault_start",
    "impact_start",
    "detected",
    "acked",
    "declared",
    "correct_hypothesis",
    "mitigated",
    "resolved",
];

pub(super) fn picture(case: &Case<'_>, words: Words) -> Option<Picture> {
    let services = services(case);
    if services.is_empty() {
        return None;
    }
    let title = words.t("picture-health");
    let clock = Clock::of(case, LEFT, RIGHT);
    let marks = marks(case, words, &clock);
    let rows = marks.iter().map(|mark| mark.2 + 1).max().unwrap_or(0);
    let top = 12 + rows * 16;
    let blocks: Vec<Option<(&Name, &SliceBlock)>> =
        services.iter().map(|service| slices(case, service)).collect();
    let height_of = |block: &Option<_>| STRIP + GAP + if block.is_some() { SLI + 4 } else { 0 };
    let bottom = top + blocks.iter().map(height_of).sum::<i32>();
    let svg = draw((WIDTH, bottom + 64), &title, |canvas| {
        clock.grid(canvas, top, bottom, words);
        let mut y = top + GAP / 2;
        for (service, block) in services.iter().zip(&blocks) {
            canvas.bold((12, y + 12), &fit(service, 24), Anchor::Start, INK);
            strip(canvas, case, words, service, &clock, y);
            if let Some((slo, slices)) = block {
                sli(canvas, case, words, (slo, slices), &clock, y + STRIP + 4);
            }
            y += height_of(block);
        }
        milestones(canvas, &marks, bottom);
        legend(canvas, words, bottom + 50);
    });
    Some(Picture { id: "health", file: "health.svg".to_owned(), title, svg })
}

/// The services that the record says anything about, the system's order first.
fn services(case: &Case<'_>) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for event in &case.timeline.events {
        if matches!(event.kind, EventKind::ServiceState { .. }) {
            let about = event.about.iter().filter(|a| a.kind == EntityKind::Service);
            for about in about {
                if !names.contains(&about.name) {
                    names.push(about.name.clone());
                }
            }
        }
    }
    if let Some(system) = case.system {
        let place = |name: &Name| system.services.iter().position(|s| s.name == *name);
        names.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
    }
    names
}

fn slices<'a>(case: &Case<'a>, service: &Name) -> Option<(&'a Name, &'a SliceBlock)> {
    let all = &case.telemetry?.slices;
    let found = all.iter().find(|(_, of, block)| of == service && block.step.ms() > 0);
    found.map(|(slo, _, block)| (slo, block))
}

fn ink(state: ServiceState) -> Ink {
    match state {
        ServiceState::Up => PALE_GREEN,
        ServiceState::Degraded => AMBER,
        ServiceState::Overloaded => PURPLE,
        ServiceState::Down => RED,
        ServiceState::Recovering => BLUE,
    }
}

fn strip(
    canvas: &mut Canvas<'_>,
    case: &Case<'_>,
    words: Words,
    service: &Name,
    clock: &Clock,
    y: i32,
) {
    let mut changes: Vec<(SimTime, ServiceState)> = vec![(clock.from, ServiceState::Up)];
    for event in &case.timeline.events {
        if let EventKind::ServiceState { state, .. } = &event.kind {
            let hit = |a: &crate::model::Ref| a.kind == EntityKind::Service && a.name == *service;
            if event.about.iter().any(hit) && event.at <= clock.to {
                changes.push((event.at, *state));
            }
        }
    }
    for (i, (at, state)) in changes.iter().enumerate() {
        let end = changes.get(i + 1).map_or(clock.to, |(at, _)| *at);
        let (from, to) = (clock.x(*at), clock.x(end).max(clock.x(*at) + 1));
        canvas.rect((from, y), (to, y + STRIP), ink(*state));
        let label = words.word("state", state.as_str());
        // On the light colours dark text stands out in both settings; on dark ones it does not.
        let readable = matches!(state, ServiceState::Degraded | ServiceState::Recovering);
        if readable && to - from > width(&label) + 8 {
            canvas.small((from + 4, y + 12), &label, Anchor::Start, super::canvas::BLACK);
        } else if to - from > width(&label) + 8 {
            let ink = if *state == ServiceState::Up { SOFT } else { super::canvas::WHITE };
            canvas.small((from + 4, y + 12), &label, Anchor::Start, ink);
        }
    }
}

/// Least share of bad events that the scale shows; beneath it there is nothing to see.
const LEAST: f64 = 1e-4;

/// How far down a share of bad events lies, in pixels. The scale is logarithmic: a service at
/// 0.99 misses an objective of 0.999 tenfold, and on a plain scale both would be the top line.
fn depth(bad: f64) -> i32 {
    let decades = libm::log10(bad.max(LEAST) / LEAST) / -libm::log10(LEAST);
    (decades.min(1.0) * f64::from(SLI)).round() as i32
}

/// The share of bad events hangs from the top, with a line where the objective allows it.
fn sli(
    canvas: &mut Canvas<'_>,
    case: &Case<'_>,
    words: Words,
    (slo, block): (&Name, &SliceBlock),
    clock: &Clock,
    y: i32,
) {
    let room = usize::try_from(clock.right - clock.left).unwrap_or(0);
    // The worst ratio per pixel, so that a short outage never vanishes in a long picture.
    let mut worst: Vec<Option<f64>> = vec![None; room + 1];
    let mut missing: Vec<bool> = vec![false; room + 1];
    for i in 0..block.good.len() {
        let Ok(n) = i64::try_from(i) else { break };
        let (from, to) = (block.start + block.step * n, block.start + block.step * (n + 1));
        if to <= clock.from || from >= clock.to {
            continue;
        }
        let (from, to) = (clock.x(from) - clock.left, clock.x(to) - clock.left);
        for x in from..to.max(from + 1) {
            let Ok(x) = usize::try_from(x) else { continue };
            if !block.present[i] {
                missing[x] = true;
            } else if block.total[i] > 0 {
                let ratio = f64::from(block.good[i]) / f64::from(block.total[i]);
                worst[x] = Some(worst[x].map_or(ratio, |old| old.min(ratio)));
            }
        }
    }
    let (left, bottom) = (clock.left, y + SLI);
    for bad in [1e-3, 1e-2, 1e-1, 1.0] {
        let y = y + depth(bad);
        canvas.line((left, y), (clock.right, y), LINE, 1);
    }
    let mut area = vec![(left, y)];
    for (x, ratio) in worst.iter().enumerate() {
        let x = left + i32::try_from(x).unwrap_or(0);
        area.push((x, y + depth(1.0 - ratio.unwrap_or(1.0))));
    }
    // One shape per gap: shapes side by side would show their seams.
    let mut x = 0;
    while x < missing.len() {
        let run = missing[x..].iter().take_while(|gap| **gap).count();
        if run > 0 {
            let from = left + i32::try_from(x).unwrap_or(0);
            let to = from + i32::try_from(run).unwrap_or(0);
            canvas.rect((from, y), (to, bottom), NONE);
        }
        x += run.max(1);
    }
    area.push((clock.right, y));
    canvas.polygon(&simplify(&area), RED, 0.35);
    canvas.path(&simplify(&area[1..area.len() - 1]), RED, 1);
    canvas.small((12, y + 12), &fit(slo, 26), Anchor::Start, SOFT);
    let specs = case.system.into_iter().flat_map(|system| &system.slos).map(|slo| &slo.spec);
    if let Some(spec) = specs.into_iter().find(|spec| spec.name == *slo) {
        let text = words.f("picture-health-objective", &[("target", &spec.target.to_string())]);
        canvas.small((12, y + 27), &text, Anchor::Start, SOFT);
        let allowed = y + depth(1.0 - spec.target.as_f64());
        canvas.line((left, allowed), (clock.right, allowed), INK, 1);
    }
    for (label, at) in [("0.01 %", y + 6), ("100 %", bottom)] {
        canvas.small((left - 6, at), label, Anchor::End, SOFT);
    }
}

/// The same line without points in the middle of straight pieces.
fn simplify(points: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut out: Vec<(i32, i32)> = Vec::new();
    for point in points {
        if let [.., before, last] = out.as_slice()
            && before.1 == last.1
            && last.1 == point.1
        {
            out.pop();
        }
        out.push(*point);
    }
    out
}

/// `(pixel, label, row)` of each milestone shown; labels that would overlap go to another row.
fn marks(case: &Case<'_>, words: Words, clock: &Clock) -> Vec<(i32, String, i32)> {
    let mut found: Vec<(SimTime, &str)> = Vec::new();
    for name in SHOWN {
        if let Some(at) = case.reached(name).filter(|at| clock.shows(*at)) {
            found.push((at, name));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    let mut ends: Vec<i32> = Vec::new();
    let mut out = Vec::new();
    for (at, name) in found {
        let x = clock.x(at);
        let label = words.word("milestone", name);
        // Labels lean to the right of their line, or to its left near the edge.
        let from = if x + width(&label) > RIGHT { x - width(&label) } else { x };
        let row = ends.iter().position(|end| *end < from - 6);
        let row = row.unwrap_or_else(|| {
            ends.push(0);
            ends.len() - 1
        });
        ends[row] = from + width(&label) + 4;
        out.push((x, label, i32::try_from(row).unwrap_or(0)));
    }
    out
}

fn milestones(canvas: &mut Canvas<'_>, marks: &[(i32, String, i32)], bottom: i32) {
    for (x, label, row) in marks {
        let y = 14 + row * 16;
        canvas.dashes(*x, (y - 8, bottom), SOFT);
        let near_edge = x + width(label) > RIGHT;
        let (dx, anchor) = if near_edge { (-4, Anchor::End) } else { (4, Anchor::Start) };
        canvas.small((x + dx, y), label, anchor, INK);
    }
}

fn legend(canvas: &mut Canvas<'_>, words: Words, y: i32) {
    let mut x = 12;
    for state in ServiceState::ALL {
        let label = words.word("state", state.as_str());
        canvas.rect((x, y - 9), (x + 12, y + 1), ink(*state));
        canvas.small((x + 17, y), &label, Anchor::Start, SOFT);
        x += 34 + width(&label);
    }
    canvas.rect((x, y - 9), (x + 12, y + 1), NONE);
    canvas.small((x + 17, y), &words.t("picture-unmeasured"), Anchor::Start, SOFT);
}
