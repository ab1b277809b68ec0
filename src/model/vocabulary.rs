//! Closed sets of words that files, timelines and reports share.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+ }
        impl $name {
            /// All values, in documented order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The word in files and on the wire.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),+ } }
            /// The value that `word` names.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }
    };
}
pub(crate) use words;

/// The 15 milestones in canonical order, which need not be the order in time.
pub const MILESTONES: [&str; 15] = [
    "fault_start",
    "impact_start",
    "detectable",
    "detected",
    "page_delivered",
    "acked",
    "declared",
    "roles_filled",
    "first_internal",
    "first_external",
    "correct_hypothesis",
    "mitigated",
    "resolved",
    "report_delivered",
    "actions_filed",
];

words! {
    /// How well a service does, as health probes see it.
    ServiceState {
        /// Within its SLO.
        Up => "up",
        /// Answers, with more errors or latency than its SLO allows, or in a degraded mode.
        Degraded => "degraded",
        /// Work arrives faster than it is done; stays so until load is shed.
        Overloaded => "overloaded",
        /// Does not answer.
        Down => "down",
        /// Started again, working off its backlog or warming its caches.
        Recovering => "recovering",
    }
}

words! {
    /// Who or what noticed.
    DetectionSource {
        /// A burn-rate alert.
        Alert => "alert",
        /// Another agent's report.
        PeerAgent => "peer_agent",
        /// The periodic health check by the PM, or an automatic probe.
        HealthCheck => "health_check",
        /// A user's report.
        UserReport => "user_report",
        /// A person who looked.
        Human => "human",
    }
}

words! {
    /// Whether a drill trains (hints are allowed and logged) or evaluates.
    Mode {
        /// Hints exist.
        Train => "train",
        /// No hints.
        Evaluate => "evaluate",
    }
}

words! {
    /// When a drill starts, in the system's zone.
    When {
        /// Monday to Friday, 10:00 to 17:00.
        Work => "work",
        /// 22:00 to 06:00 of a working day.
        Night => "night",
        /// Saturday or Sunday.
        Weekend => "weekend",
        /// Drawn per trial over the whole week.
        Any => "any",
    }
}

words! {
    /// Where a timeline came from.
    Source {
        /// All responders were simulated or scripted.
        Simulated => "simulated",
        /// A real incident, written down or imported.
        Recorded => "recorded",
        /// A drill with at least one person.
        Live => "live",
    }
}
