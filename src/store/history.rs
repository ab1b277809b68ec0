//! The history of a workspace: one row per drill, and what was to be improved after it, kept
//! for ever.

use std::path::Path;

use chrono::NaiveDate;
use duckdb::params;

use super::database::Database;
use super::error::Error;
use crate::model::Action;

/// Schema number of the history database.
const SCHEMA: i64 = 2;

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
  responders VARCHAR, seed UBIGINT, start VARCHAR, recorded_at VARCHAR, scorecard VARCHAR);
  CREATE TABLE actions (number UINTEGER, trace_hash VARCHAR, scenario VARCHAR, filed_at VARCHAR,
  text VARCHAR, kind VARCHAR, owner VARCHAR, due VARCHAR, closed_on VARCHAR, closed_by VARCHAR);";

/// Schema 1 had no actions.
const UPGRADES: &[&str] = &["CREATE TABLE actions (number UINTEGER, trace_hash VARCHAR,
  scenario VARCHAR, filed_at VARCHAR, text VARCHAR, kind VARCHAR, owner VARCHAR, due VARCHAR,
  closed_on VARCHAR, closed_by VARCHAR);"];

/// The history database of a workspace.
#[derive(Debug, Clone)]
pub struct History {
    database: Database,
}

impl History {
    /// The history in `workspace/.drill/history.duckdb`.
    pub fn of_workspace(workspace: &Path) -> Self {
        Self {
            database: Database::of_workspace(workspace, "history.duckdb", SCHEMA, TABLES, UPGRADES),
        }
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

    /// Adds actions, numbered on from the last one, and gives them back with their numbers.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn file_actions(&self, actions: Vec<Action>) -> Result<Vec<Action>, Error> {
        let mut db = self.database.write()?;
        let batch = db.transaction()?;
        let last: u32 =
            batch.query_row("SELECT coalesce(max(number), 0) FROM actions", [], |r| r.get(0))?;
        let mut filed = Vec::with_capacity(actions.len());
        for (action, number) in actions.into_iter().zip(last.saturating_add(1)..) {
            let action = Action { number, ..action };
            insert(&batch, &action)?;
            filed.push(action);
        }
        batch.commit()?;
        Ok(filed)
    }

    /// Puts `action` in the place of the one with its number.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn change_action(&self, action: &Action) -> Result<(), Error> {
        let mut db = self.database.write()?;
        let batch = db.transaction()?;
        batch.execute("DELETE FROM actions WHERE number = ?", params![action.number])?;
        insert(&batch, action)?;
        Ok(batch.commit()?)
    }

    /// All actions by number. Rows whose instants cannot be read are left out.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn actions(&self) -> Result<Vec<Action>, Error> {
        let Some(db) = self.database.read()? else { return Ok(Vec::new()) };
        let there = "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = 'actions'";
        if !db.query_row(there, [], |row| row.get::<_, bool>(0))? {
            return Ok(Vec::new());
        }
        let mut query = db.prepare("SELECT * FROM actions ORDER BY number")?;
        let day = |text: Option<String>| text.and_then(|text| text.parse::<NaiveDate>().ok());
        let rows = query.query_map([], |row| {
            let filed_at: String = row.get(3)?;
            let (closed_on, closed_by): (Option<String>, Option<String>) =
                (row.get(8)?, row.get(9)?);
            Ok(filed_at.parse().ok().map(|filed_at| (row.get(0), filed_at)).map(
                |(number, filed_at)| -> Result<Action, duckdb::Error> {
                    Ok(Action {
                        number: number?,
                        trace_hash: row.get(1)?,
                        scenario: row.get(2)?,
                        filed_at,
                        text: row.get(4)?,
                        kind: row.get(5)?,
                        owner: row.get(6)?,
                        due: day(row.get(7)?),
                        closed: day(closed_on).zip(closed_by),
                    })
                },
            ))
        })?;
        let found: Vec<_> = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(found.into_iter().flatten().collect::<Result<Vec<_>, _>>()?)
    }
}

fn insert(db: &duckdb::Connection, action: &Action) -> Result<(), Error> {
    let (closed_on, closed_by) = action.closed.clone().unzip();
    db.execute(
        "INSERT INTO actions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            action.number,
            action.trace_hash,
            action.scenario,
            action.filed_at.rfc3339(crate::units::Zone::UTC),
            action.text,
            action.kind,
            action.owner,
            action.due.map(|day| day.to_string()),
            closed_on.map(|day| day.to_string()),
            closed_by
        ],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_numbered_on_and_changed_in_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let old = Database::of_workspace(folder.path(), "history.duckdb", 1, "", &[]);
        drop(old.write().unwrap());
        let history = History::of_workspace(folder.path());
        assert_eq!(history.actions().unwrap(), vec![], "an older history has none");
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        let action = Action {
            number: 0,
            trace_hash: "00ff".into(),
            scenario: "quiet-day".into(),
            filed_at: "2026-10-06T00:00:00Z".parse().unwrap(),
            text: "probe it; DROP TABLE actions".into(),
            kind: Some("monitoring".into()),
            owner: None,
            due: Some(day),
            closed: None,
        };
        let filed = history.file_actions(vec![action.clone(), action.clone()]).unwrap();
        assert_eq!(filed.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2]);
        let closed = Action { number: 1, closed: Some((day, "ito".into())), ..action.clone() };
        history.change_action(&closed).unwrap();
        let open = Action { number: 2, ..action.clone() };
        assert_eq!(history.actions().unwrap(), vec![closed, open]);
        assert_eq!(history.file_actions(vec![action]).unwrap()[0].number, 3);
    }

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
