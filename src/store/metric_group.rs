//! Samples of one metric in an OpenMetrics text: in order, once, and with buckets that add up.

use std::collections::BTreeSet;

use super::exposition::{Fault, FaultScope, Sample, real};

/// The samples with one set of labels, which stand together.
pub(super) struct Group {
    /// Their labels.
    pub(super) key: String,
    last_line: u64,
    instant: Option<i128>,
    /// Names and labels of the samples at this instant.
    samples: BTreeSet<String>,
    point: Option<Point>,
    pub(super) faults: Vec<Fault>,
}

impl Group {
    pub(super) fn new(key: String, line: u64, instant: Option<i128>, point: Option<Point>) -> Self {
        let (samples, faults) = (BTreeSet::new(), Vec::new());
        Self { key, last_line: line, instant, samples, point, faults }
    }

    /// One more sample, not earlier than those before it where the type keeps to time.
    pub(super) fn join(
        &mut self,
        line: u64,
        instant: Option<i128>,
        keeps_to_time: bool,
    ) -> Result<(), String> {
        if self.instant.is_some() != instant.is_some() {
            return Err("some samples of this metric have an instant and others have none".into());
        }
        if keeps_to_time && instant < self.instant {
            return Err("the instant is before that of the sample above".to_owned());
        }
        if instant != self.instant {
            self.close_point();
            self.instant = instant;
            self.samples.clear();
        }
        self.last_line = line;
        Ok(())
    }

    pub(super) fn add(
        &mut self,
        line: u64,
        suffix: &str,
        sample: &Sample<'_>,
        labels: &str,
    ) -> Result<(), String> {
        if !self.samples.insert(format!("{}{labels}", sample.name)) {
            return Err("the sample is there already".to_owned());
        }
        if let Some(point) = &mut self.point
            && let Err(reason) = point.add(suffix, sample)
        {
            self.faults.push(Fault { line, scope: FaultScope::Text, reason });
        }
        Ok(())
    }

    /// The same without the sums that no longer hold when one of its lines was refused.
    pub(super) fn damaged(mut self) -> Self {
        self.point = None;
        self
    }

    fn close_point(&mut self) {
        if let Some(point) = &mut self.point {
            let (line, scope) = (self.last_line, FaultScope::Text);
            let reasons = std::mem::replace(point, Point::new(&point.family)).end();
            self.faults.extend(reasons.into_iter().map(|reason| Fault { line, scope, reason }));
        }
    }

    /// Faults that show only when the group is whole.
    pub(super) fn end(mut self) -> Vec<Fault> {
        self.close_point();
        self.faults
    }
}

/// A histogram at one instant.
pub(super) struct Point {
    family: String,
    last: Option<(f64, f64)>,
    count: Option<f64>,
    sum: Option<f64>,
    /// Whether only its time of creation is there.
    empty: bool,
    negative: bool,
    gauge: bool,
}

impl Point {
    pub(super) fn new(family: &str) -> Self {
        Self {
            family: family.to_owned(),
            last: None,
            count: None,
            sum: None,
            empty: true,
            negative: false,
            gauge: false,
        }
    }

    fn add(&mut self, suffix: &str, sample: &Sample<'_>) -> Result<(), String> {
        self.empty &= suffix == "_created";
        match suffix {
            "_count" | "_gcount" => self.count = Some(sample.value),
            "_sum" | "_gsum" => {
                self.sum = Some(sample.value);
                self.gauge = suffix == "_gsum";
            }
            "_bucket" => {
                let le = sample.labels.iter().find(|(name, _)| name == "le");
                let bound = le.and_then(|(_, le)| real(le).ok());
                let bound = bound.expect("invariant: a bucket without a bound was refused");
                self.negative |= bound < 0.0;
                if let Some((before, value)) = self.last.replace((bound, sample.value)) {
                    if bound <= before {
                        return Err(format!("the buckets of `{}` do not ascend", self.family));
                    }
                    if sample.value < value {
                        return Err(format!(
                            "a bucket of `{}` holds less than one in it",
                            self.family
                        ));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(self) -> Vec<String> {
        if self.empty {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        let mut wrong = |what: &str| reasons.push(format!("{what} of `{}`", self.family));
        match self.last {
            Some((bound, value)) if bound == f64::INFINITY => {
                if self.count.is_some_and(|count| count != value) {
                    wrong("the bucket +Inf is not the count");
                }
            }
            _ => wrong("the bucket +Inf is missing"),
        }
        if self.count.is_some() != self.sum.is_some() {
            wrong("only one of sum and count is there");
        }
        if self.negative && self.sum.is_some() && !self.gauge {
            wrong("with buckets below 0 there can be no sum");
        }
        if !self.negative && self.gauge && self.sum.is_some_and(|sum| sum < 0.0) {
            wrong("without buckets below 0 the sum cannot be negative");
        }
        reasons
    }
}
