//! Reading files: regular ones, of bounded size, in UTF-8.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::diag::{Diagnostic, SourceText, Span};

/// Largest file of any kind but timelines.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Largest timeline.
pub const MAX_TIMELINE_BYTES: u64 = 64 * 1024 * 1024;

/// A refusal by size.
pub(crate) fn too_large(bytes: u64, limit: u64) -> Diagnostic {
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0));
    let message = format!("the file has {}, at most {} are read", mib(bytes), mib(limit));
    Diagnostic::error("file::too-large", message)
}

/// The text of a file.
///
/// # Errors
/// Not there or not readable; not a regular file; larger than `limit` (told by its metadata,
/// without reading it); not UTF-8, with the offset of the first wrong byte.
pub fn read(path: &Path, limit: u64) -> Result<SourceText, Diagnostic> {
    let name = path.display().to_string();
    let here = SourceText::new(name.as_str(), "");
    let unreadable = |error: std::io::Error| {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => "file::not-found",
            _ => "file::unreadable",
        };
        Diagnostic::error(code, format!("cannot be read: {error}")).in_file(&here)
    };
    let irregular = || {
        let message = "not a regular file";
        Diagnostic::error("file::not-regular", message).in_file(&here)
    };
    // Before it is opened: opening a pipe waits for its other end.
    let before = std::fs::metadata(path).map_err(unreadable)?;
    if !before.is_file() {
        return Err(irregular());
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(irregular());
    }
    if metadata.len() > limit {
        return Err(too_large(metadata.len(), limit).in_file(&here));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64, limit).in_file(&here));
    }
    text(&name, bytes)
}

/// Bytes as text.
pub(crate) fn text(name: &str, bytes: Vec<u8>) -> Result<SourceText, Diagnostic> {
    match String::from_utf8(bytes) {
        // A byte order mark is how some editors begin a UTF-8 file.
        Ok(text) => Ok(SourceText::new(name, text.strip_prefix('\u{feff}').unwrap_or(&text))),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = SourceText::new(name, shown);
            let message = format!("not UTF-8: byte {at} begins no character");
            let diagnostic = Diagnostic::error("file::not-utf8", message);
            let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
            Err(diagnostic.at(&source, Span::new(at, end), "here").help("save the file as UTF-8"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_file_is_refused_unread() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("huge.toml");
        File::create(&path).unwrap().set_len(100 * 1024 * 1024).unwrap();
        let refused = read(&path, MAX_FILE_BYTES).unwrap_err();
        assert_eq!(refused.code, "file::too-large");
        assert_eq!(refused.message, "the file has 100.0 MiB, at most 4.0 MiB are read");
    }

    #[test]
    fn what_is_no_text_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path(), 10).unwrap_err().code, "file::not-regular");
        assert_eq!(read(Path::new("/dev/zero"), 10).unwrap_err().code, "file::not-regular");
        assert_eq!(read(&dir.path().join("x"), 10).unwrap_err().code, "file::not-found");
        let refused = text("a.toml", b"a = \"\xe9\"\n".to_vec()).unwrap_err();
        assert_eq!(refused.message, "not UTF-8: byte 5 begins no character");
        assert_eq!(refused.position(), Some((1, 6)));
    }
}
