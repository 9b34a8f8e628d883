//! One collection: lets others try to read, change and delete what A has created.

use super::ask::{Answer, Asking, Call, Caller};
use super::claim::{About, CLAIMS, Claim};
use super::find;
use super::made::{self, Shared};
use super::plan::Place;
use serde_json::{Map, Value, json};

/// Keys that take a text in most applications, where the settings name none.
pub(super) const FIELDS: [&str; 4] = ["title", "name", "text", "content"];

/// The claims of a look.
#[derive(Debug, Default)]
pub(super) struct Claims([Claim; CLAIMS.len()]);

impl Claims {
    pub(super) fn of(&mut self, about: About) -> &mut Claim {
        &mut self.0[about as usize]
    }

    /// The same could not be told for all of these.
    pub(super) fn untold(&mut self, about: &[About], cause: &str) {
        for about in about {
            self.of(*about).untold(cause);
        }
    }

    /// The fact `claims`.
    pub(super) fn fact(&self) -> Value {
        let each = CLAIMS
            .iter()
            .map(|(about, name, _)| ((*name).to_owned(), self.0[*about as usize].fact()));
        Value::Object(each.collect())
    }
}

/// A thing of A's.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    pub(super) id: String,
    /// What it carries in its text.
    pub(super) mark: String,
}

/// One collection under way.
pub(super) struct Audit<'s> {
    pub(super) asking: &'s mut Asking,
    pub(super) claims: &'s mut Claims,
    pub(super) place: Place,
    pub(super) a: Caller,
    pub(super) b: Caller,
    pub(super) b_id: Option<String>,
    /// SameSite of the session's cookie: strict, lax, none or unset; none where it was not seen.
    pub(super) same_site: Option<&'static str>,
    /// Scheme, host and port of the target.
    pub(super) home: String,
    pub(super) made: Shared,
    /// How everything begins that this look creates.
    pub(super) mark: String,
    pub(super) count: &'s mut u32,
}

