//! The tables of a scorecard.

use super::case::{Case, alerts};
use super::doc::{Block, Cell, Column, Doc, Table, Tile, Tone};
use super::lang::Words;
use crate::score::{MilestoneState, Rating, StepOutcome, StepResult};
use crate::units::{SimDuration, SimTime};

pub(super) const fn letter(rating: Rating) -> &'static str {
    match rating {
        Rating::P => "P",
        Rating::S => "S",
        Rating::M => "M",
        Rating::U => "U",
        Rating::NotObservable => "N/O",
    }
}

pub(super) const fn rating_tone(rating: Rating) -> Tone {
    match rating {
        Rating::P => Tone::Good,
        Rating::S => Tone::Fair,
        Rating::M => Tone::Poor,
        Rating::U => Tone::Bad,
        Rating::NotObservable => Tone::Unknown,
    }
}

pub(super) fn rating_cell(rating: Rating) -> Cell {
    Cell::badge(letter(rating), rating_tone(rating))
}

pub(super) fn dash() -> Cell {
    Cell::toned("–", Tone::Muted)
}

pub(super) fn span_cell(span: Option<SimDuration>, words: Words) -> Cell {
    span.map_or_else(dash, |span| Cell::new(words.span(span)))
}

/// The headline figures.
pub(super) fn tiles(case: &Case<'_>, words: Words) -> Block {
    let mut tiles = vec![points_tile(case, words)];
    if case.calm() {
        let c = &case.card.correctness;
        for (key, n) in [
            ("tile-false-pages", c.false_pages),
            ("tile-false-declarations", c.false_declarations),
            ("tile-false-actions", c.false_actions),
        ] {
            let tone = if n == 0 { Tone::Good } else { Tone::Bad };
            let note = words.t("tile-nothing-broke");
            tiles.push(Tile { label: words.t(key), value: n.to_string(), note, tone });
        }
        return Block::Tiles { tiles };
    }
    for (key, from, to) in [
        ("tile-detected", "impact_start", "detected"),
        ("tile-declared", "detected", "declared"),
        ("tile-mitigated", "impact_start", "mitigated"),
        ("tile-resolved", "impact_start", "resolved"),
    ] {
        let span = case.reached(to).zip(case.reached(from)).map(|(to, from)| to - from);
        let state = case.milestone(to).map(|m| m.state);
        let value = match (span, state) {
            (Some(span), _) => words.span(span),
            (None, Some(MilestoneState::NotReached)) => words.t("not-reached"),
            (None, _) => words.t("unknown"),
        };
        let note = words.f("tile-since", &[("from", &words.word("milestone", from))]);
        tiles.push(Tile { label: words.t(key), value, note, tone: Tone::Plain });
    }
    Block::Tiles { tiles }
}

fn points_tile(case: &Case<'_>, words: Words) -> Tile {
    let overall = &case.card.overall;
    let label = words.t("tile-points");
    let Some(points) = overall.points else {
        let (value, note) = match case.calm() {
            true => (words.t("tile-not-rated"), words.t("tile-nothing-to-rate")),
            false => (words.t("unknown"), reason(overall.reason, words)),
        };
        return Tile { label, value, note, tone: Tone::Unknown };
    };
    let value = words.f("tile-points-value", &[("points", &format!("{points:.1}"))]);
    let (note, tone) = match overall.rating {
        Some(rating) => {
            let rating_text = words.word("rating", letter(rating));
            (format!("{} – {rating_text}", letter(rating)), rating_tone(rating))
        }
        None => (reason(overall.reason, words), Tone::Plain),
    };
    Tile { label, value, note, tone }
}

/// Why there is no overall letter.
pub(super) fn reason(reason: Option<&str>, words: Words) -> String {
    reason.map_or_else(String::new, |reason| words.word("reason", &reason.replace(' ', "-")))
}

