//! A report as text for a terminal or a pipe.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::doc::{Align, Block, Cell, Column, Doc, Give, Table, Tone};

/// How text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; no line is wider. Values below 60 are taken as 60.
    pub width: usize,
    /// ANSI colours. Without them nothing is lost: colours only repeat what words say.
    pub color: Color,
}

/// Whether text carries ANSI colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Yes.
    On,
    /// No.
    Off,
}

impl Style {
    /// 80 columns without colour.
    pub const PLAIN: Self = Self { width: 80, color: Color::Off };
}

const MIN_WIDTH: usize = 60;
const GAP: usize = 2;

pub(super) fn render(doc: &Doc, style: Style) -> String {
    let mut out = Writer {
        out: String::with_capacity(8 * 1024),
        width: style.width.max(MIN_WIDTH),
        color: style.color,
    };
    for line in wrap(&clean(&doc.title), out.width) {
        out.line(&out.paint(&line, "1"));
    }
    if !doc.lead.is_empty() {
        out.wrapped("", &doc.lead, Tone::Plain);
    }
    out.blocks(&doc.blocks);
    out.out
}

/// Columns that `text` takes in a terminal.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// Control characters would move the cursor or end a line; they become spaces.
pub(super) fn clean(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

/// Breaks `text` into lines of at most `width` columns: at spaces, and between any two wide
/// characters, as Japanese is set. A word that is too long is cut.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    let mut push = |line: &mut String, used: &mut usize| {
        lines.push(line.trim_end().to_owned());
        line.clear();
        *used = 0;
    };
    for piece in pieces(text) {
        let size = columns(piece);
        if used + columns(piece.trim_end()) > width && used > 0 && !hangs(piece) {
            push(&mut line, &mut used);
        }
        if size <= width || columns(piece.trim_end()) <= width {
            line.push_str(piece);
            used += size;
            continue;
        }
        // A word that is too long is cut, after a hyphen or slash where one is near.
        let mut rest = piece;
        while columns(rest) > width - used.min(width) {
            let Some(cut) = soft_cut(rest, width - used.min(width)) else {
                break;
            };
            line.push_str(&rest[..cut]);
            push(&mut line, &mut used);
            rest = &rest[cut..];
        }
        for c in rest.chars() {
            let one = c.width().unwrap_or(0);
            if used + one > width {
                push(&mut line, &mut used);
            }
            line.push(c);
            used += one;
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Where to cut `word` so that at most `width` columns come before: after its last hyphen, slash
/// or underscore that is not right at the start.
fn soft_cut(word: &str, width: usize) -> Option<usize> {
    let mut used = 0;
    let mut cut = None;
    for (at, c) in word.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        if matches!(c, '-' | '/' | '_') && at >= 3 {
            cut = Some(at + 1);
        }
    }
    cut.filter(|cut| *cut < word.len())
}

/// Pure white space may stand over the edge, since it is trimmed away.
fn hangs(piece: &str) -> bool {
    piece.trim_end().is_empty()
}

/// Unbreakable pieces: a word with the spaces after it, or one wide character with the closing
/// punctuation after it, which must not begin a line.
fn pieces(text: &str) -> Vec<&str> {
    const CLOSING: &str = "、。，．・）」』】〕：；！？ー々";
    let wide = |c: char| c.width() == Some(2);
    let (mut out, mut start) = (Vec::new(), 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let Some((_, next)) = chars.peek().copied() else {
            out.push(&text[start..]);
            break;
        };
        let after_space = c == ' ' && next != ' ' && !in_span(&text[..at], &text[end..]);
        let at_wide = (wide(c) || wide(next)) && next != ' ' && !CLOSING.contains(next);
        if (after_space || at_wide) && !"「『（【〔(".contains(c) {
            out.push(&text[start..end]);
            start = end;
        }
    }
    out
}

/// Whether a number and its unit (`26 s`, `1 h 8 min`) would be torn apart between two texts.
fn in_span(before: &str, after: &str) -> bool {
    let unit = |word: &str| matches!(word, "d" | "h" | "min" | "s" | "%");
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let next = after.split(|c: char| !(c.is_ascii_alphabetic() || c == '%')).next().unwrap_or("");
    let last = before.rsplit(' ').next().unwrap_or("");
    digit(before.chars().next_back()) && unit(next)
        || unit(last) && last != "%" && digit(after.chars().next())
}

struct Writer {
    out: String,
    width: usize,
    color: Color,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, text: &str, code: &str) -> String {
        match self.color {
            Color::On if !code.is_empty() && !text.trim().is_empty() => {
                format!("\u{1b}[{code}m{text}\u{1b}[0m")
            }
            _ => text.to_owned(),
        }
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { text, .. } => {
                self.out.push('\n');
                let line = clean(text);
                let rule = "-".repeat(columns(&line).min(self.width));
                for line in wrap(&line, self.width) {
                    self.line(&self.paint(&line, "1"));
                }
                self.line(&self.paint(&rule, "2"));
            }
            Block::Paragraph { text, tone } => self.wrapped("", text, *tone),
            Block::Facts { rows } => self.facts(rows),
            Block::Tiles { tiles } => {
                let row = |tile: &super::doc::Tile| {
                    let text = [tile.value.as_str(), tile.note.as_str()];
                    let text: Vec<&str> = text.into_iter().filter(|t| !t.is_empty()).collect();
                    (tile.label.clone(), Cell::toned(text.join("  "), tile.tone))
                };
                self.facts(&tiles.iter().map(row).collect::<Vec<_>>());
            }
            Block::Table { table } => self.table(table),
            Block::List { items } => {
                for item in items {
                    self.wrapped("- ", &item.text, item.tone);
                }
            }
            Block::Picture { .. } | Block::Longer { .. } => {}
            Block::TextOnly { blocks } | Block::Folded { blocks, .. } => self.blocks(blocks),
        }
    }

    fn wrapped(&mut self, mark: &str, text: &str, tone: Tone) {
        let indent = columns(mark);
        for (i, line) in wrap(&clean(text), self.width - indent).iter().enumerate() {
            let lead = if i == 0 { mark.to_owned() } else { " ".repeat(indent) };
            let line = self.paint(line, code(tone));
            self.line(&format!("{lead}{line}"));
        }
    }

    fn facts(&mut self, rows: &[(String, Cell)]) {
        let widest = rows.iter().map(|(name, _)| columns(name)).max();
        let left = widest.unwrap_or(0).min(self.width / 2) + GAP;
        for (name, value) in rows {
            let names = wrap(&clean(name), left - GAP);
            let lines = wrap(&clean(&value.text), self.width - left);
            for i in 0..names.len().max(lines.len()) {
                let name = names.get(i).map_or("", String::as_str);
                let pad = " ".repeat(left - columns(name));
                let name = self.paint(name, "2");
                let line = lines.get(i).map_or("", String::as_str);
                let line = self.paint(line, code(value.tone));
                self.line(&format!("{name}{pad}{line}"));
            }
        }
    }

    fn table(&mut self, table: &Table) {
        if table.rows.is_empty() {
            return;
        }
        let shown = shown_columns(table, self.width);
        let widths = widths(table, &shown, self.width);
        let head: Vec<Cell> = table
            .columns
            .iter()
            .map(|column| Cell::toned(column.title.clone(), Tone::Muted))
            .collect();
        self.row(&table.columns, &head, &shown, &widths);
        for row in &table.rows {
            self.row(&table.columns, row, &shown, &widths);
        }
    }

    fn row(&mut self, columns_of: &[Column], row: &[Cell], shown: &[usize], widths: &[usize]) {
        let cells: Vec<Vec<String>> = shown
            .iter()
            .zip(widths)
            .map(|(i, width)| wrap(&clean(&row[*i].text), *width))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for y in 0..height {
            let mut line = String::new();
            for (x, i) in shown.iter().enumerate() {
                let text = cells[x].get(y).map_or("", String::as_str);
                let pad = " ".repeat(widths[x].saturating_sub(columns(text)));
                let text = self.paint(text, code(row[*i].tone));
                let gap = if x + 1 < shown.len() { "  " } else { "" };
                // Writing to a string cannot fail.
                let _ = match columns_of[*i].align {
                    Align::Left => write!(line, "{text}{pad}{gap}"),
                    Align::Right => write!(line, "{pad}{text}{gap}"),
                };
            }
            self.line(&line);
        }
    }
}

