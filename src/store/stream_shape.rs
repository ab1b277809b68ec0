//! What a stream holds, for who writes an indicator on it.

use duckdb::Connection;

use super::archive::rows_of;
use super::error::Error;
use super::histogram::Histogram;
use super::workspace::{Streams, columns_of};
use crate::model::{MetricShape, Name, StreamShape};

impl Streams {
    /// The columns and metrics of a stream; `None` when there is none of that name.
    ///
    /// # Errors
    /// When the database is held by another process, newer, or refuses.
    pub fn shape(&self, stream: &str) -> Result<Option<StreamShape>, Error> {
        let Some(db) = self.read()? else { return Ok(None) };
        let known: i64 =
            db.query_row("SELECT count(*) FROM streams WHERE name = ?", [stream], |row| {
                row.get(0)
            })?;
        if known == 0 {
            return Ok(None);
        }
        let columns: Vec<_> = columns_of(&db, stream)?
            .into_iter()
            .map(|column| (Name::from(column.name), column.kind))
            .collect();
        let has = |name: &str| columns.iter().any(|(column, _)| **column == *name);
        let metrics = match has("name") && has("value") {
            true => metrics(&db, &rows_of(&db, stream)?, has("labels"), has("le"))?,
            false => Vec::new(),
        };
        Ok(Some(StreamShape { name: Name::from(stream), columns, metrics }))
    }
}

fn metrics(
    db: &Connection,
    table: &str,
    labels: bool,
    le: bool,
) -> Result<Vec<MetricShape>, Error> {
    let one = if labels { "min(labels)" } else { "NULL" };
    let sql = format!(
        "SELECT name::VARCHAR AS metric, ({one})::VARCHAR FROM {table} WHERE name IS NOT NULL \
         GROUP BY metric ORDER BY metric"
    );
    let mut query = db.prepare(&sql)?;
    let rows = query
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?;
    let mut metrics = Vec::new();
    for row in rows {
        let (name, labels_text) = row?;
        let name = Name::from(name);
        let bounds = match name.ends_with("_bucket") && (labels || le) {
            true => {
                let column = if le { "\"le\"" } else { "(labels ->> 'le')" };
                Histogram::read(db, table, name.clone(), column.to_owned())?
                    .map_or_else(Vec::new, |known| known.bounds())
            }
            false => Vec::new(),
        };
        metrics.push(MetricShape { name, labels: keys(labels_text.as_deref()), bounds });
    }
    Ok(metrics)
}

/// The keys of an object of labels.
fn keys(labels: Option<&str>) -> Vec<Name> {
    let object = labels.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let object = object.as_ref().and_then(serde_json::Value::as_object);
    let mut keys: Vec<Name> =
        object.into_iter().flatten().map(|(key, _)| Name::from(key.as_str())).collect();
    keys.sort();
    keys
}
