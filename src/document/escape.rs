//! Makes text that others wrote safe to show: nothing in it is obeyed by a terminal or read as Markdown.

/// The text on one line with every character that shows nothing, or changes how others show, written
/// out (`\u{1b}`): control characters, bidirectional overrides, zero-width and unassigned ones.
/// Line breaks and tabs become spaces.
pub fn visible(text: &str) -> String {
    // Most texts have nothing to write out.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            _ if hides(c) => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    out
}

/// Does the character act on the display rather than show itself?
pub fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The first `limit` characters, and how many there are in all where some were left out.
pub fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!(
            "{}… ({} characters in all)",
            &text[..end],
            text.chars().count()
        ),
    }
}

/// The text as Markdown that reads as the text itself: no emphasis, link, table, HTML, heading,
/// mathematics or mention comes about, whatever it holds.
pub fn markdown(text: &str) -> String {
    // Nothing of this is read as anything but itself, wherever it stands.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" ,/'\"".contains(&byte);
    if text.bytes().all(is_plain) {
        return text.trim().to_owned();
    }
    let text = visible(text);
    let characters: Vec<char> = text.trim().chars().collect();
    let word = |at: Option<usize>| {
        at.and_then(|at| characters.get(at))
            .is_some_and(|c| c.is_alphanumeric())
    };
    let leading = characters.iter().take_while(|c| c.is_ascii_digit()).count();
    let mut out = String::with_capacity(text.len() + 8);
    for (at, &c) in characters.iter().enumerate() {
        let (before, after) = (word(at.checked_sub(1)), word(Some(at + 1)));
        let escaped = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '$' => true,
            '_' => !(before && after),
            '&' => after || characters.get(at + 1) == Some(&'#'),
            '#' | '+' | '-' | '=' | ':' => at == 0,
            '.' | ')' => {
                at > 0 && at == leading && characters.get(at + 1).is_none_or(|next| *next == ' ')
            }
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
        if c == '@' && !before && after {
            out.push_str("<!-- -->"); // a name after @ would be called by the forges that render it
        }
    }
    out
}

/// A text of several lines as it stands below an item of a list: lines that are set in from the margin become a
/// block of code, whatever they hold, and the others read as [`markdown`].
pub fn steps(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.trim().lines().peekable();
    while let Some(line) = lines.next() {
        let mut block = vec![line];
        let code = is_code(line);
        while let Some(next) = lines.next_if(|next| is_code(next) == code) {
            block.push(next);
        }
        if !code {
            let space = if out.is_empty() { "" } else { "\n  " };
            out += &format!("{space}{}", markdown(&block.join(" ")));
            continue;
        }
        let block: Vec<String> = block.into_iter().map(visible).collect();
        let margin = |line: &String| line.len() - line.trim_start_matches(' ').len();
        let margin = block.iter().map(margin).min().unwrap_or(0);
        let longest = block.iter().flat_map(|line| line.split(|c| c != '`'));
        let longest = longest.map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        out += &format!("\n\n  {fence}\n");
        for line in &block {
            out += &format!("  {}\n", line[margin..].trim_end());
        }
        out += &format!("  {fence}\n");
    }
    out
}

fn is_code(line: &str) -> bool {
    line.starts_with("  ") || line.starts_with('\t')
}

/// The text as a code span, fenced by more backticks than it holds; empty text gives nothing.
pub fn code(text: &str) -> String {
    let text = visible(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    if text.trim().is_empty() {
        String::new()
    } else {
        format!("{fence}{space}{text}{space}{fence}")
    }
}

/// A code span inside a table, where a pipe would end the cell even within code.
pub fn cell(text: &str) -> String {
    // GFM takes the backslash before a pipe out again, but not after a backslash of the text's own.
    if text.contains("\\|") {
        markdown(text)
    } else {
        code(text).replace('|', "\\|")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Book;
    use proptest::prelude::*;

    proptest! {
        /// What is escaped before secrets are taken out of it must be known as one still.
        #[test]
        fn a_secret_is_found_in_markdown_too(
            secret in "[a-z][A-Za-z_*&@|<>$~#+.`\\[\\]\\\\-]{7,20}",
            before in " ?|x|x |x_",
            after in " ?|x| x|_x",
        ) {
            let book = Book::default();
            book.register("KEY", &secret);
            let shown = book.redact(&markdown(&format!("{before}{secret}{after}")));
            prop_assert!(shown.contains("‹KEY›"), "{shown}");
            let shown = book.redact(&cell(&format!("{before}{secret}{after}")));
            prop_assert!(shown.contains("‹KEY›"), "{shown}");
        }
    }

    #[test]
    fn shows_what_would_act() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(visible("a\r\nb\tc\rd"), "a b c\\u{d}d");
        assert_eq!(visible("a\rb"), "a\\u{d}b");
        assert_eq!(visible("\u{202e}txt\u{9b}2J"), "\\u{202e}txt\\u{9b}2J");
        assert_eq!(visible("grün ✓ ‹NAME›"), "grün ✓ ‹NAME›");
    }

    #[test]
    fn sets_off_what_is_code() {
        assert_eq!(steps("use `a` | b"), markdown("use `a` | b"));
        assert_eq!(
            steps("Write:\n  a = 1\n    b <c>\nand *go*."),
            "Write:\n\n  ```\n  a = 1\n    b <c>\n  ```\n\n  and \\*go\\*."
        );
        // What it holds does not end it.
        assert_eq!(
            steps("Write:\n  ```\n  # x\u{1b}"),
            "Write:\n\n  ````\n  ```\n  # x\\u{1b}\n  ````\n"
        );
    }

    #[test]
    fn takes_markdown_literally() {
        assert_eq!(
            markdown("# a *b* | <b> [x](y)"),
            "\\# a \\*b\\* \\| \\<b\\> \\[x\\](y)"
        );
        assert_eq!(markdown("NEXTAUTH_SECRET _x_"), "NEXTAUTH_SECRET \\_x\\_");
        assert_eq!(markdown("1. one"), "1\\. one");
        assert_eq!(markdown("1.5 s"), "1.5 s");
        assert_eq!(markdown("- one - two"), "\\- one - two");
        assert_eq!(markdown("a & b &amp; &#35;"), "a & b \\&amp; \\&#35;");
        assert_eq!(markdown("@team and a@b.c"), "@<!-- -->team and a@b.c");
    }

    #[test]
    fn fences_code() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(" "), "");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(cell("a\\|b"), "a\\\\\\|b");
    }

    #[test]
    fn cuts_by_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöü", 2), "äö… (3 characters in all)");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in "\\PC*|.*") {
            for shown in [visible(&text), markdown(&text), code(&text)] {
                prop_assert!(!shown.chars().any(hides), "{shown:?}");
            }
        }
    }
}
