//! `drill.show/1`: one scenario, pack, system, preset or recorded incident for programs.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::case::Case;
use super::impact::impact;
use super::json::{preset, pretty, scorecard, span};
use super::show::Shown;
use super::show_pack::LOST;
use crate::model::{FaultEnd, Pack, Scenario, Sent, System, holes};
use crate::units::Zone;

/// The thing as `drill.show/1`, ending in a line feed.
pub fn show_json(shown: Shown<'_>) -> String {
    let (kind, value) = match shown {
        Shown::Scenario(s, zone) => ("scenario", scenario(s, zone)),
        Shown::Pack(p, system, day) => ("pack", pack(p, system, day)),
        Shown::System(s, name) => ("system", system(s, name)),
        Shown::Preset(p) => ("responders", preset(p)),
        Shown::Incident(t, pack, card) => {
            let mut item = scorecard(&Case::of_scored(t, pack, card));
            item["title"] = json!(t.header.title);
            item["sources"] = json!(t.header.sources);
            item["not_published"] = json!(t.header.not_published);
            ("incident", item)
        }
    };
    pretty(&json!({"schema": "drill.show/1", "drill_version": env!("CARGO_PKG_VERSION"),
        "kind": kind, "item": value}))
}

fn scenario(s: &Scenario, zone: Zone) -> Value {
    let parameters = s.parameters.iter().map(
        |(p, value)| json!({"name": p.name, "value": value, "values": p.values, "title": p.title}),
    );
    let faults = s.faults.iter().map(|f| {
        let after = match f.end {
            FaultEnd::Recovery => None,
            FaultEnd::After(span) => Some(span),
        };
        json!({"name": f.name, "at_ms": f.at.ms(), "on": f.on, "effect": f.effect.as_str(),
            "amount": f.amount, "shape": f.shape.as_str(), "over_ms": f.over.ms(),
            "ends_after_ms": span(after), "ends_by": if after.is_some() { "itself" } else { "recovery" },
            "root": f.root})
    });
    let injects = s.injects.iter().map(|i| {
        json!({"name": i.name, "at_ms": i.at.ms(), "kind": i.kind.as_str(), "about": i.about,
            "text": i.text})
    });
    json!({"name": s.name, "title": s.title, "summary": s.summary, "likeness": s.likeness,
        "shows": s.shows.iter().map(|shows| shows.as_str()).collect::<Vec<_>>(),
        "system": s.system,
        "pack": s.pack, "frequency": s.frequency, "mode": s.mode.as_str(),
        "when": s.when.as_str(), "start": s.start.rfc3339(zone), "endex_ms": s.endex.ms(),
        "objectives": s.objectives, "parameters": parameters.collect::<Vec<_>>(),
        "faults": faults.collect::<Vec<_>>(), "injects": injects.collect::<Vec<_>>(),
        "expected_severity": s.expect.severity, "first_actions": s.expect.first_actions,
        "required_steps": s.expect.required_steps, "abort": s.abort, "hash": s.hash})
}

