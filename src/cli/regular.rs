//! Which drills are due each month and each quarter, by the packs of the workspace.

use std::collections::BTreeMap;

use crate::assess::{DueDrills, PeriodKind, due_drills};
use crate::load::{Catalog, Kind};
use crate::model::Name;
use crate::store::DrillRow;
use crate::units::{SimTime, Zone};

/// The frequency of every scenario that can be read.
fn frequencies(catalog: &Catalog) -> BTreeMap<String, String> {
    let of = |name: Name| {
        let scenario = catalog.scenario(&name, &[]).ok()?.value.scenario;
        Some((scenario.name.to_string(), scenario.frequency.to_string()))
    };
    catalog.names(Kind::Scenario).into_iter().filter_map(of).collect()
}

/// What is due by the packs that have drills in the history and capabilities of such drills.
pub(super) fn due(
    catalog: &Catalog,
    rows: &[DrillRow],
    kinds: &[PeriodKind],
    (now, zone): (SimTime, Zone),
) -> Vec<DueDrills> {
    let mut packs: Vec<&str> = rows.iter().filter_map(|row| row.pack.split('@').next()).collect();
    packs.sort_unstable();
    packs.dedup();
    let mut found = Vec::new();
    // Reading all scenarios takes a moment, which a workspace without drills does not need.
    let mut known: Option<BTreeMap<String, String>> = None;
    for name in packs {
        let Ok(pack) = catalog.pack(name) else { continue };
        for kind in kinds {
            let word = kind.as_str();
            let asks = |of: &Name| **of == *word;
            let capabilities = &pack.value.capabilities;
            if capabilities.iter().any(|one| one.frequency.as_ref().is_some_and(asks)) {
                let known = known.get_or_insert_with(|| frequencies(catalog));
                found.extend(due_drills(rows, name, *kind, known, (now, zone)));
            }
        }
    }
    found
}
