//! The pictures of a case, together.

use super::{health, lanes, spread, times};
use crate::report::case::Case;
use crate::report::doc::Block;
use crate::report::lang::Words;

/// One picture.
pub(in crate::report) struct Picture {
    pub(in crate::report) id: &'static str,
    pub(in crate::report) file: String,
    pub(in crate::report) title: String,
    pub(in crate::report) svg: String,
}

impl Picture {
    pub(in crate::report) fn block(&self) -> Block {
        Block::Picture { file: self.file.clone(), title: self.title.clone(), svg: self.svg.clone() }
    }
}

/// The pictures that this case has data for.
pub(in crate::report) fn all(case: &Case<'_>, words: Words) -> Vec<Picture> {
    let spreads = spread::of_case(case, words);
    [
        health::picture(case, words),
        lanes::picture(case, words),
        times::picture(case, words),
        spread::spread(&spreads, words),
    ]
    .into_iter()
    .flatten()
    .collect()
}
