//! What scripts compare numbers with: all that they learn of most of them.
//!
//! Rules ask `p95_ratio_10m >= 2.0` or `task_silence_ms >= hours(24)` and use such a number in no
//! other way. Then their answer depends on which side of each such mark the number lies, and not
//! on the number, which moves all the time. [`Scales::of`] reads the marks off the syntax tree; a
//! property that appears anywhere else, if only once, keeps its exact value. Texts that rules only
//! compare with fixed texts (`mode == ""`) are treated alike.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rhai::{AST, ASTNode, CallFnOptions, Dynamic, Engine, Expr, FnCallExpr, Scope, Stmt};

use super::conclude::milliseconds;
use crate::model::SignalKind;

/// Rhai takes floats for equal that differ by a rounding error. A number as near to a mark as
/// this, as a share of both and as such, is therefore kept exactly.
const NEAR: f64 = 1e-9;

/// Scripts see some numbers without their fraction, which cannot carry them further than this.
const FRACTION: f64 = 1.0;

/// Begins a word for a side. A bit pattern of "not a number" which no exact value has, because
/// those are brought into one form.
const SIDE: u64 = 0xFFFC << 48;

/// Begins the exact value of a whole number.
const EXACT: u64 = 0xFFFD << 48;

/// The marks on the scale of one property.
#[derive(Debug, Clone, PartialEq)]
enum Scale {
    /// The value matters as such.
    Exact,
    /// It matters how many of these, ascending, it is above.
    Marks(Vec<f64>),
}

impl Scale {
    /// How many marks `value` is above; nothing where that does not say all.
    fn side(&self, value: f64, margin: f64) -> Option<u64> {
        let Self::Marks(marks) = self else {
            return None;
        };
        let mut above = 0;
        for mark in marks {
            let near = margin + NEAR * value.abs().max(mark.abs());
            let distance = value - mark;
            // Not a number and infinity are on no side.
            let below = distance < -near;
            if distance > near {
                above += 1;
            } else if !below {
                return None;
            }
        }
        Some(SIDE | above)
    }
}

/// A property that is a number, and not one of an entity's signals.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measure {
    /// `p95_ratio_10m`
    Latency,
    /// `p95_ratio_max`
    LatencyMax,
    /// `traffic_ratio`
    Traffic,
    /// `traffic_ratio_min`
    TrafficMin,
    /// `failed_for_ms`
    FailedFor,
    /// `state_for_ms`
    StateFor,
    /// `detected_ago_ms`
    DetectedAgo,
    /// `pages_firing`
    Pages,
    /// `tickets_firing`
    Tickets,
    /// `services_paging`
    Paging,
}

const MEASURES: [&str; 10] = [
    "p95_ratio_10m",
    "p95_ratio_max",
    "traffic_ratio",
    "traffic_ratio_min",
    "failed_for_ms",
    "state_for_ms",
    "detected_ago_ms",
    "pages_firing",
    "tickets_firing",
    "services_paging",
];

/// A property that is a text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    /// `state`
    State,
    /// `mode`
    Mode,
}

const WORDS: [&str; 2] = ["state", "mode"];

/// The scales of all numbers of a pack.
#[derive(Debug)]
pub(super) struct Scales {
    measures: Vec<Scale>,
    signals: Vec<Scale>,
    /// Texts that a text is compared with, unless it matters as such.
    words: Vec<Option<Vec<String>>>,
}

impl Scales {
    /// Reads the marks off the functions of `ast`, which `engine` can run.
    pub(super) fn of(engine: &Engine, ast: &AST) -> Self {
        let uses = Uses::of(engine, ast);
        Self {
            measures: MEASURES.iter().map(|name| uses.scale(name)).collect(),
            signals: SignalKind::ALL.iter().map(|kind| uses.scale(kind.as_str())).collect(),
            words: WORDS.iter().map(|name| uses.words(name)).collect(),
        }
    }

    /// Which of the texts that scripts compare it with a text is, as a number; nothing when the
    /// text matters as such.
    pub(super) fn word(&self, word: Word, text: &str) -> Option<u64> {
        let known = self.words[word as usize].as_ref()?;
        Some(known.iter().position(|one| one == text).map_or(SIDE, |at| SIDE | (at as u64 + 1)))
    }

    /// Adds to a key what scripts can learn of a number.
    pub(super) fn decimal(&self, measure: Measure, value: f64, key: &mut Vec<u64>) {
        let side = self.measures[measure as usize].side(value, NEAR);
        key.push(side.unwrap_or_else(|| bits(value)));
    }

    /// Adds to a key what scripts can learn of a whole number.
    pub(super) fn whole(&self, measure: Measure, value: i64, key: &mut Vec<u64>) {
        #[expect(clippy::cast_precision_loss, reason = "the error is far below the margin")]
        match self.measures[measure as usize].side(value as f64, NEAR) {
            Some(side) => key.push(side),
            None => key.extend([EXACT, value.cast_unsigned()]),
        }
    }

