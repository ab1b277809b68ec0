//! OpenMetrics 1.0 text, read strictly, line by line.
//!
//! The specification is at <https://prometheus.io/docs/specs/om/open_metrics_spec/>; which of its
//! rules refuse a line and which the text is told in `docs/metrics-formats.md`.

use std::collections::BTreeSet;

use super::exposition::{
    Cursor, Fault, FaultScope, LabelStyle, Sample, labels_json, picoseconds, real,
};
use super::metric_group::{Group, Point};
use super::metric_rows::{Kept, Line};

/// Most characters of the labels of an exemplar.
const MAX_EXEMPLAR: usize = 128;

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
    Unknown,
}

impl Kind {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "unknown",
        }
    }

    /// What sample names add to the name of the family.
    fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter => &["_total", "_created"],
            Self::Summary => &["", "_count", "_sum", "_created"],
            Self::Histogram => &["_count", "_sum", "_bucket", "_created"],
            Self::GaugeHistogram => &["_gcount", "_gsum", "_bucket"],
            Self::Info => &["_info"],
            _ => &[""],
        }
    }
}

struct Family {
    name: String,
    line: u64,
    kind: Option<Kind>,
    help: bool,
    unit: Option<String>,
    /// Whether its names are in `seen`.
    claimed: bool,
    /// Whether a line of it was refused.
    damaged: bool,
    group: Option<Group>,
    groups: BTreeSet<String>,
}

impl Family {
    fn new(name: &str, line: u64) -> Self {
        Self {
            name: name.to_owned(),
            line,
            kind: None,
            help: false,
            unit: None,
            claimed: false,
            damaged: false,
            group: None,
            groups: BTreeSet::new(),
        }
    }

    fn kind(&self) -> Kind {
        self.kind.unwrap_or(Kind::Unknown)
    }

    /// What the sample's name adds to the family's, if it is one of the family's.
    fn suffix<'a>(&self, sample: &'a str) -> Option<&'a str> {
        let suffix = sample.strip_prefix(&*self.name)?;
        self.kind().suffixes().contains(&suffix).then_some(suffix)
    }
}

/// The text so far.
#[derive(Default)]
pub(super) struct Openmetrics {
    family: Option<Family>,
    seen: BTreeSet<String>,
    ended: bool,
    last_line: u64,
    /// Faults that spoil more than a line.
    pub(super) faults: Vec<Fault>,
}

impl Openmetrics {
    fn spoilt(&mut self, line: u64, reason: impl Into<String>) {
        self.faults.push(Fault { line, scope: FaultScope::Text, reason: reason.into() });
    }

