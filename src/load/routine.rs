//! Routines: the check lists of a pack, `routine.toml`.
//!
//! ```toml
//! schema = "drill.routine/1"
//! pack = "context-optimization"
//! title = { en = "context-optimization", ja = "context-optimization" }
//!
//! [[routine]]
//! kind = "daily"
//! layout = "figures"
//! begin = { en = "Daily check", ja = "日次チェック" }
//!
//! [[routine.check]]
//! id = "slo"
//! title = { en = "SLO {}", ja = "SLO達成率: {}" }
//! minutes = 5
//! owner = "SRE"
//! slo_attainment = { over = "24h", ok_from = 0.9 }
//! ```

use super::decode::{Cx, Fields, Loaded};
use super::getters::SHARE;
use super::node::Node;
use super::routine_source;
use super::symbols::Space;
use crate::diag::{Diagnostics, SourceText};
use crate::model::{
    AlertLevel, Check, CheckSource, Name, Routine, RoutineFile, RoutineKind, RoutineLayout,
};
use crate::units::SimDuration;

const CHECK: Space = Space::new("check", "routine::unknown-check");
const LEVEL: Space = Space::new("level", "routine::unknown-level");

/// The routines of a file's text.
///
/// # Errors
/// All mistakes of the file: unknown, missing and doubled keys, checks with no source or with
/// several, limits that contradict one another.
pub fn routine(source: &SourceText) -> Result<Loaded<RoutineFile>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    let value = cx.fields(&tree, "file of routines").map(|fields| {
        fields.choice("schema", &["drill.routine/1"]);
        let routines = fields.some_tables("routine", "routine");
        let routines: Vec<Routine> =
            routines.iter().enumerate().map(|(n, table)| decode(table, n + 1)).collect();
        refuse_second_of_a_kind(&fields, &routines);
        RoutineFile {
            pack: fields.name("pack"),
            title: fields.text("title"),
            levels: fields.tables("level", "level").iter().map(level).collect(),
            routines,
        }
    });
    cx.finish(value)
}

fn refuse_second_of_a_kind(fields: &Fields<'_>, routines: &[Routine]) {
    for (n, routine) in routines.iter().enumerate() {
        if routines[..n].iter().any(|earlier| earlier.kind == routine.kind) {
            let message = format!("there are two routines of kind `{}`", routine.kind.as_str());
            fields.error("decode::duplicate", message, "routine", "one of a kind");
        }
    }
}

fn level(fields: &Fields<'_>) -> AlertLevel {
    AlertLevel {
        severity: fields.define("severity", LEVEL),
        title: fields.text("title"),
        fails: fields.flag("fails", false),
    }
}

fn decode(fields: &Fields<'_>, number: usize) -> Routine {
    let space = CHECK.within(number);
    Routine {
        kind: fields.word("kind", &RoutineKind::ALL, RoutineKind::as_str),
        layout: fields.word("layout", &RoutineLayout::ALL, RoutineLayout::as_str),
        begin: fields.text("begin"),
        end: fields.get("end").map(|_| fields.text("end")),
        checks: fields.some_tables("check", "check").iter().map(|one| check(one, space)).collect(),
    }
}

fn check(fields: &Fields<'_>, space: Space) -> Check {
    Check {
        id: fields.define("id", space),
        title: fields.text("title"),
        under: fields.refer_optional("under", &[space]),
        only_when_not_ok: fields.flag("only_when_not_ok", false),
        minutes: fields.count_optional("minutes", 0, 10_000).unwrap_or(0),
        owner: fields.line_optional("owner"),
        remedy: fields.get("remedy").map(|_| fields.text("remedy")),
        source: source(fields),
    }
}

