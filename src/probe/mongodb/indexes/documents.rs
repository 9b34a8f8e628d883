//! The indexes that documents ask for: calls of the shell in their fenced blocks.

use super::code;
use super::index::Asked;

/// The indexes in the fenced blocks of a Markdown text.
pub(super) fn read(text: &str, path: &str) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut fence: Option<&str> = None;
    let mut offset = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let bare = line.trim();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| bare.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {
                for (at, _) in line.match_indices("db.") {
                    if let Some(call) = call(&text[offset + at..]) {
                        let found = code::read(call, "shell.js").unwrap_or_default();
                        asked.extend(found.asked.into_iter().map(|asked| Asked {
                            place: format!("{path}:{}", number + 1),
                            ..asked
                        }));
                    }
                }
            }
            (None, None) => {}
        }
        offset += line.len();
    }
    asked
}

/// The statement at the beginning of a text, where it creates an index: up to the parenthesis that
/// closes the arguments.
fn call(text: &str) -> Option<&str> {
    let method = ["createIndexes(", "createIndex(", "ensureIndex("]
        .iter()
        .filter_map(|method| Some((text.find(method)?, method.len())))
        .min()?;
    let (at, length) = method;
    // Another statement, or another call, begins before it.
    if text[..at].contains(['\n', ';']) {
        return None;
    }
    let arguments = at + length;
    let mut depth = 1_usize;
    let mut quote = None;
    for (offset, character) in text[arguments..].char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return Some(&text[..=arguments + offset]);
                }
            }
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let asked = read(text, "docs/SETUP.md");
        asked.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_blocks_of_a_checklist() {
        let text = "# Indexes\n- [ ] **Created**\n  ```javascript\n  // In the shell\n  db.tasks.createIndex({ userId: 1, createdAt: -1 });\n  db.journal.createIndex({ userId: 1, mood: 1 });\n  ```\nNot here: db.other.createIndex({ a: 1 })\n";
        assert_eq!(
            told(text),
            [
                "tasks { userId: 1, createdAt: -1 } (docs/SETUP.md:5)",
                "journal { userId: 1, mood: 1 } (docs/SETUP.md:6)",
            ]
        );
    }

    #[test]
    fn statements_over_several_lines_and_within_a_shells() {
        let text = "```bash\nmongosh \"$URI\" --eval 'db.users.createIndex({ email: 1 }, { unique: true })'\n```\n\n```js\ndb.getCollection(\"audit\").createIndex(\n  { at: 1 },\n  { expireAfterSeconds: 60 * 60 },\n)\ndb.find().forEach(f); db.x.find()\n```\n";
        assert_eq!(
            told(text),
            [
                "users { email: 1 } unique (docs/SETUP.md:2)",
                "audit { at: 1 } expiring after 3600 s (docs/SETUP.md:6)",
            ]
        );
    }

    #[test]
    fn what_never_ends_is_left_out() {
        assert_eq!(told("```\ndb.a.createIndex({ a: 1 }\n```\n"), [""; 0]);
        assert_eq!(told("```\ndb.é.createIndex("), [""; 0]);
    }
}
