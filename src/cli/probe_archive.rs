//! Archives, restored into a scratch folder to see whether they can be.
//!
//! Read is tar, plain or compressed with gzip or zstd, in the forms that tar programs write:
//! ustar, GNU long names, pax paths and sizes. Nothing is written outside the scratch folder, no
//! link is made, and no more is unpacked than allowed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::probe::{say, unreadable};
use super::probe_files::{Links, Patterns, inside, json_problem};
use crate::assess::{Compared, Fact, FileFact, Restored};
use crate::model::Name;

const BLOCK: usize = 512;
/// Longest name, and longest pax header.
const MAX_HEADER_BYTES: u64 = 1024 * 1024;
/// Most entries of an archive.
const MAX_ENTRIES: u64 = 2_000_000;
/// Refused entries that are named.
const NAMED: usize = 5;

/// Why unpacking ended early.
enum Stop {
    /// The archive's fault.
    Broken(String),
    /// The scratch folder's: nothing is known about the archive.
    Scratch(io::Error),
}

type Unpacked<T> = Result<T, Stop>;

fn broken<T>(why: impl Into<String>) -> Unpacked<T> {
    Err(Stop::Broken(why.into()))
}

/// Restores `archive` and looks at what came out.
pub(super) fn restore(
    archive: FileFact,
    path: &Path,
    expect: &[Name],
    compare: Option<&Path>,
    max_bytes: u64,
) -> Fact {
    let scratch = match tempfile::Builder::new().prefix("drill-restore-").tempdir() {
        Ok(scratch) => scratch,
        Err(error) => return unreadable("scratch folder", &error),
    };
    let input = match opened(path) {
        Ok(input) => input,
        Err(error) => return unreadable(&archive.path, &error),
    };
    let mut tar = Tar::new(input, scratch.path(), max_bytes);
    let stop = tar.unpack().err();
    let mut restored = Restored {
        files: tar.files.len() as u64,
        bytes: tar.written,
        refused: tar.refused,
        refused_count: tar.refused_count,
        broken: None,
        missing: Vec::new(),
        invalid: Vec::new(),
        compared: None,
        links: tar.links,
        archive,
    };
    match stop {
        None => {}
        Some(Stop::Broken(why)) => restored.broken = Some(why),
        Some(Stop::Scratch(error)) => {
            return Fact::Unreadable(say(
                format!("the scratch folder refuses: {error}"),
                format!("作業用フォルダーに書き込めません: {error}"),
            ));
        }
    }
    let unpacked = Patterns { root: scratch.path() };
    for name in expect {
        let found = unpacked.files(name, Links::Skip).unwrap_or_default();
        let folder = inside(Path::new(name.as_str())).map(|path| scratch.path().join(path));
        if found.is_empty() && !folder.is_some_and(|folder| folder.is_dir()) {
            restored.missing.push(name.to_string());
        }
        for file in found.iter().filter(|file| file.path.ends_with(".json")) {
            if let Some(problem) = json_problem(&scratch.path().join(&file.path)) {
                restored.invalid.push(format!("{} ({problem})", file.path));
            }
        }
    }
    restored.compared = compare.map(|live| compared(&tar.files, scratch.path(), live));
    Fact::Restored(restored)
}

/// The archive unpacked, by what it begins with and not by its name.
fn opened(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let head = io::BufRead::fill_buf(&mut file)?;
    Ok(match head {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::with_buffer(file)?),
        _ => Box::new(file),
    })
}

fn compared(files: &BTreeSet<PathBuf>, scratch: &Path, live: &Path) -> Compared {
    let mut sums = Compared::default();
    for file in files {
        match same(&scratch.join(file), &live.join(file)) {
            Some(true) => sums.same += 1,
            Some(false) => sums.changed += 1,
            None => sums.gone += 1,
        }
    }
    sums
}

/// Whether two files have the same content; `None` when the second is not there.
fn same(one: &Path, other: &Path) -> Option<bool> {
    let metadata = fs::metadata(other).ok().filter(fs::Metadata::is_file)?;
    let read = |path: &Path| File::open(path).map(BufReader::new);
    let (Ok(mut one), Ok(mut other)) = (read(one), read(other)) else { return Some(false) };
    if one.get_ref().metadata().ok()?.len() != metadata.len() {
        return Some(false);
    }
    let (mut a, mut b) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let (Ok(n), Ok(m)) = (fill(&mut one, &mut a), fill(&mut other, &mut b)) else {
            return Some(false);
        };
        if n != m || a[..n] != b[..m] {
            return Some(false);
        }
        if n == 0 {
            return Some(true);
        }
    }
}

