//! A document of our own written, read, changed and removed, in a collection that is removed too.

use super::cause::{self, Cause};
use super::climb::{Climb, slow, timed};
use crate::clock;
use crate::model::Leftover;
use crate::probe::Promise;
use crate::probe::transport::mongodb::{close, driver, within};
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::{
    Acknowledgment, CollectionOptions, IndexOptions, ReadConcern, ReadPreference,
    SelectionCriteria, WriteConcern,
};
use mongodb::{Collection, Database, IndexModel};
use serde_json::{Value, json};
use std::future::IntoFuture;
use std::time::Duration;

/// Unauthorized: who is logged in may not do this (MongoDB manual, error codes).
const UNAUTHORIZED: i32 = 13;
/// How long a majority may take to acknowledge a write.
const MAJORITY: Duration = Duration::from_secs(5);
/// How long one step may take.
const STEP: Duration = Duration::from_secs(6);
/// After this many seconds documents in the collection expire, should they be left behind.
const LIFETIME: Duration = Duration::from_secs(600);
/// What every collection of ours begins with.
const PREFIX: &str = "holdpoint_probe_";

/// The fact `round_trip`.
pub(super) async fn look(climb: &Climb<'_>) -> Value {
    let logged_in = climb.identity.as_ref().is_some_and(|it| it.logged_in);
    let Some(client) = climb.client.as_ref().filter(|_| logged_in) else {
        return Value::Null;
    };
    let mut trip = Trip {
        climb,
        database: client.database(climb.database()),
        name: collection_name(&climb.context.run),
        steps: Vec::new(),
        failed: None,
        removed: None,
        expires: None,
    };
    if let Err((step, cause)) = trip.make().await {
        trip.failed = Some((step, cause));
    }
    trip.fact()
}

/// A name that says whose it is and of which run, from characters that are safe everywhere.
fn collection_name(run: &str) -> String {
    let run: String = run
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    // Looks outside a run have no id; two of them must not meet.
    if run.is_empty() {
        format!("{PREFIX}{:08x}", fastrand::u32(..))
    } else {
        format!("{PREFIX}{run}")
    }
}

struct Trip<'c> {
    climb: &'c Climb<'c>,
    database: Database,
    name: String,
    steps: Vec<Value>,
    failed: Option<(&'static str, Cause)>,
    removed: Option<bool>,
    expires: Option<bool>,
}

