//! Names and typed references to the things of a system.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A shared, cheap-to-clone name. Cloning counts a reference and makes no string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(Arc::from(text))
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// What a reference points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A service that users or other services call.
    Service,
    /// A data store behind a service.
    Store,
    /// An AI worker that takes tasks.
    Agent,
    /// Chat, pager, code host, dashboard: what the responders themselves rely on.
    Tool,
    /// A role of the incident organisation; never a person by name.
    Role,
    /// An alert, named `SLO/TIER`.
    Alert,
    /// The whole system.
    System,
}

impl EntityKind {
    /// All kinds in the order of their wire names' documentation.
    pub const ALL: [Self; 7] = [
        Self::Service,
        Self::Store,
        Self::Agent,
        Self::Tool,
        Self::Role,
        Self::Alert,
        Self::System,
    ];

    /// The word before the colon in a written reference.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Store => "store",
            Self::Agent => "agent",
            Self::Tool => "tool",
            Self::Role => "role",
            Self::Alert => "alert",
            Self::System => "system",
        }
    }
}

/// Why a text is not a typed reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a reference such as `service:user-service`")]
pub struct RefError(pub String);

/// A typed reference, written `service:user-service`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref {
    /// What is pointed at.
    pub kind: EntityKind,
    /// Its name within that kind.
    pub name: Name,
}

impl Ref {
    /// A reference of `kind` to `name`.
    pub fn new(kind: EntityKind, name: &Name) -> Self {
        Self { kind, name: name.clone() }
    }

    /// A reference to a service.
    pub fn service(name: &Name) -> Self {
        Self::new(EntityKind::Service, name)
    }

    /// A reference to a role.
    pub fn role(name: &Name) -> Self {
        Self::new(EntityKind::Role, name)
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.name)
    }
}

impl FromStr for Ref {
    type Err = RefError;
    fn from_str(text: &str) -> Result<Self, RefError> {
        let bad = || RefError(text.to_owned());
        let (kind, name) = text.split_once(':').ok_or_else(bad)?;
        let kind = EntityKind::ALL.into_iter().find(|k| k.as_str() == kind).ok_or_else(bad)?;
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(bad());
        }
        Ok(Self { kind, name: Name::from(name) })
    }
}

impl Serialize for Ref {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A text for people in both languages of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// English.
    pub en: Name,
    /// Japanese.
    pub ja: Name,
}
