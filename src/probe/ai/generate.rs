//! The tiny generation: one word, with what the provider refuses left out and more room for thinking.

use super::answer::{Answer, Finish};
use super::ask::Told;
use super::climb::Climb;
use super::refusal::{Kind, Refusal};
use super::request::{MORE, Manner};
use super::subject::Chosen;
use std::time::Duration;

/// How long an answer of a model may take.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Attempts at a generation, each without a parameter that was refused or with more room.
pub(super) const ATTEMPTS: usize = 6;
/// What is asked for, for people.
pub(super) const GENERATION: &str = "a generation";

/// Tokens of the whole look.
#[derive(Default)]
pub(super) struct Spent {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) thinking: Option<u64>,
}

impl Spent {
    /// Adds what one answer took.
    pub(super) fn add(&mut self, answer: &Answer) {
        for (sum, part) in [
            (&mut self.input, answer.input),
            (&mut self.output, answer.output),
            (&mut self.thinking, answer.thinking),
        ] {
            if let Some(part) = part {
                *sum = Some(sum.unwrap_or_default().saturating_add(part));
            }
        }
    }
}

/// Why a generation gave nothing.
pub(super) enum Failed {
    /// The provider refused.
    Refused(Refusal),
    /// It proves the claim false: the cause and the remedy.
    Broke(String, String),
    /// It tells nothing: the cause.
    Untold(String),
}

impl Climb<'_> {
    /// One word, with what the provider refuses left out, and with more room for thinking.
    pub(super) async fn word(&mut self, model: &Chosen, manner: &mut Manner) -> Result<(), Failed> {
        let dialect = self.peer.dialect;
        for _ in 0..ATTEMPTS {
            let now = *manner;
            let told = self
                .ask(|peer| peer.word(&model.id, now), ANSWER_LIMIT, GENERATION)
                .await;
            let answer = match told {
                Told::Json(json) => Answer::whole(dialect, &json).ok_or_else(|| {
                    Failed::Untold(
                        "the provider answered, but not with an answer of its dialect".into(),
                    )
                })?,
                Told::Refused(refusal) => {
                    match manner.without(&refusal.parameter) {
                        Some(other) if refusal.kind == Kind::Parameter => *manner = other,
                        _ => return Err(Failed::Refused(refusal)),
                    }
                    continue;
                }
                Told::Unreached(cause) => return Err(Failed::Untold(cause)),
            };
            self.spent.add(&answer);
            if !answer.text.trim().is_empty() {
                return Ok(());
            }
            let finish = answer.finish.as_deref().unwrap_or("no reason given");
            match answer.ended() {
                // Hidden thinking may have used up the few tokens.
                Finish::Length | Finish::Other if manner.tokens < MORE => {
                    *manner = manner.roomy();
                }
                Finish::Length => {
                    let hidden = answer
                        .thinking
                        .map(|count| format!(", {count} of them hidden thinking"));
                    return Err(Failed::Broke(
                        format!(
                            "{} gave no text within {} tokens{}",
                            model.id,
                            manner.tokens,
                            hidden.unwrap_or_default()
                        ),
                        "let the model think less (thinkingBudget, reasoning_effort) or allow it more tokens where the application asks it, or name one that does not think".into(),
                    ));
                }
                Finish::Filtered => {
                    return Err(Failed::Broke(
                        format!("the provider's filter stopped a harmless question ({finish})"),
                        "look at the safety settings of the provider's project".into(),
                    ));
                }
                Finish::Stop | Finish::Other => {
                    return Err(Failed::Broke(
                        format!("{} came to an end without any text ({finish})", model.id),
                        "try the model in the provider's console; name another if it stays silent there".into(),
                    ));
                }
            }
        }
        Err(Failed::Untold(
            "the provider refused every form of the request".into(),
        ))
    }

    /// Sets the rungs up to `generate` by what came of the generation.
    pub(super) fn settle(
        &mut self,
        key: bool,
        held: bool,
        model: &Chosen,
        outcome: Result<(), Failed>,
    ) {
        let open = |this: &mut Self| {
            if !key {
                this.ladder.held("key");
            }
            if !held {
                this.ladder.held("model");
            }
        };
        match outcome {
            Ok(()) => {
                self.exists = Some(true);
                open(self);
                self.ladder.held("generate");
            }
            // The first open rung is told by it.
            Err(Failed::Refused(refusal)) => {
                let about_key = matches!(refusal.kind, Kind::Key | Kind::Restricted | Kind::Region);
                if !key && (about_key || !refusal.proves()) {
                    self.refused("key", &refusal);
                    return;
                }
                if !key {
                    self.ladder.held("key");
                }
                if refusal.kind == Kind::Model {
                    self.gone(if held { "generate" } else { "model" }, model, &refusal);
                } else if !held && refusal.kind != Kind::Quota {
                    self.refused("model", &refusal);
                } else {
                    // Providers look for the model before they count what is left.
                    if !held {
                        self.ladder.held("model");
                    }
                    self.refused("generate", &refusal);
                }
            }
            Err(Failed::Untold(cause)) => {
                let rung = match (key, held) {
                    (false, _) => "key",
                    (true, false) => "model",
                    (true, true) => "generate",
                };
                self.ladder.untold(rung, cause);
            }
            Err(Failed::Broke(cause, remedy)) => {
                open(self);
                self.ladder.broke("generate", cause, &remedy);
            }
        }
    }
}
