//! What drill's own annotations of an SLO say.

use super::metadata::Notes;
use crate::diag::Span;
use crate::load::decode::Cx;
use crate::load::node::Spanned;
use crate::load::symbols::choices;
use crate::model::{CompositeRule, Name, NoData, Origin, Tier, TierPreset};
use crate::units::Objective;

/// Most tiers of one SLO.
const MAX_TIERS: usize = 32;

/// The tiers that an annotation asks for.
#[derive(Debug, Clone)]
pub(crate) enum AskedTiers {
    /// A set by name, and where it is written.
    Preset(TierPreset, Span),
    /// These; none for `none`.
    Listed(Vec<Tier>),
}

/// drill's annotations of an SLO.
#[derive(Debug, Default)]
pub(crate) struct SloNotes {
    pub(crate) no_data: Option<NoData>,
    pub(crate) origin: Option<Origin>,
    pub(crate) alert_when_no_data: Option<bool>,
    pub(crate) tiers: Option<AskedTiers>,
    pub(crate) composite: Option<CompositeRule>,
    pub(crate) composite_target: Option<Objective>,
}

const NO_DATA: [(&str, NoData); 4] =
    [("gap", NoData::Gap), ("good", NoData::Good), ("bad", NoData::Bad), ("hold", NoData::Hold)];
const ORIGIN: [(&str, Origin); 3] =
    [("stated", Origin::Stated), ("derived", Origin::Derived), ("assumed", Origin::Assumed)];
const FLAG: [(&str, bool); 2] = [("true", true), ("false", false)];
const COMPOSITE: [(&str, CompositeRule); 2] =
    [("weighted", CompositeRule::Weighted), ("any-bad", CompositeRule::AnyBad)];

/// Reads drill's annotations of an SLO.
pub(crate) fn slo_notes(cx: &Cx<'_>, notes: &Notes) -> SloNotes {
    let tiers = notes.get("tiers").and_then(|value| asked_tiers(cx, value));
    let composite_target = notes.get("composite-target").and_then(|value| {
        let target: Result<Objective, _> = value.value.parse();
        target.map_err(|error| bad(cx, "composite-target", value.span, &error.to_string())).ok()
    });
    let found = SloNotes {
        no_data: word(cx, notes, "no-data", &NO_DATA),
        origin: word(cx, notes, "origin", &ORIGIN),
        alert_when_no_data: word(cx, notes, "alert-when-no-data", &FLAG),
        tiers,
        composite: word(cx, notes, "composite", &COMPOSITE),
        composite_target,
    };
    notes.refuse_rest(cx, "SLO");
    found
}

/// The value of an annotation out of a closed set.
fn word<T: Copy>(
    cx: &Cx<'_>,
    notes: &Notes,
    key: &'static str,
    words: &[(&'static str, T)],
) -> Option<T> {
    let value = notes.get(key)?;
    let found = words.iter().find(|(word, _)| value.value == *word).map(|(_, meaning)| *meaning);
    if found.is_none() {
        let message = format!("`drill/{key}` cannot be `{}`", value.value);
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let unknown = cx.at("openslo::annotation", message, value.span, "unknown word");
        cx.push(unknown.help(choices(&value.value, &known)));
    }
    found
}

/// Notes that the value of an annotation is wrong.
pub(crate) fn bad(cx: &Cx<'_>, key: &str, span: Span, why: &str) {
    cx.error("openslo::annotation", format!("`drill/{key}`: {why}"), span, "not valid");
}

/// `page 1h/5m 14.4; ticket 3d/6h 1`, the name of a preset, or `none`.
fn asked_tiers(cx: &Cx<'_>, value: &Spanned<Name>) -> Option<AskedTiers> {
    let text = value.value.as_str();
    if text == "none" {
        return Some(AskedTiers::Listed(Vec::new()));
    }
    if let Ok(preset) = text.parse() {
        return Some(AskedTiers::Preset(preset, value.span));
    }
    if !text.contains('/') {
        let mut known: Vec<&str> = TierPreset::ALL.iter().map(|preset| preset.as_str()).collect();
        known.push("none");
        let message = format!("`drill/tiers` cannot be `{text}`");
        let unknown = cx.at("openslo::annotation", message, value.span, "no preset, no tiers");
        let help = choices(text, &known);
        cx.push(unknown.help(format!("{help} (or list tiers: `page 1h/5m 14.4; ticket 3d/6h 1`)")));
        return None;
    }
    let mut tiers: Vec<Tier> = Vec::new();
    let before = cx.mistakes();
    for piece in text.split(';').map(str::trim).filter(|piece| !piece.is_empty()) {
        let span = piece_span(cx, value.span, piece);
        match piece.parse::<Tier>() {
            Ok(tier) if tiers.iter().any(|other| other.name() == tier.name()) => {
                bad(cx, "tiers", span, &format!("tier `{}` is given twice", tier.name()));
            }
            Ok(tier) => tiers.push(tier),
            Err(error) => bad(cx, "tiers", span, &error.to_string()),
        }
    }
    if tiers.len() > MAX_TIERS {
        bad(cx, "tiers", value.span, &format!("more than {MAX_TIERS} tiers"));
    }
    (cx.mistakes() == before).then_some(AskedTiers::Listed(tiers))
}

/// The bytes of `piece` within a value, or the whole value where escapes hide them.
fn piece_span(cx: &Cx<'_>, value: Span, piece: &str) -> Span {
    let written = cx.source.text.get(value.start..value.end).unwrap_or_default();
    written.find(piece).map_or(value, |at| {
        let start = value.start + at;
        Span::new(start, start + piece.len())
    })
}
