//! TOML text to the node tree, with all syntax mistakes.

use ::toml::Spanned as TomlSpanned;
use ::toml::de::{DeTable, DeValue};

use super::file::MAX_FILE_BYTES;
use super::node::{Node, Spanned, Table};
use crate::diag::{Diagnostic, SourceText, Span};

/// Deepest nesting of tables and arrays.
const MAX_DEPTH: usize = 64;
/// Most elements of one array, and keys of one table.
const MAX_ELEMENTS: usize = 10_000;
/// Most syntax mistakes shown of one file; later ones are mostly echoes of the first.
const MAX_SYNTAX: usize = 20;

/// The tree of a TOML text and what is wrong with its syntax. With mistakes the tree holds
/// whatever could be made out.
pub fn parse(source: &SourceText) -> (Spanned<Node>, Vec<Diagnostic>) {
    let empty = Spanned { value: Node::Table(Table::default()), span: Span::new(0, 0) };
    if source.text.len() as u64 > MAX_FILE_BYTES {
        return (
            empty,
            vec![super::file::too_large(source.text.len() as u64, MAX_FILE_BYTES).in_file(source)],
        );
    }
    if source.text.trim().is_empty() {
        let nothing = Diagnostic::error("file::empty", "the file is empty").in_file(source);
        return (empty, vec![nothing.help("begin with `schema = \"drill.KIND/1\"`")]);
    }
    let (tree, errors) = DeTable::parse_recoverable(&source.text);
    let mut found = syntax_mistakes(source, &errors);
    // The parser reads nothing behind a key without a value, so it gets another chance without.
    let blanked = without_stops(&source.text, &errors);
    let tree = match &blanked {
        None => tree,
        Some(text) => {
            let (tree, errors) = DeTable::parse_recoverable(text);
            let lines: Vec<_> = found.iter().map(Diagnostic::position).collect();
            let more = syntax_mistakes(source, &errors);
            let line = |d: &Diagnostic| d.position().map(|(line, _)| line);
            let new = |d: &Diagnostic| !lines.iter().any(|at| at.map(|at| at.0) == line(d));
            found.extend(more.into_iter().filter(new));
            tree
        }
    };
    let mut limits = Limits { source, found };
    let span = Span::new(0, first_line_end(&source.text));
    let value = limits.table(tree.into_inner(), 1);
    (Spanned { value, span }, limits.found)
}

/// The parser's errors as diagnostics, the first of each line.
fn syntax_mistakes(source: &SourceText, errors: &[::toml::de::Error]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut last_line = None;
    for error in errors {
        let span = error.span().map(|range| on_boundaries(&source.text, range.start, range.end));
        let line = span.map(|span| source.line_column(span.start).0);
        // The parser goes on behind a mistake and often stumbles over the rest of the line.
        if line.is_some() && line == last_line {
            continue;
        }
        if found.len() >= MAX_SYNTAX {
            break;
        }
        last_line = line;
        let message = lowercase_first(error.message().trim());
        let diagnostic = Diagnostic::error("toml::syntax", message);
        found.push(match span {
            Some(span) => diagnostic.at(source, span, "here"),
            None => diagnostic.in_file(source),
        });
    }
    found
}

/// The text with the lines of keys without a value blanked out, byte for byte, so that spans
/// stay true; `None` when there are none.
fn without_stops(text: &str, errors: &[::toml::de::Error]) -> Option<String> {
    let stops = errors.iter().filter(|error| error.message().starts_with("key with no value"));
    let mut blanked = text.to_owned();
    let mut any = false;
    for range in stops.filter_map(::toml::de::Error::span) {
        let at = on_boundaries(text, range.start, range.end).start;
        let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        blanked.replace_range(start..end, &" ".repeat(end - start));
        any = true;
    }
    any.then_some(blanked)
}

