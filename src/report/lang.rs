//! The words of reports, in both languages, from `locales/*.ftl`.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::model::Text;
use crate::units::SimDuration;

pub(super) const EN: &str = include_str!("locales/en.ftl");
pub(super) const JA: &str = include_str!("locales/ja.ftl");

/// The language of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Lang {
    /// Both languages.
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// `en` or `ja`, as in `--lang` and in HTML's `lang` attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    /// The language that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.as_str() == word)
    }

    /// The text for people in this language.
    pub fn of(self, text: &Text) -> &str {
        match self {
            Self::En => &text.en,
            Self::Ja => &text.ja,
        }
    }
}

type Bundle = FluentBundle<FluentResource>;

fn bundle(lang: Lang) -> &'static Bundle {
    static BUNDLES: [OnceLock<Bundle>; 2] = [OnceLock::new(), OnceLock::new()];
    let (slot, source) = match lang {
        Lang::En => (&BUNDLES[0], EN),
        Lang::Ja => (&BUNDLES[1], JA),
    };
    slot.get_or_init(|| {
        let locale = lang.as_str().parse().expect("invariant: a valid locale");
        let mut bundle = Bundle::new_concurrent(vec![locale]);
        // Isolation marks are invisible characters that would break columns and comparisons.
        bundle.set_use_isolating(false);
        // A test parses both files without errors; what did parse is used here.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(part, _)| part);
        bundle.add_resource_overriding(resource);
        bundle
    })
}

/// The words of one language.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) lang: Lang,
}

impl Words {
    pub(super) fn new(lang: Lang) -> Self {
        Self { lang }
    }

    /// The message `key`.
    pub(super) fn t(self, key: &str) -> String {
        self.f(key, &[])
    }

    /// The message `key` with its arguments. A key that does not exist comes back as it is.
    pub(super) fn f(self, key: &str, args: &[(&str, &str)]) -> String {
        self.find(key, args).unwrap_or_else(|| key.to_owned())
    }

    /// The word of a closed family (`state-down`); a word outside it stays as it is, such as a
    /// name of a pack.
    pub(super) fn word(self, family: &str, word: &str) -> String {
        let key = format!("{family}-{}", word.replace('_', "-"));
        self.find(&key, &[]).unwrap_or_else(|| word.to_owned())
    }

