//! Requests and whether they were answered.

use super::card::RequestResult;
use crate::model::{EntityKind, Ref};
use crate::timeline::{Event, EventKind as K, MessagePurpose, Timeline};

/// Every request to somebody, in the order of time. A request to an agent counts when the agent
/// confirms it; a role answers by acknowledging, joining, writing, or getting to work.
pub(super) fn requests(timeline: &Timeline) -> Vec<RequestResult> {
    let events = &timeline.events;
    let mut found = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let K::MessageSent { channel, purpose: MessagePurpose::Request } = &event.kind else {
            continue;
        };
        for to in &event.about {
            let answer = events[index + 1..].iter().find(|later| answers(later, to));
            found.push(RequestResult {
                to: to.clone(),
                by: event.by.clone(),
                channel: channel.clone(),
                at: event.at,
                answered: answer.map(|answer| answer.at),
                evidence: std::iter::once(event.id).chain(answer.map(|a| a.id)).collect(),
            });
        }
    }
    found
}

fn answers(event: &Event, who: &Ref) -> bool {
    if event.by.as_ref() != Some(who) {
        return false;
    }
    match &event.kind {
        K::MessageSent { purpose, .. } => {
            *purpose == MessagePurpose::Confirmation || who.kind != EntityKind::Agent
        }
        K::Acknowledged { .. } | K::Joined {} | K::RoleTaken { .. } | K::StepStarted { .. } => {
            who.kind != EntityKind::Agent
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;
    use crate::units::SimTime;

    fn event(id: u32, kind: K, about: Vec<Ref>, by: Option<Ref>) -> Event {
        let at = SimTime::from_ms(i64::from(id) * 60_000);
        Event { id, at, known_at: at, kind, about, by, uncertainty: None, note: None }
    }

    fn message(purpose: MessagePurpose) -> K {
        K::MessageSent { channel: Name::from("coord"), purpose }
    }

    #[test]
    fn an_agent_confirms_and_a_role_gets_to_work() {
        let (agent, role) =
            (Ref::new(EntityKind::Agent, &"movie".into()), Ref::role(&"lead".into()));
        let pm = Some(Ref::role(&"pm".into()));
        let ask = |id, who: &Ref| {
            event(id, message(MessagePurpose::Request), vec![who.clone()], pm.clone())
        };
        let mut timeline = crate::score::requests::tests::empty();
        timeline.events = vec![
            ask(1, &agent),
            event(2, message(MessagePurpose::Update), vec![], Some(agent.clone())),
            ask(3, &role),
            event(4, K::Joined {}, vec![], Some(role.clone())),
            ask(5, &role),
        ];
        let found = requests(&timeline);
        let answered: Vec<Option<i64>> =
            found.iter().map(|one| one.answered.map(|at| at.ms() / 60_000)).collect();
        assert_eq!(answered, [None, Some(4), None], "an update confirms nothing");
        timeline.events.push(event(6, message(MessagePurpose::Confirmation), vec![], Some(agent)));
        assert_eq!(requests(&timeline)[0].answered.map(|at| at.ms() / 60_000), Some(6));
        assert_eq!(requests(&timeline)[0].evidence, [1, 6]);
    }

    fn empty() -> Timeline {
        let text = "{\"schema\":\"drill.timeline/1\",\"title\":\"t\",\"source\":\"recorded\",\
                    \"zone\":\"UTC\",\"start\":\"1970-01-01T00:00:00Z\",\
                    \"end\":\"1970-01-01T01:00:00Z\"}\n";
        crate::timeline::read_jsonl(&crate::diag::SourceText::new("t.jsonl", text)).unwrap()
    }
}
