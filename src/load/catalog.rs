//! The catalog: files compiled in, overridden by name by those of a workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::decode::Loaded;
use super::file::{MAX_FILE_BYTES, MAX_TIMELINE_BYTES, read};
use super::head;
use super::symbols::choices;
use crate::diag::{Diagnostic, Diagnostics, SourceText};
use crate::model::{
    Name, Pack, Preset, RoutineFile, RuleTests, Scenario, SloDefinition, StreamDefinition, System,
    Text,
};
use crate::timeline::Timeline;

/// `(path, text)` of the files compiled in, ascending by path.
const EMBEDDED: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A kind of drill file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A system under drill.
    System,
    /// A policy pack.
    Pack,
    /// A responder preset.
    Preset,
    /// A scenario.
    Scenario,
    /// A file of rule tests.
    RuleTests,
    /// A timeline, JSONL or TOML.
    Timeline,
    /// OpenSLO objects, YAML or JSON.
    Slo,
    /// How the files of a stream are read.
    Stream,
    /// Maintenance windows and other corrections.
    Corrections,
    /// The check lists of a pack.
    Routine,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::System,
        Self::Pack,
        Self::Preset,
        Self::Scenario,
        Self::RuleTests,
        Self::Timeline,
        Self::Slo,
        Self::Stream,
        Self::Corrections,
        Self::Routine,
    ];

    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Pack => "pack",
            Self::Preset => "preset",
            Self::Scenario => "scenario",
            Self::RuleTests => "rule test",
            Self::Timeline => "timeline",
            Self::Slo => "SLOs",
            Self::Stream => "stream",
            Self::Corrections => "corrections",
            Self::Routine => "routine",
        }
    }

    /// The kind whose files say `schema`, or `apiVersion` in OpenSLO's case.
    pub fn of_schema(schema: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.schema() == schema)
    }

    /// The `schema` of its files; of OpenSLO files, the `apiVersion`.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::System => "drill.system/1",
            Self::Pack => "drill.pack/1",
            Self::Preset => "drill.preset/1",
            Self::Scenario => "drill.scenario/1",
            Self::RuleTests => "drill.ruletest/1",
            Self::Timeline => "drill.timeline/1",
            Self::Slo => "openslo/v1",
            Self::Stream => "drill.stream/1",
            Self::Corrections => "drill.corrections/1",
            Self::Routine => "drill.routine/1",
        }
    }

    /// Its folder among the files compiled in, and in a workspace; `None` where files are not
    /// kept by name.
    const fn folders(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::System => Some(("data/systems", "systems")),
            Self::Pack | Self::Routine => Some(("rules", "rules")),
            Self::Preset => Some(("data/presets", "presets")),
            Self::Scenario => Some(("scenarios", "scenarios")),
            Self::Slo => Some(("data/slos", "slos")),
            Self::Stream => Some(("data/streams", "streams")),
            Self::Timeline => Some(("data/incidents", "incidents")),
            Self::RuleTests | Self::Corrections => None,
        }
    }

    /// The file of a kind that has a folder of its own per name.
    const fn file_in_folder(self) -> Option<&'static str> {
        match self {
            Self::Pack => Some("pack.toml"),
            Self::Routine => Some("routine.toml"),
            _ => None,
        }
    }

    /// How the names of its files end.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Slo => &["yaml", "yml", "json"],
            Self::Timeline => &["toml", "jsonl"],
            _ => &["toml"],
        }
    }
}

/// A name of the catalog with its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: Name,
    /// The title; `None` when the file has mistakes.
    pub title: Option<Text>,
    /// From the workspace, not compiled in.
    pub workspace: bool,
}

/// A scenario with the system and the pack it was checked against.
#[derive(Debug, Clone, PartialEq)]
pub struct Drill {
    /// The scenario.
    pub scenario: Scenario,
    /// Its system.
    pub system: System,
    /// Its pack.
    pub pack: Pack,
}

/// Where a file of the catalog is.
#[derive(Debug, Clone)]
enum Place {
    Embedded(&'static str),
    Disk(PathBuf),
}

/// Everything that can be named on the command line.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    workspace: Option<PathBuf>,
}

