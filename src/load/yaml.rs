//! YAML text to node trees, one per document, with every limit set.
//!
//! Plain scalars follow the core schema of YAML 1.2: `yes` and a date stay text, so that nothing
//! changes its type by how it looks. Anchors are expanded within a budget. The spans are the
//! bytes of the text, so an exact decimal can be cut from it.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span as Place};

use super::file::{MAX_FILE_BYTES, too_large};
use super::node::{Node, Spanned, Table};
use crate::diag::{Diagnostic, SourceText, Span};

/// Deepest nesting of mappings and sequences.
const MAX_DEPTH: usize = 64;
/// Most nodes of one file, counting what aliases stand for.
const MAX_NODES: usize = 200_000;
/// Most documents of one file.
const MAX_DOCUMENTS: usize = 1_000;

/// The documents of a YAML (or JSON) text and what is wrong with its syntax. The parser stops at
/// the first broken document; those before it are kept.
pub fn parse_yaml(source: &SourceText) -> (Vec<Spanned<Node>>, Vec<Diagnostic>) {
    if source.text.len() as u64 > MAX_FILE_BYTES {
        let refused = too_large(source.text.len() as u64, MAX_FILE_BYTES).in_file(source);
        return (Vec::new(), vec![refused]);
    }
    let mut builder =
        Builder { source, found: Vec::new(), nodes: 0, open: Vec::new(), anchors: BTreeMap::new() };
    let mut documents = Vec::new();
    for event in Parser::new_from_str(&source.text) {
        let (event, place) = match event {
            Ok(event) => event,
            Err(error) => {
                builder.syntax(&error);
                break;
            }
        };
        if builder.take(event, place, &mut documents).is_err() {
            break;
        }
        if documents.len() > MAX_DOCUMENTS {
            let message = format!("more than {MAX_DOCUMENTS} documents");
            builder.found.push(Diagnostic::error("file::too-long", message).in_file(source));
            break;
        }
    }
    documents.retain(|document| !matches!(document.value, Node::Null));
    if documents.is_empty() && builder.found.is_empty() {
        let nothing = Diagnostic::error("file::empty", "the file is empty").in_file(source);
        builder.found.push(nothing.help("begin with `apiVersion: openslo/v1`"));
    }
    (documents, builder.found)
}

/// The file holds more than a limit allows; a diagnostic was noted.
struct Refused;

enum Open {
    Sequence(Vec<Spanned<Node>>),
    Mapping { entries: Table, key: Option<Spanned<String>> },
}

struct Frame {
    open: Open,
    start: usize,
    anchor: usize,
}

struct Builder<'s> {
    source: &'s SourceText,
    found: Vec<Diagnostic>,
    nodes: usize,
    open: Vec<Frame>,
    anchors: BTreeMap<usize, (Spanned<Node>, usize)>,
}

