//! The same data under other methods and targets, and under the arithmetic of Sloth.

use super::exact::quotient;
use super::history::slices_in;
use super::measure::measure;
use super::reason::{Known, Reason};
use super::record::Record;
use super::status::{Status, StatusOptions, status, until};
use crate::model::{BudgetingMethod, Correction, SliceBlock, SloSpec};
use crate::units::{Objective, SimDuration};

/// The window whose ratios Sloth averages over 30 days.
const SLOTH_WINDOW: SimDuration = SimDuration::from_minutes(5);

/// One column of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The SLO as it was judged.
    pub spec: SloSpec,
    /// Where it stands so.
    pub status: Status,
}

/// What Sloth's rule for the 30-day window says, `sum_over_time / count_over_time` of the
/// five-minute error ratio at each slice end: a mean of ratios, in which a quiet night weighs as
/// much as a busy day. Sloth v0.16, `ratio_rate30d`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlothColumn {
    /// The SLI so.
    pub sli: Known<f64>,
    /// What is left of the budget so.
    pub remaining_ratio: Known<f64>,
    /// Its SLI minus that of the events (occurrences, missing data left out).
    pub sli_error: Known<f64>,
}

/// The three methods side by side and Sloth's approximation.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Occurrences, timeslices, ratio timeslices.
    pub methods: Vec<Column>,
    /// The fourth column.
    pub sloth: SlothColumn,
}

/// `spec` under each method: its own as it is, the others with its slice window or that of the
/// data, and with its slice target or its target.
pub fn method_variants(spec: &SloSpec, block: &SliceBlock) -> [SloSpec; 3] {
    let (target, window) = match spec.method {
        BudgetingMethod::Occurrences => (spec.target, block.step),
        BudgetingMethod::Timeslices { target, window } => (target, window),
        BudgetingMethod::RatioTimeslices { window } => (spec.target, window),
    };
    [
        BudgetingMethod::Occurrences,
        BudgetingMethod::Timeslices { target, window },
        BudgetingMethod::RatioTimeslices { window },
    ]
    .map(|method| SloSpec { method, ..spec.clone() })
}

/// What `spec` would have been with each of `targets`, all else equal ("what would 99.5 % have
/// done to us?").
pub fn target_variants(spec: &SloSpec, targets: &[Objective]) -> Vec<SloSpec> {
    targets.iter().map(|target| SloSpec { target: *target, ..spec.clone() }).collect()
}

/// The status of each variant.
pub fn columns(
    variants: &[SloSpec],
    block: &SliceBlock,
    corrections: &[Correction],
    options: StatusOptions,
) -> Vec<Column> {
    let column = |spec: &SloSpec| Column {
        spec: spec.clone(),
        status: status(spec, block, corrections, options),
    };
    variants.iter().map(column).collect()
}

/// `spec` under all methods.
///
/// # Panics
/// As [`Record::new`].
pub fn compare(
    spec: &SloSpec,
    block: &SliceBlock,
    corrections: &[Correction],
    options: StatusOptions,
) -> Comparison {
    let methods = columns(&method_variants(spec, block), block, corrections, options);
    let sloth = sloth(spec, block, corrections, options);
    Comparison { methods, sloth }
}

fn sloth(
    spec: &SloSpec,
    block: &SliceBlock,
    corrections: &[Correction],
    options: StatusOptions,
) -> SlothColumn {
    use super::status::{Silencing, corrections_of};

    let end = block.start + block.step * i64::try_from(block.good.len()).unwrap_or(i64::MAX);
    let as_of = options.as_of.unwrap_or(end);
    let block = &*until(block, as_of);
    let no_data = crate::model::NoData::Gap;
    let plain = SloSpec { method: BudgetingMethod::Occurrences, no_data, ..spec.clone() };
    let spans = corrections_of(&plain, block, corrections, Silencing::Any);
    let record = Record::new(&plain, block, &spans);
    let measured = match measure(&plain, &record, as_of) {
        Ok(measured) => measured,
        Err(reason) => {
            let nothing = Err(reason);
            return SlothColumn { sli: nothing, remaining_ratio: nothing, sli_error: nothing };
        }
    };
    let sums = record.events().sums();
    let lookback = slices_in(SLOTH_WINDOW, block.step);
    let (mut bad, mut count) = (0i128, 0i128);
    for at in measured.base.0 + 1..=measured.base.1 {
        let window = sums[at] - sums[at.saturating_sub(lookback)];
        if window.total > 0 {
            // Rounded down by less than 2^-64 each.
            bad += (i128::from(window.bad) << 64).div_euclid(window.total.into());
            count += 1;
        }
    }
    let all = count << 64;
    let sli = if count > 0 { Ok(quotient(all - bad, all)) } else { Err(measured.reason()) };
    let error = if count > 0 { Ok(quotient(bad, all)) } else { Err(measured.reason()) };
    let (budget, whole) = spec.target.budget();
    SlothColumn {
        sli,
        remaining_ratio: match error {
            Ok(_) if budget == 0 => Err(Reason::NoBudget),
            Ok(error) => Ok(1.0 - error * (whole as f64 / budget as f64)),
            Err(reason) => Err(reason),
        },
        sli_error: sli.and_then(|sli| measured.sli().map(|exact| sli - exact)),
    }
}
