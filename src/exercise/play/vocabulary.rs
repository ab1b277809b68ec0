//! The names a person can type.

use crate::diag::did_you_mean;
use crate::model::{EntityKind, Name, Pack, Ref, System};
use crate::timeline::Timeline;

/// What kind of name is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A command.
    Command,
    /// A role.
    Role,
    /// A severity level.
    Level,
    /// A channel.
    Channel,
    /// A step of a playbook.
    Step,
    /// A playbook.
    Playbook,
    /// A report that is due.
    Duty,
    /// A service or an agent.
    Target,
    /// Anything that can fail.
    Entity,
}

impl Kind {
    /// The word of this kind, as messages are named after it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Role => "role",
            Self::Level => "level",
            Self::Channel => "channel",
            Self::Step => "step",
            Self::Playbook => "playbook",
            Self::Duty => "duty",
            Self::Target => "target",
            Self::Entity => "entity",
        }
    }
}

/// All names of a system and a pack.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    roles: Vec<Name>,
    levels: Vec<Name>,
    channels: Vec<Name>,
    steps: Vec<Name>,
    playbooks: Vec<Name>,
    duties: Vec<(Name, Option<Name>)>,
    targets: Vec<Name>,
    entities: Vec<Ref>,
}

impl Vocabulary {
    /// The names of a drill.
    pub fn of(system: &System, pack: &Pack) -> Self {
        let refs = |kind: EntityKind, names: Vec<&Name>| -> Vec<Ref> {
            names.into_iter().map(|name| Ref::new(kind, name)).collect()
        };
        let mut entities = refs(EntityKind::Service, names(&system.services, |s| &s.name));
        entities.extend(refs(EntityKind::Store, names(&system.stores, |s| &s.name)));
        entities.extend(refs(EntityKind::Agent, names(&system.agents, |a| &a.name)));
        entities.extend(refs(EntityKind::Tool, names(&system.tools, |t| &t.name)));
        let roles = system.roles.iter().map(|role| role.name.clone()).collect();
        Self::with(roles, entities, pack)
    }

    /// The names that a recording and its pack use.
    pub fn named_in(timeline: &Timeline, pack: &Pack) -> Self {
        let about = timeline.events.iter().flat_map(|event| &event.about);
        let by = timeline.events.iter().filter_map(|event| event.by.as_ref());
        let mut all: Vec<Ref> = about.chain(by).cloned().collect();
        all.sort();
        all.dedup();
        let mut roles: Vec<Name> =
            pack.levels.iter().flat_map(|level| &level.to).cloned().collect();
        let (named, entities): (Vec<Ref>, Vec<Ref>) =
            all.into_iter().partition(|about| about.kind == EntityKind::Role);
        roles.extend(named.into_iter().map(|role| role.name));
        roles.sort();
        roles.dedup();
        Self::with(roles, entities, pack)
    }

    fn with(roles: Vec<Name>, entities: Vec<Ref>, pack: &Pack) -> Self {
        let mut steps: Vec<Name> = Vec::new();
        for step in pack.playbooks.iter().flat_map(|playbook| &playbook.steps) {
            if !steps.contains(&step.id) {
                steps.push(step.id.clone());
            }
        }
        let reports = |duty: &crate::model::Duty| {
            let steps = pack.playbooks.iter().flat_map(|playbook| &playbook.steps);
            let mut of = steps.filter(|step| step.duty.as_ref() == Some(&duty.id));
            (duty.id.clone(), of.next().map(|step| step.id.clone()))
        };
        let is_target =
            |about: &&Ref| matches!(about.kind, EntityKind::Service | EntityKind::Agent);
        Self {
            roles,
            levels: pack.severities.iter().map(|severity| severity.level.clone()).collect(),
            channels: pack.channels.iter().map(|channel| channel.name.clone()).collect(),
            steps,
            playbooks: pack.playbooks.iter().map(|playbook| playbook.id.clone()).collect(),
            duties: pack.duties.iter().map(reports).collect(),
            targets: entities.iter().filter(is_target).map(|about| about.name.clone()).collect(),
            entities,
        }
    }

    /// All names of a kind, commands excepted.
    pub fn known(&self, kind: Kind) -> Vec<Name> {
        match kind {
            Kind::Command => Vec::new(),
            Kind::Role => self.roles.clone(),
            Kind::Level => self.levels.clone(),
            Kind::Channel => self.channels.clone(),
            Kind::Step => self.steps.clone(),
            Kind::Playbook => self.playbooks.clone(),
            Kind::Duty => self.duties.iter().map(|(duty, _)| duty.clone()).collect(),
            Kind::Target => self.targets.clone(),
            Kind::Entity => self.entities.iter().map(|about| about.name.clone()).collect(),
        }
    }

    /// The name of a kind that `word` is, in any case.
    pub fn find(&self, kind: Kind, word: &str) -> Option<Name> {
        self.known(kind).into_iter().find(|name| name.eq_ignore_ascii_case(word))
    }

    /// The name of a kind that is near `word`.
    pub fn near(&self, kind: Kind, word: &str) -> Option<Name> {
        let known = self.known(kind);
        did_you_mean(word, known.iter().map(Name::as_str)).map(Name::from)
    }

    /// What `word` names: `user-db`, or `store:user-db` where a name alone is not enough.
    pub fn entity(&self, word: &str) -> Option<Ref> {
        if let Ok(about) = word.parse::<Ref>() {
            return self.entities.iter().find(|known| **known == about).cloned();
        }
        self.entities.iter().find(|about| about.name.eq_ignore_ascii_case(word)).cloned()
    }

    /// The step that delivers the report of a duty.
    pub fn step_of_duty(&self, duty: &Name) -> Option<Name> {
        self.duties.iter().find(|(known, _)| known == duty).and_then(|(_, step)| step.clone())
    }
}

fn names<T>(items: &[T], name: impl Fn(&T) -> &Name) -> Vec<&Name> {
    items.iter().map(name).collect()
}
