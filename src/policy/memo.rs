//! Answers that were given before, found again by what their function reads.
//!
//! **Why this is exact**: an entry function is pure, so its answer depends on nothing but the
//! values it read. Every getter marks what it reads ([`reads`]); an answer is kept under the
//! values of everything its function ever read, of all entities. A snapshot with the same values
//! makes the script take the same way to the same answer. When a function reads something new,
//! its older keys are too short, and all its answers are forgotten. Of a number that scripts only
//! compare with fixed numbers, the key has its place among those (`scale`), so that an answer is
//! found again until a fact crosses one of them.

use std::collections::BTreeMap;

use super::scale::Scales;
use super::snapshot::Snapshot;
use crate::model::Name;

/// What a getter reads, as bits. The names of services and agents, which agents block
/// development, and their numbers are always part of the question; see [`Memo::forget`].
pub(super) mod reads {
    use crate::timeline::SIGNALS;

    /// The signal of every agent with this index.
    pub(in super::super) const fn agent_signal(index: usize) -> u64 {
        1 << index
    }

    const _: () = assert!(SIGNALS <= 40, "the bits of signals and other facts are distinct");

    /// All signals of all agents.
    pub(in super::super) const AGENT_SIGNALS: u64 = (1 << SIGNALS) - 1;
    /// Names and numbers only.
    pub(in super::super) const NAMES: u64 = 0;
    /// Which agents were reported.
    pub(in super::super) const REPORTED: u64 = 1 << 40;
    /// State of each service.
    pub(in super::super) const STATE: u64 = 1 << 41;
    /// Latency of each service.
    pub(in super::super) const LATENCY: u64 = 1 << 42;
    /// The worst latency and the least traffic of all services.
    pub(in super::super) const EXTREMES: u64 = 1 << 43;
    /// Traffic of each service.
    pub(in super::super) const TRAFFIC: u64 = 1 << 44;
    /// Page alerts of each service.
    pub(in super::super) const PAGES: u64 = 1 << 45;
    /// How long services have been in their state.
    pub(in super::super) const STATE_TIMES: u64 = 1 << 46;
    /// Signals about the whole system.
    pub(in super::super) const SYSTEM: u64 = 1 << 47;
    /// How many agents hang.
    pub(in super::super) const HUNG: u64 = 1 << 48;
    /// Whether the response was acknowledged and declared.
    pub(in super::super) const ANSWERED: u64 = 1 << 49;
    /// How long ago the incident was detected.
    pub(in super::super) const DETECTED_AGO: u64 = 1 << 50;
    /// Of which agents anything is known.
    pub(in super::super) const OBSERVED: u64 = 1 << 51;
    /// Which services have been in their state for long.
    pub(in super::super) const SETTLED: u64 = 1 << 52;
    /// Which services have failed.
    pub(in super::super) const FAILED: u64 = 1 << 53;
    /// The degraded mode of each service.
    pub(in super::super) const MODE: u64 = 1 << 54;
    /// Ticket alerts of each service.
    pub(in super::super) const TICKETS: u64 = 1 << 55;
    /// How many services page.
    pub(in super::super) const PAGING: u64 = 1 << 56;
    /// How many services are degraded.
    pub(in super::super) const DEGRADED: u64 = 1 << 57;
    /// How many services have failed.
    pub(in super::super) const FAILED_TOTAL: u64 = 1 << 58;
    /// The severity in force.
    pub(in super::super) const SEVERITY: u64 = 1 << 59;
    /// Whether the incident is detected, mitigated and resolved.
    pub(in super::super) const STAGES: u64 = 1 << 60;
    /// The highest escalation level started.
    pub(in super::super) const LEVEL: u64 = 1 << 61;
    /// The playbook triggers of the findings so far.
    pub(in super::super) const TRIGGERS: u64 = 1 << 62;
    /// The findings so far.
    pub(in super::super) const FINDINGS: u64 = 1 << 63;
    /// Anything; what a getter reads that says nothing.
    pub(in super::super) const ALL: u64 = u64::MAX;
}

/// Answers kept of one function; then they are forgotten, which bounds the memory.
const ANSWERS_MAX: usize = 1024;

/// Words that were given numbers; there are more only if somebody invents them at run time.
const WORDS_MAX: usize = 4096;

/// Numbers for words, so that a key is a list of numbers and equal only if the words are.
#[derive(Debug, Default)]
pub(super) struct Words(BTreeMap<Name, u64>);

impl Words {
    /// The number of a word.
    pub(super) fn number(&mut self, word: &Name) -> u64 {
        if let Some(number) = self.0.get(word) {
            return *number;
        }
        let number = self.0.len() as u64 + 1;
        self.0.insert(word.clone(), number);
        number
    }
}

/// The answers of one function.
#[derive(Debug)]
pub(super) struct Memo<T> {
    reads: u64,
    answers: BTreeMap<Vec<u64>, T>,
    words: Words,
    key: Vec<u64>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self {
            reads: reads::NAMES,
            answers: BTreeMap::new(),
            words: Words::default(),
            key: Vec::new(),
        }
    }
}

impl<T: Clone> Memo<T> {
    /// The answer for `snapshot`, if it was given before.
    pub(super) fn find(&mut self, snapshot: &Snapshot, scales: &Scales) -> Option<T> {
        if self.answers.is_empty() {
            return None;
        }
        self.make_key(snapshot, scales);
        self.answers.get(self.key.as_slice()).cloned()
    }

    /// Keeps the answer for `snapshot`, whose function has just read `read`.
    pub(super) fn keep(&mut self, snapshot: &Snapshot, scales: &Scales, read: u64, answer: T) {
        if read & !self.reads != 0 {
            self.answers.clear();
            self.reads |= read;
        }
        if self.answers.len() >= ANSWERS_MAX || self.words.0.len() >= WORDS_MAX {
            self.answers.clear();
            self.words = Words::default();
        }
        self.make_key(snapshot, scales);
        self.answers.insert(self.key.clone(), answer);
    }

    /// Forgets all answers, as when the names of services or agents are others.
    pub(super) fn forget(&mut self) {
        self.answers.clear();
    }

    fn make_key(&mut self, snapshot: &Snapshot, scales: &Scales) {
        self.key.clear();
        snapshot.key(self.reads, scales, &mut self.words, &mut self.key);
    }
}
