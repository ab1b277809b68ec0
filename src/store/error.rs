//! What can go wrong with stored data.

use std::path::PathBuf;

/// A failure of the store. Nothing was half-written: each write is one transaction or one file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// DuckDB refused; the message is its own.
    #[error("the store refused: {0}")]
    Database(#[from] duckdb::Error),
    /// Polars refused; the message is its own.
    #[error("the frame could not be made: {0}")]
    Frame(#[from] polars::error::PolarsError),
    /// A file could not be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process holds the database; try again when it has finished.
    #[error("`{}` is in use by another process: {holder}", path.display())]
    Locked {
        /// The database file.
        path: PathBuf,
        /// What DuckDB says of the holder.
        holder: String,
    },
    /// Mistakes in the input, each with its remedy; nothing was kept.
    #[error("{0}")]
    Refused(crate::diag::Diagnostics),
    /// A database written by a newer drill.
    #[error("`{}` has schema {found}, this drill knows up to {known}", path.display())]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its schema number.
        found: i64,
        /// The newest known.
        known: i64,
    },
}
