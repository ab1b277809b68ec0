//! Files of retention rules.
//!
//! ```toml
//! schema = "drill.retention/1"
//!
//! [[rule]]
//! streams = ["metrics*"]  # the first rule that names a stream counts
//! keep = "30d"            # or "forever"
//! then = "archive"        # or "delete"; left out: archive
//! ```

use super::decode::{Cx, Fields, Loaded};
use crate::diag::{Diagnostics, SourceText};
use crate::model::{Expiry, RetentionRule};
use crate::units::SimDuration;

/// The rules of a workspace that has none of its own.
const DEFAULT: &str = include_str!("../../data/retention.toml");

/// The rules of a file's text, in its order.
///
/// # Errors
/// All mistakes of the file: unknown, missing and doubled keys, spans that are none, words that
/// are none, a rule for no stream.
pub fn retention(source: &SourceText) -> Result<Loaded<Vec<RetentionRule>>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    let value = cx.fields(&tree, "file of retention rules").map(|fields| {
        fields.choice("schema", &["drill.retention/1"]);
        fields.tables("rule", "rule").iter().map(rule).collect()
    });
    cx.finish(value)
}

/// The rules of a workspace that has none of its own.
///
/// # Errors
/// Never, unless this build is broken; a test reads them.
pub fn default_retention() -> Result<Loaded<Vec<RetentionRule>>, Diagnostics> {
    retention(&SourceText::new("data/retention.toml", DEFAULT))
}

/// A span, or `forever`.
struct Keep(Option<SimDuration>);

impl std::str::FromStr for Keep {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "forever" {
            return Ok(Self(None));
        }
        let span: SimDuration = text.parse().map_err(|_| "not a span")?;
        if span <= SimDuration::ZERO {
            Err("not longer than nothing")
        } else {
            Ok(Self(Some(span)))
        }
    }
}

fn rule(fields: &Fields<'_>) -> RetentionRule {
    fields.need("streams");
    let streams = fields.lines("streams");
    let keep: Option<Keep> = fields.parse("keep", "a span such as \"30d\", or \"forever\"");
    let words = [Expiry::Archive, Expiry::Delete];
    let then = fields.word_optional("then", &words, Expiry::as_str).unwrap_or(Expiry::Archive);
    RetentionRule { streams, keep: keep.and_then(|keep| keep.0), then }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        match retention(&SourceText::new("retention.toml", text)) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.list.iter().map(|error| error.code).collect(),
        }
    }

    #[test]
    fn the_default_keeps_as_the_documents_say() {
        let rules = default_retention().unwrap().value;
        let of = |stream: &str| {
            let rule = rules.iter().find(|rule| rule.concerns(stream)).unwrap();
            (rule.keep.map(|keep| keep.ms() / 86_400_000), rule.then)
        };
        assert_eq!(of("metrics"), (Some(30), Expiry::Archive));
        assert_eq!(of("audit"), (Some(90), Expiry::Delete));
        assert_eq!(of("hook_execution"), (Some(7), Expiry::Delete));
        assert_eq!(of("history"), (None, Expiry::Archive));
        assert_eq!(of("rollback"), (None, Expiry::Archive));
    }

    #[test]
    fn all_mistakes_come_at_once() {
        let bad = "schema = \"drill.retention/1\"\n[[rule]]\nstreams = [\"a\"]\nkeep = \"soon\"\n\
                   then = \"burn\"\n[[rule]]\nkeep = \"1d\"\nfoo = 1\n";
        let found = codes(bad);
        assert!(found.len() >= 4, "{found:?}");
        assert!(
            codes("schema = \"drill.retention/2\"\n[[rule]]\nstreams=[\"a\"]\nkeep=\"1d\"\n").len()
                == 1
        );
    }
}
