//! The SLOs of a system as OpenSLO, on the slices that a drill of it records.

use super::import::{length, scalar};
use crate::model::{Period, System, SystemSlo, Tier};

/// OpenSLO v1 of the system's SLOs, one document each, in their order. Their indicators are the
/// slices in `stream`, as a drill's `telemetry.parquet` has them: what a drill's timeline says of
/// alerts, `drill slo alerts` says again from that stream.
pub fn system_slos_yaml(system: &System, stream: &str) -> String {
    let head = format!(
        "# SLOs of the system `{}`, on the slices that its drills record. To see their alerts again:\n\
         #   drill data ingest --stream {stream} telemetry.parquet\n\
         #   drill slo alerts --spec slos.yaml\n",
        system.name
    );
    let documents: Vec<String> = system.slos.iter().map(|slo| document(slo, stream)).collect();
    format!("{head}{}", documents.join("---\n"))
}

fn document(slo: &SystemSlo, stream: &str) -> String {
    let spec = &slo.spec;
    let tiers: Vec<String> = spec.tiers.iter().map(Tier::written).collect();
    let tiers = if tiers.is_empty() { "none".to_owned() } else { tiers.join("; ") };
    let period = match spec.period {
        Period::Rolling(period) => period,
        calendar => calendar.nominal(),
    };
    let name = scalar(&spec.name);
    let rows = format!("metric = '{}'", spec.name.replace('\'', "''"));
    let source = |value: &str| {
        format!(
            "metricSource:\n            type: drill\n            spec: {{ stream: {}, where: {}, \
             value: {value}, aggregate: sum }}",
            scalar(stream),
            scalar(&rows)
        )
    };
    format!(
        "apiVersion: openslo/v1\n\
         kind: SLO\n\
         metadata:\n  name: {name}\n  annotations:\n    drill/tiers: {}\n    \
         drill/alert-when-no-data: \"{}\"\n\
         spec:\n  service: {}\n  indicator:\n    metadata:\n      name: {name}\n    spec:\n      \
         ratioMetric:\n        counter: false\n        good:\n          {}\n        \
         total:\n          {}\n  \
         timeWindow:\n    - duration: {}\n      isRolling: true\n  \
         budgetingMethod: Occurrences\n  objectives:\n    - target: {}\n",
        scalar(&tiers),
        spec.alert_when_no_data,
        scalar(&spec.service),
        source("good"),
        source("total"),
        length(period),
        spec.target
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceText;
    use crate::load::{Catalog, Kind, openslo};

    #[test]
    fn what_is_written_reads_as_the_same_objectives() {
        let catalog = Catalog::new(None);
        for name in catalog.names(Kind::System) {
            let system = catalog.system(&name).unwrap().value;
            let yaml = system_slos_yaml(&system, "telemetry");
            let read = openslo(&[SourceText::new("slos.yaml", yaml.clone())]);
            let read = read.unwrap_or_else(|errors| panic!("{yaml}\n{errors}"));
            assert!(read.warnings.list.is_empty(), "{:?}", read.warnings);
            assert_eq!(read.value.len(), system.slos.len());
            for (definition, slo) in read.value.iter().zip(&system.slos) {
                assert_eq!(definition.objectives[0].spec, slo.spec, "{yaml}");
            }
        }
    }
}
