//! The compiled policies of a pack, and the questions they answer about an incident.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use rhai::{
    Array, CallFnOptions, Dynamic, Engine, EvalAltResult, ImmutableString, Map, Position, Scope,
};

use super::compile::{Compiled, compile, entry_name};
use super::conclude::Verdict;
use super::events::TimelineView;
use super::failure::{diagnose, type_word};
use super::host::{Checked, Host, refuse};
use super::memo::Memo;
use super::sandbox;
use super::snapshot::Snapshot;
use super::views::{Facts, Incident};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{
    Decision, DecisionKind, Escalation, Finding, Name, Pack, Trace, TraceStep, Violation,
};
use crate::timeline::Known;

/// What a policy answered. When its script failed, `value` is what the pack states for that case:
/// the fallback severity (marked), or an empty list.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// Why the script failed, with file, line, column and call chain.
    pub failure: Option<Diagnostic>,
}

/// The policies of one pack. Not shared between threads: every thread compiles its own, which
/// takes about 3 ms.
pub struct Policies {
    host: Rc<Host>,
    engine: Engine,
    tracing: Option<Engine>,
    compiled: Compiled,
    fallback: Name,
    scope: Scope<'static>,
    memos: Memos,
}

/// Answers of the functions that are asked again and again.
#[derive(Default)]
struct Memos {
    detect: Memo<Vec<Finding>>,
    severity: Memo<Decision>,
    escalate: Memo<Vec<Escalation>>,
}

impl Policies {
    /// Compiles the scripts of `pack`.
    ///
    /// # Errors
    /// All mistakes that can be seen without running: syntax, unknown variables, properties and
    /// functions, missing or doubled entry functions, ways around the limits.
    pub fn compile(pack: &Pack) -> Result<Self, Diagnostics> {
        let host = Rc::new(Host::new(pack));
        let mut engine = sandbox::engine(&host, false);
        let compiled = compile(&mut engine, pack)?;
        Ok(Self {
            host,
            engine,
            tracing: None,
            compiled,
            fallback: pack.fallback_severity.clone(),
            scope: Scope::new(),
            memos: Memos::default(),
        })
    }

    /// What is wrong, by `detect(signals)`.
    pub fn detect(&mut self, known: &Known) -> Answer<Vec<Finding>> {
        self.ask_detect(known, false)
    }

    /// How bad it is, by `severity(facts)`.
    pub fn severity(&mut self, known: &Known) -> Answer<Decision> {
        self.ask_severity(known, false)
    }

    /// Who is to be told, by `escalate(incident)`.
    pub fn escalate(&mut self, known: &Known) -> Answer<Vec<Escalation>> {
        self.ask_escalate(known, false)
    }

    /// Which rules of the procedure were broken, by `adherence(timeline)`; nothing when the pack
    /// has no such function. `known` must retain its events ([`Known::retaining`]).
    pub fn adherence(&mut self, known: &Known) -> Answer<Vec<Violation>> {
        self.ask_adherence(known, false)
    }

    /// [`Policies::detect`], with what was read and concluded.
    pub fn detect_traced(&mut self, known: &Known) -> (Answer<Vec<Finding>>, Trace) {
        let answer = self.ask_detect(known, true);
        (answer, self.take_trace())
    }

    /// [`Policies::severity`], with what was read and concluded.
    pub fn severity_traced(&mut self, known: &Known) -> (Answer<Decision>, Trace) {
        let answer = self.ask_severity(known, true);
        (answer, self.take_trace())
    }

    /// [`Policies::escalate`], with what was read and concluded.
    pub fn escalate_traced(&mut self, known: &Known) -> (Answer<Vec<Escalation>>, Trace) {
        let answer = self.ask_escalate(known, true);
        (answer, self.take_trace())
    }

    /// [`Policies::adherence`], with what was read and concluded.
    pub fn adherence_traced(&mut self, known: &Known) -> (Answer<Vec<Violation>>, Trace) {
        let answer = self.ask_adherence(known, true);
        (answer, self.take_trace())
    }

    /// The playbook trigger of every rule that the scripts name as a plain text.
    pub fn triggers(&self) -> &BTreeMap<Name, Name> {
        &self.compiled.triggers
    }

    fn ask_detect(&mut self, known: &Known, traced: bool) -> Answer<Vec<Finding>> {
        let snapshot = self.prepare(known, traced, 0);
        if !traced && let Some(value) = self.memos.detect.find(&snapshot, &self.compiled.scales) {
            return answer(Ok(value));
        }
        let list = self.call(DecisionKind::Detect, Facts(Rc::clone(&snapshot)), traced);
        let found = list.and_then(|list| self.list_of(DecisionKind::Detect, list));
        if !traced && let Ok(value) = &found {
            let read = self.host.read.get();
            self.memos.detect.keep(&snapshot, &self.compiled.scales, read, value.clone());
        }
        answer(found)
    }

