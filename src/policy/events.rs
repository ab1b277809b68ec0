//! The view of `adherence`: the known events of a whole incident.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, NativeCallContext};

use super::host::{Checked, refuse, unknown};
use super::registry::{Registry, Show, View};
use super::snapshot::Snapshot;
use crate::timeline::{Event, EventKind};
use crate::units::SimTime;

/// Kinds that a policy can ask for; ground truth is not among them.
pub(super) const KINDS: [&str; 37] = [
    "service_state",
    "sli_breached",
    "sli_recovered",
    "alert_pending",
    "alert_firing",
    "alert_resolved",
    "finding",
    "decision",
    "page_sent",
    "page_delivered",
    "page_failed",
    "acknowledged",
    "declared",
    "severity_changed",
    "role_taken",
    "joined",
    "handed_over",
    "message_sent",
    "message_failed",
    "public_update",
    "hypothesis",
    "step_started",
    "step_done",
    "step_failed",
    "step_skipped",
    "rollback",
    "approval_asked",
    "approval_given",
    "mitigated_claimed",
    "resolved_claimed",
    "stood_down",
    "report_delivered",
    "action_filed",
    "hint",
    "inject",
    "observation",
    "stopped",
];

/// The events, and lists that were asked for before.
struct Record {
    events: Vec<Event>,
    start: SimTime,
    by_kind: RefCell<BTreeMap<&'static str, Rc<[u32]>>>,
    by_step: RefCell<BTreeMap<ImmutableString, Rc<[u32]>>>,
}

/// `timeline`: what became known of a whole incident, in that order.
#[derive(Clone)]
pub(super) struct TimelineView {
    record: Rc<Record>,
    snapshot: Rc<Snapshot>,
}

/// A list of events; unlike an array it costs nothing to hand around.
#[derive(Clone)]
pub(super) struct Events {
    record: Rc<Record>,
    indices: Rc<[u32]>,
}

/// One event.
#[derive(Clone)]
pub(super) struct EventView {
    record: Rc<Record>,
    index: u32,
}

impl TimelineView {
    /// The events known so far.
    pub(super) fn new(events: &[Event], start: SimTime, snapshot: Rc<Snapshot>) -> Self {
        let record = Record {
            events: events.to_vec(),
            start,
            by_kind: RefCell::new(BTreeMap::new()),
            by_step: RefCell::new(BTreeMap::new()),
        };
        Self { record: Rc::new(record), snapshot }
    }

    fn list(&self, indices: &Rc<[u32]>) -> Events {
        Events { record: Rc::clone(&self.record), indices: Rc::clone(indices) }
    }

    fn select(&self, which: impl Fn(&Event) -> bool) -> Events {
        Events::select(&self.record, which)
    }

    fn all(&self, kind: &str) -> Checked<Events> {
        let Some(kind) = KINDS.into_iter().find(|word| *word == kind) else {
            return Err(unknown("event kind", kind, KINDS.into_iter()));
        };
        if let Some(indices) = self.record.by_kind.borrow().get(kind) {
            return Ok(self.list(indices));
        }
        let events = self.select(|event| event.kind.word() == kind);
        let mut lists = self.record.by_kind.borrow_mut();
        lists.insert(kind, Rc::clone(&events.indices));
        Ok(events)
    }

    fn all_steps(&self, step: &str) -> Events {
        if let Some(indices) = self.record.by_step.borrow().get(step) {
            return self.list(indices);
        }
        let done = |event: &Event| matches!(&event.kind, EventKind::StepDone { step: done, .. } if done == step);
        let events = self.select(done);
        if !events.indices.is_empty() {
            let mut lists = self.record.by_step.borrow_mut();
            lists.insert(step.into(), Rc::clone(&events.indices));
        }
        events
    }
}

impl Events {
    fn select(record: &Rc<Record>, which: impl Fn(&Event) -> bool) -> Self {
        let indices = (0_u32..).zip(&record.events);
        let chosen = indices.filter(|(_, event)| which(event));
        Self { record: Rc::clone(record), indices: chosen.map(|(index, _)| index).collect() }
    }

    fn view(&self, index: u32) -> EventView {
        EventView { record: Rc::clone(&self.record), index }
    }

    /// The event at `at`, from the end when negative.
    fn at(&self, at: i64) -> Option<EventView> {
        let len = i64::try_from(self.indices.len()).ok()?;
        let at = if at < 0 { at.checked_add(len)? } else { at };
        let index = self.indices.get(usize::try_from(at).ok()?)?;
        Some(self.view(*index))
    }

    /// Ids of the events.
    pub(super) fn ids(&self) -> Vec<u32> {
        let events = self.indices.iter();
        events.map(|&index| self.view(index).id()).collect()
    }
}

