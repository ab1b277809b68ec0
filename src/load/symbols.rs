//! Names that a file defines and refers to, looked up when the whole file has been read.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, SourceText, Span, did_you_mean};
use crate::model::Name;

/// Names shown when none of them is near to what was written.
const SHOWN: usize = 12;

/// A set of names in which each is unique: the services of a system, the steps of a playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Space {
    /// What its names stand for (`service`).
    pub(crate) word: &'static str,
    /// Code of a reference that finds nothing.
    pub(crate) code: &'static str,
    /// Tells the steps of one playbook from those of another.
    scope: usize,
}

impl Space {
    /// A space of which a file has one.
    pub(crate) const fn new(word: &'static str, code: &'static str) -> Self {
        let scope = 0;
        Self { word, code, scope }
    }

    /// The same within the part `scope` of a file, from 1.
    pub(crate) const fn within(self, scope: usize) -> Self {
        Self { scope, ..self }
    }

    /// The same names, with another code for a reference that finds nothing.
    pub(crate) const fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    const fn key(self) -> (&'static str, usize) {
        (self.word, self.scope)
    }
}

struct Reference {
    name: Name,
    span: Span,
    spaces: Vec<Space>,
}

/// What was defined and referred to so far.
#[derive(Default)]
pub(crate) struct Symbols {
    defined: BTreeMap<(&'static str, usize), BTreeMap<Name, Option<Span>>>,
    /// Spaces with a definition whose name could not be read: nothing is missing there for sure.
    incomplete: BTreeSet<(&'static str, usize)>,
    references: Vec<Reference>,
}

impl Symbols {
    /// Defines `name`; gives the span of an earlier definition of the same name.
    pub(crate) fn define(&mut self, space: Space, name: &Name, span: Option<Span>) -> Option<Span> {
        if name.is_empty() {
            self.incomplete.insert(space.key());
            return None;
        }
        let names = self.defined.entry(space.key()).or_default();
        match names.get(name) {
            Some(first) => Some(first.unwrap_or_default()),
            None => {
                names.insert(name.clone(), span);
                None
            }
        }
    }

    /// Notes that `name` must exist in one of `spaces`.
    pub(crate) fn refer(&mut self, name: &Name, span: Span, spaces: &[Space]) {
        if !name.is_empty() {
            self.references.push(Reference { name: name.clone(), span, spaces: spaces.to_vec() });
        }
    }

    fn names(&self, space: Space) -> impl Iterator<Item = &str> {
        let names = self.defined.get(&space.key()).into_iter();
        names.flat_map(|names| names.keys().map(Name::as_str))
    }

    /// A diagnostic for each reference that finds nothing.
    pub(crate) fn unresolved(&self, source: &SourceText) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for Reference { name, span, spaces } in &self.references {
            let known = |space: &Space| {
                self.incomplete.contains(&space.key())
                    || self.defined.get(&space.key()).is_some_and(|names| names.contains_key(name))
            };
            if spaces.iter().any(known) {
                continue;
            }
            let words: Vec<_> = spaces.iter().map(|space| space.word).collect();
            let words = words.join(" or ");
            let code = spaces.first().map_or("decode::unknown-name", |space| space.code);
            let candidates: Vec<&str> = spaces.iter().flat_map(|s| self.names(*s)).collect();
            let diagnostic = Diagnostic::error(code, format!("there is no {words} `{name}`")).at(
                source,
                *span,
                format!("unknown {words}"),
            );
            found.push(diagnostic.help(choices(name, &candidates)));
        }
        found
    }
}

/// The nearest of `candidates`, or the first of them.
pub(crate) fn choices(word: &str, candidates: &[&str]) -> String {
    // The number next to a number is no slip of the pen.
    let number = word.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(near) = did_you_mean(word, candidates.iter().copied()).filter(|_| !number) {
        return format!("did you mean `{near}`?");
    }
    if candidates.is_empty() {
        return "none is defined".to_owned();
    }
    let shown: Vec<String> = candidates.iter().take(SHOWN).map(|c| format!("`{c}`")).collect();
    let more = candidates.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("known: {}{rest}", shown.join(", "))
}

/// A cycle among `n` nodes as their indices in order, or `None`. Edges go from a node to
/// those in `next`. Iterative, because a file decides how deep it goes.
pub(crate) fn cycle(next: &[Vec<usize>]) -> Option<Vec<usize>> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut state = vec![NEW; next.len()];
    for start in 0..next.len() {
        if state[start] != NEW {
            continue;
        }
        let mut path = vec![(start, 0)];
        state[start] = OPEN;
        while let Some((node, edge)) = path.last_mut() {
            let Some(&to) = next[*node].get(*edge) else {
                state[*node] = DONE;
                path.pop();
                continue;
            };
            *edge += 1;
            if state[to] == OPEN {
                let from = path.iter().position(|(node, _)| *node == to)?;
                return Some(path[from..].iter().map(|(node, _)| *node).collect());
            }
            if state[to] == NEW {
                state[to] = OPEN;
                path.push((to, 0));
            }
        }
    }
    None
}

/// `a -> b -> a`; of a long cycle only the beginning.
pub(crate) fn arrows(names: &[&str]) -> String {
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        shown.push("...".to_owned());
    }
    shown.extend(names.first().map(|first| format!("`{first}`")));
    shown.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_are_found_and_diamonds_are_not() {
        assert_eq!(cycle(&[vec![1, 2], vec![3], vec![3], vec![]]), None);
        assert_eq!(cycle(&[vec![1], vec![2], vec![1]]), Some(vec![1, 2]));
        assert_eq!(cycle(&[vec![0]]), Some(vec![0]));
        let long: Vec<Vec<usize>> = (0..100_000).map(|n| vec![(n + 1) % 100_000]).collect();
        assert_eq!(cycle(&long).map(|path| path.len()), Some(100_000));
    }
}
