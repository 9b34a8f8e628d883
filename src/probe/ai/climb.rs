//! Climbs the ladder from a key to an answer of a given form, and tells how far it held.

use super::ask::Told;
use super::declared::RUNGS;
use super::dialect::Dialect;
use super::generate::Spent;
use super::models::{self, Listed};
use super::object::Object;
use super::refusal::{Kind, LISTING, Refusal};
use super::request::{Manner, Peer};
use super::subject::{Chosen, Key, chosen};
use crate::model::{Facts, Hindrance, HindranceKind};
use crate::probe::Context;
use crate::probe::environment::needs;
use crate::probe::ladder::Ladder;
use serde_json::json;
use std::time::Duration;
use url::Url;

/// How long a question that costs nothing may take.
const LIST_LIMIT: Duration = Duration::from_secs(10);
/// Pages of a list of models, of up to 1000 each.
const PAGES: usize = 5;
/// Other models that are asked for one by one where no list names them.
const OTHERS: usize = 8;

/// Looks, and gives every fact.
pub(super) async fn look(
    dialect: Dialect,
    parameters: &Facts,
    context: &Context,
) -> Result<Facts, Hindrance> {
    let needs = needs(context).await?;
    let key = Key::find(
        dialect,
        parameters,
        &context.environment,
        &needs,
        |package| context.application.uses(package),
    )?;
    context
        .secrets
        .register(&key.variable.name, &key.variable.value);
    let base = super::base(dialect, parameters, &context.environment)
        .map_err(|cause| Hindrance::new(HindranceKind::Denied, cause))?;
    let named = chosen(dialect, parameters, &context.environment, &needs);
    let mut address = base.clone();
    // An address that carries a name and a password still shows where it leads.
    let _ = address.set_username("");
    let _ = address.set_password(None);
    address.set_query(None);
    let peer = Peer {
        dialect,
        base,
        key: key.variable.value.trim().to_owned(),
    };
    let mut climb = Climb {
        peer,
        context,
        ladder: Ladder::new(RUNGS),
        listing: None,
        exists: None,
        suggestions: Vec::new(),
        spent: Spent::default(),
        object: Object::default(),
    };
    climb.up(named.first()).await;
    let models = climb.others(&named).await;
    // The one that is asked has its own rung.
    let gone: Vec<String> = models
        .iter()
        .skip(1)
        .filter(|(_, exists)| *exists == Some(false))
        .map(|(model, _)| format!("{} ({})", model.id, model.at))
        .collect();
    let facts = json!({
        "steps": climb.ladder.into_fact(),
        "provider": dialect.provider(),
        "address": address.as_str(),
        "variable": key.variable.name,
        "origin": key.origin(),
        "length": key.variable.value.chars().count(),
        "fingerprint": context.secrets.fingerprint(&key.variable.value),
        "set_too": key.set_too,
        "model": named.first().map(|model| &model.id),
        "model_at": named.first().map(|model| &model.at),
        "models": models.iter().map(|(model, exists)| {
            json!({ "id": model.id, "at": model.at, "exists": exists })
        }).collect::<Vec<_>>(),
        "gone": gone,
        "listed": climb.listing.as_ref().map(Vec::len),
        "suggestions": climb.suggestions,
        "finish": climb.object.finish,
        "input_tokens": climb.spent.input,
        "output_tokens": climb.spent.output,
        "thinking_tokens": climb.spent.thinking,
        "first_byte_ms": climb.object.first_byte_ms,
        "total_ms": climb.object.total_ms,
    });
    Ok(facts.as_object().cloned().unwrap_or_default())
}

/// The climb, and what it came upon.
pub(super) struct Climb<'c> {
    pub(super) peer: Peer,
    pub(super) context: &'c Context,
    pub(super) ladder: Ladder,
    /// The models that the provider lists, where it does.
    listing: Option<Vec<Listed>>,
    /// The model that is asked exists, as far as the climb told.
    pub(super) exists: Option<bool>,
    suggestions: Vec<String>,
    pub(super) spent: Spent,
    pub(super) object: Object,
}

