//! Facts: named, typed measurements, and the declarations that probes make of them.

use std::borrow::Cow;

/// The facts of one look: a JSON object whose shape the probe has declared.
pub type Facts = serde_json::Map<String, serde_json::Value>;

/// The declaration of one fact: what expectations may read, and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct FactSpec {
    /// The name as it is written in an expectation.
    pub name: Cow<'static, str>,
    /// The type, with the names inside it.
    pub kind: FactKind,
    /// One line: what was measured, with its unit.
    pub meaning: Cow<'static, str>,
}

/// The type of a fact.
#[derive(Debug, Clone, PartialEq)]
pub enum FactKind {
    /// true or false
    Bool,
    /// a whole number
    Int,
    /// a number with a fraction
    Float,
    /// text
    Text,
    /// a list of one type
    List(Box<Self>),
    /// a map from text to one type; keys are not declared
    Map(Box<Self>),
    /// named facts within a fact
    Object(Vec<FactSpec>),
    /// anything that JSON can say; nothing inside it is checked when the catalogue loads
    Json,
    /// the type, or null where there is nothing to measure
    Optional(Box<Self>),
}

impl FactSpec {
    /// Declares a fact.
    pub fn new(name: &'static str, kind: FactKind, meaning: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            meaning: Cow::Borrowed(meaning),
        }
    }
}

impl FactKind {
    /// A list of `kind`.
    pub fn list(kind: Self) -> Self {
        Self::List(Box::new(kind))
    }

    /// A map from text to `kind`.
    pub fn map(kind: Self) -> Self {
        Self::Map(Box::new(kind))
    }

    /// `kind`, or null.
    pub fn optional(kind: Self) -> Self {
        Self::Optional(Box::new(kind))
    }

    /// The type in words, for help and reference pages.
    pub fn describe(&self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::Int => "int".into(),
            Self::Float => "float".into(),
            Self::Text => "text".into(),
            Self::List(kind) => format!("list of {}", kind.describe()),
            Self::Map(kind) => format!("map of text to {}", kind.describe()),
            Self::Object(_) => "object".into(),
            Self::Json => "any".into(),
            Self::Optional(kind) => format!("{} or null", kind.describe()),
        }
    }
}
