//! Following a file that grows and is rotated: what it got since the last look, once.
//!
//! A file that is renamed away is read on through its handle until it is quiet, and one that was
//! copied and truncated is finished from its copy, which is told by its content. A file that came
//! and was rotated away between two looks is not known to be of the same log, and is left alone.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use polars::error::abort::{
    catch_polars_abort, register_polars_abort_mechanism, try_raise_polars_abort,
};
use xxhash_rust::xxh3::Xxh3Default;

use super::error::Error;
use super::file_report::{FileReport, FileState, IngestOptions};
use super::prefix::{Known, Left};
use super::workspace::Streams;
use crate::diag::Diagnostic;
use crate::model::StreamDefinition;

/// Looks at a renamed file without anything new in it before it is let go: its writer may go on
/// with it for a while.
const QUIET_LOOKS: u32 = 30;
/// Bytes before the place that are compared to see that the file was not rewritten.
const TAIL: u64 = 4096;

/// How far an open file was read.
pub(super) struct Place {
    file: File,
    inode: (u64, u64),
    /// The file's number in the store, the bytes read, their hash.
    known: Option<(u32, u64, Xxh3Default)>,
    /// The last bytes that were read.
    tail: Vec<u8>,
    /// It was seen to be shorter than what was read of it.
    cut: bool,
    quiet: u32,
}

impl Place {
    fn new(file: File, path: &Path) -> Result<Self, Error> {
        let metadata = file.metadata().map_err(|source| wrap(path, source))?;
        let inode = (metadata.dev(), metadata.ino());
        Ok(Self { file, inode, known: None, tail: Vec::new(), cut: false, quiet: 0 })
    }

    /// The content from `from` on.
    pub(super) fn open(&self, path: &Path, from: u64) -> Result<Box<dyn Read>, Error> {
        // The clone shares its position with the handle, which nobody else reads from meanwhile.
        let mut file = self.file.try_clone().map_err(|source| wrap(path, source))?;
        file.seek(SeekFrom::Start(from)).map_err(|source| wrap(path, source))?;
        Ok(Box::new(file))
    }

    /// What is left to read, when the store has the file as it was left.
    pub(super) fn left(&self, known: &[Known], path: &Path) -> Result<Option<Left>, Error> {
        let Some((id, bytes, hasher)) = &self.known else { return Ok(None) };
        let index = known.iter().position(|one| one.id == *id && one.bytes == *bytes);
        let left = |index| {
            let reader = self.open(path, *bytes)?;
            Ok(Left { index, hasher: hasher.clone(), reader })
        };
        index.map(left).transpose()
    }

    pub(super) fn leave(&mut self, file: u32, bytes: u64, hasher: Xxh3Default) {
        // Where nothing was read, the tail stays: what is there now may be another file's begin.
        if self.known.is_none() || self.bytes() != bytes {
            match self.tail_before(bytes) {
                Ok(tail) if tail.len() as u64 == bytes.min(TAIL) && !self.is_rewritten() => {
                    self.tail = tail;
                }
                // Emptied right after it was read: the next look must see that, not this tail.
                _ => self.cut = true,
            }
        }
        self.known = Some((file, bytes, hasher));
    }

    fn bytes(&self) -> u64 {
        self.known.as_ref().map_or(0, |(_, bytes, _)| *bytes)
    }

    fn tail_before(&self, bytes: u64) -> std::io::Result<Vec<u8>> {
        let from = bytes.saturating_sub(TAIL);
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        file.take(bytes - from).read_to_end(&mut tail)?;
        Ok(tail)
    }

    /// Whether what was read of it is no longer there.
    pub(super) fn is_rewritten(&self) -> bool {
        self.cut || self.tail_before(self.bytes()).map_or(true, |tail| tail != self.tail)
    }

    /// Whether there is anything behind the place.
    fn has_more(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.len() > self.bytes())
    }
}

/// What one look at a followed file found.
#[derive(Debug, Default)]
pub struct Look {
    /// What was read, file by file.
    pub reports: Vec<FileReport>,
    /// The file was emptied, and no copy of it goes on where it was read to: what was written to
    /// it between the last look and that is lost to drill.
    pub no_copy: bool,
}

/// Follows one file.
pub struct Follower<'a> {
    streams: &'a Streams,
    path: PathBuf,
    stream: StreamDefinition,
    now: Option<Place>,
    /// Renamed files whose writers may not have let them go.
    old: Vec<Place>,
    started: bool,
}

impl<'a> Follower<'a> {
    /// A follower of `path`, which need not be there yet.
    pub fn new(streams: &'a Streams, path: &Path, stream: StreamDefinition) -> Self {
        let (path, now, old) = (path.to_owned(), None, Vec::new());
        Self { streams, path, stream, now, old, started: false }
    }

