//! The trace hash: 128 bits over the typed event stream.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};
use xxhash_rust::xxh3::Xxh3;

use super::event::Event;

/// Identifies a run's event stream, whatever the language, the text or the threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceHash(pub u128);

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for TraceHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Folds events, or the hashes of whole runs in seed order, into a [`TraceHash`].
#[derive(Default)]
pub struct TraceHasher(Sink);

#[derive(Default)]
struct Sink(Xxh3);

impl Hasher for Sink {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.digest()
    }
}

impl TraceHasher {
    /// Adds an event. Free text is left out: a note never changes a hash.
    pub fn event(&mut self, event: &Event) {
        let sink = &mut self.0;
        sink.write_u32(event.id);
        sink.write_i64(event.at.ms());
        sink.write_i64(event.known_at.ms());
        event.kind.hash(sink);
        event.about.hash(sink);
        event.by.hash(sink);
        sink.write_i64(event.uncertainty.map_or(-1, crate::units::SimDuration::ms));
    }

    /// Adds the hash of a whole run.
    pub fn run(&mut self, hash: TraceHash) {
        self.0.write(&hash.0.to_le_bytes());
    }

    /// The hash of what was added so far.
    pub fn finish(&self) -> TraceHash {
        TraceHash(self.0.0.digest128())
    }
}