/// Reads until `buffer` is full or the input ends.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// An archive on its way into a folder.
struct Tar<'a> {
    input: Box<dyn Read>,
    scratch: &'a Path,
    /// Bytes that may still be unpacked.
    left: u64,
    max_bytes: u64,
    files: BTreeSet<PathBuf>,
    written: u64,
    refused: Vec<String>,
    refused_count: u64,
    links: u64,
}

/// What a header says, with what came before it taken in.
struct Entry {
    path: Vec<u8>,
    kind: u8,
    bytes: u64,
}

/// What extended headers say about the next entry.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    bytes: Option<u64>,
}

impl<'a> Tar<'a> {
    fn new(input: Box<dyn Read>, scratch: &'a Path, max_bytes: u64) -> Self {
        Self {
            input,
            scratch,
            left: max_bytes,
            max_bytes,
            files: BTreeSet::new(),
            written: 0,
            refused: Vec::new(),
            refused_count: 0,
            links: 0,
        }
    }

    /// Bytes of the archive, counted against what may be unpacked.
    fn read(&mut self, buffer: &mut [u8]) -> Unpacked<usize> {
        let found = match fill(&mut *self.input, buffer) {
            Ok(found) => found,
            Err(error) => return broken(error.to_string()),
        };
        match self.left.checked_sub(found as u64) {
            Some(left) => self.left = left,
            None => return broken(format!("unpacks to more than {} bytes", self.max_bytes)),
        }
        Ok(found)
    }

    /// One block; `None` at the end of the input.
    fn block(&mut self) -> Unpacked<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        match self.read(&mut block)? {
            0 => Ok(None),
            BLOCK => Ok(Some(block)),
            _ => broken("ends within a block"),
        }
    }

    fn unpack(&mut self) -> Unpacked<()> {
        let mut extended = Extended::default();
        for number in 0.. {
            if number >= MAX_ENTRIES {
                return broken(format!("has more than {MAX_ENTRIES} entries"));
            }
            let Some(block) = self.block()? else {
                return broken(if number == 0 { "is empty" } else { "ends without its end mark" });
            };
            if block.iter().all(|byte| *byte == 0) {
                return self.drain();
            }
            let entry = header(&block)?;
            match entry.kind {
                b'L' => extended.path = Some(trimmed(self.content(entry.bytes)?)),
                b'x' => pax(&self.content(entry.bytes)?, &mut extended)?,
                // Of links' long names and of headers for all entries nothing is needed.
                b'K' | b'g' => drop(self.content(entry.bytes)?),
                _ => {
                    let Extended { path, bytes } = std::mem::take(&mut extended);
                    let (path, bytes) = (path.unwrap_or(entry.path), bytes.unwrap_or(entry.bytes));
                    self.entry(&path, entry.kind, bytes)?;
                }
            }
        }
        Ok(())
    }

    /// What follows the end mark is padding; reading it proves the checksum of the compression.
    fn drain(&mut self) -> Unpacked<()> {
        let mut block = [0; BLOCK];
        while self.read(&mut block)? > 0 {}
        Ok(())
    }

    fn content(&mut self, bytes: u64) -> Unpacked<Vec<u8>> {
        if bytes > MAX_HEADER_BYTES {
            return broken("has a header over 1 MiB");
        }
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        let mut content = vec![0; length.div_ceil(BLOCK) * BLOCK];
        if self.read(&mut content)? < content.len() {
            return broken("ends within a header");
        }
        content.truncate(length);
        Ok(content)
    }

    fn entry(&mut self, path: &[u8], kind: u8, bytes: u64) -> Unpacked<()> {
        use std::os::unix::ffi::OsStrExt;
        let name = Path::new(std::ffi::OsStr::from_bytes(path));
        let clean = inside(name).filter(|_| !path.contains(&0) && path.len() < 4096);
        let Some(clean) = clean else {
            self.refuse(name);
            return self.skip(bytes);
        };
        match kind {
            b'0' | 0 | b'7' => self.file(clean, bytes),
            b'5' => {
                fs::create_dir_all(self.scratch.join(&clean)).map_err(Stop::Scratch)?;
                self.skip(bytes)
            }
            b'1' | b'2' => {
                self.links += 1;
                self.skip(bytes)
            }
            _ => {
                self.refuse(name);
                self.skip(bytes)
            }
        }
    }

    fn refuse(&mut self, name: &Path) {
        self.refused_count += 1;
        if self.refused.len() < NAMED {
            let text = name.to_string_lossy();
            let shown = text.chars().take(100).map(|c| if c.is_control() { '?' } else { c });
            self.refused.push(shown.collect());
        }
    }

    fn skip(&mut self, bytes: u64) -> Unpacked<()> {
        self.copy(bytes, None)
    }

    fn file(&mut self, clean: PathBuf, bytes: u64) -> Unpacked<()> {
        let path = self.scratch.join(&clean);
        if clean.as_os_str().is_empty() || path.is_dir() {
            return broken(format!("a file takes the place of the folder {}", clean.display()));
        }
        if let Some(folder) = path.parent() {
            match fs::create_dir_all(folder) {
                Ok(()) => {}
                Err(_) if folder.is_file() || folder.ancestors().any(Path::is_file) => {
                    return broken(format!("a folder of {} is a file", clean.display()));
                }
                Err(error) => return Err(Stop::Scratch(error)),
            }
        }
        let mut file = BufWriter::new(File::create(&path).map_err(Stop::Scratch)?);
        self.copy(bytes, Some(&mut file))?;
        file.flush().map_err(Stop::Scratch)?;
        // A later entry of the same name takes the place of the earlier, as tar programs do.
        self.files.insert(clean);
        Ok(())
    }

    /// The content of an entry and what fills its last block.
    fn copy(&mut self, bytes: u64, mut into: Option<&mut dyn Write>) -> Unpacked<()> {
        let mut buffer = [0; 64 * BLOCK];
        let mut left = bytes;
        while left > 0 {
            let blocks = left.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64);
            let wanted = usize::try_from(blocks).unwrap_or(usize::MAX).min(buffer.len());
            if self.read(&mut buffer[..wanted])? < wanted {
                return broken("ends within a file");
            }
            let used = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
            if let Some(into) = &mut into {
                into.write_all(&buffer[..used]).map_err(Stop::Scratch)?;
                self.written += used as u64;
            }
            left -= used as u64;
        }
        Ok(())
    }
}

