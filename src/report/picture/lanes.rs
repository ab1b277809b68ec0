//! Swim lanes: who did what on which channel.

use super::super::case::Case;
use super::super::lang::Words;
use super::super::story::{Weight, weight};
use super::Picture;
use super::axis::Clock;
use super::canvas::{
    AMBER, Anchor, BLUE, COLUMN, Canvas, GREEN, INK, Ink, PURPLE, RED, SOFT, STRIPE, draw, fit,
    width,
};
use crate::model::{Name, Ref};
use crate::timeline::{Event, EventKind as K};
use crate::units::SimTime;

const WIDTH: i32 = 960;
const LEFT: i32 = 300;
const RIGHT: i32 = 945;
const ROW: i32 = 22;
/// Rows a reader can still follow; a larger crew is cut, and the timeline has the rest.
const MOST_ROWS: usize = 34;

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Page,
    Message,
    Step,
    Decision,
    Report,
    Failed,
}

const LEGEND: [(Mark, &str); 6] = [
    (Mark::Page, "picture-mark-page"),
    (Mark::Message, "picture-mark-message"),
    (Mark::Step, "picture-mark-step"),
    (Mark::Decision, "picture-mark-decision"),
    (Mark::Report, "picture-mark-report"),
    (Mark::Failed, "picture-mark-failed"),
];

impl Mark {
    const fn ink(self) -> Ink {
        match self {
            Self::Page => AMBER,
            Self::Message => BLUE,
            Self::Step => GREEN,
            Self::Decision => PURPLE,
            Self::Report => INK,
            Self::Failed => RED,
        }
    }
}

struct Item {
    mark: Mark,
    from: SimTime,
    at: SimTime,
    label: String,
}

struct Lane {
    who: Ref,
    channel: Option<Name>,
    /// Items that do not overlap, per row.
    rows: Vec<Vec<Item>>,
}

pub(super) fn picture(case: &Case<'_>, words: Words) -> Option<Picture> {
    let clock = Clock::of(case, LEFT, RIGHT);
    let lanes = lanes(case, words, &clock);
    if lanes.is_empty() {
        return None;
    }
    let title = words.t("picture-lanes");
    let rows: usize = lanes.iter().map(|lane| lane.rows.len()).sum();
    let bottom = 12 + i32::try_from(rows).unwrap_or(0) * ROW;
    let later = later(case, words, &clock);
    let height = bottom + 62 + if later.is_empty() { 0 } else { 18 };
    let svg = draw((WIDTH, height), &title, |canvas| {
        stripes(canvas, &lanes, bottom);
        clock.grid(canvas, 12, bottom, words);
        let mut y = 12;
        let mut before: Option<&Ref> = None;
        for lane in &lanes {
            if before != Some(&lane.who) {
                // The channel stands in the same line, to the right.
                let room = if lane.channel.is_some() { 21 } else { 38 };
                let who = fit(&case.title(&lane.who, words), room);
                canvas.bold((10, y + 15), &who, Anchor::Start, INK);
            }
            before = Some(&lane.who);
            if let Some(channel) = &lane.channel {
                let channel = fit(&case.channel(channel, words), 18);
                canvas.small((LEFT - 8, y + 15), &channel, Anchor::End, SOFT);
            }
            for row in &lane.rows {
                for (i, item) in row.iter().enumerate() {
                    let next = row.get(i + 1).map_or(RIGHT, |next| clock.x(next.from) - 6);
                    paint(canvas, item, &clock, y, next);
                }
                y += ROW;
            }
        }
        legend(canvas, words, bottom + 48);
        if !later.is_empty() {
            let text = fit(&later, 130);
            canvas.small((10, bottom + 68), &text, Anchor::Start, SOFT);
        }
    });
    Some(Picture { id: "lanes", file: "lanes.svg".to_owned(), title, svg })
}