fn natural(table: &Table, column: usize) -> usize {
    let cells = table.rows.iter().map(|row| columns(&clean(&row[column].text)));
    let title = columns(&table.columns[column].title);
    cells.chain([title]).max().unwrap_or(0)
}

/// The columns that are shown: the less important ones go when they do not fit.
fn shown_columns(table: &Table, width: usize) -> Vec<usize> {
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let needs = |shown: &[usize]| {
        let one = |i: &usize| match table.columns[*i].give {
            Give::Last => natural(table, *i),
            Give::First | Give::Second => natural(table, *i).min(24),
        };
        shown.iter().map(one).sum::<usize>() + GAP * shown.len().saturating_sub(1)
    };
    if needs(&all) <= width {
        return all;
    }
    let narrow = |i: &usize| !table.columns[*i].wide_only;
    all.into_iter().filter(narrow).collect()
}

/// Widths that add up to at most `width`: fixed columns get what they need; soft columns give
/// way first, then flexible ones, then all; among equals the widest does.
fn widths(table: &Table, shown: &[usize], width: usize) -> Vec<usize> {
    const LEAST: [usize; 3] = [16, 16, 2];
    let mut widths: Vec<usize> = shown.iter().map(|i| natural(table, *i).max(1)).collect();
    let room = width.saturating_sub(GAP * shown.len().saturating_sub(1));
    for (stage, least) in LEAST.into_iter().enumerate() {
        let may = |x: &usize| match stage {
            0 => table.columns[shown[*x]].give == Give::First,
            1 => table.columns[shown[*x]].give != Give::Last,
            _ => true,
        };
        while widths.iter().sum::<usize>() > room {
            let wide = (0..widths.len()).filter(|x| may(x) && widths[*x] > least);
            let Some(x) = wide.max_by_key(|x| (widths[*x], usize::MAX - *x)) else {
                break;
            };
            widths[x] -= 1;
        }
    }
    widths
}

const fn code(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Muted | Tone::Unknown => "2",
        Tone::Good => "32",
        Tone::Fair => "36",
        Tone::Poor => "33",
        Tone::Bad => "31",
        Tone::Truth => "35",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn japanese_breaks_between_characters_but_not_before_a_full_stop() {
        let lines = wrap("認証サービスが停止した。復旧中。", 12);
        assert_eq!(lines, ["認証サービス", "が停止した。", "復旧中。"].map(String::from));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked(text in "[a-z 認証。、（）\\t]{0,200}", width in 10usize..60) {
            for line in wrap(&clean(&text), width) {
                prop_assert!(columns(&line) <= width, "{line:?}");
            }
        }

        #[test]
        fn wrapping_loses_no_character(text in "[a-z認証。 ]{0,120}", width in 10usize..40) {
            let kept = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(kept(&wrap(&text, width).concat()), kept(&text));
        }
    }
}