/// The capabilities with the tasks that could be rated, and which capabilities have none.
pub(super) fn capabilities(case: &Case<'_>, words: Words) -> (Table, Vec<String>) {
    let task = |(name, rating): &(crate::model::Name, Rating)| {
        let found = case.card.measures.iter().find(|m| m.name == *name);
        let title = match found {
            Some(found) => words.text(&found.title),
            None => words.word("task", name),
        };
        words.f("task-rated", &[("task", &title), ("rating", letter(*rating))])
    };
    let rated = |task: &&(crate::model::Name, Rating)| task.1 != Rating::NotObservable;
    let row = |c: &crate::score::CapabilityResult| {
        let points = c.points.map_or_else(
            || words.t("unknown-short"),
            |points| format!("{points:.1} / {:.1}", c.weight),
        );
        vec![
            rating_cell(c.rating),
            Cell::new(words.text(&c.title)),
            Cell::new(points),
            Cell::toned(words.list(c.tasks.iter().filter(|t| rated(t)).map(task)), Tone::Muted),
        ]
    };
    let (told, blind): (Vec<_>, Vec<_>) =
        case.card.capabilities.iter().partition(|c| c.rating != Rating::NotObservable);
    let table = Table {
        caption: words.t("capabilities-heading"),
        columns: vec![
            Column::left(words.t("column-rating")).mark(),
            Column::flex(words.t("column-capability")).main(),
            Column::right(words.t("column-points")),
            Column::flex(words.t("column-tasks")),
        ],
        rows: told.into_iter().map(row).collect(),
    };
    (table, blind.iter().map(|c| words.text(&c.title)).collect())
}

pub(super) fn severity(case: &Case<'_>, words: Words, doc: &mut Doc) {
    let result = &case.card.severity;
    let level = |level: &Option<crate::model::Name>| match level {
        Some(level) => case.severity(level, words),
        None => words.t("none"),
    };
    let simple = [
        ("severity-declared", level(&result.declared)),
        ("severity-expected", level(&result.expected)),
        ("severity-wrong", words.span(result.wrong)),
    ];
    doc.facts(simple.map(|(key, value)| (words.t(key), Cell::new(value))).into());
    let row = |entry: &crate::score::SeverityEntry| {
        let by = entry
            .by
            .as_ref()
            .map_or_else(|| words.t("who-unknown"), |by| role_name(case, by, words));
        vec![
            Cell::toned(case.offset(entry.at, words), Tone::Muted),
            Cell::new(case.severity(&entry.level, words)),
            Cell::new(by),
            Cell::toned(words.list(entry.reasons.iter().map(|r| case.say(r, words))), Tone::Muted),
        ]
    };
    if result.history.is_empty() {
        return;
    }
    doc.table(Table {
        caption: words.t("severity-heading"),
        columns: vec![
            Column::right(words.t("column-minute")),
            Column::left(words.t("column-level")),
            Column::flex(words.t("column-who")),
            Column::flex(words.t("column-reason")),
        ],
        rows: result.history.iter().map(row).collect(),
    });
}

/// A role's title, whether the name is written `pm` or `role:pm`.
fn role_name(case: &Case<'_>, by: &crate::model::Name, words: Words) -> String {
    match by.parse::<crate::model::Ref>() {
        Ok(by) => case.title(&by, words),
        Err(_) => case.role(by, words),
    }
}

/// Hard gates that failed, rules that were broken, and counts of what was done in error.
pub(super) fn conduct(case: &Case<'_>, words: Words, doc: &mut Doc) {
    let gates = &case.card.overall.gates;
    let mut items: Vec<Cell> = Vec::new();
    for (gate, evidence) in gates {
        let name = words.word("gate", gate);
        let args = [("gate", name.as_str()), ("events", &ids(evidence))];
        items.push(Cell::toned(words.f("gate-failed", &args), Tone::Bad));
    }
    if gates.is_empty() {
        items.push(Cell::toned(words.t("gates-none"), Tone::Good));
    }
    for v in &case.card.violations {
        let message = case.say(&v.message, words);
        let key = if v.unsafe_action { "violation-unsafe" } else { "violation" };
        let args =
            [("rule", v.rule.as_str()), ("message", &message), ("events", &ids(&v.evidence))];
        let tone = if v.unsafe_action { Tone::Bad } else { Tone::Poor };
        items.push(Cell::toned(words.f(key, &args), tone));
    }
    if case.card.violations.is_empty() {
        items.push(Cell::toned(words.t("violations-none"), Tone::Good));
    }
    items.extend(unanswered(case, words));
    doc.list(items);
    let c = &case.card.correctness;
    let counts = [
        ("correct-pages", c.false_pages),
        ("correct-declarations", c.false_declarations),
        ("correct-mitigations", c.false_mitigations),
        ("correct-hypotheses", c.wrong_hypotheses),
        ("correct-actions", c.false_actions),
        ("correct-decisions", c.failed_decisions),
    ];
    let count = |(key, n): (&str, u32)| {
        let tone = if n == 0 { Tone::Plain } else { Tone::Poor };
        (words.t(key), Cell::toned(n.to_string(), tone))
    };
    doc.facts(counts.map(count).into());
}

