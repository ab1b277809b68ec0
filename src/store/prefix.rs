//! What of a file was read before: its prefix, by length and hash.

use std::io::Read;
use std::path::Path;

use xxhash_rust::xxh3::Xxh3Default;

use super::content::{self, Block};
use super::error::Error;

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

/// The hash of each prefix of the content that is as long as `lengths` say, where the content is
/// that long, and the length of what can be read of it.
pub(super) fn prefix_hashes(
    path: &Path,
    lengths: &[u64],
) -> Result<(Vec<Option<String>>, u64), Error> {
    let mut hashes = vec![None; lengths.len()];
    if lengths.is_empty() {
        return Ok((hashes, u64::MAX));
    }
    let mut reader = content::open(path)?;
    let mut hasher = Xxh3Default::new();
    let mut at = 0u64;
    let mut buffer = vec![0; 1 << 16];
    loop {
        for (hash, _) in hashes.iter_mut().zip(lengths).filter(|(_, length)| **length == at) {
            *hash = Some(format!("{:032x}", hasher.digest128()));
        }
        let next = lengths.iter().copied().filter(|length| *length > at).min();
        let room = next.map_or(u64::MAX, |next| next - at);
        let want = buffer.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        // Broken content is read as far as it goes; reading its lines will say so.
        let got = reader.read(&mut buffer[..want]).unwrap_or(0);
        if got == 0 {
            return Ok((hashes, at));
        }
        hasher.update(&buffer[..got]);
        at += got as u64;
    }
}
