//! The improvement plan: what went wrong, and what the person wants done about it.
//!
//! HSEEP asks of each area for improvement a corrective action, the capability element it is about
//! (planning, organisation, equipment, training, exercise), who is responsible, and until when.
//! Nothing is filled in for the person: what was not answered stays unknown.

use chrono::NaiveDate;

use super::command::clean;
use crate::diag::did_you_mean;
use crate::model::{Name, Pack};
use crate::score::{ADHERENCE, Rating, Scorecard, StepOutcome};
use crate::timeline::Header;

/// Areas that are asked about; the others are in the report.
const MOST: usize = 8;

/// The element of a capability that an action improves (HSEEP: POETE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Plans, policies, procedures.
    Planning,
    /// Roles, people, leadership.
    Organization,
    /// Tools and systems.
    Equipment,
    /// What people learn.
    Training,
    /// What is rehearsed.
    Exercise,
}

impl Element {
    /// All elements, in HSEEP's order.
    pub const ALL: [Self; 5] =
        [Self::Planning, Self::Organization, Self::Equipment, Self::Training, Self::Exercise];

    /// The word that is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Organization => "organization",
            Self::Equipment => "equipment",
            Self::Training => "training",
            Self::Exercise => "exercise",
        }
    }

    const fn ja(self) -> &'static str {
        match self {
            Self::Planning => "計画",
            Self::Organization => "組織",
            Self::Equipment => "装備",
            Self::Training => "訓練",
            Self::Exercise => "演習",
        }
    }

    fn read(word: &str) -> Option<Self> {
        let lower = word.to_lowercase();
        let named = |element: &Self| {
            let whole = element.as_str();
            let begins = lower.len() >= 2 && whole.starts_with(&lower);
            begins || lower == "organisation" && *element == Self::Organization
        };
        Self::ALL.into_iter().find(|e| named(e) || e.ja() == word)
    }
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// A hard gate failed: its word.
    Gate(Name),
    /// A target was missed: the measure.
    Measure(Name),
    /// A report lacked fields: the duty.
    Duty(Name),
    /// A step was left out: its index in the scorecard.
    Step(usize),
    /// A rule was broken: its index in the scorecard.
    Violation(usize),
}

/// What is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Improvement {
    /// The area.
    pub area: Area,
    /// The capability it belongs to; `None` for the response as a whole.
    pub capability: Option<Name>,
    /// Corrective action.
    pub action: Option<String>,
    /// Kind of the action in the pack, typed before it: `monitoring: probe the login`.
    pub kind: Option<Name>,
    /// Capability element.
    pub element: Option<Element>,
    /// Who is responsible.
    pub owner: Option<String>,
    /// Until when.
    pub due: Option<NaiveDate>,
}

/// A field of the improvement plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Corrective action.
    Action,
    /// Capability element.
    Element,
    /// Who is responsible.
    Owner,
    /// Until when.
    Due,
}

const FIELDS: [Field; 4] = [Field::Action, Field::Element, Field::Owner, Field::Due];

/// Why an answer was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misanswer {
    /// Not an element; the nearest one.
    Element(Option<&'static str>),
    /// Not a date.
    Date,
    /// The date lies before the exercise.
    Past,
}

/// The questions after the end.
#[derive(Debug, Clone)]
pub struct Debrief {
    plan: Vec<Improvement>,
    kinds: Vec<Name>,
    next: usize,
    held_on: NaiveDate,
}

