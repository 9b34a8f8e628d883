//! Everything that must not be written down, and how it is taken out of text.

use super::forms;
use aho_corasick::{AhoCorasick, MatchKind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The registered secrets of a run. Register first; nothing is written before.
#[derive(Debug, Default)]
pub struct Book {
    inner: RwLock<Inner>,
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
    automaton: AhoCorasick,
    names: Vec<Arc<str>>,
}

/// Values shorter than this are not registered: taking them out would garble ordinary text.
pub const SHORTEST: usize = 4;

impl Book {
    /// Registers a value under a name that is shown in its place: `‹NAME›`.
    ///
    /// A URI's password is registered by itself too. Values of fewer than four characters and
    /// words that say nothing (`true`, `localhost`) are left alone.
    pub fn register(&self, name: &str, value: &str) {
        let forms = forms::of(value);
        if forms.is_empty() {
            return;
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let shown: Arc<str> = format!("‹{name}›").into();
        for form in forms {
            inner.forms.entry(form).or_insert_with(|| shown.clone());
        }
        inner.searcher = None;
    }

    /// Is nothing registered?
    pub fn is_empty(&self) -> bool {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).forms.is_empty()
    }

    /// The text without any registered secret, in any of its forms.
    pub fn redact(&self, text: &str) -> String {
        match self.searcher() {
            Some(searcher) if searcher.automaton.is_match(text) => {
                let mut out = String::with_capacity(text.len());
                searcher.automaton.replace_all_with(text, &mut out, |found, _, out| {
                    out.push_str(&searcher.names[found.pattern().as_usize()]);
                    true
                });
                out
            }
            _ => text.to_owned(),
        }
    }

    /// Redacts every text and every key inside a JSON value.
    pub fn redact_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let clean = self.redact(text);
                if clean != *text {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_json(item)),
            Value::Object(map) => {
                let entries = std::mem::take(map);
                for (key, mut item) in entries {
                    self.redact_json(&mut item);
                    map.insert(self.redact(&key), item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn searcher(&self) -> Option<Arc<Searcher>> {
        if let Some(searcher) = &self.inner.read().unwrap_or_else(PoisonError::into_inner).searcher {
            return Some(searcher.clone());
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.forms.is_empty() {
            return None;
        }
        if inner.searcher.is_none() {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(inner.forms.keys())
                .ok()?;
            let names = inner.forms.values().cloned().collect();
            inner.searcher = Some(Arc::new(Searcher { automaton, names }));
        }
        inner.searcher.clone()
    }
}
