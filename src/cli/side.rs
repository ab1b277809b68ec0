//! One side of `drill compare`, as it is written on the command line.

use crate::diag::{Diagnostic, Diagnostics, SourceText, did_you_mean};
use crate::exercise::Inputs;
use crate::load::{self, Catalog, Kind, preset_toml};
use crate::model::{KNOBS, Name, When};

/// Most people that a roster may have in one role.
const MAX_PEOPLE: u32 = 1000;

/// What a side changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Side {
    pub(super) system: Option<String>,
    pub(super) pack: Option<String>,
    pub(super) responders: Option<String>,
    pub(super) without: Vec<Name>,
    pub(super) when: Option<When>,
    /// Parameters of the scenario.
    pub(super) set: Vec<(String, String)>,
    people: Vec<(String, u32)>,
    knobs: Vec<(&'static str, f64)>,
}

impl Side {
    /// Reads settings joined by commas. A bare name is a preset, a pack or a system, in that
    /// order; what is no known key is a parameter of the scenario, where it has one of that name.
    ///
    /// # Errors
    /// All settings that are none.
    pub(super) fn parse(
        text: &str,
        catalog: &Catalog,
        scenario: &str,
    ) -> Result<Self, Diagnostics> {
        let mut side = Self::default();
        let mut wrong = Diagnostics::default();
        for setting in text.split(',').map(str::trim).filter(|setting| *setting != "as-is") {
            let read = match setting.split_once('=') {
                Some((key, value)) => side.set_key(key.trim(), value.trim(), catalog, scenario),
                None => side.named(setting, catalog),
            };
            if let Err(diagnostic) = read {
                wrong.push(diagnostic);
            }
        }
        if wrong.list.is_empty() { Ok(side) } else { Err(wrong) }
    }

    fn named(&mut self, name: &str, catalog: &Catalog) -> Result<(), Diagnostic> {
        let is = |kind: Kind| catalog.names(kind).iter().any(|known| **known == *name);
        if is(Kind::Preset) || name.ends_with(".toml") {
            self.responders = Some(name.to_owned());
        } else if is(Kind::Pack) {
            self.pack = Some(name.to_owned());
        } else if is(Kind::System) {
            self.system = Some(name.to_owned());
        } else {
            let kinds = [Kind::Preset, Kind::Pack, Kind::System].into_iter();
            let names: Vec<Name> = kinds.flat_map(|kind| catalog.names(kind)).collect();
            let known = names.iter().map(|name| name.as_str()).chain(["as-is"]);
            let message = format!("there is no preset, pack or system `{name}`");
            if is(Kind::Timeline) {
                let help = format!("it is recorded: `drill score FOLDER --beside {name}`");
                return Err(Diagnostic::error("compare::unknown-side", message).help(help));
            }
            return Err(Diagnostic::error("compare::unknown-side", message).help(
                match did_you_mean(name, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name one of `drill list`, or settings such as without=pm".to_owned(),
                },
            ));
        }
        Ok(())
    }

    fn set_key(
        &mut self,
        key: &str,
        value: &str,
        catalog: &Catalog,
        scenario: &str,
    ) -> Result<(), Diagnostic> {
        match key {
            "responders" | "preset" => self.responders = Some(value.to_owned()),
            "pack" => self.pack = Some(value.to_owned()),
            "system" => self.system = Some(value.to_owned()),
            "without" => self.without.push(Name::from(value)),
            "when" => {
                let when = When::from_word(value);
                self.when =
                    Some(when.ok_or_else(|| bad(key, value, "work, night, weekend or any"))?);
            }
            _ => return self.set_other(key, value, catalog, scenario),
        }
        Ok(())
    }

