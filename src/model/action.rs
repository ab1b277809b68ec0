//! Improvement actions that a team keeps from one drill to the next.

use chrono::NaiveDate;

use super::name::Name;
use super::pack::Pack;
use crate::units::SimTime;

/// Most bytes of the text of an action.
pub const MAX_ACTION_BYTES: usize = 2000;

/// Where an action stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionState {
    /// Not done, and past its date.
    Overdue,
    /// Not done.
    Open,
    /// Done.
    Closed,
}

impl ActionState {
    /// The word in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// One improvement action: what is to be done after a drill, by whom, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Number within the workspace, from 1; people write `A-7`.
    pub number: u32,
    /// Trace hash of the drill it came from; empty for none.
    pub trace_hash: String,
    /// Scenario of that drill, or the title of an incident; empty for none.
    pub scenario: String,
    /// When it was filed.
    pub filed_at: SimTime,
    /// What is to be done.
    pub text: String,
    /// Kind in the pack, such as `monitoring`.
    pub kind: Option<String>,
    /// Who is responsible.
    pub owner: Option<String>,
    /// Until when.
    pub due: Option<NaiveDate>,
    /// When it was closed, and by whom.
    pub closed: Option<(NaiveDate, String)>,
}

impl Action {
    /// Where it stands on `day`: what is closed later is open on it, and what is due on a day is
    /// overdue from the next on.
    pub fn state(&self, day: NaiveDate) -> ActionState {
        match (&self.closed, self.due) {
            (Some((on, _)), _) if *on <= day => ActionState::Closed,
            (_, Some(due)) if due < day => ActionState::Overdue,
            _ => ActionState::Open,
        }
    }

    /// How people write its number.
    pub fn id(&self) -> String {
        format!("A-{}", self.number)
    }
}

/// The number of an action as people write it: `A-7`, `a7` or `7`.
pub fn action_number(text: &str) -> Option<u32> {
    let bare = text.trim_start_matches(['A', 'a']).trim_start_matches('-');
    bare.parse().ok().filter(|number| *number > 0)
}

impl Pack {
    /// The kinds of action that the pack's playbooks file, each once, in their order.
    pub fn action_kinds(&self) -> Vec<&Name> {
        let mut kinds: Vec<&Name> = Vec::new();
        for step in self.playbooks.iter().flat_map(|playbook| &playbook.steps) {
            if let Some(kind) = step.action_kind.as_ref().filter(|kind| !kinds.contains(kind)) {
                kinds.push(kind);
            }
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_overdue_from_the_day_after_its_date_until_it_is_closed() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 10, d).unwrap();
        let mut action = Action {
            number: 7,
            trace_hash: String::new(),
            scenario: String::new(),
            filed_at: SimTime::from_ms(0),
            text: "x".into(),
            kind: None,
            owner: None,
            due: Some(day(10)),
            closed: None,
        };
        assert_eq!(action.state(day(10)), ActionState::Open);
        assert_eq!(action.state(day(11)), ActionState::Overdue);
        action.closed = Some((day(12), "ito".into()));
        assert_eq!(action.state(day(11)), ActionState::Overdue);
        assert_eq!(action.state(day(12)), ActionState::Closed);
        for text in ["A-7", "a7", "7"] {
            assert_eq!(action_number(text), Some(action.number));
        }
        assert_eq!((action_number("A-0"), action_number("B7")), (None, None));
    }
}