type Broken = (&'static str, Cause);

impl Trip<'_> {
    async fn make(&mut self) -> Result<(), Broken> {
        self.may_begin().await.map_err(|cause| ("begin", cause))?;
        let promise = self.promise().map_err(|cause| ("begin", cause))?;
        let outcome = self.steps().await;
        let dropped = match &outcome {
            Ok(()) => self.drop_collection().await,
            Err(_) => Ok(()),
        };
        // Also where a step went wrong, and with a login of its own.
        self.removed = Some(promise.keep().await.is_ok());
        outcome.and(dropped)
    }

    /// Nothing is made that could not be removed, or that is there already.
    async fn may_begin(&self) -> Result<(), Cause> {
        let identity = self.climb.identity.as_ref();
        let missing = identity.and_then(|it| it.missing.as_ref());
        if let Some(missing) = missing {
            let lacks = |action: &str| missing.iter().any(|it| it == action);
            for action in ["insert", "find", "update", "remove"] {
                if lacks(action) {
                    let cause = self.lacking(action);
                    // In single collections of the application's own it may be allowed.
                    let elsewhere = identity.is_some_and(|it| it.in_collections.contains(action));
                    return Err(if elsewhere {
                        Cause { ok: None, ..cause }
                    } else {
                        cause
                    });
                }
            }
            for action in ["dropCollection", "createIndex", "listCollections"] {
                if lacks(action) {
                    return Err(Cause {
                        ok: None,
                        ..self.lacking(action)
                    });
                }
            }
        }
        let names = self
            .database
            .list_collection_names()
            .filter(doc! { "name": &self.name })
            .into_future();
        let names = self
            .timed("listCollections", names)
            .await
            .map_err(|cause| Cause { ok: None, ..cause })?;
        if names.contains(&self.name) {
            return Err(Cause::untold(format!(
                "a collection {} is there already, and nobody knows whose it is",
                self.name
            )));
        }
        Ok(())
    }

    fn lacking(&self, action: &str) -> Cause {
        cause::lacking(action, self.climb.database())
    }

    /// The removal logs in by itself: this look's client may hang, or be closed by then.
    fn promise(&self) -> Result<Promise, Cause> {
        let Some(options) = self.climb.login_options() else {
            return Err(Cause::untold("there is no login"));
        };
        let (database, name) = (self.climb.database().to_owned(), self.name.clone());
        let host = self
            .climb
            .connected()
            .next()
            .map(|seed| seed.name())
            .unwrap_or_default();
        let leftover = Leftover {
            service: format!("MongoDB at {host}"),
            what: format!("the collection {name} in the database {database}"),
            removal: format!(
                "in mongosh: db.getSiblingDB(\"{database}\").getCollection(\"{name}\").drop()"
            ),
            // Its document expires; the collection does not.
            expires_after: None,
        };
        let removal = async move {
            let client = driver(options).map_err(|_| "the driver refuses its options")?;
            let collection = client.database(&database).collection::<Document>(&name);
            let outcome = collection.drop().await;
            close(client).await;
            outcome.map_err(|error| {
                let code = cause::Seen::of(&error).code;
                code.map_or_else(
                    || "the server could not be reached again".to_owned(),
                    |code| format!("the server refused to drop it with code {code}"),
                )
            })
        };
        let scratch = &self.climb.context.scratch;
        scratch
            .promise(leftover, removal)
            .map_err(|cause| Cause::untold(format!("nothing was made: {cause}")))
    }

    fn collection(&self) -> Collection<Document> {
        let mut concern = WriteConcern::majority();
        concern.w = Some(Acknowledgment::Majority);
        concern.w_timeout = Some(MAJORITY);
        let options = CollectionOptions::builder()
            .write_concern(concern)
            .read_concern(ReadConcern::majority())
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .build();
        self.database.collection_with_options(&self.name, options)
    }

    async fn steps(&mut self) -> Result<(), Broken> {
        let collection = self.collection();
        let run = self.climb.context.run.clone();
        let (first, second) = (fastrand::i64(1..i64::MAX), fastrand::i64(1..i64::MAX));

        let expiry = IndexModel::builder()
            .keys(doc! { "created": 1 })
            .options(IndexOptions::builder().expire_after(LIFETIME).build())
            .build();
        match self
            .step(
                "create-index",
                "createIndex",
                collection.create_index(expiry),
            )
            .await
        {
            Ok(_) => self.expires = Some(true),
            // Without such indexes the document is removed by us alone, and the rest still shows.
            Err((_, cause)) if cause.code.is_some_and(cause::is_not_offered) => {
                self.expires = Some(false);
            }
            // The privilege is missing, and nothing was made: whether writes work stays open.
            Err((step, cause)) if cause.code == Some(UNAUTHORIZED) || cause.ok.is_none() => {
                return Err((step, Cause { ok: None, ..cause }));
            }
            // What else stands in the way of an index tells the insertion, if it is one of writes.
            Err(_) => self.expires = Some(false),
        }

        let document = doc! { "_id": &run, "n": first, "created": DateTime::from_millis(self.climb.context.now * 1000) };
        self.step("insert", "insert", collection.insert_one(document))
            .await?;

        let this = doc! { "_id": &run };
        let found = self
            .step("find", "find", collection.find_one(this.clone()))
            .await?;
        self.same("find", found, first)?;

        let change = doc! { "$set": { "n": second } };
        let updated = self
            .step(
                "update",
                "update",
                collection.update_one(this.clone(), change),
            )
            .await?;
        self.counted("update", updated.matched_count, 1)?;
        let found = self
            .step("find", "find", collection.find_one(this.clone()))
            .await?;
        self.same("find", found, second)?;

        let deleted = self
            .step("delete", "remove", collection.delete_one(this))
            .await?;
        self.counted("delete", deleted.deleted_count, 1)?;

        let left = self
            .step("count", "find", collection.count_documents(doc! {}))
            .await?;
        self.counted("count", left, 0)
    }

    async fn drop_collection(&mut self) -> Result<(), Broken> {
        let collection = self.collection();
        self.step("drop", "dropCollection", collection.drop())
            .await
            .map_err(|(step, cause)| (step, Cause { ok: None, ..cause }))
    }

    /// Takes a step and notes how it went.
    async fn step<T>(
        &mut self,
        name: &'static str,
        action: &str,
        step: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Broken> {
        let begun = clock::tick();
        let outcome = self.timed(action, step.into_future()).await;
        let ok = match &outcome {
            Ok(_) => Some(true),
            Err(cause) => cause.ok,
        };
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.steps.push(json!({ "name": name, "ok": ok, "ms": ms }));
        outcome.map_err(|cause| (name, cause))
    }

    async fn timed<T>(
        &self,
        action: &str,
        asking: impl Future<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Cause> {
        match timed(within(STEP, self.climb.until), asking).await {
            None => Err(slow(action)),
            Some(answer) => answer.map_err(|error| self.climb.meaning(&error, action)),
        }
    }

    fn same(&mut self, name: &'static str, found: Option<Document>, n: i64) -> Result<(), Broken> {
        let same = found.is_some_and(|document| document.get_i64("n").is_ok_and(|it| it == n));
        if same {
            return Ok(());
        }
        self.last_is_false();
        Err((
            name,
            Cause::broke(
                "what was read back from the primary is not what was written",
                "find what stands between the application and its database, and whether the data files are whole",
            ),
        ))
    }

    fn counted(&mut self, name: &'static str, number: u64, expected: u64) -> Result<(), Broken> {
        if number == expected {
            return Ok(());
        }
        self.last_is_false();
        Err((
            name,
            Cause::broke(
                format!("{name} concerned {number} documents in place of {expected}"),
                "find what else writes to collections of that name, and whether the data files are whole",
            ),
        ))
    }

    fn last_is_false(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step["ok"] = false.into();
        }
    }

    fn fact(self) -> Value {
        let cause = self.failed.as_ref().map(|(_, cause)| cause);
        // What stayed behind is no pass, however well the rest went.
        let ok = match (cause, self.removed) {
            (None, Some(true)) => Some(true),
            (None, _) => None,
            (Some(cause), _) => cause.ok,
        };
        let text = match (cause, self.removed) {
            (Some(cause), Some(false)) => Some(format!(
                "{}; the collection {} could not be removed",
                cause.text, self.name
            )),
            (Some(cause), _) => Some(cause.text.clone()),
            (None, Some(false)) => {
                Some(format!("the collection {} could not be removed", self.name))
            }
            (None, _) => None,
        };
        json!({
            "ok": ok,
            "failed": self.failed.as_ref().map(|(step, _)| step),
            "cause": text,
            "remedy": cause.map(|cause| &cause.remedy).filter(|remedy| !remedy.is_empty()),
            "collection": self.name,
            "removed": self.removed,
            "expires": self.expires,
            "steps": self.steps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collections_are_named_after_the_run() {
        assert_eq!(
            collection_name("20261125T135033-ab12"),
            "holdpoint_probe_20261125T135033_ab12"
        );
        assert_ne!(collection_name(""), collection_name(""));
    }
}
