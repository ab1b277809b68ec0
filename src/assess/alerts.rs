//! The alerts that would have fired.

use rayon::prelude::*;

use super::series::{Series, View};
use crate::model::{Name, SloSpec};
use crate::slo::{self, AlertSource, Episode, Record, Silencing};
use crate::units::SimTime;

/// One alert of one objective.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct SloAlert {
    /// The objective.
    pub slo: Name,
    /// `LONG/SHORT`, or `no_data`.
    pub tier: Name,
    /// The tier's severity; of a no-data alert `no_data`.
    pub severity: Name,
    /// From begin to end.
    pub episode: Episode,
}

/// All alerts of `series` up to the view's instant, ascending by begin, then in the order of the
/// series and their tiers.
pub fn alerts(series: &[Series], view: &View) -> Vec<SloAlert> {
    let newest = view.options(series).newest;
    let mut all: Vec<SloAlert> =
        series.par_iter().flat_map_iter(|one| alerts_of(one, view, newest)).collect();
    all.sort_by_key(|alert| alert.episode.pending_at);
    all
}

fn alerts_of(series: &Series, view: &View, newest: Option<SimTime>) -> Vec<SloAlert> {
    let spec = series.spec();
    // A record that fell silent goes on without data, so that the alert on that is among them.
    let silent = newest.filter(|newest| slo::silent_for(spec, &series.block, *newest).is_some());
    let block = match view.as_of.or(silent) {
        Some(as_of) => slo::until(&series.block, as_of),
        None => std::borrow::Cow::Borrowed(&series.block),
    };
    let silenced = slo::corrections_of(spec, &block, &view.corrections, Silencing::Only);
    let transitions = slo::replay_alerts(spec, &block, &silenced);
    let record = Record::new(spec, &block, &silenced);
    let named = |episode: Episode| {
        let (tier, severity) = names(spec, episode.source);
        SloAlert { slo: spec.name.clone(), tier, severity, episode }
    };
    slo::episodes(spec, &record, &transitions).into_iter().map(named).collect()
}

fn names(spec: &SloSpec, source: AlertSource) -> (Name, Name) {
    match source {
        AlertSource::Tier(index) => {
            let tier = &spec.tiers[index];
            (Name::from(tier.name()), tier.severity.clone())
        }
        AlertSource::NoData => (Name::from("no_data"), Name::from("no_data")),
    }
}
