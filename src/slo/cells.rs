//! Base slices after corrections, and the slices that a budgeting method judges.

use crate::model::{BudgetingMethod, Corrected, CorrectionEffect, NoData, Slice, SliceBlock};
use crate::units::SimDuration;

/// What a base slice is once corrections have been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// Good and all events; both may be zero.
    Measured { good: u32, total: u32 },
    /// Nothing is known of it.
    Missing,
    /// Left out by a correction.
    Left,
    /// Good by a correction, with so many events, if any.
    Excused { total: u32 },
}

impl Cell {
    fn new(slice: Slice, effect: Option<CorrectionEffect>) -> Self {
        let Slice { good, total, present } = slice;
        match effect {
            Some(CorrectionEffect::Drop) => Self::Left,
            Some(CorrectionEffect::Good) => {
                Self::Excused { total: if present { total } else { 0 } }
            }
            None if present => Self::Measured { good, total },
            None => Self::Missing,
        }
    }
}

/// Per base slice of `block` what it counts as. A slice is corrected when a correction overlaps
/// it at all, because its events cannot be told apart; where two do, leaving out wins.
pub(super) fn cells(block: &SliceBlock, corrections: &[Corrected]) -> Vec<Cell> {
    let mut effects: Vec<Option<CorrectionEffect>> = Vec::new();
    if !corrections.is_empty() {
        effects.resize(block.good.len(), None);
    }
    let step = block.step.ms();
    for span in corrections {
        let first = (span.from - block.start).ms().div_euclid(step).max(0);
        // The slice that contains the last instant before the end.
        let last = ((span.to - block.start).ms() - 1).div_euclid(step);
        let range = usize::try_from(first).ok().zip(usize::try_from(last + 1).ok());
        let Some((first, end)) = range else { continue };
        let end = end.min(effects.len());
        for effect in effects.get_mut(first..end).unwrap_or_default() {
            *effect = match *effect {
                Some(CorrectionEffect::Drop) => Some(CorrectionEffect::Drop),
                _ => Some(span.effect),
            };
        }
    }
    (0..block.good.len())
        .map(|index| {
            let slice = Slice {
                good: block.good[index],
                total: block.total[index],
                present: block.present[index],
            };
            Cell::new(slice, effects.get(index).copied().flatten())
        })
        .collect()
}

/// How base slices are put together to the slices that a method judges: `per` at a time, from
/// base slice `first` on, so that they end at whole multiples of their length since 1970. What
/// the record has before the first whole one, or after the last, belongs to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) first: usize,
    pub(super) per: usize,
}

impl Grid {
    /// A window shorter than a base slice counts as one, a broken one is rounded up.
    pub(super) fn new(block: &SliceBlock, method: BudgetingMethod) -> Self {
        let window = match method {
            BudgetingMethod::Occurrences => return Self { first: 0, per: 1 },
            BudgetingMethod::Timeslices { window, .. }
            | BudgetingMethod::RatioTimeslices { window } => window,
        };
        let per = super::history::slices_in(window, block.step);
        let number = block.start.ms().div_euclid(block.step.ms());
        let beyond = i64::try_from(per).map_or(0, |per| number.rem_euclid(per));
        let beyond = usize::try_from(beyond).unwrap_or(0);
        Self { first: if beyond == 0 { 0 } else { per - beyond }, per }
    }

    /// Judged slices that are over after base slice `at`, counted from 1.
    #[inline]
    pub(super) fn closed(&self, at: usize) -> usize {
        match self.per {
            1 => at,
            per => at.saturating_sub(self.first) / per,
        }
    }

    /// Base slices up to the end of judged slice `index`, counted from 1.
    pub(super) fn end_of(&self, index: usize) -> usize {
        self.first + index * self.per
    }

    /// The first judged slice that begins at or after the end of base slice `at`: as many judged
    /// slices lie before it.
    pub(super) fn begun(&self, at: usize) -> usize {
        at.saturating_sub(self.first).div_ceil(self.per)
    }

    /// Length of a judged slice.
    pub(super) fn length(&self, step: SimDuration) -> SimDuration {
        step * i64::try_from(self.per).unwrap_or(i64::MAX)
    }
}

/// What a slice method makes of one slice: `bad` of `total`, or nothing when `total` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) bad: i64,
    pub(super) total: u64,
    /// Whether it counts as covered.
    pub(super) covered: bool,
}

