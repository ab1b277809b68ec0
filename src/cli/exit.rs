//! Exit codes. A failed drill and a broken file never share one.

/// It holds, or simply ran. A closed pipe counts as this too.
pub(super) const OK: u8 = 0;
/// A verdict that was asked for failed: `--fail-under`, `--require`, `rules test`.
pub(super) const FAILED: u8 = 1;
/// Bad usage or bad input.
pub(super) const USAGE: u8 = 2;
