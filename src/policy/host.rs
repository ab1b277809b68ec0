//! What the functions of the host API share: the pack's words, the snapshot, the recorder.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, ImmutableString, Position};

use super::snapshot::Snapshot;
use crate::diag::did_you_mean;
use crate::model::{Name, Pack, Ref};

/// Scripts may make names at run time; beyond this many they are no longer shared.
const NAMES_MAX: usize = 4096;

/// A trace ends here, so that a loop cannot fill the memory.
const NOTES_MAX: usize = 2000;

/// What a registered function gives back.
pub(super) type Checked<T> = Result<T, Box<EvalAltResult>>;

/// A mistake that the host API found, with its remedy.
#[derive(Debug, Clone)]
pub(super) struct HostError {
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) help: Option<String>,
}

/// An error that stops the script.
pub(super) fn refuse(message: String, help: Option<String>) -> Box<EvalAltResult> {
    let error = HostError { message, help };
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE))
}

/// An unknown word among `known` ones.
pub(super) fn unknown<'a>(
    what: &str,
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Box<EvalAltResult> {
    let help = did_you_mean(word, known.clone()).map_or_else(
        || {
            let words: Vec<_> = known.map(|word| format!("`{word}`")).collect();
            format!("known: {}", words.join(", "))
        },
        |near| format!("did you mean `{near}`?"),
    );
    refuse(format!("unknown {what} `{word}`"), Some(help))
}

/// Shared by all registered functions of one thread.
pub(super) struct Host {
    /// Severity levels, most severe first.
    pub(super) levels: Vec<(Name, ImmutableString)>,
    /// Channels of the pack.
    pub(super) channels: Vec<Name>,
    /// Escalation levels of the pack.
    pub(super) escalation: Vec<u32>,
    /// What is known; refilled for every question.
    pub(super) snapshot: RefCell<Rc<Snapshot>>,
    /// What the function that runs has read so far; see [`super::memo::reads`].
    pub(super) read: Cell<u64>,
    names: RefCell<BTreeSet<Name>>,
    notes: RefCell<Vec<(Position, String)>>,
}

impl Host {
    /// The words of `pack`, nothing known.
    pub(super) fn new(pack: &Pack) -> Self {
        let levels = pack.severities.iter().map(|severity| {
            let level = &severity.level;
            (level.clone(), ImmutableString::from(level.as_str()))
        });
        Self {
            levels: levels.collect(),
            channels: pack.channels.iter().map(|c| c.name.clone()).collect(),
            escalation: pack.levels.iter().map(|level| level.level).collect(),
            snapshot: RefCell::new(Rc::new(Snapshot::default())),
            read: Cell::new(0),
            names: RefCell::new(BTreeSet::new()),
            notes: RefCell::new(Vec::new()),
        }
    }

    /// The shared name of `text`.
    pub(super) fn name(&self, text: &str) -> Name {
        let mut names = self.names.borrow_mut();
        if let Some(name) = names.get(text) {
            return name.clone();
        }
        let name = Name::from(text);
        if names.len() < NAMES_MAX {
            names.insert(name.clone());
        }
        name
    }

    /// Index of a severity level, 0 the most severe.
    pub(super) fn rank(&self, level: &str) -> Checked<usize> {
        let rank = self.levels.iter().position(|(name, _)| name == level);
        rank.ok_or_else(|| {
            unknown("severity level", level, self.levels.iter().map(|(name, _)| name.as_str()))
        })
    }

    /// The entity that `text` names; services and agents must exist.
    pub(super) fn reference(&self, text: &str) -> Checked<Ref> {
        let (kind, name) = text.split_once(':').unwrap_or(("", text));
        let snapshot = self.snapshot.borrow();
        let known = match kind {
            "service" => snapshot.services.iter().find_map(|s| s.about(name)),
            "agent" => snapshot.agents.iter().find_map(|a| a.about(name)),
            _ => {
                return text.parse().map_err(|error: crate::model::RefError| {
                    let help = "write `service:NAME`, `agent:NAME` or `system:NAME`, or give a \
                                service or agent itself";
                    refuse(error.to_string(), Some(help.into()))
                });
            }
        };
        known.cloned().ok_or_else(|| {
            let names: Vec<&str> = match kind {
                "service" => snapshot.services.iter().map(|s| s.name.as_str()).collect(),
                _ => snapshot.agents.iter().map(|a| a.name.as_str()).collect(),
            };
            unknown(kind, name, names.into_iter())
        })
    }

    /// Marks what a getter reads.
    pub(super) fn reads(&self, bits: u64) {
        self.read.set(self.read.get() | bits);
    }

    /// Adds to the trace.
    pub(super) fn note(&self, position: Position, what: String) {
        let mut notes = self.notes.borrow_mut();
        if notes.len() < NOTES_MAX {
            notes.push((position, what));
        }
    }

    /// The trace so far; it begins anew.
    pub(super) fn take_notes(&self) -> Vec<(Position, String)> {
        std::mem::take(&mut self.notes.borrow_mut())
    }
}
