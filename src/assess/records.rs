//! SLOs on their data, which are read when a question needs them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::alerts::{SloAlert, alerts};
use super::series::{Series, View, from_streams};
use super::status::{SloComposite, SloStatus, composites, figures, with_specs};
use crate::model::SloDefinition;
use crate::slo::Status;
use crate::store::{self, Asked, Streams};
use crate::units::SimDuration;

/// What SLOs are evaluated on.
#[derive(Debug)]
pub enum Data {
    /// Slices that were counted elsewhere, one series per objective in the definitions' order.
    Slices(Vec<Series>),
    /// Streams, counted in slices of this length.
    Streams(Streams, SimDuration),
}

/// SLOs, what they are evaluated on, and how that is looked at.
#[derive(Debug)]
pub struct Records {
    /// The SLOs.
    pub definitions: Vec<SloDefinition>,
    /// How they are looked at.
    pub view: View,
    /// What they are evaluated on.
    pub data: Data,
}

impl Records {
    /// Every objective with its slices.
    ///
    /// # Errors
    /// As [`from_streams`].
    pub fn series(self) -> Result<(Vec<Series>, View), store::Error> {
        let series = match self.data {
            Data::Slices(series) => series,
            Data::Streams(streams, step) => from_streams(&self.definitions, &streams, step)?,
        };
        Ok((series, self.view))
    }

    /// The status of every objective in the definitions' order, and that of the composites.
    ///
    /// # Errors
    /// As [`from_streams`].
    pub fn status(&self) -> Result<(Vec<SloStatus>, Vec<SloComposite>), store::Error> {
        let (definitions, view) = (&self.definitions, &self.view);
        let (figures, composites): (Vec<Status>, Vec<SloComposite>) = self
            .answer("status", |series| {
                (figures(series, view), composites(definitions, series, view))
            })?;
        Ok((with_specs(definitions, figures), composites))
    }

    /// All alerts, as [`alerts`] gives them.
    ///
    /// # Errors
    /// As [`from_streams`].
    pub fn alerts(&self) -> Result<Vec<SloAlert>, store::Error> {
        self.answer("alerts", |series| alerts(series, &self.view))
    }

    /// What `work` makes of the series. Of a workspace whose rows are the same as at an earlier
    /// time, what it made then.
    fn answer<T: Serialize + DeserializeOwned>(
        &self,
        question: &str,
        work: impl FnOnce(&[Series]) -> T,
    ) -> Result<T, store::Error> {
        let (streams, step) = match &self.data {
            Data::Slices(series) => return Ok(work(series)),
            Data::Streams(streams, step) => (streams, *step),
        };
        let objectives = self.definitions.iter().flat_map(|definition| &definition.objectives);
        let names = objectives.map(|objective| objective.indicator.stream()).collect();
        let asked = streams.asked(&(question, &self.definitions, step, &self.view), names)?;
        if let Some(kept) = asked.as_ref().and_then(Asked::kept) {
            return Ok(kept);
        }
        let answer = work(&from_streams(&self.definitions, streams, step)?);
        if let Some(asked) = asked {
            asked.keep(&answer);
        }
        Ok(answer)
    }
}
