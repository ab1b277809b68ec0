//! Mistakes that would only show at run time, and ways around the limits, found in the syntax.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Engine, Expr, FnCallExpr, Position, Stmt};

use super::place::Scripts;
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::Name;

/// Methods that make a list or map grow. On an item of another list they would get around the
/// size limits, which rhai checks for the item alone.
const GROWING: [&str; 9] =
    ["push", "append", "insert", "pad", "set", "mixin", "fill_with", "splice", "+="];

/// Words that are calls for rhai itself and not in any list of functions.
const BUILT_IN: [&str; 8] =
    ["Fn", "call", "is_def_var", "is_def_fn", "is_shared", "type_of", "print", "debug"];

/// What can be compared with its like only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Truth,
}

impl Kind {
    fn of_type(name: &str) -> Option<Self> {
        match name {
            "i64" | "f64" | "INT" | "FLOAT" => Some(Self::Number),
            "bool" => Some(Self::Truth),
            name if name.contains("String") || name == "string" => Some(Self::Text),
            _ => None,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Truth => "a truth value",
        }
    }
}

/// Everything a script can name.
struct Vocabulary {
    properties: BTreeSet<String>,
    kinds: BTreeMap<String, Kind>,
    functions: BTreeMap<String, BTreeSet<usize>>,
}

/// Checks the syntax trees of all files, not yet optimized.
pub(super) fn check(engine: &Engine, asts: &[&AST], scripts: &Scripts, found: &mut Diagnostics) {
    let mut words = Vocabulary::of(engine);
    for ast in asts {
        words.learn(ast);
    }
    for ast in asts {
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Expr(expr)) => words.check_expr(expr, path, scripts, found),
                Some(ASTNode::Stmt(stmt)) => words.check_stmt(stmt, scripts, found),
                _ => {}
            }
            true
        });
    }
}

/// The trigger of every rule that is found with plain texts: `finding("rule", .., "trigger", ..)`.
pub(super) fn triggers(asts: &[&AST]) -> BTreeMap<Name, Name> {
    let mut triggers = BTreeMap::new();
    for ast in asts {
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(call) = path.last().and_then(call_of)
                && call.name == "finding"
                && let [Expr::StringConstant(rule, _), _, Expr::StringConstant(trigger, _), _] =
                    call.args.as_slice()
            {
                triggers.insert(rule.as_str().into(), trigger.as_str().into());
            }
            true
        });
    }
    triggers
}

fn call_of<'a>(node: &ASTNode<'a>) -> Option<&'a FnCallExpr> {
    match node {
        ASTNode::Expr(Expr::FnCall(call, _)) => Some(call),
        ASTNode::Stmt(Stmt::FnCall(call, _)) => Some(call),
        _ => None,
    }
}

impl Vocabulary {
    /// What the engine itself knows.
    fn of(engine: &Engine) -> Self {
        let all = engine.collect_fn_metadata(
            None,
            |info| {
                let data = info.metadata;
                let gives = data.return_type.to_string();
                Some((data.name.to_string(), data.num_params, gives))
            },
            true,
        );
        let mut words = Self {
            properties: BTreeSet::new(),
            kinds: BTreeMap::new(),
            functions: BTreeMap::new(),
        };
        for (name, params, gives) in all {
            match name.strip_prefix("get$") {
                Some(property) => {
                    if let Some(kind) = Kind::of_type(&gives) {
                        words.kinds.insert(property.to_owned(), kind);
                    }
                    words.properties.insert(property.to_owned());
                }
                None => {
                    words.functions.entry(name).or_default().insert(params);
                }
            }
        }
        words
    }

