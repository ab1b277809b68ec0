//! Whether the engines work here, for `drill doctor`.

use duckdb::Connection;
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, Series};

/// What one engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineProbe {
    /// Name.
    pub name: &'static str,
    /// Version, where it answered.
    pub version: Option<String>,
    /// What was tried.
    pub tried: &'static str,
    /// Why it does not work; `None` when it does.
    pub problem: Option<String>,
}

/// Tries each engine with a small piece of real work.
pub fn probe_engines() -> Vec<EngineProbe> {
    vec![
        duckdb_probe(),
        duckdb_part("json", "SELECT json_extract('{\"a\": 7}', '$.a')::INT"),
        polars_probe(),
    ]
}

fn duckdb_probe() -> EngineProbe {
    let tried = "an in-memory database adds three numbers";
    let answer = (|| {
        let db = Connection::open_in_memory()?;
        let sum: i64 =
            db.query_row("SELECT sum(i)::BIGINT FROM range(1, 4) t(i)", [], |r| r.get(0))?;
        Ok::<_, duckdb::Error>((db.version()?, sum))
    })();
    match answer {
        Ok((version, 6)) => {
            EngineProbe { name: "duckdb", version: Some(version), tried, problem: None }
        }
        Ok((version, sum)) => EngineProbe {
            name: "duckdb",
            version: Some(version),
            tried,
            problem: Some(format!("1 + 2 + 3 came out as {sum}")),
        },
        Err(error) => {
            EngineProbe { name: "duckdb", version: None, tried, problem: Some(error.to_string()) }
        }
    }
}

fn duckdb_part(name: &'static str, sql: &str) -> EngineProbe {
    let tried = "DuckDB reads a JSON value";
    let answer: Result<i64, _> =
        Connection::open_in_memory().and_then(|db| db.query_row(sql, [], |row| row.get(0)));
    let problem = match answer {
        Ok(7) => None,
        Ok(other) => Some(format!("7 came out as {other}")),
        Err(error) => Some(error.to_string()),
    };
    EngineProbe { name, version: None, tried, problem }
}

fn polars_probe() -> EngineProbe {
    let column: Column = Series::new("n".into(), [1i64, 2, 3]).into_column();
    let sum = DataFrame::new_infer_height(vec![column])
        .and_then(|frame| frame.column("n")?.as_materialized_series().sum::<i64>());
    let problem = match sum {
        Ok(6) => None,
        Ok(sum) => Some(format!("1 + 2 + 3 came out as {sum}")),
        Err(error) => Some(error.to_string()),
    };
    let version = Some(polars::VERSION.to_owned());
    EngineProbe { name: "polars", version, tried: "a frame adds three numbers", problem }
}

#[cfg(test)]
mod tests {
    #[test]
    fn engines_work_where_the_tests_run() {
        for probe in super::probe_engines() {
            assert_eq!(probe.problem, None, "{}", probe.name);
        }
    }
}
