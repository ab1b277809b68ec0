//! The bounds of a histogram's buckets, and whether a threshold is one of them.

use duckdb::Connection;

use super::error::Error;
use crate::model::{Name, SourceFault};

/// A metric of buckets.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    pub(super) metric: Name,
    /// SQL of the bound of a sample, a text.
    pub(super) column: String,
    /// Bounds and how samples spell them, ascending.
    bounds: Vec<(f64, String)>,
}

impl Histogram {
    /// The bounds that the samples of `metric` have; `None` when they have none.
    pub(super) fn read(
        db: &Connection,
        table: &str,
        metric: Name,
        column: String,
    ) -> Result<Option<Self>, Error> {
        let sql = format!(
            "SELECT DISTINCT ({column})::VARCHAR AS bound FROM {table} WHERE name = ? ORDER BY bound"
        );
        let mut query = db.prepare(&sql)?;
        let texts = query.query_map([&*metric], |row| row.get::<_, Option<String>>(0))?;
        let mut bounds: Vec<(f64, String)> = Vec::new();
        for text in texts {
            let Some(text) = text? else { continue };
            if let Some(bound) = number(&text) {
                bounds.push((bound, text));
            }
        }
        // Texts ascend already, so bounds spelled in two ways keep that order.
        bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok((!bounds.is_empty()).then_some(Self { metric, column, bounds }))
    }

    /// The bounds, ascending.
    pub(super) fn bounds(&self) -> Vec<Name> {
        self.bounds.iter().map(|(_, text)| Name::from(text.as_str())).collect()
    }

    /// The spellings of the bound that `text` is.
    pub(super) fn texts(&self, text: &str) -> Vec<&str> {
        let wanted = number(text);
        let same = self.bounds.iter().filter(|(bound, _)| Some(*bound) == wanted);
        same.map(|(_, text)| text.as_str()).collect()
    }

    /// What is wrong with `threshold`, unless samples have just this bound.
    pub(super) fn fault(&self, threshold: &str) -> Option<SourceFault> {
        if self.bounds.iter().any(|(_, text)| text == threshold) {
            return None;
        }
        let wanted = number(threshold)?;
        let name = |one: &(f64, String)| Name::from(one.1.as_str());
        let below = self.bounds.iter().rev().find(|(bound, _)| *bound < wanted);
        let above = self.bounds.iter().find(|(bound, _)| *bound > wanted);
        Some(SourceFault::BetweenBounds {
            metric: self.metric.clone(),
            threshold: Name::from(threshold),
            below: below.map(name),
            above: above.map(name),
            spelled: self.texts(threshold).first().map(|text| Name::from(*text)),
        })
    }
}

/// A bound as Prometheus writes it, `+Inf` included.
fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|bound| !bound.is_nan())
}

/// The bound that a condition such as `labels->>'le' = '0.3'` asks for.
pub(super) fn named_bound(filter: &str) -> Option<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = filter;
    while let Some(at) = rest.find("le") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        rest = after;
        if before.ends_with(word) || after.starts_with(word) {
            continue;
        }
        let after = after.trim_start_matches(['\'', '"', ')', ' ', '\t', '\n']);
        let Some(value) = after.strip_prefix('=') else { continue };
        let value = value.trim_start_matches(['=', ' ', '\'', '(']);
        let end = value.find(['\'', ' ', ')', '\n']).unwrap_or(value.len());
        if number(&value[..end]).is_some() {
            return Some(value[..end].to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds() -> Histogram {
        let bounds = [(0.1, "0.1"), (0.5, "0.5"), (1.0, "1.0"), (f64::INFINITY, "+Inf")];
        Histogram {
            metric: Name::from("latency_seconds_bucket"),
            column: "le".to_owned(),
            bounds: bounds.map(|(bound, text)| (bound, text.to_owned())).to_vec(),
        }
    }

    #[test]
    fn a_threshold_between_bounds_names_both() {
        let SourceFault::BetweenBounds { below, above, spelled, .. } =
            seconds().fault("0.3").unwrap()
        else {
            panic!("another fault");
        };
        assert_eq!(below.as_deref(), Some("0.1"));
        assert_eq!(above.as_deref(), Some("0.5"));
        assert_eq!(spelled, None);
        assert_eq!(seconds().fault("0.5"), None);
        assert_eq!(seconds().texts("1"), ["1.0"]);
        let SourceFault::BetweenBounds { below, spelled, .. } = seconds().fault("1").unwrap()
        else {
            panic!("another fault");
        };
        assert_eq!((below.as_deref(), spelled.as_deref()), (Some("0.5"), Some("1.0")));
    }

    #[test]
    fn the_bound_of_a_condition_is_found() {
        let check = |filter: &str, wanted: Option<&str>| {
            assert_eq!(named_bound(filter).as_deref(), wanted, "{filter}");
        };
        check("labels->>'le' = '0.3'", Some("0.3"));
        check("job = 'api' AND le = '+Inf'", Some("+Inf"));
        check("(labels->>'le')='2.5' and true", Some("2.5"));
        check("TRY_CAST(labels->>'le' AS DOUBLE) = 0.3", None);
        check("file = '1'", None);
        check("le IN ('1', '2')", None);
    }
}
