//! The engine: what scripts can do at all, and how much of it.
//!
//! Memory is bounded by the product of the limits below, because every single value is bounded
//! and so is the number of values alive; `policy::lint` closes the ways around them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use rhai::debugger::{DebuggerCommand, DebuggerEvent};
use rhai::packages::{
    BasicArrayPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage,
    MoreStringPackage, Package,
};
use rhai::{
    Array, Dynamic, Engine, FnPtr, ImmutableString, Module, NativeCallContext, OptimizationLevel,
    Position, Shared,
};

use super::host::{Checked, Host, HostError, refuse};
use super::memo::reads;
use super::registry::Registry;
use super::{budgets, conclude, events, views};

/// Operations of one question, before the size of the system is added.
pub(super) const OPERATIONS: u64 = 10_000;
/// Operations added per service and agent.
pub(super) const OPERATIONS_PER_ENTITY: u64 = 500;
/// Operations added per event that `adherence` sees: rules compare events with each other.
pub(super) const OPERATIONS_PER_EVENT: u64 = 1000;
/// Operations of any question, whatever the sizes.
const OPERATIONS_MAX: u64 = 3_000_000;
/// Depth of calls.
const CALLS: usize = 10;
/// Depth of expressions.
const DEPTH: usize = 48;
/// Variables alive in one function.
const VARIABLES: usize = 48;
/// Functions of a pack.
const FUNCTIONS: usize = 128;
/// Bytes of a string, or of all strings in one array or map.
const STRING: usize = 2048;
/// Items of an array, nested ones included; services and agents are added.
const ARRAY: usize = 512;
/// Properties of a map, nested ones included.
const MAP: usize = 64;

/// A place visited this often while looking for an endless loop is in it. The search is slow,
/// so it must not go on until the limit is reached again.
const VISITS: u32 = 60;

/// Symbols that are a mistake in a policy.
const DISABLED: [&str; 7] = ["eval", "import", "export", "this", "curry", "global", "sync"];

thread_local! {
    /// What the packages bring, made once per thread.
    static LIBRARY: Shared<Module> = Shared::new(library());
}

/// The functions of all packages, as entries of one table.
///
/// **Why**: a package lists its functions in a manifest and computes the hash of each until one
/// fits. A call forgets at its end what it found, so every call of a script would search all
/// manifests again, and more than once for each name that they do not have: two thirds of the
/// time of a question.
fn library() -> Module {
    let mut library = Module::new();
    CorePackage::init(&mut library);
    LogicPackage::init(&mut library);
    BasicMathPackage::init(&mut library);
    BasicArrayPackage::init(&mut library);
    BasicMapPackage::init(&mut library);
    MoreStringPackage::init(&mut library);
    library.register_lazy_functions();
    library.build_index();
    library
}

/// An engine for the scripts of a pack.
pub(super) fn engine(host: &Rc<Host>, traced: bool) -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(LIBRARY.with(Shared::clone));
    engine
        .set_strict_variables(true)
        .set_allow_shadowing(false)
        .set_fail_on_invalid_map_property(true)
        .set_optimization_level(OptimizationLevel::Simple)
        .set_max_operations(OPERATIONS)
        .set_max_call_levels(CALLS)
        .set_max_expr_depths(DEPTH, DEPTH)
        .set_max_variables(VARIABLES)
        .set_max_functions(FUNCTIONS)
        .set_max_modules(0)
        .set_max_string_size(STRING)
        .set_max_array_size(ARRAY)
        .set_max_map_size(MAP)
        .on_print(|_| ());
    for symbol in DISABLED {
        engine.disable_symbol(symbol);
    }
    let notes = Rc::clone(host);
    engine.on_debug(move |text, _, position| {
        if traced {
            notes.note(position, format!("debug {text}"));
        }
    });
    engine.register_type_with_name::<HostError>("error");
    engine.register_fn("to_string", |error: &mut HostError| error.message.clone());
    shadow(&mut engine);
    let mut registry =
        Registry { engine: &mut engine, host: Rc::clone(host), traced, reads: reads::ALL };
    views::register(&mut registry);
    events::register(registry.reading(reads::ALL));
    conclude::register(&mut registry);
    budgets::register(&mut registry);
    engine
}

/// Fits the limits to the size of what is known.
pub(super) fn size_limits(engine: &mut Engine, entities: usize, events: usize) {
    let operations = OPERATIONS
        .saturating_add(OPERATIONS_PER_ENTITY.saturating_mul(entities as u64))
        .saturating_add(OPERATIONS_PER_EVENT.saturating_mul(events as u64))
        .min(OPERATIONS_MAX);
    engine.set_max_operations(operations);
    engine.set_max_array_size(ARRAY.saturating_add(entities));
}

/// Gives one engine the limits of another.
pub(super) fn same_limits(engine: &mut Engine, other: &Engine) {
    engine.set_max_operations(other.max_operations());
    engine.set_max_array_size(other.max_array_size());
}

/// Replaces what the packages bring and a policy must not have: waiting, and calls whose cost no
/// limit counts.
fn shadow(engine: &mut Engine) {
    let no_sleep = || -> Checked<()> {
        let help = "a policy decides at once; compare times such as `failed_for_ms`";
        Err(refuse("policies cannot wait".into(), Some(help.into())))
    };
    engine.register_fn("sleep", move |_: i64| no_sleep());
    engine.register_fn("sleep", move |_: f64| no_sleep());
    let refused = |name: &'static str| -> Checked<()> {
        Err(refuse(format!("`{name}` is not available in policies"), None))
    };
    type Text = ImmutableString;
    engine.register_fn("replace", move |_: &mut Text, _: Text, _: Text| refused("replace"));
    engine.register_fn("replace", move |_: &mut Text, _: Text, _: char| refused("replace"));
    engine.register_fn("replace", move |_: &mut Text, _: char, _: Text| refused("replace"));
    engine.register_fn("replace", move |_: &mut Text, _: char, _: char| refused("replace"));
    // A list of `n` things that cost more than one operation each.
    engine.register_fn("pad", move |_: &mut Array, _: i64, _: Dynamic| refused("pad"));
    engine.register_fn("reduce_rev", move |_: NativeCallContext, _: &mut Array, _: FnPtr| {
        refused("reduce_rev")
    });
}

/// An engine that remembers where a script is. Running out of a limit tells no place, so the
/// question is asked again here; being a pure function, the script fails at the same place.
pub(super) fn locating_engine(host: &Rc<Host>, place: &Rc<Cell<Position>>) -> Engine {
    let mut engine = engine(host, false);
    let place = Rc::clone(place);
    let visits = RefCell::new(BTreeMap::<Position, u32>::new());
    #[expect(deprecated, reason = "the interface may change, which the pinned version rules out")]
    engine.register_debugger(
        |_, debugger| debugger,
        move |_, event, _, _, position| {
            // Leaving a function on the way out of a failure is no news.
            if matches!(event, DebuggerEvent::Step) && position != Position::NONE {
                place.set(position);
                let mut visits = visits.borrow_mut();
                let visits = visits.entry(position).or_default();
                *visits += 1;
                if *visits > VISITS {
                    return Err("seen often enough".into());
                }
            }
            Ok(DebuggerCommand::StepInto)
        },
    );
    engine
}