fn pack(p: &Pack, on: Option<&System>, day: NaiveDate) -> Value {
    let severities = p.severities.iter().map(|s| {
        json!({"level": s.level, "title": s.title, "respond_within_ms": span(s.respond_within),
            "pages": s.pages})
    });
    let levels = p.levels.iter().map(|l| {
        json!({"level": l.level, "title": l.title, "from": l.from, "to": l.to,
            "channels": l.channels, "human_only": l.human_only})
    });
    let channels = p.channels.iter().map(|c| {
        json!({"name": c.name, "address": c.address, "tool": c.tool, "fallback": c.fallback,
            "delay": c.delay.map(|delay| json!({"min_ms": delay.min.ms(), "max_ms": delay.max.ms(),
                "assumed": delay.assumed}))})
    });
    let duties = p.duties.iter().map(|d| {
        let fields = d.fields.iter().map(|f| json!({"id": f.id, "title": f.title}));
        json!({"id": d.id, "title": d.title, "from": d.from, "within_ms": d.within.ms(),
            "audience": d.audience.as_str(), "fields": fields.collect::<Vec<_>>()})
    });
    let measures = p.measures.iter().map(|m| {
        let targets = m.targets.iter().map(
            |(level, t)| json!({"level": level, "within_ms": t.within.ms(), "assumed": t.assumed}),
        );
        let lengthens = m
            .lengthens
            .iter()
            .map(|l| json!({"after_ms": l.after.ms(), "within_ms": l.within.ms()}));
        json!({"name": m.name, "title": m.title, "from": m.from, "to": m.to,
            "targets": targets.collect::<Vec<_>>(), "lengthens": lengthens.collect::<Vec<_>>()})
    });
    let capabilities = p.capabilities.iter().map(
        |c| json!({"name": c.name, "title": c.title, "weight": c.weight, "measures": c.measures}),
    );
    let playbooks = p.playbooks.iter().map(|book| {
        let steps = book.steps.iter().map(|s| {
            json!({"id": s.id, "title": s.title, "role": s.role, "effect": s.effect.as_str(),
                "after": s.after, "rung": s.rung, "phase": s.phase, "channels": s.channels,
                "critical": s.critical, "destructive": s.destructive})
        });
        json!({"id": book.id, "title": book.title, "trigger": book.trigger.as_str(),
            "steps": steps.collect::<Vec<_>>()})
    });
    let priorities = p.priorities.iter().map(|x| json!({"service": x.service, "rank": x.rank}));
    let hole = |hole: &crate::model::Hole| {
        let sent = hole.sent.iter().map(|sent| match sent {
            Sent::Duty(id) => json!({"duty": id}),
            Sent::Level(level) => json!({"level": level}),
            Sent::Public => json!({"public": true}),
        });
        json!({"tools": hole.tools, "sent": sent.collect::<Vec<_>>()})
    };
    let without = holes(p, on, LOST).iter().map(hole).collect::<Vec<_>>();
    json!({"name": p.name, "title": p.title, "version": p.version, "date": p.date,
        "next_review": p.next_review, "hash": p.hash, "without_channel": without,
        "review_overdue": p.next_review_day().map(|next| next < day),
        "severities": severities.collect::<Vec<_>>(), "levels": levels.collect::<Vec<_>>(),
        "channels": channels.collect::<Vec<_>>(), "duties": duties.collect::<Vec<_>>(),
        "priorities": priorities.collect::<Vec<_>>(),
        "measures": measures.collect::<Vec<_>>(),
        "capabilities": capabilities.collect::<Vec<_>>(),
        "playbooks": playbooks.collect::<Vec<_>>(), "decisions": p.decisions})
}

fn system(s: &System, name: Option<&str>) -> Value {
    let services = s.services.iter().map(|service| {
        let arrows =
            service.depends_on.iter().map(|a| json!({"on": a.on, "kind": a.kind.as_str()}));
        let modes = service.degraded.iter().map(
            |m| json!({"name": m.name, "title": m.title, "runs_on": m.runs_on, "keeps": m.keeps}),
        );
        json!({"name": service.name, "title": service.title, "impact": service.impact,
            "depends_on": arrows.collect::<Vec<_>>(), "degraded": modes.collect::<Vec<_>>()})
    });
    let slos = s.slos.iter().map(|slo| &slo.spec).map(|slo| {
        json!({"name": slo.name, "service": slo.service, "target": slo.target.as_f64(),
            "window_ms": slo.period.nominal().ms()})
    });
    let roles = s.roles.iter().map(|r| {
        json!({"name": r.name, "title": r.title, "kind": r.kind.as_str(), "hours": r.hours.as_str(),
            "reach": r.reach})
    });
    let tools = s.tools.iter().map(|t| {
        json!({"name": t.name, "title": t.title, "kind": t.kind.as_str(), "needs": t.needs,
            "fallback": t.fallback})
    });
    let agents =
        s.agents.iter().map(|a| json!({"name": a.name, "title": a.title, "backup": a.backup}));
    let impact = name.and_then(|name| impact(s, name)).map(|found| {
        let dependants = found.dependants.iter().map(
            |d| json!({"service": d.service, "kind": d.kind.as_str(), "distance": d.distance}),
        );
        let modes = found.modes.iter().map(|(mode, on)| json!({"mode": mode, "runs_on": on}));
        json!({"of": found.name, "users_lose": found.users_lose,
            "dependants": dependants.collect::<Vec<_>>(), "modes": modes.collect::<Vec<_>>(),
            "tools_lost": found.tools_lost})
    });
    json!({"name": s.name, "title": s.title, "zone": s.zone.to_string(),
        "environment": s.environment.as_str(), "services": services.collect::<Vec<_>>(),
        "slos": slos.collect::<Vec<_>>(), "agents": agents.collect::<Vec<_>>(),
        "roles": roles.collect::<Vec<_>>(), "tools": tools.collect::<Vec<_>>(),
        "hash": s.hash, "impact": impact})
}
