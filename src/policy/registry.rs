//! Registering host functions once for the fast engine and once for the tracing one.

use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, ImmutableString, NativeCallContext, Variant};

use super::host::{Checked, Host};

/// A value as a trace shows it.
pub(super) trait Show {
    /// Short, on one line.
    fn show(&self) -> String;
}

impl Show for i64 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for f64 {
    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Show for bool {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for ImmutableString {
    fn show(&self) -> String {
        format!("{:?}", self.as_str())
    }
}

impl Show for Array {
    fn show(&self) -> String {
        format!("[{} items]", self.len())
    }
}

impl Show for Dynamic {
    fn show(&self) -> String {
        if self.is_unit() {
            "()".to_owned()
        } else {
            self.type_name().rsplit(':').next().unwrap_or("").to_owned()
        }
    }
}

/// A read-only view that scripts are given.
pub(super) trait View: Variant + Clone {
    /// What a trace calls it.
    fn label(&self) -> String;
}

/// An engine under construction.
pub(super) struct Registry<'e> {
    /// The engine.
    pub(super) engine: &'e mut Engine,
    /// What its functions share.
    pub(super) host: Rc<Host>,
    /// Whether functions record what they give; such an engine is slower.
    pub(super) traced: bool,
    /// What the getters read that are registered next; everything, unless said.
    pub(super) reads: u64,
}

impl Registry<'_> {
    /// States what the getters and questions read that are registered next.
    pub(super) fn reading(&mut self, reads: u64) -> &mut Self {
        self.reads = reads;
        self
    }

    /// A property of a view.
    pub(super) fn get<V: View, R: Variant + Clone + Show>(
        &mut self,
        name: &'static str,
        read: impl Fn(&V) -> R + 'static,
    ) {
        if self.traced {
            let host = Rc::clone(&self.host);
            let getter = move |context: NativeCallContext, view: &mut V| {
                let value = read(view);
                let what = format!("{}.{name} = {}", view.label(), value.show());
                host.note(context.call_position(), what);
                value
            };
            self.engine.register_get(name, getter);
        } else {
            let (host, reads) = (Rc::clone(&self.host), self.reads);
            let getter = move |view: &mut V| {
                host.reads(reads);
                read(view)
            };
            self.engine.register_get(name, getter);
        }
    }

    /// A question to a view, with one argument.
    pub(super) fn ask<V: View, R: Variant + Clone + Show>(
        &mut self,
        name: &'static str,
        answer: impl Fn(&V, &str) -> Checked<R> + 'static,
    ) {
        if self.traced {
            let host = Rc::clone(&self.host);
            let asked = move |context: NativeCallContext, view: &mut V, word: ImmutableString| {
                let value = answer(view, &word)?;
                let what = format!("{}.{name}({word:?}) = {}", view.label(), value.show());
                host.note(context.call_position(), what);
                Checked::Ok(value)
            };
            self.engine.register_fn(name, asked);
        } else {
            let (host, reads) = (Rc::clone(&self.host), self.reads);
            let asked = move |view: &mut V, word: ImmutableString| {
                host.reads(reads);
                answer(view, &word)
            };
            self.engine.register_fn(name, asked);
        }
    }
}
