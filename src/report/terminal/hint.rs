//! Messages and hints beside the output, at a terminal: wrapped beneath their beginning, what is to be typed kept whole.

use super::screen::columns;

/// Beyond this, lines are hard to read.
const WIDEST: usize = 100;
/// The programs that hints have people call.
const PROGRAMS: &[&str] = &["holdpoint", "git", "mkdir", "chmod", "ssh-keygen"];

/// A text of lines such as `help: …`, each wrapped beneath its first word. One that is set in is laid out already.
pub fn hint(text: &str, width: usize) -> String {
    let each = text.lines().map(|line| {
        if line.starts_with(' ') {
            return line.to_owned();
        }
        let (label, hang) = match line.find(": ") {
            Some(end) if line[..end].bytes().all(|byte| byte.is_ascii_lowercase()) => {
                (end + 2, end + 2)
            }
            _ => (0, 2),
        };
        let lines = wrapped(&line[label..], label, hang, width);
        format!(
            "{}{}",
            &line[..label],
            lines.join(&format!("\n{}", " ".repeat(hang)))
        )
    });
    each.collect::<Vec<_>>().join("\n")
}

/// A text in lines: the first after so many columns, the others after `hang`, which are not among what is returned.
///
/// What is longer than a line is left to the terminal, from which it is copied as one; a line break of ours would not be.
pub fn wrapped(text: &str, taken: usize, hang: usize, width: usize) -> Vec<String> {
    let width = width.min(WIDEST);
    let (mut lines, mut line, mut column) = (Vec::new(), String::new(), taken);
    for piece in pieces(text) {
        let size = columns(&piece);
        if !line.is_empty() && column + 1 + size > width {
            lines.push(std::mem::take(&mut line));
            column = hang;
        }
        if !line.is_empty() {
            line.push(' ');
            column += 1;
        }
        line.push_str(&piece);
        column += size;
    }
    lines.push(line);
    lines
}

/// Words, and commands as one each.
fn pieces(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (mut pieces, mut at) = (Vec::new(), 0);
    while at < words.len() {
        let end = at + typed(&words, at);
        pieces.push(words[at..end].join(" "));
        at = end;
    }
    pieces
}

/// How many words from here on are typed as one; one where nothing is.
///
/// After a colon that is the whole command up to the end of what is said, since nothing but the command is meant.
/// Within a sentence it is the program, its verb, and what no word of a sentence looks like.
fn typed(words: &[&str], at: usize) -> usize {
    let bare = words[at].trim_start_matches(['\'', '`', '(']);
    let is_whole = at > 0 && words[at - 1].ends_with(':');
    if !PROGRAMS.contains(&bare) {
        let value = bare.starts_with("--") && !ends(words[at]) && at + 1 < words.len();
        return if value { 2 } else { 1 };
    }
    let mut end = at + 1;
    while end < words.len() && !ends(words[end - 1]) {
        let (word, before) = (words[end], words[end - 1]);
        let is_value = before.starts_with("--") && !before.contains('=');
        let leads_to_option = || words.get(end + 1).is_some_and(|next| next.starts_with('-'));
        let is_verb = end == at + 1;
        if !(is_whole || is_verb || is_value || is_argument(word) || leads_to_option()) {
            break;
        }
        end += 1;
    }
    end - at
}

/// Does a command end with this word?
fn ends(word: &str) -> bool {
    word.ends_with([';', ',', ')', '.'])
}

/// What no word of a sentence looks like.
fn is_argument(word: &str) -> bool {
    let odd = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || "/=~*_".contains(c);
    word.starts_with('-') || word.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_hang_beneath_their_first_word_and_commands_stay_whole() {
        let text = "error: the gate build may not be released, so it was not signed\n\
                    help: what holds it is shown above; holdpoint sign build --no --comment TEXT says no to it by name\n  *.jsonl merge=union   as it is";
        let shown = hint(text, 40);
        let wanted = "error: the gate build may not be\n       released, so it was not signed\n\
                      help: what holds it is shown above;\n      holdpoint sign build --no --comment TEXT\n      says no to it by name\n  *.jsonl merge=union   as it is";
        assert_eq!(shown, wanted);
        let shown = hint(
            "help: make one with: holdpoint run every check of mine; or not",
            30,
        );
        let wanted = "help: make one with:\n      holdpoint run every check of mine;\n      or not";
        assert_eq!(shown, wanted);
        let shown = hint("gate build: this run is its newest evidence, and more", 30);
        assert_eq!(
            shown,
            "gate build: this run is its\n  newest evidence, and more"
        );
    }

    proptest! {
        #[test]
        fn wrapping_changes_nothing_but_spaces(text in "[a-z:;,\\-'é漢 ]{0,200}", width in 20_usize..120, taken in 0_usize..10) {
            let lines = wrapped(&text, taken, taken, width);
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            prop_assert_eq!(lines.join(" "), words.join(" "));
            for line in &lines {
                prop_assert!(taken + columns(line) <= width || pieces(line).len() == 1, "{line}");
            }
        }
    }
}