impl Catalog {
    /// The files compiled in, overridden by name by those in the folders `scenarios`, `rules`,
    /// `systems`, `presets` and `incidents` of `workspace`.
    pub fn new(workspace: Option<&Path>) -> Self {
        Self { workspace: workspace.map(Path::to_owned) }
    }

    fn places(&self, kind: Kind) -> BTreeMap<String, Place> {
        let mut places = BTreeMap::new();
        let Some((folder, workspace)) = kind.folders() else {
            return places;
        };
        for (path, _) in EMBEDDED {
            let below = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            let name = below.and_then(|below| match kind.file_in_folder() {
                Some(file) => below.strip_suffix(file)?.strip_suffix('/'),
                None => below
                    .rsplit_once('.')
                    .filter(|(_, ending)| kind.endings().contains(ending))
                    .map(|(name, _)| name),
            });
            if let Some(name) = name.filter(|name| !name.contains('/')) {
                places.insert(name.to_owned(), Place::Embedded(path));
            }
        }
        let Some(root) = &self.workspace else {
            return places;
        };
        let entries = std::fs::read_dir(root.join(workspace)).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let file = kind.file_in_folder().map_or_else(|| path.clone(), |file| path.join(file));
            let ending = file
                .extension()
                .is_some_and(|ending| kind.endings().iter().any(|known| ending == *known));
            if let (Some(name), true) = (path.file_stem(), ending && file.is_file()) {
                places.insert(name.to_string_lossy().into_owned(), Place::Disk(file));
            }
        }
        places
    }

    /// Names of a kind, ascending. Rule tests and corrections have none.
    pub fn names(&self, kind: Kind) -> Vec<Name> {
        self.places(kind).into_keys().map(Name::from).collect()
    }

    /// Names of a kind with their titles, ascending.
    pub fn titles(&self, kind: Kind) -> Vec<Listed> {
        let listed = |(name, place): (String, Place)| Listed {
            title: head_title(kind, &place).or_else(|| self.title(kind, &name)),
            workspace: matches!(place, Place::Disk(_)),
            name: Name::from(name),
        };
        self.places(kind).into_iter().map(listed).collect()
    }

    fn title(&self, kind: Kind, name: &str) -> Option<Text> {
        match kind {
            Kind::System => self.system(name).ok().map(|loaded| loaded.value.title),
            Kind::Pack => self.pack(name).ok().map(|loaded| loaded.value.title),
            Kind::Preset => self.preset(name).ok().map(|loaded| loaded.value.title),
            Kind::Scenario => {
                let source = self.source(kind, name).ok()?;
                super::scenario(&source, &[], None).ok().map(|loaded| loaded.value.title)
            }
            Kind::Slo => self.slos(&[name]).ok().map(|loaded| slo_title(&loaded.value)),
            Kind::Routine => self.routine(name).ok().map(|loaded| loaded.value.title),
            Kind::Stream => self.stream(name).ok().map(|loaded| stream_title(&loaded.value)),
            Kind::Timeline => {
                let header = self.timeline(name).ok()?.value.header;
                Some(header.text(&header.title))
            }
            Kind::RuleTests | Kind::Corrections => None,
        }
    }

    /// The SLOs of the files `names`, each a name of the catalog or a path, read together so that
    /// one may refer to another.
    ///
    /// # Errors
    /// Unknown names, unreadable files, and the mistakes of all of them.
    pub fn slos(&self, names: &[&str]) -> Result<Loaded<Vec<SloDefinition>>, Diagnostics> {
        let mut places = Vec::with_capacity(names.len());
        let mut errors = Diagnostics::default();
        for name in names {
            match self.place(Kind::Slo, name) {
                Ok(place) => places.push(place),
                Err(unknown) => errors.push(unknown),
            }
        }
        if errors.has_errors() {
            return Err(errors);
        }
        super::openslo(&open_all(places)?)
    }

    /// The names of the files of SLOs in the workspace, ascending; without one, none.
    pub fn workspace_slos(&self) -> Vec<Name> {
        let places = self.places(Kind::Slo).into_iter();
        let own = places.filter(|(_, place)| matches!(place, Place::Disk(_)));
        own.map(|(name, _)| Name::from(name)).collect()
    }

    /// The place of `name`: a name of the catalog, or a path.
    fn place(&self, kind: Kind, name: &str) -> Result<Place, Diagnostic> {
        let places = self.places(kind);
        if let Some(place) = places.get(name) {
            return Ok(place.clone());
        }
        let path = Path::new(name);
        if let Some(file) = kind.file_in_folder().map(|file| path.join(file))
            && file.is_file()
        {
            return Ok(Place::Disk(file));
        }
        let is_path = name.contains(['/', '\\'])
            || name.rsplit_once('.').is_some_and(|(_, ending)| kind.endings().contains(&ending));
        if is_path || path.is_file() {
            return Ok(Place::Disk(path.to_owned()));
        }
        let known: Vec<&str> = places.keys().map(String::as_str).collect();
        let message = format!("there is no {} `{name}`", kind.as_str());
        Err(Diagnostic::error(unknown_code(kind), message).help(choices(name, &known)))
    }

    fn source(&self, kind: Kind, name: &str) -> Result<SourceText, Diagnostics> {
        Ok(open(&self.place(kind, name)?, MAX_FILE_BYTES)?)
    }

    /// The system `name`, or the file of that path.
    ///
    /// # Errors
    /// Unknown names, unreadable files, and their mistakes.
    pub fn system(&self, name: &str) -> Result<Loaded<System>, Diagnostics> {
        super::system(&self.source(Kind::System, name)?)
    }

    /// The responder preset `name`, or the file of that path.
    ///
    /// # Errors
    /// Unknown names, unreadable files, and their mistakes.
    pub fn preset(&self, name: &str) -> Result<Loaded<Preset>, Diagnostics> {
        super::preset(&self.source(Kind::Preset, name)?)
    }

    /// The definition of the stream `name`, or the file of that path.
    ///
    /// # Errors
    /// Unknown names, unreadable files, and their mistakes.
    pub fn stream(&self, name: &str) -> Result<Loaded<StreamDefinition>, Diagnostics> {
        super::stream(&self.source(Kind::Stream, name)?)
    }

    /// The routines of the pack `name`, or the folder or `routine.toml` of that path.
    ///
    /// # Errors
    /// Unknown names, unreadable files, and their mistakes.
    pub fn routine(&self, name: &str) -> Result<Loaded<RoutineFile>, Diagnostics> {
        super::routine(&self.source(Kind::Routine, name)?)
    }

    /// The pack `name`, or the folder or `pack.toml` of that path, with its scripts.
    ///
    /// # Errors
    /// Unknown names, unreadable files, and the mistakes of `pack.toml`.
    pub fn pack(&self, name: &str) -> Result<Loaded<Pack>, Diagnostics> {
        let place = self.place(Kind::Pack, name)?;
        let source = open(&place, MAX_FILE_BYTES)?;
        let scripts = open_all(beside(&place, ".rhai"))?;
        super::pack(&source, &scripts)
    }

    /// The scripts of the pack `name` with their paths, for diagnostics that point into them.
    ///
    /// # Errors
    /// Unknown names and unreadable files.
    pub fn scripts(&self, pack: &str) -> Result<Vec<SourceText>, Diagnostics> {
        open_all(beside(&self.place(Kind::Pack, pack)?, ".rhai"))
    }

    /// The scenario `name`, or the file of that path, with parameters chosen, its system and its
    /// pack.
    ///
    /// # Errors
    /// Unknown names, unreadable files, and the mistakes of all three files.
    pub fn scenario(
        &self,
        name: &str,
        set: &[(String, String)],
    ) -> Result<Loaded<Drill>, Diagnostics> {
        self.scenario_on(name, set, None, None)
    }

    /// The same on another system or with another pack than the scenario names.
    ///
    /// # Errors
    /// As for [`Catalog::scenario`].
    pub fn scenario_on(
        &self,
        name: &str,
        set: &[(String, String)],
        system: Option<&str>,
        pack: Option<&str>,
    ) -> Result<Loaded<Drill>, Diagnostics> {
        let source = self.source(Kind::Scenario, name)?;
        self.drill(&source, set, system, pack)
    }

    pub(crate) fn drill(
        &self,
        source: &SourceText,
        set: &[(String, String)],
        system: Option<&str>,
        pack: Option<&str>,
    ) -> Result<Loaded<Drill>, Diagnostics> {
        // Names are looked up even where something else is wrong, so that all is said at once.
        let (own_system, own_pack) = super::scenario::needs(source, set);
        let system = system.map(Name::from).or(own_system).map(|name| self.system(&name));
        let pack = pack.map(Name::from).or(own_pack).map(|name| self.pack(&name));
        let (system, pack) = match (system, pack) {
            (Some(Ok(system)), Some(Ok(pack))) => (system, pack),
            (system, pack) => {
                let mut errors = super::scenario(source, set, None).err().unwrap_or_default();
                errors.list.extend(system.and_then(Result::err).unwrap_or_default().list);
                errors.list.extend(pack.and_then(Result::err).unwrap_or_default().list);
                return Err(errors);
            }
        };
        let against = Some((&system.value, &pack.value));
        let incidents = self.names(Kind::Timeline);
        let loaded = super::scenario::scenario_among(source, set, against, Some(&incidents))?;
        let mut warnings = system.warnings;
        warnings.list.extend(pack.warnings.list);
        warnings.list.extend(loaded.warnings.list);
        warnings.list.extend(super::fits(&system.value, &pack.value).list);
        Ok(Loaded {
            value: Drill { scenario: loaded.value, system: system.value, pack: pack.value },
            warnings,
        })
    }

    /// The rule tests beside the pack `name`, in order of their paths. The mistakes of one file
    /// do not hide the tests of another.
    ///
    /// # Errors
    /// Unknown names and unreadable files.
    pub fn rule_tests(
        &self,
        pack: &str,
    ) -> Result<Vec<Result<Loaded<RuleTests>, Diagnostics>>, Diagnostics> {
        let sources = open_all(beside(&self.place(Kind::Pack, pack)?, ".test.toml"))?;
        Ok(sources.iter().map(super::rule_tests).collect())
    }

    /// The recorded incident `name`, or the timeline of that path: JSON lines, or TOML.
    ///
    /// # Errors
    /// Unknown names, unreadable files, and their mistakes.
    pub fn timeline(&self, name: &str) -> Result<Loaded<Timeline>, Diagnostics> {
        let source = open(&self.place(Kind::Timeline, name)?, MAX_TIMELINE_BYTES)?;
        if source.text.trim_start().starts_with('{') {
            let value = crate::timeline::read_jsonl(&source)?;
            return Ok(Loaded { value, warnings: Diagnostics::default() });
        }
        super::timeline_toml(&source)
    }

    /// The timeline that a case of `tests` names, relative to the file of the tests.
    ///
    /// # Errors
    /// Unreadable files and their mistakes.
    pub fn timeline_of(&self, tests: &RuleTests, path: &str) -> Result<Timeline, Diagnostics> {
        let place = match tests.source.path.strip_prefix("embedded:") {
            Some(file) => embedded(&joined(file, path))?,
            None => {
                let folder = Path::new(&*tests.source.path).parent();
                Place::Disk(folder.unwrap_or(Path::new("")).join(path))
            }
        };
        let source = open(&place, MAX_TIMELINE_BYTES)?;
        if source.text.trim_start().starts_with('{') {
            return crate::timeline::read_jsonl(&source);
        }
        Ok(super::timeline_toml(&source)?.value)
    }
}