/// The ratio of each judged slice, after the policy on missing data.
///
/// A slice is measured when all its base slices are; those left out by a correction do not matter
/// to it, and without any other it is left out itself, neither good nor bad and no hole either.
pub(super) fn judge(cells: &[Cell], grid: Grid, no_data: NoData) -> Vec<Judged> {
    const GOOD: Judged = Judged { bad: 0, total: 1, covered: true };
    let whole = cells.get(grid.first..).unwrap_or_default().chunks_exact(grid.per);
    let mut held = None;
    whole
        .map(|cells| {
            let (found, has_data) = sum_up(cells);
            match (found, has_data) {
                (Found::Left, _) => Judged { bad: 0, total: 0, covered: true },
                (Found::Excused, true) => GOOD,
                (Found::Ratio(judged), true) => {
                    held = Some(judged);
                    judged
                }
                _ => match no_data {
                    NoData::Gap => Judged { bad: 0, total: 0, covered: has_data },
                    NoData::Good => GOOD,
                    NoData::Bad => Judged { bad: 1, total: 1, covered: true },
                    NoData::Hold => held.unwrap_or(Judged { bad: 0, total: 0, covered: has_data }),
                },
            }
        })
        .collect()
}

enum Found {
    Left,
    Excused,
    Ratio(Judged),
    Nothing,
}

/// What the base slices of one slice hold, and whether all of them were measured.
fn sum_up(cells: &[Cell]) -> (Found, bool) {
    let (mut bad, mut total, mut excused, mut left, mut missing) = (0i64, 0u64, false, 0, false);
    for cell in cells {
        match *cell {
            Cell::Measured { good, total: all } => {
                bad += i64::from(all) - i64::from(good);
                total += u64::from(all);
            }
            Cell::Missing => missing = true,
            Cell::Left => left += 1,
            Cell::Excused { total: all } => {
                excused = true;
                total += u64::from(all);
            }
        }
    }
    let found = if left == cells.len() {
        Found::Left
    } else if total > 0 {
        Found::Ratio(Judged { bad, total, covered: true })
    } else if excused {
        Found::Excused
    } else {
        Found::Nothing
    };
    (found, !missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimTime;

    fn block(start_minute: i64, cells: &[(u32, u32, bool)]) -> SliceBlock {
        SliceBlock {
            start: SimTime::from_minute(start_minute),
            step: SimDuration::from_minutes(1),
            good: cells.iter().map(|cell| cell.0).collect(),
            total: cells.iter().map(|cell| cell.1).collect(),
            present: cells.iter().map(|cell| cell.2).collect(),
        }
    }

    #[test]
    fn slices_end_at_multiples_of_their_length() {
        let window = SimDuration::from_minutes(5);
        let grid =
            |start| Grid::new(&block(start, &[]), BudgetingMethod::RatioTimeslices { window });
        assert_eq!(grid(10), Grid { first: 0, per: 5 });
        assert_eq!(grid(12), Grid { first: 3, per: 5 });
        let late = grid(12);
        assert_eq!([2, 3, 7, 8, 12, 13].map(|at| late.closed(at)), [0, 0, 0, 1, 1, 2]);
        assert_eq!([0, 3, 4, 8, 9].map(|at| late.begun(at)), [0, 0, 1, 1, 2]);
        assert_eq!(late.end_of(2), 13);
    }

    #[test]
    fn a_slice_with_a_hole_follows_the_policy() {
        let two = BudgetingMethod::RatioTimeslices { window: SimDuration::from_minutes(2) };
        let block = block(
            0,
            &[
                (1, 2, true),
                (0, 0, true),
                (0, 0, true),
                (0, 0, true),
                (5, 5, true),
                (0, 0, false),
                (3, 3, true),
            ],
        );
        let judged = |no_data| {
            let cells = cells(&block, &[]);
            let judged = judge(&cells, Grid::new(&block, two), no_data);
            judged.iter().map(|j| (j.bad, j.total, j.covered)).collect::<Vec<_>>()
        };
        assert_eq!(judged(NoData::Gap), [(1, 2, true), (0, 0, true), (0, 0, false)]);
        assert_eq!(judged(NoData::Bad), [(1, 2, true), (1, 1, true), (1, 1, true)]);
        assert_eq!(judged(NoData::Good), [(1, 2, true), (0, 1, true), (0, 1, true)]);
        assert_eq!(judged(NoData::Hold), [(1, 2, true), (1, 2, true), (1, 2, true)]);
    }

    #[test]
    fn corrections_touch_what_they_overlap() {
        let block = block(0, &[(0, 9, true), (0, 9, true), (0, 0, false), (9, 9, true)]);
        let span = |from, to, effect| Corrected {
            from: SimTime::from_ms(from),
            to: SimTime::from_ms(to),
            effect,
        };
        let found = cells(
            &block,
            &[
                span(-5, 1, CorrectionEffect::Drop),
                span(60_000, 120_001, CorrectionEffect::Good),
                span(0, 10, CorrectionEffect::Good),
            ],
        );
        let measured = Cell::Measured { good: 9, total: 9 };
        let excused = |total| Cell::Excused { total };
        assert_eq!(found, [Cell::Left, excused(9), excused(0), measured]);
    }
}
