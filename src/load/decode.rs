//! The decoder: reads a node tree with typed getters and notes every mistake.

use std::cell::{Cell, RefCell};

use super::node::{Node, Spanned, Table};
use super::symbols::{Space, Symbols, choices};
use crate::diag::{Diagnostic, Diagnostics, Severity, SourceText, Span};
use crate::model::{EntityKind, Name, Ref};

/// Most mistakes shown of one file.
const MAX_SHOWN: usize = 100;

/// A value, and what is doubtful about its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded<T> {
    /// The value.
    pub value: T,
    /// Warnings; never errors.
    pub warnings: Diagnostics,
}

impl<T> Loaded<T> {
    /// The same warnings with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Loaded<U> {
        Loaded { value: f(self.value), warnings: self.warnings }
    }
}

/// What all readers of one file share: its text, its mistakes, its names.
pub(crate) struct Cx<'s> {
    pub(crate) source: &'s SourceText,
    found: RefCell<Vec<Diagnostic>>,
    symbols: RefCell<Symbols>,
}

impl<'s> Cx<'s> {
    /// A decoder of `source`, whose syntax has the mistakes `syntax`.
    pub(crate) fn new(source: &'s SourceText, syntax: Vec<Diagnostic>) -> Self {
        Self { source, found: RefCell::new(syntax), symbols: RefCell::default() }
    }

    /// Notes a mistake.
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// Turns the errors of `code` that were noted so far into warnings.
    pub(crate) fn soften(&self, code: &str) {
        for diagnostic in self.found.borrow_mut().iter_mut().filter(|found| found.code == code) {
            diagnostic.severity = Severity::Warning;
        }
    }

    /// How many mistakes were noted so far.
    pub(crate) fn mistakes(&self) -> usize {
        self.found.borrow().len()
    }

    /// An error at `span`, to be given a remedy and pushed.
    pub(crate) fn at(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, message).at(self.source, span, label)
    }

    /// Notes an error at `span`.
    pub(crate) fn error(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) {
        self.push(self.at(code, message, span, label));
    }

    /// Notes that `node` is not what was wanted.
    pub(crate) fn wrong_type(&self, what: &str, node: &Spanned<Node>, wanted: &str) {
        let message = format!("{what} is {}, wanted {wanted}", node.value.what());
        self.error("decode::wrong-type", message, node.span, node.value.what());
    }

    /// Defines a name of this file; a second definition is a mistake.
    pub(crate) fn define(&self, space: Space, name: &Name, span: Span) {
        let first = self.symbols.borrow_mut().define(space, name, Some(span));
        if let Some(first) = first {
            let message = format!("{} `{name}` is defined twice", space.word);
            let second = self.at("decode::duplicate", message, span, "defined again");
            self.push(second.at(self.source, first, "first defined here"));
        }
    }

    /// Makes a name known that another file, or another space, defines.
    pub(crate) fn declare(&self, space: Space, name: &Name) {
        self.symbols.borrow_mut().define(space, name, None);
    }

    /// Notes that `name` must exist in one of `spaces`.
    pub(crate) fn refer(&self, name: &Name, span: Span, spaces: &[Space]) {
        self.symbols.borrow_mut().refer(name, span, spaces);
    }

    /// Reads `node` as a table; `what` names it in messages (`service`).
    pub(crate) fn fields<'a>(
        &'a self,
        node: &'a Spanned<Node>,
        what: &'static str,
    ) -> Option<Fields<'a>> {
        let Node::Table(table) = &node.value else {
            self.wrong_type(&format!("this {what}"), node, "a table");
            return None;
        };
        Some(Fields {
            cx: self,
            table,
            span: node.span,
            what,
            asked: RefCell::default(),
            open: Cell::new(false),
        })
    }

    /// The value, when there is no error; all mistakes otherwise, in the order of the file.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<Loaded<T>, Diagnostics> {
        let mut list = self.found.into_inner();
        let syntax_lines: Vec<usize> = list
            .iter()
            .filter(|diagnostic| diagnostic.code == "toml::syntax")
            .map(|diagnostic| diagnostic.position().map_or(0, |(line, _)| line))
            .collect();
        if syntax_lines.is_empty() {
            list.extend(self.symbols.into_inner().unresolved(self.source));
        } else {
            // With broken syntax part of the file is missing; what that makes look wrong is no
            // mistake of its author's.
            list.retain(|diagnostic| survives_syntax(diagnostic, &syntax_lines));
        }
        list.sort_by_key(|d| d.labels.first().map_or(0, |label| label.span.start));
        list.dedup();
        let errors = Diagnostics { list };
        match value {
            Some(value) if !errors.has_errors() => Ok(Loaded { value, warnings: errors }),
            _ => Err(shortened(errors)),
        }
    }
}

fn survives_syntax(diagnostic: &Diagnostic, syntax_lines: &[usize]) -> bool {
    let certain = [
        "decode::unknown-key",
        "decode::unknown-word",
        "decode::wrong-type",
        "decode::out-of-range",
    ];
    let line = diagnostic.position().map_or(0, |(line, _)| line);
    diagnostic.code.starts_with("toml::")
        || diagnostic.code.starts_with("file::")
        || (certain.contains(&diagnostic.code) && !syntax_lines.contains(&line))
}

fn shortened(mut errors: Diagnostics) -> Diagnostics {
    let more = errors.list.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        errors.list.truncate(MAX_SHOWN);
        let message = format!("{more} more mistakes are not shown");
        errors.push(Diagnostic::error("file::more-mistakes", message));
    }
    errors
}

