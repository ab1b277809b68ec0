//! The content of files: plain, gzip or zstd, read in blocks of whole lines.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::error::Error;

/// Bytes of a block; a longer line makes a longer one.
const BLOCK_BYTES: usize = 8 << 20;
/// Longest line.
pub(super) const MAX_LINE: usize = 64 << 20;

/// Opens the content of a regular file, decompressed.
///
/// # Errors
/// Not there, not readable, not a regular file.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, Error> {
    let wrap = |source| Error::File { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(wrap)?.is_file() {
        return Err(wrap(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let mut file = File::open(path).map_err(wrap)?;
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic).map_err(wrap)?;
    let whole = io::Cursor::new(magic.clone()).chain(file);
    if magic.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(whole))));
    }
    if magic == [0x28, 0xb5, 0x2f, 0xfd] {
        return Ok(Box::new(zstd::Decoder::new(whole).map_err(wrap)?));
    }
    Ok(Box::new(whole))
}

/// Whole lines of a file.
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    /// Number of the first line, from 1.
    pub(super) first_line: u64,
    /// Whether the last line ends without a line feed; only the last block of a file can.
    pub(super) open: bool,
}

/// Cuts content into blocks.
pub(super) struct Blocks<'r> {
    reader: &'r mut dyn Read,
    rest: Vec<u8>,
    next_line: u64,
    /// Bytes that were read.
    read: usize,
    done: bool,
    /// Why the content ended before its end; the lines before are good.
    pub(super) broken: Option<String>,
}

impl<'r> Blocks<'r> {
    /// Blocks of what `reader` still gives, beginning with line `next_line`.
    pub(super) fn new(reader: &'r mut dyn Read, next_line: u64) -> Self {
        Self { reader, rest: Vec::new(), next_line, read: 0, done: false, broken: None }
    }

    /// The beginning of the next line, as far as it was read, and whether it may go on after.
    pub(super) fn ahead(&self) -> (&[u8], bool) {
        (&self.rest, !self.done && self.read >= BLOCK_BYTES)
    }

    /// The next block; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Block> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            if self.done {
                return self.last(bytes);
            }
            let had = bytes.len();
            let wanted = BLOCK_BYTES as u64;
            match (&mut self.reader).take(wanted).read_to_end(&mut bytes) {
                Ok(_) => {
                    self.done = bytes.len() == had;
                    self.read += bytes.len() - had;
                }
                Err(error) => {
                    self.broken = Some(error.to_string());
                    self.done = true;
                }
            }
            let cut = bytes[had..].iter().rposition(|byte| *byte == b'\n').map(|i| had + i + 1);
            if let Some(cut) = cut {
                self.rest = bytes.split_off(cut);
                return Some(self.block(bytes, false));
            }
            if bytes.len() > MAX_LINE && !self.done {
                self.broken = Some(format!("a line of more than {} MiB", MAX_LINE >> 20));
                self.done = true;
            }
        }
    }

    /// What is left. Of broken content the last line may be half there, and is not read.
    fn last(&mut self, bytes: Vec<u8>) -> Option<Block> {
        if bytes.is_empty() || self.broken.is_some() {
            return None;
        }
        Some(self.block(bytes, true))
    }

    fn block(&mut self, bytes: Vec<u8>, open: bool) -> Block {
        let first_line = self.next_line;
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.next_line += lines + u64::from(open);
        Block { bytes, first_line, open }
    }
}