    fn ask_severity(&mut self, known: &Known, traced: bool) -> Answer<Decision> {
        let snapshot = self.prepare(known, traced, 0);
        if !traced && let Some(value) = self.memos.severity.find(&snapshot, &self.compiled.scales) {
            return Answer { value, failure: None };
        }
        let kind = DecisionKind::Severity;
        let view = Facts(Rc::clone(&snapshot));
        let decided = self
            .call(kind, view, traced)
            .and_then(|value| self.decision(value).map_err(|error| self.failed(kind, &error)));
        match decided {
            Ok(value) => {
                if !traced {
                    let read = self.host.read.get();
                    self.memos.severity.keep(&snapshot, &self.compiled.scales, read, value.clone());
                }
                Answer { value, failure: None }
            }
            Err(failure) => Answer {
                value: Decision {
                    level: Some(self.fallback.clone()),
                    reasons: Vec::new(),
                    fallback: true,
                },
                failure: Some(failure),
            },
        }
    }

    fn ask_escalate(&mut self, known: &Known, traced: bool) -> Answer<Vec<Escalation>> {
        let snapshot = self.prepare(known, traced, 0);
        if !traced && let Some(value) = self.memos.escalate.find(&snapshot, &self.compiled.scales) {
            return answer(Ok(value));
        }
        let list = self.call(DecisionKind::Escalate, Incident(Rc::clone(&snapshot)), traced);
        let steps = list.and_then(|list| self.list_of(DecisionKind::Escalate, list));
        if !traced && let Ok(value) = &steps {
            let read = self.host.read.get();
            self.memos.escalate.keep(&snapshot, &self.compiled.scales, read, value.clone());
        }
        answer(steps)
    }

    fn ask_adherence(&mut self, known: &Known, traced: bool) -> Answer<Vec<Violation>> {
        let kind = DecisionKind::Adherence;
        if !self.defines(entry_name(kind)) {
            return answer(Ok(Vec::new()));
        }
        let Some(events) = known.events() else {
            let message = "`adherence` was asked without the events of the incident";
            return answer(Err(Diagnostic::error("policy::no-events", message)));
        };
        let snapshot = self.prepare(known, traced, events.len());
        let view = TimelineView::new(events, known.start(), snapshot);
        let list = self.call(kind, view, traced);
        answer(list.and_then(|list| self.list_of(kind, list)))
    }

    pub(super) fn defines(&self, function: &str) -> bool {
        self.compiled.ast.iter_functions().any(|known| known.name == function)
    }

    /// Takes over what is known and fits the limits to it.
    fn prepare(&mut self, known: &Known, traced: bool, events: usize) -> Rc<Snapshot> {
        let entities = known.services().len() + known.agents().len();
        self.fit(entities, events, traced);
        let mut snapshot = self.host.snapshot.borrow_mut();
        if Rc::get_mut(&mut snapshot).is_none() {
            *snapshot = Rc::default();
        }
        if let Some(snapshot) = Rc::get_mut(&mut snapshot)
            && snapshot.refill(known)
        {
            self.memos.detect.forget();
            self.memos.severity.forget();
            self.memos.escalate.forget();
        }
        Rc::clone(&snapshot)
    }

    /// Fits the limits to the number of things that a question is about.
    pub(super) fn fit(&mut self, entities: usize, events: usize, traced: bool) {
        self.host.read.set(0);
        sandbox::size_limits(&mut self.engine, entities, events);
        if traced {
            let host = &self.host;
            let tracing = || sandbox::engine(host, true);
            let engine = self.tracing.get_or_insert_with(tracing);
            sandbox::same_limits(engine, &self.engine);
        }
    }

