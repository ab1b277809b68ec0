//! Which form a file has, and what its rows look like where the form says it.

use super::content::Block;
use super::detect;
use super::error::Error;
use super::forms::{Form, refuse_mixture};
use super::ingest::Batch;
use super::instant::Clock;
use super::shape::Shape;
use super::table::ColumnDef;
use crate::diag::Diagnostic;
use crate::model::{InputFormat, StreamKind};

impl Batch<'_> {
    /// The form of a file: as its stream or its earlier part says, or told from its content.
    pub(super) fn format_of(
        &self,
        known: Option<InputFormat>,
        block: &Block,
        ahead: (&[u8], bool),
    ) -> Result<InputFormat, Error> {
        let refuse = |message: String, help: String| {
            Error::Refused(Diagnostic::error("ingest::unknown-format", message).help(help).into())
        };
        let path = &self.report.path;
        let found = match self.stream.format.or(known) {
            Some(format) => Some(format),
            None => detect::format(&block.bytes, ahead).map_err(|help| {
                refuse(format!("`{path}` could be of two forms"), help.to_owned())
            })?,
        };
        // A Parquet file was found before; what only is said to be one has none of its marks.
        found.filter(|format| *format != InputFormat::Parquet).ok_or_else(|| {
            let message = match found {
                Some(_) => format!("`{path}` is not Parquet: it does not begin with `PAR1`"),
                None => format!("`{path}` is of no form that drill knows"),
            };
            let words = InputFormat::ALL.map(InputFormat::as_str);
            refuse(message, format!("say which with `--as`: {}", words.join(", ")))
        })
    }

    /// The shape of a form whose columns are known, beside those that the stream has already.
    pub(super) fn known_shape(
        &mut self,
        kind: StreamKind,
        mut columns: Vec<ColumnDef>,
        clock: Clock,
    ) -> Result<Shape, Error> {
        let (path, stream) = (&self.report.path, &*self.stream.name);
        let word: Option<String> = self
            .db
            .query_row("SELECT kind FROM streams WHERE name = ?", [stream], |row| row.get(0))
            .ok();
        let format = self.report.format;
        let has = self.stream.kind.or(word.as_deref().and_then(StreamKind::from_word));
        // Whether requests are events or logs is for the author of a stream to say; a form with
        // columns of its own kind leaves no choice.
        let free = self.stream.kind.is_some_and(|kind| kind != StreamKind::Metrics)
            && kind != StreamKind::Metrics
            && format != InputFormat::Otlp;
        if let Some(has) = has.filter(|has| *has != kind && !free) {
            let why = format!("it holds {}, and the file {}", has.as_str(), kind.as_str());
            return Err(refuse_mixture(path, stream, &why));
        }
        let mut form = Form::fit(format, kind, &mut columns)
            .map_err(|why| refuse_mixture(path, stream, &why))?;
        form.at = self.options.at.map(|at| at.ms().saturating_mul(1000));
        self.form = Some(form);
        let shape = Shape::new("ts".to_owned(), clock, columns, self.stream.types.clone());
        self.make_table(&shape)?;
        Ok(shape)
    }
}
