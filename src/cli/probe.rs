//! What a check asks of the machine: disks, files, archives, processes, commands.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::probe_archive;
use super::probe_command::{self, CommandRules};
use super::probe_files::{self, Links, Patterns};
use crate::assess::{Fact, FileFact, LogFact};
use crate::model::{CheckSource, Name, Text};
use crate::units::SimTime;

/// Largest file that is read as a text.
const MAX_TEXT_BYTES: u64 = 64 * 1024 * 1024;
/// Most entries of a folder that are added up.
const MAX_ENTRIES: u64 = 5_000_000;

/// Where and when the machine is asked.
pub(super) struct Machine<'a> {
    /// The folder that relative paths are below.
    pub(super) root: &'a Path,
    /// The instant.
    pub(super) now: SimTime,
    /// Where earlier results are kept; `None` without a workspace.
    pub(super) memory: Option<PathBuf>,
    /// Whether results are kept for later: only those of the present.
    pub(super) remember: bool,
    /// Whether commands may run.
    pub(super) commands: CommandRules,
}

/// A text in both languages.
pub(super) fn say(en: impl Into<String>, ja: impl Into<String>) -> Text {
    Text { en: Name::from(en.into()), ja: Name::from(ja.into()) }
}

/// Why something could not be read.
pub(super) fn unreadable(path: &str, error: &std::io::Error) -> Fact {
    match error.kind() {
        ErrorKind::NotFound => {
            let why = say(format!("{path} does not exist"), format!("{path} がありません"));
            return Fact::Unreadable(why);
        }
        ErrorKind::PermissionDenied => {
            let en = format!("{path} may not be read");
            return Fact::Unreadable(say(en, format!("{path} を読み取る権限がありません")));
        }
        _ => {}
    }
    Fact::Unreadable(say(
        format!("{path} cannot be read: {error}"),
        format!("{path} を読み取れません: {error}"),
    ))
}

/// What `source` asks; `None` when it does not ask the machine.
pub(super) fn probe(source: &CheckSource, id: &str, machine: &Machine<'_>) -> Option<Fact> {
    let patterns = Patterns { root: machine.root };
    let found = |glob: &Name| patterns.files(glob, Links::Skip);
    Some(match source {
        CheckSource::Disk { path, .. } => disk(path, &patterns.path(path)),
        CheckSource::Folders { path, .. } => folders(path, &patterns.path(path)),
        CheckSource::LogSize { glob, .. } => match found(glob) {
            Ok(files) => logs(&files, &patterns, machine),
            Err(error) => unreadable(glob, &error),
        },
        CheckSource::Backups { glob, .. } => match found(glob) {
            Ok(files) if files.is_empty() && !patterns.has_folder(glob) => no_folder(glob),
            Ok(files) => Fact::Files(newest_first(files)),
            Err(error) => unreadable(glob, &error),
        },
        CheckSource::OldFiles { glob, .. } => match found(glob) {
            Ok(files) => Fact::Files(newest_first(files)),
            Err(error) => unreadable(glob, &error),
        },
        CheckSource::Restore { glob, expect, compare, max_bytes } => {
            let newest = found(glob).map(|files| newest_first(files).into_iter().next());
            match newest {
                Ok(Some(newest)) => {
                    let compare = compare.as_ref().map(|path| patterns.path(path));
                    let path = patterns.path(&newest.path);
                    probe_archive::restore(newest, &path, expect, compare.as_deref(), *max_bytes)
                }
                Ok(None) => Fact::Unreadable(say(
                    format!("no archive fits {glob}, so nothing was restored"),
                    format!("{glob} に該当するアーカイブがなく、復元していません"),
                )),
                Err(error) => unreadable(glob, &error),
            }
        }
        CheckSource::Files { globs, json, .. } => probe_files::parsed(&patterns, globs, *json),
        CheckSource::Processes { names } => processes(names, Path::new("/proc")),
        CheckSource::Signed { file, .. } | CheckSource::Imported { file, .. } => {
            text(file, &patterns.path(file))
        }
        CheckSource::Command { argv, timeout, .. } => {
            probe_command::run(id, argv, *timeout, machine)
        }
        _ => return None,
    })
}

