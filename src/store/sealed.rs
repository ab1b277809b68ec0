//! Files that are made anew when they are damaged: written whole, with a checksum.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

const CHECK_BYTES: usize = 8;

/// Writes `bytes` and their checksum to `path` in `folder`, or leaves what is there as it is.
pub(super) fn write(folder: &Path, path: &Path, mut bytes: Vec<u8>) -> std::io::Result<()> {
    let check = xxh3_64(&bytes).to_le_bytes();
    bytes.extend(check);
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The bytes that were written to `path`; `None` when there are none or they are damaged.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = fs::read(path).ok()?;
    let (body, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
    if xxh3_64(body).to_le_bytes() != check {
        return None;
    }
    bytes.truncate(bytes.len() - CHECK_BYTES);
    Some(bytes)
}

/// Removes `folder` when it holds more than `most` files.
pub(super) fn make_room(folder: &Path, most: usize) {
    let many = fs::read_dir(folder).is_ok_and(|files| files.count() > most);
    if many {
        let _ = fs::remove_dir_all(folder);
    }
}
