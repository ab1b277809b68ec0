//! Pictures as SVG: health over time, who did what, response times, this run among many.

mod axis;
mod canvas;
mod gallery;
mod health;
mod lanes;
mod spread;
mod times;

pub(super) use gallery::{Picture, all};
pub(super) use spread::{Spread, spread};