    /// Adds to a key what scripts can learn of a signal, which they see with or without its
    /// fraction. One that was never seen differs from all others.
    pub(super) fn signal(&self, kind: usize, value: Option<f64>, key: &mut Vec<u64>) {
        key.push(value.map_or(u64::MAX, |value| {
            let margin = if libm::trunc(value) == value { NEAR } else { FRACTION };
            let margin = if RATIOS[kind] { NEAR } else { margin };
            self.signals[kind].side(value, margin).unwrap_or_else(|| bits(value))
        }));
    }
}

/// Signals that scripts see with their fraction everywhere.
const RATIOS: [bool; SignalKind::ALL.len()] = {
    let mut ratios = [false; SignalKind::ALL.len()];
    let mut index = 0;
    while index < super::views::RATIOS.len() {
        ratios[super::views::RATIOS[index] as usize] = true;
        index += 1;
    }
    ratios
};

/// The exact value of a number.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

/// How the functions of a pack use properties.
struct Uses<'a> {
    engine: &'a Engine,
    ast: &'a AST,
    /// Whether a failure can be caught, so that a function without parameters might say one thing
    /// now and another then.
    catches: bool,
    /// How often a property is named.
    named: BTreeMap<String, usize>,
    /// What it is compared with, as often as it is.
    marks: BTreeMap<String, Vec<f64>>,
    /// The texts that it is or is not, as often as a script asks.
    texts: BTreeMap<String, Vec<String>>,
}