/// The reader of one table. When it goes out of scope, keys that nobody asked for are mistakes,
/// so that no decoder can forget to refuse them.
pub(crate) struct Fields<'a> {
    pub(crate) cx: &'a Cx<'a>,
    pub(crate) table: &'a Table,
    pub(crate) span: Span,
    pub(crate) what: &'static str,
    asked: RefCell<Vec<&'static str>>,
    open: Cell<bool>,
}

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        if self.open.get() {
            return;
        }
        let asked = self.asked.borrow();
        for (key, _) in &self.table.entries {
            if asked.contains(&key.value.as_str()) {
                continue;
            }
            let message = format!("unknown key `{}` in this {}", key.value, self.what);
            let diagnostic = self.cx.at("decode::unknown-key", message, key.span, "unknown key");
            self.cx.push(diagnostic.help(choices(&key.value, &asked)));
        }
    }
}

impl<'a> Fields<'a> {
    /// Lets this table have any keys.
    pub(crate) fn allow_any(&self) {
        self.open.set(true);
    }

    /// The value of `key`, if it is there.
    pub(crate) fn get(&self, key: &'static str) -> Option<&'a Spanned<Node>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        self.table.get(key).map(|(_, value)| value)
    }

    /// The value of `key`; its absence is a mistake.
    pub(crate) fn need(&self, key: &'static str) -> Option<&'a Spanned<Node>> {
        let found = self.get(key);
        if found.is_none() {
            self.missing(key);
        }
        found
    }

    /// Notes that `key` is missing.
    pub(crate) fn missing(&self, key: &str) {
        let message = format!("this {} has no `{key}`", self.what);
        let label = format!("`{key}` is missing");
        self.cx.error("decode::missing-key", message, self.span, label);
    }

    /// The span of the value of `key`, or of the table where it is left out.
    pub(crate) fn span_of(&self, key: &str) -> Span {
        self.table.get(key).map_or(self.span, |(_, value)| value.span)
    }

    /// Notes an error at the value of `key`.
    pub(crate) fn error(&self, code: &'static str, message: String, key: &str, label: &str) {
        self.cx.error(code, message, self.span_of(key), label);
    }

    /// Readers of the tables in the array `key`, which may be left out.
    pub(crate) fn tables(&self, key: &'static str, what: &'static str) -> Vec<Fields<'a>> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let elements = self.elements(key, node, &format!("tables, one `[[{key}]]` each"));
        elements.iter().filter_map(|element| self.cx.fields(element, what)).collect()
    }

    /// The same, but at least one must be there.
    pub(crate) fn some_tables(&self, key: &'static str, what: &'static str) -> Vec<Fields<'a>> {
        let empty = match self.need(key).map(|node| &node.value) {
            Some(Node::Array(elements)) => elements.is_empty(),
            _ => false,
        };
        if empty {
            let message = format!("`{key}` is empty, at least one {what} is wanted");
            self.error("decode::empty", message, key, "nothing here");
        }
        self.tables(key, what)
    }

    /// The reader of the table `key`; its absence is a mistake.
    pub(crate) fn sub(&self, key: &'static str, what: &'static str) -> Option<Fields<'a>> {
        self.need(key).and_then(|node| self.cx.fields(node, what))
    }

    /// The reader of the table `key`, if it is there.
    pub(crate) fn sub_optional(&self, key: &'static str, what: &'static str) -> Option<Fields<'a>> {
        self.get(key).and_then(|node| self.cx.fields(node, what))
    }

    /// The elements of the array `node`.
    pub(crate) fn elements(
        &self,
        key: &str,
        node: &'a Spanned<Node>,
        of: &str,
    ) -> &'a [Spanned<Node>] {
        if let Node::Array(elements) = &node.value {
            return elements;
        }
        self.cx.wrong_type(&format!("`{key}`"), node, &format!("an array of {of}"));
        &[]
    }

    /// The name that this table defines in `space`.
    pub(crate) fn define(&self, key: &'static str, space: Space) -> Name {
        let name = self.name(key);
        self.cx.define(space, &name, self.span_of(key));
        name
    }

    /// A name that must exist in one of `spaces`.
    pub(crate) fn refer(&self, key: &'static str, spaces: &[Space]) -> Name {
        let name = self.name(key);
        self.cx.refer(&name, self.span_of(key), spaces);
        name
    }

    /// The same, where the key may be left out.
    pub(crate) fn refer_optional(&self, key: &'static str, spaces: &[Space]) -> Option<Name> {
        self.get(key)?;
        Some(self.refer(key, spaces))
    }

    /// Names that must each exist in one of `spaces`, none of them twice; none when left out.
    pub(crate) fn refer_list(&self, key: &'static str, spaces: &[Space]) -> Vec<Name> {
        let names = self.names(key);
        for (index, (name, span)) in names.iter().enumerate() {
            self.cx.refer(name, *span, spaces);
            if !name.is_empty() && names[..index].iter().any(|(earlier, _)| earlier == name) {
                let message = format!("`{name}` is listed twice in `{key}`");
                self.cx.error("decode::duplicate", message, *span, "again");
            }
        }
        names.into_iter().map(|(name, _)| name).collect()
    }

    /// A typed reference such as `service:user-service`.
    pub(crate) fn reference(&self, key: &'static str) -> Ref {
        let nothing = || Ref::new(EntityKind::System, &Name::from(""));
        let Some(node) = self.need(key) else {
            return nothing();
        };
        self.parse_node(&format!("`{key}`"), node, "a reference such as `service:NAME`")
            .unwrap_or_else(nothing)
    }
}