/// How many SLOs a file holds, of which services.
fn slo_title(slos: &[SloDefinition]) -> Text {
    let services: BTreeSet<&str> = slos.iter().map(|slo| &*slo.service).collect();
    let count = slos.len();
    let (s, of) = (if count == 1 { "" } else { "s" }, services.into_iter().collect::<Vec<_>>());
    Text {
        en: Name::from(format!("{count} SLO{s} of {}", of.join(", "))),
        ja: Name::from(format!("{} のSLO {count}件", of.join("、"))),
    }
}

/// What a stream holds, and the files that it is read from.
fn stream_title(stream: &StreamDefinition) -> Text {
    let kind = stream.kind.map(|kind| kind.as_str());
    let words = kind.into_iter().chain(stream.format.map(|format| format.as_str()));
    let words = words.chain(stream.files.iter().map(|files| files.as_str())).collect::<Vec<_>>();
    let text = Name::from(if words.is_empty() { "-".to_owned() } else { words.join(", ") });
    Text { en: text.clone(), ja: text }
}

fn unknown_code(kind: Kind) -> &'static str {
    match kind {
        Kind::System => "catalog::unknown-system",
        Kind::Pack => "catalog::unknown-pack",
        Kind::Preset => "catalog::unknown-preset",
        Kind::Scenario => "catalog::unknown-scenario",
        Kind::Slo => "catalog::unknown-slos",
        Kind::Routine => "catalog::unknown-routines",
        Kind::Stream => "catalog::unknown-stream",
        Kind::Timeline => "catalog::unknown-incident",
        Kind::RuleTests | Kind::Corrections => "catalog::unknown-name",
    }
}

