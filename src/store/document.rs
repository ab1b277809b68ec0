//! A JSON document that holds many rows: where in it something stands, and what is refused of it.

use super::table::Rows;

/// Largest document.
pub(super) const MAX_DOCUMENT: usize = super::content::MAX_LINE;

enum Lines {
    /// All of it is in this line.
    One(u64),
    /// The bytes at which its lines begin.
    Begin(Vec<usize>),
}

/// The text of documents and its lines.
pub(super) struct Document<'a> {
    pub(super) text: &'a str,
    lines: Lines,
}

impl<'a> Document<'a> {
    /// A document in one line of its file.
    pub(super) fn line(text: &'a str, number: u64) -> Self {
        Self { text, lines: Lines::One(number) }
    }

    /// A whole file.
    pub(super) fn file(text: &'a str) -> Self {
        let begins =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(i, _)| i + 1);
        Self { text, lines: Lines::Begin(std::iter::once(0).chain(begins).collect()) }
    }

    /// The line of the file that holds the byte at `at`.
    pub(super) fn line_of(&self, at: usize) -> u64 {
        match &self.lines {
            Lines::One(number) => *number,
            Lines::Begin(begins) => begins.partition_point(|begin| *begin <= at) as u64,
        }
    }

    /// The character of its line at which the byte at `at` stands, from 1.
    pub(super) fn character(&self, at: usize) -> usize {
        let begin = match &self.lines {
            Lines::One(_) => 0,
            Lines::Begin(begins) => begins[begins.partition_point(|begin| *begin <= at) - 1],
        };
        self.text.get(begin..at).map_or(at - begin, |before| before.chars().count()) + 1
    }

    /// Refuses the record that begins at `at`.
    pub(super) fn refuse(&self, rows: &mut Rows, at: usize, column: &str, reason: String) {
        rows.refuse(self.line_of(at), column, reason, self.text.get(at..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_characters() {
        let document = Document::file("é{\n  x\n");
        let place = |at| (document.line_of(at), document.character(at));
        assert_eq!([place(0), place(2), place(4), place(6)], [(1, 1), (1, 2), (2, 1), (2, 3)]);
    }
}
