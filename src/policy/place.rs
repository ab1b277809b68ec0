//! Where a script position lies: one numbering of lines over all files of a pack.
//!
//! Every file is compiled behind as many empty lines as the files before it have, so that the
//! line number of a position names the file too, also after the compiled files are merged.

use rhai::Position;

use crate::diag::{Diagnostic, Diagnostics, SourceText, Span};
use crate::model::Name;

/// Rhai counts lines in 16 bits and stops counting there.
const LINES_MAX: usize = 60_000;

/// A file and the number of lines before it.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// The file as the pack names it.
    pub(super) source: SourceText,
    /// Its path within the pack.
    pub(super) path: Name,
    /// Lines of the files before it.
    before: usize,
    /// Lines of its own.
    lines: usize,
}

impl Script {
    /// The text behind its empty lines.
    pub(super) fn padded(&self) -> String {
        "\n".repeat(self.before) + &*self.source.text
    }
}

/// All files of a pack.
#[derive(Debug, Clone)]
pub(super) struct Scripts(Vec<Script>);

/// A position within its file, line and column from 1.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// The file.
    pub(super) script: &'a Script,
    /// Line within the file.
    pub(super) line: u32,
    /// Column, in characters.
    pub(super) column: u32,
}

impl Scripts {
    /// Numbers the lines of `files`.
    ///
    /// # Errors
    /// When a file is larger than positions can say.
    pub(super) fn new(files: &[(Name, Name)]) -> Result<Self, Diagnostics> {
        let mut before = 0;
        let mut scripts = Vec::with_capacity(files.len());
        for (path, text) in files {
            let source = SourceText::new(path.as_str(), text.as_str());
            let lines = text.matches('\n').count() + 1;
            if before + lines > LINES_MAX || text.lines().any(|line| line.len() > LINES_MAX) {
                let message = "the scripts of this pack are too long";
                let help = format!(
                    "keep all files together, and every single line, under {LINES_MAX} lines or bytes"
                );
                return Err(Diagnostic::error("policy::too-long", message)
                    .in_file(&source)
                    .help(help)
                    .into());
            }
            scripts.push(Script { source, path: path.clone(), before, lines });
            before += lines;
        }
        Ok(Self(scripts))
    }

    /// The files, ascending by path as the pack lists them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Script> {
        self.0.iter()
    }

    /// The file, line and column of `position`, where it has one.
    pub(super) fn place(&self, position: Position) -> Option<Place<'_>> {
        let line = position.line()?;
        let script = self
            .0
            .iter()
            .find(|script| line > script.before && line <= script.before + script.lines)?;
        Some(Place {
            script,
            line: u32::try_from(line - script.before).ok()?,
            column: u32::try_from(position.position().unwrap_or(1)).ok()?,
        })
    }

    /// The diagnostic with a label at `position`; without a position it gets no label.
    pub(super) fn label(
        &self,
        diagnostic: Diagnostic,
        position: Position,
        text: &str,
    ) -> Diagnostic {
        match self.place(position) {
            Some(place) => diagnostic.at(&place.script.source, place.span(), text),
            None => diagnostic,
        }
    }
}

impl Place<'_> {
    /// `severity.rhai:3:5`.
    pub(super) fn text(&self) -> String {
        format!("{}:{}:{}", self.script.path, self.line, self.column)
    }

    /// The bytes of the token at this place: a word with its letters, a quoted text, or one
    /// character. Rhai gives points, not spans.
    pub(super) fn span(&self) -> Span {
        let text = &*self.script.source.text;
        let line_start =
            text.split_inclusive('\n').take(self.line as usize - 1).map(str::len).sum::<usize>();
        let rest = &text[line_start..];
        let line = rest.split('\n').next().unwrap_or(rest);
        let offset = line
            .char_indices()
            .nth((self.column as usize).saturating_sub(1))
            .map_or(line.trim_end().len(), |(offset, _)| offset);
        let start = line_start + offset;
        Span::new(start, start + token_len(&line[offset..]))
    }
}

/// Length in bytes of the token that `text` begins with.
fn token_len(text: &str) -> usize {
    let Some(first) = text.chars().next() else {
        return 0;
    };
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if word(first) {
        return text.find(|c| !word(c)).unwrap_or(text.len());
    }
    if matches!(first, '"' | '`') {
        let end = text[1..].find(first).map(|at| at + 2);
        return end.unwrap_or(text.trim_end().len());
    }
    let operator = |c: char| "=<>!&|+-*/%?".contains(c);
    if operator(first) {
        return text.find(|c| !operator(c)).unwrap_or(text.len()).min(3);
    }
    first.len_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts() -> Scripts {
        let file = |path: &str, text: &str| (Name::from(path), Name::from(text));
        Scripts::new(&[
            file("a.rhai", "fn a() {\n  1\n}\n"),
            file("b.rhai", "// 重大\nlet s = \"重大\"; lvel"),
        ])
        .unwrap()
    }

    fn text_at(line: u16, column: u16) -> String {
        let scripts = scripts();
        let place = scripts.place(Position::new(line, column)).unwrap();
        let span = place.span();
        format!("{} {:?}", place.text(), &place.script.source.text[span.start..span.end])
    }

    #[test]
    fn a_position_names_its_file_and_token() {
        assert_eq!(text_at(1, 4), "a.rhai:1:4 \"a\"");
        assert_eq!(text_at(6, 9), "b.rhai:2:9 \"\\\"重大\\\"\"");
        assert_eq!(text_at(6, 15), "b.rhai:2:15 \"lvel\"");
        assert_eq!(text_at(6, 99), "b.rhai:2:99 \"\"", "past the end of a line");
    }

    #[test]
    fn without_a_position_nothing_is_guessed() {
        let scripts = scripts();
        assert!(scripts.place(Position::NONE).is_none());
        assert!(scripts.place(Position::new(99, 1)).is_none());
        let plain = Diagnostic::error("policy::x", "x");
        assert!(scripts.label(plain, Position::NONE, "here").labels.is_empty());
    }
}
