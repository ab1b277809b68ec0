//! Answers that were worked out before, kept beside the database as long as the rows of their
//! streams are the same.
//!
//! One file per question, `.drill/answers/HASH`. Nothing is lost with these files: one that cannot
//! be read or written is as good as none.

use std::fmt::{self, Debug, Write as _};
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::cache::State;
use super::error::Error;
use super::sealed;
use super::workspace::Streams;
use crate::model::Name;

/// Files kept at most; with more, all are made anew.
const MOST_FILES: usize = 256;

/// Where the answer to a question about streams is kept, and of which rows it is.
#[derive(Debug)]
pub struct Asked {
    folder: PathBuf,
    question: u128,
    rows: u128,
}

/// Takes a text as it is made, of which only the hash is wanted.
struct Hashed(Xxh3);

impl fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl Streams {
    /// Where the answer to `question` about the rows of `streams` is kept. `None` for streams that
    /// are not in a workspace, or not there: such questions are always worked out.
    ///
    /// Two questions are the same when their debug texts are, so it has to tell everything that
    /// the answer depends on but the rows and drill itself.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn asked(
        &self,
        question: &impl Debug,
        mut streams: Vec<&Name>,
    ) -> Result<Option<Asked>, Error> {
        let (Some(folder), Some(db)) = (self.answers(), self.read()?) else { return Ok(None) };
        streams.sort();
        streams.dedup();
        let mut states = Vec::with_capacity(streams.len());
        for stream in streams {
            let Some(state) = State::of(&db, stream)? else { return Ok(None) };
            states.push((stream, state));
        }
        let mut hashed = Hashed(Xxh3::new());
        // Writing to a hash cannot fail.
        let _ = write!(hashed, "{} {question:?}", env!("DRILL_SOURCES"));
        let rows = xxh3_128(&serde_json::to_vec(&states).unwrap_or_default());
        Ok(Some(Asked { folder, question: hashed.0.digest128(), rows }))
    }
}

impl Asked {
    fn path(&self) -> PathBuf {
        self.folder.join(format!("{:032x}", self.question))
    }

    /// The answer, where it was kept of these very rows.
    pub fn kept<T: DeserializeOwned>(&self) -> Option<T> {
        let bytes = sealed::read(&self.path())?;
        let (rows, answer) = bytes.split_at_checked(size_of::<u128>())?;
        (rows == self.rows.to_le_bytes()).then_some(())?;
        rmp_serde::from_slice(answer).ok()
    }

    /// Keeps the answer; what cannot be written is worked out again.
    pub fn keep<T: Serialize>(&self, answer: &T) {
        let Ok(answer) = rmp_serde::to_vec(answer) else { return };
        let mut bytes = self.rows.to_le_bytes().to_vec();
        bytes.extend(answer);
        sealed::make_room(&self.folder, MOST_FILES);
        let _ = sealed::write(&self.folder, &self.path(), bytes);
    }
}
