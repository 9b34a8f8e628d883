//! Which variables the documents and sample files of a repository name.

use super::env_file;
use super::reading::is_name;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A place that names a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) name: String,
    /// The line, from 1.
    pub(super) line: usize,
    /// A sample file or a block of assignments tells people to set it.
    pub(super) assigned: bool,
}

/// Names in a text of backticks, a table or a list.
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b|\b[A-Z][A-Z0-9]{2,}\b")
        .expect("the pattern is a constant")
});

/// The variables that a Markdown text names.
///
/// Assignments in fenced blocks count by themselves where the name has an underscore; other
/// mentions (`NAME` in backticks, a table, a list item) and other names count only when they are
/// `known`, because documents hold many words in capitals.
pub(super) fn in_markdown(text: &str, known: &BTreeSet<String>) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut fence: Option<(String, Block)> = None;
    for (line, number) in text.lines().zip(1..) {
        let trimmed = line.trim_start();
        match &fence {
            Some((marks, _))
                if trimmed.starts_with(marks.as_str())
                    && trimmed.trim_matches(['`', '~', ' ']).is_empty() =>
            {
                fence = None;
            }
            Some((_, Block::Other)) => {}
            Some((_, block)) => {
                for one in env_file::assignments(trimmed.trim_start_matches("$ ")) {
                    let certain = is_name(&one.name) && one.name.contains('_');
                    if certain || known.contains(&one.name) {
                        found.push(Mention {
                            name: one.name,
                            line: number,
                            assigned: *block == Block::Environment,
                        });
                    }
                }
            }
            None => {
                let marks: String = trimmed
                    .chars()
                    .take_while(|c| matches!(c, '`' | '~'))
                    .collect();
                if marks.len() >= 3 {
                    let language = trimmed[marks.len()..]
                        .split_whitespace()
                        .next()
                        .unwrap_or_default();
                    fence = Some((marks, Block::of(language)));
                } else {
                    found.extend(in_prose(line, number, known));
                }
            }
        }
    }
    found
}

/// Is it a report that holdpoint wrote? It names what was missed, which documents nothing.
pub(super) fn is_own_report(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let in_head = |words: &str| text.lines().take(10).any(|line| line.contains(words));
    let decision = ["GO", "GO WITH WAIVERS", "NO-GO", "UNDECIDED"]
        .iter()
        .any(|word| first.starts_with(&format!("## {word}: ")));
    let signed_off = "This document was written by holdpoint from what it observed";
    decision && in_head(" · holdpoint ")
        || first.starts_with('{') && in_head("\"schema\": \"holdpoint.report/")
        || text.lines().any(|line| line.starts_with(signed_off))
}

/// The variables of a sample environment file, those behind `#` included.
pub(super) fn in_example(text: &str) -> Vec<Mention> {
    env_file::assignments(text)
        .into_iter()
        .map(|one| Mention {
            name: one.name,
            line: one.line,
            assigned: !one.commented,
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// Assignments for an environment file.
    Environment,
    /// Commands, which may assign.
    Shell,
    /// Something else.
    Other,
}

impl Block {
    fn of(language: &str) -> Self {
        match language.to_ascii_lowercase().trim_start_matches('.') {
            "" | "env" | "dotenv" | "ini" | "properties" | "txt" | "text" => Self::Environment,
            "bash" | "sh" | "shell" | "zsh" | "console" => Self::Shell,
            _ => Self::Other,
        }
    }
}

fn in_prose(line: &str, number: usize, known: &BTreeSet<String>) -> Vec<Mention> {
    let trimmed = line.trim_start();
    let marked = trimmed.starts_with(['|', '-', '*', '+'])
        || trimmed.contains('|')
        || trimmed.starts_with(|c: char| c.is_ascii_digit());
    if !marked && !line.contains('`') {
        return Vec::new();
    }
    WORD.find_iter(line)
        .map(|word| word.as_str())
        .filter(|word| known.contains(*word))
        .map(|word| Mention {
            name: word.to_owned(),
            line: number,
            assigned: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, known: &[&str]) -> Vec<String> {
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        let mark = |one: &Mention| if one.assigned { "=" } else { "" };
        in_markdown(text, &known)
            .iter()
            .map(|one| format!("{}:{}{}", one.name, one.line, mark(one)))
            .collect()
    }

    #[test]
    fn blocks() {
        let text = "```env\nMONGODB_URI=x\nNODE=1\n# A_B=2\n```\n```ts\nC_D=1\n```\n~~~bash\nexport E_F=1\nnpm run x\n~~~";
        assert_eq!(told(text, &[]), ["MONGODB_URI:2=", "A_B:4=", "E_F:10"]);
        assert_eq!(told("```\nPORTAL=1\n```", &["PORTAL"]), ["PORTAL:2="]);
    }

    #[test]
    fn prose_counts_for_known_names_only() {
        let text = "| `API_KEY` | HTTP_404 |\n- [ ] MONGODB_URI\nSet `A_B` now.\nMONGODB_URI in a sentence";
        assert_eq!(
            told(text, &["API_KEY", "MONGODB_URI", "A_B"]),
            ["API_KEY:1", "MONGODB_URI:2", "A_B:3"]
        );
    }

    #[test]
    fn reports_of_our_own_are_told_from_documents() {
        for report in ["markdown", "sign-off", "json"] {
            let path = format!(
                "{}/tests/fixtures/reports/{report}.snap",
                env!("CARGO_MANIFEST_DIR")
            );
            let snapshot = std::fs::read_to_string(path).unwrap();
            // Behind the head that the snapshot has.
            let text = snapshot.splitn(3, "---\n").nth(2).unwrap();
            assert!(is_own_report(text), "{report}");
        }
        for text in [
            "",
            "## GO: the language\n",
            "# App\n\nChecked with holdpoint · holdpoint 0.1.0\n",
            "{ \"schema\": \"other\" }",
        ] {
            assert!(!is_own_report(text), "{text}");
        }
    }

    #[test]
    fn an_open_block_reaches_to_the_end() {
        assert_eq!(told("````\n```\nA_B=1", &[]), ["A_B:3="]);
    }
}
