//! Everything that must not be written down, and how it is taken out of text.

use super::forms;
use aho_corasick::AhoCorasick;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// The registered secrets of a run. Register first; nothing is written before.
#[derive(Debug, Default)]
pub struct Book {
    inner: RwLock<Inner>,
    /// The key of fingerprints.
    key: OnceLock<[u8; 32]>,
}

#[derive(Default)]
struct Inner {
    /// Every form of every secret, with the name it is replaced by.
    forms: BTreeMap<String, Arc<str>>,
    /// Built when first needed after a registration.
    searcher: Option<Arc<Searcher>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Book of {} forms", self.forms.len())
    }
}

struct Searcher {
    /// None where there were too many forms to build one; then everything is withheld.
    automaton: Option<AhoCorasick>,
    names: Vec<Arc<str>>,
}

/// What stands for a text that could not be searched.
const WITHHELD: &str = "‹withheld›";

impl Book {
    /// Registers a value under a name that is shown in its place: `‹NAME›`.
    ///
    /// The secrets inside a value (the password of a URI, the lines of a key) are registered too.
    /// Values of fewer than four characters and words that say nothing (`true`, `localhost`) are
    /// left alone: taking them out would garble ordinary text.
    pub fn register(&self, name: &str, value: &str) {
        let forms = forms::of(value);
        if forms.is_empty() {
            return;
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let shown: Arc<str> = format!("‹{name}›").into();
        let before = inner.forms.len();
        for form in forms {
            inner.forms.entry(form).or_insert_with(|| shown.clone());
        }
        if inner.forms.len() != before {
            inner.searcher = None;
        }
    }

    /// Sets the key of fingerprints, which a project keeps so that they mean the same from run to
    /// run. The first one stays.
    pub fn keep_key(&self, key: [u8; 32]) {
        let _ = self.key.set(key);
    }

    /// The key of fingerprints; a random one where none was set.
    pub fn key(&self) -> &[u8; 32] {
        self.key.get_or_init(|| {
            let mut key = [0; 32];
            // Where the system gives no randomness, equality still shows within this run.
            if rustls::crypto::ring::default_provider()
                .secure_random
                .fill(&mut key)
                .is_err()
            {
                fastrand::fill(&mut key);
            }
            key
        })
    }

    /// Eight hexadecimal digits that show whether two values are equal and tell nothing else about
    /// them to those who do not have the project's key.
    pub fn fingerprint(&self, value: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key()) else {
            // A key of HMAC may have any length.
            return String::new();
        };
        mac.update(value.as_bytes());
        let digest = mac.finalize().into_bytes();
        digest[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Is nothing registered?
    pub fn is_empty(&self) -> bool {
        self.inner
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .forms
            .is_empty()
    }

    /// The text without any registered secret, in any of its forms.
    ///
    /// Secrets that overlap in the text are taken out together, so that no end of one stays.
    pub fn redact(&self, text: &str) -> String {
        self.redacted(text).unwrap_or_else(|| text.to_owned())
    }

    /// The text without secrets, where there was one in it.
    fn redacted(&self, text: &str) -> Option<String> {
        let searcher = self.searcher()?;
        let Some(automaton) = &searcher.automaton else {
            return Some(WITHHELD.into());
        };
        let spans = spans(automaton, text);
        if spans.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut written = 0;
        for (span, pattern) in spans {
            out.push_str(&text[written..span.start]);
            out.push_str(&searcher.names[pattern]);
            written = span.end;
        }
        out.push_str(&text[written..]);
        Some(out)
    }

    /// Redacts every text, every key and every whole number inside a JSON value.
    pub fn redact_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(clean) = self.redacted(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_json(item)),
            Value::Object(map) => {
                map.values_mut().for_each(|item| self.redact_json(item));
                if map.keys().any(|key| self.redacted(key).is_some()) {
                    let entries = std::mem::take(map).into_iter();
                    *map = entries
                        .map(|(key, item)| (self.redact(&key), item))
                        .collect();
                }
            }
            // Only a number that is the secret as a whole: a longer one merely shares its digits.
            Value::Number(number) => {
                let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
                if let Some(shown) = inner.forms.get(&number.to_string()) {
                    *value = Value::String(shown.to_string());
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn searcher(&self) -> Option<Arc<Searcher>> {
        if let Some(searcher) = &self
            .inner
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .searcher
        {
            return Some(searcher.clone());
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.forms.is_empty() {
            return None;
        }
        if inner.searcher.is_none() {
            let automaton = AhoCorasick::new(inner.forms.keys()).ok();
            let names = inner.forms.values().cloned().collect();
            inner.searcher = Some(Arc::new(Searcher { automaton, names }));
        }
        inner.searcher.clone()
    }
}

/// The places of secrets in a text, in order and apart, each with the longest pattern found there.
fn spans(automaton: &AhoCorasick, text: &str) -> Vec<(Range<usize>, usize)> {
    let mut spans: Vec<(Range<usize>, usize, usize)> = Vec::new();
    // Matches come in the order of their ends, so one can only run into those at the end of the list.
    for found in automaton.find_overlapping_iter(text) {
        let mut span = found.range();
        let (mut pattern, mut longest) = (found.pattern().as_usize(), found.len());
        while let Some((last, other, length)) =
            spans.last().filter(|(last, ..)| last.end > span.start)
        {
            span = span.start.min(last.start)..span.end.max(last.end);
            if *length >= longest {
                (pattern, longest) = (*other, *length);
            }
            spans.pop();
        }
        spans.push((span, pattern, longest));
    }
    spans
        .into_iter()
        .map(|(span, pattern, _)| (span, pattern))
        .collect()
}

#[cfg(test)]
mod tests;
