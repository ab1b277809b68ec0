//! References among the objects of all files that were given together.

use std::collections::BTreeMap;

use super::object::{Condition, Metric, Object, ObjectKind, Policy, RefOr, Spec};
use crate::diag::{Diagnostic, Severity, SourceText, Span};
use crate::load::node::Spanned;
use crate::load::symbols::choices;
use crate::model::Name;

/// The objects by kind and name, and what is wrong with what they say of one another.
pub(crate) struct Book<'o> {
    sources: &'o [SourceText],
    objects: BTreeMap<(ObjectKind, &'o str), &'o Object>,
    /// What an unresolved reference is.
    severity: Severity,
    pub(crate) found: Vec<Diagnostic>,
}

/// Where a reference is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct From {
    /// The index of its file.
    pub(crate) file: usize,
}

impl<'o> Book<'o> {
    /// The objects of all files; a second one of the same kind and name is a mistake.
    pub(crate) fn new(
        sources: &'o [SourceText],
        objects: &'o [Object],
        severity: Severity,
    ) -> Self {
        let mut book = Self { sources, objects: BTreeMap::new(), severity, found: Vec::new() };
        for object in objects {
            let name = &object.meta.name;
            if name.value.is_empty() {
                continue;
            }
            let kind = object.spec.kind();
            let Some(first) = book.objects.get(&(kind, name.value.as_str())) else {
                book.objects.insert((kind, name.value.as_str()), object);
                continue;
            };
            let message = format!("{} `{}` is defined twice", kind.as_str(), name.value);
            let twice = Diagnostic::error("openslo::duplicate", message);
            let mut twice = twice.at(&sources[object.file], name.span, "defined again");
            if first.file == object.file {
                let span = first.meta.name.span;
                twice = twice.at(&sources[object.file], span, "first defined here");
            } else {
                twice = twice.help(format!("first defined in {}", sources[first.file].path));
            }
            book.found.push(twice);
        }
        book
    }

    /// Whether any object is of `kind`.
    fn has(&self, kind: ObjectKind) -> bool {
        self.objects.keys().any(|(other, _)| *other == kind)
    }

    /// A diagnostic in file `from`.
    pub(crate) fn note(&mut self, from: From, severity: Severity, span: Span, text: Said<'_>) {
        let found = match severity {
            Severity::Error => Diagnostic::error(text.code, text.message),
            Severity::Warning => Diagnostic::warning(text.code, text.message),
        };
        let mut found = found.at(&self.sources[from.file], span, text.label);
        found.help = text.help;
        self.found.push(found);
    }

    /// The object of `kind` that `name` refers to. What refers to nothing is noted.
    fn find(
        &mut self,
        from: From,
        kind: ObjectKind,
        name: &Spanned<Name>,
        severity: Severity,
    ) -> Option<&'o Object> {
        if let Some(object) = self.objects.get(&(kind, name.value.as_str())) {
            return Some(object);
        }
        let names = self.objects.keys().filter(|(other, _)| *other == kind);
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        let word = kind.as_str();
        let said = Said {
            code: "openslo::unresolved",
            message: format!("there is no {word} `{}` in the files given together", name.value),
            label: &format!("unknown {word}"),
            help: Some(choices(&name.value, &names)),
        };
        self.note(from, severity, name.span, said);
        None
    }

    /// The metric that an SLO or an objective measures, and the index of the file it stands in.
    pub(crate) fn metric(
        &mut self,
        from: From,
        indicator: &'o RefOr<Metric>,
    ) -> Option<(From, &'o Metric)> {
        match indicator {
            RefOr::Inline(metric) => Some((from, metric)),
            RefOr::Ref(name) => {
                let object = self.find(from, ObjectKind::Sli, name, self.severity)?;
                match &object.spec {
                    Spec::Sli(Some(metric)) => Some((From { file: object.file }, metric)),
                    _ => None,
                }
            }
        }
    }

    /// The policy that an SLO has, and the file it stands in; its targets are looked up.
    pub(crate) fn policy(
        &mut self,
        from: From,
        policy: &'o RefOr<Policy>,
    ) -> Option<(From, &'o Policy)> {
        match policy {
            RefOr::Inline(policy) => {
                self.targets(from, policy);
                Some((from, policy))
            }
            RefOr::Ref(name) => {
                let object = self.find(from, ObjectKind::AlertPolicy, name, self.severity)?;
                match &object.spec {
                    Spec::AlertPolicy(policy) => Some((From { file: object.file }, policy)),
                    _ => None,
                }
            }
        }
    }

    /// Looks up whom a policy tells.
    pub(crate) fn targets(&mut self, from: From, policy: &Policy) {
        for target in &policy.targets {
            self.find(from, ObjectKind::AlertNotificationTarget, target, self.severity);
        }
    }

    /// The condition of a policy, and the file it stands in.
    pub(crate) fn condition(
        &mut self,
        from: From,
        condition: &'o RefOr<Condition>,
    ) -> Option<(From, &'o Condition)> {
        match condition {
            RefOr::Inline(condition) => Some((from, condition)),
            RefOr::Ref(name) => {
                let object = self.find(from, ObjectKind::AlertCondition, name, self.severity)?;
                match &object.spec {
                    Spec::AlertCondition(Some(condition)) => {
                        Some((From { file: object.file }, condition))
                    }
                    _ => None,
                }
            }
        }
    }

    /// The type of the data source `name`. That there is none is doubtful only where others are
    /// given or the type is not known otherwise: a slice file can stand for any source.
    pub(crate) fn source_type(
        &mut self,
        from: From,
        name: &Spanned<Name>,
        typed: bool,
    ) -> Option<Name> {
        let known = self.objects.contains_key(&(ObjectKind::DataSource, name.value.as_str()));
        if !known && typed && !self.has(ObjectKind::DataSource) {
            return None;
        }
        let object = self.find(from, ObjectKind::DataSource, name, Severity::Warning)?;
        match &object.spec {
            Spec::DataSource(source_type) => source_type.clone(),
            _ => None,
        }
    }

    /// Looks up the service of an SLO, where any services are given.
    pub(crate) fn service(&mut self, from: From, name: &Spanned<Name>) {
        if self.has(ObjectKind::Service) {
            self.find(from, ObjectKind::Service, name, Severity::Warning);
        }
    }
}

/// The words of a diagnostic.
pub(crate) struct Said<'t> {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) label: &'t str,
    pub(crate) help: Option<String>,
}
