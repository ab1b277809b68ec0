//! Combinations of lost tools that leave something without any channel: holes in the design, and
//! no fault of people.

use super::name::Name;
use super::pack::Pack;
use super::playbook::StepEffect;
use super::system::System;

/// What a pack sends by channels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sent {
    /// A report: the duty.
    Duty(Name),
    /// A level of escalation.
    Level(u32),
    /// What the public is told.
    Public,
}

/// A smallest set of tools without which something has no channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The tools, in the order of the pack.
    pub tools: Vec<Name>,
    /// What nothing carries then.
    pub sent: Vec<Sent>,
}

/// The sets of at most `most` tools whose loss leaves a duty, a level or the public without a
/// channel; supersets of such a set are left out for what the smaller set takes already. A tool
/// that needs a lost one is lost too. Few tools come first.
pub fn holes(pack: &Pack, system: Option<&System>, most: usize) -> Vec<Hole> {
    let ways = ways(pack);
    let tools = tools(pack, system, &ways);
    let mut found: Vec<Hole> = Vec::new();
    for size in 1..=most.min(tools.len()) {
        let smaller = found.len();
        combine(&tools, size, &mut |lost| {
            let gone = |tool: &Name| is_lost(tool, lost, system);
            let cut =
                |list: &[Vec<&Name>]| list.iter().any(|way| way.iter().all(|tool| gone(tool)));
            let known = |sent: &Sent| {
                found[..smaller].iter().any(|hole| {
                    hole.sent.contains(sent) && hole.tools.iter().all(|tool| lost.contains(&tool))
                })
            };
            let sent: Vec<Sent> = ways
                .iter()
                .filter(|(sent, list)| cut(list) && !known(sent))
                .map(|(sent, _)| sent.clone())
                .collect();
            if !sent.is_empty() {
                let tools = lost.iter().map(|tool| (*tool).clone()).collect();
                found.push(Hole { tools, sent });
            }
        });
    }
    found
}

/// What is sent, with the tools that can carry it at each severity; any of them does.
type Ways<'a> = Vec<(Sent, Vec<Vec<&'a Name>>)>;

fn ways(pack: &Pack) -> Ways<'_> {
    let mut ways: Ways<'_> = Vec::new();
    for duty in &pack.duties {
        let list = duty.channels.values().map(|channels| carriers(pack, channels)).collect();
        ways.push((Sent::Duty(duty.id.clone()), list));
    }
    for level in &pack.levels {
        ways.push((Sent::Level(level.level), vec![carriers(pack, &level.channels)]));
    }
    let steps = pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
    let public = steps.filter(|step| step.effect == StepEffect::PublicUpdate);
    let mut list: Vec<Vec<&Name>> = public.map(|step| carriers(pack, &step.channels)).collect();
    list.sort();
    list.dedup();
    ways.push((Sent::Public, list));
    for (_, list) in &mut ways {
        list.retain(|way| !way.is_empty());
    }
    ways
}

/// The tools of the channels and of their substitutes.
fn carriers<'a>(pack: &'a Pack, channels: &'a [Name]) -> Vec<&'a Name> {
    let mut tools: Vec<&Name> = Vec::new();
    for channel in channels.iter().filter_map(|name| pack.channel(name)) {
        let substitutes = channel.fallback.iter().filter_map(|name| pack.channel(name));
        for tool in std::iter::once(channel).chain(substitutes).map(|channel| &channel.tool) {
            if !tools.contains(&tool) {
                tools.push(tool);
            }
        }
    }
    tools
}

/// The tools that carry anything, in the order of the channels, and the tools that they need.
fn tools<'a>(pack: &'a Pack, system: Option<&'a System>, ways: &Ways<'a>) -> Vec<&'a Name> {
    let used =
        |tool: &&Name| ways.iter().any(|(_, list)| list.iter().any(|way| way.contains(tool)));
    let mut tools: Vec<&Name> = Vec::new();
    for tool in pack.channels.iter().map(|channel| &channel.tool).filter(used) {
        if !tools.contains(&tool) {
            tools.push(tool);
        }
    }
    let mut at = 0;
    while let Some(tool) = tools.get(at).copied() {
        at += 1;
        let own = system.and_then(|system| system.tools.iter().find(|one| one.name == *tool));
        for need in own.iter().flat_map(|one| &one.needs) {
            if !tools.contains(&need) {
                tools.push(need);
            }
        }
    }
    tools
}

fn is_lost(tool: &Name, lost: &[&Name], system: Option<&System>) -> bool {
    let mut open: Vec<&Name> = vec![tool];
    let mut seen: Vec<&Name> = Vec::new();
    while let Some(next) = open.pop() {
        if lost.contains(&next) {
            return true;
        }
        if seen.contains(&next) {
            continue;
        }
        seen.push(next);
        let own = system.and_then(|system| system.tools.iter().find(|one| one.name == *next));
        open.extend(own.iter().flat_map(|one| &one.needs));
    }
    false
}

/// Calls `each` with every choice of `size` of `all`, in their order.
fn combine<'a>(all: &[&'a Name], size: usize, each: &mut impl FnMut(&[&'a Name])) {
    fn go<'a>(
        rest: &[&'a Name],
        size: usize,
        chosen: &mut Vec<&'a Name>,
        each: &mut impl FnMut(&[&'a Name]),
    ) {
        if size == 0 {
            each(chosen);
            return;
        }
        for (index, name) in rest.iter().enumerate() {
            chosen.push(name);
            go(&rest[index + 1..], size - 1, chosen, each);
            chosen.pop();
        }
    }
    go(all, size, &mut Vec::with_capacity(size), each);
}
