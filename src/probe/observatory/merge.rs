//! The Observatory's reading of a Content-Security-Policy: one map out of all policies of an answer.

use super::seen::{is_blank, trim};
use crate::probe::http::policy_directives;
use icu_collator::CollatorBorrowed;
use icu_collator::options::CollatorOptions;
use percent_encoding::percent_decode_str;

/// What all policies together say, by the rules of `src/analyzer/cspParser.js`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Merged {
    /// Directive and its sources, each once.
    pub directives: Vec<(String, Vec<String>)>,
    /// report-uri or report-to stood twice in a policy.
    pub repeated: bool,
}

/// The policies cannot be read together: one is too short, repeats a directive or is ill encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// One less than the length of the shortest directive, `img-src`.
const SHORTEST: usize = 6;
/// Directives that count only in headers.
const NOT_IN_META: [&str; 3] = ["frame-ancestors", "report-uri", "sandbox"];

#[derive(Debug, Clone)]
struct Source {
    text: String,
    policy: usize,
    keep: bool,
}

impl Merged {
    /// Reads policies together.
    ///
    /// This is not what browsers do, who enforce each policy by itself: the first policy's sources are
    /// kept as far as a later one repeats them, and a directive that only a later one has ends as `'none'`.
    pub(super) fn read(policies: &[String]) -> Result<Self, Unreadable> {
        let cleaned: Vec<String> = policies
            .iter()
            .map(|policy| trim(&policy.replace(['\r', '\n'], "")).to_owned())
            .collect();
        if cleaned
            .iter()
            .any(|policy| policy.encode_utf16().count() < SHORTEST)
        {
            return Err(Unreadable);
        }
        // A sort by bytes would put other sources beside each other, and so drop others.
        let collator =
            icu_collator::Collator::try_new(Default::default(), CollatorOptions::default())
                .map_err(|_| Unreadable)?;
        let mut merged: Vec<(String, Vec<Source>)> = Vec::new();
        let mut repeated = false;
        for (number, policy) in cleaned.iter().enumerate() {
            repeated |= take_in(policy, number, cleaned.len() > 1, &collator, &mut merged)?;
        }
        let directives = merged
            .into_iter()
            .map(|(name, sources)| (name, distinct(sources)))
            .collect();
        Ok(Self {
            directives,
            repeated,
        })
    }

    /// Reads those of meta elements, without what counts only in headers.
    pub(super) fn read_meta(policies: &[String]) -> Result<Self, Unreadable> {
        let mut merged = Self::read(policies)?;
        merged
            .directives
            .retain(|(name, _)| !NOT_IN_META.contains(&name.as_str()));
        Ok(merged)
    }

    /// How many directives there are, a repetition counted as one more.
    pub(super) fn size(&self) -> usize {
        self.directives.len() + usize::from(self.repeated)
    }

    /// Where a directive stands.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.directives.iter().position(|(known, _)| known == name)
    }
}

/// Takes one policy in; says whether report-uri or report-to stood in it twice.
fn take_in(
    policy: &str,
    number: usize,
    one_of_several: bool,
    collator: &CollatorBorrowed<'_>,
    merged: &mut Vec<(String, Vec<Source>)>,
) -> Result<bool, Unreadable> {
    let mut seen = Vec::new();
    let mut repeated = false;
    for (name, values) in policy_directives(policy, is_blank) {
        let name = name.to_lowercase();
        if seen.contains(&name) {
            if !matches!(name.as_str(), "report-uri" | "report-to") {
                return Err(Unreadable);
            }
            repeated = true;
        } else {
            seen.push(name.clone());
        }
        let mut texts: Vec<String> = values.iter().map(|value| value.to_lowercase()).collect();
        if texts.is_empty() && name.ends_with("-src") {
            texts.push("'none'".to_owned());
        }
        let place = merged.iter().position(|(known, _)| *known == name);
        let mut sources: Vec<Source> = match place {
            Some(place) if number > 0 => merged[place].1.clone(),
            _ => Vec::new(),
        };
        sources.extend(texts.into_iter().map(|text| Source {
            text,
            policy: number,
            keep: number == 0,
        }));
        sources.sort_by(|one, other| collator.compare(&one.text, &other.text));
        compare_neighbours(&mut sources)?;
        sources.retain(|source| source.keep);
        if number == 0 && one_of_several {
            for source in &mut sources {
                source.keep = false;
            }
        }
        match place {
            Some(place) => merged[place].1 = sources,
            None => merged.push((name, sources)),
        }
    }
    Ok(repeated)
}

