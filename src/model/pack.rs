//! A policy pack: severities, escalation, duties, playbooks, capabilities and targets.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::name::{Name, Text};
use super::playbook::Playbook;
use super::vocabulary::words;
use crate::units::SimDuration;

/// 128-bit hash of a file's or folder's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub u128);

impl ContentHash {
    /// The hash of `bytes` (XXH3, 128 bits).
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxhash_rust::xxh3::xxh3_128(bytes))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One severity level. Packs list them from the most to the least severe.
#[derive(Debug, Clone, PartialEq)]
pub struct Severity {
    /// Unique within the pack (`critical`).
    pub level: Name,
    /// Title for people.
    pub title: Text,
    /// From `detected` to the first action; `None` where a review deals with it.
    pub respond_within: Option<SimDuration>,
    /// Whether anybody is paged.
    pub pages: bool,
}

/// A channel: a place within a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Unique within the pack (`urgent`).
    pub name: Name,
    /// How people write it (`#cinecom-urgent`).
    pub address: Name,
    /// Title for people, where the address is a description.
    pub title: Option<Text>,
    /// Tool of the system that carries it.
    pub tool: Name,
    /// Tried in this order when the tool does not carry the message; names of channels.
    pub fallback: Vec<Name>,
    /// How long a message takes to be read there; without it, as long as its kind of tool takes.
    pub delay: Option<Delay>,
}

/// How long a message takes on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// At least.
    pub min: SimDuration,
    /// At most.
    pub max: SimDuration,
    /// Not from the source document but the pack author's choice; outputs say so.
    pub assumed: bool,
}

/// One level of escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationLevel {
    /// From 1.
    pub level: u32,
    /// Title for people.
    pub title: Text,
    /// Who starts it.
    pub from: Name,
    /// Who is told.
    pub to: Vec<Name>,
    /// All of these must carry it.
    pub channels: Vec<Name>,
    /// Only a human may start it.
    pub human_only: bool,
}

words! {
    /// Who a duty informs.
    Audience {
        /// Inside the organisation.
        Internal => "internal",
        /// Users and partners.
        External => "external",
    }
}

/// A required field of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Unique within the duty.
    pub id: Name,
    /// Title for people.
    pub title: Text,
    /// It may say "hypothesis" or "not yet known"; the report is then preliminary.
    pub may_be_preliminary: bool,
}

/// A report that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Unique within the pack (`immediate`); a measure's `duty:ID`.
    pub id: Name,
    /// Title for people.
    pub title: Text,
    /// Clock starts at this milestone.
    pub from: Name,
    /// Due this long after it.
    pub within: SimDuration,
    /// Who is informed.
    pub audience: Audience,
    /// Required fields.
    pub fields: Vec<Field>,
    /// Channels by severity level; the duty applies to the levels named here.
    pub channels: BTreeMap<Name, Vec<Name>>,
}

/// A target of a measure at one severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Met when the value is at most this.
    pub within: SimDuration,
    /// Not from the source document but the pack author's choice; outputs say so.
    pub assumed: bool,
}

/// How the gap allowed between updates grows with the time since the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengthening {
    /// From this long after the first update on ...
    pub after: SimDuration,
    /// ... the next may be announced for as long ahead as this.
    pub within: SimDuration,
}

/// A response time that is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Unique within the pack (`detect`).
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// A milestone, `duty:ID` or `step:ID`.
    pub from: Name,
    /// A milestone, `duty:ID` or `step:ID`.
    pub to: Name,
    /// Targets by severity level; without one the value is shown, not rated.
    pub targets: BTreeMap<Name, Target>,
    /// The largest gap between updates after `to`, instead of the time from `from` to `to`.
    pub cadence: bool,
    /// Longer gaps that count as met where the update before announced them, ascending.
    pub lengthens: Vec<Lengthening>,
}

