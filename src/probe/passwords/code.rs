//! Code without its comments.

/// The code with blanks in place of its comments, so that every line and place stays where it is. Texts stay, as packages
/// and algorithms are named by them.
pub(super) fn without_comments(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (end, comment) = match first {
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), true),
            _ if rest.starts_with("/*") => {
                (rest.find("*/").map_or(rest.len(), |end| end + 2), true)
            }
            '"' | '\'' | '`' => (text_end(rest, first), false),
            other => (other.len_utf8(), false),
        };
        let (piece, after) = rest.split_at(end);
        match comment {
            true => out.extend(
                piece
                    .chars()
                    .map(|one| if one == '\n' { '\n' } else { ' ' }),
            ),
            false => out.push_str(piece),
        }
        rest = after;
    }
    out
}

/// Where a text ends that begins with this quote. One that does not end on its line is no text, but a quote in a
/// pattern.
fn text_end(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, one) in rest.char_indices().skip(1) {
        match one {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if quote != '`' => return 1,
            _ if one == quote => return at + 1,
            _ => {}
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_texts_stay() {
        for (code, left) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b\n */ c", "a     \n    c"),
            ("\"https://a.example\" // x", "\"https://a.example\"     "),
            ("'it\\'s // no' + 1", "'it\\'s // no' + 1"),
            ("`a // b\n` c", "`a // b\n` c"),
            ("/[\"]/ // x\ny", "/[\"]/     \ny"),
            ("a /* b", "a     "),
        ] {
            assert_eq!(without_comments(code), left, "{code}");
        }
    }

    proptest::proptest! {
        #[test]
        fn lines_stay(code: String) {
            assert_eq!(without_comments(&code).matches('\n').count(), code.matches('\n').count());
        }
    }
}