fn mark(kind: &K) -> Option<Mark> {
    Some(match kind {
        K::PageSent { .. } | K::PageDelivered { .. } | K::Acknowledged { .. } => Mark::Page,
        K::MessageSent { .. } | K::PublicUpdate { .. } => Mark::Message,
        K::StepDone { .. } => Mark::Step,
        K::Rollback { succeeded: true, .. } => Mark::Step,
        K::Declared { .. }
        | K::SeverityChanged { .. }
        | K::RoleTaken { .. }
        | K::Joined {}
        | K::HandedOver { .. }
        | K::Hypothesis {}
        | K::ApprovalAsked { .. }
        | K::ApprovalGiven { .. }
        | K::MitigatedClaimed {}
        | K::ResolvedClaimed {}
        | K::StoodDown {} => Mark::Decision,
        K::ReportDelivered { .. } | K::ActionFiled { .. } => Mark::Report,
        K::PageFailed { .. } | K::MessageFailed { .. } | K::Rollback { .. } => Mark::Failed,
        K::StepFailed { .. } | K::StepSkipped { .. } => Mark::Failed,
        _ => return None,
    })
}

fn channels(kind: &K) -> Vec<Name> {
    match kind {
        K::PageSent { channel, .. }
        | K::PageDelivered { channel, .. }
        | K::PageFailed { channel, .. }
        | K::MessageSent { channel, .. }
        | K::MessageFailed { channel, .. }
        | K::PublicUpdate { channel, .. } => vec![channel.clone()],
        K::ReportDelivered { channels, .. } => channels.clone(),
        _ => Vec::new(),
    }
}

fn label(case: &Case<'_>, words: Words, kind: &K) -> String {
    match kind {
        K::StepDone { step, playbook, .. }
        | K::StepFailed { step, playbook, .. }
        | K::StepSkipped { step, playbook, .. } => case.step(playbook, step, words),
        K::Declared { level } | K::SeverityChanged { level, .. } => case.severity(level, words),
        K::ReportDelivered { duty, .. } => case.duty(duty, words),
        K::MitigatedClaimed {} => words.word("milestone", "mitigated"),
        K::ResolvedClaimed {} => words.word("milestone", "resolved"),
        K::Acknowledged { .. } => words.word("milestone", "acked"),
        _ => String::new(),
    }
}

fn lanes(case: &Case<'_>, words: Words, clock: &Clock) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for event in &case.timeline.events {
        let Some(mark) = mark(&event.kind).filter(|_| weight(&event.kind) > Weight::Noise) else {
            continue;
        };
        // A page is shown with the one it is for: that is where it changes what happens.
        let who = event.by.as_ref().or_else(|| event.about.first());
        let Some(who) = who.filter(|_| clock.shows(event.at)) else {
            continue;
        };
        let channels = channels(&event.kind);
        let places: Vec<Option<Name>> = match channels.is_empty() {
            true => vec![None],
            false => channels.into_iter().map(Some).collect(),
        };
        let from = begun(case, event).unwrap_or(event.at).max(clock.from);
        for channel in places {
            let item = Item { mark, from, at: event.at, label: label(case, words, &event.kind) };
            place(&mut lanes, who, channel, item, clock);
        }
    }
    // First who appears first, each one's own work before the channels.
    let order: Vec<Ref> = lanes.iter().map(|lane| lane.who.clone()).collect();
    let first = |who: &Ref| order.iter().position(|other| other == who);
    lanes.sort_by_key(|lane| (first(&lane.who), lane.channel.clone()));
    let mut rows = 0;
    lanes.retain(|lane| {
        rows += lane.rows.len();
        rows <= MOST_ROWS
    });
    lanes
}

/// When the step that `event` ends was begun.
fn begun(case: &Case<'_>, event: &Event) -> Option<SimTime> {
    let (K::StepDone { step, playbook, attempt, .. }
    | K::StepFailed { step, playbook, attempt, .. }) = &event.kind
    else {
        return None;
    };
    let before = case.timeline.events.iter().filter(|e| e.id < event.id);
    let same = before.filter(|e| e.by == event.by && e.about == event.about);
    let found = same.rev().find(|e| {
        matches!(&e.kind, K::StepStarted { step: s, playbook: p, attempt: a, .. }
            if s == step && p == playbook && a == attempt)
    });
    found.map(|e| e.at)
}

