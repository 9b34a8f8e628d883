//! The documents and indexes that the server holds, and the log of what it was asked.

use mongodb::bson::{Bson, Document, doc};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One collection.
#[derive(Debug, Default)]
pub(super) struct Collection {
    pub(super) documents: Vec<Document>,
    pub(super) indexes: Vec<Document>,
}

/// Collections by the names of their database and their own.
pub(super) type Collections = BTreeMap<(String, String), Collection>;

/// Everything that the server remembers.
#[derive(Debug, Default)]
pub(super) struct Store {
    collections: Mutex<Collections>,
    log: Mutex<Vec<String>>,
}

impl Store {
    pub(super) fn open(&self) -> MutexGuard<'_, Collections> {
        self.collections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, command: &str) {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(command.into());
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn collections(&self) -> Vec<String> {
        self.open().keys().map(|(_, name)| name.clone()).collect()
    }

    pub(super) fn seed(&self, database: &str, name: &str, indexes: Vec<Document>) {
        let mut collections = self.open();
        let collection = created(&mut collections, database, name);
        indexes
            .into_iter()
            .for_each(|index| collection.add_index(index));
    }
}

/// The collection, made with its index over `_id` where it does not exist.
pub(super) fn created<'a>(
    collections: &'a mut Collections,
    database: &str,
    name: &str,
) -> &'a mut Collection {
    collections
        .entry((database.into(), name.into()))
        .or_insert_with(|| Collection {
            documents: Vec::new(),
            indexes: vec![doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }],
        })
}

impl Collection {
    /// Adds an index with the name that drivers give it, unless one with these keys is there.
    pub(super) fn add_index(&mut self, mut index: Document) {
        let key = index.get("key").cloned();
        if self
            .indexes
            .iter()
            .any(|old| old.get("key").cloned() == key)
        {
            return;
        }
        if !index.contains_key("name")
            && let Some(Bson::Document(key)) = key
        {
            let parts: Vec<_> = key
                .iter()
                .map(|(field, direction)| format!("{field}_{direction}"))
                .collect();
            index.insert("name", parts.join("_"));
        }
        index.insert("v", 2);
        self.indexes.push(index);
    }

    /// The documents that equal every field of the filter.
    pub(super) fn matching<'a>(
        &'a mut self,
        filter: &'a Document,
    ) -> impl Iterator<Item = &'a mut Document> {
        self.documents
            .iter_mut()
            .filter(move |document| matches(document, filter))
    }

    /// Takes out at most `limit` documents that match, or all for 0, and says how many.
    pub(super) fn delete(&mut self, filter: &Document, limit: usize) -> usize {
        let mut gone = 0;
        self.documents.retain(|document| {
            let goes = matches(document, filter) && (limit == 0 || gone < limit);
            gone += usize::from(goes);
            !goes
        });
        gone
    }
}

fn matches(document: &Document, filter: &Document) -> bool {
    filter
        .iter()
        .all(|(field, value)| document.get(field) == Some(value))
}
