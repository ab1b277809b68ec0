//! Files that fit a pattern, and what is in them.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::probe::{no_folder, unreadable};
use crate::assess::{Fact, FileFact, LogFact, Parsed};
use crate::model::{Name, fits};
use crate::units::{SimDuration, SimTime, Zone};

/// Most files of one pattern.
const MAX_FILES: usize = 100_000;
/// Largest JSON file that is parsed.
const MAX_JSON_BYTES: u64 = 64 * 1024 * 1024;
/// Largest file of remembered sizes.
const MAX_SIZES_BYTES: u64 = 64 * 1024 * 1024;

/// What to do with links among the files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// Leave them out: `latest` beside what it points to is no second backup.
    Skip,
    /// Take what they point to.
    Follow,
}

/// Patterns below a folder: `*` and `?` within one part of a path; `~` is the home folder.
pub(super) struct Patterns<'a> {
    pub(super) root: &'a Path,
}

impl Patterns<'_> {
    /// Where a path of a pack is.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        let home = path.strip_prefix("~/").zip(std::env::var_os("HOME"));
        match home {
            Some((rest, home)) => Path::new(&home).join(rest),
            None => self.root.join(path),
        }
    }

    /// Whether the folder that a pattern begins with is there.
    pub(super) fn has_folder(&self, pattern: &str) -> bool {
        let fixed = pattern.find(['*', '?']).map_or(pattern, |at| &pattern[..at]);
        let folder = fixed.rsplit_once('/').map_or(".", |(folder, _)| folder);
        self.path(if folder.is_empty() { "/" } else { folder }).is_dir()
    }

    /// The files that fit `pattern`, ascending by path. What cannot be entered has none.
    pub(super) fn files(&self, pattern: &str, links: Links) -> io::Result<Vec<FileFact>> {
        let mut found: Vec<(String, PathBuf)> = vec![match pattern.strip_prefix("~/") {
            Some(_) => ("~".to_owned(), self.path("~/")),
            None if pattern.starts_with('/') => (String::new(), PathBuf::from("/")),
            None => (String::new(), self.root.to_owned()),
        }];
        let rooted = pattern.starts_with('/');
        let parts = pattern.strip_prefix("~/").unwrap_or(pattern);
        for part in parts.split('/').filter(|part| !part.is_empty() && *part != ".") {
            let mut next = Vec::new();
            for (name, folder) in found {
                for (entry, path) in entries(&folder, part)? {
                    let slash = if name.is_empty() && !rooted { "" } else { "/" };
                    next.push((format!("{name}{slash}{entry}"), path));
                }
                if next.len() > MAX_FILES {
                    let message = format!("more than {MAX_FILES} files fit {pattern}");
                    return Err(io::Error::other(message));
                }
            }
            found = next;
        }
        let mut files = Vec::new();
        for (name, path) in found {
            if links == Links::Skip && path.is_symlink() {
                continue;
            }
            // A link to itself, and what vanished since, is no file.
            match fact(&name, &path) {
                Ok(file) => files.push(file),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
                Err(_) => {}
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}

fn entries(folder: &Path, part: &str) -> io::Result<Vec<(String, PathBuf)>> {
    if !part.contains(['*', '?']) {
        return Ok(vec![(part.to_owned(), folder.join(part))]);
    }
    let list = match fs::read_dir(folder) {
        Ok(list) => list,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
        Err(_) => return Ok(Vec::new()),
    };
    let mut found = Vec::new();
    for entry in list.flatten() {
        let name = entry.file_name();
        // A name that is no text cannot fit a pattern that is one.
        let Some(name) = OsStr::to_str(&name) else { continue };
        let hidden = name.starts_with('.') && !part.starts_with('.');
        if !hidden && fits(part, name) {
            found.push((name.to_owned(), entry.path()));
        }
    }
    Ok(found)
}

/// Size and times of a regular file.
pub(super) fn fact(name: &str, path: &Path) -> io::Result<FileFact> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let instant = |time: std::time::SystemTime| match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => SimTime::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        Err(before) => {
            SimTime::from_ms(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX))
        }
    };
    Ok(FileFact {
        path: name.to_owned(),
        bytes: metadata.len(),
        modified: instant(metadata.modified()?),
        created: metadata.created().ok().map(instant),
    })
}

