//! Mass assignment: keys in a body that only the server may set.

use super::ask::Answer;
use super::audit::{Audit, Thing};
use super::claim::About;
use super::find;
use serde_json::{Map, Value, json};

/// Keys that name the owner of a thing in most applications.
const OWNERS: [&str; 8] = [
    "userId",
    "user_id",
    "user",
    "ownerId",
    "owner_id",
    "owner",
    "createdBy",
    "authorId",
];
/// A role that nobody gives away.
const ROLE: &str = "holdpoint-admin";

impl Audit<'_> {
    /// Keys that the server must set itself.
    pub(super) async fn assignment(
        &mut self,
        mut thing: Thing,
        changes: &[&'static str],
    ) -> Result<Thing, String> {
        let a = self.a.clone();
        let mark = self.next_mark();
        let mut body = self.body(json!(mark));
        body.extend(self.taken_over());
        let shown = self.shown("POST");
        match self.post(&a, &body, &mark, true).await {
            Err(cause) => self.claims.of(About::Assignment).untold(cause),
            Ok((answer, id)) => {
                let key = self.key().map(str::to_owned);
                let mut found = answer
                    .json
                    .as_ref()
                    .and_then(|json| find::marked(json, &mark, key.as_deref()))
                    .cloned();
                let mut strayed = false;
                if let Some(id) = &id {
                    // What A does not find and B does has changed hands.
                    let with_a = self.seen(id).await;
                    strayed = matches!(with_a, Ok(None)) && self.is_with_b(&mark).await;
                    found = with_a.ok().flatten().or(found);
                }
                self.assigned(&shown, &answer, found.as_ref(), strayed);
                if let Some(id) = id {
                    self.clear(&id).await;
                }
            }
        }
        self.chosen_id().await;
        for method in changes {
            let shown = self.shown_item(method);
            let mark = self.next_mark();
            let mut body = self.body(json!(mark));
            body.extend(self.taken_over());
            let strayed = self.b_id.as_ref().map(|_| a.cookies.as_str());
            self.made.note(&self.place.path, &thing.id, strayed);
            match self
                .on_item(&a, method, &thing.id, Some(Value::Object(body)))
                .await
            {
                Err(cause) => self.claims.of(About::Assignment).untold(cause),
                Ok(answer) => {
                    let found = self.seen(&thing.id).await?;
                    let strayed = found.is_none();
                    self.assigned(&shown, &answer, found.as_ref(), strayed);
                    if strayed {
                        // It is B's now, so B takes it away at the end.
                        thing = self.create().await?;
                        continue;
                    }
                }
            }
            thing = self.whole(thing).await?;
        }
        Ok(thing)
    }

    /// An id of the sender's choice. A list: MongoDB takes none as `_id`, so that where it gets that far nothing is
    /// left with an id by which the API cannot remove it.
    async fn chosen_id(&mut self) {
        let a = self.a.clone();
        let mark = self.next_mark();
        let mut body = self.body(json!(mark));
        let chosen = json!([mark]);
        body.insert("_id".into(), chosen.clone());
        let shown = self.shown("POST");
        let posted = self.post(&a, &body, &mark, true).await;
        let (answer, id) = match posted {
            Ok(posted) => posted,
            Err(cause) => return self.claims.of(About::Assignment).untold(cause),
        };
        let mut kept = answer
            .json
            .as_ref()
            .is_some_and(|json| find::holds(json, "_id", &chosen));
        if let Some(id) = id {
            let found = self.seen(&id).await.ok().flatten();
            kept |= found.is_some_and(|map| map.get("_id") == Some(&chosen));
            self.clear(&id).await;
        }
        let claim = self.claims.of(About::Assignment);
        match answer.status {
            _ if kept => claim.broke(&shown, &a.by, "the body decides _id"),
            500..=599 => {
                let how = format!(
                    "an _id in the body is used: it is answered with {}",
                    answer.status
                );
                claim.broke(&shown, &a.by, how);
            }
            _ => claim.held(),
        }
    }

    /// The owner, as far as B is known, and the role.
    fn taken_over(&self) -> Map<String, Value> {
        let owner = self
            .b_id
            .iter()
            .flat_map(|id| OWNERS.map(|key| (key.to_owned(), json!(id))));
        let role = [
            ("role".to_owned(), json!(ROLE)),
            ("isAdmin".to_owned(), json!(true)),
        ];
        owner.chain(role).collect()
    }

    async fn is_with_b(&mut self, mark: &str) -> bool {
        let b = self.b.clone();
        self.place.lists
            && self
                .on_list(&b, "GET", None)
                .await
                .is_ok_and(|answer| answer.text.contains(mark))
    }

    fn assigned(
        &mut self,
        shown: &str,
        answer: &Answer,
        found: Option<&Map<String, Value>>,
        strayed: bool,
    ) {
        let mut kept: Vec<&str> = Vec::new();
        if let Some(map) = found {
            let has = |key: &str, value: &Value| map.get(key) == Some(value);
            if let Some(id) = &self.b_id {
                kept.extend(OWNERS.iter().filter(|key| has(key, &json!(id))));
            }
            if has("role", &json!(ROLE)) {
                kept.push("role");
            }
            if has("isAdmin", &json!(true)) {
                kept.push("isAdmin");
            }
        }
        let by = self.a.by.clone();
        let claim = self.claims.of(About::Assignment);
        match answer.status {
            500..=599 => claim.untold(format!("{shown} with keys that are the server's is answered with {}", answer.status)),
            300..=499 => claim.held(),
            _ if !kept.is_empty() => claim.broke(shown, &by, format!("the body decides {}", kept.join(", "))),
            _ if strayed => claim.broke(shown, &by, "the body decides whose it is"),
            _ if found.is_none() => claim.untold(format!("{shown} with keys that are the server's is answered with {}, and what was kept is not seen", answer.status)),
            _ => claim.held(),
        }
    }
}
