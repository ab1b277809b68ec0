//! Files become model values, and every mistake of a file is found in one go.
//!
//! A text is parsed into one tree of [`Node`]s with byte spans, whatever its format. Decoders
//! walk the tree with typed getters; a getter that finds a mistake notes it and goes on with a
//! placeholder, so that a file's thirtieth mistake is shown together with its first. What one
//! part of a file says about another (a dependency's target, a step's channel) is noted as a
//! reference and looked up when the whole file has been read.
//!
//! **Invariant**: a value leaves this module only when its file has no error; no text, however
//! broken, makes a decoder panic. Only [`Catalog`] and [`check()`] read files.

mod catalog;
mod check;
mod corrections;
mod cross;
mod decode;
mod file;
mod getters;
mod head;
mod import;
mod node;
mod openslo;
mod pack;
mod pack_parts;
mod parameters;
mod playbook;
mod preset;
mod preset_text;
mod retention;
mod routine;
mod routine_source;
mod ruletest;
mod scenario;
mod scenario_context;
mod slo;
mod stream;
mod symbols;
mod system;
mod system_slos;
mod timeline;
mod toml;
mod written;
mod yaml;

pub use catalog::{Catalog, Drill, Kind, Listed};
pub use check::check;
pub use corrections::corrections;
pub use cross::fits;
pub use decode::Loaded;
pub use file::{MAX_FILE_BYTES, MAX_TIMELINE_BYTES, read};
pub use import::{Imported, ImportedMetric, import, import_for, openslo_yaml};
pub use node::{Node, Spanned, Table};
pub use openslo::openslo;
pub use pack::pack;
pub use preset::preset;
pub use preset_text::preset_toml;
pub use retention::{default_retention, retention};
pub use routine::routine;
pub use ruletest::rule_tests;
pub use scenario::scenario;
pub use stream::{is_stream_name, stream};
pub use system::system;
pub use system_slos::system_slos_yaml;
pub use timeline::timeline_toml;
pub use toml::parse;
pub use yaml::parse_yaml;
