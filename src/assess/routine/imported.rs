//! Results of other tools, read from the JSON that they write.

use serde_json::Value;

use crate::model::FindingLevel;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) level: FindingLevel,
    pub(super) text: String,
}

/// The findings of a result, the gravest first; `None` when it is of no known form.
///
/// Known are Trivy (`Results[].Vulnerabilities[]`, `Misconfigurations[]`, `Secrets[]`), `pip list
/// --outdated --format json`, `pip-audit --format json`, and drill's own `drill.findings/1` with
/// `findings[] {level, text}`.
pub(super) fn findings(text: &str) -> Option<Vec<Found>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let mut found = match &document {
        Value::Array(list) => outdated(list)?,
        _ if document["schema"] == "drill.findings/1" => own(&document)?,
        _ if document["dependencies"].is_array() => audited(&document)?,
        _ if document["SchemaVersion"].is_number() => trivy(&document),
        _ => return None,
    };
    found.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.text.cmp(&b.text)));
    found.dedup();
    Some(found)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

fn own(document: &Value) -> Option<Vec<Found>> {
    let list = document["findings"].as_array()?;
    let one = |value: &Value| Found {
        level: FindingLevel::from_word(word(&value["level"])),
        text: word(&value["text"]).to_owned(),
    };
    Some(list.iter().map(one).collect())
}

/// A result without findings has no such lists at all.
fn trivy(document: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    for result in document["Results"].as_array().into_iter().flatten() {
        for (list, id) in [
            ("Vulnerabilities", "VulnerabilityID"),
            ("Misconfigurations", "ID"),
            ("Secrets", "RuleID"),
        ] {
            for one in result[list].as_array().into_iter().flatten() {
                if one["Status"] == "PASS" {
                    continue;
                }
                let what = one["PkgName"].as_str().or_else(|| result["Target"].as_str());
                found.push(Found {
                    level: FindingLevel::from_word(word(&one["Severity"])),
                    text: format!("{} {}", word(&one[id]), what.unwrap_or("-")),
                });
            }
        }
    }
    found
}

/// A newer release is no security update: it is listed as low.
fn outdated(list: &[Value]) -> Option<Vec<Found>> {
    let one = |value: &Value| {
        let (name, now) = (value["name"].as_str()?, value["version"].as_str()?);
        let latest = value["latest_version"].as_str()?;
        let text = format!("{name} {now} -> {latest}");
        Some(Found { level: FindingLevel::Low, text })
    };
    list.iter().map(one).collect()
}

/// Every vulnerability asks for a security update; pip-audit names no severity.
fn audited(document: &Value) -> Option<Vec<Found>> {
    let mut found = Vec::new();
    for one in document["dependencies"].as_array()? {
        for hole in one["vulns"].as_array().into_iter().flatten() {
            let fixed = hole["fix_versions"].as_array().and_then(|list| list.first());
            let fixed = fixed.map_or("-", word);
            let (id, name, now) = (word(&hole["id"]), word(&one["name"]), word(&one["version"]));
            let text = format!("{id} {name} {now} -> {fixed}");
            found.push(Found { level: FindingLevel::High, text });
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&[(FindingLevel, &str)]>) {
        let found = findings(text);
        let found: Option<Vec<(FindingLevel, String)>> =
            found.map(|list| list.into_iter().map(|one| (one.level, one.text)).collect());
        let expect = expect
            .map(|list| list.iter().map(|(level, text)| (*level, (*text).to_owned())).collect());
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn the_forms_of_known_tools_are_read() {
        use FindingLevel::{Critical, High, Low};
        check(
            r#"{"SchemaVersion":2,"Results":[{"Target":"a.lock","Vulnerabilities":[
                {"VulnerabilityID":"CVE-1","PkgName":"x","Severity":"LOW"},
                {"VulnerabilityID":"CVE-2","PkgName":"y","Severity":"CRITICAL"}]},
                {"Target":"b"}]}"#,
            Some(&[(Critical, "CVE-2 y"), (Low, "CVE-1 x")]),
        );
        check(r#"{"SchemaVersion":2}"#, Some(&[]));
        check(
            r#"[{"name":"rich","version":"13.0","latest_version":"14.0"}]"#,
            Some(&[(Low, "rich 13.0 -> 14.0")]),
        );
        check(
            r#"{"dependencies":[{"name":"a","version":"1","vulns":[{"id":"PYSEC-1","fix_versions":["2"]}]}]}"#,
            Some(&[(High, "PYSEC-1 a 1 -> 2")]),
        );
        check(
            r#"{"schema":"drill.findings/1","findings":[{"level":"moderate","text":"t"}]}"#,
            Some(&[(FindingLevel::Medium, "t")]),
        );
    }

    #[test]
    fn what_is_no_result_is_none() {
        for text in ["", "{}", "[1]", "not json", "\u{0}", r#"{"dependencies":3}"#] {
            check(text, None);
        }
    }
}