/// The first bytes of a file.
pub(super) fn head(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Each file that fits one of the patterns, parsed where that is wanted.
pub(super) fn parsed(patterns: &Patterns<'_>, globs: &[Name], json: bool) -> Fact {
    let mut found: Vec<Parsed> = Vec::new();
    for glob in globs {
        let files = match patterns.files(glob, Links::Follow) {
            Ok(files) => files,
            Err(error) => return unreadable(glob, &error),
        };
        let is_pattern = glob.contains(['*', '?']);
        if files.is_empty() && !is_pattern {
            // What is named and not there is a finding, not an empty list.
            let file = FileFact {
                path: glob.to_string(),
                bytes: 0,
                modified: SimTime::default(),
                created: None,
            };
            found.push(Parsed { file, problem: Some("does not exist".to_owned()) });
        }
        for file in files {
            if found.iter().any(|known| known.file.path == file.path) {
                continue;
            }
            let problem = if json { json_problem(&patterns.path(&file.path)) } else { None };
            found.push(Parsed { file, problem });
        }
    }
    if found.is_empty() && !globs.iter().any(|glob| patterns.has_folder(glob)) {
        return no_folder(globs.first().map_or("", Name::as_str));
    }
    Fact::Parsed(found)
}

/// What is wrong with a JSON file.
pub(super) fn json_problem(path: &Path) -> Option<String> {
    let bytes = match head(path, MAX_JSON_BYTES + 1) {
        Ok(bytes) => bytes,
        Err(error) => return Some(error.to_string()),
    };
    if bytes.len() as u64 > MAX_JSON_BYTES {
        return Some(format!("over {} MiB, not parsed", MAX_JSON_BYTES >> 20));
    }
    let parsed: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(&bytes);
    parsed.err().map(|error| error.to_string())
}

/// The part of a path below a folder when nothing in it leads out of it.
pub(super) fn inside(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => clean.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(clean)
}

/// Sizes of logs that earlier runs have seen.
pub(super) struct LogSizes {
    rows: Vec<(SimTime, String, u64)>,
}

impl LogSizes {
    /// What the file at `path` holds; lines that are none of ours are left out.
    pub(super) fn read(path: Option<&Path>) -> Self {
        let bytes = path.and_then(|path| head(path, MAX_SIZES_BYTES).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let row = |line: &str| {
            let value: Value = serde_json::from_str(line).ok()?;
            let at: SimTime = value["at"].as_str()?.parse().ok()?;
            Some((at, value["path"].as_str()?.to_owned(), value["bytes"].as_u64()?))
        };
        Self { rows: text.lines().filter_map(row).collect() }
    }

    /// The size of a log about a week before `now`: the youngest of those that are from half a
    /// day short of a week to two weeks old.
    pub(super) fn a_week_before(&self, path: &str, now: SimTime) -> Option<(SimTime, u64)> {
        let hours = SimDuration::from_hours;
        let fits = |at: SimTime| now - at >= hours(7 * 24 - 12) && now - at <= hours(14 * 24);
        let own = self.rows.iter().filter(|(at, known, _)| known == path && fits(*at));
        own.max_by_key(|(at, _, _)| *at).map(|(at, _, bytes)| (*at, *bytes))
    }

    /// Adds the sizes of `logs`, at most twice a day each.
    pub(super) fn add(&self, path: &Path, logs: &[LogFact], now: SimTime) -> io::Result<()> {
        let mut text = String::new();
        for LogFact { file, .. } in logs {
            let own = self.rows.iter().filter(|(_, known, _)| *known == file.path);
            let last = own.map(|(at, _, _)| *at).max();
            if last.is_some_and(|last| now - last < SimDuration::from_hours(12)) {
                continue;
            }
            let at = now.rfc3339(Zone::UTC);
            let row = json!({"at": at, "path": file.path, "bytes": file.bytes});
            text.push_str(&format!("{row}\n"));
        }
        if text.is_empty() {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_below_the_root_and_links_are_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        };
        for name in ["s/a/skill.json", "s/b/skill.json", "s/.c/skill.json", "s/b/other"] {
            file(name);
        }
        let link = |to: &str, at: &str| {
            std::os::unix::fs::symlink(dir.path().join(to), dir.path().join(at)).unwrap();
        };
        link("s/loop", "s/loop");
        link("s/b/other", "s/latest");
        let patterns = Patterns { root: dir.path() };
        let names = |pattern: &str, links| {
            let files = patterns.files(pattern, links).unwrap();
            files.into_iter().map(|file| file.path).collect::<Vec<_>>()
        };
        assert_eq!(names("s/*/skill.json", Links::Skip), ["s/a/skill.json", "s/b/skill.json"]);
        assert_eq!(names("s/l*", Links::Skip), [""; 0]);
        assert_eq!(names("s/l*", Links::Follow), ["s/latest"]);
        assert_eq!(names("nothing/*/x", Links::Skip), [""; 0]);
        let whole = dir.path().join("s/a/*.json").display().to_string();
        assert_eq!(names(&whole, Links::Skip).len(), 1);
        assert!(patterns.has_folder("s/*/skill.json") && !patterns.has_folder("t/*.gz"));
    }

    #[test]
    fn json_is_valid_or_says_why_not() {
        let dir = tempfile::tempdir().unwrap();
        let problem = |bytes: &[u8]| {
            let path = dir.path().join("a.json");
            fs::write(&path, bytes).unwrap();
            json_problem(&path)
        };
        assert_eq!(problem(b"{\"a\": [1, 2]}"), None);
        assert!(problem(b"{\"a\": [1, 2}").unwrap().contains("line 1"));
        assert!(problem(&[0xff, 0, 1]).is_some());
        assert!(problem(&b"[".repeat(1_000_000)).unwrap().contains("EOF"));
        assert!(problem(b"").is_some());
        fs::File::create(dir.path().join("huge")).unwrap().set_len(MAX_JSON_BYTES + 1).unwrap();
        assert!(json_problem(&dir.path().join("huge")).unwrap().contains("64 MiB"));
    }

    #[test]
    fn sizes_of_a_week_before_are_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("memory/log-sizes.jsonl");
        let start = SimTime::from_ms(1_771_000_000_000);
        let log = |bytes| {
            let file = FileFact { path: "a.log".into(), bytes, modified: start, created: None };
            [LogFact { file, rotated: Vec::new(), earlier: None }]
        };
        for day in 0..9 {
            let now = start + SimDuration::from_hours(24 * day);
            LogSizes::read(Some(&path)).add(&path, &log(100 + day as u64), now).unwrap();
            LogSizes::read(Some(&path)).add(&path, &log(7), now).unwrap();
        }
        let now = start + SimDuration::from_hours(24 * 8);
        let sizes = LogSizes::read(Some(&path));
        assert_eq!(sizes.rows.len(), 9);
        assert_eq!(sizes.a_week_before("a.log", now).unwrap().1, 101);
        assert_eq!(sizes.a_week_before("b.log", now), None);
        assert_eq!(sizes.a_week_before("a.log", start), None);
    }
}