/// `path` seen from the folder of `file`, `..` resolved.
fn joined(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn embedded(path: &str) -> Result<Place, Diagnostic> {
    let found = EMBEDDED.iter().find(|(known, _)| *known == path);
    let message = format!("`{path}` is not among the files compiled in");
    let missing = || Diagnostic::error("file::not-found", message);
    found.map(|(path, _)| Place::Embedded(path)).ok_or_else(missing)
}

fn open(place: &Place, limit: u64) -> Result<SourceText, Diagnostic> {
    match place {
        Place::Disk(path) => read(path, limit),
        Place::Embedded(path) => {
            let text =
                EMBEDDED.iter().find(|(known, _)| known == path).map_or("", |(_, text)| text);
            Ok(SourceText::new(format!("embedded:{path}"), text))
        }
    }
}

/// The title of an embedded file by its head: tests hold that the rest is right. A file of a
/// workspace is read as a whole, since a list tells which have mistakes.
fn head_title(kind: Kind, place: &Place) -> Option<Text> {
    let Place::Embedded(_) = place else { return None };
    let titled =
        matches!(kind, Kind::System | Kind::Pack | Kind::Preset | Kind::Scenario | Kind::Timeline);
    open(place, MAX_FILE_BYTES).ok().filter(|_| titled).and_then(|source| head::title(&source))
}

/// All of the files, or all mistakes of reading them.
fn open_all(places: Vec<Place>) -> Result<Vec<SourceText>, Diagnostics> {
    let mut sources = Vec::with_capacity(places.len());
    let mut errors = Diagnostics::default();
    for place in places {
        match open(&place, MAX_FILE_BYTES) {
            Ok(source) => sources.push(source),
            Err(error) => errors.push(error),
        }
    }
    if errors.has_errors() { Err(errors) } else { Ok(sources) }
}

/// Files with `ending` in the folder of `place`, ascending by path.
fn beside(place: &Place, ending: &str) -> Vec<Place> {
    match place {
        Place::Embedded(path) => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let files = EMBEDDED.iter().map(|(path, _)| *path).filter(|path| {
                let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
                name.is_some_and(|name| !name.contains('/') && name.ends_with(ending))
            });
            files.map(Place::Embedded).collect()
        }
        Place::Disk(path) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let files = entries.map(|entry| entry.path());
            let files = files.filter(|file| file.to_string_lossy().ends_with(ending));
            let files: BTreeSet<PathBuf> = files.collect();
            files.into_iter().map(Place::Disk).collect()
        }
    }
}

/// The scripts beside the file `path` of a pack.
pub(crate) fn scripts_beside(path: &Path) -> Result<Vec<SourceText>, Diagnostics> {
    open_all(beside(&Place::Disk(path.to_owned()), ".rhai"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_embedded_file_tells_the_title_of_the_whole() {
        let catalog = Catalog::new(None);
        let mut titles = 0;
        for kind in [Kind::System, Kind::Pack, Kind::Preset, Kind::Scenario, Kind::Timeline] {
            for (name, place) in catalog.places(kind) {
                let whole = catalog.title(kind, &name);
                assert!(whole.is_some(), "{kind:?} {name}");
                assert_eq!(head_title(kind, &place), whole, "{kind:?} {name}");
                titles += 1;
            }
        }
        assert!(titles >= 27, "{titles}");
    }
}