impl Measure {
    /// The gap allowed after an update that came `age` after the first: the target, or what the
    /// update announced as far as that is within what the pack allows at that age.
    pub fn gap_allowed(
        lengthens: &[Lengthening],
        target: SimDuration,
        age: SimDuration,
        announced: Option<SimDuration>,
    ) -> SimDuration {
        let longest = lengthens.iter().filter(|longer| age >= longer.after);
        let longest = longest.map(|longer| longer.within).fold(target, SimDuration::max);
        announced.map_or(target, |announced| announced.clamp(target, longest))
    }
}

/// A capability with its critical tasks (HSEEP).
#[derive(Debug, Clone, PartialEq)]
pub struct Capability {
    /// Unique within the pack (`detection`).
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// Share of 100.
    pub weight: f64,
    /// Measures that are its critical tasks; `adherence` stands for the sequence check.
    pub measures: Vec<Name>,
    /// Only in drills of this frequency (`monthly`, `quarterly`), or in all.
    pub frequency: Option<Name>,
}

words! {
    /// A hard gate: once failed, the overall rating cannot exceed M.
    Gate {
        /// No page was acknowledged by the end.
        NoAck => "no_ack",
        /// Severity wrong by two levels or more for over 15 min.
        WrongSeverity => "wrong_severity",
        /// A destructive action without backup or approval.
        Destructive => "destructive",
        /// Mitigation was claimed while the SLI was still bad.
        FalseMitigation => "false_mitigation",
        /// Secrets or customer data were posted.
        SecretPosted => "secret_posted",
        /// An action that is unsafe by a rule of the pack.
        Unsafe => "unsafe",
        /// A script of the pack failed and its fallback decided: the drill says little about it.
        PolicyFailed => "policy_failed",
    }
}

/// The order in which services are recovered; equal ranks in any order or together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priority {
    /// Service name.
    pub service: Name,
    /// From 1, first recovered first.
    pub rank: u32,
}

/// A policy pack, without the compiled scripts (those are the `policy` module's).
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// Unique name.
    pub name: Name,
    /// Title for people.
    pub title: Text,
    /// Version of the source document.
    pub version: Name,
    /// Date of the source document.
    pub date: Name,
    /// When the document is to be reviewed; `None` is unknown until a person sets it.
    pub next_review: Option<Name>,
    /// Related documents that are not among the sources.
    pub documents: Vec<Name>,
    /// Severities, most severe first.
    pub severities: Vec<Severity>,
    /// Taken, and marked, when a script fails.
    pub fallback_severity: Name,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Escalation levels, from 1.
    pub levels: Vec<EscalationLevel>,
    /// Reports that are due.
    pub duties: Vec<Duty>,
    /// Recovery order.
    pub priorities: Vec<Priority>,
    /// Procedures.
    pub playbooks: Vec<Playbook>,
    /// What is measured.
    pub measures: Vec<Measure>,
    /// What is evaluated.
    pub capabilities: Vec<Capability>,
    /// Hard gates in force.
    pub gates: Vec<Gate>,
    /// Interval of the periodic health check by the PM.
    pub health_check_every: SimDuration,
    /// Choices where the document names no figure, for people.
    pub decisions: Vec<Text>,
    /// What scripts say, in both languages; `{}` stands for what varies. Scripts say `en`, and
    /// reports in Japanese say `ja` instead.
    pub texts: Vec<Text>,
    /// Scripts as `(path within the pack, text)`, ascending by path.
    pub scripts: Vec<(Name, Name)>,
    /// Hash over `pack.toml` and all scripts.
    pub hash: ContentHash,
}

impl Pack {
    /// Rank of a severity level: 0 is the most severe.
    pub fn rank(&self, level: &str) -> Option<usize> {
        self.severities.iter().position(|severity| &*severity.level == level)
    }

    /// The day on which the document is to be reviewed, where a person set one.
    pub fn next_review_day(&self) -> Option<chrono::NaiveDate> {
        self.next_review.as_ref()?.parse().ok()
    }

    /// The playbook for a trigger.
    pub fn playbook(&self, trigger: super::Trigger) -> Option<&Playbook> {
        self.playbooks.iter().find(|playbook| playbook.trigger == trigger)
    }

    /// The channel `name`.
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| &*channel.name == name)
    }
}