impl Builder<'_> {
    fn take(
        &mut self,
        event: Event<'_>,
        place: Place,
        documents: &mut Vec<Spanned<Node>>,
    ) -> Result<(), Refused> {
        let span = span_of(place, self.source);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let core = tag.as_ref().is_none_or(|tag| tag.is_yaml_core_schema());
                if !core {
                    self.refuse("yaml::tag", "tags of your own are not supported", span);
                }
                let as_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let plain = style == ScalarStyle::Plain && !as_text;
                let value =
                    if plain { plain_scalar(&text) } else { Node::String(text.into_owned()) };
                self.add(Spanned { value, span }, anchor, 1, documents)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.descend(Open::Sequence(Vec::new()), anchor, span)
            }
            Event::MappingStart(_, anchor, _) => {
                let entries = Table::default();
                self.descend(Open::Mapping { entries, key: None }, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.ascend(span, documents),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((node, size)) => {
                    let (node, size) = (Spanned { value: node.value.clone(), span }, *size);
                    self.add(node, 0, size, documents)
                }
                None => {
                    self.refuse("yaml::alias", "this alias refers to what surrounds it", span);
                    self.add(Spanned { value: Node::Null, span }, 0, 1, documents)
                }
            },
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn descend(&mut self, open: Open, anchor: usize, span: Span) -> Result<(), Refused> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} deep");
            self.refuse("file::too-deep", &message, span);
            return Err(Refused);
        }
        self.open.push(Frame { open, start: span.start, anchor });
        Ok(())
    }

    fn ascend(&mut self, end: Span, documents: &mut Vec<Spanned<Node>>) -> Result<(), Refused> {
        let Some(frame) = self.open.pop() else {
            return Ok(());
        };
        let (value, last) = match frame.open {
            Open::Sequence(elements) => {
                let last = elements.last().map(|element| element.span.end);
                (Node::Array(elements), last)
            }
            Open::Mapping { entries, .. } => {
                let last = entries.entries.last().map(|(_, value)| value.span.end);
                (Node::Table(entries), last)
            }
        };
        // A block ends where the next thing begins; what it holds ends with its last element.
        let flow = matches!(self.source.text.as_bytes().get(frame.start), Some(b'[' | b'{'));
        let end = if flow { end.end } else { last.unwrap_or(end.end) };
        let span = Span::new(frame.start, end.max(frame.start));
        let size = if frame.anchor == 0 { 0 } else { size_of(&value) };
        self.add_sized(Spanned { value, span }, frame.anchor, size, documents)
    }

    /// Adds a node of `size` nodes, all of which count.
    fn add(
        &mut self,
        node: Spanned<Node>,
        anchor: usize,
        size: usize,
        documents: &mut Vec<Spanned<Node>>,
    ) -> Result<(), Refused> {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values, counting what aliases stand for");
            self.refuse("file::too-long", &message, node.span);
            return Err(Refused);
        }
        self.add_sized(node, anchor, size, documents)
    }

    fn add_sized(
        &mut self,
        node: Spanned<Node>,
        anchor: usize,
        size: usize,
        documents: &mut Vec<Spanned<Node>>,
    ) -> Result<(), Refused> {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size.max(1)));
        }
        let Some(Frame { open, .. }) = self.open.last_mut() else {
            documents.push(node);
            return Ok(());
        };
        match open {
            Open::Sequence(elements) => elements.push(node),
            Open::Mapping { entries, key } => match key.take() {
                None => *key = Some(key_of(&mut self.found, self.source, node)),
                Some(name) => insert(&mut self.found, self.source, entries, name, node),
            },
        }
        Ok(())
    }

    fn refuse(&mut self, code: &'static str, message: &str, span: Span) {
        let refused = Diagnostic::error(code, message);
        self.found.push(refused.at(self.source, span, "here"));
    }

    fn syntax(&mut self, error: &ScanError) {
        let marker = error.marker();
        let at = marker.byte_offset().unwrap_or(0).min(self.source.text.len());
        let at = floor(&self.source.text, at);
        let found = Diagnostic::error("yaml::syntax", error.info());
        self.found.push(found.at(self.source, Span::new(at, at), "here"));
    }
}

fn key_of(
    found: &mut Vec<Diagnostic>,
    source: &SourceText,
    node: Spanned<Node>,
) -> Spanned<String> {
    let span = node.span;
    let value = match node.value {
        Node::String(text) => text,
        // A key is a name, whatever it looks like.
        Node::Integer(_) | Node::Float(_) | Node::Bool(_) | Node::Null => {
            source.text.get(span.start..span.end).unwrap_or_default().to_owned()
        }
        _ => {
            let wrong = Diagnostic::error("yaml::key", "a key must be a single word or text");
            found.push(wrong.at(source, span, "no name"));
            String::new()
        }
    };
    Spanned { value, span }
}

fn insert(
    found: &mut Vec<Diagnostic>,
    source: &SourceText,
    entries: &mut Table,
    name: Spanned<String>,
    node: Spanned<Node>,
) {
    if let Some((first, _)) = entries.get(&name.value) {
        let message = format!("the key `{}` is written twice", name.value);
        let twice = Diagnostic::error("yaml::duplicate-key", message);
        let twice = twice.at(source, name.span, "again").at(source, first.span, "first here");
        found.push(twice);
        return;
    }
    entries.entries.push((name, node));
}

