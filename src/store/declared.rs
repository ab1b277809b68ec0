//! What a stream's definition says, against what the store has of it already.

use duckdb::params;

use super::error::Error;
use super::ingest::Batch;
use super::table::ColumnDef;
use super::workspace::columns_of;
use crate::diag::Diagnostic;
use crate::model::StreamKind;

impl Batch<'_> {
    /// Lets the stream be as its definition says now, though no file has anything new.
    pub(super) fn redefine(&self) -> Result<(), Error> {
        let columns = columns_of(self.db, &self.stream.name)?;
        self.db.execute(
            "UPDATE streams SET id_column = ?, expect_every_ms = ?, kind = coalesce(?, kind) \
             WHERE name = ?",
            params![
                self.id_column(&columns),
                self.stream.expect_every.map(|every| every.ms()),
                self.stream.kind.map(StreamKind::as_str),
                &*self.stream.name
            ],
        )?;
        Ok(())
    }

    /// The column that tells rows apart, as the table calls it.
    pub(super) fn id_column(&self, columns: &[ColumnDef]) -> Option<String> {
        let id = self.stream.id.as_ref()?;
        columns.iter().find(|column| *column.key == **id).map(|column| column.name.clone())
    }

    /// The key of the instants that the stream began with.
    pub(super) fn stored_ts(&self) -> Result<Option<String>, Error> {
        let sql = "SELECT ts_key FROM streams WHERE name = ?";
        let stored = self.db.query_row(sql, [&*self.stream.name], |row| row.get(0)).ok();
        if let (Some(stored), Some(said)) = (&stored, &self.stream.ts)
            && *stored != **said
        {
            let message = format!(
                "`{}` was begun with instants in `{stored}`, its definition says `{said}`",
                self.stream.name
            );
            let help = "ingest into a stream of another name, or name the first column again";
            let changed = Diagnostic::error("ingest::other-instants", message).help(help);
            return Err(Error::Refused(changed.into()));
        }
        Ok(stored)
    }

    /// A stream whose definition forces another type than a column has already is refused: what
    /// is kept would be of one type, and what comes of another.
    pub(super) fn check_types(&self, known: &[ColumnDef]) -> Result<(), Error> {
        for (key, kind) in &self.stream.types {
            let column = known.iter().find(|column| *column.key == **key);
            let Some(column) = column.filter(|column| column.kind != *kind) else { continue };
            let message = format!(
                "`{key}` of `{}` is kept as {}, its definition says {}",
                self.stream.name,
                column.kind.as_str(),
                kind.as_str()
            );
            let help = "ingest into a stream of another name to have it as another type";
            let changed = Diagnostic::error("ingest::other-type", message).help(help);
            return Err(Error::Refused(changed.into()));
        }
        Ok(())
    }
}