impl IntoIterator for Events {
    type Item = EventView;
    type IntoIter = Box<dyn Iterator<Item = EventView>>;
    fn into_iter(self) -> Self::IntoIter {
        Box::new((0..self.indices.len()).map(move |at| self.view(self.indices[at])))
    }
}

impl EventView {
    fn event(&self) -> &Event {
        &self.record.events[self.index as usize]
    }

    /// Its id.
    pub(super) fn id(&self) -> u32 {
        self.event().id
    }
}

impl View for TimelineView {
    fn label(&self) -> String {
        "timeline".to_owned()
    }
}

impl View for Events {
    fn label(&self) -> String {
        "events".to_owned()
    }
}

impl View for EventView {
    fn label(&self) -> String {
        format!("event {}", self.id())
    }
}

impl Show for Events {
    fn show(&self) -> String {
        format!("[{} events]", self.indices.len())
    }
}

/// Registers the timeline, its lists and its events.
pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .engine
        .register_type_with_name::<TimelineView>("timeline")
        .register_type_with_name::<Events>("events")
        .register_type_with_name::<EventView>("event")
        .register_iterator::<Events>();
    register_timeline(registry);
    register_list(registry);
    register_closures(registry);
    register_event(registry);
}

fn first(events: &Events) -> Dynamic {
    events.at(0).map_or(Dynamic::UNIT, Dynamic::from)
}

fn register_timeline(registry: &mut Registry<'_>) {
    registry.get("environment", |view: &TimelineView| {
        let environment = view.snapshot.environment;
        ImmutableString::from(environment.map_or("unknown", crate::model::Environment::as_str))
    });
    registry.get("severity", |view: &TimelineView| view.snapshot.incident.severity.clone());
    registry.get("events", |view: &TimelineView| view.select(|_| true));
    registry.ask("all", |view: &TimelineView, kind| view.all(kind));
    registry.ask("first", |view: &TimelineView, kind| Ok(first(&view.all(kind)?)));
    registry.ask("all_steps", |view: &TimelineView, step| Ok(view.all_steps(step)));
    registry.ask("first_step", |view: &TimelineView, step| Ok(first(&view.all_steps(step))));
}

fn register_list(registry: &mut Registry<'_>) {
    let count = |list: &mut Events| i64::try_from(list.indices.len()).unwrap_or(i64::MAX);
    let engine = &mut registry.engine;
    engine.register_fn("len", count).register_get("len", count);
    engine.register_fn("is_empty", |list: &mut Events| list.indices.is_empty());
    engine.register_get("is_empty", |list: &mut Events| list.indices.is_empty());
    engine.register_fn("first", |list: &mut Events| first(list));
    engine
        .register_fn("last", |list: &mut Events| list.at(-1).map_or(Dynamic::UNIT, Dynamic::from));
    engine.register_get("ids", |list: &mut Events| -> Array {
        let ids = list.ids().into_iter();
        ids.map(|id| Dynamic::from_int(id.into())).collect()
    });
    engine.register_indexer_get(|list: &mut Events, at: i64| {
        list.at(at).ok_or_else(|| {
            let len = list.indices.len();
            refuse(format!("there is no event {at} in a list of {len}"), None)
        })
    });
    engine.register_fn("==", |a: EventView, b: EventView| a.index == b.index);
    engine.register_fn("!=", |a: EventView, b: EventView| a.index != b.index);
}

fn ask(context: &NativeCallContext<'_>, test: &FnPtr, event: EventView) -> Checked<bool> {
    let value: Dynamic = test.call_within_context(context, (event,))?;
    value.as_bool().map_err(|kind| {
        let message = format!("the closure gives {kind}, not true or false");
        refuse(message, None)
    })
}

fn register_closures(registry: &mut Registry<'_>) {
    let engine = &mut registry.engine;
    engine.register_fn("filter", |context: NativeCallContext, list: &mut Events, test: FnPtr| {
        let mut chosen = Vec::new();
        for &index in list.indices.iter() {
            if ask(&context, &test, list.view(index))? {
                chosen.push(index);
            }
        }
        Checked::Ok(Events { record: Rc::clone(&list.record), indices: chosen.into() })
    });
    engine.register_fn("find", |context: NativeCallContext, list: &mut Events, test: FnPtr| {
        for event in list.clone() {
            if ask(&context, &test, event.clone())? {
                return Ok(Dynamic::from(event));
            }
        }
        Checked::Ok(Dynamic::UNIT)
    });
    for (name, stop) in [("some", true), ("all", false)] {
        engine.register_fn(
            name,
            move |context: NativeCallContext, list: &mut Events, test: FnPtr| {
                for event in list.clone() {
                    if ask(&context, &test, event)? == stop {
                        return Ok(stop);
                    }
                }
                Checked::Ok(!stop)
            },
        );
    }
    engine.register_fn("map", |context: NativeCallContext, list: &mut Events, give: FnPtr| {
        let mut values = Array::new();
        for event in list.clone() {
            if values.len() >= context.engine().max_array_size() {
                return Err(refuse("the mapped list is too long".into(), None));
            }
            values.push(give.call_within_context(&context, (event,))?);
        }
        Ok(values)
    });
}