impl Debrief {
    /// The questions that the scorecard of an exercise leads to.
    pub fn new(card: &Scorecard, pack: &Pack, header: &Header) -> Self {
        let held_on = header.start.local(header.zone).date_naive();
        let mut plan: Vec<Improvement> = Vec::new();
        let mut add = |area: Area, capability: Option<Name>| {
            plan.push(Improvement {
                area,
                capability,
                action: None,
                kind: None,
                element: None,
                owner: None,
                due: None,
            });
        };
        let of = |task: &str| {
            let has = |c: &&crate::model::Capability| c.measures.iter().any(|m| **m == *task);
            pack.capabilities.iter().find(has).map(|c| c.name.clone())
        };
        for (gate, _) in &card.overall.gates {
            add(Area::Gate(gate.clone()), None);
        }
        let missed = card.measures.iter().filter(|measure| {
            matches!(measure.rating, Rating::M | Rating::U) && !measure.below_floor
        });
        let mut missed: Vec<_> = missed.collect();
        missed.sort_by_key(|measure| std::cmp::Reverse(measure.rating));
        for measure in missed {
            add(Area::Measure(measure.name.clone()), of(&measure.name));
        }
        for (index, step) in card.steps.iter().enumerate() {
            if step.critical && step.outcome == StepOutcome::Skipped {
                add(Area::Step(index), of(ADHERENCE));
            }
        }
        // What was not due yet says nothing.
        let due = |duty: &&crate::score::DutyResult| {
            !duty.missing.is_empty() && duty.due.is_some_and(|due| due <= header.end)
        };
        for duty in card.duties.iter().filter(due) {
            let to = format!("duty:{}", duty.duty);
            let measure = pack.measures.iter().find(|measure| *measure.to == *to);
            add(Area::Duty(duty.duty.clone()), measure.and_then(|measure| of(&measure.name)));
        }
        for index in 0..card.violations.len() {
            add(Area::Violation(index), of(ADHERENCE));
        }
        plan.truncate(MOST);
        let kinds = pack.action_kinds().into_iter().cloned().collect();
        Self { plan, kinds, next: 0, held_on }
    }

    /// What is asked now: which area, and which field of it; `None` when all is asked.
    pub fn question(&self) -> Option<(&Improvement, Field)> {
        let area = self.plan.get(self.next / FIELDS.len())?;
        Some((area, FIELDS[self.next % FIELDS.len()]))
    }

    /// Number of the area asked about, from 1, and of all.
    pub fn place(&self) -> (usize, usize) {
        (self.next / FIELDS.len() + 1, self.plan.len())
    }

    /// Takes an answer; an empty one, or `-`, leaves the field unknown.
    ///
    /// # Errors
    /// When it cannot be an answer; the question stands.
    pub fn answer(&mut self, line: &str) -> Result<(), Misanswer> {
        let text = clean(line);
        let Some(area) = self.plan.get_mut(self.next / FIELDS.len()) else { return Ok(()) };
        if !text.is_empty() && text != "-" {
            match FIELDS[self.next % FIELDS.len()] {
                Field::Action => (area.kind, area.action) = kind_of(&self.kinds, &text),
                Field::Owner => area.owner = Some(text),
                Field::Element => {
                    let words = Element::ALL.map(Element::as_str);
                    let near = || did_you_mean(&text, words);
                    let near = || words.into_iter().find(|word| Some(*word) == near());
                    let element = Element::read(&text);
                    area.element = Some(element.ok_or_else(|| Misanswer::Element(near()))?);
                }
                Field::Due => {
                    let due = NaiveDate::parse_from_str(&text, "%Y-%m-%d");
                    let due = due.map_err(|_| Misanswer::Date)?;
                    if due < self.held_on {
                        return Err(Misanswer::Past);
                    }
                    area.due = Some(due);
                }
            }
        }
        self.next += 1;
        Ok(())
    }

    /// The plan, as far as it was answered.
    pub fn plan(self) -> Vec<Improvement> {
        self.plan
    }
}

/// The kind that stands before an action, and the action.
fn kind_of(kinds: &[Name], text: &str) -> (Option<Name>, Option<String>) {
    let split = text.split_once(':').or_else(|| text.split_once('：'));
    let named = split.and_then(|(word, rest)| {
        let word = word.trim().replace([' ', '-'], "_").to_lowercase();
        let kind = kinds.iter().find(|kind| **kind == *word)?;
        (!rest.trim().is_empty()).then(|| (Some(kind.clone()), Some(rest.trim().to_owned())))
    });
    named.unwrap_or_else(|| (None, Some(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_may_stand_before_an_action() {
        let kinds = ["monitoring", "auto_recovery"].map(Name::from);
        let read = |text: &str| {
            let (kind, action) = kind_of(&kinds, text);
            (kind.map(|kind| kind.to_string()).unwrap_or_default(), action.unwrap())
        };
        let both = |kind: &str, action: &str| (kind.to_owned(), action.to_owned());
        assert_eq!(read("monitoring: probe it"), both("monitoring", "probe it"));
        assert_eq!(read("Auto-recovery：再起動"), both("auto_recovery", "再起動"));
        assert_eq!(read("note: call the vendor"), both("", "note: call the vendor"));
        assert_eq!(read("monitoring:"), both("", "monitoring:"));
    }
}
