//! The view of `freeze(budgets)`, and `hold`, with which it answers.

use std::rc::Rc;

use rhai::{Array, Dynamic, ImmutableString, NativeCallContext};

use super::compile::entry_name;
use super::host::{Checked, refuse};
use super::policies::{Answer, Policies};
use super::registry::{Registry, View};
use crate::model::{BudgetFact, DecisionKind, Hold, Trace};

/// `budgets`: every objective that is looked at.
#[derive(Clone)]
pub(super) struct Budgets(Rc<[BudgetFact]>);

/// One of them.
#[derive(Clone)]
pub(super) struct Budget {
    all: Rc<[BudgetFact]>,
    index: usize,
}

impl View for Budgets {
    fn label(&self) -> String {
        "budgets".to_owned()
    }
}

impl Budget {
    fn fact(&self) -> &BudgetFact {
        &self.all[self.index]
    }
}

impl View for Budget {
    fn label(&self) -> String {
        self.fact().slo.to_string()
    }
}

impl Budgets {
    fn list(&self, which: impl Fn(&BudgetFact) -> bool) -> Array {
        let chosen = self.0.iter().enumerate().filter(|(_, fact)| which(fact));
        chosen.map(|(index, _)| Dynamic::from(Budget { all: Rc::clone(&self.0), index })).collect()
    }
}

/// Registers the view and `hold`.
pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .engine
        .register_type_with_name::<Budgets>("budgets")
        .register_type_with_name::<Budget>("budget")
        .register_type_with_name::<Hold>("hold");
    registry.get("all", |budgets: &Budgets| budgets.list(|_| true));
    registry.ask("of_service", |budgets: &Budgets, service| {
        Ok(budgets.list(|fact| *fact.service == *service))
    });
    let text = |name: &str| ImmutableString::from(name);
    registry.get("slo", move |budget: &Budget| text(&budget.fact().slo));
    registry.get("service", move |budget: &Budget| text(&budget.fact().service));
    registry.get("target", |budget: &Budget| budget.fact().target);
    registry.get("is_known", |budget: &Budget| budget.fact().remaining.is_some());
    registry.get("is_exhausted", |budget: &Budget| {
        budget.fact().remaining.is_some_and(|remaining| remaining <= 0.0)
    });
    registry.ask("burns", |budget: &Budget, severity| {
        Ok(budget.fact().firing.iter().any(|firing| **firing == *severity))
    });
    register_remaining(registry);
    register_hold(registry);
}

/// What is left, which a script must not read before it knows that it is known: a comparison
/// with nothing would just be false.
fn register_remaining(registry: &mut Registry<'_>) {
    let (host, traced) = (Rc::clone(&registry.host), registry.traced);
    let remaining = move |context: NativeCallContext, budget: &mut Budget| {
        let fact = budget.fact();
        let Some(remaining) = fact.remaining else {
            let help = "ask `is_known` first";
            let message = format!("what is left of `{}` is not known", fact.slo);
            return Err(refuse(message, Some(help.into())));
        };
        if traced {
            host.note(context.call_position(), format!("{}.remaining = {remaining:?}", fact.slo));
        }
        Checked::Ok(remaining)
    };
    registry.engine.register_get("remaining", remaining);
}

fn register_hold(registry: &mut Registry<'_>) {
    type Text = ImmutableString;
    let (host, traced) = (Rc::clone(&registry.host), registry.traced);
    let made = Rc::new(move |context: &NativeCallContext, hold: Hold| {
        if hold.rule.is_empty() {
            return Err(refuse("a hold needs the name of its rule".into(), None));
        }
        if traced {
            let about = hold.slo.as_ref().map_or(String::new(), |slo| format!(" on {slo}"));
            let what = format!("hold {}{about}: {}", hold.rule, hold.reason);
            host.note(context.call_position(), what);
        }
        Checked::Ok(hold)
    });
    let host = Rc::clone(&registry.host);
    let make = Rc::clone(&made);
    let about = move |context: NativeCallContext, rule: Text, budget: Budget, reason: Text| {
        let slo = Some(budget.fact().slo.clone());
        make(&context, Hold { rule: host.name(&rule), slo, reason: reason.as_str().into() })
    };
    registry.engine.register_fn("hold", about);
    let host = Rc::clone(&registry.host);
    let whole = move |context: NativeCallContext, rule: Text, reason: Text| {
        made(&context, Hold { rule: host.name(&rule), slo: None, reason: reason.as_str().into() })
    };
    registry.engine.register_fn("hold", whole);
}

impl Policies {
    /// Whether the pack has a function `freeze`.
    pub fn answers_freeze(&self) -> bool {
        self.defines(entry_name(DecisionKind::Freeze))
    }

    /// What holds releases back, by `freeze(budgets)`; nothing when the pack has no such function.
    pub fn freeze(&mut self, budgets: &[BudgetFact]) -> Answer<Vec<Hold>> {
        self.ask_freeze(budgets, false)
    }

    /// [`Policies::freeze`], with what was read and concluded.
    pub fn freeze_traced(&mut self, budgets: &[BudgetFact]) -> (Answer<Vec<Hold>>, Trace) {
        let answer = self.ask_freeze(budgets, true);
        (answer, self.take_trace())
    }

    fn ask_freeze(&mut self, budgets: &[BudgetFact], traced: bool) -> Answer<Vec<Hold>> {
        let kind = DecisionKind::Freeze;
        if !self.answers_freeze() {
            return Answer { value: Vec::new(), failure: None };
        }
        self.fit(budgets.len(), 0, traced);
        let list = self.call(kind, Budgets(budgets.into()), traced);
        match list.and_then(|list| self.list_of(kind, list)) {
            Ok(value) => Answer { value, failure: None },
            Err(failure) => Answer { value: Vec::new(), failure: Some(failure) },
        }
    }
}
