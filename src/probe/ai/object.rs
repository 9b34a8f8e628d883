//! The use case: an object of a schema, piece by piece, with the time it takes.

use super::answer::{Answer, Finish, Stream};
use super::climb::Climb;
use super::generate::{ANSWER_LIMIT, ATTEMPTS, Failed, GENERATION};
use super::refusal::{Kind, refusal};
use super::request::{FIELD, MORE, Manner};
use super::subject::Chosen;
use crate::clock;
use crate::model::Hindrance;
use crate::probe::transport::next_chunk;
use serde_json::Value;
use std::time::Instant;

/// An answer of more bytes is none to so short a question.
const LONGEST: usize = 1 << 20;

/// How the object came.
#[derive(Default)]
pub(super) struct Object {
    pub(super) finish: Option<String>,
    pub(super) first_byte_ms: Option<u64>,
    pub(super) total_ms: Option<u64>,
}

impl Climb<'_> {
    /// One object of a schema, piece by piece, with the time it takes.
    pub(super) async fn object(&mut self, model: &Chosen, manner: Manner) {
        let mut manner = Manner {
            tokens: MORE,
            ..manner
        };
        for _ in 0..ATTEMPTS {
            match self.stream(model, manner).await {
                Ok(answer) => {
                    self.spent.add(&answer);
                    self.object.finish.clone_from(&answer.finish);
                    let thought = answer.ended() == Finish::Length && !manner.little_thinking;
                    if !thought {
                        return self.judge_object(&answer);
                    }
                    // Thinking may have used up the tokens; once more with as little as it allows.
                    manner = manner.roomy();
                }
                Err(Failed::Refused(refusal)) => match manner.without(&refusal.parameter) {
                    Some(other) if refusal.kind == Kind::Parameter => manner = other,
                    _ => {
                        let about = refusal.parameter.to_lowercase();
                        let unbound = refusal.kind == Kind::Parameter
                            && ["response_format", "schema", "json", "tool"]
                                .iter()
                                .any(|word| about.contains(word));
                        return if unbound {
                            self.ladder.broke(
                                "schema",
                                format!("{} cannot be bound to a schema", model.id),
                                "name a model that supports structured output, or ask for JSON in the prompt and check it in the application",
                            );
                        } else {
                            self.refused("schema", &refusal);
                        };
                    }
                },
                Err(Failed::Broke(cause, remedy)) => {
                    return self.ladder.broke("schema", cause, &remedy);
                }
                Err(Failed::Untold(cause)) => return self.ladder.untold("schema", cause),
            }
        }
        self.ladder
            .untold("schema", "the provider refused every form of the request");
    }

    fn judge_object(&mut self, answer: &Answer) {
        let finish = answer.finish.as_deref().unwrap_or("no reason given");
        let json = serde_json::from_str::<Value>(answer.text.trim());
        let bound = json.as_ref().is_ok_and(|json| {
            json.get(FIELD)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.trim().is_empty())
        });
        let cause = match (answer.ended(), bound) {
            (Finish::Stop, true) => return self.ladder.held("schema"),
            (Finish::Stop, false) if json.is_err() => "what came is not JSON".to_owned(),
            (Finish::Stop, false) => format!("what came is JSON without a text in \"{FIELD}\""),
            (Finish::Length, _) => {
                format!("the object was cut off at the limit of tokens ({finish})")
            }
            (Finish::Filtered, _) => {
                format!("the provider's filter stopped a harmless answer ({finish})")
            }
            (Finish::Other, _) => {
                return self.ladder.untold(
                    "schema",
                    format!("the answer ended without saying why ({finish})"),
                );
            }
        };
        self.ladder.broke(
            "schema",
            cause,
            "check what the model gives before it is used, ask again once, and show people a fallback that says it is one",
        );
    }

    async fn stream(&mut self, model: &Chosen, manner: Manner) -> Result<Answer, Failed> {
        let dialect = self.peer.dialect;
        let request = self
            .peer
            .object(&model.id, manner)
            .map_err(Failed::Untold)?;
        let until = self.until(ANSWER_LIMIT);
        let began = clock::tick();
        let ms = |began: Instant| u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let untold = |hindrance: &Hindrance| Failed::Untold(self.unreached(hindrance, GENERATION));
        let (mut response, _) = self
            .context
            .transport
            .send(request, until)
            .await
            .map_err(|fault| untold(&fault.hindrance))?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let mut stream = Stream::new(dialect);
        let mut first_byte_ms = None;
        let mut body = Vec::new();
        while let Some(chunk) = next_chunk(&mut response, until)
            .await
            .map_err(|fault| untold(&fault.hindrance))?
        {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(Failed::Untold("the answer is longer than 1 MiB".into()));
            }
            stream.push(&chunk);
            if first_byte_ms.is_none() && !stream.answer.text.is_empty() {
                first_byte_ms = Some(ms(began));
            }
        }
        stream.end();
        // A refusal, and the answer of a server that does not stream, is one JSON on several lines.
        let whole = serde_json::from_slice::<Value>(&body).ok();
        if stream.error.is_some() || !(200..300).contains(&status) {
            return Err(Failed::Refused(refusal(
                dialect,
                status,
                retry_after.as_deref(),
                stream.error.as_ref().or(whole.as_ref()),
                GENERATION,
            )));
        }
        if let Some(answer) = whole.and_then(|json| Answer::whole(dialect, &json)) {
            stream.answer = answer;
            stream.any = true;
        }
        if !stream.any {
            return Err(Failed::Untold(
                "the provider answered, but not with an answer of its dialect".into(),
            ));
        }
        self.object.total_ms = Some(ms(began));
        self.object.first_byte_ms = first_byte_ms.or(self.object.total_ms);
        Ok(stream.answer)
    }
}