    pub(super) fn call(
        &mut self,
        kind: DecisionKind,
        view: impl rhai::Variant + Clone,
        traced: bool,
    ) -> Result<Dynamic, Diagnostic> {
        let engine = match &self.tracing {
            Some(tracing) if traced => tracing,
            _ => &self.engine,
        };
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(true);
        let (scope, ast) = (&mut self.scope, &self.compiled.ast);
        let name = entry_name(kind);
        // A panic within a script is a defect of the interpreter. The incident goes on as after
        // any other failure, and the scope, which is all that a call changes, is made anew.
        let called = catch_unwind(AssertUnwindSafe(|| {
            engine.call_fn_with_options::<Dynamic>(options, scope, ast, name, (view.clone(),))
        }));
        match called {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(mut error)) => {
                if error.is_system_exception() {
                    error.set_position(self.locate(kind, view));
                }
                Err(self.failed(kind, &error))
            }
            Err(_) => {
                self.scope = Scope::new();
                let message = format!("`{name}` failed: the interpreter broke off");
                Err(Diagnostic::error("policy::interpreter", message))
            }
        }
    }

    /// Where a script runs out of a limit.
    fn locate(&mut self, kind: DecisionKind, view: impl rhai::Variant + Clone) -> Position {
        let place = Rc::new(Cell::new(Position::NONE));
        let mut engine = sandbox::locating_engine(&self.host, &place);
        sandbox::same_limits(&mut engine, &self.engine);
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(true);
        let (scope, ast) = (&mut self.scope, &self.compiled.ast);
        let name = entry_name(kind);
        // Only the place is of interest; the failure itself is known.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            engine.call_fn_with_options::<Dynamic>(options, scope, ast, name, (view,))
        }));
        place.get()
    }

    fn failed(&self, kind: DecisionKind, error: &EvalAltResult) -> Diagnostic {
        let scripts = &self.compiled.scripts;
        diagnose(&self.engine, scripts, entry_name(kind), error)
    }

    pub(super) fn list_of<T: Clone + 'static>(
        &self,
        kind: DecisionKind,
        list: Dynamic,
    ) -> Result<Vec<T>, Diagnostic> {
        items(list).map_err(|error| self.failed(kind, &error))
    }

    fn decision(&self, value: Dynamic) -> Checked<Decision> {
        if let Some(verdict) = value.read_lock::<Verdict>() {
            let level = verdict.rank.and_then(|rank| self.host.levels.get(rank));
            return Ok(Decision {
                level: level.map(|(name, _)| name.clone()),
                reasons: verdict.reasons.iter().map(|r| self.host.name(r)).collect(),
                fallback: false,
            });
        }
        let Some(map) = value.read_lock::<Map>() else {
            let got = type_word(value.type_name());
            let message = format!("expected a verdict or `#{{level, reasons}}`, got {got}");
            return Err(refuse(message, Some("begin with `let v = verdict();`".into())));
        };
        decision_of_map(&self.host, &map)
    }

    pub(super) fn take_trace(&self) -> Trace {
        let mut steps = Vec::new();
        for (position, what) in self.host.take_notes() {
            if let Some(place) = self.compiled.scripts.place(position) {
                steps.push(TraceStep {
                    file: place.script.path.clone(),
                    line: place.line,
                    column: place.column,
                    what,
                });
            }
        }
        Trace { steps }
    }
}

fn answer<T: Default>(result: Result<T, Diagnostic>) -> Answer<T> {
    match result {
        Ok(value) => Answer { value, failure: None },
        Err(failure) => Answer { value: T::default(), failure: Some(failure) },
    }
}

/// The items of a list that a function gave back, all of type `T`.
fn items<T: Clone + 'static>(list: Dynamic) -> Checked<Vec<T>> {
    let wanted = type_word(std::any::type_name::<T>()).to_lowercase();
    let wanted = wanted.replace("escalation", "step");
    let given = type_word(list.type_name());
    let wrong = |given: String| {
        let message = format!("expected a list of {wanted} values, got {given}");
        refuse(message, Some("a function that finds nothing gives `[]`".into()))
    };
    let array = list.try_cast::<Array>().ok_or_else(|| wrong(given))?;
    let mut items = Vec::with_capacity(array.len());
    for item in array {
        let given = item.type_name();
        match item.try_cast::<T>() {
            Some(item) => items.push(item),
            None => return Err(wrong(format!("a list with {}", type_word(given)))),
        }
    }
    Ok(items)
}

fn decision_of_map(host: &Host, map: &Map) -> Checked<Decision> {
    if let Some(key) = map.keys().find(|key| !matches!(key.as_str(), "level" | "reasons")) {
        let message = format!("a severity has `level` and `reasons`, not `{key}`");
        return Err(refuse(message, None));
    }
    let level = match map.get("level") {
        None => None,
        Some(level) if level.is_unit() => None,
        Some(level) => {
            let text = level.read_lock::<ImmutableString>();
            let text = text.ok_or_else(|| refuse("`level` is a text or ()".into(), None))?;
            let rank = (!text.is_empty()).then(|| host.rank(&text)).transpose()?;
            rank.and_then(|rank| host.levels.get(rank)).map(|(name, _)| name.clone())
        }
    };
    let wrong = || refuse("`reasons` is a list of texts".into(), None);
    let mut reasons = Vec::new();
    if let Some(list) = map.get("reasons") {
        for reason in list.read_lock::<Array>().ok_or_else(wrong)?.iter() {
            let text = reason.read_lock::<ImmutableString>().ok_or_else(wrong)?;
            reasons.push(host.name(&text));
        }
    }
    Ok(Decision { level, reasons, fallback: false })
}
