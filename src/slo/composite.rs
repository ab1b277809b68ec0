//! Several objectives judged as one.

use super::cells::Cell;
use super::measure::measure;
use super::reason::{Known, Reason};
use super::record::Record;
use crate::model::{BudgetingMethod, SliceBlock, SloSpec};
use crate::units::{Objective, SimTime};

/// One part of a composite.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a, 'b> {
    /// Its objective.
    pub spec: &'a SloSpec,
    /// Its record.
    pub record: &'a Record<'b>,
    /// Its weight, above 0.
    pub weight: f64,
}

/// What one part adds to a weighted composite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartStatus {
    /// Its weight as it is stated.
    pub weight: f64,
    /// Its weight over those of all parts with data; 0 for a part without.
    pub share: f64,
    /// Its own service level.
    pub sli: Known<f64>,
}

/// A weighted composite at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeStatus {
    /// The mean of the parts' service levels, by weight, of the parts with data.
    pub sli: Known<f64>,
    /// Whether it meets the target.
    pub met: Known<bool>,
    /// What is left of the budget, signed.
    pub remaining_ratio: Known<f64>,
    /// `1 - remaining_ratio`.
    pub consumed_ratio: Known<f64>,
    /// The parts, in their order.
    pub parts: Vec<PartStatus>,
}

/// The weighted mean of `parts` at `as_of`. Weights are divided by their sum, so that two parts
/// that burn at rate 1 are a whole that burns at rate 1; a part without an SLI is left out and the
/// other weights grow. Weights are floats, and so is the comparison with the target.
pub fn weighted(parts: &[Part<'_, '_>], target: Objective, as_of: SimTime) -> CompositeStatus {
    let slis: Vec<Known<f64>> = parts
        .iter()
        .map(|part| measure(part.spec, part.record, as_of).and_then(|measured| measured.sli()))
        .collect();
    let with_data = || parts.iter().zip(&slis).filter(|(_, sli)| sli.is_ok());
    let weight: f64 = with_data().map(|(part, _)| part.weight).sum();
    let reason = slis.iter().find_map(|sli| sli.err()).unwrap_or(Reason::NoData);
    // Errors are small where levels are near 1: summing them up keeps their digits.
    let error: f64 =
        with_data().map(|(part, sli)| part.weight / weight * (1.0 - sli.unwrap_or(1.0))).sum();
    let error = if weight > 0.0 { Ok(error) } else { Err(reason) };
    let (budget, whole) = target.budget();
    let budget = budget as f64 / whole as f64;
    let consumed = error
        .and_then(|error| if budget > 0.0 { Ok(error / budget) } else { Err(Reason::NoBudget) });
    CompositeStatus {
        sli: error.map(|error| 1.0 - error),
        met: error.map(|error| error <= budget),
        remaining_ratio: consumed.map(|consumed| 1.0 - consumed),
        consumed_ratio: consumed,
        parts: parts
            .iter()
            .zip(&slis)
            .map(|(part, sli)| PartStatus {
                weight: part.weight,
                share: if sli.is_ok() && weight > 0.0 { part.weight / weight } else { 0.0 },
                sli: *sli,
            })
            .collect(),
    }
}

/// The slices of the composite in which a slice is bad when it is bad in any part: 1 event each, a
/// good or a bad one. Evaluate it under occurrences. In a part a slice is bad when it has a bad
/// event; under timeslices, when its ratio is below the slice target. A slice that no part
/// measured is missing; one in which the parts measured no events is empty. It spans what all
/// parts span together.
///
/// `None` without parts, or when their slices differ in length or phase.
pub fn any_bad(parts: &[Part<'_, '_>]) -> Option<SliceBlock> {
    let step = parts.first()?.record.events().step();
    let start = parts.iter().map(|part| part.record.events().start()).min()?;
    let end = parts.iter().map(|part| part.record.end()).max()?;
    let fits = |part: &Part<'_, '_>| {
        let events = part.record.events();
        events.step() == step && (events.start() - start).ms() % step.ms() == 0
    };
    if !parts.iter().all(fits) {
        return None;
    }
    let len = usize::try_from((end - start).ms() / step.ms()).ok()?;
    let mut block = SliceBlock {
        start,
        step,
        good: vec![0; len],
        total: vec![0; len],
        present: vec![false; len],
    };
    let mut bad = vec![false; len];
    for part in parts {
        let first = (part.record.events().start() - start).ms() / step.ms();
        let first = usize::try_from(first).ok()?;
        for (index, cell) in part.record.cells.iter().enumerate() {
            let (measured, events, is_bad) = judge(part.spec, cell);
            block.present[first + index] |= measured;
            block.total[first + index] |= u32::from(events);
            bad[first + index] |= is_bad;
        }
    }
    for (index, bad) in bad.into_iter().enumerate() {
        block.good[index] = if bad { 0 } else { block.total[index] };
    }
    Some(block)
}

/// Whether a slice was measured, had events, and is bad.
fn judge(spec: &SloSpec, cell: &Cell) -> (bool, bool, bool) {
    match *cell {
        Cell::Missing => (false, false, false),
        Cell::Left => (true, false, false),
        Cell::Excused { total } => (true, total > 0, false),
        Cell::Measured { good, total } => {
            let is_bad = match spec.method {
                BudgetingMethod::Timeslices { target, .. } => {
                    u64::from(good) * target.den() < u64::from(total) * target.num()
                }
                _ => good < total,
            };
            (true, total > 0, is_bad)
        }
    }
}
