//! The instant of samples that have none.

use std::path::Path;
use std::str::FromStr;

use super::ui::Failure;
use crate::units::SimTime;

/// When samples without an instant were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SampleTime {
    /// Then.
    At(SimTime),
    /// When their file was last changed.
    Modified,
}

impl FromStr for SampleTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "modified" {
            return Ok(Self::Modified);
        }
        let at = text.parse().map(Self::At);
        at.map_err(|error| format!("{error}; or `modified` for the time of the file"))
    }
}

impl SampleTime {
    /// The instant for the samples of a file.
    pub(super) fn of(self, path: &Path) -> Result<SimTime, Failure> {
        let Self::At(at) = self else {
            let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
            let changed = changed.map_err(|error| Failure::file(path, error))?;
            let changed = chrono::DateTime::<chrono::Utc>::from(changed);
            return Ok(SimTime::from_ms(changed.timestamp_millis()));
        };
        Ok(at)
    }
}
