//! The functions with which scripts conclude: findings, verdicts, escalation steps, violations.

use std::rc::Rc;

use rhai::{Array, Dynamic, ImmutableString, NativeCallContext};

use super::events::{EventView, Events};
use super::host::{Checked, Host, refuse, unknown};
use super::registry::Registry;
use super::views::{Agent, Service};
use crate::model::{DetectionSource, Escalation, Finding, Trigger, Violation};
use crate::units::SimDuration;

/// A severity verdict in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict {
    /// Rank of the level so far; 0 is the most severe.
    pub(super) rank: Option<usize>,
    /// Reasons in script order.
    pub(super) reasons: Vec<ImmutableString>,
}

/// Registers the concluding functions and the durations.
pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .engine
        .register_type_with_name::<Verdict>("verdict")
        .register_type_with_name::<Finding>("finding")
        .register_type_with_name::<Escalation>("step")
        .register_type_with_name::<Violation>("violation");
    register_durations(registry);
    register_finding(registry);
    register_verdict(registry);
    register_step(registry);
    register_violation(registry, "violation", false);
    register_violation(registry, "unsafe_violation", true);
}

/// The functions that make a duration, and the milliseconds of one of theirs.
const DURATIONS: [(&str, i64); 3] =
    [("minutes", 60_000), ("hours", 3_600_000), ("days", 86_400_000)];

/// The milliseconds of one minute, hour or day.
pub(super) fn milliseconds(function: &str) -> Option<i64> {
    DURATIONS.iter().find(|(name, _)| *name == function).map(|(_, ms)| *ms)
}

fn register_durations(registry: &mut Registry<'_>) {
    for (name, ms) in DURATIONS {
        let too_long = move |n: String| refuse(format!("{name}({n}) is too long a time"), None);
        registry.engine.register_fn(name, move |n: i64| {
            n.checked_mul(ms).ok_or_else(|| too_long(n.to_string()))
        });
        registry.engine.register_fn(name, move |n: f64| {
            #[expect(clippy::cast_precision_loss, reason = "the units are exact as floats")]
            let total = libm::rint(n * ms as f64);
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked here")]
            let whole = (total.abs() < 9.0e15).then_some(total as i64);
            whole.ok_or_else(|| too_long(n.to_string()))
        });
    }
}

fn register_finding(registry: &mut Registry<'_>) {
    let host = Rc::clone(&registry.host);
    let find = move |rule: &str, about: &Dynamic, trigger: &str, source: &str| {
        if rule.is_empty() {
            return Err(refuse("a finding needs the name of its rule".into(), None));
        }
        let about = if let Some(service) = about.read_lock::<Service>() {
            service.reference().clone()
        } else if let Some(agent) = about.read_lock::<Agent>() {
            agent.reference().clone()
        } else if let Some(text) = about.read_lock::<ImmutableString>() {
            host.reference(&text)?
        } else {
            let message = "a finding is about a service, an agent or a reference";
            return Err(refuse(message.into(), None));
        };
        if Trigger::from_word(trigger).is_none() {
            let words = Trigger::ALL.iter().map(|trigger| trigger.as_str());
            return Err(unknown("trigger", trigger, words));
        }
        let source = DetectionSource::from_word(source).ok_or_else(|| {
            let words = DetectionSource::ALL.iter().map(|source| source.as_str());
            unknown("detection source", source, words)
        })?;
        Ok(Finding { rule: host.name(rule), about, trigger: host.name(trigger), source })
    };
    type Text = ImmutableString;
    if registry.traced {
        let host = Rc::clone(&registry.host);
        let traced = move |context: NativeCallContext,
                           rule: Text,
                           about: Dynamic,
                           trigger: Text,
                           source: Text| {
            let finding = find(&rule, &about, &trigger, &source)?;
            let what = format!("finding {} about {}", finding.rule, finding.about);
            host.note(context.call_position(), what);
            Checked::Ok(finding)
        };
        registry.engine.register_fn("finding", traced);
    } else {
        let plain = move |rule: Text, about: Dynamic, trigger: Text, source: Text| {
            find(&rule, &about, &trigger, &source)
        };
        registry.engine.register_fn("finding", plain);
    }
}

