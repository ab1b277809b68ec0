//! Arithmetic on specs and their data.

use rayon::prelude::*;

use super::series::{Series, View};
use crate::model::Name;
use crate::slo::{self, Lint};

/// What is wrong or doubtful about one objective.
#[derive(Debug, Clone)]
pub struct SloLint {
    /// The objective.
    pub slo: Name,
    /// The definition's file and line.
    pub place: (Name, usize),
    /// The findings: those on the spec, then those on its data.
    pub found: Vec<Lint>,
}

/// The findings on each of `series`, in their order; objectives without any are there too.
pub fn lint(series: &[Series], view: &View) -> Vec<SloLint> {
    let one = |one: &Series| {
        let block = match view.as_of {
            Some(as_of) => slo::until(&one.block, as_of),
            None => std::borrow::Cow::Borrowed(&one.block),
        };
        let mut found = slo::lint_spec(one.spec(), block.step);
        found.extend(slo::lint_data(one.spec(), &block));
        SloLint { slo: one.spec().name.clone(), place: one.place.clone(), found }
    };
    series.par_iter().map(one).collect()
}