    fn set_other(
        &mut self,
        key: &str,
        value: &str,
        catalog: &Catalog,
        scenario: &str,
    ) -> Result<(), Diagnostic> {
        if let Some(role) = key.strip_prefix("people.") {
            let people: Option<u32> = value.parse().ok();
            let people = people.filter(|people| (1..=MAX_PEOPLE).contains(people));
            let people = people.ok_or_else(|| bad(key, value, "a number of people from 1"))?;
            self.people.push((role.to_owned(), people));
            return Ok(());
        }
        if let Some((knob, _)) = KNOBS.iter().find(|(name, _)| *name == key) {
            let number: Option<f64> = value.parse().ok().filter(|n: &f64| n.is_finite());
            self.knobs.push((*knob, number.ok_or_else(|| bad(key, value, "a number"))?));
            return Ok(());
        }
        let parameters = catalog.scenario(scenario, &[]).map(|loaded| {
            let parameters = loaded.value.scenario.parameters.into_iter();
            parameters.map(|(parameter, _)| parameter.name).collect::<Vec<Name>>()
        });
        let parameters = parameters.unwrap_or_default();
        if parameters.iter().any(|name| **name == *key) {
            self.set.push((key.to_owned(), value.to_owned()));
            return Ok(());
        }
        let own = ["responders", "pack", "system", "without", "when", "people."];
        let known = own.into_iter().chain(KNOBS.iter().map(|(name, _)| *name));
        let known = known.chain(parameters.iter().map(|name| name.as_str()));
        let message = format!("`{key}` is nothing that a side can set");
        Err(Diagnostic::error("compare::unknown-setting", message).help(
            match did_you_mean(key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "see `drill compare --help`".to_owned(),
            },
        ))
    }

    /// Changes rosters and knobs.
    ///
    /// # Errors
    /// Unknown roles, and figures that a preset's file could not hold.
    pub(super) fn apply(&self, inputs: &mut Inputs) -> Result<(), Diagnostics> {
        for (role, people) in &self.people {
            let known: Vec<String> =
                inputs.system.roles.iter().map(|role| role.name.to_string()).collect();
            let found = inputs.system.roles.iter_mut().find(|known| *known.name == **role);
            let Some(found) = found else {
                let message = format!("`{role}` is not a role of system `{}`", inputs.system.name);
                let help = format!("roles are: {}", known.join(", "));
                return Err(Diagnostic::error("run::unknown-role", message).help(help).into());
            };
            found.people = *people;
        }
        if self.knobs.is_empty() {
            return Ok(());
        }
        for (name, value) in &self.knobs {
            for knob in inputs.preset.knobs.iter_mut().filter(|knob| *knob.name == **name) {
                knob.value = *value;
            }
        }
        // The file's own checks hold for figures from the command line as well.
        let text = preset_toml(&inputs.preset, &[]);
        load::preset(&SourceText::new("the preset as changed", text.as_str()))?;
        Ok(())
    }
}

fn bad(key: &str, value: &str, wanted: &str) -> Diagnostic {
    let message = format!("`{key}` cannot be `{value}`");
    Diagnostic::error("compare::value", message).help(format!("write {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Side, Diagnostics> {
        Side::parse(text, &Catalog::new(None), "service-outage")
    }

    #[test]
    fn settings_are_told_apart() {
        let side = parse("public-postmortem, without=pm,people.lead=3,service=movie").unwrap();
        assert_eq!(side.responders.as_deref(), Some("public-postmortem"));
        assert_eq!(side.without, [Name::from("pm")]);
        assert_eq!(side.people, [("lead".to_owned(), 3)]);
        assert_eq!(side.set, [("service".to_owned(), "movie".to_owned())]);
        let side = parse("escalation_timeout_min=2,when=night").unwrap();
        assert_eq!(side.knobs, [("escalation_timeout_min", 2.0)]);
        assert_eq!(side.when, Some(When::Night));
        assert_eq!(parse("as-is").unwrap(), Side::default());
        assert_eq!(parse("pack=cinecom").unwrap().pack.as_deref(), Some("cinecom"));
    }

    #[test]
    fn mistakes_come_together_with_what_was_meant() {
        let wrong = parse("publicpostmortem,escalation_timeout=5,people.lead=0,when=noon");
        let wrong = wrong.unwrap_err().list;
        let helps: Vec<&str> = wrong.iter().filter_map(|one| one.help.as_deref()).collect();
        assert_eq!(
            helps,
            [
                "did you mean `public-postmortem`?",
                "did you mean `escalation_timeout_min`?",
                "write a number of people from 1",
                "write work, night, weekend or any",
            ]
        );
        let recorded = parse("github-2018").unwrap_err().list;
        let help = recorded[0].help.as_deref();
        assert_eq!(help, Some("it is recorded: `drill score FOLDER --beside github-2018`"));
    }
}
