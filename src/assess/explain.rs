//! Any number of a status, traced back.

use super::series::{Series, View};
use crate::diag::did_you_mean;
use crate::slo::{self, Explanation, Record, Silencing};

/// Why a number cannot be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// No objective of that name.
    #[error("there is no SLO `{name}`")]
    UnknownSlo {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
        /// The nearest of them.
        near: Option<String>,
    },
    /// No such field.
    #[error("`{slo}` has no field `{name}`")]
    UnknownField {
        /// The objective.
        slo: String,
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
        /// The nearest of them.
        near: Option<String>,
    },
}

/// The number `SLO.FIELD` of one of `series`; without a field the state, which leads to the others.
/// Names of objectives may hold dots, so the longest name that fits is taken.
///
/// # Errors
/// When there is no such objective or field.
pub fn explain(
    series: &[Series],
    view: &View,
    what: &str,
) -> Result<(Series, Explanation), ExplainError> {
    let fits = |one: &&Series| {
        let name = one.spec().name.as_str();
        what == name || what.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    };
    let longest = series.iter().filter(fits).max_by_key(|one| one.spec().name.len());
    let Some(one) = longest else {
        let known: Vec<String> = series.iter().map(|one| one.spec().name.to_string()).collect();
        let near = did_you_mean(what, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(ExplainError::UnknownSlo { name: what.to_owned(), known, near });
    };
    let name = one.spec().name.to_string();
    let field = what[name.len()..].strip_prefix('.').unwrap_or("state");
    let status = slo::status(one.spec(), &one.block, &view.corrections, view.options(series));
    let block = slo::until(&one.block, status.as_of);
    let spans = slo::corrections_of(one.spec(), &block, &view.corrections, Silencing::Any);
    let record = Record::new(one.spec(), &block, &spans);
    match slo::explain(one.spec(), &record, &status, field) {
        Some(explanation) => Ok((one.clone(), explanation)),
        None => {
            let known = slo::explained_fields(&status);
            let near = did_you_mean(field, known.iter().map(String::as_str)).map(str::to_owned);
            Err(ExplainError::UnknownField { slo: name, name: field.to_owned(), known, near })
        }
    }
}