impl Climb<'_> {
    async fn up(&mut self, model: Option<&Chosen>) {
        // Where no list is given, the generation tells about the key too.
        let Some(key_held) = self.key().await else {
            return;
        };
        let Some(model) = model else {
            if key_held {
                let provider = self.peer.dialect.provider();
                let variable = provider.to_uppercase();
                self.ladder.untold(
                    "model",
                    format!(
                        "deployed code names no model of {provider}; HOLDPOINT_{variable}_MODEL names one"
                    ),
                );
            } else {
                self.ladder.untold(
                    "key",
                    "the address gives no list of models, or gives it to everybody, and no model is named that could be asked",
                );
            }
            return;
        };
        let Some(model_held) = self.model(model).await else {
            return;
        };
        let mut manner = Manner::of(self.peer.dialect, &model.id);
        let outcome = self.word(model, &mut manner).await;
        let held = outcome.is_ok();
        self.settle(key_held, model_held, model, outcome);
        if held {
            self.object(model, manner).await;
        }
    }

    /// Lists the models. None where the climb ends here; false where the rung is still open.
    async fn key(&mut self) -> Option<bool> {
        let mut listing: Vec<Listed> = Vec::new();
        let mut token = None;
        for _ in 0..PAGES {
            let told = self
                .ask(|peer| peer.list(token.as_deref()), LIST_LIMIT, LISTING)
                .await;
            match told {
                Told::Json(json) => {
                    let Some((mut models, next)) = models::page(self.peer.dialect, &json) else {
                        return Some(false);
                    };
                    listing.append(&mut models);
                    token = next;
                    // Google says when there is more; so does Anthropic, whose limit is never met.
                    if token.is_none() {
                        break;
                    }
                }
                Told::Refused(refusal) => match refusal.kind {
                    Kind::NoListing | Kind::Quota => {
                        self.ladder.held("key");
                        return Some(true);
                    }
                    Kind::Strange | Kind::Parameter | Kind::Model => return Some(false),
                    _ => {
                        self.refused("key", &refusal);
                        return None;
                    }
                },
                Told::Unreached(cause) => {
                    self.ladder.untold("key", cause);
                    return None;
                }
            }
        }
        self.listing = Some(listing);
        // Some gateways list their models to everybody.
        if self.lists_to_strangers().await {
            return Some(false);
        }
        self.ladder.held("key");
        Some(true)
    }

    /// The control of the list: a key that is none must be refused, or the list says nothing of keys.
    /// The providers' own addresses are known to ask for one.
    async fn lists_to_strangers(&self) -> bool {
        let own = self.peer.dialect.address().parse::<Url>();
        if own.is_ok_and(|own| own.origin() == self.peer.base.origin()) {
            return false;
        }
        let stranger = Peer {
            key: "holdpoint-control".into(),
            ..self.peer.clone()
        };
        let told = self.ask(|_| stranger.list(None), LIST_LIMIT, LISTING).await;
        !matches!(told, Told::Refused(refusal) if matches!(refusal.kind, Kind::Key | Kind::Restricted))
    }

    /// Looks for the model. None where the climb ends here; false where the rung is still open.
    async fn model(&mut self, model: &Chosen) -> Option<bool> {
        let Some(listing) = &self.listing else {
            return Some(false);
        };
        let found = listing.iter().find(|one| one.id == model.id).cloned();
        let found = match found {
            Some(found) => found,
            None => match self.one(&model.id).await {
                Ok(Some(found)) => found,
                Ok(None) => return Some(false),
                Err(refusal) if refusal.kind == Kind::Model => {
                    self.gone("model", model, &refusal);
                    return None;
                }
                Err(refusal) => {
                    self.refused("model", &refusal);
                    return None;
                }
            },
        };
        if found.generates == Some(false) {
            self.suggest(&model.id);
            let cause = format!(
                "{} (named by {}) exists and does not generate text",
                model.id, model.at
            );
            let remedy = format!(
                "name a model that supports generateContent{}",
                self.instead()
            );
            self.ladder.broke("model", cause, &remedy);
            return None;
        }
        self.ladder.held("model");
        Some(true)
    }

    /// Asks for one model: none where the answer does not tell.
    async fn one(&self, id: &str) -> Result<Option<Listed>, Refusal> {
        match self
            .ask(|peer| peer.model(id), LIST_LIMIT, "the model's description")
            .await
        {
            Told::Json(json) => Ok(models::one(self.peer.dialect, &json)),
            Told::Refused(refusal) => match refusal.kind {
                Kind::Strange | Kind::Parameter | Kind::NoListing | Kind::Restricted => Ok(None),
                _ => Err(refusal),
            },
            Told::Unreached(_) => Ok(None),
        }
    }

    /// The rung by what a refusal proves.
    pub(super) fn refused(&mut self, rung: &str, refusal: &Refusal) {
        if refusal.proves() {
            self.ladder
                .broke(rung, refusal.cause.clone(), &refusal.remedy);
        } else {
            self.ladder.untold(rung, refusal.cause.clone());
        }
    }

    /// The rung broke because the model is gone.
    pub(super) fn gone(&mut self, rung: &str, model: &Chosen, refusal: &Refusal) {
        self.exists = Some(false);
        self.suggest(&model.id);
        let day = models::shut_down(&model.id)
            .map(|day| format!("; it was shut down on {day}, as far as is known"));
        let cause = format!(
            "{} (named by {}) is not there: {}{}",
            model.id,
            model.at,
            refusal.cause,
            day.unwrap_or_default()
        );
        let remedy = format!("change the name at {}{}", model.at, self.instead());
        self.ladder.broke(rung, cause, &remedy);
    }

    fn suggest(&mut self, id: &str) {
        let listing = self.listing.as_deref().unwrap_or_default();
        self.suggestions = models::near(id, listing);
    }

    fn instead(&self) -> String {
        if self.suggestions.is_empty() {
            ": take one that the provider lists".into()
        } else {
            format!(": the provider lists {}", self.suggestions.join(", "))
        }
    }

    /// Which of the named models exist, as far as a list, or a question for each, tells.
    async fn others(&self, named: &[Chosen]) -> Vec<(Chosen, Option<bool>)> {
        let mut told = Vec::with_capacity(named.len());
        let mut asked = 0;
        for (place, model) in named.iter().enumerate() {
            let exists = match &self.listing {
                _ if place == 0 && self.exists.is_some() => self.exists,
                None => None,
                Some(listing) if listing.iter().any(|one| one.id == model.id) => Some(true),
                Some(_) if asked < OTHERS => {
                    asked += 1;
                    match self.one(&model.id).await {
                        Ok(Some(_)) => Some(true),
                        Err(refusal) if refusal.kind == Kind::Model => Some(false),
                        _ => None,
                    }
                }
                Some(_) => None,
            };
            told.push((model.clone(), exists));
        }
        told
    }
}