    /// Reads one line.
    pub(super) fn line<'a>(&mut self, number: u64, text: &'a str) -> Line<'a> {
        self.last_line = number;
        if self.ended {
            self.spoilt(number, "something follows `# EOF`");
            return Line::Note;
        }
        if text.is_empty() {
            return Line::Blank;
        }
        if text.starts_with('#') {
            return self.comment(number, text);
        }
        match self.sample(number, text) {
            Ok(kept) => Line::Kept(kept),
            Err(reason) => {
                // What is left of a histogram without this line need not add up.
                if let Some(family) = &mut self.family {
                    family.damaged = true;
                    family.group = family.group.take().map(Group::damaged);
                }
                Line::Refused(reason)
            }
        }
    }

    /// The end of the text.
    pub(super) fn end(&mut self) {
        self.close_family();
        if !self.ended {
            let line = self.last_line;
            self.spoilt(line, "`# EOF` is missing: the text may be cut");
        }
    }

    fn comment<'a>(&mut self, number: u64, text: &'a str) -> Line<'a> {
        if text == "# EOF" {
            self.ended = true;
            return Line::Note;
        }
        let unknown = || Line::Refused("a comment that OpenMetrics does not know".to_owned());
        if !text.starts_with("# ") {
            return unknown();
        }
        let mut words = text.splitn(4, ' ').skip(1);
        let (word, name, rest) = (words.next(), words.next(), words.next());
        let (Some(word @ ("TYPE" | "HELP" | "UNIT")), Some(name)) = (word, name) else {
            if matches!(word, Some("TYPE" | "HELP" | "UNIT")) {
                self.spoilt(number, "the name of the metric is missing");
                return Line::Note;
            }
            return unknown();
        };
        let mut cursor = Cursor { rest: name };
        if cursor.metric_name().is_none() || !cursor.rest.is_empty() {
            self.spoilt(number, format!("`{}` is no name", super::table::excerpt(name)));
            return Line::Note;
        }
        let Some(rest) = rest else {
            self.spoilt(number, format!("what follows `{word} {name}` is missing"));
            return Line::Note;
        };
        if self.family.as_ref().is_none_or(|family| family.name != name) {
            self.close_family();
            self.family = Some(Family::new(name, number));
        }
        if let Err(reason) = self.describe(word, rest) {
            self.spoilt(number, reason);
        }
        Line::Note
    }

    fn describe(&mut self, word: &str, rest: &str) -> Result<(), String> {
        let family = self.family.as_mut().expect("invariant: the comment began it");
        if family.claimed {
            return Err(format!("{word} of `{}` after its samples", family.name));
        }
        let again = match word {
            "HELP" => std::mem::replace(&mut family.help, true),
            "UNIT" => family.unit.replace(rest.to_owned()).is_some(),
            _ => {
                let kind = Kind::from_word(rest);
                let kind = kind.ok_or_else(|| {
                    format!("`{}` is no type of OpenMetrics", super::table::excerpt(rest))
                })?;
                family.kind.replace(kind).is_some()
            }
        };
        if again { Err(format!("a second {word} of `{}`", family.name)) } else { Ok(()) }
    }

    /// Takes the names of the family; they must be free.
    fn claim(&mut self) {
        let Some(family) = self.family.as_mut().filter(|family| !family.claimed) else { return };
        family.claimed = true;
        let mut reasons = Vec::new();
        let own = std::iter::once("").filter(|_| !family.kind().suffixes().contains(&""));
        for suffix in family.kind().suffixes().iter().copied().chain(own) {
            let name = format!("{}{suffix}", family.name);
            if !self.seen.insert(name.clone()) {
                reasons.push(format!("`{name}` belongs to another family already"));
            }
        }
        if let Some(unit) = family.unit.as_deref().filter(|unit| !unit.is_empty()) {
            let stem = family.name.strip_suffix(unit);
            if !stem.is_some_and(|stem| stem.ends_with('_')) {
                reasons.push(format!("`{}` does not end with its unit `{unit}`", family.name));
            }
            if matches!(family.kind(), Kind::Info | Kind::StateSet) {
                reasons.push(format!("`{}` has a unit, which its type forbids", family.name));
            }
        }
        let line = family.line;
        for reason in reasons {
            self.spoilt(line, reason);
        }
    }

    fn close_family(&mut self) {
        self.claim();
        if let Some(mut family) = self.family.take() {
            let last = family.group.take().map(Group::end);
            self.faults.extend(last.into_iter().flatten());
        }
    }

    fn sample<'a>(&mut self, number: u64, text: &'a str) -> Result<Kept<'a>, String> {
        let sample = sample(text)?;
        if self.family.as_ref().and_then(|family| family.suffix(sample.name)).is_none() {
            self.close_family();
            self.family = Some(Family::new(sample.name, number));
        }
        self.claim();
        let family = self.family.as_mut().expect("invariant: begun above where it was none");
        let kind = family.kind();
        let suffix = family.suffix(sample.name).expect("invariant: a new family has its name");
        allowed(kind, suffix, &family.name, &sample)?;
        let instant = sample.at.map(|at| {
            picoseconds(at).ok_or_else(|| format!("`{}` is no instant", super::table::excerpt(at)))
        });
        let instant = instant.transpose()?;
        let labels = labels_json(&sample.labels);
        let own = match kind {
            Kind::Info => String::new(),
            _ => own_labels(kind, suffix, &family.name, &sample, &labels),
        };
        let faults = match &mut family.group {
            Some(group) if group.key == own => {
                group.join(number, instant, kind != Kind::Info)?;
                Vec::new()
            }
            other => {
                let mut faults = other.take().map(Group::end).unwrap_or_default();
                if !family.groups.insert(own.clone()) {
                    let reason =
                        format!("samples of `{}` with these labels are not together", family.name);
                    faults.push(Fault { line: number, scope: FaultScope::Text, reason });
                }
                let adds_up = matches!(kind, Kind::Histogram | Kind::GaugeHistogram);
                let point = (adds_up && !family.damaged).then(|| Point::new(&family.name));
                *other = Some(Group::new(own, number, instant, point));
                faults
            }
        };
        let group = family.group.as_mut().expect("invariant: joined or begun above");
        group.add(number, suffix, &sample, &labels)?;
        let ended = group.faults.drain(..).chain(faults).collect::<Vec<_>>();
        self.faults.extend(ended);
        let kind = if suffix == "_created" { Kind::Gauge } else { kind };
        Ok(Kept {
            name: sample.name.into(),
            value: sample.value,
            labels,
            kind: Some(kind.as_str()),
            unit: family.unit.clone().filter(|unit| !unit.is_empty()).map(Into::into),
            us: instant.map(|pico| pico.div_euclid(1_000_000)),
            exemplar: sample.exemplar,
        })
    }
}

