//! Reads one line of a list of allowed signers: principals, options, key, comment.

use super::super::{PublicKey, pattern::PatternList};
use super::{Line, time};
use crate::diagnostic::{Diagnostic, Source, nearest};
use jiff::Timestamp;
use std::ops::Range;

const BLANK: [char; 2] = [' ', '\t'];
const OPTIONS: [&str; 4] = [
    "namespaces",
    "valid-after",
    "valid-before",
    "cert-authority",
];

/// The line, which begins at `start` of the source; none where it is empty or a comment.
pub(super) fn read(source: &Source, start: usize, text: &str) -> Result<Option<Line>, Diagnostic> {
    let text = text.strip_suffix('\r').unwrap_or(text);
    let mut reader = Reader {
        source,
        start,
        text,
        at: 0,
    };
    reader.skip_blanks();
    if reader.rest().is_empty() || reader.rest().starts_with('#') {
        return Ok(None);
    }
    if let Some((place, found)) = text
        .char_indices()
        .find(|(_, c)| c.is_control() && *c != '\t')
    {
        let span = place..place + found.len_utf8();
        return Err(reader.wrong(span, "a control character", "take it out"));
    }
    if reader.rest().starts_with('\u{feff}') {
        let span = reader.at..reader.at + 3;
        return Err(reader.wrong(
            span,
            "a byte order mark",
            "save the file as UTF-8 without it",
        ));
    }
    let principals = reader.principals()?;
    let mut options = Options::default();
    if !reader.at_key() {
        options = reader.options()?;
    }
    let key = reader.key()?;
    if let (Some((from, _)), Some((until, span))) = (&options.after, &options.before)
        && until <= from
    {
        let help = "valid-before must be later than valid-after";
        return Err(reader.wrong(span.clone(), "this key never counts", help));
    }
    Ok(Some(Line {
        number: source.line_of(start),
        principals,
        namespaces: options.namespaces,
        valid_after: options.after.map(|(time, _)| time),
        valid_before: options.before.map(|(time, _)| time),
        key,
    }))
}

#[derive(Default)]
struct Options {
    namespaces: Option<PatternList>,
    after: Option<(Timestamp, Range<usize>)>,
    before: Option<(Timestamp, Range<usize>)>,
}

/// Where one is in a line. Ranges are those of the line.
struct Reader<'s> {
    source: &'s Source,
    start: usize,
    text: &'s str,
    at: usize,
}