    /// Reads what is new, as one batch per file. The last line waits for its end.
    ///
    /// # Errors
    /// As [`Streams::ingest`]; also for a compressed file. Nothing is lost then: the next look
    /// begins where the last one that worked ended.
    pub fn look(&mut self, options: IngestOptions) -> Result<Look, Error> {
        let options = IngestOptions { whole_lines: true, only_known: false, ..options };
        let mut look = Look::default();
        if !std::mem::replace(&mut self.started, true) {
            // It may have been rotated while nobody looked.
            self.copies(options, &mut look)?;
        }
        for i in 0..self.old.len() {
            // A file that its writer let go gets no end to its last line any more.
            let whole_lines = self.old[i].quiet + 1 < QUIET_LOOKS;
            self.read(Some(i), IngestOptions { whole_lines, ..options }, &mut look)?;
        }
        self.old.retain(|place| place.quiet < QUIET_LOOKS);
        let inode = match std::fs::metadata(&self.path) {
            Ok(metadata) => Some((metadata.dev(), metadata.ino())),
            // Between the renaming of a file and the making of the next there is none.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(wrap(&self.path, source)),
        };
        if let Some(place) = self.now.take_if(|place| Some(place.inode) != inode) {
            self.old.push(place);
            self.read(Some(self.old.len() - 1), options, &mut look)?;
        }
        if self.now.as_ref().is_some_and(Place::is_rewritten) {
            let known = self.now.take().and_then(|place| place.known);
            let found = self.copies(options, &mut look)?;
            look.no_copy = known.is_some_and(|(id, ..)| !found.contains(&id));
        }
        if self.now.is_none() && inode.is_some() {
            self.now = open(&self.path)?;
        }
        self.read(None, options, &mut look)?;
        Ok(look)
    }

    /// Reads the file at hand, or an old one.
    fn read(
        &mut self,
        old: Option<usize>,
        options: IngestOptions,
        look: &mut Look,
    ) -> Result<(), Error> {
        let place = match old {
            Some(i) => self.old.get_mut(i),
            None => self.now.as_mut(),
        };
        let Some(place) = place else { return Ok(()) };
        if !place.has_more() {
            place.quiet += 1;
            return Ok(());
        }
        let read = self.streams.ingest_from(&self.path, &self.stream, options, Some(place));
        let report = match read {
            Ok(report) => report,
            // Emptied between the look and the reading: nothing was kept, and the next look sees
            // it.
            Err(_) if place.is_rewritten() => return Ok(()),
            Err(error) => return Err(error),
        };
        place.quiet = if report.lines > 0 { 0 } else { place.quiet + 1 };
        if report.lines > 0 {
            look.reports.push(report);
        }
        Ok(())
    }

    /// Finishes what was copied or renamed away: files beside it whose names begin with its name,
    /// as far as they go on with what the store knows. A copy that is still being made is shorter
    /// than that and is left alone. The numbers of those that the store knows.
    fn copies(&mut self, options: IngestOptions, look: &mut Look) -> Result<Vec<u32>, Error> {
        let mut found = Vec::new();
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Ok(found);
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(found) };
        let name = name.to_string_lossy();
        let is_copy = |path: &PathBuf| {
            let other = path.file_name().unwrap_or_default().to_string_lossy();
            other.len() > name.len() && other.starts_with(&*name) && path.is_file()
        };
        let mut copies: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(is_copy).collect();
        copies.sort();
        let options = IngestOptions { only_known: true, whole_lines: false, ..options };
        for path in copies {
            let report = self.streams.ingest(&path, &self.stream, options)?;
            found.extend(report.file);
            if report.state == FileState::Grown && report.lines > 0 {
                look.reports.push(report);
            }
        }
        Ok(found)
    }
}

fn open(path: &Path) -> Result<Option<Place>, Error> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(wrap(path, source)),
    };
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic).map_err(|source| wrap(path, source))?;
    if magic.starts_with(&[0x1f, 0x8b]) || magic == [0x28, 0xb5, 0x2f, 0xfd] {
        let message = format!("`{}` is compressed and cannot be followed", path.display());
        let help = "follow the file that is written to, and ingest this one without `--follow`";
        return Err(Error::Refused(
            Diagnostic::error("ingest::follow-compressed", message).help(help).into(),
        ));
    }
    Place::new(file, path).map(Some)
}

fn wrap(path: &Path, source: std::io::Error) -> Error {
    Error::File { path: path.to_owned(), source }
}

/// Runs `work` with a question whether the user pressed Ctrl-C; the process is not ended by it
/// meanwhile.
pub fn while_interruptible<R>(work: impl FnOnce(&dyn Fn() -> bool) -> R) -> Option<R> {
    register_polars_abort_mechanism();
    let interrupted = || catch_polars_abort(try_raise_polars_abort).is_err();
    catch_polars_abort(AssertUnwindSafe(|| work(&interrupted))).ok()
}
