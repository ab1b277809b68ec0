//! The tables of a periodic report.

use crate::assess::{
    Change, Contributor, DrillResult, LowItem, PeriodAlert, PeriodReport, PeriodSlo, StreamSummary,
};
use crate::report::doc::{Cell, Column, Table, Tone};
use crate::report::lang::Words;
use crate::report::slo::figures::{budget_cell, cell, level, minute, share, state_cell};
use crate::units::{SimTime, Zone};

/// Hours that are listed of all SLOs together.
const MOST_HOURS: usize = 8;

/// Change in points of a percent.
pub(super) fn change_cell(change: Change) -> Cell {
    match change {
        Change::Clear(delta) => {
            let tone = if delta < 0.0 { Tone::Bad } else { Tone::Good };
            Cell::toned(format!("{:+.3}", delta * 100.0), tone)
        }
        Change::Unclear => Cell::toned("≈", Tone::Muted),
        Change::Unknown(_) => Cell::toned("–", Tone::Unknown),
    }
}

pub(super) fn slos(slos: &[&PeriodSlo], words: Words) -> Table {
    let row = |slo: &&PeriodSlo| {
        vec![
            Cell::new(slo.status.spec.name.to_string()),
            cell(slo.now.sli, |sli| level(sli).into()),
            cell(slo.before.sli, |sli| level(sli).into()),
            change_cell(slo.change),
            Cell::new(level(slo.status.spec.target.as_f64())),
            budget_cell(slo.status.status.budget.remaining_ratio),
            cell(slo.spent, |spent| share(spent).into()),
            state_cell(slo.status.status.state, words),
        ]
    };
    Table {
        caption: words.t("period-slos"),
        columns: vec![
            Column::flex(words.t("slo-column-slo")).main(),
            Column::right(words.t("slo-column-sli")),
            Column::right(words.t("period-column-before")).wide(),
            Column::right(words.t("period-column-change")),
            Column::right(words.t("slo-column-target")),
            Column::right(words.t("slo-column-budget")),
            Column::right(words.t("slo-column-spent")),
            Column::left(words.t("slo-column-state")).mark(),
        ],
        rows: slos.iter().map(row).collect(),
    }
}

pub(super) fn alerts(alerts: &[&PeriodAlert], zone: Zone, words: Words) -> Table {
    let at = |at: Result<SimTime, _>| cell(at, |at| minute(at, zone).into());
    let rows = alerts.iter().map(|found| {
        let alert = &found.alert;
        let tone = if *alert.severity == *"page" { Tone::Bad } else { Tone::Poor };
        vec![
            Cell::new(alert.slo.to_string()),
            Cell::badge(alert.severity.to_string(), tone),
            Cell::new(alert.tier.to_string()),
            at(alert.episode.firing_at),
            at(alert.episode.resolved_at),
            cell(found.cost, |cost| share(cost).into()),
        ]
    });
    Table {
        caption: words.t("period-alerts"),
        columns: vec![
            Column::flex(words.t("slo-column-slo")),
            Column::left(words.t("slo-column-severity")),
            Column::left(words.t("slo-column-tier")),
            Column::left(words.t("slo-column-firing")),
            Column::left(words.t("slo-column-resolved")),
            Column::right(words.t("period-column-cost")),
        ],
        rows: rows.collect(),
    }
}

/// The hours that took most of any budget.
pub(super) fn hours(report: &PeriodReport, words: Words) -> Table {
    let zone = report.span.zone;
    let mut all: Vec<_> = report
        .slos
        .iter()
        .flat_map(|slo| slo.costliest.iter().map(|hour| (&slo.status.spec.name, hour)))
        .filter_map(|(name, hour)| hour.cost.ok().map(|cost| (cost, name, hour)))
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.from.cmp(&b.2.from)).then(a.1.cmp(b.1)));
    all.truncate(MOST_HOURS);
    let row = |(cost, name, hour): &(f64, &crate::model::Name, &crate::assess::Costly)| {
        vec![
            Cell::new(name.to_string()),
            Cell::new(minute(hour.from, zone)),
            Cell::new(format!("{:.0}", hour.bad)),
            Cell::new(format!("{:.0}", hour.total)),
            Cell::new(share(*cost)),
        ]
    };
    Table {
        caption: words.t("period-hours"),
        columns: vec![
            Column::flex(words.t("slo-column-slo")),
            Column::left(words.t("period-column-hour")),
            Column::right(words.t("slo-column-bad")),
            Column::right(words.t("slo-column-total")),
            Column::right(words.t("period-column-cost")),
        ],
        rows: all.iter().map(row).collect(),
    }
}

