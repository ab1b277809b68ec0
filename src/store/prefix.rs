//! What of a file was read before: its prefix, by length and hash.

use std::io::Read;
use std::path::Path;

use duckdb::Connection;
use xxhash_rust::xxh3::Xxh3Default;

use super::content::Block;
use super::error::Error;
use crate::model::InputFormat;

/// What the store knows of a file.
pub(super) struct Known {
    pub(super) id: u32,
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) hash: String,
    pub(super) open_bytes: u64,
    pub(super) next_line: u64,
    pub(super) header: Vec<String>,
    /// The form in which it began.
    pub(super) format: Option<InputFormat>,
}

/// The files of a stream, the longest first.
pub(super) fn known(db: &Connection, stream: &str) -> Result<Vec<Known>, Error> {
    let mut query = db.prepare(
        "SELECT id, path, bytes, hash, open_bytes, next_line, header, format FROM files \
         WHERE stream = ? ORDER BY bytes DESC, id",
    )?;
    let rows = query.query_map([stream], |row| {
        let (header, format): (String, String) = (row.get(6)?, row.get(7)?);
        Ok(Known {
            id: row.get(0)?,
            path: row.get(1)?,
            bytes: row.get(2)?,
            hash: row.get(3)?,
            open_bytes: row.get(4)?,
            next_line: row.get(5)?,
            header: serde_json::from_str(&header).unwrap_or_default(),
            format: InputFormat::from_word(&format),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How far a file was read.
pub(super) struct Consumed {
    pub(super) bytes: u64,
    pub(super) next_line: u64,
    /// Length of a last line without a line feed.
    pub(super) open_bytes: u64,
}

impl Consumed {
    pub(super) fn add(&mut self, block: &Block) {
        self.bytes += block.bytes.len() as u64;
        let feeds = block.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.next_line += feeds + u64::from(block.open);
        let tail = block.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.open_bytes = (block.bytes.len() - tail) as u64;
    }
}

/// Reads over `bytes` bytes, into the hash.
pub(super) fn skip(
    reader: &mut Box<dyn Read>,
    bytes: u64,
    hasher: &mut Xxh3Default,
    path: &Path,
) -> Result<(), Error> {
    let mut left = bytes;
    let mut buffer = vec![0; 1 << 16];
    while left > 0 {
        let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let wrap = |source| Error::File { path: path.to_owned(), source };
        let got = reader.read(&mut buffer[..want]).map_err(wrap)?;
        if got == 0 {
            break;
        }
        hasher.update(&buffer[..got]);
        left -= got as u64;
    }
    Ok(())
}

/// What of a file was read before, with the content right behind it.
pub(super) struct Left {
    /// Which of the known prefixes it was, the longest that fits.
    pub(super) index: usize,
    /// The hash of the prefix, to go on with.
    pub(super) hasher: Xxh3Default,
    /// The content behind the prefix.
    pub(super) reader: Box<dyn Read>,
}

/// Finds the longest of the known prefixes, each a length and a hash, with which the content
/// begins. It reads no further than the longest of them.
pub(super) fn left_of(
    open: &dyn Fn() -> Result<Box<dyn Read>, Error>,
    path: &Path,
    known: &[(u64, &str)],
) -> Result<Option<Left>, Error> {
    let Some(longest) = known.iter().map(|(length, _)| *length).max() else { return Ok(None) };
    let mut reader = open()?;
    let mut hasher = Xxh3Default::new();
    let mut found: Option<(usize, Xxh3Default)> = None;
    let mut at = 0u64;
    let mut buffer = vec![0; 1 << 16];
    loop {
        if known.iter().any(|(length, _)| *length == at) {
            let hash = format!("{:032x}", hasher.digest128());
            let fits = known.iter().position(|(length, text)| *length == at && **text == *hash);
            found = fits.map(|index| (index, hasher.clone())).or(found);
        }
        let next = known.iter().map(|(length, _)| *length).filter(|length| *length > at).min();
        let room = next.map_or(0, |next| next - at);
        let want = buffer.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        // Broken content is read as far as it goes; reading its lines will say so.
        let got = reader.read(&mut buffer[..want]).unwrap_or(0);
        if got == 0 {
            break;
        }
        hasher.update(&buffer[..got]);
        at += got as u64;
    }
    let Some((index, hasher)) = found else { return Ok(None) };
    let length = known[index].0;
    if at > length || at < longest {
        reader = open()?;
        skip(&mut reader, length, &mut Xxh3Default::new(), path)?;
    }
    Ok(Some(Left { index, hasher, reader }))
}
