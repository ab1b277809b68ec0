//! The timeline: one closed set of events for recorded, simulated and live incidents.
//!
//! A timeline is a header and events, ascending by `(at, id)`. Policies never see it; they see
//! [`Known`], the fold of the events that responders could know at an instant.
//!
//! **Invariant**: a [`Known`] never contains a ground-truth event or one from its future.

mod event;
mod hash;
mod header;
mod jsonl;
mod known;

pub use event::{Event, EventId, EventKind, MessagePurpose};
pub use hash::{TraceHash, TraceHasher};
pub use header::{Header, RequiredStep, Timeline};

pub use known::{AgentKnown, AlertKnown, Known, KnownSetup, SIGNALS, ServiceKnown};
