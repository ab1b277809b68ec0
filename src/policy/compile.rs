//! From the files of a pack to one syntax tree, with all mistakes at once.

use std::collections::BTreeMap;

use rhai::{AST, Engine, OptimizationLevel, ParseError, ParseErrorType, Position};

use super::lint;
use super::place::Scripts;
use super::scale::Scales;
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::model::{DecisionKind, Name, Pack};

/// An entry function: its name, its one parameter, and whether a pack must have it.
pub(super) struct Entry {
    /// Its name.
    pub(super) name: &'static str,
    parameter: &'static str,
    required: bool,
}

/// The entry functions of this version.
pub(super) const ENTRIES: [Entry; 5] = [
    Entry { name: "detect", parameter: "signals", required: true },
    Entry { name: "severity", parameter: "facts", required: true },
    Entry { name: "escalate", parameter: "incident", required: true },
    Entry { name: "adherence", parameter: "timeline", required: false },
    Entry { name: "freeze", parameter: "budgets", required: false },
];

/// Name of the function that answers a kind of question.
pub(super) const fn entry_name(kind: DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Detect => "detect",
        DecisionKind::Severity => "severity",
        DecisionKind::Escalate => "escalate",
        DecisionKind::Adherence => "adherence",
        DecisionKind::Rollback => "rollback",
        DecisionKind::Freeze => "freeze",
    }
}

/// The compiled scripts of a pack.
pub(super) struct Compiled {
    /// All functions.
    pub(super) ast: AST,
    /// Where their positions lie.
    pub(super) scripts: Scripts,
    /// Trigger by rule, as far as scripts name both as plain texts.
    pub(super) triggers: BTreeMap<Name, Name>,
    /// What numbers are compared with.
    pub(super) scales: Scales,
}

/// Compiles all files.
///
/// # Errors
/// Every file's first syntax error, and everything that could only fail at run time.
pub(super) fn compile(engine: &mut Engine, pack: &Pack) -> Result<Compiled, Diagnostics> {
    let scripts = Scripts::new(&pack.scripts)?;
    let mut found = Diagnostics::default();
    // The optimizer removes what it proves dead, mistakes included; so the checks see the whole.
    engine.set_optimization_level(OptimizationLevel::None);
    let whole = parse_all(engine, &scripts, &mut found);
    engine.set_optimization_level(OptimizationLevel::Simple);
    let mut functions = Functions::default();
    functions.read(&whole, &scripts, &mut found);
    if !found.has_errors() {
        functions.check_entries(&scripts, &mut found);
    }
    let asts: Vec<&AST> = whole.iter().map(|(_, ast)| ast).collect();
    lint::check(engine, &asts, &scripts, &mut found);
    if found.has_errors() {
        return Err(found);
    }
    let triggers = lint::triggers(&asts);
    let mut ast = AST::empty();
    for (_, part) in parse_all(engine, &scripts, &mut found) {
        ast.combine(part);
    }
    let scales = Scales::of(engine, &ast);
    Ok(Compiled { ast, scripts, triggers, scales })
}

/// Every file that parses, by its number.
fn parse_all(engine: &Engine, scripts: &Scripts, found: &mut Diagnostics) -> Vec<(usize, AST)> {
    let mut asts = Vec::new();
    for (index, script) in scripts.iter().enumerate() {
        match engine.compile(script.padded()) {
            Ok(ast) => asts.push((index, ast)),
            Err(error) => found.push(parse_error(&error, scripts)),
        }
    }
    asts
}

/// A syntax error as a diagnostic.
fn parse_error(error: &ParseError, scripts: &Scripts) -> Diagnostic {
    let ParseError(kind, position) = error;
    let (code, message, help) = match &**kind {
        ParseErrorType::VariableUndefined(name) => (
            "policy::unknown-variable",
            format!("unknown variable `{name}`"),
            Some("a function sees its parameters and its own variables only".to_owned()),
        ),
        ParseErrorType::VariableExists(name) => (
            "policy::shadowed-variable",
            format!("variable `{name}` exists already"),
            Some("use another name: a second variable of one name hides the first".to_owned()),
        ),
        ParseErrorType::Reserved(word) => not_allowed(word),
        ParseErrorType::ExprTooDeep => (
            "policy::too-deep",
            "expressions are nested too deeply".to_owned(),
            Some("give parts of it names with `let`".to_owned()),
        ),
        ParseErrorType::TooManyFunctions => {
            ("policy::too-many-functions", "too many functions".to_owned(), None)
        }
        ParseErrorType::LiteralTooLarge(what, max) => (
            "policy::too-large",
            format!("{} is over the limit of {max}", what.to_lowercase()),
            None,
        ),
        ParseErrorType::UnknownOperator(operator) => {
            ("policy::syntax", format!("unknown operator `{operator}`"), None)
        }
        other => match disabled_word(&other.to_string()) {
            Some(word) => not_allowed(&word),
            None => ("policy::syntax", lowercase_first(&other.to_string()), None),
        },
    };
    let mut diagnostic = scripts.label(Diagnostic::error(code, message), *position, "here");
    diagnostic.help = help;
    diagnostic
}

