//! Creates things, and keeps account of what may be there because of it.

use super::ask::{Answer, Call, Caller};
use super::audit::{Audit, FIELDS, Thing};
use super::find;
use serde_json::{Map, Value, json};

impl Audit<'_> {
    /// Posts a body, and notes what it creates. Gives the answer, and the id where one can be told.
    pub(super) async fn post(
        &mut self,
        caller: &Caller,
        body: &Map<String, Value>,
        mark: &str,
        strayed: bool,
    ) -> Result<(Answer, Option<String>), String> {
        let call = Call {
            method: "POST",
            path: self.place.path.clone(),
            shown: self.shown("POST"),
            body: Some(Value::Object(body.clone()).to_string()),
            ..Call::default()
        };
        let answer = self.ask_to_create(caller, &call).await?;
        if !answer.is_success() {
            return Ok((answer, None));
        }
        let json = answer.json.clone().unwrap_or_default();
        let key = self.key().map(str::to_owned);
        let key = key.as_deref();
        let in_answer = find::marked(&json, mark, key)
            .and_then(|map| find::id(map, key))
            .or_else(|| find::only_id(&json, key));
        let id = match in_answer {
            Some(id) => Some(id),
            None if self.place.lists => {
                let list = self.on_list(caller, "GET", None).await;
                let list = list.inspect_err(|_| self.made.untold(&self.place.path))?;
                let json = list.json.unwrap_or_default();
                find::all_marked(&json, mark, key).into_iter().next()
            }
            None => None,
        };
        match &id {
            Some(id) => {
                let by = strayed.then_some(caller.cookies.as_str());
                self.made.note(&self.place.path, id, by);
            }
            None => self.made.untold(&self.place.path),
        }
        Ok((answer, id))
    }

    /// Sends a request that may create something.
    pub(super) async fn ask_to_create(
        &mut self,
        caller: &Caller,
        call: &Call,
    ) -> Result<Answer, String> {
        let before = self.made.asked(&self.place.path);
        let outcome = self.asking.ask(caller, call).await;
        // An answer with status 500 may come after all was done; what lists show tells then.
        if outcome.is_ok() || !self.asking.unanswered {
            self.made.answered(&self.place.path, before);
        }
        outcome
    }

    /// Creates as A with a right body.
    ///
    /// # Errors
    /// Why A could not, for people.
    pub(super) async fn create(&mut self) -> Result<Thing, String> {
        let fields: Vec<String> = match &self.place.field {
            Some(field) => vec![field.clone()],
            None if self.place.body.is_empty() => FIELDS.map(str::to_owned).to_vec(),
            None => {
                let texts = self
                    .place
                    .body
                    .iter()
                    .filter(|(_, value)| value.is_string());
                let names: Vec<_> = texts.map(|(key, _)| key.clone()).collect();
                let usual = FIELDS
                    .iter()
                    .find(|field| names.iter().any(|name| name == *field));
                usual
                    .map(|field| (*field).to_owned())
                    .or(names.into_iter().next())
                    .into_iter()
                    .collect()
            }
        };
        let a = self.a.clone();
        let mut last = "the body that the settings give has no text".to_owned();
        for field in fields {
            let mark = self.next_mark();
            self.place.field = Some(field.clone());
            let body = self.body(json!(mark));
            let (answer, id) = self.post(&a, &body, &mark, false).await?;
            match (answer.status, id) {
                (200..=299, Some(id)) => return Ok(Thing { id, mark }),
                (200..=299, None) => {
                    let cause = format!(
                        "{} as A is answered with {}, but no id of what it created is seen",
                        self.shown("POST"),
                        answer.status
                    );
                    return Err(cause);
                }
                (status, _) => {
                    last = format!(
                        "{} as A with a text as '{field}' is answered with {status}",
                        self.shown("POST")
                    );
                    if !matches!(status, 400 | 422) {
                        break;
                    }
                }
            }
        }
        self.place.field = None;
        Err(format!(
            "{last}; say what it takes by body = {{ … }} in an [[api.collection]] of holdpoint.toml"
        ))
    }
}
