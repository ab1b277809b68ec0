//! Instants in columns of Parquet, as SQL in microseconds since 1970.

use std::fmt::Write as _;

use chrono::TimeZone as _;
use duckdb::Connection;

use super::error::Error;
use super::instant::Clock;
use super::parquet::instant_of;
use crate::model::EpochUnit;
use crate::units::Zone;

/// Instants beyond are of a wrong unit: years 1700 to 2261 or so.
const RANGE: &str = "9000000000000000";

/// SQL over a query that has the column as `t`.
pub(super) struct Instants {
    /// The instant, null where there is none.
    pub(super) us: String,
    /// Why there is none.
    pub(super) why: String,
    /// What else must be joined.
    pub(super) join: String,
}

impl Instants {
    /// The instants of a column of DuckDB's type `sql_type` in the query `plain`; `None` when the
    /// type can hold none.
    pub(super) fn of(
        db: &Connection,
        plain: &str,
        sql_type: &str,
        clock: Clock,
    ) -> Result<Option<Self>, Error> {
        let whole = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UINTEGER", "UBIGINT"];
        let found = match sql_type {
            "TIMESTAMP WITH TIME ZONE" => Self::simple("epoch_us(t)", true),
            stamp if stamp.starts_with("TIMESTAMP") || stamp == "DATE" => {
                let local = "epoch_us(t::TIMESTAMP)";
                match clock.zone == Zone::UTC {
                    true => Self::simple(local, true),
                    false => Self::local(db, plain, local, clock.zone)?,
                }
            }
            number if whole.contains(&number) => Self::simple(&epoch(clock.unit, false), false),
            "DOUBLE" | "FLOAT" => Self::simple(&epoch(clock.unit, true), false),
            decimal if decimal.starts_with("DECIMAL") => {
                Self::simple(&epoch(clock.unit, true), false)
            }
            "VARCHAR" => Self::texts(db, plain, clock)?,
            _ => return Ok(None),
        };
        Ok(Some(found))
    }

    /// `us` is the instant; of a time stamp it may be out of range.
    fn simple(us: &str, stamp: bool) -> Self {
        let bounded =
            format!("CASE WHEN isfinite(t) AND {us} > -{RANGE} AND {us} < {RANGE} THEN {us} END");
        Self {
            us: if stamp { bounded } else { us.to_owned() },
            why: "CASE WHEN t IS NULL THEN 'is missing' \
                  ELSE '`' || left(t::VARCHAR, 100) || '` is out of range' END"
                .to_owned(),
            join: String::new(),
        }
    }

    /// Instants on a wall clock: each minute that occurs is looked up in the zone once.
    fn local(db: &Connection, plain: &str, local: &str, zone: Zone) -> Result<Self, Error> {
        let minute = format!("{local} // 60000000");
        let mut query = db.prepare(&format!(
            "SELECT DISTINCT {minute} FROM ({plain}) WHERE t IS NOT NULL AND isfinite(t)"
        ))?;
        let minutes: Vec<i64> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        make_table(db, "BIGINT")?;
        let mut appender = db.appender("_instants")?;
        for minute in minutes {
            let (offset, why) = match offset_at(zone, minute) {
                Some(offset) => (Some(offset), None),
                None => (None, Some(format!("does not exist in {zone}"))),
            };
            appender.append_row(duckdb::params![minute, offset, why])?;
        }
        appender.flush()?;
        let at = format!("({local} - k.us)");
        Ok(Self {
            us: format!("CASE WHEN {at} > -{RANGE} AND {at} < {RANGE} THEN ({at})::BIGINT END"),
            why: "CASE WHEN t IS NULL THEN 'is missing' ELSE '`' || left(t::VARCHAR, 100) || '` ' \
                  || coalesce(k.why, 'is out of range') END"
                .to_owned(),
            join: format!(
                " LEFT JOIN _instants AS k ON isfinite(f.t) AND k.key = {}",
                minute.replace("(t::", "(f.t::")
            ),
        })
    }

    /// Instants as texts: each text that occurs is read once.
    fn texts(db: &Connection, plain: &str, clock: Clock) -> Result<Self, Error> {
        let mut query =
            db.prepare(&format!("SELECT DISTINCT t FROM ({plain}) WHERE t IS NOT NULL"))?;
        let texts: Vec<String> =
            query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        make_table(db, "VARCHAR")?;
        let mut appender = db.appender("_instants")?;
        for text in texts {
            let (us, why) = match instant_of(clock, &text) {
                Ok(us) => (Some(us), None),
                Err(why) => (None, Some(why)),
            };
            appender.append_row(duckdb::params![text, us, why])?;
        }
        appender.flush()?;
        Ok(Self {
            us: "k.us".to_owned(),
            why: "coalesce(k.why, 'is missing')".to_owned(),
            join: " LEFT JOIN _instants AS k ON k.key = f.t".to_owned(),
        })
    }
}

fn make_table(db: &Connection, key: &str) -> Result<(), duckdb::Error> {
    db.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE _instants (key {key}, us BIGINT, why VARCHAR)"
    ))
}

/// How many microseconds a wall clock is ahead in this minute of it; of an hour that comes twice
/// the first, and `None` in one that is skipped.
fn offset_at(zone: Zone, minute: i64) -> Option<i64> {
    let naive = chrono::DateTime::from_timestamp(minute.checked_mul(60)?, 0)?.naive_utc();
    let at = zone.tz().from_local_datetime(&naive).earliest()?;
    Some(minute * 60_000_000 - at.timestamp_micros())
}

/// Numbers as microseconds, of a unit that is given or told from their size; null out of range.
fn epoch(unit: Option<EpochUnit>, fraction: bool) -> String {
    let of = |unit| {
        let (most, whole, broken) = match unit {
            EpochUnit::Seconds => ("9000000000", "t::BIGINT * 1000000", "t::DOUBLE * 1e6"),
            EpochUnit::Milliseconds => ("9000000000000", "t::BIGINT * 1000", "t::DOUBLE * 1e3"),
            EpochUnit::Microseconds => (RANGE, "t::BIGINT", "t::DOUBLE"),
            EpochUnit::Nanoseconds => {
                let floor = "(t::BIGINT - (t::BIGINT % 1000 + 1000) % 1000) // 1000";
                ("9000000000000000000", floor, "t::DOUBLE * 1e-3")
            }
        };
        let value = if fraction { format!("round({broken})::BIGINT") } else { whole.to_owned() };
        format!("CASE WHEN t > -{most} AND t < {most} THEN {value} END")
    };
    if let Some(unit) = unit {
        return format!("({})", of(unit));
    }
    let mut text = "(CASE".to_owned();
    let steps = [
        ("100000000000", EpochUnit::Seconds),
        ("100000000000000", EpochUnit::Milliseconds),
        ("100000000000000000", EpochUnit::Microseconds),
    ];
    for (below, unit) in steps {
        write!(text, " WHEN t > -{below} AND t < {below} THEN {}", of(unit))
            .expect("invariant: writing to a string never fails");
    }
    write!(text, " ELSE {} END)", of(EpochUnit::Nanoseconds))
        .expect("invariant: writing to a string never fails");
    text
}