impl<'s> Reader<'s> {
    fn rest(&self) -> &'s str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(BLANK).len();
    }

    /// Goes on to the next of these characters, or to the end.
    fn until(&mut self, ends: &[char]) -> Range<usize> {
        let begin = self.at;
        self.at += self.rest().find(ends).unwrap_or(self.rest().len());
        begin..self.at
    }

    fn wrong(&self, span: Range<usize>, label: &str, help: impl Into<String>) -> Diagnostic {
        Diagnostic::new("this line allows nobody to sign")
            .at(
                self.source,
                self.start + span.start..self.start + span.end,
                label,
            )
            .help(help)
    }

    /// A list of patterns that was found in a range of the line.
    fn list(&self, span: &Range<usize>, text: &str) -> Result<PatternList, Diagnostic> {
        PatternList::parse(text).map_err(|(part, label, help)| {
            // With escapes the place is not known so exactly.
            let exact = text.len() == span.len();
            let place = if exact {
                span.start + part.start..span.start + part.end
            } else {
                span.clone()
            };
            self.wrong(place, label, help)
        })
    }

    fn principals(&mut self) -> Result<PatternList, Diagnostic> {
        let span = if self.rest().starts_with('"') {
            let open = self.at;
            self.at += 1;
            let span = self.until(&['"']);
            if self.rest().is_empty() {
                return Err(self.wrong(
                    open..open + 1,
                    "never closed",
                    "put a '\"' after the last name",
                ));
            }
            self.at += 1;
            if !self.rest().is_empty() && !self.rest().starts_with(BLANK) {
                let help = "put a space after the '\"'";
                return Err(self.wrong(self.at..self.at + 1, "what is this?", help));
            }
            span
        } else {
            self.until(&BLANK)
        };
        let text = &self.text[span.clone()];
        if let Some(quote) = text.find('"') {
            let place = span.start + quote;
            let help = "put quotes around all the names, or around none";
            return Err(self.wrong(place..place + 1, "a quote within a name", help));
        }
        let list = self.list(&span, text)?;
        self.skip_blanks();
        Ok(list)
    }

    /// Does a key follow, and no options?
    fn at_key(&self) -> bool {
        let kinds = ["ssh-", "ecdsa-", "sk-", "rsa-"];
        kinds.iter().any(|kind| self.rest().starts_with(kind))
    }

    fn options(&mut self) -> Result<Options, Diagnostic> {
        let mut found = Options::default();
        if self.rest().is_empty() {
            let help = "after the names comes the key: ada@example.org ssh-ed25519 AAAA…";
            return Err(self.wrong(self.at..self.at, "the key is missing", help));
        }
        loop {
            let name = self.until(&['=', ',', ' ', '\t', '"']);
            self.option(name, &mut found)?;
            if !self.rest().starts_with(',') {
                break;
            }
            self.at += 1;
        }
        if !self.rest().is_empty() && !self.rest().starts_with(BLANK) {
            let help = "put a comma between options, and a space after the last";
            return Err(self.wrong(self.at..self.at + 1, "what is this?", help));
        }
        self.skip_blanks();
        Ok(found)
    }

    /// One option, whose name has been read.
    fn option(&mut self, span: Range<usize>, found: &mut Options) -> Result<(), Diagnostic> {
        let name = self.text[span.clone()].to_ascii_lowercase();
        let twice = match name.as_str() {
            "cert-authority" => {
                let help = "certificates are not supported: list the people's own public keys";
                return Err(self.wrong(span, "not supported", help));
            }
            "namespaces" => found.namespaces.is_some(),
            "valid-after" => found.after.is_some(),
            "valid-before" => found.before.is_some(),
            "" => {
                let help =
                    "take the comma or the space out; options have no spaces but within quotes";
                return Err(self.wrong(span, "an option is missing here", help));
            }
            other => {
                let help = match nearest(other, OPTIONS) {
                    Some(known) => format!("did you mean '{known}'?"),
                    None => "known options: namespaces=\"…\", valid-after=\"…\", valid-before=\"…\"; after \
                             them comes the key, such as ssh-ed25519 AAAA…"
                        .to_owned(),
                };
                return Err(self.wrong(span, "neither an option nor a type of key", help));
            }
        };
        if twice {
            return Err(self.wrong(span, "given twice", "give every option once"));
        }
        let (value, place) = self.value(&span, &name)?;
        if name == "namespaces" {
            found.namespaces = Some(self.list(&place, &value)?);
            return Ok(());
        }
        let moment =
            time::read(&value).map_err(|(label, help)| self.wrong(place.clone(), label, help))?;
        if name == "valid-after" {
            found.after = Some((moment, place));
        } else {
            found.before = Some((moment, place));
        }
        Ok(())
    }

    /// The text in quotes after `=`, and where it stands without them.
    fn value(
        &mut self,
        name: &Range<usize>,
        word: &str,
    ) -> Result<(String, Range<usize>), Diagnostic> {
        let Some(inner) = self.rest().strip_prefix("=\"") else {
            let help = format!("write {word}=\"…\", with the quotes");
            return Err(self.wrong(name.clone(), "needs a value in quotes", help));
        };
        let begin = self.at + 2;
        let (mut value, mut escaped) = (String::new(), false);
        for (place, found) in inner.char_indices() {
            match found {
                '\\' if !escaped && inner[place + 1..].starts_with('"') => escaped = true,
                '"' if !escaped => {
                    self.at = begin + place + 1;
                    return Ok((value, begin..begin + place));
                }
                other => {
                    escaped = false;
                    value.push(other);
                }
            }
        }
        Err(self.wrong(
            begin - 1..begin,
            "never closed",
            "put a '\"' after the value",
        ))
    }

    fn key(&mut self) -> Result<PublicKey, Diagnostic> {
        let kind = self.until(&BLANK);
        if kind.is_empty() {
            let help = "a line ends with the key: ssh-ed25519 AAAA…";
            return Err(self.wrong(kind, "the key is missing", help));
        }
        self.skip_blanks();
        let blob = self.until(&BLANK);
        let span = kind.start..blob.end.max(kind.end);
        let (kind, blob) = (&self.text[kind], &self.text[blob]);
        let key = PublicKey::parse(&format!("{kind} {blob}"));
        let key = key.and_then(|key| key.weakness().map_or(Ok(key), Err));
        key.map_err(|cause| {
            let help = "copy the line of the person's .pub file: ssh-ed25519 AAAA…";
            self.wrong(span, &cause, help)
        })
    }
}
