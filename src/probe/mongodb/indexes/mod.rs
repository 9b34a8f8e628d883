//! Indexes that code, settings and documents ask for, compared with those that the database has.

mod code;
mod documents;
mod index;

use super::cause::Seen;
use super::climb::{Climb, timed};
use super::texts;
use crate::model::Facts;
use crate::probe::environment::texts as files;
use crate::probe::transport::mongodb::{SELECTION, within};
use futures_util::TryStreamExt as _;
use index::{Asked, Index};
use mongodb::IndexModel;
use mongodb::bson::{Bson, Document};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The collection does not exist (NamespaceNotFound).
const NO_COLLECTION: i32 = 26;

/// The fact `indexes`.
pub(super) async fn look(climb: &Climb<'_>, parameters: &Facts) -> Value {
    let root = climb.context.root.clone();
    // Reading code takes the processor, not the network.
    let survey = tokio::task::spawn_blocking(move || Survey::of(&root));
    let mut survey = survey.await.unwrap_or_default();
    survey
        .required
        .extend(required(parameters).unwrap_or_default());
    let collections: BTreeSet<_> = survey
        .required
        .iter()
        .chain(&survey.documented)
        .map(|asked| asked.collection.clone())
        .collect();
    let present = present(climb, &collections).await;
    compare(&survey, &present)
}

/// Can the parameter `required` be read?
///
/// # Errors
/// Which text cannot.
pub(super) fn verify(parameters: &Facts) -> Result<(), String> {
    required(parameters).map(drop)
}

/// The parameter `required`, each as `tasks { userId: 1, createdAt: -1 } unique`.
fn required(parameters: &Facts) -> Result<Vec<Asked>, String> {
    let given = parameters.get("required").and_then(Value::as_array);
    let asked = given.into_iter().flatten().map(|text| {
        let read = text.as_str().and_then(one_required);
        read.ok_or_else(|| {
            format!("required: {text} is not of the form \"tasks {{ userId: 1, createdAt: -1 }} unique\"")
        })
    });
    asked.collect()
}

fn one_required(text: &str) -> Option<Asked> {
    let (collection, rest) = text.split_once('{')?;
    let (keys, rest) = rest.rsplit_once('}')?;
    let mut options = Map::new();
    for word in rest.split_whitespace() {
        match word.split_once('=') {
            None if word == "unique" => options.insert("unique".into(), true.into()),
            Some(("ttl", seconds)) => options.insert(
                "expireAfterSeconds".into(),
                seconds.parse::<i64>().ok()?.into(),
            ),
            _ => return None,
        };
    }
    let collection = collection.trim();
    let call = format!(
        "db.collection({}).createIndex({{{keys}}})",
        json!(collection)
    );
    let read = code::read(&call, "required.js").ok()?;
    let asked = read.asked.into_iter().next()?;
    let key = asked.index.key.iter();
    let key: Map<_, _> = key
        .map(|(field, direction)| {
            let number = direction.parse::<i64>().map(Value::from);
            (
                field.clone(),
                number.unwrap_or_else(|_| direction.as_str().into()),
            )
        })
        .collect();
    Some(Asked {
        collection: collection.into(),
        index: Index::new(&key.into(), Some(&options.into()))?,
        place: "the check's parameter required".into(),
    })
}

/// What the repository asks for.
#[derive(Default)]
struct Survey {
    required: Vec<Asked>,
    documented: Vec<Asked>,
    unread: Vec<String>,
    unparsed: Vec<String>,
}

impl Survey {
    fn of(root: &Path) -> Self {
        let mut survey = Self::default();
        let texts = files::holding(root, code::WORDS);
        for (path, text) in &texts.code {
            match code::read(text, path) {
                Ok(read) => {
                    survey.required.extend(read.asked);
                    let lines = read.unread.iter().map(|line| format!("{path}:{line}"));
                    survey.unread.extend(lines);
                }
                Err(complaint) => survey.unparsed.push(format!("{path}: {complaint}")),
            }
        }
        for (path, text) in &texts.documents {
            survey.documented.extend(documents::read(text, path));
        }
        survey
    }
}

/// What the database has.
#[derive(Default)]
struct Present {
    /// By collection; none where it does not exist.
    collections: BTreeMap<String, Option<Vec<Index>>>,
    /// Why a collection could not be looked at.
    cause: Option<String>,
}

async fn present(climb: &Climb<'_>, collections: &BTreeSet<String>) -> Present {
    let mut present = Present::default();
    let logged_in = climb.identity.as_ref().is_some_and(|it| it.logged_in);
    let Some(client) = climb.client.as_ref().filter(|_| logged_in) else {
        present.cause = Some("nobody is logged in".into());
        return present;
    };
    let database = client.database(climb.database());
    for name in collections {
        let collection = database.collection::<Document>(name);
        let listing = async {
            collection
                .list_indexes()
                .await?
                .try_collect::<Vec<_>>()
                .await
        };
        match timed(within(SELECTION, climb.until), listing).await {
            Some(Ok(models)) => {
                let indexes = models.iter().filter_map(existing).collect();
                present.collections.insert(name.clone(), Some(indexes));
            }
            Some(Err(error)) if Seen::of(&error).code == Some(NO_COLLECTION) => {
                present.collections.insert(name.clone(), None);
            }
            Some(Err(error)) => {
                present.cause = Some(climb.meaning(&error, "listIndexes").text);
                break;
            }
            None => {
                present.cause = Some("the server did not answer within the time allowed".into());
                break;
            }
        }
    }
    present
}