fn not_allowed(word: &str) -> (&'static str, String, Option<String>) {
    (
        "policy::not-allowed",
        format!("`{word}` is not available in policies"),
        Some("a policy is a pure function of what it is given".to_owned()),
    )
}

/// The word in `reserved keyword 'eval' is disabled`.
fn disabled_word(message: &str) -> Option<String> {
    let word = message.strip_suffix("' is disabled")?;
    word.rsplit('\'').next().map(ToOwned::to_owned)
}

/// Messages are fragments: no capital at the start, no period at the end.
pub(super) fn lowercase_first(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The functions of all files: name and parameters to the files that define them.
#[derive(Default)]
struct Functions {
    defined: BTreeMap<(String, usize), usize>,
}

impl Functions {
    fn read(&mut self, asts: &[(usize, AST)], scripts: &Scripts, found: &mut Diagnostics) {
        for (file, ast) in asts {
            self.refuse_statements(ast, scripts, found);
            for function in ast.iter_functions() {
                if function.name.starts_with("anon$") {
                    continue;
                }
                let key = (function.name.to_owned(), function.params.len());
                if let Some(other) = self.defined.get(&key) {
                    found.push(duplicate(scripts, function.name, *other, *file));
                } else {
                    self.defined.insert(key, *file);
                }
            }
        }
    }

    /// Only functions are ever called; anything else would silently do nothing.
    fn refuse_statements(&self, ast: &AST, scripts: &Scripts, found: &mut Diagnostics) {
        for statement in ast.statements() {
            let position = statement.position();
            if position == Position::NONE {
                continue;
            }
            let message = "this is outside of any function and would never run";
            let help =
                "put it into a function; a constant is a function such as `fn limit() { 5 }`";
            let diagnostic = Diagnostic::error("policy::outside-function", message);
            let diagnostic = scripts.label(diagnostic, position, "never runs");
            found.push(diagnostic.help(help));
        }
    }

    fn check_entries(&self, scripts: &Scripts, found: &mut Diagnostics) {
        for entry in &ENTRIES {
            let named = self.defined.iter().filter(|((n, _), _)| n == entry.name);
            let arities: Vec<_> = named.map(|((_, params), file)| (*params, *file)).collect();
            let form = format!("fn {}({}) {{ ... }}", entry.name, entry.parameter);
            if arities.iter().any(|(params, _)| *params == 1) {
                continue;
            }
            if let Some((params, file)) = arities.first() {
                let message = format!("`{}` takes one parameter, not {params}", entry.name);
                let diagnostic = Diagnostic::error("policy::wrong-parameters", message);
                let diagnostic =
                    at_function(diagnostic, scripts, *file, entry.name, "defined here");
                found.push(diagnostic.help(format!("write `{form}`")));
            } else if entry.required {
                let message = format!("the pack has no function `{}`", entry.name);
                let near = did_you_mean(entry.name, self.defined.keys().map(|(n, _)| n.as_str()));
                let help = match near {
                    Some(near) => format!("did you mean to call `{near}` so?"),
                    None => format!("add `{form}` to any of its scripts"),
                };
                found.push(Diagnostic::error("policy::missing-function", message).help(help));
            }
        }
    }
}

fn duplicate(scripts: &Scripts, name: &str, first: usize, second: usize) -> Diagnostic {
    let other = scripts.iter().nth(first);
    let place = other.map_or("", |script| script.path.as_str());
    let message = format!("function `{name}` is defined twice");
    let diagnostic = Diagnostic::error("policy::duplicate-function", message);
    at_function(diagnostic, scripts, second, name, "defined again")
        .help(format!("the first definition is in `{place}`"))
}

/// Labels the name in `fn NAME(`; the syntax tree does not keep where a function begins.
fn at_function(
    diagnostic: Diagnostic,
    scripts: &Scripts,
    file: usize,
    name: &str,
    label: &str,
) -> Diagnostic {
    let Some(script) = scripts.iter().nth(file) else {
        return diagnostic;
    };
    let mut offset = 0;
    for line in script.source.text.split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or("");
        if let Some(at) = code.find("fn ") {
            let after = &code[at + 3..];
            let word = after.trim_start();
            if word.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('(')) {
                let start = offset + at + 3 + (after.len() - word.len());
                let span = Span::new(start, start + name.len());
                return diagnostic.at(&script.source, span, label);
            }
        }
        offset += line.len();
    }
    diagnostic.in_file(&script.source)
}