impl<'a> Uses<'a> {
    fn of(engine: &'a Engine, ast: &'a AST) -> Self {
        let mut catches = false;
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            catches |= matches!(path.last(), Some(ASTNode::Stmt(Stmt::TryCatch(..))));
            true
        });
        let (named, marks, texts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut uses = Self { engine, ast, catches, named, marks, texts };
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Expr(Expr::Property(property, _))) => {
                    *uses.named.entry(property.2.to_string()).or_default() += 1;
                }
                Some(
                    ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)),
                ) => uses.compared(call),
                _ => {}
            }
            true
        });
        uses
    }

    fn compared(&mut self, call: &FnCallExpr) {
        let operator = matches!(call.name.as_str(), "==" | "!=" | "<" | "<=" | ">" | ">=");
        let [left, right] = call.args.as_slice() else {
            return;
        };
        if !operator || call.op_token.is_none() {
            return;
        }
        let is = matches!(call.name.as_str(), "==" | "!=");
        for (one, other) in [(left, right), (right, left)] {
            let Some(property) = last_property(one) else {
                continue;
            };
            if let Expr::StringConstant(text, _) = other
                && is
            {
                self.texts.entry(property.to_owned()).or_default().push(text.to_string());
            } else if let Some(mark) = self.constant(other) {
                self.marks.entry(property.to_owned()).or_default().push(mark);
            }
        }
    }

    /// A number that is the same at every call.
    fn constant(&self, expr: &Expr) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "the error is far below the margin")]
        let number = |n: i64| n as f64;
        match expr {
            Expr::IntegerConstant(n, _) => Some(number(*n)),
            Expr::FloatConstant(n, _) => Some(**n),
            Expr::FnCall(call, _) if call.namespace.is_empty() => {
                let own = |f: rhai::ScriptFnMetadata<'_>| {
                    f.name == call.name && f.params.len() == call.args.len()
                };
                let own = self.ast.iter_functions().any(own);
                match call.args.as_slice() {
                    [] if own && !self.catches => self.called(&call.name),
                    [Expr::IntegerConstant(n, _)] if !own => {
                        n.checked_mul(milliseconds(&call.name)?).map(number)
                    }
                    [Expr::FloatConstant(n, _)] if !own => {
                        Some(libm::rint(**n * number(milliseconds(&call.name)?)))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
        .filter(|mark| mark.is_finite())
    }

    /// What a function without parameters gives, if that is a number.
    fn called(&self, name: &str) -> Option<f64> {
        let options = CallFnOptions::new().eval_ast(false);
        let called = catch_unwind(AssertUnwindSafe(|| {
            let scope = &mut Scope::new();
            self.engine.call_fn_with_options::<Dynamic>(options, scope, self.ast, name, ())
        }));
        let value = called.ok()?.ok()?;
        #[expect(clippy::cast_precision_loss, reason = "the error is far below the margin")]
        let number = value.as_int().map(|n| n as f64).or_else(|_| value.as_float());
        number.ok()
    }

    /// How often a property is named.
    fn times(&self, property: &str) -> usize {
        self.named.get(property).copied().unwrap_or(0)
    }

    fn words(&self, property: &str) -> Option<Vec<String>> {
        let mut texts = self.texts.get(property).cloned().unwrap_or_default();
        if self.times(property) != texts.len() {
            return None;
        }
        texts.sort();
        texts.dedup();
        Some(texts)
    }

    fn scale(&self, property: &str) -> Scale {
        let mut marks = self.marks.get(property).cloned().unwrap_or_default();
        if self.times(property) != marks.len() {
            return Scale::Exact;
        }
        marks.sort_by(f64::total_cmp);
        marks.dedup();
        Scale::Marks(marks)
    }
}

/// The property that a chain ends with.
fn last_property(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Dot(pair, ..) => match &pair.rhs {
            Expr::Property(property, _) => Some(&property.2),
            rest => last_property(rest),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scales(script: &str) -> Scales {
        let engine = Engine::new();
        let mut ast = engine.compile(script).unwrap();
        ast.clear_statements();
        Scales::of(&engine, &ast)
    }

    fn latency(scales: &Scales, value: f64) -> Vec<u64> {
        let mut key = Vec::new();
        scales.decimal(Measure::Latency, value, &mut key);
        key
    }

    #[test]
    fn a_number_that_is_only_compared_counts_by_its_side() {
        let script = "fn f(s) { s.p95_ratio_10m >= 2.0 || 4 < s.p95_ratio_10m || s.p95_ratio_10m > \
                      limit() } fn limit() { 6 }";
        let scales = scales(script);
        assert_eq!(latency(&scales, 2.1), latency(&scales, 3.9));
        assert_ne!(latency(&scales, 1.9), latency(&scales, 2.1));
        assert_ne!(latency(&scales, 3.9), latency(&scales, 4.1));
        assert_ne!(latency(&scales, 5.9), latency(&scales, 6.1));
    }

    #[test]
    fn at_a_mark_and_beyond_all_numbers_the_value_counts() {
        let scales = scales("fn f(s) { s.p95_ratio_10m >= 2.0 }");
        let near = [2.0, 2.0 + 1e-15, 2.0 - 1e-15, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        for one in near {
            for other in near.iter().chain(&[1.0, 3.0]) {
                let same = one.to_bits() == other.to_bits();
                assert_eq!(latency(&scales, one) == latency(&scales, *other), same);
            }
        }
    }

    #[test]
    fn a_number_with_any_other_use_counts_exactly() {
        for script in [
            "fn f(s) { s.p95_ratio_10m >= 2.0 || s.p95_ratio_10m + 1.0 > 4.0 }",
            "fn f(s) { let ratio = s.p95_ratio_10m; ratio >= 2.0 }",
            "fn f(s, t) { s.p95_ratio_10m >= t.p95_ratio_10m }",
            "fn f(s) { s.p95_ratio_10m >= limit(s) } fn limit(s) { 2.0 }",
            "fn f(s) { s.all.map(|one| one.p95_ratio_10m) }",
        ] {
            let scales = scales(script);
            assert_ne!(latency(&scales, 2.5), latency(&scales, 3.0), "{script}");
        }
    }

    #[test]
    fn whole_numbers_differ_by_one() {
        let scales = scales("fn f(s) { s.pages_firing > 1 && s.failed_for_ms >= hours(1) }");
        let key = |measure, value| {
            let mut key = Vec::new();
            scales.whole(measure, value, &mut key);
            key
        };
        let pages = [0, 1, 2].map(|n| key(Measure::Pages, n));
        assert!(pages[0] != pages[1] && pages[1] != pages[2] && pages[0] != pages[2]);
        assert_eq!(key(Measure::Pages, 2), key(Measure::Pages, 9));
        assert_eq!(key(Measure::FailedFor, 0), key(Measure::FailedFor, 3_599_000));
        assert_ne!(key(Measure::FailedFor, 0), key(Measure::FailedFor, 3_600_000));
    }

    #[test]
    fn signals_that_scripts_see_without_fraction_stay_exact_within_one() {
        let scales = scales("fn f(a) { a.errors_in_row >= 3 && a.token_ratio >= 3.0 }");
        let key = |kind: SignalKind, value| {
            let mut key = Vec::new();
            scales.signal(kind as usize, value, &mut key);
            key
        };
        let row = |value| key(SignalKind::ErrorsInRow, Some(value));
        assert_ne!(row(2.5), row(2.6));
        assert_eq!(row(5.0), row(9.5));
        let tokens = |value| key(SignalKind::TokenRatio, Some(value));
        assert_eq!(tokens(2.5), tokens(2.6));
        assert_ne!(key(SignalKind::TokenRatio, None), tokens(1.0));
    }

    #[test]
    fn a_text_counts_by_what_it_is_compared_with() {
        let scales_of = scales("fn f(s) { s.mode == \"\" && s.state != \"up\" }");
        let mode = |text| scales_of.word(Word::Mode, text);
        assert!(mode("").is_some() && mode("read-only") == mode("cached") && mode("") != mode("x"));
        assert_eq!(
            scales("fn f(s) { s.mode == \"\" || s.mode < \"x\" }").word(Word::Mode, ""),
            None
        );
    }
}
