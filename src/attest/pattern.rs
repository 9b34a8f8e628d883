//! Lists of patterns as in `ssh_config(5)`: `*@example.org,!guest@example.org`.

/// Patterns with `*` (any text) and `?` (one byte); after `!`, who is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatternList(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    negated: bool,
    text: String,
}

impl Pattern {
    fn is_wide(&self) -> bool {
        self.text.contains(['*', '?'])
    }
}

/// What is wrong with a list, where in it (in bytes), and how to mend it.
pub(super) type Misread = (std::ops::Range<usize>, &'static str, &'static str);

/// ssh-keygen reads no further, and then matches nothing.
const LONGEST: usize = 1000;

impl PatternList {
    /// Reads a list.
    ///
    /// # Errors
    /// A pattern that OpenSSH would take and that can match nobody, which is never what was meant.
    pub(super) fn parse(text: &str) -> Result<Self, Misread> {
        let mut patterns = Vec::new();
        let mut start = 0;
        for part in text.split(',') {
            let span = start..start + part.len();
            start = span.end + 1;
            let body = part.strip_prefix('!').unwrap_or(part);
            if body.is_empty() {
                return Err((
                    span,
                    "a name is missing here",
                    "take the comma or the '!' out",
                ));
            }
            if body.contains([' ', '\t']) {
                let help = "a space would be a part of the name; separate names by commas alone";
                return Err((span, "a space in a name", help));
            }
            if body.len() > LONGEST {
                return Err((
                    span,
                    "this name is too long",
                    "names have at most 1000 bytes",
                ));
            }
            patterns.push(Pattern {
                negated: body.len() < part.len(),
                text: body.to_owned(),
            });
        }
        if patterns.iter().all(|pattern| pattern.negated) {
            let help = "'!' takes out of what the others match; put a name or '*' before it";
            return Err((0..text.len(), "this list matches nobody", help));
        }
        Ok(Self(patterns))
    }

    /// Is the name in the list? One negated pattern that matches is enough for no.
    pub(super) fn matches(&self, name: &str) -> bool {
        let any = |negated| {
            let mut some = self.0.iter().filter(|one| one.negated == negated);
            some.any(|one| wildcard(one.text.as_bytes(), name.as_bytes()))
        };
        any(false) && !any(true)
    }

    /// The names that are written out and match.
    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        let plain = self.0.iter().filter(|one| !one.negated && !one.is_wide());
        let names = plain.map(|one| one.text.as_str());
        names.filter(|name| self.matches(name))
    }

    /// The patterns that stand for names that are not written out.
    pub(super) fn wide(&self) -> impl Iterator<Item = &str> {
        let wide = self.0.iter().filter(|one| !one.negated && one.is_wide());
        wide.map(|one| one.text.as_str())
    }
}

/// Does the pattern match the whole text? In time that grows with the product of both lengths.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Where the last star stands, and up to where it has taken text.
    let mut star = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((place, taken)) = star else {
                    return false;
                };
                star = Some((place, taken + 1));
                at = place + 1;
                seen = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_ssh_config() {
        for (list, name, held) in [
            ("ada", "ada", true),
            ("ada", "adam", false),
            ("*", "", true),
            ("a?a", "ada", true),
            ("a?a", "aa", false),
            ("*@example.org", "ada@example.org", true),
            ("*@example.org", "ada@example.org.evil", false),
            ("*a*b*c", "xxaxxbxbxxc", true),
            ("*a*b*c", "xxaxxbxbxx", false),
            ("*,!guest", "ada", true),
            ("*,!guest", "guest", false),
            ("!guest,*", "guest", false),
            ("ada,bob", "bob", true),
            ("Ada", "ada", false),
        ] {
            assert_eq!(
                PatternList::parse(list).unwrap().matches(name),
                held,
                "{list} {name}"
            );
        }
    }

    #[test]
    fn only_names_that_are_written_out_are_people() {
        let list = PatternList::parse("ada,*@x,bob,!bob,eve?").unwrap();
        assert_eq!(list.literals().collect::<Vec<_>>(), ["ada"]);
    }

    #[test]
    fn what_can_match_nobody_is_said() {
        for (list, place) in [
            ("", 0..0),
            ("a,,b", 2..2),
            ("a,", 2..2),
            ("!,a", 0..1),
            ("!a", 0..2),
            ("a, b", 2..4),
        ] {
            assert_eq!(PatternList::parse(list).unwrap_err().0, place, "{list}");
        }
    }
}
