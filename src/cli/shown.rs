//! Mistakes as they are drawn: the line with its marks, and of very long lines what is around them.

use std::fmt;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::diag::{Diagnostic, Severity};

/// Lines of more bytes are shown in part.
const LONG: usize = 300;
/// Bytes shown before and after the begin of a mark in such a line.
const BEFORE: usize = 30;
const AFTER: usize = 36;

/// The text of a file, of which no more of a line is shown than can be read.
struct Excerpt<'d> {
    path: &'d str,
    text: &'d str,
}

impl Excerpt<'_> {
    /// The line in which a byte lies, as first byte and end.
    fn line(&self, at: usize) -> (usize, usize) {
        let at = at.min(self.text.len());
        let bytes = self.text.as_bytes();
        let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = bytes[at..].iter().position(|byte| *byte == b'\n');
        (start, end.map_or(bytes.len(), |end| at + end))
    }

    fn is_long(&self, at: usize) -> bool {
        let (start, end) = self.line(at);
        end - start > LONG
    }

    /// The nearest begin of a character, not after `at`.
    fn character(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = self.text.read_span(span, lines_before, lines_after)?;
        let long = whole.data().split(|byte| *byte == b'\n').any(|line| line.len() > LONG);
        let (mut data, mut place) = (whole.data(), *whole.span());
        let (mut line, mut column, mut count) = (whole.line(), whole.column(), whole.line_count());
        if long {
            let (start, end) = self.line(span.offset());
            let from = self.character(span.offset().saturating_sub(BEFORE).max(start));
            let to = self.character((span.offset() + AFTER).min(end)).max(from);
            data = &self.text.as_bytes()[from..to];
            place = (from, to - from).into();
            line = self.text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
            (column, count) = (from - start, 1);
            if lines_before == 0 && lines_after == 0 {
                // Asked for the place that is printed beside the name of the file.
                column = span.offset() - start;
            }
        }
        let name = self.path.to_owned();
        Ok(Box::new(MietteSpanContents::new_named(name, data, place, line, column, count)))
    }
}

/// A diagnostic as miette draws it.
pub(super) struct Shown<'d> {
    diagnostic: &'d Diagnostic,
    source: Option<Excerpt<'d>>,
}

impl<'d> Shown<'d> {
    pub(super) fn new(diagnostic: &'d Diagnostic) -> Self {
        let source = diagnostic.source.as_ref();
        let source = source.map(|source| Excerpt { path: &source.path, text: &source.text });
        Self { diagnostic, source }
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnostic.fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)?;
        // Without a label miette does not show the file, so it is named here.
        match &self.diagnostic.source {
            Some(source) if self.diagnostic.labels.is_empty() => write!(f, " ({})", source.path),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.diagnostic.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.diagnostic.labels.is_empty() {
            return None;
        }
        let labels = self.diagnostic.labels.iter().map(|label| {
            let mut length = label.span.end.saturating_sub(label.span.start);
            if self.source.as_ref().is_some_and(|source| source.is_long(label.span.start)) {
                length = length.min(AFTER / 2);
            }
            LabeledSpan::new(Some(label.text.clone()), label.span.start, length)
        });
        Some(Box::new(labels))
    }
}

#[cfg(test)]
mod tests {
    use miette::{GraphicalReportHandler, GraphicalTheme};

    use super::*;
    use crate::diag::{SourceText, Span};

    #[test]
    fn of_a_long_line_its_surroundings_are_shown() {
        let text = format!("schema = 1\nx = \"{}日本{}\"\n", "あ".repeat(400), "b".repeat(400));
        let at = text.find('日').unwrap();
        let source = SourceText::new("a.toml", text);
        let diagnostic =
            Diagnostic::error("a::b", "too long").at(&source, Span::new(at, at + 300), "here");
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::none()).with_width(80);
        let mut shown = String::new();
        handler.render_report(&mut shown, &Shown::new(&diagnostic)).unwrap();
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        assert!(shown.contains("[a.toml:2:") && shown.contains("日本bbb"), "{shown}");
    }
}
