//! The samples by name.

use super::{context, orchestrator};

/// A real access log, compressed.
const ACCESS_LOG: &[u8] = include_bytes!("../../../data/samples/access.log.zst");
/// Bytes of [`ACCESS_LOG`] once it is unpacked; never more are read.
const ACCESS_LOG_BYTES: usize = 2_370_789;

/// One file of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleFile {
    /// Path within the folder, with `/`.
    pub path: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What a sample holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its name.
    pub name: &'static str,
    /// One line on it.
    pub title: &'static str,
    /// Commands to go on with.
    pub next: &'static [&'static str],
}

/// All samples.
pub const SAMPLES: [Sample; 3] = [
    Sample {
        name: "web-access",
        title: "10,000 lines of a real web site's access log, four days of 2015",
        next: &["drill data ingest access.log --stream access", "drill slo status"],
    },
    Sample {
        name: "context-optimization",
        title: "35 days of made-up metrics.jsonl in the shape of the runbook",
        next: &["drill data ingest metrics.jsonl --stream metrics", "drill slo status"],
    },
    Sample {
        name: "orchestrator-cc",
        title: "35 days of made-up agent states and host metrics",
        next: &[
            "drill data ingest agents.jsonl --stream agents",
            "drill data ingest host.csv --stream host",
            "drill slo status",
        ],
    },
];

/// The files of the sample `name`, its SLOs among them; `None` when there is none of that name.
pub fn sample(name: &str) -> Option<Vec<SampleFile>> {
    let mut files = streams(name)?;
    let (path, text) = match name {
        "web-access" => {
            ("slos/web-access.yaml", include_str!("../../../data/slos/web-access.yaml"))
        }
        "context-optimization" => (
            "slos/context-optimization.yaml",
            include_str!("../../../data/slos/context-optimization.yaml"),
        ),
        _ => ("slos/orchestrator-cc.yaml", include_str!("../../../data/slos/orchestrator-cc.yaml")),
    };
    files.push(SampleFile { path, bytes: text.into() });
    Some(files)
}

fn streams(name: &str) -> Option<Vec<SampleFile>> {
    match name {
        "web-access" => {
            let bytes = zstd::bulk::decompress(ACCESS_LOG, ACCESS_LOG_BYTES)
                .expect("invariant: the embedded log is whole, a test unpacks it");
            Some(vec![SampleFile { path: "access.log", bytes }])
        }
        "context-optimization" => {
            Some(vec![SampleFile { path: "metrics.jsonl", bytes: context::metrics() }])
        }
        "orchestrator-cc" => Some(vec![
            SampleFile { path: "agents.jsonl", bytes: orchestrator::agents() },
            SampleFile { path: "host.csv", bytes: orchestrator::host() },
        ]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_is_there_and_the_same_each_time() {
        for known in SAMPLES {
            let files = sample(known.name).unwrap();
            let streams = files.iter().filter(|file| !file.path.starts_with("slos/"));
            assert!(streams.clone().count() > 0, "{}", known.name);
            assert!(streams.clone().all(|file| file.bytes.len() > 100_000), "{}", known.name);
            assert_eq!(sample(known.name).unwrap(), files);
        }
        assert_eq!(sample("nothing"), None);
        let log = sample("web-access").unwrap().remove(0).bytes;
        assert_eq!(log.iter().filter(|byte| **byte == b'\n').count(), 10_000);
    }
}
