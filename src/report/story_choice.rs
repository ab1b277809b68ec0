//! Which lines of the story a short report shows.

use std::collections::{BTreeMap, BTreeSet};

use super::story::{Line, stated};
use crate::timeline::{EventId, EventKind as K};

/// How much a line adds to the story; the last are left out first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The turns of an incident: what broke, declarations, claims, reports, the end.
    Turn,
    /// What went wrong in responding.
    Setback,
    /// What was done.
    Act,
    /// Who knew and came.
    Crew,
    /// What repeats an earlier line with another number.
    Echo,
}

/// More public updates than these are a rhythm and not turns.
const UPDATES_MAX: usize = 12;

/// At most `most` of `lines`, still ascending: whole ranks while they fit, then the earliest of
/// the next. The first and the last line always stay.
///
/// `turns` are events that are turns whatever their kind.
pub(super) fn choose(lines: Vec<Line>, most: usize, turns: &[EventId]) -> Vec<Line> {
    if lines.len() <= most {
        return lines;
    }
    let last = lines.len() - 1;
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let updates = lines.iter().filter(|line| matches!(line.first.kind, K::PublicUpdate { .. }));
    let many = updates.count() > UPDATES_MAX;
    let ranks: Vec<Rank> = lines
        .iter()
        .enumerate()
        .map(|(i, line)| match rank(line, &mut seen) {
            _ if many && matches!(line.first.kind, K::PublicUpdate { .. }) => Rank::Echo,
            _ if i == 0 || i == last || turns.contains(&line.first.id) => Rank::Turn,
            rank => rank,
        })
        .collect();
    let mut order: Vec<usize> = (0..lines.len()).collect();
    // Of one rank every n-th line goes, so that no stretch of time falls out of the story.
    order.sort_by_key(|i| (ranks[*i], spread(*i), *i));
    let kept: BTreeSet<usize> = order.into_iter().take(most.max(2)).collect();
    let numbered = lines.into_iter().enumerate();
    numbered.filter(|(i, _)| kept.contains(i)).map(|(_, line)| line).collect()
}

/// The bits of `i` in reverse: the first half of these places is spread evenly over the whole.
fn spread(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX).reverse_bits()
}

fn rank(line: &Line, seen: &mut BTreeMap<String, String>) -> Rank {
    // The same signal about the same thing again, or of another window, adds little.
    let mut fresh = |kind: &str, said: &str| {
        let key = format!("{kind} {}", line.about.join(" "));
        seen.insert(key, said.to_owned()).is_none_or(|before| before != said)
    };
    match &line.first.kind {
        K::FaultInjected { .. }
        | K::FaultCleared { .. }
        | K::Declared { .. }
        | K::SeverityChanged { .. }
        | K::MitigatedClaimed {}
        | K::ResolvedClaimed {}
        | K::StoodDown {}
        | K::ReportDelivered { .. }
        | K::PublicUpdate { .. }
        | K::ApprovalGiven { .. }
        | K::Rollback { .. }
        | K::Hypothesis {}
        | K::Inject { .. }
        | K::Hint { .. }
        | K::Stopped { .. } => Rank::Turn,
        K::ServiceState { state, .. } => match fresh("state", state.as_str()) {
            true => Rank::Turn,
            false => Rank::Echo,
        },
        K::Observation { signal, .. } if stated(*signal).is_some() => Rank::Turn,
        K::StepFailed { .. }
        | K::StepSkipped { .. }
        | K::PageFailed { .. }
        | K::MessageFailed { .. } => Rank::Setback,
        K::StepDone { .. } | K::HandedOver { .. } => Rank::Act,
        K::PageSent { .. } | K::Acknowledged { .. } => match fresh("page", "") {
            true => Rank::Act,
            false => Rank::Crew,
        },
        K::AlertFiring { .. } => match fresh("alert", "") {
            true => Rank::Act,
            false => Rank::Echo,
        },
        K::Finding { rule, .. } => match fresh(rule, "") {
            true => Rank::Crew,
            false => Rank::Echo,
        },
        _ => Rank::Crew,
    }
}
