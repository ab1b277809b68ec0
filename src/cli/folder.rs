//! A drill's folder on disk: all of it or none.
//!
//! The files are written into a hidden folder beside the target and brought to the disk, then
//! the folder is renamed; where a drill's folder stands already, the two are exchanged in one
//! step. A process killed at any moment leaves the old folder, the new one, or none, and at most
//! a hidden folder that the next run removes.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::ui::Failure;
use crate::diag::Diagnostic;

/// Writes `files` as the folder `target`.
///
/// # Errors
/// When `target` is not empty and not a drill's, or the disk refuses.
pub(super) fn write(target: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    let exists = check_target(target)?;
    write_over(target, files, exists)
}

/// Writes `files` as the folder `target` of a game that is played there, in place of its journal.
///
/// # Errors
/// When the disk refuses.
pub(super) fn write_game(target: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    write_over(target, files, target.is_dir())
}

fn write_over(target: &Path, files: &[(String, Vec<u8>)], exists: bool) -> Result<(), Failure> {
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&parent).map_err(|error| Failure::file(&parent, error))?;
    let name = target.file_name().map_or_else(|| "drill".into(), |name| name.to_string_lossy());
    remove_leftovers(&parent, &name);
    let partial = parent.join(format!(".{name}.partial-{}", std::process::id()));
    let written = fill(&partial, files).and_then(|()| publish(&partial, target, exists));
    if written.is_err() || exists {
        // After an exchange this is the old folder; after a failure, what was begun.
        let _ = fs::remove_dir_all(&partial);
    }
    written.map_err(|error| Failure::file(target, error))?;
    // The rename itself must be on the disk before we say that the folder is there.
    File::open(&parent)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| Failure::file(&parent, error))
}

/// Whether `target` exists with something in it, all of it a drill's.
fn check_target(target: &Path) -> Result<bool, Failure> {
    let mut entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Failure::file(target, error)),
    };
    if entries.next().is_some() && !is_drill_folder(target) {
        let message = format!("`{}` is not empty and not a drill's folder", target.display());
        return Err(Diagnostic::error("run::foreign-folder", message)
            .help("name another folder with --out, or empty this one")
            .into());
    }
    Ok(true)
}

/// A folder with a timeline, or with the summary of trials, that drill wrote.
fn is_drill_folder(folder: &Path) -> bool {
    let begins = |file: &str, with: &str| {
        let mut line = String::new();
        let opened = File::open(folder.join(file));
        let read = opened.and_then(|file| BufReader::new(file).read_line(&mut line));
        read.is_ok() && line.contains(with)
    };
    begins("timeline.jsonl", "\"drill.timeline/1\"")
        || ["trials.json", "compare.json"].iter().any(|file| folder.join(file).is_file())
}

/// Adds the files of a periodic report, all of whose names begin with `stem`, to the reports in
/// the folder `target`; those of the same period are replaced. All of it happens in one step.
///
/// # Errors
/// When `target` holds anything but periodic reports, or the disk refuses.
pub(super) fn add_report(
    target: &Path,
    stem: &str,
    mut files: Vec<(String, Vec<u8>)>,
) -> Result<(), Failure> {
    let entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return write_over(target, &files, false);
        }
        Err(error) => return Err(Failure::file(target, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Failure::file(target, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !["weekly_", "monthly_", "quarterly_"].iter().any(|w| name.starts_with(w)) {
            let message = format!("`{}` holds `{name}`, which is no report", target.display());
            return Err(Diagnostic::error("report::foreign-folder", message)
                .help("name a folder of its own with --out")
                .into());
        }
        if !name.starts_with(stem) {
            let path = entry.path();
            files.push((name, fs::read(&path).map_err(|error| Failure::file(&path, error))?));
        }
    }
    write_over(target, &files, true)
}

fn fill(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, bytes) in files {
        let mut file = File::create(folder.join(name))?;
        file.write_all(bytes)?;
        file.sync_data()?;
    }
    File::open(folder)?.sync_all()
}

fn publish(partial: &Path, target: &Path, exists: bool) -> io::Result<()> {
    if !exists {
        return fs::rename(partial, target);
    }
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, partial, CWD, target, RenameFlags::EXCHANGE).map_err(io::Error::from)
}

/// Removes hidden folders of processes that are gone.
fn remove_leftovers(parent: &Path, name: &str) {
    let prefix = format!(".{name}.partial-");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let file_name = entry.file_name();
        let Some(pid) = file_name.to_str().and_then(|text| text.strip_prefix(&prefix)) else {
            continue;
        };
        let number = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
        if number && !Path::new("/proc").join(pid).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Vec<(String, Vec<u8>)> {
        let header = "{\"schema\":\"drill.timeline/1\"}\n";
        vec![
            ("timeline.jsonl".to_owned(), header.as_bytes().to_vec()),
            ("report.md".to_owned(), text.as_bytes().to_vec()),
        ]
    }

    #[test]
    fn a_drills_folder_is_replaced_and_a_foreign_one_is_not() {
        let temp = tempfile::tempdir().unwrap();
        let target = temp.path().join("deep/er/drill-1");
        write(&target, &files("one")).unwrap();
        write(&target, &files("two")).unwrap();
        assert_eq!(fs::read_to_string(target.join("report.md")).unwrap(), "two");
        let left: Vec<_> = fs::read_dir(target.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing hidden is left");

        let foreign = temp.path().join("thesis");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("chapter-1"), "mine").unwrap();
        assert!(write(&foreign, &files("x")).is_err());
        assert_eq!(fs::read_to_string(foreign.join("chapter-1")).unwrap(), "mine");
    }
}
