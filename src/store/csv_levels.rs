//! CSV whose columns have names of many levels, as pandas writes them: metrics in a table.
//!
//! Each level is a line that begins with its name; the line after them names the instants in its
//! first field and leaves the others empty. Then one line per instant follows. A level that is
//! called `metric` or `name` gives the names of the metrics, the others give labels.

use super::csv::fields;
use super::document::Document;
use super::exposition::{Labels, labels_json, real};
use super::instant::Clock;
use super::json::Value;
use super::metric_rows::{Kept, push};
use super::table::{Many, Rows, excerpt};

/// Most levels.
const MAX_LEVELS: usize = 8;

/// Whether a text begins with levels.
pub(super) fn is_levels(text: &str) -> bool {
    let clock = Clock { unit: None, zone: crate::units::Zone::UTC };
    let mut lines = text.lines().filter(|line| !line.trim_ascii().is_empty());
    header(&mut lines).is_ok_and(|levels| {
        let first = lines.next().and_then(fields);
        // A plain table whose first rows are empty has an instant where the last level has a name.
        let index = clock.instant(&Value::Text(levels.index.as_str().into()));
        levels.names.len() > 1
            && index.is_err()
            && first.is_some_and(|cells| {
                let at = cells.first().map(|cell| clock.instant(&Value::Text(cell.clone())));
                cells.len() == levels.series.len() + 1 && at.is_some_and(|at| at.is_ok())
            })
    })
}

struct Levels {
    names: Vec<String>,
    /// What the first column is called.
    index: String,
    /// Of each column but the first: its name and its labels.
    series: Vec<(Option<String>, String)>,
}

fn header<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Levels, String> {
    let mut names = Vec::new();
    let mut levels: Vec<Vec<String>> = Vec::new();
    let index = loop {
        let cells = lines.next().and_then(fields).ok_or("the header is not readable")?;
        let mut cells = cells.into_iter().map(|cell| cell.trim().to_owned());
        let name = cells.next().filter(|name| !name.is_empty());
        let name = name.ok_or("a level of the header has no name")?;
        let cells: Vec<String> = cells.collect();
        if levels.first().is_some_and(|first| first.len() != cells.len()) {
            return Err("the levels of the header are not equally long".to_owned());
        }
        if cells.iter().all(String::is_empty) {
            break name;
        }
        if levels.len() == MAX_LEVELS {
            return Err(format!("the header has more than {MAX_LEVELS} levels"));
        }
        names.push(name);
        levels.push(cells);
    };
    let of_name = names.iter().position(|name| name == "metric" || name == "name");
    let columns = levels.first().map_or(0, Vec::len);
    let series = (0..columns).map(|column| {
        let cell = |level: usize| levels[level][column].as_str();
        let labels: Labels<'_> = (0..names.len())
            .filter(|level| Some(*level) != of_name)
            .map(|level| (names[level].as_str().into(), cell(level).into()))
            .collect();
        (of_name.map(|level| cell(level).to_owned()), labels_json(&labels))
    });
    Ok(Levels { series: series.collect(), index, names })
}

/// Reads the table.
///
/// # Errors
/// Byte and reason, when its header is none.
pub(super) fn read(
    document: &Document<'_>,
    stream: &str,
    clock: Clock,
    places: &[usize],
    rows: &mut Rows,
) -> Result<(), (usize, String)> {
    let mut lines = document.text.lines().filter(|line| !line.trim_ascii().is_empty());
    let levels = header(&mut lines).map_err(|reason| (0, reason))?;
    rows.notes += levels.names.len() as u64 + 1;
    let mut many = Many::default();
    for line in lines {
        let at = line.as_ptr() as usize - document.text.as_ptr() as usize;
        let number = document.line_of(at);
        let instant = |cells: &[std::borrow::Cow<'_, str>]| match cells.first() {
            Some(cell) if cells.len() == levels.series.len() + 1 => {
                clock.instant(&Value::Text(cell.clone()))
            }
            _ => Err(format!("{} fields, the header has {}", cells.len(), levels.series.len() + 1)),
        };
        let cells = fields(line).ok_or_else(|| "a quote is not closed or not alone".to_owned());
        let (ts, cells) = match cells.and_then(|cells| Ok((instant(&cells)?, cells))) {
            Ok(found) => found,
            Err(reason) => {
                many.refused += 1;
                rows.refuse(number, "", reason, line);
                continue;
            }
        };
        many.read += 1;
        for (cell, (name, labels)) in cells.iter().skip(1).zip(&levels.series) {
            if cell.trim().is_empty() {
                rows.leave_out("empty cells", 1);
                continue;
            }
            match real(cell.trim()) {
                Ok(value) => {
                    let kept = Kept {
                        name: name.as_deref().unwrap_or(stream).into(),
                        value,
                        labels: labels.clone(),
                        kind: None,
                        unit: None,
                        us: None,
                        exemplar: false,
                    };
                    push(rows, places, number, ts, &kept);
                }
                Err(reason) => rows.refuse(number, labels, reason, &excerpt(cell)),
            }
        }
    }
    rows.many = Some(many);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_told_from_a_plain_header() {
        assert!(is_levels("a,x,y\nmetric,m,m\nts,,\n1791162000,1,2\n"));
        assert!(!is_levels("ts,x,y\n1791162000,1,2\n"));
        assert!(!is_levels("ts,x\n1791162000,\n1791162060,1\n"));
        assert!(!is_levels("ts,x\n1791162000,5\n1791162060,\n1791162120,1\n"));
        assert!(!is_levels("ts,,\n1791162000,1,2\n"));
        assert!(!is_levels("a,x\nmetric,m,m\nts,,\n1791162000,1,2\n"));
    }
}
