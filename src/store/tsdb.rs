//! What `promtool tsdb dump` and `promtool tsdb dump-openmetrics` print: one sample per line.
//!
//! `dump` writes `{__name__="up", job="a"} 1 1791162000000` with milliseconds, `dump-openmetrics`
//! writes `up{job="a"} 1 1791162000.000` with exactly three digits of a second, which OpenMetrics
//! itself would refuse for the blank between the labels.

use super::content::Block;
use super::exposition::{Cursor, LabelStyle, labels_json, picoseconds, real};
use super::lines::{cut_line, texts};
use super::metric_rows::{Kept, instant, push};
use super::shape::Shape;
use super::table::{Rows, excerpt};

/// Whether a text is a line of a dump.
pub(super) fn is_dump(text: &str) -> bool {
    sample(text).is_ok()
}

/// Reads a block of lines.
pub(super) fn rows(block: &Block, shape: &Shape, places: &[usize]) -> Rows {
    let mut rows = Rows::of(shape);
    let cut = cut_line(block);
    for (number, text) in texts(block) {
        match text {
            Err(shown) => rows.refuse(number, "", "not UTF-8".to_owned(), &shown),
            Ok(text) if text.starts_with('#') => rows.notes += 1,
            Ok(text) if cut == Some(number) => {
                let reason = "the last line has no line feed: it may be cut".to_owned();
                rows.refuse(number, "", reason, text);
            }
            Ok(text) => match sample(text).and_then(|kept| Ok((at(&kept)?, kept))) {
                Ok((ts, kept)) => push(&mut rows, places, number, ts, &kept),
                Err(reason) => rows.refuse(number, "", reason, text),
            },
        }
    }
    rows
}

fn at(kept: &Kept<'_>) -> Result<i64, String> {
    instant(kept.us.unwrap_or_default())
}

fn sample(text: &str) -> Result<Kept<'_>, String> {
    let mut cursor = Cursor { rest: text };
    let named = cursor.metric_name();
    let mut labels = Vec::new();
    if cursor.take("{") {
        labels = cursor.labels(LabelStyle::Go)?;
    } else if named.is_none() {
        return Err("the name is wrong or missing".to_owned());
    }
    let name = match named {
        Some(name) => name.into(),
        None => {
            let place = labels.iter().position(|(name, _)| name == "__name__");
            labels.remove(place.ok_or("the label `__name__` is missing")?).1
        }
    };
    if cursor.rest.starts_with(" {") {
        return Err("a native histogram, which is not read".to_owned());
    }
    if !cursor.take(" ") {
        return Err("the value is missing".to_owned());
    }
    let value = real(cursor.word())?;
    if !cursor.take(" ") {
        return Err("the instant is missing".to_owned());
    }
    let at = cursor.word();
    let wrong = || format!("`{}` is no instant of a dump", excerpt(at));
    let us = if named.is_some() {
        // Any other number of digits is not promtool's, and could be milliseconds.
        let thousandths = at.split_once('.').is_some_and(|(_, fraction)| fraction.len() == 3);
        let seconds = picoseconds(at).filter(|_| thousandths).ok_or_else(wrong)?;
        seconds.div_euclid(1_000_000)
    } else {
        i128::from(at.parse::<i64>().map_err(|_| wrong())?) * 1000
    };
    if !cursor.rest.is_empty() {
        return Err("something follows the sample".to_owned());
    }
    let labels = labels_json(&labels);
    Ok(Kept { name, value, labels, kind: None, unit: None, us: Some(us), exemplar: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        sample(text).map(|k| format!("{} {} {} {}", k.name, k.labels, k.value, k.us.unwrap()))
    }

    #[test]
    fn both_dumps_are_the_same_sample() {
        let want = "up {\"a\":\"1\",\"b\":\"q\\\"\"} -0.5 1791162000500000";
        assert_eq!(read(r#"{__name__="up", b="q\"", a="1"} -0.5 1791162000500"#).unwrap(), want);
        assert_eq!(read(r#"up{b="q\"", a="1"} -5e-1 1791162000.500"#).unwrap(), want);
        assert_eq!(read("up{} +Inf 0.000").unwrap(), "up {} inf 0");
    }

    #[test]
    fn what_is_no_dump_is_refused() {
        for bad in [
            "up{} 1 1791162000",
            "up 1",
            r#"{a="1"} 1 5"#,
            r#"{__name__="up"} 1 5.000"#,
            r#"{__name__="up"} {count:1, sum:2} 5"#,
            r#"{__name__="up",a="1"} 1 5"#,
            r#"{__name__="up"} 1 5 6"#,
            r#"{__name__="up"} x 5"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