fn register_verdict(registry: &mut Registry<'_>) {
    registry.engine.register_fn("verdict", Verdict::default);
    let host = Rc::clone(&registry.host);
    let raise = move |verdict: &mut Verdict, level: &str, reason: ImmutableString| {
        let rank = host.rank(level)?;
        verdict.reasons.push(reason);
        verdict.rank = Some(verdict.rank.map_or(rank, |so_far| so_far.min(rank)));
        Checked::Ok(())
    };
    type Text = ImmutableString;
    if registry.traced {
        let host = Rc::clone(&registry.host);
        let traced =
            move |context: NativeCallContext, verdict: &mut Verdict, level: Text, reason: Text| {
                let what = format!("at least {level}: {reason}");
                raise(verdict, &level, reason)?;
                host.note(context.call_position(), what);
                Checked::Ok(())
            };
        registry.engine.register_fn("at_least", traced);
    } else {
        let plain =
            move |verdict: &mut Verdict, level: Text, reason: Text| raise(verdict, &level, reason);
        registry.engine.register_fn("at_least", plain);
    }
    let host = Rc::clone(&registry.host);
    registry.engine.register_get("level", move |verdict: &mut Verdict| {
        let level = verdict.rank.and_then(|rank| host.levels.get(rank));
        level.map_or_else(ImmutableString::new, |(_, level)| level.clone())
    });
    registry.engine.register_get("reasons", |verdict: &mut Verdict| {
        let reasons = verdict.reasons.iter().cloned();
        reasons.map(Dynamic::from).collect::<Array>()
    });
}

fn step_of(
    host: &Host,
    level: i64,
    role: &str,
    channels: &Array,
    within_ms: i64,
) -> Checked<Escalation> {
    let known = u32::try_from(level)
        .ok()
        .filter(|level| host.escalation.is_empty() || host.escalation.contains(level));
    let Some(level) = known else {
        let levels: Vec<_> = host.escalation.iter().map(ToString::to_string).collect();
        let help = format!("the pack has the levels {}", levels.join(", "));
        return Err(refuse(format!("unknown escalation level {level}"), Some(help)));
    };
    if role.is_empty() || within_ms < 0 {
        let message = "a step needs a role and a deadline that is not negative";
        return Err(refuse(message.into(), None));
    }
    let mut names = Vec::with_capacity(channels.len());
    for channel in channels {
        let Some(channel) = channel.read_lock::<ImmutableString>() else {
            return Err(refuse("channels are texts".into(), None));
        };
        let known = host.channels.iter().find(|name| **name == **channel);
        let known = known.ok_or_else(|| {
            unknown("channel", &channel, host.channels.iter().map(|c| c.as_str()))
        })?;
        names.push(known.clone());
    }
    Ok(Escalation {
        level,
        role: host.name(role),
        channels: names,
        within: SimDuration::from_ms(within_ms),
    })
}

fn register_step(registry: &mut Registry<'_>) {
    type Text = ImmutableString;
    let host = Rc::clone(&registry.host);
    if registry.traced {
        let traced = move |context: NativeCallContext,
                           level: i64,
                           role: Text,
                           channels: Array,
                           within_ms: i64| {
            let step = step_of(&host, level, &role, &channels, within_ms)?;
            let channels: Vec<&str> = step.channels.iter().map(|c| c.as_str()).collect();
            let what = format!(
                "step: level {level} to {role} on {} within {}",
                channels.join(", "),
                step.within
            );
            host.note(context.call_position(), what);
            Checked::Ok(step)
        };
        registry.engine.register_fn("step", traced);
    } else {
        let plain = move |level: i64, role: Text, channels: Array, within_ms: i64| {
            step_of(&host, level, &role, &channels, within_ms)
        };
        registry.engine.register_fn("step", plain);
    }
}

/// Ids of events: an array of numbers or events, one of them, or a list of events.
fn evidence(ids: &Dynamic) -> Checked<Vec<u32>> {
    if let Some(events) = ids.read_lock::<Events>() {
        return Ok(events.ids());
    }
    if let Some(array) = ids.read_lock::<Array>() {
        let mut all = Vec::with_capacity(array.len());
        for id in array.iter() {
            all.push(one_id(id)?);
        }
        return Ok(all);
    }
    one_id(ids).map(|id| vec![id])
}

fn one_id(id: &Dynamic) -> Checked<u32> {
    if let Some(event) = id.read_lock::<EventView>() {
        return Ok(event.id());
    }
    let id = id.as_int().ok().and_then(|id| u32::try_from(id).ok());
    id.ok_or_else(|| refuse("evidence is a list of event ids".into(), None))
}

fn register_violation(registry: &mut Registry<'_>, name: &'static str, unsafe_action: bool) {
    type Text = ImmutableString;
    let host = Rc::clone(&registry.host);
    let traced = registry.traced;
    let violate = move |context: NativeCallContext, rule: Text, message: Text, ids: Dynamic| {
        let violation = Violation {
            rule: host.name(&rule),
            message: message.as_str().into(),
            evidence: evidence(&ids)?,
            unsafe_action,
        };
        if traced {
            host.note(context.call_position(), format!("{name} {rule}: {message}"));
        }
        Checked::Ok(violation)
    };
    registry.engine.register_fn(name, violate);
}
