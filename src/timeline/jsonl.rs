//! Reading and writing timelines as JSON lines.
