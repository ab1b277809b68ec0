//! Objects to definitions: what drill evaluates.

use super::annotations::AskedTiers;
use super::indicator::DRILL;
use super::object::{
    Condition, Goal, MethodWord, Metric, MetricSource, Object, SloSpecification, Spec,
};
use super::read::objects;
use super::resolve::{Book, From, Said};
use crate::diag::{Diagnostics, Severity, SourceText, Span};
use crate::load::decode::Loaded;
use crate::load::node::Spanned;
use crate::model::{
    BudgetingMethod, Composite, CompositeRule, Indicator, Name, NoData, ObjectiveDefinition,
    Origin, Query, SloDefinition, SloSpec, Tier, TierPreset,
};
use crate::units::{Objective, SimDuration};

/// The length of a base slice, which windows are whole numbers of.
const BASE: i64 = 60_000;

/// The SLOs of OpenSLO files that are given together, in their order. References are looked up
/// in all of them.
///
/// # Errors
/// All mistakes of all files. References are looked up when no file has another mistake.
pub fn openslo(sources: &[SourceText]) -> Result<Loaded<Vec<SloDefinition>>, Diagnostics> {
    defined(sources, Severity::Error)
}

/// Everything that is wrong with one OpenSLO file. What it refers to may stand in other files,
/// so a reference that finds nothing is only doubtful.
pub(crate) fn check_openslo(source: &SourceText) -> Diagnostics {
    match defined(std::slice::from_ref(source), Severity::Warning) {
        Ok(loaded) => loaded.warnings,
        Err(errors) => errors,
    }
}

fn defined(
    sources: &[SourceText],
    unresolved: Severity,
) -> Result<Loaded<Vec<SloDefinition>>, Diagnostics> {
    let mut all = Vec::new();
    let mut found = Diagnostics::default();
    for (file, source) in sources.iter().enumerate() {
        match objects(source, file) {
            Ok(loaded) => {
                found.list.extend(loaded.warnings.list);
                all.extend(loaded.value);
            }
            Err(errors) => found.list.extend(errors.list),
        }
    }
    if found.has_errors() {
        return Err(found);
    }
    let mut book = Book::new(sources, &all, unresolved);
    let mut definitions = Vec::new();
    for object in &all {
        let from = From { file: object.file };
        match &object.spec {
            Spec::Slo(Some(slo)) => {
                let source = &sources[object.file];
                definitions.extend(definition(&mut book, source, object, slo));
            }
            Spec::AlertPolicy(policy) => {
                book.targets(from, policy);
                for condition in &policy.conditions {
                    book.condition(from, condition);
                }
            }
            Spec::Sli(Some(metric)) => indicator_sources(&mut book, from, metric),
            _ => {}
        }
    }
    let mut said = book.found;
    said.sort_by_key(|diagnostic| {
        let path = diagnostic.source.as_ref().map(|source| &source.path);
        let file = sources.iter().position(|source| Some(&source.path) == path);
        (file, diagnostic.labels.first().map_or(0, |label| label.span.start))
    });
    // An object that several SLOs use says the same to each of them.
    said.dedup();
    found.list.extend(said);
    if found.has_errors() {
        return Err(found);
    }
    Ok(Loaded { value: definitions, warnings: found })
}

/// What is being defined, for the parts of a definition.
#[derive(Clone, Copy)]
struct Place<'o> {
    from: From,
    name: &'o Spanned<Name>,
    slo: &'o SloSpecification,
}

impl Place<'_> {
    /// The length of the budget's period.
    fn period(&self) -> SimDuration {
        self.slo.period.nominal()
    }
}

fn definition<'o>(
    book: &mut Book<'o>,
    source: &SourceText,
    object: &'o Object,
    slo: &'o SloSpecification,
) -> Option<SloDefinition> {
    let place = Place { from: From { file: object.file }, name: &object.meta.name, slo };
    let notes = &slo.notes;
    book.service(place.from, &slo.service);
    let (tiers, when_no_data) = tiers(book, place);
    let base = SloSpec {
        period: slo.period,
        no_data: notes.no_data.unwrap_or(NoData::Gap),
        alert_when_no_data: notes.alert_when_no_data.or(when_no_data).unwrap_or(true),
        tiers,
        ..SloSpec::new(place.name.value.clone(), slo.service.value.clone(), one(), place.period())
    };
    let objectives: Vec<ObjectiveDefinition> = slo
        .goals
        .iter()
        .enumerate()
        .filter_map(|(index, goal)| objective(book, place, &base, index, goal))
        .collect();
    let composite = composite(book, place);
    (objectives.len() == slo.goals.len()).then(|| SloDefinition {
        name: place.name.value.clone(),
        title: object.meta.title.clone().unwrap_or_else(|| place.name.value.clone()),
        service: slo.service.value.clone(),
        description: slo.description.clone(),
        origin: notes.origin.unwrap_or(Origin::Stated),
        objectives,
        composite,
        no_data: base.no_data,
        file: Name::from(&*source.path),
        line: source.line_column(object.span.start).0,
    })
}

