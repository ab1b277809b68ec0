//! Objectives with their slices.

use crate::diag::Diagnostics;
use crate::model::{
    BudgetingMethod, Correction, Indicator, Name, ObjectiveDefinition, Origin, SliceBlock,
    SloDefinition, SloSpec, TierPreset,
};
use crate::slo::{Denominator, StatusOptions};
use crate::store::{self, SlicesOf, Streams};
use crate::units::{SimDuration, SimTime};

/// One objective with the slices of its indicator.
#[derive(Debug, Clone)]
pub struct Series {
    /// The SLO it belongs to.
    pub slo: Name,
    /// Name for people.
    pub title: Name,
    /// The service it is about.
    pub service: Name,
    /// Where its figures come from.
    pub origin: Origin,
    /// What is evaluated.
    pub objective: ObjectiveDefinition,
    /// The slices.
    pub block: SliceBlock,
    /// The definition's file and line.
    pub place: (Name, usize),
}

impl Series {
    fn new(definition: &SloDefinition, objective: &ObjectiveDefinition, block: SliceBlock) -> Self {
        Self {
            slo: definition.name.clone(),
            title: definition.title.clone(),
            service: definition.service.clone(),
            origin: definition.origin,
            objective: objective.clone(),
            block,
            place: (definition.file.clone(), definition.line),
        }
    }

    /// The end of its record.
    pub fn end(&self) -> SimTime {
        let slices = i64::try_from(self.block.good.len()).unwrap_or(i64::MAX);
        self.block.start + self.block.step * slices
    }

    /// What is evaluated.
    pub fn spec(&self) -> &SloSpec {
        &self.objective.spec
    }
}

/// How series are looked at.
#[derive(Debug, Clone)]
pub struct View {
    /// The instant; by default the end of each record.
    pub as_of: Option<SimTime>,
    /// What a budget is a share of.
    pub denominator: Denominator,
    /// Maintenance and the like.
    pub corrections: Vec<Correction>,
}

impl View {
    /// The options for one of `series`, whose newest end tells which of them fell silent.
    pub(super) fn options(&self, series: &[Series]) -> StatusOptions {
        let (as_of, denominator) = (self.as_of, self.denominator);
        StatusOptions { as_of, denominator, newest: series.iter().map(Series::end).max() }
    }
}

/// Why slices cannot be given to objectives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// One file of slices stands for one indicator.
    #[error("the slices stand for one indicator, the files define {0} SLOs")]
    SeveralSlos(usize),
    /// No SLO of that name.
    #[error("there is no SLO `{0}`")]
    UnknownSlo(String),
}

/// Every objective of the one SLO in `definitions` on the same slices, which stand for its
/// indicator.
///
/// # Errors
/// When there are several SLOs.
pub fn every_objective(
    definitions: &[SloDefinition],
    block: &SliceBlock,
) -> Result<Vec<Series>, SeriesError> {
    let [definition] = definitions else {
        return Err(SeriesError::SeveralSlos(definitions.len()));
    };
    let series = |objective| Series::new(definition, objective, block.clone());
    Ok(definition.objectives.iter().map(series).collect())
}

/// The objectives of `definitions` on the streams of a workspace, each from the first to the last
/// row of its stream in slices of `step`. All indicators on one stream share one scan.
///
/// # Errors
/// A stream, a column or an aggregate that is not there, an SLI expression that is not allowed;
/// the database as ever.
pub fn from_streams(
    definitions: &[SloDefinition],
    streams: &Streams,
    step: SimDuration,
) -> Result<Vec<Series>, store::Error> {
    let known = streams.list()?;
    let mut wanted: Vec<(&SloDefinition, &ObjectiveDefinition)> = Vec::new();
    for definition in definitions {
        wanted.extend(definition.objectives.iter().map(|objective| (definition, objective)));
    }
    let slices: Vec<SlicesOf<'_>> = wanted
        .iter()
        .map(|(_, objective)| {
            let stream = objective.indicator.stream();
            let found = known.iter().find(|summary| *summary.name == **stream);
            // A stream that is not there is refused by the scan, which knows what is.
            let (first, last) =
                found.and_then(|summary| summary.first.zip(summary.last)).unwrap_or_default();
            let range = (first, last + SimDuration::from_ms(1));
            SlicesOf { indicator: &objective.indicator, range, step: length(objective, step) }
        })
        .collect();
    let blocks = match streams.slices_each(&slices) {
        Err(store::Error::Refused(why)) => return Err(named(why, streams, &wanted, &slices)?),
        blocks => blocks?,
    };
    let series = wanted.iter().zip(blocks);
    Ok(series
        .map(|((definition, objective), block)| Series::new(definition, objective, block))
        .collect())
}

/// Refusals with the SLOs that they are about, of all SLOs at once.
fn named(
    why: Diagnostics,
    streams: &Streams,
    wanted: &[(&SloDefinition, &ObjectiveDefinition)],
    slices: &[SlicesOf<'_>],
) -> Result<store::Error, store::Error> {
    let mut all = Diagnostics::default();
    let mut of: Option<&Name> = None;
    for (at, refused) in streams.refusals(slices)? {
        let definition = wanted[at].0;
        // Objectives of one SLO share its indicator.
        if of.replace(&definition.name) == Some(&definition.name) {
            continue;
        }
        for mut diagnostic in refused.list {
            let SloDefinition { name, file, line, .. } = definition;
            diagnostic.message = format!("{file}:{line}: SLO `{name}`: {}", diagnostic.message);
            all.push(diagnostic);
        }
    }
    Ok(store::Error::Refused(if all.list.is_empty() { why } else { all }))
}

/// The length of an objective's slices. A measured value is that of a whole slice of its method,
/// not a mean of shorter ones.
fn length(objective: &ObjectiveDefinition, step: SimDuration) -> SimDuration {
    match (&objective.indicator, objective.spec.method) {
        (Indicator::Threshold { .. }, BudgetingMethod::Timeslices { window, .. })
        | (Indicator::Threshold { .. }, BudgetingMethod::RatioTimeslices { window }) => window,
        _ => step,
    }
}

/// The same SLOs with the tiers of a preset.
///
/// # Errors
/// The objective for whose period the preset is not made, and that period.
pub fn with_tiers(
    mut definitions: Vec<SloDefinition>,
    preset: TierPreset,
) -> Result<Vec<SloDefinition>, (Name, SimDuration)> {
    for objective in definitions.iter_mut().flat_map(|definition| &mut definition.objectives) {
        let spec = &mut objective.spec;
        let period = spec.period.nominal();
        spec.tiers = preset.tiers(period).ok_or_else(|| (spec.name.clone(), period))?;
    }
    Ok(definitions)
}
