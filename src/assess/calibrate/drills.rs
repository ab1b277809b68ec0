//! Drills with people in them, recorded incidents, and what a workspace's history kept of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::evidence::{Evidence, LeftOut, wait};
use crate::model::{Name, Pack, RoleKind, Source, System, ToolKind};
use crate::score;
use crate::timeline::{EventKind, Timeline};
use crate::units::SimTime;

/// One page: to whom, when it first arrived and was answered.
#[derive(Debug, Clone, Copy, Default)]
struct Page {
    arrived: Option<SimTime>,
    answered: Option<SimTime>,
    agent: bool,
}

impl Evidence {
    /// Adds a timeline with people in it. Milestones are read with `pack`; delivery and AI agents
    /// are told apart with `system`, without which every role is human.
    pub fn add_timeline(&mut self, timeline: &Timeline, pack: &Pack, system: Option<&System>) {
        self.records += 1;
        if timeline.header.source == Source::Simulated {
            self.leave_out(LeftOut::Simulated);
            return;
        }
        self.incidents += 1;
        self.seen_in("drills and incidents");
        self.pages(timeline, system);
        self.carried(timeline, pack, system);
        let card = score::score(timeline, pack, &[]);
        let at = |name: &str| card.milestones.iter().find(|m| m.name == name).and_then(|m| m.at);
        self.stages(at("detected"), at("correct_hypothesis"), at("mitigated"), timeline.header.end);
    }

    /// Adds what the history of a workspace kept of a drill: its scorecard as JSON.
    pub fn add_scorecard(&mut self, card: &Value) {
        self.records += 1;
        if card["source"] != "live" && card["source"] != "recorded" {
            self.leave_out(LeftOut::Simulated);
            return;
        }
        self.incidents += 1;
        self.seen_in("the history");
        let at = |name: &str| {
            let all = card["milestones"].as_array()?;
            let found = all.iter().find(|found| found["name"] == name)?;
            found["at"].as_str()?.parse::<SimTime>().ok()
        };
        let Some(end) = card["end"].as_str().and_then(|end| end.parse().ok()) else {
            self.leave_out(LeftOut::NoInstant);
            return;
        };
        if let Some(arrived) = at("page_delivered") {
            match wait(arrived, at("acked"), end) {
                Ok(answer) => self.answers.push((arrived, answer)),
                Err(why) => self.leave_out(why),
            }
        }
        self.stages(at("detected"), at("correct_hypothesis"), at("mitigated"), end);
    }

    /// Diagnosis and repair. A cause that never was named before the end of a mended incident was
    /// not looked for any more, so it is left out rather than censored.
    fn stages(
        &mut self,
        detected: Option<SimTime>,
        suspected: Option<SimTime>,
        mitigated: Option<SimTime>,
        end: SimTime,
    ) {
        let Some(detected) = detected else {
            self.leave_out(LeftOut::NoStart);
            return;
        };
        if suspected.is_some() || mitigated.is_none() {
            self.diagnosis.extend(wait(detected, suspected, end).ok());
        }
        self.repair.extend(wait(detected, mitigated, end).ok());
    }

    fn pages(&mut self, timeline: &Timeline, system: Option<&System>) {
        let is_agent = |role: &Name| {
            let found = system.and_then(|system| system.roles.iter().find(|r| r.name == *role));
            found.is_some_and(|role| role.kind == RoleKind::Agent)
        };
        let mut pages: BTreeMap<u32, Page> = BTreeMap::new();
        for event in &timeline.events {
            match &event.kind {
                EventKind::PageSent { page, .. } => {
                    let agent = event.about.iter().any(|about| is_agent(&about.name));
                    pages.entry(*page).or_default().agent |= agent;
                }
                EventKind::PageDelivered { page, .. } => {
                    pages.entry(*page).or_default().arrived.get_or_insert(event.at);
                }
                EventKind::Acknowledged { page: Some(page) } => {
                    pages.entry(*page).or_default().answered.get_or_insert(event.at);
                }
                _ => {}
            }
        }
        for page in pages.into_values() {
            // What never arrived could not be answered; it counts under delivery.
            let Some(arrived) = page.arrived else { continue };
            match wait(arrived, page.answered, timeline.header.end) {
                Ok(answer) if page.agent => self.agents.push(answer),
                Ok(answer) => self.answers.push((arrived, answer)),
                Err(why) => self.leave_out(why),
            }
        }
    }

    fn carried(&mut self, timeline: &Timeline, pack: &Pack, system: Option<&System>) {
        let kind_of = |channel: &Name| -> Option<ToolKind> {
            let tool = &pack.channel(channel)?.tool;
            Some(system?.tools.iter().find(|known| known.name == *tool)?.kind)
        };
        let mut sent: BTreeMap<(u32, u32, &Name), SimTime> = BTreeMap::new();
        for event in &timeline.events {
            match &event.kind {
                EventKind::PageSent { page, channel, attempt, .. } => {
                    sent.insert((*page, *attempt, channel), event.at);
                }
                EventKind::PageDelivered { page, channel, attempt } => {
                    let left = sent.remove(&(*page, *attempt, channel));
                    if let Some((left, kind)) = left.zip(kind_of(channel)) {
                        self.deliveries(kind).took.push(event.at - left);
                    }
                }
                EventKind::PageFailed { page, channel, attempt } => {
                    let left = sent.remove(&(*page, *attempt, channel));
                    if let Some((_, kind)) = left.zip(kind_of(channel)) {
                        self.deliveries(kind).failed += 1;
                    }
                }
                _ => {}
            }
        }
    }
}