    /// What a file adds: its functions, and every text that may become the key of a map.
    fn learn(&mut self, ast: &AST) {
        for function in ast.iter_functions() {
            let arities = self.functions.entry(function.name.to_owned()).or_default();
            arities.insert(function.params.len());
        }
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Expr(Expr::Map(map, _))) => {
                    let keys = map.1.keys().map(ToString::to_string);
                    self.properties.extend(keys);
                    let keys = map.0.iter().map(|(key, _)| key.name.to_string());
                    self.properties.extend(keys);
                }
                Some(ASTNode::Expr(Expr::StringConstant(text, _))) => {
                    self.properties.insert(text.to_string());
                }
                Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                    if let Some(map) = value.read_lock::<rhai::Map>() {
                        self.properties.extend(map.keys().map(ToString::to_string));
                    }
                }
                Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                    self.learn_assigned(&assignment.1.lhs);
                }
                _ => {}
            }
            true
        });
    }

    fn learn_assigned(&mut self, target: &Expr) {
        match target {
            Expr::Dot(pair, ..) | Expr::Index(pair, ..) => {
                self.learn_assigned(&pair.lhs);
                self.learn_assigned(&pair.rhs);
            }
            Expr::Property(property, _) => {
                self.properties.insert(property.2.to_string());
            }
            _ => {}
        }
    }

    fn check_expr(
        &self,
        expr: &Expr,
        path: &[ASTNode<'_>],
        scripts: &Scripts,
        found: &mut Diagnostics,
    ) {
        match expr {
            Expr::Property(property, position) => {
                self.check_property(&property.2, *position, scripts, found);
            }
            Expr::FnCall(call, position) => {
                self.check_comparison(call, *position, scripts, found);
                self.check_call(call, *position, 0, scripts, found);
            }
            Expr::MethodCall(call, position) => {
                self.check_call(call, *position, 1, scripts, found);
                if GROWING.contains(&call.name.as_str()) && indexed(path) {
                    found.push(through_index(*position, scripts));
                }
            }
            _ => {}
        }
    }

    fn check_stmt(&self, stmt: &Stmt, scripts: &Scripts, found: &mut Diagnostics) {
        match stmt {
            Stmt::FnCall(call, position) => self.check_call(call, *position, 0, scripts, found),
            Stmt::Assignment(assignment) if has_index(&assignment.1.lhs) => {
                found.push(through_index(assignment.1.lhs.start_position(), scripts));
            }
            Stmt::Share(shared) => {
                for (ident, _) in shared.iter() {
                    let message = format!("a closure cannot use `{}` from outside", ident.name);
                    let diagnostic = Diagnostic::error("policy::capture", message);
                    let diagnostic = scripts.label(diagnostic, ident.pos, "from outside");
                    found.push(diagnostic.help(
                        "use a `for` loop, or a constant in a function of its own: values shared \
                         with closures could grow without bound",
                    ));
                }
            }
            _ => {}
        }
    }

    /// Rhai finds values of different types simply unequal, so that `s.state > 3` would silently
    /// never be true.
    fn check_comparison(
        &self,
        call: &FnCallExpr,
        position: Position,
        scripts: &Scripts,
        found: &mut Diagnostics,
    ) {
        let operator = call.name.as_str();
        if !matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=") {
            return;
        }
        let [left, right] = call.args.as_slice() else {
            return;
        };
        let (Some(left), Some(right)) = (self.kind(left), self.kind(right)) else {
            return;
        };
        if left != right {
            let (left, right) = (left.words(), right.words());
            let message = format!("`{operator}` compares {left} with {right}");
            let diagnostic = Diagnostic::error("policy::mixed-comparison", message);
            let diagnostic = scripts.label(diagnostic, position, "never as meant");
            found.push(diagnostic.help("compare values of the same type"));
        }
    }

    /// The kind of a plain value, or of a property that a chain ends with.
    fn kind(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::IntegerConstant(..) | Expr::FloatConstant(..) => Some(Kind::Number),
            Expr::BoolConstant(..) => Some(Kind::Truth),
            Expr::StringConstant(..) | Expr::InterpolatedString(..) => Some(Kind::Text),
            Expr::Dot(pair, ..) => self.kind(&pair.rhs),
            Expr::Property(property, _) => self.kinds.get(property.2.as_str()).copied(),
            _ => None,
        }
    }

    fn check_property(
        &self,
        name: &str,
        position: Position,
        scripts: &Scripts,
        found: &mut Diagnostics,
    ) {
        if self.properties.contains(name) {
            return;
        }
        let message = format!("unknown property `{name}`");
        let mut diagnostic = Diagnostic::error("policy::unknown-property", message);
        let near = did_you_mean(name, self.properties.iter().map(String::as_str));
        diagnostic.help = near.map(|near| format!("did you mean `{near}`?"));
        if near.is_none() && self.functions.contains_key(name) {
            diagnostic.help = Some(format!("`{name}` is a function: write `{name}(..)`"));
        }
        found.push(scripts.label(diagnostic, position, "nothing has this property"));
    }

    fn check_call(
        &self,
        call: &FnCallExpr,
        position: Position,
        receiver: usize,
        scripts: &Scripts,
        found: &mut Diagnostics,
    ) {
        let name = call.name.as_str();
        let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        // A capturing closure is refused with its own message.
        let own = ["curry", "eval", "import"].contains(&name) || name.starts_with("anon$");
        if !is_word || BUILT_IN.contains(&name) || own || call.op_token.is_some() {
            return;
        }
        let given = call.args.len() + receiver;
        let diagnostic = match self.functions.get(name) {
            Some(arities) if arities.contains(&given) => return,
            // `x.f()` may also call a function that takes `x` as `this`, or a stored closure.
            Some(arities) if receiver == 1 && arities.contains(&(given - 1)) => return,
            Some(arities) => {
                let known: Vec<_> = arities.iter().map(ToString::to_string).collect();
                let message = format!("`{name}` is called with {given} arguments");
                Diagnostic::error("policy::wrong-arguments", message)
                    .help(format!("it takes {}", known.join(" or ")))
            }
            None if receiver == 1 && self.properties.contains(name) => {
                let message = format!("`{name}` is a property, not a function");
                Diagnostic::error("policy::unknown-function", message)
                    .help(format!("write `.{name}` without parentheses"))
            }
            None => {
                let words = self.functions.keys().map(String::as_str);
                let near = did_you_mean(name, words.filter(|word| word.len() > 2));
                let message = format!("unknown function `{name}`");
                let mut diagnostic = Diagnostic::error("policy::unknown-function", message);
                diagnostic.help = near.map(|near| format!("did you mean `{near}`?"));
                diagnostic
            }
        };
        found.push(scripts.label(diagnostic, position, "called here"));
    }
}

/// Whether a target is reached through `[..]`.
fn has_index(target: &Expr) -> bool {
    match target {
        Expr::Index(..) => true,
        Expr::Dot(pair, ..) => has_index(&pair.lhs) || has_index(&pair.rhs),
        _ => false,
    }
}

/// Whether the node at the end of `path` is a method of something reached through `[..]`.
fn indexed(path: &[ASTNode<'_>]) -> bool {
    let mut chain = path.iter().rev().skip(1).map_while(|node| match node {
        ASTNode::Expr(expr @ (Expr::Index(..) | Expr::Dot(..))) => Some(*expr),
        _ => None,
    });
    chain.any(has_index)
}

fn through_index(position: Position, scripts: &Scripts) -> Diagnostic {
    let message = "values cannot be changed through an index";
    let diagnostic = Diagnostic::error("policy::index-assignment", message);
    scripts.label(diagnostic, position, "changed through `[..]`").help(
        "build a new list with `push`, or set a property with `map.name = value`: assignments \
         through an index escape the size limits",
    )
}
