//! Pictures as SVG: health over time, who did what, response times, this run among many.

mod axis;
mod burndown;
mod canvas;
mod forest;
mod gallery;
mod health;
mod lanes;
mod spread;
mod times;

pub(super) use burndown::{BurnDown, burn_down};
pub(super) use forest::{Branch, forest};
pub(super) use gallery::{Picture, all};
pub(super) use spread::{Spread, spread};