/// The one source of a check.
fn source(fields: &Fields<'_>) -> CheckSource {
    let mut found: Option<(&'static str, CheckSource)> = None;
    for (key, decode) in routine_source::DECODERS {
        let Some(node) = fields.get(key) else { continue };
        let Some(inner) = fields.cx.fields(node, key) else {
            found = found.or(Some((key, nothing())));
            continue;
        };
        let decoded = decode(&inner);
        match &found {
            None => found = Some((key, decoded)),
            Some((first, _)) => {
                let message = format!("this check has two sources, `{first}` and `{key}`");
                fields.error("routine::two-sources", message, key, "a second one");
            }
        }
    }
    found.map_or_else(
        || {
            let known: Vec<&str> = routine_source::DECODERS.iter().map(|(key, _)| *key).collect();
            let message = "this check has no source";
            let missing = fields.cx.at("routine::no-source", message, fields.span, "no source");
            // An unknown key is told as such; what it was meant to be is its own help.
            fields.cx.push(missing.help(format!("give it one of {}", known.join(", "))));
            nothing()
        },
        |(_, source)| source,
    )
}

fn nothing() -> CheckSource {
    CheckSource::Budgets { at_least: 0.0 }
}

/// A share above zero.
pub(super) fn share(fields: &Fields<'_>, key: &'static str) -> f64 {
    fields.number(key, SHARE)
}

/// A span above zero, or `default` when it is left out.
pub(super) fn span_or(fields: &Fields<'_>, key: &'static str, default: SimDuration) -> SimDuration {
    match fields.get(key) {
        None => default,
        Some(_) => fields.duration_positive(key),
    }
}

/// A size such as `1GB` or `512MiB`, or a whole number of bytes.
pub(super) fn bytes(fields: &Fields<'_>, key: &'static str, default: u64) -> u64 {
    let Some(node) = fields.get(key) else { return default };
    if let Node::Integer(number) = node.value
        && let Ok(bytes) = u64::try_from(number)
    {
        return bytes;
    }
    let wanted = "a size such as \"1GB\" or \"512MiB\"";
    let size: Option<Bytes> = fields.parse_node(&format!("`{key}`"), node, wanted);
    size.map_or(default, |Bytes(bytes)| bytes)
}

struct Bytes(u64);

impl std::str::FromStr for Bytes {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: u64 = number.parse().map_err(|_| "not a size")?;
        let factor = match unit.trim() {
            "" | "B" => 1,
            "kB" | "KB" => 1000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            _ => return Err("not a unit of size"),
        };
        number.checked_mul(factor).map(Self).ok_or("too large")
    }
}

/// A required list of texts that is not empty.
pub(super) fn some_lines(fields: &Fields<'_>, key: &'static str) -> Vec<Name> {
    if fields.need(key).is_none() {
        return Vec::new();
    }
    let lines = fields.lines(key);
    if lines.is_empty() {
        let message = format!("`{key}` is empty, at least one is wanted");
        fields.error("decode::empty", message, key, "nothing here");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        match routine(&SourceText::new("routine.toml", text)) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.list.iter().map(|error| error.code).collect(),
        }
    }

    const HEAD: &str = r#"
        schema = "drill.routine/1"
        pack = "p"
        title = { en = "P", ja = "P" }
        [[routine]]
        kind = "daily"
        layout = "figures"
        begin = { en = "Begin", ja = "はじめ" }
    "#;

    fn with(check: &str) -> String {
        let head = "[[routine.check]]\nid = \"a\"\ntitle = { en = \"A\", ja = \"A\" }\n";
        format!("{HEAD}\n{head}{check}\n")
    }

    #[test]
    fn every_source_has_an_example_that_loads() {
        for (key, example) in routine_source::EXAMPLES {
            assert_eq!(codes(&with(&format!("{key} = {example}"))), [""; 0], "{key}");
        }
        let keys: Vec<&str> = routine_source::DECODERS.iter().map(|(key, _)| *key).collect();
        assert!(keys.iter().all(|key| routine_source::EXAMPLES.iter().any(|(k, _)| k == key)));
    }

    #[test]
    fn mistakes_come_all_at_once() {
        let text = with(
            "minuts = 3\nunder = \"b\"\nbudgets = { at_least = 2 }\n\
             disk = { path = \".\", warn = 0.95, critical = 0.9 }\n",
        );
        let found = codes(&text);
        for code in [
            "decode::unknown-key",
            "routine::unknown-check",
            "decode::out-of-range",
            "routine::two-sources",
            "routine::limits",
        ] {
            assert!(found.contains(&code), "{code} in {found:?}");
        }
        assert!(codes(&with("")).contains(&"routine::no-source"));
        assert!(
            codes(&with("log_size = { glob = \"*\", max_bytes = \"1 apple\" }"))
                .contains(&"decode::bad-value")
        );
    }
}