/// An index as the database tells of it. One over text has keys of its own, and tells the fields as weights.
fn existing(model: &IndexModel) -> Option<Index> {
    let options = model.options.as_ref();
    let weights = options.and_then(|options| options.weights.as_ref());
    let mut key = Map::new();
    for (field, direction) in &model.keys {
        if field == "_fts" {
            for field in weights.into_iter().flat_map(Document::keys) {
                key.insert(field.clone(), "text".into());
            }
        } else if field != "_ftsx" {
            key.insert(field.clone(), plain(direction));
        }
    }
    let mut index = Index::new(&key.into(), None)?;
    index.unique = options.and_then(|it| it.unique).unwrap_or(false);
    index.ttl = options
        .and_then(|it| it.expire_after)
        .and_then(|ttl| i64::try_from(ttl.as_secs()).ok());
    index.partial = options
        .and_then(|it| it.partial_filter_expression.as_ref())
        .map(|filter| plain(&Bson::Document(filter.clone())));
    Some(index)
}

/// BSON as the JSON that people write, with whole numbers as such.
fn plain(value: &Bson) -> Value {
    match value {
        Bson::Double(number) if number.fract() == 0.0 => Value::from(*number as i64),
        Bson::Double(number) => Value::from(*number),
        Bson::Int32(number) => Value::from(*number),
        Bson::Int64(number) => Value::from(*number),
        Bson::Boolean(word) => Value::from(*word),
        Bson::String(text) => Value::from(text.as_str()),
        Bson::Null => Value::Null,
        Bson::Document(document) => document
            .iter()
            .map(|(field, value)| (field.clone(), plain(value)))
            .collect::<Map<_, _>>()
            .into(),
        Bson::Array(items) => items.iter().map(plain).collect(),
        other => other.to_string().into(),
    }
}

fn compare(survey: &Survey, present: &Present) -> Value {
    let mut missing = BTreeSet::new();
    let mut differing = BTreeSet::new();
    let mut unborn = BTreeSet::new();
    for asked in &survey.required {
        match present.collections.get(&asked.collection) {
            Some(Some(indexes)) => {
                // Several may have the same keys, one partial and one not; any that is right will do.
                let mut differences =
                    alike(indexes, asked).map(|index| asked.index.difference(index));
                match differences.next() {
                    None => drop(missing.insert(asked.to_string())),
                    Some(Some(first)) if differences.all(|it| it.is_some()) => {
                        differing.insert(format!("{asked}: {first}"));
                    }
                    Some(_) => {}
                }
            }
            Some(None) => drop(unborn.insert(asked.collection.clone())),
            None => {}
        }
    }
    let in_code = |asked: &Asked| {
        let mut required = survey.required.iter();
        required
            .any(|other| other.collection == asked.collection && other.index.key == asked.index.key)
    };
    let in_database = |asked: &Asked| {
        let indexes = present.collections.get(&asked.collection);
        indexes.is_some_and(|it| {
            it.as_ref()
                .is_some_and(|it| alike(it, asked).next().is_some())
        })
    };
    let documented_only: BTreeSet<_> = survey
        .documented
        .iter()
        .filter(|asked| !in_code(asked) && !in_database(asked))
        .map(ToString::to_string)
        .collect();
    let ok = if !missing.is_empty() || !differing.is_empty() {
        Some(false)
    } else if present.cause.is_some() || !unborn.is_empty() {
        None
    } else {
        Some(true)
    };
    let shown = present.collections.iter().filter_map(|(name, indexes)| {
        let indexes = indexes.as_ref()?.iter().map(ToString::to_string);
        Some((name.clone(), texts(indexes)))
    });
    json!({
        "ok": ok,
        "required": texts(survey.required.iter().map(ToString::to_string)),
        "missing": missing,
        "differing": differing,
        "unborn": unborn,
        "documented": texts(survey.documented.iter().map(ToString::to_string)),
        "documented_only": documented_only,
        "unread": survey.unread,
        "unparsed": survey.unparsed,
        "cause": present.cause,
        "present": shown.collect::<Map<_, _>>(),
    })
}

/// The indexes with the same keys.
fn alike<'i>(indexes: &'i [Index], asked: &'i Asked) -> impl Iterator<Item = &'i Index> {
    indexes.iter().filter(|index| index.key == asked.index.key)
}

#[cfg(test)]
mod tests;