fn first_line_end(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

fn lowercase_first(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A span inside `text` that begins and ends between characters.
fn on_boundaries(text: &str, start: usize, end: usize) -> Span {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(start);
    Span::new(start, floor(end).max(start))
}

struct Limits<'s> {
    source: &'s SourceText,
    found: Vec<Diagnostic>,
}

impl Limits<'_> {
    fn node(&mut self, value: TomlSpanned<DeValue<'_>>, depth: usize) -> Spanned<Node> {
        let range = value.span();
        let span = on_boundaries(&self.source.text, range.start, range.end);
        let value = match value.into_inner() {
            DeValue::String(text) => Node::String(text.into_owned()),
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix());
                Node::Integer(parsed.unwrap_or_else(|_| {
                    self.refuse("decode::out-of-range", "the integer does not fit 64 bits", span);
                    0
                }))
            }
            DeValue::Float(number) => Node::Float(number.as_str().parse().unwrap_or_else(|_| {
                self.refuse("decode::wrong-type", "this is not a number", span);
                0.0
            })),
            DeValue::Boolean(flag) => Node::Bool(flag),
            DeValue::Datetime(at) => Node::Datetime(at.to_string()),
            DeValue::Array(_) | DeValue::Table(_) if depth >= MAX_DEPTH => {
                let message = format!("nested more than {MAX_DEPTH} deep");
                self.refuse("file::too-deep", &message, span);
                Node::Array(Vec::new())
            }
            DeValue::Array(array) => {
                if array.len() > MAX_ELEMENTS {
                    let message = format!(
                        "an array of {} elements; at most {MAX_ELEMENTS} are read",
                        array.len()
                    );
                    self.refuse("file::too-many-elements", &message, span);
                }
                let elements = array.into_iter().take(MAX_ELEMENTS);
                Node::Array(elements.map(|element| self.node(element, depth + 1)).collect())
            }
            DeValue::Table(table) => self.table(table, depth + 1),
        };
        Spanned { value, span }
    }

    fn table(&mut self, table: DeTable<'_>, depth: usize) -> Node {
        let mut entries: Vec<_> = table
            .into_iter()
            .map(|(key, value)| {
                let range = key.span();
                let key = Spanned {
                    span: on_boundaries(&self.source.text, range.start, range.end),
                    value: key.into_inner().into_owned(),
                };
                (key, self.node(value, depth))
            })
            .collect();
        // The parser keeps keys by name; people read mistakes in the order of the file.
        entries.sort_by_key(|(key, _)| key.span.start);
        if let Some((key, _)) = entries.get(MAX_ELEMENTS) {
            let message = format!("a table of more than {MAX_ELEMENTS} keys");
            self.refuse("file::too-many-elements", &message, key.span);
            entries.truncate(MAX_ELEMENTS);
        }
        Node::Table(Table { entries })
    }

    fn refuse(&mut self, code: &'static str, message: &str, span: Span) {
        let diagnostic = Diagnostic::error(code, message);
        self.found.push(diagnostic.at(self.source, span, "here"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_and_the_spans_of_the_file_are_kept() {
        let source = SourceText::new("a.toml", "z = 1\na = [\"x\", 2.5]\n[t]\nk = 2026-10-05\n");
        let (tree, found) = parse(&source);
        assert!(found.is_empty());
        let Node::Table(table) = tree.value else { panic!("a table") };
        let keys: Vec<_> = table.entries.iter().map(|(key, _)| key.value.as_str()).collect();
        assert_eq!(keys, ["z", "a", "t"]);
        let (key, value) = table.get("a").unwrap();
        assert_eq!(&source.text[key.span.start..key.span.end], "a");
        assert_eq!(&source.text[value.span.start..value.span.end], "[\"x\", 2.5]");
    }

    #[test]
    fn several_syntax_mistakes_are_found_at_once() {
        let source = SourceText::new("a.toml", "a = \nb = 1\nc = 'x\nd = 1\nd = 2\n");
        let (_, found) = parse(&source);
        assert!(found.len() >= 3, "{found:?}");
        assert!(found.iter().all(|diagnostic| diagnostic.code == "toml::syntax"));
    }

    #[test]
    fn deep_nesting_is_refused() {
        for depth in [65, 79, 100, 100_000] {
            let text = format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
            let (_, found) = parse(&SourceText::new("a.toml", text));
            assert!(!found.is_empty(), "{depth}");
        }
        let dotted = format!("{}a = 1", "a.".repeat(50_000));
        assert!(!parse(&SourceText::new("a.toml", dotted)).1.is_empty());
    }
}
