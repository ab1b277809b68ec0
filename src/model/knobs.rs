//! The documented list of a preset's knobs; a preset file gives a value to every one.

/// `(name, meaning)`, ascending by name. Units are last in the names: `_p` probability,
/// `_min`, `_s`, `_h` minutes, seconds, hours, `_per_h` events per hour, `_factor` and `_sigma`
/// plain numbers.
pub const KNOBS: [(&str, &str); 47] = [
    (
        "ack_agent_median_s",
        "median time for an AI agent to acknowledge, seconds",
    ),
    (
        "ack_agent_p",
        "probability that an AI agent answers one attempt",
    ),
    (
        "ack_night_median_min",
        "median time to acknowledge outside working hours, minutes",
    ),
    (
        "ack_night_p",
        "probability that a person answers one attempt outside working hours",
    ),
    (
        "ack_night_sigma",
        "spread of the night's time to acknowledge",
    ),
    (
        "ack_work_median_min",
        "median time to acknowledge in working hours, minutes",
    ),
    (
        "ack_work_p",
        "probability that a person answers one attempt in working hours",
    ),
    (
        "ack_work_sigma",
        "spread of the time to acknowledge in working hours",
    ),
    (
        "attempts_per_person_n",
        "attempts before the next person or level is tried",
    ),
    (
        "auto_recover_p",
        "probability that an automatic recovery clears a fault",
    ),
    (
        "call_delay_max_s",
        "longest delivery of a voice call, seconds",
    ),
    (
        "call_delay_min_s",
        "shortest delivery of a voice call, seconds",
    ),
    (
        "call_fail_p",
        "probability that a voice call does not get through",
    ),
    ("chat_delay_s", "delivery of a chat message, seconds"),
    (
        "chat_fail_p",
        "probability that a chat message is not delivered",
    ),
    (
        "dashboard_lost_factor",
        "diagnosis takes this much longer without dashboards",
    ),
    (
        "escalation_timeout_min",
        "an unanswered page goes on after this, minutes",
    ),
    (
        "fallback_exercised_delay_min",
        "time to switch to a rehearsed fallback, minutes",
    ),
    (
        "fallback_exercised_p",
        "probability that a rehearsed fallback works",
    ),
    (
        "fallback_unexercised_delay_min",
        "time to switch to a fallback nobody rehearsed, minutes",
    ),
    (
        "fallback_unexercised_p",
        "probability that a fallback nobody rehearsed works",
    ),
    (
        "false_report_per_h",
        "reports of trouble while nothing is wrong, per hour",
    ),
    ("fatigue_after_h", "a person tires after this many hours"),
    ("fatigue_factor", "a tired person takes this much longer"),
    (
        "file_delay_s",
        "time until a file in a shared folder is seen, seconds",
    ),
    (
        "file_fail_p",
        "probability that a file in a shared folder is not seen",
    ),
    ("handoff_max_min", "longest hand-over, minutes"),
    ("handoff_min_min", "shortest hand-over, minutes"),
    (
        "human_look_per_h",
        "rate at which a person looks and sees a failed service, per hour",
    ),
    ("issue_delay_s", "delivery of an issue or comment, seconds"),
    (
        "issue_fail_p",
        "probability that an issue or comment is not noticed",
    ),
    ("mail_delay_s", "delivery of a mail, seconds"),
    ("mail_fail_p", "probability that a mail is not delivered"),
    (
        "night_factor",
        "thinking takes this much longer outside working hours",
    ),
    (
        "peer_report_per_h",
        "rate at which another agent reports a failed entity, per hour",
    ),
    (
        "push_delay_max_s",
        "longest delivery of a push page, seconds",
    ),
    (
        "push_delay_min_s",
        "shortest delivery of a push page, seconds",
    ),
    (
        "push_fail_p",
        "probability that a push page is not delivered",
    ),
    (
        "red_herring_p",
        "probability that a red herring is followed first",
    ),
    (
        "runbook_factor",
        "steps with a runbook take this share of the time",
    ),
    (
        "skip_p",
        "probability that a step that is not critical is forgotten",
    ),
    ("step_sigma", "spread of the time of a step"),
    ("task_delay_s", "delivery of a task to an agent, seconds"),
    ("task_fail_p", "probability that a task is not delivered"),
    (
        "think_median_s",
        "median pause before a person acts on news, seconds",
    ),
    (
        "user_report_per_h",
        "rate at which users report a failed service, per hour",
    ),
    (
        "wrong_hypothesis_p",
        "probability that the first hypothesis is wrong",
    ),
];