fn one() -> Objective {
    "1".parse().expect("invariant: 1 is an objective")
}

/// A warning about an SLO.
fn doubt(book: &mut Book<'_>, place: Place<'_>, span: Span, code: &'static str, message: String) {
    let said = Said { code, message, label: "here", help: None };
    book.note(place.from, Severity::Warning, span, said);
}

fn objective<'o>(
    book: &mut Book<'o>,
    place: Place<'o>,
    base: &SloSpec,
    index: usize,
    goal: &'o Goal,
) -> Option<ObjectiveDefinition> {
    let slo = place.slo;
    let name = if slo.goals.len() > 1 {
        let twice = |display: &Name| {
            slo.goals.iter().filter(|other| other.display.as_ref() == Some(display)).count() > 1
        };
        let number = || Name::from((index + 1).to_string());
        let part = goal.display.clone().filter(|display| !twice(display)).unwrap_or_else(number);
        Name::from(format!("{}/{part}", place.name.value))
    } else {
        place.name.value.clone()
    };
    let window = goal.slice_window.map_or(SimDuration::ZERO, |length| length.nominal());
    let method = match slo.method {
        MethodWord::Occurrences => BudgetingMethod::Occurrences,
        MethodWord::Timeslices => {
            BudgetingMethod::Timeslices { target: goal.slice_target?, window }
        }
        MethodWord::RatioTimeslices => BudgetingMethod::RatioTimeslices { window },
    };
    if method != BudgetingMethod::Occurrences && window > place.period() {
        let message =
            format!("a time slice of {window} is longer than the period, so none is ever whole");
        doubt(book, place, goal.span, "openslo::slice-window", message);
    }
    let shared = slo.indicator.as_ref();
    let (from, metric) = book.metric(place.from, goal.indicator.as_ref().or(shared)?)?;
    let indicator = match metric {
        Metric::Ratio { counter, part_is_bad, part, total } => Indicator::Ratio {
            counter: *counter,
            part_is_bad: *part_is_bad,
            part: query(book, from, part),
            total: query(book, from, total),
        },
        Metric::Raw { failure, source } => {
            Indicator::Raw { failure: *failure, query: query(book, from, source) }
        }
        Metric::Threshold { source } => {
            let query = query(book, from, source);
            let (Some(op), Some(value)) = (goal.op, &goal.value) else {
                let message = "`op` and `value` are needed: the indicator is a threshold metric";
                let label = "one of them is missing";
                let code = "openslo::missing";
                let said = Said { code, message: message.to_owned(), label, help: None };
                book.note(place.from, Severity::Error, goal.span, said);
                return None;
            };
            Indicator::Threshold { query, op, value: value.to_string() }
        }
    };
    let spec = SloSpec { name, target: goal.target, method, ..base.clone() };
    Some(ObjectiveDefinition { spec, indicator, weight: goal.weight })
}

/// Looks up the data sources of an SLI that no SLO may use.
fn indicator_sources(book: &mut Book<'_>, from: From, metric: &Metric) {
    match metric {
        Metric::Ratio { part, total, .. } => {
            query(book, from, part);
            query(book, from, total);
        }
        Metric::Raw { source, .. } | Metric::Threshold { source } => {
            query(book, from, source);
        }
    }
}

/// The query of a source, with the type of its data source where it says none itself.
fn query(book: &mut Book<'_>, from: From, source: &MetricSource) -> Query {
    let named = source.data_source.as_ref();
    let known = named.and_then(|name| book.source_type(from, name, source.typed));
    if source.typed {
        return source.query.clone();
    }
    let known = known.unwrap_or_else(|| Name::from("unspecified"));
    if known == DRILL {
        let said = Said {
            code: "openslo::source-type",
            message: "the data source is of type drill, and this metric source says no `type`"
                .into(),
            label: "in this metricSource",
            help: Some("write `type: drill` here, so that its `spec` can be checked".into()),
        };
        book.note(from, Severity::Error, source.span, said);
    }
    Query { source: known, ..source.query.clone() }
}