/// A pattern in a folder that is not there says nothing: it was never used, or is a mistake.
pub(super) fn no_folder(glob: &str) -> Fact {
    Fact::Unreadable(say(
        format!("the folder of {glob} does not exist"),
        format!("{glob} のフォルダーがありません"),
    ))
}

fn newest_first(mut files: Vec<FileFact>) -> Vec<FileFact> {
    files.sort_by(|a, b| b.modified.cmp(&a.modified).then(a.path.cmp(&b.path)));
    files
}

/// As `df` counts: what is used, of what is used and free for users.
fn disk(name: &str, path: &Path) -> Fact {
    match rustix::fs::statvfs(path) {
        Ok(found) => {
            let used = found.f_blocks.saturating_sub(found.f_bfree);
            let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
            Fact::Disk { used: bytes(used), total: bytes(used.saturating_add(found.f_bavail)) }
        }
        Err(error) => unreadable(name, &error.into()),
    }
}

/// What each entry of a folder takes on the disk. Links are not followed.
fn folders(name: &str, path: &Path) -> Fact {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return unreadable(name, &error),
    };
    let (mut list, mut skipped, mut left) = (Vec::new(), 0u64, MAX_ENTRIES);
    for entry in entries {
        let Ok(entry) = entry else {
            skipped += 1;
            continue;
        };
        let bytes = taken(entry.path(), &mut skipped, &mut left);
        list.push((entry.file_name().to_string_lossy().into_owned(), bytes));
    }
    list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Fact::Folders { folders: list, skipped }
}

fn taken(path: PathBuf, skipped: &mut u64, left: &mut u64) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let (mut sum, mut open) = (0u64, vec![path]);
    // A file with several names is counted once, as `du` does.
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = open.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            *skipped += 1;
            continue;
        };
        if *left == 0 {
            *skipped += 1;
            continue;
        }
        *left -= 1;
        if metadata.nlink() > 1
            && !metadata.is_dir()
            && !seen.insert((metadata.dev(), metadata.ino()))
        {
            continue;
        }
        sum = sum.saturating_add(metadata.blocks().saturating_mul(512));
        if metadata.is_dir() {
            match fs::read_dir(&path) {
                Ok(entries) => open.extend(entries.flatten().map(|entry| entry.path())),
                Err(_) => *skipped += 1,
            }
        }
    }
    sum
}

/// Logs with what they were rotated to. What is a rotated log itself is none of its own.
fn logs(files: &[FileFact], patterns: &Patterns<'_>, machine: &Machine<'_>) -> Fact {
    let memory = machine.memory.as_ref().map(|folder| folder.join("log-sizes.jsonl"));
    let sizes = probe_files::LogSizes::read(memory.as_deref());
    let mut list = Vec::new();
    for file in files {
        let is_rotated = files.iter().any(|other| rotated_from(&file.path, &other.path));
        if is_rotated {
            continue;
        }
        // Rotated logs may lie outside the pattern, beside the log.
        let beside = patterns.files(&format!("{}*", file.path), Links::Skip).unwrap_or_default();
        let rotated = beside.into_iter().filter(|other| rotated_from(&other.path, &file.path));
        let earlier = sizes.a_week_before(&file.path, machine.now);
        list.push(LogFact { file: file.clone(), rotated: rotated.collect(), earlier });
    }
    if let (Some(path), true) = (memory, machine.remember) {
        // A size that cannot be kept is missed next week, and then said to be unknown.
        let _ = sizes.add(&path, &list, machine.now);
    }
    Fact::Logs(list)
}

