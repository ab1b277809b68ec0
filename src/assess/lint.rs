//! Arithmetic on specs and their data.

use rayon::prelude::*;

use super::series::{Series, View};
use crate::model::{Name, SloDefinition, SourceFault};
use crate::slo::{self, Lint};
use crate::store::{self, Streams};
use crate::units::SimDuration;

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

/// The findings that only the samples of the workspace's streams can tell, by objective, and the
/// definitions without those of which no slices can be made.
///
/// # Errors
/// A stream, metric or column that is not there, an expression that is not allowed; the database
/// as ever.
pub fn lint_sources(
    definitions: &[SloDefinition],
    streams: &Streams,
    step: SimDuration,
) -> Result<(Vec<SloLint>, Vec<SloDefinition>), store::Error> {
    let known = streams.list()?;
    let mut lints = Vec::new();
    let mut left = definitions.to_vec();
    for definition in &mut left {
        let place = (definition.file.clone(), definition.line);
        let mut usable = Vec::new();
        for objective in &definition.objectives {
            let stream = objective.indicator.stream();
            let found = known.iter().find(|summary| summary.name == *stream);
            let range = found.and_then(|one| one.first.zip(one.last)).unwrap_or_default();
            let range = (range.0, range.1 + SimDuration::from_ms(1));
            let faults = streams.source_faults(&objective.indicator, range, step)?;
            if !faults.iter().any(SourceFault::blocks) {
                usable.push(objective.clone());
            }
            let found: Vec<Lint> = faults.iter().map(slo::lint_source).collect();
            lints.push(SloLint { slo: objective.spec.name.clone(), place: place.clone(), found });
        }
        definition.objectives = usable;
    }
    left.retain(|definition| !definition.objectives.is_empty());
    Ok((lints, left))
}

/// The findings on the samples before those on slices, objective by objective.
pub fn joined(sources: Vec<SloLint>, slices: Vec<SloLint>) -> Vec<SloLint> {
    let mut all = sources;
    for lint in slices {
        match all.iter_mut().find(|other| other.slo == lint.slo) {
            Some(own) => own.found.extend(lint.found),
            None => all.push(lint),
        }
    }
    all
}