/// Who was asked and did not answer, each once, with how often.
fn unanswered(case: &Case<'_>, words: Words) -> Vec<Cell> {
    let all = &case.card.requests;
    if all.is_empty() {
        return Vec::new();
    }
    let mut open: Vec<(&crate::score::RequestResult, Vec<u32>)> = Vec::new();
    for one in all.iter().filter(|one| one.answered.is_none()) {
        match open.iter_mut().find(|(first, _)| first.to == one.to && first.channel == one.channel)
        {
            Some((_, events)) => events.extend(&one.evidence),
            None => open.push((one, one.evidence.clone())),
        }
    }
    if open.is_empty() {
        let n = all.len().to_string();
        return vec![Cell::toned(words.f("requests-answered", &[("n", &n)]), Tone::Good)];
    }
    let item = |(one, events): (&crate::score::RequestResult, Vec<u32>)| {
        let (who, n) = (case.title(&one.to, words), events.len().to_string());
        let channel = case.channel(&one.channel, words);
        let (at, events) = (case.offset(one.at, words), ids(&events));
        let args = [
            ("who", who.as_str()),
            ("n", &n),
            ("channel", &channel),
            ("at", &at),
            ("events", &events),
        ];
        Cell::toned(words.f("request-unanswered", &args), Tone::Poor)
    };
    open.into_iter().map(item).collect()
}

/// Ids of events for people: `#12, #13`; long lists end in how many more.
pub(super) fn ids(ids: &[u32]) -> String {
    if ids.is_empty() {
        return "–".to_owned();
    }
    let shown: Vec<String> = ids.iter().take(6).map(|id| format!("#{id}")).collect();
    let more = ids.len().saturating_sub(6);
    match more {
        0 => shown.join(" "),
        more => format!("{} +{more}", shown.join(" ")),
    }
}

fn time_cell(case: &Case<'_>, words: Words, at: Option<SimTime>) -> Cell {
    at.map_or_else(dash, |at| Cell::new(case.offset(at, words)))
}

pub(super) fn duties(case: &Case<'_>, words: Words) -> Table {
    let row = |duty: &crate::score::DutyResult| {
        let (state, tone) = match (duty.at, duty.due) {
            (Some(at), Some(due)) if at > due => ("duty-late", Tone::Poor),
            (Some(_), _) => ("duty-in-time", Tone::Good),
            (None, Some(due)) if due > case.timeline.header.end => ("duty-open", Tone::Unknown),
            (None, Some(_)) => ("duty-missing", Tone::Bad),
            (None, None) => ("duty-not-due", Tone::Unknown),
        };
        let field = |id: &crate::model::Name| case.field(&duty.duty, id, words);
        let mut notes = Vec::new();
        if !duty.missing.is_empty() {
            let fields = words.list(duty.missing.iter().map(field));
            notes.push(words.f("duty-fields-missing", &[("fields", &fields)]));
        }
        if !duty.preliminary.is_empty() {
            let fields = words.list(duty.preliminary.iter().map(field));
            notes.push(words.f("duty-fields-preliminary", &[("fields", &fields)]));
        }
        vec![
            Cell::new(words.text(&duty.title)),
            Cell::badge(words.t(state), tone),
            time_cell(case, words, duty.at),
            time_cell(case, words, duty.due),
            Cell::toned(notes.join(" "), Tone::Muted),
        ]
    };
    Table {
        caption: words.t("duties-heading"),
        columns: vec![
            Column::flex(words.t("column-duty")).main(),
            Column::left(words.t("column-state")),
            Column::right(words.t("column-delivered")),
            Column::right(words.t("column-due")),
            Column::flex(words.t("column-note")),
        ],
        rows: case.card.duties.iter().map(row).collect(),
    }
}

pub(super) const fn outcome_word(outcome: StepOutcome) -> (&'static str, Tone) {
    match outcome {
        StepOutcome::Done => ("done", Tone::Good),
        StepOutcome::Late => ("late", Tone::Poor),
        StepOutcome::OutOfOrder => ("out_of_order", Tone::Poor),
        StepOutcome::Justified => ("justified", Tone::Fair),
        StepOutcome::Skipped => ("skipped", Tone::Bad),
        StepOutcome::Censored => ("censored", Tone::Unknown),
    }
}

