//! Short forms for declaring facts, so that each parser's declaration reads as a table.

use crate::model::{FactKind, FactSpec};

pub(super) fn flag(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::Bool, meaning)
}

pub(super) fn maybe_flag(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::optional(FactKind::Bool), meaning)
}

pub(super) fn int(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::Int, meaning)
}

pub(super) fn maybe_int(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::optional(FactKind::Int), meaning)
}

pub(super) fn text(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::Text, meaning)
}

pub(super) fn maybe_text(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::optional(FactKind::Text), meaning)
}

pub(super) fn texts(name: &'static str, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::list(FactKind::Text), meaning)
}

pub(super) fn object(name: &'static str, inside: Vec<FactSpec>, meaning: &'static str) -> FactSpec {
    FactSpec::new(name, FactKind::Object(inside), meaning)
}