/// Within a policy what begins with its neighbour goes; across policies what its neighbour covers stays.
fn compare_neighbours(sources: &mut [Source]) -> Result<(), Unreadable> {
    for index in 1..sources.len() {
        let (before, from) = sources.split_at_mut(index);
        let (Some(previous), Some(source)) = (before.last(), from.first_mut()) else {
            continue;
        };
        if source.policy == previous.policy {
            if source.text.starts_with(&previous.text) {
                source.keep = false;
            }
        } else if covers(&previous.text, &source.text)? {
            source.keep = true;
        }
    }
    Ok(())
}

/// Does one path cover another, segment by segment after decoding?
fn covers(one: &str, other: &str) -> Result<bool, Unreadable> {
    if one.is_empty() || (one == "/" && other.is_empty()) {
        return Ok(true);
    }
    let open = one.ends_with('/');
    let mut ours: Vec<&str> = one.split('/').collect();
    let theirs: Vec<&str> = other.split('/').collect();
    if ours.len() > theirs.len() || (!open && ours.len() != theirs.len()) {
        return Ok(false);
    }
    if open {
        ours.pop();
    }
    for (ours, theirs) in ours.iter().zip(&theirs) {
        if decoded(ours)? != decoded(theirs)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Percent-decoding that refuses what is no escape or no UTF-8, as `decodeURIComponent` does.
fn decoded(text: &str) -> Result<String, Unreadable> {
    let bytes = text.as_bytes();
    let ill = bytes.iter().enumerate().any(|(at, byte)| {
        let escape = bytes.get(at + 1..at + 3);
        *byte == b'%' && !escape.is_some_and(|escape| escape.iter().all(u8::is_ascii_hexdigit))
    });
    if ill {
        return Err(Unreadable);
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| Unreadable)
}

fn distinct(sources: Vec<Source>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for source in sources {
        if !texts.contains(&source.text) {
            texts.push(source.text);
        }
    }
    if texts.is_empty() {
        texts.push("'none'".to_owned());
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(policies: &[&str]) -> Result<Vec<(String, Vec<String>)>, Unreadable> {
        let policies: Vec<String> = policies.iter().map(|text| (*text).to_owned()).collect();
        Merged::read(&policies).map(|merged| merged.directives)
    }

    fn sources(policies: &[&str], name: &str) -> Vec<String> {
        let directives = read(policies).unwrap();
        let found = directives.into_iter().find(|(known, _)| known == name);
        found.map(|(_, sources)| sources).unwrap_or_default()
    }

    #[test]
    fn what_begins_with_its_neighbour_is_dropped() {
        assert_eq!(
            sources(&["img-src https: https://a.example"], "img-src"),
            ["https:"]
        );
        // By bytes, `data:` would stand before `data.x`.
        assert_eq!(
            sources(&["script-src data data.x data:"], "script-src").len(),
            read(&["script-src data data.x data:"]).unwrap()[0].1.len()
        );
        assert!(
            !sources(&["script-src data data.x data:"], "script-src").contains(&"data:".to_owned())
        );
    }

    #[test]
    fn a_second_policy_confirms_or_takes_away() {
        let both = ["script-src 'self' a.example", "script-src 'self'"];
        assert_eq!(sources(&both, "script-src"), ["'self'"]);
        assert_eq!(
            sources(&["img-src 'self'", "script-src 'self'"], "script-src"),
            ["'none'"]
        );
        assert_eq!(
            sources(&["img-src 'self'", "script-src 'self'"], "img-src"),
            ["'self'"]
        );
    }

    #[test]
    fn short_repeated_and_ill_encoded_policies_cannot_be_read() {
        assert_eq!(read(&[""]), Err(Unreadable));
        assert_eq!(read(&["a b"]), Err(Unreadable));
        assert_eq!(read(&["img-src a; img-src b"]), Err(Unreadable));
        assert_eq!(read(&["img-src a%zz", "img-src a%zz"]), Err(Unreadable));
        assert!(read(&["report-uri /a; report-uri /b"]).is_ok());
        assert_eq!(read(&[]), Ok(vec![]));
    }
}
