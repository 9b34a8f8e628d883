//! What A sends that no form would: wrong types, operators, markup and malformed JSON.

use super::ask::{Answer, Caller};
use super::audit::{Audit, Thing};
use super::claim::About;
use super::find;
use crate::secret::random;
use serde_json::{Map, Value, json};

/// What a browser would run if it were shown as a page.
const MARKUP: &str = "<script>holdpoint()</script><img src=x onerror=holdpoint()>";
/// JSON that ends too early.
const MALFORMED: &str = "{\"title\": \"holdpoint";
/// A value that stands where text is wanted.
struct Wrong {
    value: Value,
    what: &'static str,
}

impl Audit<'_> {
    /// All of it.
    pub(super) async fn hostile(
        &mut self,
        thing: Thing,
        changes: &[&'static str],
        alone: bool,
    ) -> Result<Thing, String> {
        let number = u32::from_le_bytes(random::<4>()?);
        let mark = self.next_mark();
        let types = [
            Wrong {
                value: json!(number),
                what: "a number",
            },
            Wrong {
                value: json!([mark]),
                what: "a list",
            },
        ];
        let thing = self.refuse(About::Input, &types, thing, changes).await?;
        if alone {
            self.empty().await?;
        }
        let mark = self.next_mark();
        let operators = [
            Wrong {
                value: json!({ "$ne": mark }),
                what: "{ $ne: … }",
            },
            Wrong {
                value: json!({ "$gt": mark }),
                what: "{ $gt: … }",
            },
        ];
        let thing = self
            .refuse(About::Operators, &operators, thing, changes)
            .await?;
        self.operators_elsewhere(&thing).await;
        self.markup().await?;
        self.malformed(&thing, changes).await;
        self.assignment(thing, changes).await
    }

    /// Values that must be refused, in a new thing and in one that is there.
    async fn refuse(
        &mut self,
        about: About,
        wrong: &[Wrong],
        mut thing: Thing,
        changes: &[&'static str],
    ) -> Result<Thing, String> {
        let a = self.a.clone();
        for Wrong { value, what } in wrong {
            let body = self.body(value.clone());
            let shown = self.shown("POST");
            let mark = self.mark.clone();
            let posted = self.post(&a, &body, &mark, false).await;
            match posted {
                Err(cause) => self.claims.of(about).untold(cause),
                Ok((answer, id)) => {
                    let stored = match &id {
                        Some(id) if answer.is_success() => self.seen(id).await.ok().flatten(),
                        _ => None,
                    };
                    self.taken(about, &shown, what, &answer, stored.as_ref());
                    if let Some(id) = id {
                        self.clear(&id).await;
                    }
                }
            }
            for method in changes {
                let shown = self.shown_item(method);
                let body = Value::Object(self.body(value.clone()));
                match self.on_item(&a, method, &thing.id, Some(body)).await {
                    Err(cause) => self.claims.of(about).untold(cause),
                    Ok(answer) => {
                        let stored = self.seen(&thing.id).await?;
                        let unchanged = stored.as_ref().is_some_and(|map| {
                            self.text_of(map)
                                .is_some_and(|text| text.contains(&thing.mark))
                        });
                        match unchanged && answer.is_success() {
                            // It was answered that all is well, and nothing was done.
                            true => self.claims.of(about).held(),
                            false => self.taken(about, &shown, what, &answer, stored.as_ref()),
                        }
                    }
                }
                thing = self.whole(thing).await?;
            }
        }
        Ok(thing)
    }

    /// The text of a thing, where it is one.
    fn text_of<'m>(&self, map: &'m Map<String, Value>) -> Option<&'m str> {
        map.get(self.place.field.as_deref()?)?.as_str()
    }

    /// Judges what became of a value that must be refused.
    fn taken(
        &mut self,
        about: About,
        shown: &str,
        what: &str,
        answer: &Answer,
        stored: Option<&Map<String, Value>>,
    ) {
        let as_text = stored.is_some_and(|map| self.text_of(map).is_some());
        let seen = stored.is_some_and(|map| {
            self.place
                .field
                .as_deref()
                .is_some_and(|field| map.contains_key(field))
        });
        let by = self.a.by.clone();
        let claim = self.claims.of(about);
        match answer.status {
            400..=499 => claim.held(),
            500..=599 => {
                let how = format!("{what} in place of a text is answered with {}, so it is not looked at before it is used", answer.status);
                claim.broke(shown, &by, how);
            }
            // A number that is made a text is sound; an operator is to be refused.
            200..=299 if as_text && about == About::Input => claim.held(),
            200..=299 if seen || about == About::Operators => {
                let how = format!("{what} in place of a text is taken with {}", answer.status);
                claim.broke(shown, &by, how);
            }
            status => claim.untold(format!(
                "{shown} with {what} in place of a text is answered with {status}, and what was kept is not seen"
            )),
        }
    }

    /// A body without anything. Only where the list holds nothing but A's own, so that what it creates is found.
    async fn empty(&mut self) -> Result<(), String> {
        let a = self.a.clone();
        let before = self.listed().await?;
        let shown = self.shown("POST");
        let mark = self.mark.clone();
        let (answer, id) = self.post(&a, &Map::new(), &mark, false).await?;
        let claim = self.claims.of(About::Input);
        match answer.status {
            200..=299 => {
                claim.broke(
                    &shown,
                    &a.by,
                    format!("an empty body is taken with {}", answer.status),
                );
                let new = self
                    .listed()
                    .await?
                    .into_iter()
                    .find(|id| !before.contains(id));
                if let Some(id) = id.or(new) {
                    self.made.note(&self.place.path, &id, None);
                    self.clear(&id).await;
                }
            }
            500..=599 => claim.broke(
                &shown,
                &a.by,
                format!("an empty body is answered with {}", answer.status),
            ),
            _ => claim.held(),
        }
        Ok(())
    }

    /// The ids in A's list.
    pub(super) async fn listed(&mut self) -> Result<Vec<String>, String> {
        let a = self.a.clone();
        let answer = self.on_list(&a, "GET", None).await?;
        Ok(find::ids(&answer.json.unwrap_or_default(), self.key()))
    }

    /// Operators in the query and in the place of an id, as B.
    async fn operators_elsewhere(&mut self, thing: &Thing) {
        let b = self.b.clone();
        let asked = [
            (
                self.place.lists,
                "GET",
                format!("{}?userId[$ne]=x&owner[$ne]=x&user[$ne]=x", self.place.path),
                "with operators in the query",
            ),
            (
                self.place.reads,
                "GET",
                find::filled(&self.place.item, "{\"$ne\":null}"),
                "with an operator in place of an id",
            ),
        ];
        for (there, method, path, what) in asked {
            if !there {
                continue;
            }
            let call = super::ask::Call {
                method,
                path,
                shown: format!("{method} {} {what}", self.place.path),
                body: None,
                ..super::ask::Call::default()
            };
            let answer = self.asking.ask(&b, &call).await;
            // Where B sees everything without operators, that is told as such.
            let known = match (&answer, self.place.lists) {
                (Ok(answer), true) if answer.text.contains(&thing.mark) => {
                    let plain = self.on_list(&b, "GET", None).await;
                    plain.is_ok_and(|plain| plain.text.contains(&thing.mark))
                }
                _ => false,
            };
            if !known {
                self.judge(About::Operators, &b, call.shown, answer, &thing.mark, false);
            }
        }
    }

    /// Markup must come back as data.
    async fn markup(&mut self) -> Result<(), String> {
        let a = self.a.clone();
        let mark = self.next_mark();
        let body = self.body(json!(format!("{mark}{MARKUP}")));
        let (answer, id) = self.post(&a, &body, &mark, false).await?;
        let mut answers = vec![(self.shown("POST"), answer)];
        if let Some(id) = id {
            if self.place.lists {
                answers.push((self.shown("GET"), self.on_list(&a, "GET", None).await?));
            }
            if self.place.reads {
                answers.push((
                    self.shown_item("GET"),
                    self.on_item(&a, "GET", &id, None).await?,
                ));
            }
            self.clear(&id).await;
        }
        for (shown, answer) in answers {
            let claim = self.claims.of(About::Markup);
            match runs(&answer) {
                _ if answer.status >= 500 => claim.untold(format!(
                    "{shown} with markup is answered with {}",
                    answer.status
                )),
                None => claim.held(),
                Some(how) => claim.broke(&shown, &a.by, how),
            }
        }
        Ok(())
    }

    async fn malformed(&mut self, thing: &Thing, changes: &[&'static str]) {
        let a = self.a.clone();
        let shown = self.shown("POST");
        let answer = self.on_list(&a, "POST", Some(MALFORMED.to_owned())).await;
        self.unparsed(&shown, &a, answer);
        for method in changes {
            let shown = self.shown_item(method);
            let (path, _) = super::made::address(&self.place, &thing.id);
            let call = super::ask::Call {
                method,
                path,
                shown: shown.clone(),
                body: Some(MALFORMED.to_owned()),
                ..super::ask::Call::default()
            };
            let answer = self.asking.ask(&a, &call).await;
            self.unparsed(&shown, &a, answer);
        }
    }

    fn unparsed(&mut self, shown: &str, caller: &Caller, answer: Result<Answer, String>) {
        let claim = self.claims.of(About::Malformed);
        match answer {
            Err(cause) => claim.untold(cause),
            Ok(answer) if (400..=499).contains(&answer.status) => claim.held(),
            Ok(answer) => claim.broke(
                shown,
                &caller.by,
                format!("malformed JSON is answered with {}", answer.status),
            ),
        }
    }

    /// Takes away what was created by the way; what stays is taken away at the end.
    pub(super) async fn clear(&mut self, id: &str) {
        let a = self.a.clone();
        let was_there = matches!(self.seen(id).await, Ok(Some(_)));
        let answer = self.on_item(&a, "DELETE", id, None).await;
        if was_there
            && answer.is_ok_and(|answer| answer.is_success())
            && matches!(self.seen(id).await, Ok(None))
        {
            self.made.gone(&self.place.path, id);
        }
    }
}

