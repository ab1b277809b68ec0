//! Whether a pack can be used on a system.

use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::model::{Name, Pack, System};

/// What of `pack` the system `system` does not have: roles, tools, services. All are warnings:
/// such a step finds nobody, such a channel carries nothing, such a priority orders nothing.
pub fn fits(system: &System, pack: &Pack) -> Diagnostics {
    let mut missing = Missing { found: Diagnostics::default(), system, pack };
    let roles: Vec<&Name> = system.roles.iter().map(|role| &role.name).collect();
    for level in &pack.levels {
        let who = format!("escalation level {}", level.level);
        for role in std::iter::once(&level.from).chain(&level.to) {
            missing.look("pack::unknown-role", "role", role, &roles, &who);
        }
    }
    for playbook in &pack.playbooks {
        for step in &playbook.steps {
            let who = format!("step `{}` of `{}`", step.id, playbook.id);
            missing.look("pack::unknown-role", "role", &step.role, &roles, &who);
        }
    }
    let tools: Vec<&Name> = system.tools.iter().map(|tool| &tool.name).collect();
    for channel in &pack.channels {
        let who = format!("channel `{}`", channel.name);
        missing.look("pack::unknown-tool", "tool", &channel.tool, &tools, &who);
    }
    let services: Vec<&Name> = system.services.iter().map(|service| &service.name).collect();
    for priority in &pack.priorities {
        let who = format!("priority {}", priority.rank);
        missing.look("pack::unknown-service", "service", &priority.service, &services, &who);
    }
    missing.found
}

struct Missing<'a> {
    found: Diagnostics,
    system: &'a System,
    pack: &'a Pack,
}

impl Missing<'_> {
    fn look(&mut self, code: &'static str, word: &str, name: &Name, known: &[&Name], who: &str) {
        if known.contains(&name) {
            return;
        }
        let message = format!(
            "{who} of pack `{}` names {word} `{name}`, which system `{}` does not have",
            self.pack.name, self.system.name
        );
        let mut warning = Diagnostic::warning(code, message);
        let near = did_you_mean(name, known.iter().map(|name| name.as_str()));
        warning.help = near.map(|near| format!("did you mean `{near}`?"));
        self.found.push(warning);
    }
}
