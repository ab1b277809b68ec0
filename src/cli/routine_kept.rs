//! What routines ask of the history of a workspace, and of the pack.

use std::path::Path;

use super::ui::Failure;
use super::{kept_actions, regular};
use crate::assess::{self, DueDrills, Outcome, PeriodKind, RoutineTimes};
use crate::load::Catalog;
use crate::model::{Action, CheckSource, DrillFrequency, Name, Pack};
use crate::store::{DrillRow, History};

/// What was kept.
#[derive(Default)]
pub(super) struct Kept {
    rows: Option<Vec<DrillRow>>,
    actions: Option<Vec<Action>>,
    due: Vec<DueDrills>,
    pack: Option<Pack>,
}

impl Kept {
    /// The history of the workspace, where there is one, and the pack of the routine.
    pub(super) fn read(
        root: Option<&Path>,
        catalog: &Catalog,
        pack: &Name,
        times: &RoutineTimes,
    ) -> Result<Self, Failure> {
        let history = root.and_then(kept_actions::history);
        let rows = history.as_ref().map(History::drills).transpose()?;
        let actions = history.as_ref().map(History::actions).transpose()?;
        let kinds = [PeriodKind::Monthly, PeriodKind::Quarterly];
        let when = (times.machine, times.zone);
        let mut due = regular::due(catalog, rows.as_deref().unwrap_or_default(), &kinds, when);
        due.retain(|due| *due.pack == **pack);
        // A routine can be of something that is no pack of rules.
        let pack = catalog.pack(pack).ok().map(|found| found.value);
        Ok(Self { rows, actions, due, pack })
    }

    pub(super) fn judge(&self, source: &CheckSource, times: &RoutineTimes) -> Outcome {
        let (now, zone) = (times.machine, times.zone);
        let day = now.local(zone).date_naive();
        match source {
            CheckSource::PostMortems { over } => {
                let actions = self.actions.as_deref().unwrap_or_default();
                assess::judge_drills(self.rows.as_deref(), actions, *over, (now, zone))
            }
            CheckSource::OpenActions => assess::judge_actions(self.actions.as_deref(), day),
            CheckSource::DueDrills { frequency } => {
                let kind = match frequency {
                    DrillFrequency::Monthly => PeriodKind::Monthly,
                    DrillFrequency::Quarterly => PeriodKind::Quarterly,
                };
                let due = self.due.iter().find(|due| due.kind == kind);
                assess::judge_due(due, now)
            }
            _ => match &self.pack {
                Some(pack) => assess::judge_review(pack, day),
                None => Outcome::unknown(super::probe::say(
                    "there is no such pack",
                    "該当するパックがありません",
                )),
            },
        }
    }
}
