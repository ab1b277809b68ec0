//! The timeline: one closed set of events for recorded, simulated and live incidents.
//!
//! A timeline is a header and events, ascending by `(at, id)`. Policies never see it; they see
//! [`Known`], the fold of the events that responders could know at an instant.
//!
//! **Invariant**: a [`Known`] never contains a ground-truth event or one from its future.

mod attributes;
mod event;
mod hash;
mod header;
mod jsonl;
mod known;
mod known_facts;
mod wire;

pub use attributes::{Attribute, AttributeType, KINDS};
pub use event::{Event, EventId, EventKind, MessagePurpose};
pub use hash::{TraceHash, TraceHasher};
pub use header::{Header, RequiredStep, TIMELINE_SCHEMA, Timeline, UNPUBLISHED};
pub use jsonl::{MAX_EVENTS, MAX_LINE_BYTES, read_jsonl, write_jsonl};
pub use wire::{Mistake, check_order, event_from_map, event_to_map, header_from_map};

pub use known::{AgentKnown, AlertKnown, FindingKnown, Known, KnownSetup, SIGNALS, ServiceKnown};
