//! System files: services, stores, agents, tools, roles, objectives.

use xxhash_rust::xxh3::xxh3_128;

use super::decode::{Cx, Fields, Loaded};
use super::getters::{NOT_NEGATIVE, POSITIVE, SHARE, Within};
use super::slo;
use super::symbols::{Space, arrows, cycle};
use crate::diag::{Diagnostic, Diagnostics, SourceText, Span};
use crate::model::{
    Agent, ContentHash, DegradedMode, Dependency, DependencyKind, Environment, Hours, Name, Role,
    RoleKind, Service, Store, System, Tool, ToolKind,
};
use crate::units::{SimDuration, Zone};

pub(crate) const SERVICE: Space = Space::new("service", "system::unknown-service");
pub(crate) const STORE: Space = Space::new("store", "system::unknown-store");
pub(crate) const TOOL: Space = Space::new("tool", "system::unknown-tool");
pub(crate) const AGENT: Space = Space::new("agent", "system::unknown-agent");
pub(crate) const ROLE: Space = Space::new("role", "system::unknown-role");
const MODE: Space = Space::new("degraded mode", "system::unknown-mode");
const CALLABLE: Space = Space::new("service, store or tool", "system::unknown-target");

/// A system from its file's text.
///
/// # Errors
/// All mistakes of the file: unknown, missing and doubled keys, wrong types, ranges, dangling
/// references, cycles among hard dependencies, alert tiers that can never fire.
pub fn system(source: &SourceText) -> Result<Loaded<System>, Diagnostics> {
    let (tree, syntax) = super::toml::parse(source);
    let cx = Cx::new(source, syntax);
    let value = cx.fields(&tree, "system").map(|fields| decode(&fields));
    cx.finish(value)
}

fn decode(fields: &Fields<'_>) -> System {
    fields.choice("schema", &["drill.system/1"]);
    let mut needs = Needs::default();
    let services = decode_services(fields, &mut needs);
    let system = System {
        name: fields.name("name"),
        title: fields.text("title"),
        zone: fields.parse("zone", "an IANA time zone such as \"Asia/Tokyo\"").unwrap_or(Zone::UTC),
        environment: fields.word("environment", Environment::ALL, Environment::as_str),
        budget_spent_at_start: fields.number_or("budget_spent_at_start", SHARE, 0.0),
        daily_swing: fields.number_or("daily_swing", SHARE, 0.0),
        services,
        stores: fields.tables("store", "store").iter().map(store).collect(),
        agents: fields.tables("agent", "agent").iter().map(agent).collect(),
        tools: fields.tables("tool", "tool").iter().map(|f| tool(f, &mut needs)).collect(),
        roles: fields.tables("role", "role").iter().map(role).collect(),
        slos: fields.tables("slo", "SLO").iter().map(slo::decode).collect(),
        hash: ContentHash(xxh3_128(fields.cx.source.text.as_bytes())),
    };
    needs.refuse_cycles(fields.cx);
    system
}

/// What cannot work without what: hard dependencies of services and needs of tools.
#[derive(Default)]
struct Needs {
    names: Vec<Name>,
    edges: Vec<(Name, Name, Span)>,
}

impl Needs {
    fn refuse_cycles(&self, cx: &Cx<'_>) {
        let index = |name: &Name| {
            let found = self.names.iter().position(|known| known == name);
            found.filter(|_| !name.is_empty())
        };
        let mut next = vec![Vec::new(); self.names.len()];
        for (from, to, _) in &self.edges {
            if let (Some(from), Some(to)) = (index(from), index(to)) {
                next[from].push(to);
            }
        }
        let Some(path) = cycle(&next) else { return };
        let names: Vec<&str> = path.iter().map(|node| self.names[*node].as_str()).collect();
        let last = names.len() - 1;
        let closing = self.edges.iter().find(|(from, to, _)| from == names[last] && to == names[0]);
        let Some((_, _, span)) = closing else { return };
        let message = format!("these need one another in a circle: {}", arrows(&names));
        let diagnostic = cx.at("system::cycle", message, *span, "this closes the circle");
        cx.push(diagnostic.help("make one of the dependencies `kind = \"soft\"` or remove it"));
    }
}

/// Services, stores and tools are called by bare names, so no two of them may share one.
fn callable(fields: &Fields<'_>, space: Space) -> Name {
    let name = fields.name("name");
    let span = fields.span_of("name");
    fields.cx.define(CALLABLE, &name, span);
    fields.cx.declare(space, &name);
    name
}

fn decode_services(fields: &Fields<'_>, needs: &mut Needs) -> Vec<Service> {
    let tables = fields.some_tables("service", "service");
    let mut services = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        services.push(service(table, index + 1, needs));
    }
    services
}