/// Whether `path` is what `log` was rotated to: `app.log.1`, `app.log-20260101.gz`.
fn rotated_from(path: &str, log: &str) -> bool {
    path.strip_prefix(log).is_some_and(|rest| {
        let mut chars = rest.chars();
        matches!(chars.next(), Some('.' | '-' | '_'))
            && (rest == ".gz" || rest == ".old" || chars.next().is_some_and(|c| c.is_ascii_digit()))
    })
}

/// The processes whose command line holds each name, this one left out.
fn processes(names: &[Name], proc: &Path) -> Fact {
    let entries = match fs::read_dir(proc) {
        Ok(entries) => entries,
        Err(error) => return unreadable(&proc.display().to_string(), &error),
    };
    let own = std::process::id();
    let mut running: Vec<(u32, String)> = Vec::new();
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while it is looked at; then it does not run.
        let Ok(bytes) = probe_files::head(&entry.path().join("cmdline"), 4096) else { continue };
        let words: Vec<String> = bytes
            .split(|byte| *byte == 0)
            .filter(|word| !word.is_empty())
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        if pid != own && !words.is_empty() {
            running.push((pid, words.join(" ")));
        }
    }
    running.sort();
    let fits = |name: &Name| {
        let list = running.iter().filter(|(_, line)| line.contains(name.as_str()));
        let lines = list.map(|(pid, line)| {
            let shown: String = line.chars().take(120).collect();
            format!("{pid:>7} {shown}")
        });
        (name.clone(), lines.collect())
    };
    Fact::Processes(names.iter().map(fits).collect())
}

fn text(name: &str, path: &Path) -> Fact {
    let file = match probe_files::fact(name, path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Fact::Unreadable(say(
                format!("{name} does not exist: never done, or kept elsewhere"),
                format!("{name} がありません（未実施、または別の場所）"),
            ));
        }
        Err(error) => return unreadable(name, &error),
    };
    match crate::load::read(path, MAX_TEXT_BYTES) {
        Ok(source) => Fact::Text(file, source.text.to_string()),
        Err(error) => Fact::Unreadable(say(
            format!("{name}: {}", error.message),
            format!("{name} を読み取れません: {}", error.message),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_logs_are_told_from_neighbours() {
        for path in ["a.log.1", "a.log.12.gz", "a.log-20260101", "a.log.gz", "a.log_2"] {
            assert!(rotated_from(path, "a.log"), "{path}");
        }
        for path in ["a.log", "a.logs", "a.log.swp", "b.log.1", "a.log-x"] {
            assert!(!rotated_from(path, "a.log"), "{path}");
        }
    }

    #[test]
    fn a_disk_is_there_or_unknown() {
        let Fact::Disk { used, total } = disk("/", Path::new("/")) else { panic!("no disk") };
        assert!(used <= total && total > 0);
        assert!(matches!(disk("x", Path::new("/no/such/x")), Fact::Unreadable(_)));
    }

    #[test]
    fn links_in_circles_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/file"), vec![1u8; 100_000]).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/up")).unwrap();
        let Fact::Folders { folders, skipped } = folders("d", dir.path()) else { panic!() };
        assert_eq!((folders.len(), skipped), (1, 0));
        assert!((100_000..200_000).contains(&folders[0].1), "{folders:?}");
    }

    #[test]
    fn processes_are_found_by_their_words() {
        let dir = tempfile::tempdir().unwrap();
        for (pid, line) in [("10", "python\0-m\0orchestrator.cli\0"), ("11", "sh\0")] {
            fs::create_dir(dir.path().join(pid)).unwrap();
            fs::write(dir.path().join(pid).join("cmdline"), line).unwrap();
        }
        let names = [Name::from("orchestrator"), Name::from("dashboard")];
        let Fact::Processes(found) = processes(&names, dir.path()) else { panic!() };
        assert_eq!(found[0].1, ["     10 python -m orchestrator.cli"]);
        assert!(found[1].1.is_empty());
        let none = processes(&names, Path::new("/no/such/proc"));
        assert!(matches!(none, Fact::Unreadable(_)));
    }
}