fn size_of(node: &Node) -> usize {
    match node {
        Node::Array(elements) => 1 + elements.iter().map(|e| size_of(&e.value)).sum::<usize>(),
        Node::Table(table) => {
            1 + table.entries.iter().map(|(_, v)| 1 + size_of(&v.value)).sum::<usize>()
        }
        _ => 1,
    }
}

/// A plain scalar under the core schema, YAML 1.2.2 section 10.3.2.
fn plain_scalar(text: &str) -> Node {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Node::Null,
        "true" | "True" | "TRUE" => return Node::Bool(true),
        "false" | "False" | "FALSE" => return Node::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" => return Node::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Node::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Node::Float(f64::NAN),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_or_else(|_| float(text), Node::Integer);
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        let number = text.strip_prefix(prefix).map(|digits| i64::from_str_radix(digits, radix));
        if let Some(Ok(number)) = number {
            return Node::Integer(number);
        }
    }
    let numeric = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    let begins = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if begins && unsigned.bytes().all(numeric) {
        float(text)
    } else {
        Node::String(text.to_owned())
    }
}

fn float(text: &str) -> Node {
    text.parse().map_or_else(|_| Node::String(text.to_owned()), Node::Float)
}

fn span_of(place: Place, source: &SourceText) -> Span {
    let range = place.byte_range().unwrap_or(0..0);
    let start = floor(&source.text, range.start);
    Span::new(start, floor(&source.text, range.end).max(start))
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        let (mut documents, found) = parse_yaml(&SourceText::new("a.yaml", text));
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(documents.len(), 1);
        documents.remove(0).value
    }

    fn codes(text: &str) -> Vec<&'static str> {
        let (_, found) = parse_yaml(&SourceText::new("a.yaml", text));
        found.iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let values = "[1, -2, 0x1f, 0.5, 1e3, yes, 2022-01-01 12:00:00, ~, true, 1.2.3, '1', 1m]";
        let Node::Array(elements) = one(values) else { panic!("no array") };
        let text = |text: &str| Node::String(text.to_owned());
        let wanted = [
            Node::Integer(1),
            Node::Integer(-2),
            Node::Integer(31),
            Node::Float(0.5),
            Node::Float(1000.0),
            text("yes"),
            text("2022-01-01 12:00:00"),
            Node::Null,
            Node::Bool(true),
            text("1.2.3"),
            text("1"),
            text("1m"),
        ];
        let found: Vec<Node> = elements.into_iter().map(|element| element.value).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn spans_are_bytes_of_the_text() {
        let source =
            SourceText::new("a.yaml", "名: 値\ntarget: 0.9990\nlist:\n  - a: 1\n  - b\nz: 1\n");
        let (documents, _) = parse_yaml(&source);
        let Node::Table(table) = &documents[0].value else { panic!("no table") };
        let cut = |key: &str| {
            let span = table.get(key).unwrap().1.span;
            &source.text[span.start..span.end]
        };
        assert_eq!((cut("名"), cut("target")), ("値", "0.9990"));
        assert_eq!(cut("list"), "- a: 1\n  - b");
    }

    #[test]
    fn aliases_are_expanded_within_a_budget() {
        let Node::Table(table) = one("a: &x [1, 2]\nb: *x\n") else { panic!("no table") };
        assert!(matches!(&table.get("b").unwrap().1.value, Node::Array(list) if list.len() == 2));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let inner = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        assert_eq!(codes(&bomb), ["file::too-long"]);
        assert_eq!(codes("a: &x [*x]\n"), ["yaml::alias"]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        assert_eq!(codes("a: 1\na: 2\n"), ["yaml::duplicate-key"]);
        assert_eq!(codes("[a, b\n"), ["yaml::syntax"]);
        assert_eq!(codes("? [a]\n: 1\n"), ["yaml::key"]);
        assert_eq!(codes("a: !mine 1\n"), ["yaml::tag"]);
        assert_eq!(codes("# nothing\n"), ["file::empty"]);
        assert_eq!(codes(&format!("{}{}", "[".repeat(70), "]".repeat(70))), ["file::too-deep"]);
        assert_eq!(parse_yaml(&SourceText::new("a", "a: 1\n---\nb: 2\n")).0.len(), 2);
    }
}