/// How many steps went how, in the order of the outcomes.
pub(super) fn step_counts(case: &Case<'_>, words: Words) -> String {
    let all = [
        StepOutcome::Done,
        StepOutcome::Late,
        StepOutcome::OutOfOrder,
        StepOutcome::Justified,
        StepOutcome::Skipped,
        StepOutcome::Censored,
    ];
    let count = |outcome: &StepOutcome| {
        let n = case.card.steps.iter().filter(|s| s.outcome == *outcome).count();
        let word = words.word("step", outcome_word(*outcome).0);
        (n > 0).then(|| words.f("step-count", &[("n", &n.to_string()), ("outcome", &word)]))
    };
    words.list(all.iter().filter_map(count))
}

pub(super) enum Which {
    All,
    Imperfect,
}

pub(super) fn steps(case: &Case<'_>, words: Words, which: &Which) -> Table {
    let wanted = |step: &&StepResult| match which {
        Which::All => true,
        Which::Imperfect => !matches!(step.outcome, StepOutcome::Done | StepOutcome::Censored),
    };
    let row = |step: &StepResult| {
        let (word, tone) = outcome_word(step.outcome);
        let mut title = words.text(&step.title);
        if let Some(on) = &step.on {
            title = words.f("story-about", &[("about", on), ("what", &title)]);
        }
        if step.critical {
            title = words.f("step-critical", &[("step", &title)]);
        }
        if step.failed_attempts > 0 {
            let n = step.failed_attempts.to_string();
            title = words.f("step-attempts", &[("step", &title), ("n", &n)]);
        }
        vec![
            Cell::badge(words.word("step", word), tone),
            Cell::new(title),
            time_cell(case, words, step.at),
            time_cell(case, words, step.due),
        ]
    };
    Table {
        caption: words.t("steps-heading"),
        columns: vec![
            Column::left(words.t("column-state")),
            Column::flex(words.t("column-step")).main(),
            Column::right(words.t("column-done")),
            Column::right(words.t("column-due")),
        ],
        rows: case.card.steps.iter().filter(wanted).map(row).collect(),
    }
}

/// Which alerts a table shows.
pub(super) enum Fired {
    All,
    Pages,
}

/// Alerts that fired.
pub(super) fn alert_table(case: &Case<'_>, words: Words, which: &Fired) -> Table {
    let wanted = |a: &super::case::AlertRun| {
        a.firing.is_some() && (matches!(which, Fired::All) || &*a.severity == "page")
    };
    let fired = alerts(case.timeline).into_iter().filter(wanted);
    let row = |a: super::case::AlertRun| {
        let severity = words.word("alert", &a.severity);
        let spent = a.spent.map_or_else(dash, |spent| Cell::new(words.percent(spent)));
        let resolved = match a.resolved {
            Some(at) => Cell::new(case.offset(at, words)),
            None => Cell::toned(words.t("still-firing"), Tone::Poor),
        };
        vec![
            Cell::new(a.slo.to_string()),
            Cell::new(a.tier.to_string()),
            Cell::new(severity),
            time_cell(case, words, a.firing),
            resolved,
            spent,
        ]
    };
    Table {
        caption: words.t("alerts-heading"),
        columns: vec![
            Column::flex(words.t("column-slo")).main(),
            Column::left(words.t("column-tier")),
            Column::left(words.t("column-alert-kind")),
            Column::right(words.t("column-firing")),
            Column::right(words.t("column-resolved")),
            Column::right(words.t("column-budget")),
        ],
        rows: fired.map(row).collect(),
    }
}

/// The 15 milestones.
pub(super) fn milestones(case: &Case<'_>, words: Words) -> Table {
    let row = |m: &crate::score::Milestone| {
        let (state, tone) = match m.state {
            MilestoneState::Observed => ("milestone-state-observed", Tone::Good),
            MilestoneState::NotReached => ("milestone-state-not-reached", Tone::Bad),
            MilestoneState::NotObservable => ("milestone-state-not-observable", Tone::Unknown),
        };
        let source = m.source.map(|source| words.word("detection", source.as_str()));
        let why = source.unwrap_or_else(|| reason(m.reason, words));
        vec![
            Cell::new(words.word("milestone", m.name)),
            time_cell(case, words, m.at),
            Cell::new(m.at.map_or_else(String::new, |at| case.clock(at))),
            Cell::toned(words.t(state), tone),
            Cell::toned(why, Tone::Muted),
        ]
    };
    Table {
        caption: words.t("milestones-heading"),
        columns: vec![
            Column::flex(words.t("column-milestone")).main(),
            Column::right(words.t("column-minute")),
            Column::left(words.t("column-clock")),
            Column::left(words.t("column-state")),
            Column::flex(words.t("column-note")),
        ],
        rows: case.card.milestones.iter().map(row).collect(),
    }
}