/// Text up to its first NUL.
fn trimmed(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

fn header(block: &[u8; BLOCK]) -> Unpacked<Entry> {
    let field = |from: usize, to: usize| trimmed(block[from..to].to_vec());
    let said = number(&block[148..156]);
    let blank = |(at, byte): (usize, &u8)| {
        if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) }
    };
    let sum: u64 = block.iter().enumerate().map(blank).sum();
    if said != Some(sum) {
        return broken("is no tar archive, or a header is damaged");
    }
    let Some(bytes) = number(&block[124..136]) else {
        return broken("has an entry without a size");
    };
    let mut path = field(0, 100);
    // Only POSIX archives have a prefix; GNU tar keeps other things there.
    if &block[257..263] == b"ustar\0" {
        let prefix = field(345, 500);
        if !prefix.is_empty() {
            path = [prefix, b"/".to_vec(), path].concat();
        }
    }
    // A link, a folder or a device has no content, whatever its header says.
    let kind = block[156];
    let bytes = if matches!(kind, b'1'..=b'6') { 0 } else { bytes };
    Ok(Entry { path, kind, bytes })
}

/// A number in octal digits, or of 63 bits in binary as GNU tar writes large ones.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        let low = field[field.len() - 8..].try_into().ok()?;
        let rest = &field[1..field.len() - 8];
        let value = u64::from_be_bytes(low);
        return (rest.iter().all(|byte| *byte == 0) && value <= i64::MAX as u64).then_some(value);
    }
    let text: Vec<u8> = field.iter().copied().filter(|byte| !matches!(byte, b' ' | 0)).collect();
    u64::from_str_radix(std::str::from_utf8(&text).ok()?, 8).ok()
}

/// Records `LENGTH KEY=VALUE\n`.
fn pax(mut content: &[u8], extended: &mut Extended) -> Unpacked<()> {
    while !content.is_empty() {
        let record = content.iter().position(|byte| *byte == b' ').and_then(|space| {
            let length: usize = std::str::from_utf8(&content[..space]).ok()?.parse().ok()?;
            let record = content.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            Some((length, &record[..equals], &record[equals + 1..]))
        });
        let Some((length, key, value)) = record else { return broken("has a damaged pax header") };
        match key {
            b"path" => extended.path = Some(value.to_vec()),
            b"size" => {
                let text = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                let Some(bytes) = text else { return broken("has a damaged pax header") };
                extended.bytes = Some(bytes);
            }
            _ => {}
        }
        content = &content[length..];
    }
    Ok(())
}

#[cfg(test)]
#[path = "probe_archive_tests.rs"]
mod tests;
