//! A preset as the text of its file.

use std::fmt::Write as _;

use super::preset::stage_word;
use crate::model::{Preset, Provenance};

/// The TOML file of a preset, which loads to the same preset; `lead` is put before it as comments.
pub fn preset_toml(preset: &Preset, lead: &[String]) -> String {
    let mut text = String::new();
    for line in lead {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        put(&mut text, format_args!("# {line}"));
    }
    put(&mut text, format_args!("schema = \"drill.preset/1\""));
    put(&mut text, format_args!("name = {}", quoted(&preset.name)));
    let (en, ja) = (quoted(&preset.title.en), quoted(&preset.title.ja));
    put(&mut text, format_args!("title = {{ en = {en}, ja = {ja} }}"));
    put(&mut text, format_args!("\n[correlation]\nvalue = {}", preset.correlation));
    put(&mut text, format_args!("{}", provenance(&preset.correlation_provenance)));
    for table in &preset.tables {
        let knots: Vec<String> =
            table.knots.iter().map(|(p, value)| format!("[{p}, {value}]")).collect();
        put(&mut text, format_args!("\n[[table]]\nstage = \"{}\"", stage_word(table.stage)));
        put(&mut text, format_args!("knots = [\n  {},\n]", knots.join(", ")));
        put(&mut text, format_args!("scale = {}", table.scale));
        put(&mut text, format_args!("{}", provenance(&table.provenance)));
    }
    for knob in &preset.knobs {
        put(&mut text, format_args!("\n[[knob]]\nname = {}", quoted(&knob.name)));
        put(&mut text, format_args!("value = {}", knob.value));
        put(&mut text, format_args!("{}", provenance(&knob.provenance)));
    }
    text
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

fn provenance(provenance: &Provenance) -> String {
    match provenance {
        Provenance::Measured { n, source } => {
            format!("measured = {{ n = {n}, source = {} }}", quoted(source))
        }
        Provenance::Cited { source } => format!("cited = {{ source = {} }}", quoted(source)),
        Provenance::Assumed { reason } => format!("assumed = {{ reason = {} }}", quoted(reason)),
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceText;
    use crate::load::{Catalog, preset};
    use crate::model::{ContentHash, Name};

    #[test]
    fn what_is_written_loads_to_the_same_preset() {
        let catalog = Catalog::new(None);
        for name in ["public-postmortem", "pagerduty-norms", "well-drilled-team"] {
            let mut wanted = catalog.preset(name).unwrap().value;
            wanted.title.en = Name::from("a \"quoted\" \\ title");
            let text = preset_toml(&wanted, &["one line".to_owned(), "two\nlines".to_owned()]);
            let mut found = preset(&SourceText::new("p.toml", text.as_str())).unwrap().value;
            found.hash = ContentHash(wanted.hash.0);
            assert_eq!(found, wanted, "{name}");
        }
    }
}