impl Audit<'_> {
    /// A mark that nothing carries yet.
    pub(super) fn next_mark(&mut self) -> String {
        *self.count += 1;
        format!("{}-{:03}", self.mark, self.count)
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.place.id.as_deref()
    }

    /// The collection's path with a method, for people.
    pub(super) fn shown(&self, method: &str) -> String {
        format!("{method} {}", self.place.path)
    }

    /// The path of one thing with a method, for people.
    pub(super) fn shown_item(&self, method: &str) -> String {
        format!("{method} {}", self.place.item.replace("{id}", "[id]"))
    }

    pub(super) async fn on_list(
        &mut self,
        caller: &Caller,
        method: &'static str,
        body: Option<String>,
    ) -> Result<Answer, String> {
        let call = Call {
            method,
            path: self.place.path.clone(),
            shown: self.shown(method),
            body,
            ..Call::default()
        };
        self.asking.ask(caller, &call).await
    }

    pub(super) async fn on_item(
        &mut self,
        caller: &Caller,
        method: &'static str,
        id: &str,
        body: Option<Value>,
    ) -> Result<Answer, String> {
        let (path, named) = made::address(&self.place, id);
        let body = match (body, named) {
            (Some(Value::Object(mut body)), Some(_)) => {
                body.insert(self.key().unwrap_or("id").to_owned(), json!(id));
                Some(Value::Object(body).to_string())
            }
            (Some(body), _) => Some(body.to_string()),
            (None, named) => named.filter(|_| method != "GET"),
        };
        let call = Call {
            method,
            path,
            shown: self.shown_item(method),
            body,
            ..Call::default()
        };
        self.asking.ask(caller, &call).await
    }

    /// The right body with this in the place of its text.
    pub(super) fn body(&self, value: Value) -> Map<String, Value> {
        let mut body = self.place.body.clone();
        let field = self.place.field.as_deref().unwrap_or(FIELDS[0]);
        body.insert(field.to_owned(), value);
        body
    }

    /// What A sees of a thing of its own: none where it is gone.
    ///
    /// # Errors
    /// It cannot be told.
    pub(super) async fn seen(&mut self, id: &str) -> Result<Option<Map<String, Value>>, String> {
        let a = self.a.clone();
        let mut cause = format!("nothing shows A what {} has created", self.shown("POST"));
        if self.place.lists {
            let answer = self.on_list(&a, "GET", None).await?;
            let json = answer.json.clone().unwrap_or_default();
            let found = find::with_id(&json, id, self.key()).cloned();
            if answer.is_success() && (found.is_some() || !self.place.reads) {
                return Ok(found);
            }
            cause = format!(
                "{} as A is answered with {}",
                self.shown("GET"),
                answer.status
            );
        }
        if self.place.reads {
            let answer = self.on_item(&a, "GET", id, None).await?;
            let json = answer.json.clone().unwrap_or_default();
            match answer.status {
                200..=299 => {
                    let found = find::with_id(&json, id, self.key());
                    return Ok(found.or(json.as_object()).cloned());
                }
                404 | 410 => return Ok(None),
                status => {
                    cause = format!("{} as A is answered with {status}", self.shown_item("GET"))
                }
            }
        }
        Err(cause)
    }

    /// The same thing, or another where others have changed or removed it.
    pub(super) async fn whole(&mut self, thing: Thing) -> Result<Thing, String> {
        match self.seen(&thing.id).await? {
            Some(found) if find::carries(&Value::Object(found.clone()), &thing.mark) => Ok(thing),
            Some(_) => self.create().await,
            None => {
                self.made.gone(&self.place.path, &thing.id);
                self.create().await
            }
        }
    }

    /// Whether A may change its own by each method; only then do refusals to others tell anything.
    pub(super) async fn own_changes(
        &mut self,
        mut thing: Thing,
    ) -> Result<(Thing, Vec<&'static str>), String> {
        let a = self.a.clone();
        let mut works = Vec::new();
        for method in self.place.changes.clone() {
            let mark = self.next_mark();
            let body = Value::Object(self.body(json!(mark)));
            let answer = self.on_item(&a, method, &thing.id, Some(body)).await?;
            if matches!(answer.status, 405 | 501) {
                continue;
            }
            let seen = self.seen(&thing.id).await?;
            match seen.is_some_and(|map| find::carries(&Value::Object(map), &mark)) {
                true => {
                    works.push(method);
                    thing.mark = mark;
                }
                false => {
                    let cause = format!(
                        "{} as A is answered with {} and changes nothing, so what it does for others tells nothing",
                        self.shown_item(method),
                        answer.status
                    );
                    self.claims.untold(
                        &[
                            About::Users,
                            About::Input,
                            About::Operators,
                            About::Assignment,
                        ],
                        &cause,
                    );
                }
            }
        }
        Ok((thing, works))
    }

    /// Somebody else tries everything. Where `strict`, an answer with success is wrong whatever it shows.
    pub(super) async fn attack(
        &mut self,
        about: About,
        caller: &Caller,
        mut thing: Thing,
        changes: &[&'static str],
        strict: bool,
    ) -> Result<Thing, String> {
        if self.place.lists {
            let answer = self.on_list(caller, "GET", None).await;
            let shown = self.shown("GET");
            self.judge(about, caller, shown, answer, &thing.mark, strict);
        }
        // Asked for even where no file has it: what answers there must give nothing away either.
        let answer = self.on_item(caller, "GET", &thing.id, None).await;
        let shown = self.shown_item("GET");
        self.judge(about, caller, shown, answer, &thing.mark, strict);
        if strict {
            let mark = self.next_mark();
            let body = self.body(json!(mark));
            let answer = self
                .post(caller, &body, &mark, true)
                .await
                .map(|(answer, _)| answer);
            let shown = self.shown("POST");
            self.judge(about, caller, shown, answer, &thing.mark, true);
        }
        for method in changes {
            let mark = self.next_mark();
            let body = Value::Object(self.body(json!(mark)));
            let answer = self.on_item(caller, method, &thing.id, Some(body)).await;
            let shown = self.shown_item(method);
            match self.seen(&thing.id).await? {
                None => {
                    self.claims
                        .of(about)
                        .broke(&shown, &caller.by, "what A has created is gone")
                }
                Some(found) if find::carries(&Value::Object(found.clone()), &mark) => {
                    self.claims.of(about).broke(
                        &shown,
                        &caller.by,
                        "what A has created is changed",
                    );
                }
                Some(_) => self.judge(about, caller, shown, answer, &thing.mark, strict),
            }
            thing = self.whole(thing).await?;
        }
        let answer = self.on_item(caller, "DELETE", &thing.id, None).await;
        let shown = self.shown_item("DELETE");
        match self.seen(&thing.id).await? {
            None => self
                .claims
                .of(about)
                .broke(&shown, &caller.by, "what A has created is gone"),
            Some(_) => self.judge(about, caller, shown, answer, &thing.mark, strict),
        }
        self.whole(thing).await
    }

    /// Whether an answer gives away what A has created, or is none that tells.
    pub(super) fn judge(
        &mut self,
        about: About,
        caller: &Caller,
        shown: String,
        answer: Result<Answer, String>,
        mark: &str,
        strict: bool,
    ) {
        let claim = self.claims.of(about);
        match answer {
            Err(cause) => claim.untold(cause),
            Ok(answer) if answer.text.contains(mark) => {
                let how = format!(
                    "the answer with status {} shows what A has created",
                    answer.status
                );
                claim.broke(&shown, &caller.by, how);
            }
            Ok(answer) if answer.status >= 500 => {
                claim.untold(format!(
                    "{shown} {} is answered with {}",
                    caller.by, answer.status
                ));
            }
            // A page, such as that of the sign-in, is none of the API's answers.
            Ok(answer) if answer.is_page() => claim.held(),
            Ok(answer) if strict && answer.is_success() => {
                claim.broke(
                    &shown,
                    &caller.by,
                    format!("it is answered with {}", answer.status),
                );
            }
            Ok(_) => claim.held(),
        }
    }

    /// A deletes its own: others' refusals tell something only where this works.
    pub(super) async fn delete_own(&mut self, thing: &Thing) -> Result<(), String> {
        let a = self.a.clone();
        let answer = self.on_item(&a, "DELETE", &thing.id, None).await?;
        if self.seen(&thing.id).await?.is_none() {
            self.made.gone(&self.place.path, &thing.id);
            return Ok(());
        }
        Err(format!(
            "{} as A is answered with {} and leaves it there, so what it does for others tells nothing",
            self.shown_item("DELETE"),
            answer.status
        ))
    }
}
