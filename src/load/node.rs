//! The tree that every text format is parsed into.

use crate::diag::Span;

/// A value with the bytes it was written with.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands in its source.
    pub span: Span,
}

/// A table in the order of its file; keys are unique.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Keys and values.
    pub entries: Vec<(Spanned<String>, Spanned<Node>)>,
}

impl Table {
    /// The key and value named `key`.
    pub fn get(&self, key: &str) -> Option<&(Spanned<String>, Spanned<Node>)> {
        self.entries.iter().find(|(name, _)| name.value == key)
    }
}

/// A value of any format.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Keys and values.
    Table(Table),
    /// Values.
    Array(Vec<Spanned<Node>>),
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A date, a time, or both, as the format writes them.
    Datetime(String),
    /// A key without a value, as YAML allows it.
    Null,
}

impl Node {
    /// What it is, with article, for messages.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Table(_) => "a table",
            Self::Array(_) => "an array",
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Bool(_) => "a boolean",
            Self::Datetime(_) => "a date",
            Self::Null => "empty",
        }
    }
}
