//! A whole incident that went well; tests take parts of it away.

use super::fixture::{Story, n};
use crate::model::{DetectionSource, Trigger};
use crate::timeline::EventKind;

/// One service fails, everything is done well and in order.
pub(super) fn good() -> Story {
    Story::new()
        .fault(0, "users")
        .breach(1, "users")
        .alert(3, "users")
        .finding(3, Trigger::ServiceOutage, DetectionSource::Alert)
        .put(
            4,
            EventKind::PageSent { page: 1, channel: n("urgent"), attempt: 1, level: 1 },
            "role:pm",
        )
        .put(4, EventKind::PageDelivered { page: 1, channel: n("urgent"), attempt: 1 }, "role:pm")
        .ack(5)
        .declare(6, "critical")
        .put(6, EventKind::RoleTaken { role: n("incident-command") }, "")
        .message(6)
        .begin(6, "outage", "identify", "")
        .done(7, "outage", "identify", "")
        .report(7, "immediate", &["time"], &["impact"])
        .begin(7, "outage", "health", "")
        .done(8, "outage", "health", "")
        .public(8)
        .begin(8, "outage", "auto", "")
        .failed(10, "outage", "auto", "")
        .done(12, "outage", "dependants", "")
        .put(13, EventKind::Hypothesis {}, "service:users")
        .recovery(20, "users")
        .put(21, EventKind::FaultCleared { fault: n("users") }, "service:users")
        .put(26, EventKind::MitigatedClaimed {}, "")
        .public(26)
        .begin(27, "outage", "verify", "")
        .done(35, "outage", "verify", "")
        .done(36, "outage", "resolve", "")
        .put(36, EventKind::ResolvedClaimed {}, "")
        .report(80, "final", &["cause"], &[])
        .put(
            90,
            EventKind::ActionFiled {
                action: n("AI-001"),
                action_kind: n("monitoring"),
                owner: None,
                due: None,
            },
            "",
        )
}