/// The tiers of an SLO, and what its policies say about missing data.
fn tiers<'o>(book: &mut Book<'o>, place: Place<'o>) -> (Vec<Tier>, Option<bool>) {
    let mut tiers: Vec<Tier> = Vec::new();
    let (mut no_data, mut unusable) = (None, false);
    for policy in &place.slo.policies {
        let Some((from, policy)) = book.policy(place.from, policy) else {
            continue;
        };
        if let Some(said) = policy.when_no_data {
            no_data = Some(no_data.unwrap_or(false) || said);
        }
        for condition in &policy.conditions {
            let Some((from, condition)) = book.condition(from, condition) else {
                continue;
            };
            if policy.when_breaching == Some(false) || place.slo.notes.tiers.is_some() {
                continue;
            }
            let Some(tier) = tier(book, from, place, condition) else {
                unusable = true;
                continue;
            };
            if tiers.contains(&tier) {
                continue;
            }
            if tiers.iter().any(|other| other.name() == tier.name()) {
                let message = format!("SLO `{}` has two tiers {}", place.name.value, tier.name());
                doubt(book, place, place.name.span, "openslo::duplicate-tier", message);
            }
            tiers.push(tier);
        }
    }
    let tiers = match &place.slo.notes.tiers {
        Some(AskedTiers::Listed(listed)) => listed.clone(),
        Some(AskedTiers::Preset(preset, span)) => preset_tiers(book, place, *preset, *span),
        None if place.slo.policies.is_empty() || (unusable && tiers.is_empty()) => {
            TierPreset::Google30d.tiers(place.period()).unwrap_or_default()
        }
        None => tiers,
    };
    for tier in tiers.iter().filter(|tier| tier.long > place.period()) {
        let message = format!("tier {} looks back beyond the period of the budget", tier.name());
        doubt(book, place, place.name.span, "openslo::window-order", message);
    }
    (tiers, no_data)
}

fn preset_tiers(
    book: &mut Book<'_>,
    place: Place<'_>,
    preset: TierPreset,
    span: Span,
) -> Vec<Tier> {
    preset.tiers(place.period()).unwrap_or_else(|| {
        let (name, period) = (preset.as_str(), place.period());
        let said = Said {
            code: "openslo::annotation",
            message: format!("the tiers `{name}` are not made for a period of {period}"),
            label: "not for this period",
            help: Some(format!("they are made for {}; list tiers instead", preset.periods())),
        };
        book.note(place.from, Severity::Error, span, said);
        Vec::new()
    })
}

/// The tier of a condition. Without a short window of its own it gets a twelfth of the long one,
/// rounded to whole base slices, as the SRE Workbook recommends.
fn tier(book: &mut Book<'_>, from: From, place: Place<'_>, condition: &Condition) -> Option<Tier> {
    let Some(comparator) = condition.comparator else {
        let said = Said {
            code: "openslo::condition-op",
            message: "a low burn rate is no alert: a condition with `lt` or `lte` is not evaluated"
                .into(),
            label: "not evaluated",
            help: Some(format!(
                "write `op: gt`; SLO `{}` gets the tiers of google-30d when no condition is left",
                place.name.value
            )),
        };
        book.note(from, Severity::Warning, condition.span, said);
        return None;
    };
    let long = condition.lookback;
    let slices = (long.ms() / 12 + BASE / 2) / BASE;
    let twelfth = SimDuration::from_ms(slices.max(1) * BASE);
    Some(Tier {
        comparator,
        hold_for: condition.alert_after,
        keep_firing_for: condition.keep,
        min_events: condition.min_events,
        min_failures: condition.min_failures,
        ..Tier::new(
            long,
            condition.short.unwrap_or(twelfth),
            condition.threshold,
            condition.severity.clone(),
        )
    })
}

/// Whether the objectives of an SLO are judged as one, and how.
fn composite(book: &mut Book<'_>, place: Place<'_>) -> Option<Composite> {
    let slo = place.slo;
    let parts = |goal: &Goal| goal.weight.is_some() || goal.indicator.is_some();
    let asked = slo.notes.composite;
    if slo.goals.len() < 2 || (asked.is_none() && !slo.goals.iter().any(parts)) {
        if asked.is_some() {
            let message = "a composite needs at least two objectives".to_owned();
            doubt(book, place, place.name.span, "openslo::composite", message);
        }
        return None;
    }
    let by_method = match slo.method {
        MethodWord::Timeslices => CompositeRule::AnyBad,
        MethodWord::Occurrences | MethodWord::RatioTimeslices => CompositeRule::Weighted,
    };
    let first = slo.goals.first()?.target;
    let common = slo.goals.iter().all(|goal| goal.target == first).then_some(first);
    let Some(target) = slo.notes.composite_target.or(common) else {
        let said = Said {
            code: "openslo::composite",
            message: "the objectives have different targets, so the composite has none".into(),
            label: "not judged as one",
            help: Some("give the annotation `drill/composite-target`, such as \"0.99\"".into()),
        };
        book.note(place.from, Severity::Warning, place.name.span, said);
        return None;
    };
    Some(Composite { rule: asked.unwrap_or(by_method), target })
}
