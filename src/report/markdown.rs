//! A report as Markdown (GitHub flavour).

use super::doc::{Align, Block, Cell, Doc, Table, Tone};

pub(super) fn render(doc: &Doc) -> String {
    let mut out = format!("# {}\n", escape(&doc.title));
    if !doc.lead.is_empty() {
        out.push_str(&format!("\n{}\n", escape(&doc.lead)));
    }
    blocks(&doc.blocks, &mut out);
    out
}

fn blocks(blocks: &[Block], out: &mut String) {
    for one in blocks {
        block(one, out);
    }
}

fn block(block: &Block, out: &mut String) {
    match block {
        Block::Heading { level, text } => {
            let mark = "#".repeat(usize::from(*level));
            out.push_str(&format!("\n{mark} {}\n", escape(text)));
        }
        Block::Paragraph { text, tone } => out.push_str(&format!("\n{}\n", toned(text, *tone))),
        Block::Facts { rows } => {
            out.push('\n');
            for (name, value) in rows {
                out.push_str(&format!("- **{}**: {}\n", escape(name), cell(value)));
            }
        }
        Block::Tiles { tiles } => {
            out.push('\n');
            for tile in tiles {
                let (label, value) = (escape(&tile.label), escape(&tile.value));
                let note = match tile.note.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", escape(&tile.note)),
                };
                out.push_str(&format!("- **{label}**: {value}{note}\n"));
            }
        }
        Block::Table { table } => self::table(table, out),
        Block::List { items } => {
            out.push('\n');
            for item in items {
                out.push_str(&format!("- {}\n", cell(item)));
            }
        }
        Block::Picture { file, title, .. } => {
            out.push_str(&format!("\n![{}]({file})\n", escape(title)));
        }
        Block::Longer { blocks: inner } | Block::Folded { blocks: inner, .. } => {
            blocks(inner, out);
        }
        Block::TextOnly { .. } => {}
    }
}

fn table(table: &Table, out: &mut String) {
    if table.rows.is_empty() {
        return;
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = table.columns.iter().map(|c| escape(&c.title)).collect();
    let rule = table.columns.iter().map(|c| match c.align {
        Align::Left => "---".to_owned(),
        Align::Right => "---:".to_owned(),
    });
    out.push('\n');
    out.push_str(&line(head));
    out.push_str(&line(rule.collect()));
    for row in &table.rows {
        out.push_str(&line(row.iter().map(cell).collect()));
    }
}

fn cell(cell: &Cell) -> String {
    match cell.badge {
        true => format!("**{}**", escape(&cell.text)),
        false => toned(&cell.text, cell.tone),
    }
}

fn toned(text: &str, tone: Tone) -> String {
    match tone {
        Tone::Unknown if !text.is_empty() => format!("_{}_", escape(text)),
        _ => escape(text),
    }
}

/// Takes the meaning from every character that Markdown or HTML gives one; line ends become
/// spaces, so that nothing leaves its cell.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '#' if out.is_empty() => out.push_str("\\#"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(escape("<script>"), "&lt;script&gt;");
        assert_eq!(escape("a|b\n# c"), "a\\|b # c");
        assert_eq!(escape("[x](javascript:1)"), "\\[x\\](javascript:1)");
    }
}
