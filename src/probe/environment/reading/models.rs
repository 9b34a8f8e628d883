//! Names of language models that stand in the code as texts.

use super::Lines;
use super::expression::text;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;
use std::collections::BTreeSet;

/// A model that a file names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::probe::environment) struct Model {
    /// The line, from 1.
    pub(in crate::probe::environment) line: usize,
    /// The id as written.
    pub(in crate::probe::environment) id: String,
    /// It stands where a model is chosen: `model: '…'`, or the first argument of a call.
    pub(in crate::probe::environment) chosen: bool,
}

/// The models that a file names, in the order of their lines. Types, imports and keys name none.
pub(super) fn named(program: &Program<'_>, source: &str, lines: &Lines) -> Vec<Model> {
    // Most files name none, and need no second walk.
    let may = ["gemini-", "gpt-", "claude-", "'o", "\"o", "`o", "openai/o"];
    if !may.iter().any(|part| source.contains(part)) {
        return Vec::new();
    }
    let mut finder = Finder {
        lines,
        chosen: BTreeSet::new(),
        found: BTreeSet::new(),
    };
    finder.visit_program(program);
    finder.found.into_iter().collect()
}

struct Finder<'l> {
    lines: &'l Lines,
    /// Starts of texts that stand where a model is chosen.
    chosen: BTreeSet<u32>,
    found: BTreeSet<Model>,
}

impl Finder<'_> {
    /// A default stands behind `||` or `??`.
    fn choose(&mut self, value: &Expression<'_>) {
        match value.get_inner_expression() {
            Expression::LogicalExpression(logical) => {
                self.choose(&logical.left);
                self.choose(&logical.right);
            }
            inner => {
                self.chosen.insert(inner.span().start);
            }
        }
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        if let Some(id) = text(it).filter(|id| is_model(id)) {
            let start = it.get_inner_expression().span().start;
            self.found.insert(Model {
                line: self.lines.line(start),
                id: id.into_owned(),
                chosen: self.chosen.contains(&start),
            });
        }
        walk::walk_expression(self, it);
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        if it.key.static_name().is_some_and(|name| {
            matches!(
                name.as_ref(),
                "model" | "modelName" | "modelId" | "defaultModel"
            )
        }) {
            self.choose(&it.value);
        }
        // A key such as one of a table of prices chooses nothing.
        self.visit_expression(&it.value);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        let named = it
            .id
            .get_binding_identifier()
            .is_some_and(|id| id.name.to_ascii_lowercase().ends_with("model"));
        if let (true, Some(value)) = (named, &it.init) {
            self.choose(value);
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if let Some(first) = it.arguments.first().and_then(|first| first.as_expression()) {
            self.choose(first);
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_ts_type(&mut self, _: &TSType<'a>) {}
    fn visit_import_declaration(&mut self, _: &ImportDeclaration<'a>) {}
    fn visit_export_all_declaration(&mut self, _: &ExportAllDeclaration<'a>) {}
}

/// Is the text the id of a model of one of the three families, as their SDKs take it?
///
/// `googleai/gemini-2.5-flash`, `models/gemini-2.5-pro`, `gpt-4o-mini`, `o4-mini`, `claude-sonnet-4-5`.
/// Models on other platforms (`vertexai/…`, `anthropic.claude-…` of Bedrock) are reached by other
/// addresses and keys, so they are none of these.
fn is_model(text: &str) -> bool {
    let id = ["googleai/", "google/", "models/", "openai/", "anthropic/"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text);
    let shape = (2..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._:".contains(&b))
        && !id.ends_with(['-', '.']);
    // Packages are called after the models that they count for.
    if !shape || id.contains("encoder") || id.contains("tokenizer") {
        return false;
    }
    let says_version = |rest: &str| {
        rest.bytes().any(|b| b.is_ascii_digit())
            || rest
                .split('-')
                .all(|word| matches!(word, "pro" | "flash" | "lite" | "latest" | "vision"))
    };
    if let Some(rest) = ["gemini-", "gpt-", "chatgpt-", "claude-"]
        .iter()
        .find_map(|family| id.strip_prefix(family))
    {
        return says_version(rest);
    }
    // OpenAI's reasoning models: o1, o3-mini, o4-mini-2025-04-16.
    let Some(rest) = id.strip_prefix('o') else {
        return false;
    };
    let (number, rest) = rest.split_at(
        rest.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len()),
    );
    number.len() == 1
        && (rest.is_empty() && text.len() == id.len() + "openai/".len()
            || ["-mini", "-pro", "-preview", "-20"]
                .iter()
                .any(|next| rest.starts_with(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_models() {
        for text in [
            "googleai/gemini-2.0-flash",
            "gemini-2.5-flash",
            "gemini-pro",
            "gemini-flash-latest",
            "models/gemini-2.5-pro",
            "gpt-4o-mini",
            "gpt-5",
            "chatgpt-4o-latest",
            "o4-mini",
            "o3-mini-2025-01-31",
            "openai/o3",
            "anthropic/claude-sonnet-4.5",
            "claude-3-5-haiku-20241022",
        ] {
            assert!(is_model(text), "{text}");
        }
        for text in [
            "vertexai/gemini-2.5-flash",
            "anthropic.claude-3-haiku-20240307-v1:0",
            "gpt-button",
            "gemini-icon",
            "claude-logo.svg",
            "o2",
            "on",
            "o4",
            "Use gpt-4o here",
            "https://x.test/gpt-4",
            "gemini-",
        ] {
            assert!(!is_model(text), "{text}");
        }
    }

    #[test]
    fn lines_of_literals() {
        let code = "import { x } from 'gpt-3-encoder';\nconst ai = genkit({\n  model: process.env.M || 'googleai/gemini-2.0-flash',\n});\nconst all = [`gpt-4o`];\nconst u = `gpt-${v}`;\ntype M = 'claude-3-opus-20240229';\n// 'gpt-3.5-turbo'\nconst price = { 'gpt-4': 1 };\nopenai('gpt-4o-mini');\n";
        let module = super::super::module(code, "a.ts").unwrap();
        let found: Vec<_> = module
            .models
            .iter()
            .map(|model| (model.line, model.id.as_str(), model.chosen))
            .collect();
        assert_eq!(
            found,
            [
                (3, "googleai/gemini-2.0-flash", true),
                (5, "gpt-4o", false),
                (10, "gpt-4o-mini", true),
            ]
        );
    }
}
