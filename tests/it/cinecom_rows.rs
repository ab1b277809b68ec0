//! The table of the pack `cinecom`: every row of the protocol, the file that makes it work, and
//! the test that would fail without it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drill::model::{Name, RuleTests};

use crate::env::TestEnv;

const PACK: &str = "rules/cinecom";
const ROWS: u32 = 68;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A row of the table.
struct Row {
    id: String,
    works: String,
    files: Vec<String>,
    tests: Vec<String>,
    missing: String,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join(PACK).join("README.md")).unwrap();
    let list = |cell: &str| -> Vec<String> {
        cell.split(';').map(|part| part.trim().to_owned()).filter(|part| part != "-").collect()
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 5, "five columns: {line}");
        Row {
            id: cells[0].to_owned(),
            works: cells[1].to_owned(),
            files: list(cells[2]),
            tests: list(cells[3]),
            missing: cells[4].to_owned(),
        }
    };
    text.lines().filter(|line| line.starts_with("| CIN-")).map(row).collect()
}

/// The path of a file of the table: those without a folder lie in the pack.
fn path(file: &str) -> PathBuf {
    let folder = if file.contains('/') { root() } else { root().join(PACK) };
    folder.join(file)
}

/// Names of the requirements that the cases of a rule test check.
fn checked(file: &Path) -> Vec<Name> {
    let source = drill::load::read(file, drill::load::MAX_FILE_BYTES).unwrap();
    let tests: RuleTests = drill::load::rule_tests(&source).unwrap().value;
    tests.cases.into_iter().filter(|case| case.skip.is_none()).flat_map(|case| case.rows).collect()
}

/// What is wrong with a file that a row names.
fn wrong_file(named: &str) -> Option<String> {
    let (file, words) = named.split_once(':').unwrap_or((named, ""));
    let Ok(text) = std::fs::read_to_string(path(file)) else {
        return Some(format!("`{file}` does not exist"));
    };
    let words = words.split('`').skip(1).step_by(2);
    let absent: Vec<&str> = words.filter(|word| !text.contains(word)).collect();
    (!absent.is_empty()).then(|| format!("`{file}` has no {}", absent.join(", ")))
}

/// What is wrong with a test that a row names.
fn wrong_test(id: &str, named: &str, drills: &str) -> Option<String> {
    let (file, test) = named.split_once(':').unwrap_or((named, ""));
    let Ok(text) = std::fs::read_to_string(path(file)) else {
        return Some(format!("`{file}` does not exist"));
    };
    if file.ends_with(".test.toml") {
        let there = checked(&path(file)).iter().any(|row| *row == *id);
        return (!there).then(|| format!("no case of `{file}` names {id}"));
    }
    if let Some(scenario) = file.strip_prefix("scenarios/").and_then(|f| f.strip_suffix(".toml")) {
        let run = drills.contains(&format!("\"{scenario}\""));
        return (!run).then(|| format!("`{scenario}` is not run by tests/it/drills.rs"));
    }
    let test = test.trim();
    let there = text.contains(&format!("#[test]\nfn {test}()"));
    (test.is_empty() || !there).then(|| format!("`{file}` has no test `{test}`"))
}

#[test]
fn every_row_has_the_file_and_the_test_that_make_it_work() {
    let drills = std::fs::read_to_string(root().join("tests/it/drills.rs")).unwrap();
    let rows = rows();
    let wanted: Vec<String> = (1..=ROWS).map(|n| format!("CIN-{n:02}")).collect();
    let ids: Vec<&String> = rows.iter().map(|row| &row.id).collect();
    assert_eq!(ids, wanted.iter().collect::<Vec<_>>(), "each row once, in order");
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let mut found: Vec<String> = Vec::new();
        found.extend(row.files.iter().filter_map(|file| wrong_file(file)));
        found.extend(row.tests.iter().filter_map(|test| wrong_test(&row.id, test, &drills)));
        let open = row.missing != "-";
        match row.works.as_str() {
            "yes" if row.files.is_empty() => found.push("no file makes it work".to_owned()),
            "yes" if row.tests.is_empty() => found.push("no test holds it".to_owned()),
            "yes" if open => found.push("something is missing, so it is `partly`".to_owned()),
            "partly" | "no" if !open => found.push("what is missing is not said".to_owned()),
            "yes" | "partly" | "no" => {}
            other => found.push(format!("`{other}` is neither yes, partly nor no")),
        }
        if !found.is_empty() {
            wrong.insert(&row.id, found);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_row_without_file_or_test_is_found() {
    let drills = "&[\"quarterly-outage\"],";
    assert!(wrong_file("nothing.rhai").is_some());
    assert!(wrong_file("pack.toml: `no-such-step`").is_some());
    assert_eq!(wrong_file("pack.toml: `declare`"), None);
    assert!(wrong_test("CIN-99", "severity.test.toml", drills).is_some());
    assert!(wrong_test("CIN-37", "scenarios/long-outage.toml", drills).is_some());
    assert_eq!(wrong_test("CIN-37", "scenarios/quarterly-outage.toml", drills), None);
    assert!(wrong_test("CIN-37", "tests/it/drills.rs: no_such_test", drills).is_some());
}

#[test]
fn backups_never_seen_are_unknown_and_old_ones_are_told() {
    let env = TestEnv::new();
    env.file("drill.toml", "schema = \"drill.workspace/1\"\n");
    let daily = env.run(&["routine", "daily", "--pack", "cinecom"]);
    assert!(daily.stdout.contains("unknown 2"), "{}", daily.stdout);
    for name in ["backups/databases/all.tar.gz", "backups/files/all.tar.gz"] {
        env.file(name, [1_u8; 2048]);
    }
    let fresh = env.run(&["routine", "daily", "--pack", "cinecom"]);
    assert!(fresh.code == 0 && fresh.stdout.contains("OK 2"), "{}", fresh.stdout);
    let old = std::time::SystemTime::UNIX_EPOCH;
    let file = std::fs::File::options()
        .write(true)
        .open(env.path().join("backups/files/all.tar.gz"))
        .unwrap();
    file.set_modified(old).unwrap();
    let stale = env.run(&["routine", "daily", "--pack", "cinecom"]);
    assert!(stale.code == 1 && stale.stdout.contains("critical 1"), "{}", stale.stdout);
    for kind in ["weekly", "monthly"] {
        let ran = env.run(&["routine", kind, "--pack", "cinecom"]);
        assert!(ran.stdout.contains("unknown"), "{kind}: {}", ran.stdout);
    }
}
