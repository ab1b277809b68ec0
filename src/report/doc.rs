//! A report as a value: blocks that the text, Markdown and HTML renderers all understand.
//!
//! Every report is first built as a [`Doc`], so the three forms can never say different things.

use serde::Serialize;

/// What a piece of text means; renderers choose colours, never the builders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tone {
    /// Ordinary.
    Plain,
    /// Less important.
    Muted,
    /// P, held, done.
    Good,
    /// S.
    Fair,
    /// M, late, preliminary.
    Poor,
    /// U, failed, broken.
    Bad,
    /// Not known.
    Unknown,
    /// Only the scorer knew.
    Truth,
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
    /// Shown as a badge where the form has badges.
    pub(super) badge: bool,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::toned(text, Tone::Plain)
    }

    pub(super) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone, badge: false }
    }

    pub(super) fn badge(text: impl Into<String>, tone: Tone) -> Self {
        Self { badge: true, ..Self::toned(text, tone) }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Which columns are broken into lines first when there is too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Give {
    /// Notes and names beside the main matter.
    First,
    /// The main matter.
    Second,
    /// Numbers and words that should stay whole.
    Last,
}

/// What a column becomes where a table is too wide and each row is set as a short list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// A value behind the column's title.
    Named,
    /// What the row is about: first, without a title.
    Main,
    /// When the row happened: beside what it is about.
    When,
    /// A remark below, without a title.
    Aside,
    /// A badge before what the row is about.
    Mark,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Column {
    pub(super) title: String,
    pub(super) align: Align,
    pub(super) give: Give,
    pub(super) part: Part,
    /// Left out of narrow text.
    pub(super) wide_only: bool,
}

impl Column {
    pub(super) fn left(title: String) -> Self {
        let (align, give, part) = (Align::Left, Give::Last, Part::Named);
        Self { title, align, give, part, wide_only: false }
    }

    pub(super) fn right(title: String) -> Self {
        Self { align: Align::Right, ..Self::left(title) }
    }

    pub(super) fn flex(title: String) -> Self {
        Self { give: Give::Second, ..Self::left(title) }
    }

    pub(super) fn soft(title: String) -> Self {
        Self { give: Give::First, ..Self::left(title) }
    }

    pub(super) fn wide(self) -> Self {
        Self { wide_only: true, ..self }
    }

    pub(super) fn main(self) -> Self {
        Self { part: Part::Main, ..self }
    }

    pub(super) fn when(self) -> Self {
        Self { part: Part::When, ..self }
    }

    pub(super) fn mark(self) -> Self {
        Self { part: Part::Mark, ..self }
    }

    pub(super) fn aside(self) -> Self {
        Self { part: Part::Aside, ..self }
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Table {
    /// Read to people who cannot see the heading beside it.
    pub(super) caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// One headline figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tile {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) note: String,
    pub(super) tone: Tone,
}

/// One block of a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Block {
    /// A heading of level 2 or 3.
    Heading {
        level: u8,
        text: String,
    },
    /// A paragraph.
    Paragraph {
        text: String,
        tone: Tone,
    },
    /// Names and values.
    Facts {
        rows: Vec<(String, Cell)>,
    },
    /// Headline figures.
    Tiles {
        tiles: Vec<Tile>,
    },
    Table {
        table: Table,
    },
    /// Items without order.
    List {
        items: Vec<Cell>,
    },
    /// A picture; text has none, Markdown refers to the file.
    Picture {
        file: String,
        title: String,
        svg: String,
    },
    /// Blocks that only the longer forms (Markdown, HTML) hold.
    Longer {
        blocks: Vec<Block>,
    },
    /// Blocks that only text holds.
    TextOnly {
        blocks: Vec<Block>,
    },
    /// Blocks that HTML folds away under a summary.
    Folded {
        summary: String,
        blocks: Vec<Block>,
    },
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Doc {
    pub(super) lang: &'static str,
    pub(super) title: String,
    pub(super) lead: String,
    pub(super) blocks: Vec<Block>,
}

impl Doc {
    pub(super) fn heading(&mut self, text: String) {
        self.blocks.push(Block::Heading { level: 2, text });
    }

    pub(super) fn paragraph(&mut self, text: String) {
        let tone = Tone::Plain;
        self.blocks.push(Block::Paragraph { text, tone });
    }

    pub(super) fn note(&mut self, text: String) {
        let tone = Tone::Muted;
        self.blocks.push(Block::Paragraph { text, tone });
    }

    pub(super) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table { table });
    }

    pub(super) fn facts(&mut self, rows: Vec<(String, Cell)>) {
        self.blocks.push(Block::Facts { rows });
    }

    pub(super) fn list(&mut self, items: Vec<Cell>) {
        self.blocks.push(Block::List { items });
    }
}
