//! The history of a workspace: one row per drill, kept for ever.

use std::path::Path;

use duckdb::params;

use super::database::Database;
use super::error::Error;

/// Schema number of the history database.
const SCHEMA: i64 = 1;

/// One drill of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillRow {
    /// Trace hash, 32 hex digits.
    pub trace_hash: String,
    /// Scenario.
    pub scenario: String,
    /// Pack and the hash of its content.
    pub pack: String,
    /// Responder preset.
    pub responders: String,
    /// Seed.
    pub seed: u64,
    /// When the exercise started (simulated time), RFC 3339.
    pub start: String,
    /// When the command was run, RFC 3339.
    pub recorded_at: String,
    /// The scorecard as JSON.
    pub scorecard: String,
}

const TABLES: &str = "CREATE TABLE drills (trace_hash VARCHAR, scenario VARCHAR, pack VARCHAR,
  responders VARCHAR, seed UBIGINT, start VARCHAR, recorded_at VARCHAR, scorecard VARCHAR);";

/// The history database of a workspace.
#[derive(Debug, Clone)]
pub struct History {
    database: Database,
}

impl History {
    /// The history in `workspace/.drill/history.duckdb`.
    pub fn of_workspace(workspace: &Path) -> Self {
        Self { database: Database::of_workspace(workspace, "history.duckdb", SCHEMA, TABLES, &[]) }
    }

    /// Adds a drill. The same drill recorded twice is two rows: people may repeat a drill.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn append(&self, row: &DrillRow) -> Result<(), Error> {
        let db = self.database.write()?;
        db.execute(
            "INSERT INTO drills VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                row.trace_hash,
                row.scenario,
                row.pack,
                row.responders,
                row.seed,
                row.start,
                row.recorded_at,
                row.scorecard
            ],
        )?;
        Ok(())
    }

    /// All drills, oldest first.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn drills(&self) -> Result<Vec<DrillRow>, Error> {
        let Some(db) = self.database.read()? else { return Ok(Vec::new()) };
        let mut query = db.prepare("SELECT * FROM drills ORDER BY recorded_at, trace_hash")?;
        let rows = query.query_map([], |row| {
            Ok(DrillRow {
                trace_hash: row.get(0)?,
                scenario: row.get(1)?,
                pack: row.get(2)?,
                responders: row.get(3)?,
                seed: row.get(4)?,
                start: row.get(5)?,
                recorded_at: row.get(6)?,
                scorecard: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_keeps_what_was_added() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::of_workspace(folder.path());
        let row = DrillRow {
            trace_hash: "00ff".into(),
            scenario: "quiet-day".into(),
            pack: "cinecom".into(),
            responders: "well-drilled-team".into(),
            seed: u64::MAX,
            start: "2026-10-05T10:00:00+09:00".into(),
            recorded_at: "2026-10-06T00:00:00Z".into(),
            scorecard: "{}".into(),
        };
        assert_eq!(history.drills().unwrap(), vec![]);
        history.append(&row).unwrap();
        assert_eq!(history.drills().unwrap(), vec![row]);
    }
}