    fn find(self, key: &str, args: &[(&str, &str)]) -> Option<String> {
        let bundle = bundle(self.lang);
        let pattern = bundle.get_message(key)?.value()?;
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            values.set(*name, FluentValue::from(*value));
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&values), &mut errors);
        Some(text.into_owned())
    }

    /// The text in this language.
    pub(super) fn text(self, text: &Text) -> String {
        self.lang.of(text).to_owned()
    }

    /// A list in this language.
    pub(super) fn list<I: IntoIterator<Item = S>, S: AsRef<str>>(self, items: I) -> String {
        let separator = match self.lang {
            Lang::En => ", ",
            Lang::Ja => "、",
        };
        let items: Vec<String> = items.into_iter().map(|s| s.as_ref().to_owned()).collect();
        items.join(separator)
    }

    /// A list of titles, which may hold commas themselves.
    pub(super) fn titles(self, titles: &[String]) -> String {
        titles.join(if self.lang == Lang::En { "; " } else { "、" })
    }

    /// A span for people: its two largest units.
    pub(super) fn span(self, span: SimDuration) -> String {
        self.spans_in(&span.human())
    }

    /// How long after the start of the record something was: `+20 h 49 min`.
    pub(super) fn offset(self, span: SimDuration) -> String {
        let sign = if span.ms() < 0 { "" } else { "+" };
        format!("{sign}{}", self.span(span))
    }

    /// A sentence in which every span (`1h 8m`) is written as people do.
    pub(super) fn spans_in(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 16);
        let mut after_span = false;
        for word in text.split(' ') {
            let end = word.trim_end_matches([',', ';', ':', '.', ')', '*']).len();
            let (core, tail) = word.split_at(end);
            let shown = self.one_unit(core);
            let joins = self.lang == Lang::Ja && after_span && shown.is_some();
            if !out.is_empty() && !joins {
                out.push(' ');
            }
            after_span = shown.is_some() && tail.is_empty();
            out.push_str(&shown.unwrap_or_else(|| core.to_owned()));
            out.push_str(tail);
        }
        out
    }

    /// `8m` as `8 min`; `None` for anything else.
    fn one_unit(self, word: &str) -> Option<String> {
        let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
        let digits = number.trim_start_matches(['-', '+', '(']);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (en, ja) = match unit {
            "d" => (" d", "日"),
            "h" => (" h", "時間"),
            "m" => (" min", "分"),
            "s" => (" s", "秒"),
            _ => return None,
        };
        let unit = if self.lang == Lang::En { en } else { ja };
        Some(format!("{number}{unit}"))
    }

    /// A span beside its target. Where both would read alike and are not, the difference is told.
    pub(super) fn span_against(self, span: SimDuration, target: Option<SimDuration>) -> String {
        let text = self.span(span);
        match target {
            Some(target) if span > target && text == self.span(target) => {
                format!("{text} + {}", self.span(span - target))
            }
            _ => text,
        }
    }

    /// A ratio in percent without decimals, or with one below 10 % and above 99 %.
    pub(super) fn percent(self, ratio: f64) -> String {
        let percent = ratio * 100.0;
        // 7 of 100 is 7.000000000000001 %.
        let whole = (percent - percent.round()).abs() < 1e-9;
        if whole || (10.0..=99.0).contains(&percent) {
            format!("{percent:.0} %")
        } else {
            format!("{percent:.1} %")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(source: &str) -> BTreeSet<String> {
        let message = |line: &str| {
            let (key, _) = line.split_once(" = ")?;
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
            (!key.is_empty() && key.chars().all(fits)).then(|| key.to_owned())
        };
        source.lines().filter_map(message).collect()
    }

    #[test]
    fn both_languages_parse_and_have_the_same_keys_and_arguments() {
        for source in [EN, JA] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
        assert_eq!(keys(EN), keys(JA));
        let arguments = |source: &str, key: &str| {
            let lead = format!("{key} = ");
            let line = source.lines().find(|line| line.starts_with(&lead)).unwrap();
            let parts = line.split("{ $").skip(1);
            let names = parts.filter_map(|part| part.split(' ').next());
            names.map(str::to_owned).collect::<BTreeSet<String>>()
        };
        for key in keys(EN) {
            assert_eq!(arguments(EN, &key), arguments(JA, &key), "{key}");
        }
    }

    /// Families of closed words; their keys are put together at run time.
    const FAMILIES: [&str; 30] = [
        "action",
        "alert",
        "calibrated",
        "trend",
        "cause",
        "dependency",
        "detection",
        "effect",
        "environment",
        "gate",
        "hours",
        "inject",
        "kind",
        "mechanic",
        "milestone",
        "mode",
        "purpose",
        "rating",
        "reason",
        "role",
        "source",
        "state",
        "step",
        "stopped",
        "task",
        "stage",
        "provenance",
        "column",
        "improved",
        "outcome",
    ];

    #[test]
    fn every_key_is_used() {
        let mut sources = Vec::new();
        let mut folders = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src/report").into()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir::<std::path::PathBuf>(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    sources.push(std::fs::read_to_string(path).unwrap());
                }
            }
        }
        let used = |key: &str| {
            let literal = format!("\"{key}\"");
            // Families of two words, such as `slo-method`, are asked for by `Words::word`.
            let family: Vec<&str> = key.splitn(3, '-').take(2).collect();
            let asked = format!("word(\"{}\"", family.join("-"));
            sources.iter().any(|source| source.contains(&literal) || source.contains(&asked))
        };
        let unused: Vec<String> = keys(EN)
            .into_iter()
            .filter(|key| !used(key))
            .filter(|key| {
                let family = key.split('-').next().unwrap_or("");
                family == "column" || !FAMILIES.contains(&family)
            })
            .collect();
        assert_eq!(unused, Vec::<String>::new());
    }

    #[test]
    fn closed_words_have_their_messages() {
        use crate::model::*;
        let known = keys(EN);
        let mut wanted: Vec<(&str, &str)> = Vec::new();
        wanted.extend(ServiceState::ALL.iter().map(|w| ("state", w.as_str())));
        wanted.extend(DetectionSource::ALL.iter().map(|w| ("detection", w.as_str())));
        wanted.extend(FaultEffect::ALL.iter().map(|w| ("effect", w.as_str())));
        wanted.extend(Environment::ALL.iter().map(|w| ("environment", w.as_str())));
        wanted.extend(Mode::ALL.iter().map(|w| ("mode", w.as_str())));
        wanted.extend(Source::ALL.iter().map(|w| ("source", w.as_str())));
        wanted.extend(Gate::ALL.iter().map(|w| ("gate", w.as_str())));
        wanted.extend(Mechanic::ALL.iter().map(|w| ("mechanic", w.as_str())));
        wanted.extend(InjectKind::ALL.iter().map(|w| ("inject", w.as_str())));
        wanted.extend(DependencyKind::ALL.iter().map(|w| ("dependency", w.as_str())));
        wanted.extend(RoleKind::ALL.iter().map(|w| ("role", w.as_str())));
        wanted.extend(Hours::ALL.iter().map(|w| ("hours", w.as_str())));
        wanted.extend(crate::score::MILESTONES.iter().map(|w| ("milestone", *w)));
        for (family, word) in wanted {
            let key = format!("{family}-{}", word.replace('_', "-"));
            assert!(known.contains(&key), "{key}");
        }
    }
}