fn place(lanes: &mut Vec<Lane>, who: &Ref, channel: Option<Name>, item: Item, clock: &Clock) {
    let found = lanes.iter().position(|lane| lane.who == *who && lane.channel == channel);
    let index = found.unwrap_or_else(|| {
        lanes.push(Lane { who: who.clone(), channel, rows: Vec::new() });
        lanes.len() - 1
    });
    // Work that overlaps goes to another row, in which also a short label has room.
    const ROWS: usize = 4;
    // Pages of one minute on one channel are one thing to the eye, so they may overlap.
    let most = if lanes[index].channel.is_some() { 2 } else { ROWS };
    let wanted = 10 + (width(&item.label)).min(16 * COLUMN);
    let free = |row: &Vec<Item>| {
        row.last().is_none_or(|last| {
            let room = 10 + width(&last.label).min(16 * COLUMN);
            clock.x(last.at) + room.min(wanted.max(14)) < clock.x(item.from)
        })
    };
    let rows = &mut lanes[index].rows;
    match rows.iter().position(free) {
        Some(row) => rows[row].push(item),
        None if rows.len() < most => rows.push(vec![item]),
        None => {
            let least = (0..rows.len()).min_by_key(|i| rows[*i].last().map(|last| last.at));
            rows[least.unwrap_or(0)].push(item);
        }
    }
}

fn stripes(canvas: &mut Canvas<'_>, lanes: &[Lane], bottom: i32) {
    let (mut y, mut on) = (12, false);
    let mut before: Option<&Ref> = None;
    for lane in lanes {
        if before != Some(&lane.who) {
            on = !on;
        }
        before = Some(&lane.who);
        let height = i32::try_from(lane.rows.len()).unwrap_or(0) * ROW;
        if on {
            canvas.rect((0, y), (WIDTH, (y + height).min(bottom)), STRIPE);
        }
        y += height;
    }
}

fn paint(canvas: &mut Canvas<'_>, item: &Item, clock: &Clock, y: i32, next: i32) {
    let (from, x) = (clock.x(item.from), clock.x(item.at));
    let middle = y + ROW / 2;
    if x > from + 1 {
        canvas.rect_at((from, middle - 4), (x, middle + 4), item.mark.ink(), 0.45);
    }
    shape(canvas, item.mark, (x, middle));
    let room = (next - x - 9) / COLUMN;
    if room >= 5 && !item.label.is_empty() {
        canvas.small((x + 8, middle + 4), &fit(&item.label, room), Anchor::Start, INK);
    }
}

/// Each kind has a shape of its own, so that colour is never the only difference.
fn shape(canvas: &mut Canvas<'_>, mark: Mark, (x, y): (i32, i32)) {
    let ink = mark.ink();
    match mark {
        Mark::Page => canvas.polygon(&[(x, y - 6), (x + 6, y + 5), (x - 6, y + 5)], ink, 1.0),
        Mark::Message => canvas.circle((x, y), 5, ink),
        Mark::Step => canvas.rect((x - 2, y - 7), (x + 2, y + 7), ink),
        Mark::Decision => {
            canvas.polygon(&[(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)], ink, 1.0);
        }
        Mark::Report => canvas.rect((x - 5, y - 5), (x + 5, y + 5), ink),
        Mark::Failed => {
            canvas.line((x - 5, y - 5), (x + 5, y + 5), ink, 3);
            canvas.line((x - 5, y + 5), (x + 5, y - 5), ink, 3);
        }
    }
}

fn legend(canvas: &mut Canvas<'_>, words: Words, y: i32) {
    let mut x = 16;
    for (mark, key) in LEGEND {
        let label = words.t(key);
        shape(canvas, mark, (x, y - 4));
        canvas.small((x + 11, y), &label, Anchor::Start, SOFT);
        x += 30 + width(&label);
    }
}

/// What comes after the picture is cut: reports and actions.
fn later(case: &Case<'_>, words: Words, clock: &Clock) -> String {
    let after = case.timeline.events.iter().filter(|event| event.at > clock.to);
    let (mut reports, mut steps): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for event in after {
        let at = case.offset(event.at, words);
        match &event.kind {
            K::ReportDelivered { duty, .. } => {
                reports.push(format!("{} {at}", case.duty(duty, words)));
            }
            K::StepDone { step, playbook, .. } => {
                steps.push(format!("{} {at}", case.step(playbook, step, words)));
            }
            _ => {}
        }
    }
    // There is one line for it, and the reports say more than the steps that led to them.
    let parts = if reports.is_empty() { steps } else { reports };
    if parts.is_empty() {
        return String::new();
    }
    let args = [("minute", case.offset(clock.to, words)), ("later", words.list(parts))];
    words.f("picture-cut", &[(args[0].0, &args[0].1), (args[1].0, &args[1].1)])
}
