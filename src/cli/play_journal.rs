//! The journal of a game on disk: every line is there before it takes effect.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::ui::Failure;
use crate::diag::Diagnostic;
use crate::exercise::play::{Entry, JournalHead, read_journal};

/// The journal's file within the folder of its game.
pub(super) const JOURNAL: &str = "journal.jsonl";
/// A journal is read as a whole; a month at the keyboard fits.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The journal of a game under way.
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    bytes: Vec<u8>,
    /// Every line is brought to the disk by itself.
    synced: bool,
}

impl Journal {
    /// Begins the journal of a game in `folder`, which must not hold anything yet.
    pub(super) fn begin(folder: &Path, head: &JournalHead) -> Result<Self, Failure> {
        let path = folder.join(JOURNAL);
        if path.is_file() {
            let message = format!("`{}` holds a game already", folder.display());
            let help = format!(
                "go on with it by `drill run --resume {}`, or name another folder with --out",
                folder.display()
            );
            return Err(Diagnostic::error("play::begun", message).help(help).into());
        }
        fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
        let mut entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, error))?;
        if entries.next().is_some() {
            let message = format!("`{}` is not empty", folder.display());
            let help = "name another folder with --out, or empty this one";
            return Err(Diagnostic::error("run::foreign-folder", message).help(help).into());
        }
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).open(&path);
        let file = file.map_err(|error| Failure::file(&path, error))?;
        let mut journal = Self { file, path, bytes: Vec::new(), synced: true };
        journal.claim()?;
        let head = serde_json::to_string(head).map_err(io::Error::from);
        let head = head.map_err(|error| Failure::file(&journal.path, error))?;
        journal.put(head)?;
        let made = File::open(folder).and_then(|dir| dir.sync_all());
        made.map_err(|error| Failure::file(folder, error))?;
        Ok(journal)
    }

    /// Opens the journal of the game in `folder`; a line that was being written when its process
    /// ended is taken off.
    pub(super) fn open(folder: &Path) -> Result<(Self, JournalHead, Vec<Entry>), Failure> {
        let path = folder.join(JOURNAL);
        let file = OpenOptions::new().read(true).append(true).open(&path);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                let message = format!("`{}` holds no game", folder.display());
                let help = "name the folder that `drill run --play` made";
                Diagnostic::error("play::no-game", message).help(help).into()
            }
            _ => Failure::file(&path, error),
        })?;
        let mut journal = Self { file, path, bytes: Vec::new(), synced: true };
        journal.claim()?;
        let about = journal.file.metadata();
        let about = about.map_err(|error| Failure::file(&journal.path, error))?;
        if !about.is_file() || about.len() > MAX_BYTES {
            let message = format!("`{}` is no journal of a game", journal.path.display());
            let help = "name the folder that `drill run --play` made";
            return Err(Diagnostic::error("play::journal", message).help(help).into());
        }
        let read = (&journal.file).take(MAX_BYTES).read_to_end(&mut journal.bytes);
        read.map_err(|error| Failure::file(&journal.path, error))?;
        let name = journal.path.to_string_lossy().into_owned();
        let (head, entries, whole) = read_journal(&name, &journal.bytes)?;
        journal.bytes.truncate(whole);
        let cut = journal.file.set_len(whole as u64).and_then(|()| journal.file.sync_data());
        cut.map_err(|error| Failure::file(&journal.path, error))?;
        Ok((journal, head, entries))
    }

    /// A game is played at one place at a time.
    fn claim(&self) -> Result<(), Failure> {
        flock(&self.file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            let message = format!("`{}` is being played already", self.path.display());
            let help = "go on at the terminal where it is played, or quit there first";
            Diagnostic::error("play::taken", message).help(help).into()
        })
    }

    /// From now on lines are handed to the system and not waited for: they are in a script too,
    /// and a killed process takes none of them with it.
    pub(super) fn trust_the_system(&mut self) {
        self.synced = false;
    }

    /// Adds a line; it is on the disk when this returns, unless the system is trusted with it.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), Failure> {
        let line = serde_json::to_string(entry).map_err(io::Error::from);
        let line = line.map_err(|error| Failure::file(&self.path, error))?;
        self.put(line)
    }

    fn put(&mut self, mut line: String) -> Result<(), Failure> {
        line.push('\n');
        let synced = || if self.synced { self.file.sync_data() } else { Ok(()) };
        let written = (&self.file).write_all(line.as_bytes()).and_then(|()| synced());
        written.map_err(|error| Failure::file(&self.path, error))?;
        self.bytes.extend(line.as_bytes());
        Ok(())
    }

    /// The whole journal, for the folder of the ended game.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
