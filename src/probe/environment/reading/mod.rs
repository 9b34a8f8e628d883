//! Reads one JavaScript or TypeScript file for what it takes from the environment and what it imports.

mod bound;
pub(in crate::probe) mod expression;
mod indirect;
mod models;
mod schema;
mod settle;
mod test_of;
mod validation;
mod visitor;

use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_span::SourceType;
use std::collections::{BTreeMap, BTreeSet};

/// What one file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Module {
    /// Reads of variables, in the order of their lines.
    pub(super) reads: Vec<Read>,
    /// Modules that are needed when it runs, as written; types alone are not.
    pub(super) imports: BTreeSet<String>,
    /// It begins with "use client".
    pub(super) client: bool,
    /// It never reaches the browser: "use server", or it imports `server-only`.
    pub(super) server_only: bool,
    /// Lines with reads whose names are not written there.
    pub(super) dynamic: BTreeSet<usize>,
    /// Functions that read the variable named by an argument.
    pub(super) helpers: BTreeMap<String, Helper>,
    /// Calls with names of variables among the arguments, for helpers of other files.
    pub(super) calls: Vec<Call>,
    /// Variables that the file sets itself (`env` in next.config, `process.env.X = …`).
    pub(super) defines: BTreeSet<String>,
    /// Variables handed to something as its `secret`, such as an authentication library.
    pub(super) secrets: BTreeSet<String>,
    /// Language models that the file names.
    pub(super) models: Vec<models::Model>,
}

/// One read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Read {
    /// The line, from 1.
    pub(super) line: usize,
    /// The variable.
    pub(super) name: String,
    /// The code does without it: a default, a test, an optional key of a schema.
    pub(super) has_default: bool,
    /// Any of these does as well: `A || B`.
    pub(super) alternatives: Vec<String>,
    /// The code runs only where all of these are set: `if (A) use(B)`.
    pub(super) only_with: Vec<String>,
}

/// A function that reads the variable named by one of its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Helper {
    /// Which parameter names the variable.
    pub(super) parameter: usize,
    /// How many parameters it has.
    pub(super) parameters: usize,
    /// It answers with something else where the variable is missing, and never throws.
    pub(super) has_default: bool,
}

/// A call of a plain function with at least one literal that could be a variable's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// The function's name where it is defined.
    pub(super) function: String,
    /// The arguments; none where one is not a literal.
    pub(super) arguments: Vec<Option<String>>,
    /// The line, from 1.
    pub(super) line: usize,
}

impl Helper {
    /// The read that a call of this helper makes.
    pub(super) fn read(&self, call: &Call) -> Option<Read> {
        let name = call.arguments.get(self.parameter)?.clone()?;
        let has_default = self.has_default && (self.parameters == 1 || call.arguments.len() > 1);
        Some(Read {
            line: call.line,
            name,
            has_default,
            alternatives: Vec::new(),
            only_with: Vec::new(),
        })
    }
}

/// Brackets nested deeper are no code of people's, and would exhaust the stack of the parser, which
/// ends the whole program.
const DEEPEST: usize = 2_000;

/// Reads a file. `path` tells the dialect by its extension and is not opened.
///
/// # Errors
/// The first complaint of the parser, with its line.
pub(super) fn module(text: &str, path: &str) -> Result<Module, String> {
    let source_type =
        SourceType::from_path(path).map_err(|_| "not JavaScript or TypeScript".to_owned())?;
    if depth(text) > DEEPEST {
        return Err(format!("brackets are nested more than {DEEPEST} deep"));
    }
    match parse(text, source_type) {
        // JSX stands in plain .js and, rarely, in files that only a lenient compiler takes as scripts.
        Err(_) if !source_type.is_jsx() && source_type.is_javascript() => {
            parse(text, source_type.with_jsx(true))
        }
        read => read,
    }
}

fn parse(text: &str, source_type: SourceType) -> Result<Module, String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, source_type).parse();
    // Recoverable complaints (a type error of syntax, a duplicate label) leave a whole tree.
    if parsed.panicked {
        let complaint = parsed.diagnostics.first().map_or_else(
            || "syntax error".to_owned(),
            |first| first.message.to_string(),
        );
        return Err(complaint);
    }
    let lines = Lines::of(text);
    let bound = bound::collect(&parsed.program);
    let mut module = visitor::read(&parsed.program, &bound, &lines);
    module.models = models::named(&parsed.program, text, &lines);
    Ok(module)
}

/// How deep brackets are nested, those inside texts counted too.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => now += 1,
            b')' | b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}

/// Finds the line of an offset.
struct Lines(Vec<u32>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(
            text.bytes()
                .zip(0_u32..)
                .filter(|(byte, _)| *byte == b'\n')
                .map(|(_, at)| at)
                .collect(),
        )
    }

    fn line(&self, offset: u32) -> usize {
        self.0.partition_point(|&end| end < offset) + 1
    }
}

/// Could this text be the name of a variable, as people write them?
pub(super) fn is_name(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests;
