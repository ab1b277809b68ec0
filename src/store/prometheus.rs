//! The Prometheus text format 0.0.4, line by line.
//!
//! Each line stands alone here but for the type of its family: there is no end to be missed and no
//! order to be kept, so whatever is wrong is a refused line. The rules are those of
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_128;

use super::exposition::{Cursor, LabelStyle, Labels, labels_json, real};
use super::metric_rows::{Kept, Line};
use super::table::excerpt;

#[derive(Default)]
struct Family {
    help: bool,
    kind: Option<&'static str>,
    sampled: bool,
}

/// The text so far.
#[derive(Default)]
pub(super) struct Prometheus {
    families: BTreeMap<String, Family>,
    /// Hashes of name, labels and instant of the samples.
    samples: BTreeSet<u128>,
}

impl Prometheus {
    /// Reads one line.
    pub(super) fn line<'a>(&mut self, text: &'a str) -> Line<'a> {
        let mut cursor = Cursor { rest: text };
        cursor.blanks();
        if cursor.rest.is_empty() {
            return Line::Blank;
        }
        if cursor.take("#") {
            return match self.comment(cursor) {
                Ok(()) => Line::Note,
                Err(reason) => Line::Refused(reason),
            };
        }
        match self.sample(cursor) {
            Ok(kept) => Line::Kept(kept),
            Err(reason) => Line::Refused(reason),
        }
    }

    fn comment(&mut self, mut cursor: Cursor<'_>) -> Result<(), String> {
        cursor.blanks();
        let word = cursor.word();
        if word != "HELP" && word != "TYPE" {
            return Ok(());
        }
        cursor.blanks();
        let name = cursor.metric_name().ok_or("the name of the metric is wrong or missing")?;
        if !cursor.rest.is_empty() && !cursor.rest.starts_with([' ', '\t']) {
            return Err(format!("`{name}` is followed by what is no part of a name"));
        }
        let family = self.families.entry(name.to_owned()).or_default();
        if word == "HELP" {
            if std::mem::replace(&mut family.help, true) {
                return Err(format!("a second HELP of `{name}`"));
            }
            return Ok(());
        }
        let kind = match cursor.rest.trim_matches([' ', '\t']) {
            "counter" => "counter",
            "gauge" => "gauge",
            "histogram" => "histogram",
            "summary" => "summary",
            "untyped" => "unknown",
            other => return Err(format!("`{}` is no type of this form", excerpt(other))),
        };
        if family.sampled {
            return Err(format!("TYPE of `{name}` after its samples"));
        }
        if family.kind.is_some() {
            return Err(format!("a second TYPE of `{name}`"));
        }
        family.kind = Some(kind);
        Ok(())
    }

    fn sample<'a>(&mut self, mut cursor: Cursor<'a>) -> Result<Kept<'a>, String> {
        let name = cursor.metric_name().ok_or("the name is wrong or missing")?;
        let apart = cursor.rest.starts_with([' ', '\t', '{']);
        if !apart {
            return Err("a blank or `{` is missing after the name".to_owned());
        }
        cursor.blanks();
        let mut labels = Labels::new();
        if cursor.take("{") {
            labels = cursor.labels(LabelStyle::Prometheus)?;
        }
        if labels.iter().any(|(name, _)| name == "__name__") {
            return Err("the label `__name__` is reserved".to_owned());
        }
        cursor.blanks();
        let value = cursor.word();
        if value.is_empty() {
            return Err("the value is missing".to_owned());
        }
        let value = real(value)?;
        cursor.blanks();
        let at = cursor.word();
        let wrong = || format!("`{}` is no instant in milliseconds", excerpt(at));
        let ms: Option<i64> =
            if at.is_empty() { None } else { Some(at.parse().map_err(|_| wrong())?) };
        cursor.blanks();
        if !cursor.rest.is_empty() {
            return Err("something follows the sample".to_owned());
        }
        let kind = self.kind_of(name, &labels)?;
        let labels = labels_json(&labels);
        let identity = xxh3_128(format!("{name}{labels}{ms:?}").as_bytes());
        if !self.samples.insert(identity) {
            return Err("the sample is there already".to_owned());
        }
        Ok(Kept {
            name: name.into(),
            value,
            labels,
            kind: Some(kind),
            unit: None,
            us: ms.map(|ms| i128::from(ms) * 1000),
            exemplar: false,
        })
    }

    /// The type of the family that the sample is of, which has samples from now on.
    fn kind_of(&mut self, name: &str, labels: &Labels<'_>) -> Result<&'static str, String> {
        let label = |wanted: &str| {
            labels.iter().find(|(name, _)| name == wanted).map(|(_, value)| &**value)
        };
        for suffix in ["_bucket", "_count", "_sum"] {
            let Some(family) = name.strip_suffix(suffix).and_then(|n| self.families.get_mut(n))
            else {
                continue;
            };
            match family.kind {
                Some("histogram") if suffix == "_bucket" => {
                    let le = label("le").ok_or("the bucket has no label `le`")?;
                    real(le).map_err(|reason| format!("the bound of the bucket: {reason}"))?;
                }
                Some("histogram") => {}
                Some("summary") if suffix != "_bucket" => {}
                _ => continue,
            }
            family.sampled = true;
            return Ok(family.kind.unwrap_or("unknown"));
        }
        if !self.families.contains_key(name) {
            self.families.insert(name.to_owned(), Family::default());
        }
        let family = self.families.get_mut(name).expect("invariant: inserted above");
        family.sampled = true;
        if family.kind == Some("summary")
            && let Some(quantile) = label("quantile")
        {
            real(quantile).map_err(|reason| format!("the quantile: {reason}"))?;
        }
        Ok(family.kind.unwrap_or("unknown"))
    }
}
