//! The diagnostic value type.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// A half-open range of bytes in a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// A file's name and text, shared by all its diagnostics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The path as the user gave it, or `embedded:scenarios/NAME.toml`.
    pub path: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// First byte of each line: a file of a thousand SLOs asks for as many lines.
    lines: Arc<[usize]>,
}

impl SourceText {
    /// A source named `path`.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { path: path.into(), text, lines }
    }

    /// The 1-based line and column (in characters) of byte `offset`; an offset past the end
    /// gives the end.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        (line, self.text[start..offset].chars().count() + 1)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used; something in it is doubtful.
    Warning,
}

/// A place in a source with a remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One mistake: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code such as `scenario::unknown-service`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Lowercase fragment, no period, backticks around literals.
    pub message: String,
    /// The source, where there is one.
    pub source: Option<SourceText>,
    /// Places in the source; the first is the main one. Empty when no place is known.
    pub labels: Vec<Label>,
    /// The remedy.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            source: None,
            labels: Vec::new(),
            help: None,
        }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same with a place in `source`.
    #[must_use]
    pub fn at(mut self, source: &SourceText, span: Span, label: impl Into<String>) -> Self {
        self.source = Some(source.clone());
        self.labels.push(Label { span, text: label.into() });
        self
    }

    /// The same about a whole file.
    #[must_use]
    pub fn in_file(mut self, source: &SourceText) -> Self {
        self.source = Some(source.clone());
        self
    }

    /// The same with a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// `(line, column)` of the main label, both from 1.
    pub fn position(&self) -> Option<(usize, usize)> {
        let label = self.labels.first()?;
        Some(self.source.as_ref()?.line_column(label.span.start))
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `path:line:column: message [code]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{}:", source.path)?;
            if let Some((line, column)) = self.position() {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " ")?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

impl std::error::Error for Diagnostic {}

/// All mistakes of one or more files, in order of discovery.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", .list.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Diagnostics {
    /// The mistakes.
    pub list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { list: vec![diagnostic] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = SourceText::new("a.toml", "x = 1\n題 = 重大\n");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(6 + 3 + 3), (2, 5));
        assert_eq!(source.line_column(7), (2, 1), "inside a character counts as its start");
        assert_eq!(source.line_column(9999), (3, 1));
    }
}
