//! Where SLOs stand.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::series::{Series, View};
use crate::model::{CompositeRule, Name, ObjectiveDefinition, Origin, SloDefinition, SloSpec};
use crate::slo::{self, Known, Part, Record, Silencing, Status};

/// One objective with its status.
#[derive(Debug, Clone)]
pub struct SloStatus {
    /// Name for people.
    pub title: Name,
    /// The service it is about.
    pub service: Name,
    /// Where its figures come from.
    pub origin: Origin,
    /// What was evaluated.
    pub spec: SloSpec,
    /// Where it stands.
    pub status: Status,
}

/// The status of each of `series`, in their order.
pub fn status(series: &[Series], view: &View) -> Vec<SloStatus> {
    let one = |(series, status): (&Series, Status)| SloStatus {
        title: series.title.clone(),
        service: series.service.clone(),
        origin: series.origin,
        spec: series.spec().clone(),
        status,
    };
    series.iter().zip(figures(series, view)).map(one).collect()
}

/// The figures of each of `series`, in their order.
pub(super) fn figures(series: &[Series], view: &View) -> Vec<Status> {
    let options = view.options(series);
    let one =
        |series: &Series| slo::status(series.spec(), &series.block, &view.corrections, options);
    series.par_iter().map(one).collect()
}

/// The figures with what they are of: every objective of `definitions`, in their order.
pub(super) fn with_specs(definitions: &[SloDefinition], figures: Vec<Status>) -> Vec<SloStatus> {
    let objectives = definitions.iter().flat_map(|definition| {
        definition.objectives.iter().map(move |objective| (definition, objective))
    });
    let one = |((definition, objective), status): ((&SloDefinition, &ObjectiveDefinition), _)| {
        SloStatus {
            title: definition.title.clone(),
            service: definition.service.clone(),
            origin: definition.origin,
            spec: objective.spec.clone(),
            status,
        }
    };
    objectives.zip(figures).map(one).collect()
}

/// One part of a composite.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompositePart {
    /// Its objective.
    pub name: Name,
    /// Its weight over those of all parts with data.
    pub share: f64,
    /// Its own service level.
    pub sli: Known<f64>,
}

/// Several objectives judged as one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SloComposite {
    /// The SLO.
    pub name: Name,
    /// How its parts become one.
    pub rule: CompositeRule,
    /// Its level.
    pub sli: Known<f64>,
    /// Whether it meets its target.
    pub met: Known<bool>,
    /// What is left of its budget.
    pub remaining_ratio: Known<f64>,
    /// Its parts, for a weighted one.
    pub parts: Vec<CompositePart>,
}

/// The composites among `definitions` whose parts are in `series`.
pub fn composites(
    definitions: &[SloDefinition],
    series: &[Series],
    view: &View,
) -> Vec<SloComposite> {
    definitions.iter().filter_map(|definition| composite(definition, series, view)).collect()
}

fn composite(definition: &SloDefinition, series: &[Series], view: &View) -> Option<SloComposite> {
    let whole = definition.composite.as_ref()?;
    let own: Vec<&Series> = series.iter().filter(|one| one.slo == definition.name).collect();
    let ends = own.iter().map(|one| one.end());
    let as_of = view.as_of.or(ends.min())?;
    let blocks: Vec<_> = own.iter().map(|one| slo::until(&one.block, as_of)).collect();
    let records: Vec<Record<'_>> = own
        .iter()
        .zip(&blocks)
        .map(|(one, block)| {
            let any = Silencing::Any;
            let spans = slo::corrections_of(one.spec(), block, &view.corrections, any);
            Record::new(one.spec(), block, &spans)
        })
        .collect();
    let parts: Vec<Part<'_, '_>> = own
        .iter()
        .zip(&records)
        .map(|(one, record)| Part {
            spec: one.spec(),
            record,
            weight: one.objective.weight.unwrap_or(1.0),
        })
        .collect();
    let status = slo::weighted(&parts, whole.target, as_of);
    let named = |(one, part): (&&Series, &slo::PartStatus)| CompositePart {
        name: one.spec().name.clone(),
        share: part.share,
        sli: part.sli,
    };
    Some(SloComposite {
        name: definition.name.clone(),
        rule: whole.rule,
        sli: status.sli,
        met: status.met,
        remaining_ratio: status.remaining_ratio,
        parts: own.iter().zip(&status.parts).map(named).collect(),
    })
}