pub(super) fn contributors(list: &[Contributor], words: Words) -> Table {
    let row = |one: &Contributor| {
        vec![
            Cell::new(one.slo.to_string()),
            Cell::new(one.column.clone()),
            Cell::new(one.value.clone().unwrap_or_else(|| words.t("top-none"))),
            Cell::new(one.bad.to_string()),
            Cell::new(share(one.share)),
        ]
    };
    Table {
        caption: words.t("period-contributors"),
        columns: vec![
            Column::left(words.t("slo-column-slo")),
            Column::left(words.t("period-column-column")),
            Column::flex(words.t("slo-column-value")),
            Column::right(words.t("slo-column-bad")),
            Column::right(words.t("period-column-share")),
        ],
        rows: list.iter().map(row).collect(),
    }
}

pub(super) fn attainment(slos: &[&PeriodSlo], words: Words) -> Table {
    let row = |slo: &&PeriodSlo| {
        let found = &slo.attainment;
        vec![
            Cell::new(slo.status.spec.name.to_string()),
            Cell::new(level(slo.status.spec.target.as_f64())),
            cell(slo.now.sli, |sli| level(sli).into()),
            cell(found.worst_week, |sli| level(sli).into()),
            Cell::new(found.weeks.to_string()),
            cell(found.suggested, |target| level(target.as_f64()).into()),
        ]
    };
    Table {
        caption: words.t("period-attainment"),
        columns: vec![
            Column::flex(words.t("slo-column-slo")),
            Column::right(words.t("slo-column-target")),
            Column::right(words.t("period-column-attained")),
            Column::right(words.t("period-column-worst-week")),
            Column::right(words.t("period-column-weeks")),
            Column::right(words.t("period-column-suggested")),
        ],
        rows: slos.iter().map(row).collect(),
    }
}

pub(super) fn streams(list: &[StreamSummary], zone: Zone, words: Words) -> Table {
    let at = |at: Option<SimTime>| at.map_or_else(|| "–".to_owned(), |at| minute(at, zone));
    let row = |one: &StreamSummary| {
        let tone = if one.rejects > 0 { Tone::Poor } else { Tone::Plain };
        vec![
            Cell::new(one.name.to_string()),
            Cell::new(one.rows.to_string()),
            Cell::toned(one.rejects.to_string(), tone),
            Cell::new(one.duplicates.to_string()),
            Cell::new(at(one.last)),
        ]
    };
    Table {
        caption: words.t("period-streams"),
        columns: vec![
            Column::flex(words.t("period-column-stream")),
            Column::right(words.t("period-column-rows")),
            Column::right(words.t("period-column-rejects")),
            Column::right(words.t("period-column-duplicates")),
            Column::left(words.t("period-column-last")),
        ],
        rows: list.iter().map(row).collect(),
    }
}

pub(super) fn drills(list: &[&DrillResult], zone: Zone, words: Words) -> Table {
    let row = |one: &&DrillResult| {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        vec![
            Cell::new(minute(one.at, zone)),
            Cell::new(one.scenario.clone()),
            Cell::new(one.points.map_or_else(|| "–".to_owned(), |points| format!("{points:.1}"))),
            Cell::new(known(&one.severity)),
        ]
    };
    Table {
        caption: words.t("period-drills"),
        columns: vec![
            Column::left(words.t("period-column-held")),
            Column::flex(words.t("period-column-scenario")),
            Column::right(words.t("period-column-points")),
            Column::left(words.t("slo-column-severity")),
        ],
        rows: list.iter().map(row).collect(),
    }
}

pub(super) fn low(list: &[LowItem], zone: Zone, words: Words) -> Table {
    let row = |one: &LowItem| {
        vec![
            Cell::new(minute(one.at, zone)),
            Cell::new(one.text.clone()),
            Cell::new(one.stream.clone()),
        ]
    };
    Table {
        caption: words.t("period-low"),
        columns: vec![
            Column::left(words.t("period-column-since")),
            Column::flex(words.t("period-column-item")).main(),
            Column::left(words.t("period-column-stream")),
        ],
        rows: list.iter().map(row).collect(),
    }
}
