//! Old logs, compressed and moved into an archive folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::probe_files::{Links, Patterns};
use super::ui::{Failure, Ui};
use crate::model::{CheckSource, Routine};
use crate::units::SimTime;

/// Archives the files that the checks of `routine` find due. A file is removed only when its
/// compressed copy is on the disk and unpacks to the very same bytes.
pub(super) fn archive(
    routine: &Routine,
    root: &Path,
    now: SimTime,
    ui: &Ui,
) -> Result<(), Failure> {
    let patterns = Patterns { root };
    for check in &routine.checks {
        let CheckSource::OldFiles { glob, older_than, into: Some(into) } = &check.source else {
            continue;
        };
        let folder = patterns.path(into);
        let found = patterns
            .files(glob, Links::Skip)
            .map_err(|error| Failure::file(&patterns.path(glob), error))?;
        for file in found.iter().filter(|file| now - file.modified >= *older_than) {
            let path = patterns.path(&file.path);
            let archived = move_into(&path, &folder).map_err(|e| Failure::file(&path, e))?;
            ui.remark(format_args!("archived {} as {}", path.display(), archived.display()));
        }
    }
    Ok(())
}

fn move_into(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let before = fs::metadata(path)?;
    let partial = tempfile::NamedTempFile::new_in(folder)?;
    let mut encoder = flate2::write::GzEncoder::new(partial, flate2::Compression::default());
    io::copy(&mut File::open(path)?, &mut encoder)?;
    let mut partial = encoder.finish()?;
    partial.flush()?;
    partial.as_file().set_modified(before.modified()?)?;
    partial.as_file().set_permissions(before.permissions())?;
    partial.as_file().sync_all()?;
    if !unpacks_to(partial.path(), path)? {
        return Err(io::Error::other("it was written to meanwhile; nothing was changed"));
    }
    let target = free_name(path, folder)?;
    // Persisting never writes over a file that came into being meanwhile.
    partial.persist_noclobber(&target).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()?;
    fs::remove_file(path)?;
    Ok(target)
}

/// `NAME.gz`, or `NAME.2.gz` where that is taken: an archived file is never written over.
fn free_name(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names = (1..1000u32).map(|number| match number {
        1 => format!("{name}.gz"),
        number => format!("{name}.{number}.gz"),
    });
    let mut free = names.map(|name| folder.join(name)).filter(|path| !path.exists());
    free.next().ok_or_else(|| io::Error::other("a thousand archived files have this name"))
}

fn unpacks_to(packed: &Path, path: &Path) -> io::Result<bool> {
    let mut packed = flate2::read::GzDecoder::new(OpenOptions::new().read(true).open(packed)?);
    let mut plain = BufReader::new(File::open(path)?);
    let (mut a, mut b) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let n = packed.read(&mut a)?;
        if n == 0 {
            return Ok(plain.read(&mut b[..1])? == 0);
        }
        let same = plain.read_exact(&mut b[..n]).is_ok() && a[..n] == b[..n];
        if !same {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_moves_whole_and_none_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let (log, archive) = (dir.path().join("a.log"), dir.path().join("archive"));
        for text in ["first\n".repeat(10_000), String::new()] {
            fs::write(&log, &text).unwrap();
            let packed = move_into(&log, &archive).unwrap();
            assert!(!log.exists());
            let mut unpacked = String::new();
            let file = File::open(packed).unwrap();
            flate2::read::GzDecoder::new(file).read_to_string(&mut unpacked).unwrap();
            assert_eq!(unpacked, text);
        }
        let mut names: Vec<_> =
            fs::read_dir(&archive).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.log.2.gz", "a.log.gz"]);
        assert!(move_into(&log, &archive).is_err());
    }

    #[test]
    fn a_copy_that_differs_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, packed) = (dir.path().join("a"), dir.path().join("a.gz"));
        let mut encoder = flate2::write::GzEncoder::new(
            File::create(&packed).unwrap(),
            flate2::Compression::default(),
        );
        encoder.write_all(b"content").unwrap();
        encoder.finish().unwrap();
        for (text, expect) in
            [("content", true), ("contenT", false), ("conten", false), ("contents", false)]
        {
            fs::write(&plain, text).unwrap();
            assert_eq!(unpacks_to(&packed, &plain).unwrap(), expect, "{text}");
        }
    }
}