/// How a browser would run markup in an answer; none where it is data.
///
/// A type of JSON is never shown as a page, whatever it holds: WHATWG MIME Sniffing section 7. What has no type, or
/// another one without nosniff, may be.
fn runs(answer: &Answer) -> Option<String> {
    if !answer.text.contains("<script>holdpoint") && !answer.text.contains("<img src=x") {
        return None;
    }
    let kind = answer.content_type.as_str();
    match kind {
        _ if kind == "application/json" || kind.ends_with("+json") => None,
        "text/html"
        | "application/xhtml+xml"
        | "image/svg+xml"
        | "text/xml"
        | "application/xml" => Some(format!(
            "stored markup comes back as {kind}, which a browser runs"
        )),
        "text/plain" => None,
        "" if answer.nosniff => None,
        "" => Some("stored markup comes back without a Content-Type and without nosniff".into()),
        _ if answer.nosniff => None,
        _ => Some(format!(
            "stored markup comes back as {kind} and without nosniff"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_runs_is_no_data() {
        let answer = |kind: &str, nosniff, text: &str| Answer {
            status: 200,
            text: text.into(),
            json: None,
            content_type: kind.into(),
            nosniff,
            headers: reqwest::header::HeaderMap::new(),
        };
        for (kind, nosniff, text, wrong) in [
            ("application/json", false, MARKUP, false),
            ("application/problem+json", false, MARKUP, false),
            ("text/html", true, MARKUP, true),
            ("text/html", false, "&lt;script&gt;holdpoint()", false),
            ("", true, MARKUP, false),
            ("", false, MARKUP, true),
            ("application/octet-stream", false, MARKUP, true),
        ] {
            assert_eq!(
                runs(&answer(kind, nosniff, text)).is_some(),
                wrong,
                "{kind}"
            );
        }
    }
}
