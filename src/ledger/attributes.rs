//! What git must be told about the ledger, so that it keeps every byte and merges branches without a conflict.

/// The lines that `.gitattributes` needs, each with its newline. `merge=union` keeps the lines of both sides of a chain;
/// `-text` keeps git from changing the ends of lines, which are part of what is digested.
pub const ATTRIBUTES: &str = "\
.holdpoint/ledger/*.jsonl merge=union -text
.holdpoint/ledger/statements/* -text
.holdpoint/records/*.jsonl -text
";

/// Which lines of [`ATTRIBUTES`] a `.gitattributes` lacks. It counts as having one where a line for the same pattern
/// says at least the same; nothing is concluded from other patterns that may come to the same.
pub fn missing_attributes(text: &str) -> Vec<&'static str> {
    let said: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let has = |wanted: &&str| {
        let wanted: Vec<_> = wanted.split_whitespace().collect();
        let (pattern, attributes) = wanted.split_at(1);
        let same = |line: &&Vec<&str>| line.first() == pattern.first();
        attributes
            .iter()
            .all(|one| said.iter().filter(same).any(|line| line.contains(one)))
    };
    ATTRIBUTES.lines().filter(|line| !has(line)).collect()
}