/// The labels that tell metrics of a family apart: without the one that tells buckets, quantiles
/// or states apart.
fn own_labels(kind: Kind, suffix: &str, family: &str, sample: &Sample<'_>, labels: &str) -> String {
    let inner = match (kind, suffix) {
        (Kind::Summary, "") => "quantile",
        (Kind::Histogram | Kind::GaugeHistogram, "_bucket") => "le",
        (Kind::StateSet, _) => family,
        _ => return labels.to_owned(),
    };
    let own = sample.labels.iter().filter(|(name, _)| name != inner).cloned().collect();
    labels_json(&own)
}

/// What the type of its family asks of a sample.
fn allowed(kind: Kind, suffix: &str, family: &str, sample: &Sample<'_>) -> Result<(), String> {
    let label = |wanted: &str| {
        sample.labels.iter().find(|(name, _)| name == wanted).map(|(_, value)| &**value)
    };
    let value = sample.value;
    if matches!(suffix, "_total" | "_sum" | "_count" | "_bucket" | "_gcount" | "_gsum") {
        if value.is_nan() {
            return Err(format!("`{}` cannot be NaN", sample.name));
        }
        if value < 0.0 && suffix != "_gsum" {
            return Err(format!("`{}` cannot be negative", sample.name));
        }
    }
    let bucket = suffix == "_bucket";
    if sample.exemplar && suffix != "_total" && !bucket {
        return Err(format!("`{}` cannot have an exemplar", sample.name));
    }
    match kind {
        Kind::Histogram | Kind::GaugeHistogram if bucket => {
            let le = label("le").ok_or("the bucket has no label `le`")?;
            let bound = real(le).ok().filter(|bound| bound.is_finite() || le == "+Inf");
            if bound.is_none() {
                return Err(format!("`{}` is no bound", super::table::excerpt(le)));
            }
        }
        Kind::Summary if suffix.is_empty() => {
            let quantile = label("quantile").ok_or("the sample has no label `quantile`")?;
            if !real(quantile).is_ok_and(|q| (0.0..=1.0).contains(&q)) {
                return Err("a quantile lies between 0 and 1".to_owned());
            }
            if value < 0.0 {
                return Err("a quantile's value cannot be negative".to_owned());
            }
        }
        Kind::Info if value != 1.0 => return Err("the value of an info is 1".to_owned()),
        Kind::StateSet => {
            if label(family).is_none() {
                return Err(format!("the state has no label `{family}`"));
            }
            if value != 0.0 && value != 1.0 {
                return Err("the value of a state is 0 or 1".to_owned());
            }
        }
        _ => {}
    }
    Ok(())
}

/// `name{labels} value instant # {labels} value instant`, with one blank where there is one.
fn sample(text: &str) -> Result<Sample<'_>, String> {
    let mut cursor = Cursor { rest: text };
    let name = cursor.metric_name().ok_or("the name is wrong or missing")?;
    let labels =
        if cursor.take("{") { cursor.labels(LabelStyle::Openmetrics)? } else { Vec::new() };
    if let Some((name, _)) = labels.iter().find(|(name, _)| name.starts_with("__")) {
        return Err(format!("the label `{name}` is reserved"));
    }
    let value = after_blank(&mut cursor, "the value")?;
    let mut at = None;
    let mut exemplar = false;
    if !cursor.rest.is_empty() && !cursor.rest.starts_with(" # ") {
        at = Some(after_blank(&mut cursor, "the instant")?);
    }
    if cursor.take(" # ") {
        exemplar = true;
        if !cursor.take("{") {
            return Err("an exemplar begins with its labels".to_owned());
        }
        let labels = cursor.labels(LabelStyle::Openmetrics)?;
        let length: usize =
            labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
        if length > MAX_EXEMPLAR {
            return Err(format!("the labels of the exemplar are {length} characters long"));
        }
        real(after_blank(&mut cursor, "the exemplar's value")?)?;
        if !cursor.rest.is_empty() {
            let at = after_blank(&mut cursor, "the exemplar's instant")?;
            picoseconds(at).ok_or("the exemplar's instant is none")?;
        }
    }
    if !cursor.rest.is_empty() {
        return Err("something follows the sample".to_owned());
    }
    Ok(Sample { name, labels, value: real(value)?, at, exemplar })
}

/// A word after exactly one blank.
fn after_blank<'a>(cursor: &mut Cursor<'a>, what: &str) -> Result<&'a str, String> {
    if !cursor.take(" ") {
        return Err(format!("{what} is missing, or not after one blank"));
    }
    let word = cursor.word();
    if word.is_empty() { Err(format!("{what} is missing")) } else { Ok(word) }
}
