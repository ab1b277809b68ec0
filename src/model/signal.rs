//! What observations can say about an entity: a closed set, each with its unit.

use std::hash::{Hash, Hasher};

use super::vocabulary::words;
use serde::{Deserialize, Serialize};

/// A measured value that compares and hashes by its bits, so that events can be hashed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.to_bits());
    }
}

words! {
    /// The measured or reported quantity of an `observation` event. The value is a number in
    /// the unit of the kind; flags are 0 or 1. The last known value of an entity holds.
    SignalKind {
        /// Agent: milliseconds since it last answered a task.
        TaskSilenceMs => "task_silence_ms",
        /// Agent: error responses in a row without a success.
        ErrorsInRow => "errors_in_row",
        /// Agent: tasks completed in the last hour.
        Completed1h => "completed_1h",
        /// Agent: token spend over its baseline, ratio.
        TokenRatio => "token_ratio",
        /// Agent: tool calls over its baseline, ratio.
        CallRatio => "call_ratio",
        /// Agent: the same call repeats at a constant rate, flag.
        LoopConstantRate => "loop_constant_rate",
        /// Agent: heartbeat is green, flag.
        HeartbeatOk => "heartbeat_ok",
        /// Agent: oldest task waiting, milliseconds.
        QueueAgeMs => "queue_age_ms",
        /// Service: lowest p95 latency over its 30-day baseline within the last 10 minutes, ratio.
        P95Ratio10m => "p95_ratio_10m",
        /// Service: requests over the rate expected now, ratio.
        TrafficRatio => "traffic_ratio",
        /// Agent or system: test failure rate over its 7-day baseline (n >= 20), ratio.
        TestFailureRatio => "test_failure_ratio",
        /// Agent or system: review findings over their 7-day baseline (n >= 20), ratio.
        ReviewFindingRatio => "review_finding_ratio",
        /// Agent or system: results that do not match the requirements, count.
        RequirementMismatches => "requirement_mismatches",
        /// Agent: median task time over its 7-day baseline, ratio.
        TaskTimeRatio => "task_time_ratio",
        /// Agent: corrections of one and the same task, count.
        CorrectionsOfTask => "corrections_of_task",
        /// Agent: requests for advice over its baseline, ratio.
        HelpRequestRatio => "help_request_ratio",
        /// Coordination: how long task lists could not be updated, milliseconds.
        TodoFailingMs => "todo_failing_ms",
        /// Coordination: how long task execution has gone on failing, milliseconds.
        TaskErrorsMs => "task_errors_ms",
        /// Coordination: how long agents could not reach each other, milliseconds.
        UnreachableMs => "unreachable_ms",
        /// Data are known to be lost, flag.
        DataLost => "data_lost",
        /// A security breach is known, flag.
        SecurityBreach => "security_breach",
        /// A major function fails gravely, flag.
        MajorFunctionFailed => "major_function_failed",
        /// Development cannot go on, flag.
        DevelopmentBlocked => "development_blocked",
        /// A minor malfunction or performance problem, flag.
        MinorMalfunction => "minor_malfunction",
        /// A passing connection problem, flag.
        ConnectionProblem => "connection_problem",
        /// A non-critical configuration problem, flag.
        ConfigProblem => "config_problem",
        /// A document or report is late, flag.
        DocumentLate => "document_late",
        /// A minor quality problem, flag.
        MinorQuality => "minor_quality",
        /// Chat: how long it has carried nothing, milliseconds.
        ChatLostMs => "chat_lost_ms",
        /// Code host: how long it has not answered, milliseconds.
        CodeHostLostMs => "code_host_lost_ms",
        /// The way out: how long nothing outside could be reached, milliseconds.
        InternetLostMs => "internet_lost_ms",
        /// Store: what was written in this span before its restore is gone, milliseconds.
        DataLossMs => "data_loss_ms",
        /// Store: from the begin of its restore to data found sound, milliseconds.
        RestoreMs => "restore_ms",
        /// Records kept locally while the code host or the way out was lost, count.
        LocalRecords => "local_records",
        /// Those of them that were replayed afterwards, count.
        ReplayedRecords => "replayed_records",
        /// Those of them that met another change and were merged by hand, count.
        ReplayConflicts => "replay_conflicts",
    }
}