fn service(fields: &Fields<'_>, scope: usize, needs: &mut Needs) -> Service {
    let name = callable(fields, SERVICE);
    needs.names.push(name.clone());
    let depends_on = fields.tables("depends_on", "dependency");
    let service = Service {
        title: fields.text("title"),
        rate_per_min: fields.number("rate_per_min", NOT_NEGATIVE),
        capacity_per_min: fields.number("capacity_per_min", POSITIVE),
        error_ratio: fields.number("error_ratio", SHARE),
        p50: fields.duration_positive("p50"),
        p95: fields.duration_positive("p95"),
        latency_threshold: fields.duration_positive("latency_threshold"),
        depends_on: depends_on.iter().map(|f| dependency(f, &name, needs)).collect(),
        impact: fields.text("impact"),
        degraded: fields
            .tables("degraded", "degraded mode")
            .iter()
            .map(|f| degraded(f, scope))
            .collect(),
        name,
    };
    if service.p50 > service.p95 && service.p95.ms() > 0 {
        let message = format!("p50 {} is longer than p95 {}", service.p50, service.p95);
        fields.error("system::latency-order", message, "p50", "longer than p95");
    }
    if service.rate_per_min > service.capacity_per_min && service.capacity_per_min >= 1.0 {
        let message = format!(
            "`{}` is overloaded from the start: {} requests per minute, capacity {}",
            service.name, service.rate_per_min, service.capacity_per_min
        );
        let warning = Diagnostic::warning("system::over-capacity", message);
        let span = fields.span_of("rate_per_min");
        fields.cx.push(warning.at(fields.cx.source, span, "above the capacity"));
    }
    let mut targets: Vec<&Name> = service.depends_on.iter().map(|d| &d.on).collect();
    targets.sort();
    if let Some(twice) = targets.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("`{}` depends on `{}` twice", service.name, twice[0]);
        fields.error("decode::duplicate", message, "depends_on", "listed twice");
    }
    service
}

fn dependency(fields: &Fields<'_>, from: &Name, needs: &mut Needs) -> Dependency {
    let on = fields.refer("on", &[CALLABLE]);
    let kind = fields.word_optional("kind", DependencyKind::ALL, DependencyKind::as_str);
    let kind = kind.unwrap_or(DependencyKind::Hard);
    if kind == DependencyKind::Hard {
        needs.edges.push((from.clone(), on.clone(), fields.span_of("on")));
    }
    let calls = Within { to: 1000.0, words: "a number above 0, at most 1000", ..POSITIVE };
    Dependency {
        on,
        kind,
        calls: fields.number_or("calls", calls, 1.0),
        attempts: fields.count_optional("attempts", 1, 20).unwrap_or(1),
        retry_budget: fields.flag("retry_budget", true),
    }
}

fn degraded(fields: &Fields<'_>, scope: usize) -> DegradedMode {
    DegradedMode {
        name: fields.define("name", MODE.within(scope)),
        title: fields.text("title"),
        runs_on: fields.refer("runs_on", &[SERVICE]),
        keeps: fields.number("keeps", SHARE),
        exercised: fields.flag("exercised", false),
        development_only: fields.flag("development_only", false),
    }
}

fn store(fields: &Fields<'_>) -> Store {
    Store {
        name: callable(fields, STORE),
        title: fields.text("title"),
        backup_every: fields.duration_positive("backup_every"),
        backup_at: fields.duration_optional("backup_at").unwrap_or(SimDuration::ZERO),
    }
}

fn agent(fields: &Fields<'_>) -> Agent {
    let name = fields.define("name", AGENT);
    let backup = fields.refer_optional("backup", &[AGENT]);
    if backup.as_ref() == Some(&name) {
        let message = format!("agent `{name}` is its own backup");
        fields.error("system::own-backup", message, "backup", "the agent itself");
    }
    Agent {
        name,
        title: fields.text("title"),
        tasks_per_hour: fields.number("tasks_per_hour", NOT_NEGATIVE),
        tokens_per_hour: fields.number("tokens_per_hour", NOT_NEGATIVE),
        heartbeat: fields.duration_positive("heartbeat"),
        backup,
        blocks_development: fields.flag("blocks_development", false),
    }
}

fn tool(fields: &Fields<'_>, needs: &mut Needs) -> Tool {
    let name = callable(fields, TOOL);
    let needed = fields.refer_list("needs", &[TOOL, SERVICE]);
    needs.names.push(name.clone());
    let span = fields.span_of("needs");
    needs.edges.extend(needed.iter().map(|to| (name.clone(), to.clone(), span)));
    let fallback = fields.refer_list("fallback", &[TOOL]);
    if !name.is_empty() && fallback.contains(&name) {
        let message = format!("tool `{name}` is its own fallback");
        fields.error("system::own-fallback", message, "fallback", "the tool itself");
    }
    Tool {
        name,
        title: fields.text("title"),
        kind: fields.word("kind", ToolKind::ALL, ToolKind::as_str),
        needs: needed,
        fallback,
        exercised: fields.flag("exercised", false),
    }
}

fn role(fields: &Fields<'_>) -> Role {
    let role = Role {
        name: fields.define("name", ROLE),
        title: fields.text("title"),
        kind: fields.word("kind", RoleKind::ALL, RoleKind::as_str),
        people: fields.count_optional("people", 1, 1000).unwrap_or(1),
        hours: fields.word_optional("hours", Hours::ALL, Hours::as_str).unwrap_or(Hours::Always),
        agents: fields.refer_list("agents", &[AGENT]),
        reach: fields.refer_list("reach", &[TOOL]),
    };
    if role.kind == RoleKind::Human && !role.agents.is_empty() {
        let message = format!("role `{}` is a person's and names agents", role.name);
        fields.error("system::human-with-agents", message, "agents", "not for a person");
    }
    role
}
