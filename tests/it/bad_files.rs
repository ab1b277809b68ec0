//! Broken files: each class of mistake as a file, what is said about it as one snapshot, and
//! mutations of good files that must never make a decoder panic.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use drill::diag::{Diagnostics, SourceText};
use drill::load::{self, Catalog, Kind};
use drill::sim::{Stream, StreamName, Streams};
use drill::timeline::read_jsonl;
use drill::units::Seed;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn catalog() -> Catalog {
    Catalog::new(Some(&folder("fixtures/shop")))
}

/// Files of a folder and those below, ascending.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

fn rendered(found: &Diagnostics) -> String {
    let root = format!("{}/", folder("bad").display());
    let mut lines = String::new();
    for diagnostic in &found.list {
        let severity = match diagnostic.severity {
            drill::diag::Severity::Error => "error",
            drill::diag::Severity::Warning => "warning",
        };
        lines += &format!("{severity}: {}\n", diagnostic.to_string().replace(&root, ""));
        if let Some(help) = &diagnostic.help {
            lines += &format!("    help: {help}\n");
        }
    }
    lines
}

#[test]
fn every_broken_file_says_what_is_wrong() {
    let catalog = catalog();
    let mut all = String::new();
    for path in files(&folder("bad")) {
        let (kind, found) = load::check(&path, &catalog);
        let name = path.file_name().unwrap().to_string_lossy();
        let kind = kind.map_or("unknown", Kind::as_str);
        assert!(!found.list.is_empty(), "nothing is wrong with {name}");
        all += &format!("== {name} ({kind})\n{}\n", rendered(&found));
    }
    insta::assert_snapshot!("bad_files", all);
}

#[test]
fn the_good_files_have_no_mistakes() {
    let catalog = catalog();
    for path in files(&folder("fixtures/shop")) {
        if path.extension().is_some_and(|ending| ending == "toml") {
            let (kind, found) = load::check(&path, &catalog);
            assert!(kind.is_some() && found.list.is_empty(), "{}: {found}", path.display());
        }
    }
}

#[test]
fn the_files_compiled_in_have_no_mistakes() {
    let catalog = Catalog::new(None);
    for kind in Kind::ALL {
        for listed in catalog.titles(kind) {
            assert!(listed.title.is_some(), "{} {}", kind.as_str(), listed.name);
        }
    }
    for name in catalog.names(Kind::Scenario) {
        let drill = catalog.scenario(&name, &[]).unwrap_or_else(|found| panic!("{found}"));
        assert!(drill.warnings.list.is_empty(), "{name}: {}", drill.warnings);
    }
    for name in catalog.names(Kind::Pack) {
        for tests in catalog.rule_tests(&name).unwrap() {
            tests.unwrap_or_else(|found| panic!("{found}"));
        }
    }
}

/// Pieces that are likely to matter to a parser.
const TOKENS: [&str; 24] = [
    "\"",
    "'''",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ",",
    ".",
    "\n",
    "#",
    "$",
    "$service",
    "nan",
    "-1",
    "1e999",
    "99999999999999999999",
    "\"-5m\"",
    "1979-05-27",
    "題",
    "\\u0000",
    "\u{0}",
];

/// One good text, broken at a few places by the draws of trial `n`.
pub(crate) fn mutated(text: &str, n: u64) -> String {
    let mut stream = Streams::new(Seed(n)).stream(StreamName::of("mutation"));
    let mut bytes = text.as_bytes().to_vec();
    let below = |stream: &mut Stream, limit: usize| stream.below(limit.max(1));
    for _ in 0..1 + below(&mut stream, 4) {
        let at = below(&mut stream, bytes.len());
        let end = (at + 1 + below(&mut stream, 60)).min(bytes.len());
        match below(&mut stream, 6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << below(&mut stream, 8),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            3 => {
                let token = TOKENS[below(&mut stream, TOKENS.len())];
                bytes.splice(at..at, token.bytes());
            }
            4 => {
                let piece: Vec<u8> = bytes.drain(at..end).collect();
                let to = below(&mut stream, bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => bytes.truncate(end),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads a text as every kind of file and looks at every diagnostic.
fn read_as_everything(text: &str, drill: &load::Drill) {
    let source = SourceText::new("mutated", text);
    let set = [("service".to_owned(), "search".to_owned())];
    let against = Some((&drill.system, &drill.pack));
    let found = [
        load::system(&source).err(),
        load::pack(&source, &[]).err(),
        load::preset(&source).err(),
        load::scenario(&source, &set, against).err(),
        load::rule_tests(&source).err(),
        load::timeline_toml(&source).err(),
        read_jsonl(&source).err(),
    ];
    for diagnostic in found.into_iter().flatten().flat_map(|found| found.list) {
        for label in &diagnostic.labels {
            assert!(source.text.get(label.span.start..label.span.end).is_some(), "{diagnostic}");
        }
        let _ = diagnostic.to_string();
    }
}

/// Mutations tried: `DRILL_MUTATIONS`, or a number that every run can afford.
pub(crate) fn mutations() -> u64 {
    let asked = std::env::var("DRILL_MUTATIONS").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

#[test]
fn no_mutation_of_a_good_file_makes_a_decoder_panic() {
    let drill = catalog().scenario("orders-down", &[]).unwrap().value;
    let mut texts: Vec<String> = files(&folder("fixtures/shop"))
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let recorded = SourceText::new(
        "recorded.toml",
        texts.iter().find(|t| t.contains("drill.timeline")).unwrap().as_str(),
    );
    let mut lines = Vec::new();
    drill::timeline::write_jsonl(&load::timeline_toml(&recorded).unwrap().value, &mut lines)
        .unwrap();
    texts.push(String::from_utf8(lines).unwrap());
    for n in 0..mutations() {
        let text = mutated(&texts[(n % texts.len() as u64) as usize], n);
        let read = catch_unwind(AssertUnwindSafe(|| read_as_everything(&text, &drill)));
        assert!(read.is_ok(), "mutation {n} panics:\n{text}");
    }
}

#[test]
fn the_catalog_names_what_it_does_not_have() {
    let catalog = catalog();
    let said = |result: Result<load::Loaded<load::Drill>, Diagnostics>| {
        let first = result.unwrap_err().list.swap_remove(0);
        (first.code, first.help.unwrap_or_default())
    };
    let near = said(catalog.scenario("orders-dwn", &[]));
    assert_eq!(near, ("catalog::unknown-scenario", "did you mean `orders-down`?".to_owned()));
    let set = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    let (code, _) = said(catalog.scenario("orders-down", &set("servce", "search")));
    assert_eq!(code, "scenario::unknown-parameter");
    let value = said(catalog.scenario("orders-down", &set("service", "ledger")));
    assert_eq!(value, ("scenario::unknown-value", "allowed: `orders`, `search`".to_owned()));
    let (code, _) = said(catalog.scenario("no/such/file.toml", &[]));
    assert_eq!(code, "file::not-found");
}

#[test]
fn parameters_are_filled_in_and_hashed() {
    let catalog = catalog();
    let set = [("service".to_owned(), "search".to_owned())];
    let chosen = catalog.scenario("orders-down", &set).unwrap().value.scenario;
    let default = catalog.scenario("orders-down", &[]).unwrap().value.scenario;
    assert_eq!(chosen.faults[0].on.to_string(), "service:search");
    assert_eq!(chosen.failures[0].on.as_deref(), Some("search"));
    assert_eq!(&*chosen.summary.en, "The service search stops for no reason ($).");
    assert_ne!(chosen.hash, default.hash);
}
