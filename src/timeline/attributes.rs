//! The attributes of each kind of event, as a table that readers check against and manuals show.

use crate::model::{DecisionKind, DetectionSource, FaultEffect, ServiceState, SignalKind};

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeType {
    /// A text or name.
    Text,
    /// An array of texts.
    Texts,
    /// A whole number that is not negative.
    Count,
    /// `true` or `false`.
    Flag,
    /// A finite number.
    Number,
    /// A reference such as `role:pm`.
    Reference,
    /// A state of a service.
    State,
    /// An effect of a fault.
    Effect,
    /// A source of detection.
    Source,
    /// A function of a policy.
    Function,
    /// A signal.
    Signal,
    /// What a message is for.
    Purpose,
    /// A window of an alert.
    Window,
}

impl AttributeType {
    /// The words allowed, for a closed set.
    pub fn words(self) -> Option<Vec<&'static str>> {
        let functions = |function: &DecisionKind| match function {
            DecisionKind::Detect => "detect",
            DecisionKind::Severity => "severity",
            DecisionKind::Escalate => "escalate",
            DecisionKind::Adherence => "adherence",
            DecisionKind::Rollback => "rollback",
            DecisionKind::Freeze => "freeze",
        };
        const FUNCTIONS: [DecisionKind; 6] = [
            DecisionKind::Detect,
            DecisionKind::Severity,
            DecisionKind::Escalate,
            DecisionKind::Adherence,
            DecisionKind::Rollback,
            DecisionKind::Freeze,
        ];
        Some(match self {
            Self::State => ServiceState::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Effect => FaultEffect::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Source => DetectionSource::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Signal => SignalKind::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Function => FUNCTIONS.iter().map(functions).collect(),
            Self::Purpose => vec!["notice", "request", "update", "confirmation", "convene"],
            Self::Window => vec!["long", "short"],
            _ => return None,
        })
    }

    /// How messages call it.
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Texts => "an array of texts",
            Self::Count => "a whole number that is not negative",
            Self::Flag => "`true` or `false`",
            Self::Number => "a finite number",
            Self::Reference => "a reference such as `role:pm`",
            _ => "a word",
        }
    }
}

/// One attribute of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its key.
    pub name: &'static str,
    /// What it holds.
    pub holds: AttributeType,
    /// Whether it may not be left out.
    pub required: bool,
}

const fn must(name: &'static str, holds: AttributeType) -> Attribute {
    Attribute { name, holds, required: true }
}

const fn may(name: &'static str, holds: AttributeType) -> Attribute {
    Attribute { name, holds, required: false }
}

use AttributeType as T;

const ALERT: &[Attribute] =
    &[must("slo", T::Text), must("tier", T::Text), must("severity", T::Text)];
const PAGE: &[Attribute] =
    &[must("page", T::Count), must("channel", T::Text), must("attempt", T::Count)];
const MESSAGE: &[Attribute] = &[must("channel", T::Text), must("purpose", T::Purpose)];
const STEP: &[Attribute] = &[
    must("step", T::Text),
    must("playbook", T::Text),
    may("phase", T::Count),
    may("attempt", T::Count),
];
const WHAT: &[Attribute] = &[must("what", T::Text)];
const SLO: &[Attribute] = &[must("slo", T::Text)];

/// Every kind with its attributes, in the documented order. Keys that all events have are not
/// listed: `id at known_at kind about by uncertainty_ms note`.
pub const KINDS: &[(&str, &[Attribute])] = &[
    ("fault_injected", &[must("fault", T::Text), must("effect", T::Effect), must("root", T::Flag)]),
    ("fault_cleared", &[must("fault", T::Text)]),
    ("service_state", &[must("state", T::State), may("mode", T::Text)]),
    ("sli_breached", SLO),
    ("sli_recovered", SLO),
    ("alert_pending", ALERT),
    (
        "alert_firing",
        &[
            must("slo", T::Text),
            must("tier", T::Text),
            must("severity", T::Text),
            may("budget_spent", T::Number),
            may("governed_by", T::Window),
        ],
    ),
    ("alert_resolved", ALERT),
    ("finding", &[must("rule", T::Text), must("source", T::Source), must("trigger", T::Text)]),
    (
        "decision",
        &[
            must("function", T::Function),
            may("level", T::Text),
            may("reasons", T::Texts),
            may("fallback", T::Flag),
        ],
    ),
    (
        "page_sent",
        &[
            must("page", T::Count),
            must("channel", T::Text),
            must("attempt", T::Count),
            must("level", T::Count),
        ],
    ),
    ("page_delivered", PAGE),
    ("page_failed", PAGE),
    ("acknowledged", &[may("page", T::Count)]),
    ("declared", &[must("level", T::Text)]),
    ("severity_changed", &[must("level", T::Text), may("reasons", T::Texts)]),
    ("role_taken", &[must("role", T::Text)]),
    ("joined", &[]),
    ("handed_over", &[must("what", T::Text), must("to", T::Reference)]),
    ("message_sent", MESSAGE),
    ("message_failed", MESSAGE),
    ("public_update", &[must("channel", T::Text), may("next_within_ms", T::Count)]),
    ("hypothesis", &[]),
    ("step_started", STEP),
    ("step_done", STEP),
    ("step_failed", STEP),
    ("step_skipped", &[must("step", T::Text), must("playbook", T::Text), may("reason", T::Text)]),
    ("rollback", &[must("option", T::Text), must("succeeded", T::Flag)]),
    ("approval_asked", WHAT),
    ("approval_given", WHAT),
    ("mitigated_claimed", &[]),
    ("resolved_claimed", &[]),
    ("stood_down", &[]),
    (
        "report_delivered",
        &[
            must("duty", T::Text),
            must("fields", T::Texts),
            may("preliminary", T::Texts),
            must("channels", T::Texts),
        ],
    ),
    (
        "action_filed",
        &[
            must("action", T::Text),
            must("action_kind", T::Text),
            may("owner", T::Text),
            may("due", T::Text),
        ],
    ),
    ("hint", &[may("step", T::Text)]),
    ("inject", &[must("inject", T::Text)]),
    ("observation", &[must("signal", T::Signal), must("value", T::Number)]),
    ("stopped", &[must("reason", T::Text)]),
];
