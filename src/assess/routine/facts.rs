//! What was read from the machine for a check.

use crate::model::{Name, Text};
use crate::units::{SimDuration, SimTime};

/// A file without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFact {
    /// As the check names it.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last written.
    pub modified: SimTime,
    /// When it came into being, where the file system says so.
    pub created: Option<SimTime>,
}

/// A log with those it was rotated to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFact {
    /// The log.
    pub file: FileFact,
    /// What it was rotated to, `NAME.1` or `NAME-2026-01-01.gz`.
    pub rotated: Vec<FileFact>,
    /// Its size about a week before, and when that was.
    pub earlier: Option<(SimTime, u64)>,
}

/// A file that was read as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The file.
    pub file: FileFact,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// A restored archive beside what is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compared {
    /// Files with the same content.
    pub same: u64,
    /// Files with another content.
    pub changed: u64,
    /// Files of the archive that are not there any more.
    pub gone: u64,
}

/// What restoring an archive into a scratch folder gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The archive.
    pub archive: FileFact,
    /// Files restored.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries that would have left the folder, or are neither file nor folder.
    pub refused: Vec<String>,
    /// How many of them there are.
    pub refused_count: u64,
    /// Why the archive cannot be restored to its end.
    pub broken: Option<String>,
    /// What should be in it and is not.
    pub missing: Vec<String>,
    /// JSON files in it that do not parse.
    pub invalid: Vec<String>,
    /// Links in it; none is made.
    pub links: u64,
    /// Beside what is there now, where that was asked for.
    pub compared: Option<Compared>,
}

/// A command that ran, now or earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRun {
    /// When it began.
    pub at: SimTime,
    /// Its exit code; none when a signal ended it.
    pub status: Option<i32>,
    /// Whether it was ended because it took too long.
    pub timed_out: bool,
    /// How long it took.
    pub took: SimDuration,
    /// The last lines of its output.
    pub output: Vec<String>,
}

/// What was read for a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// No answer, and why.
    Unreadable(Text),
    /// Bytes used and bytes in all of a file system.
    Disk {
        /// Used, what only the system may use included.
        used: u64,
        /// In all.
        total: u64,
    },
    /// Bytes of each folder or file of a folder, the largest first.
    Folders {
        /// Name and bytes.
        folders: Vec<(String, u64)>,
        /// What could not be read.
        skipped: u64,
    },
    /// Files that fit a pattern, the newest first.
    Files(Vec<FileFact>),
    /// Logs that fit a pattern.
    Logs(Vec<LogFact>),
    /// Files that were read as JSON.
    Parsed(Vec<Parsed>),
    /// A restored archive.
    Restored(Restored),
    /// Each name with the processes that fit it.
    Processes(Vec<(Name, Vec<String>)>),
    /// A file with its text.
    Text(FileFact, String),
    /// A command that ran.
    Ran(CommandRun),
}