fn register_event(registry: &mut Registry<'_>) {
    registry.get("id", |e: &EventView| i64::from(e.id()));
    registry.get("kind", |e: &EventView| ImmutableString::from(e.event().kind.word()));
    registry.get("at_ms", |e: &EventView| (e.event().at - e.record.start).ms());
    registry.get("about", |e: &EventView| {
        let about = e.event().about.first();
        ImmutableString::from(about.map_or_else(String::new, ToString::to_string))
    });
    registry.get("by", |e: &EventView| {
        let by = e.event().by.as_ref();
        ImmutableString::from(by.map_or("", |by| by.name.as_str()))
    });
    type Text = (&'static str, fn(&EventKind) -> Option<String>);
    let texts: [Text; 10] = [
        ("step", step),
        ("playbook", playbook),
        ("level", level),
        ("channel", channel),
        ("reason", reason),
        ("duty", duty),
        ("rule", rule),
        ("trigger", trigger),
        ("source", source),
        ("state", state),
    ];
    for (name, read) in texts {
        registry.get(name, move |e: &EventView| {
            ImmutableString::from(read(&e.event().kind).unwrap_or_default())
        });
    }
    registry.get("phase", |e: &EventView| match &e.event().kind {
        EventKind::StepStarted { phase, .. }
        | EventKind::StepDone { phase, .. }
        | EventKind::StepFailed { phase, .. } => phase.map_or(0, i64::from),
        _ => 0,
    });
    registry.get("count", |e: &EventView| match &e.event().kind {
        EventKind::StepStarted { attempt, .. }
        | EventKind::StepDone { attempt, .. }
        | EventKind::StepFailed { attempt, .. }
        | EventKind::PageSent { attempt, .. }
        | EventKind::PageDelivered { attempt, .. }
        | EventKind::PageFailed { attempt, .. } => i64::from(*attempt),
        EventKind::ReportDelivered { fields, .. } => i64::try_from(fields.len()).unwrap_or(0),
        _ => 0,
    });
    registry.get("succeeded", |e: &EventView| {
        matches!(&e.event().kind, EventKind::Rollback { succeeded: true, .. })
    });
}

fn step(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::StepStarted { step, .. }
        | EventKind::StepDone { step, .. }
        | EventKind::StepFailed { step, .. }
        | EventKind::StepSkipped { step, .. }
        | EventKind::ApprovalAsked { what: step }
        | EventKind::ApprovalGiven { what: step }
        | EventKind::Hint { step: Some(step) } => Some(step.to_string()),
        _ => None,
    }
}

fn playbook(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::StepStarted { playbook, .. }
        | EventKind::StepDone { playbook, .. }
        | EventKind::StepFailed { playbook, .. }
        | EventKind::StepSkipped { playbook, .. } => Some(playbook.to_string()),
        _ => None,
    }
}

/// A severity, or the number of an escalation level.
fn level(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::Declared { level } | EventKind::SeverityChanged { level, .. } => {
            Some(level.to_string())
        }
        EventKind::Decision { level, .. } => level.as_ref().map(ToString::to_string),
        EventKind::PageSent { level, .. } => Some(level.to_string()),
        _ => None,
    }
}

fn channel(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::PageSent { channel, .. }
        | EventKind::PageDelivered { channel, .. }
        | EventKind::PageFailed { channel, .. }
        | EventKind::MessageSent { channel, .. }
        | EventKind::MessageFailed { channel, .. }
        | EventKind::PublicUpdate { channel, .. } => Some(channel.to_string()),
        EventKind::ReportDelivered { channels, .. } => Some(channels.join(",")),
        _ => None,
    }
}

fn reason(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::StepSkipped { reason, .. } => reason.as_ref().map(ToString::to_string),
        EventKind::Stopped { reason } => Some(reason.to_string()),
        EventKind::SeverityChanged { reasons, .. } | EventKind::Decision { reasons, .. } => {
            Some(reasons.join("; "))
        }
        _ => None,
    }
}

fn duty(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::ReportDelivered { duty, .. } => Some(duty.to_string()),
        _ => None,
    }
}

fn rule(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::Finding { rule, .. } => Some(rule.to_string()),
        _ => None,
    }
}

fn trigger(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::Finding { trigger, .. } => Some(trigger.to_string()),
        _ => None,
    }
}

fn source(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::Finding { source, .. } => Some(source.as_str().to_owned()),
        _ => None,
    }
}

fn state(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::ServiceState { state, .. } => Some(state.as_str().to_owned()),
        _ => None,
    }
}
