//! Reports that people wrote: whether every field that the pack asks for is there and filled.

use super::catalog::Catalog;
use super::symbols::choices;
use crate::diag::{Diagnostic, Diagnostics, SourceText, Span, did_you_mean};
use crate::model::{Duty, Field, REPORT_MARK, REPORT_OPEN};

/// A part of a report: its heading, and what stands below it.
struct Section<'a> {
    title: String,
    heading: Span,
    body: &'a str,
}

/// Whether a text begins as a report does.
pub(super) fn is_report(text: &str) -> bool {
    mark(text).is_some()
}

/// What follows the schema in the mark of a report.
fn mark(text: &str) -> Option<&str> {
    let first = text.trim_start_matches('\u{feff}').trim_start().lines().next()?;
    let inner = first.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    inner.trim().strip_prefix(REPORT_MARK)
}

/// Every field that the duty of the report asks for and the report does not hold.
pub(super) fn check_report(source: &SourceText, catalog: &Catalog) -> Diagnostics {
    match duty(source, catalog) {
        Ok(duty) => fields(source, &duty),
        Err(errors) => errors,
    }
}

fn duty(source: &SourceText, catalog: &Catalog) -> Result<Duty, Diagnostics> {
    let said = mark(&source.text).unwrap_or_default();
    let of = |key: &str| said.split_whitespace().find_map(|word| word.strip_prefix(key));
    let (Some(pack), Some(id)) = (of("pack="), of("duty=")) else {
        let message = "the report does not say which one it is";
        let help = format!("begin with `<!-- {REPORT_MARK} pack=NAME duty=NAME -->`");
        return Err(Diagnostic::error("report::no-duty", message)
            .in_file(source)
            .help(help)
            .into());
    };
    let pack = catalog.pack(pack)?.value;
    let known: Vec<&str> = pack.duties.iter().map(|duty| duty.id.as_str()).collect();
    let found = pack.duties.iter().find(|duty| *duty.id == *id);
    found.cloned().ok_or_else(|| {
        let message = format!("pack `{}` asks for no report `{id}`", pack.name);
        let unknown = Diagnostic::error("report::unknown-duty", message).in_file(source);
        unknown.help(choices(id, &known)).into()
    })
}

fn fields(source: &SourceText, duty: &Duty) -> Diagnostics {
    let sections = sections(&source.text);
    let mut found = Diagnostics::default();
    for field in &duty.fields {
        let own = |s: &&Section<'_>| *s.title == *field.title.en || *s.title == *field.title.ja;
        let Some(section) = sections.iter().find(own) else {
            found.push(absent(source, field, &sections));
            continue;
        };
        if let Some(why) = open(section.body) {
            let message = format!("the field \"{}\" {why}", section.title);
            let wrong = Diagnostic::error("report::open-field", message);
            found.push(wrong.at(source, section.heading, "asked for by the pack"));
        }
    }
    found
}

fn absent(source: &SourceText, field: &Field, sections: &[Section<'_>]) -> Diagnostic {
    let message = format!("the field \"{}\" is missing", field.title.en);
    let near = did_you_mean(&field.title.en, sections.iter().map(|s| s.title.as_str()));
    let help = match near {
        Some(near) => format!("did you mean the heading \"{near}\"?"),
        None => format!("add a heading `## {}` (or `## {}`)", field.title.en, field.title.ja),
    };
    Diagnostic::error("report::missing-field", message).in_file(source).help(help)
}

/// Why what stands below a heading is no content.
fn open(body: &str) -> Option<&'static str> {
    if body.lines().any(|line| line.trim_start().starts_with(REPORT_OPEN)) {
        return Some("is still to be filled in");
    }
    body.trim().is_empty().then_some("is empty")
}

/// The parts below the headings of level 2.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut list: Vec<Section<'_>> = Vec::new();
    let (mut at, mut begin) = (0, 0);
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        let level = bare.bytes().take_while(|byte| *byte == b'#').count();
        let heading = (1..=2).contains(&level) && bare[level..].starts_with(' ');
        if heading {
            if let Some(last) = list.last_mut() {
                last.body = &text[begin..at];
            }
            begin = at + line.len();
        }
        if heading && level == 2 {
            let title = plain(bare[level..].trim());
            list.push(Section { title, heading: Span::new(at, at + bare.len()), body: "" });
        }
        at += line.len();
    }
    if let Some(last) = list.last_mut() {
        last.body = &text[begin.min(text.len())..];
    }
    list
}

/// A title without the marks that keep Markdown from reading it.
fn plain(title: &str) -> String {
    let mut out = String::with_capacity(title.len());
    let mut chars = title.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "<!-- drill.report/1 pack=cinecom duty=immediate -->\n# Report\n\n\
        ## Time of the failure\n\n10:05\n\n## \u{969c}\u{5bb3}\u{306e}\u{6982}\u{8981}\u{30fb}\u{75c7}\u{72b6}\nslow\n\
        ## Impact (estimate)\n\nall users\n## Emergency action taken\n- [x] restarted\n";

    fn check(text: &str) -> Vec<(&'static str, String)> {
        let source = SourceText::new("r.md", text);
        let found = check_report(&source, &Catalog::new(None));
        found.list.into_iter().map(|one| (one.code, one.message)).collect()
    }

    #[test]
    fn a_whole_report_in_either_language_is_fine() {
        assert!(is_report(WHOLE));
        assert_eq!(check(WHOLE), vec![]);
    }

    #[test]
    fn each_gap_is_named() {
        let empty = WHOLE.replace("all users", "");
        assert_eq!(check(&empty)[0].0, "report::open-field");
        let open = WHOLE.replace("10:05", "- [ ] unknown; to be filled by PM");
        assert!(check(&open)[0].1.contains("Time of the failure"), "{:?}", check(&open));
        let gone = WHOLE.replace("## Impact (estimate)", "### Impact (estimate)");
        assert_eq!(check(&gone)[0].0, "report::missing-field");
        assert_eq!(check(&WHOLE.replace("=immediate", "=imediate"))[0].0, "report::unknown-duty");
        assert_eq!(check("<!-- drill.report/1 -->")[0].0, "report::no-duty");
        assert_eq!(check(&WHOLE[..WHOLE.find("# Report").unwrap()]).len(), 4);
    }
}
