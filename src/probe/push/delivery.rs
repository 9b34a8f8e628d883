//! A whole delivery without a browser: a channel at a push service, a message to it, its arrival, and farewell.

use super::answer::{self, Answer, Meaning};
use super::channel::Channel;
use super::message::{self, Sender, Subscription};
use super::protocol::{self, Notification};
use super::setup::Setup;
use crate::clock;
use crate::model::{Hindrance, HindranceKind};
use crate::probe::Context;
use crate::probe::ladder::{Ladder, Rungs};
use crate::secret::{VapidPair, random};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ece::Receiver;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use url::Url;

/// The way of one message.
pub(super) const RUNGS: Rungs = &[
    ("connect", "a WebSocket to the push service was opened"),
    ("hello", "the service takes a new client"),
    (
        "register",
        "the service makes a channel that is bound to the application's public key",
    ),
    (
        "send",
        "a message signed with the application's private key is accepted",
    ),
    (
        "control",
        "the same signed with a fresh pair is refused, so acceptance means something",
    ),
    ("receive", "the message arrived on the channel"),
    ("decrypt", "it decrypts to the text that was sent"),
    ("acknowledge", "its arrival was acknowledged"),
    ("unregister", "the channel was given up"),
];

/// What becomes of a rung that did not hold.
pub(super) enum Stop {
    /// Proved false.
    Broke {
        rung: &'static str,
        cause: String,
        remedy: String,
    },
    /// Could not be told.
    Untold { rung: &'static str, cause: String },
}

impl Stop {
    pub(super) fn untold(rung: &'static str) -> impl Fn(Hindrance) -> Self {
        move |hindrance| Self::Untold {
            rung,
            cause: hindrance.cause,
        }
    }
}

/// What the look sends, and with what.
pub(super) struct Parts<'a> {
    /// The public key as browsers are given it.
    public: &'a str,
    private: String,
    subject: &'a str,
}

impl<'a> Parts<'a> {
    /// # Errors
    /// Which part is missing or unusable: then nothing can be sent.
    pub(super) fn of(setup: &'a Setup<'_>) -> Result<Self, Hindrance> {
        let denied = |cause| Hindrance::new(HindranceKind::Denied, cause);
        let private = setup.private_key().map_err(denied)?;
        Ok(Self {
            public: setup.public_text().map_err(denied)?,
            private: super::keys::written_private(&private),
            subject: setup.contact().map_err(denied)?,
        })
    }

    pub(super) fn sender(&'a self, now: i64) -> Sender<'a> {
        Sender {
            private: &self.private,
            subject: self.subject,
            now,
        }
    }
}

/// One climb.
pub(super) struct Delivery<'a> {
    context: &'a Context,
    service: &'a Url,
    parts: &'a Parts<'a>,
    ladder: Ladder,
    facts: Map<String, Value>,
    /// Ends the look a little before the engine would, so that the cause is still told.
    until: Instant,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(context: &'a Context, service: &'a Url, parts: &'a Parts<'a>) -> Self {
        let facts = json!({
            "service": service.host_str().unwrap_or_default(),
            "endpoint_origin": null, "status": null, "errno": null,
            "foreign_key_refused": null, "foreign_key_status": null, "arrived_ms": null,
        });
        let margin = (context.timeout / 10).min(Duration::from_secs(1));
        Self {
            context,
            service,
            parts,
            ladder: Ladder::new(RUNGS),
            facts: facts.as_object().cloned().unwrap_or_default(),
            until: context.until.checked_sub(margin).unwrap_or(context.until),
        }
    }

    /// Climbs as far as it goes. Gives the facts `steps` and `delivery`.
    pub(super) async fn climb(mut self) -> (Value, Value) {
        if let Err(stop) = self.rungs().await {
            match stop {
                Stop::Broke {
                    rung,
                    cause,
                    remedy,
                } => self.ladder.broke(rung, cause, &remedy),
                Stop::Untold { rung, cause } => self.ladder.untold(rung, cause),
            }
        }
        (self.ladder.into_fact(), Value::Object(self.facts))
    }

    async fn rungs(&mut self) -> Result<(), Stop> {
        let transport = &self.context.transport;
        let socket = transport
            .websocket(self.service, self.until)
            .await
            .map_err(Stop::untold("connect"))?;
        self.ladder.held("connect");
        let mut channel = Channel::open(self.context, self.service, socket, self.until).await?;
        self.ladder.held("hello");
        let outcome = self.through(&mut channel).await;
        // Whatever happened, the channel is given up: here, or in the background where that fails.
        let gone = channel.give_up(self.context.until).await;
        outcome?;
        gone.map_err(Stop::untold("unregister"))?;
        self.ladder.held("unregister");
        Ok(())
    }

    /// The rungs on which the channel is needed.
    async fn through(&mut self, channel: &mut Channel) -> Result<(), Stop> {
        let endpoint = channel
            .register(self.context, self.parts.public, self.until)
            .await?;
        self.ladder.held("register");
        self.tell("endpoint_origin", endpoint.origin().ascii_serialization());

        let browser = Receiver::generate();
        let to = Subscription {
            endpoint,
            p256dh: BASE64.encode(browser.public_key()),
            auth: BASE64.encode(browser.auth()),
        };
        to.hide("HOLDPOINT_PUSH_ENDPOINT", &self.context.secrets);
        let text = random::<24>().map_err(|cause| Stop::Untold {
            rung: "send",
            cause,
        })?;
        let text = format!("holdpoint {}", BASE64.encode(text));
        let posted = clock::tick();
        self.send(&to, &text).await?;
        self.control(&to, &text).await?;

        let arrived = channel.arrival(self.until).await?;
        self.tell("arrived_ms", milliseconds(posted.elapsed()));
        self.ladder.held("receive");
        let opened = open(&browser, &arrived, &text);
        let code = if opened.is_ok() { 100 } else { 101 };
        let told = channel
            .acknowledge(&arrived.version, code, self.until)
            .await;
        opened.map_err(|cause| Stop::Broke {
            rung: "decrypt",
            cause,
            remedy: "the message was changed between the push service's two ends: look at what stands between, such as \
                a proxy; the application is not at fault"
                .into(),
        })?;
        self.ladder.held("decrypt");
        told.map_err(Stop::untold("acknowledge"))?;
        self.ladder.held("acknowledge");
        Ok(())
    }

    async fn send(&mut self, to: &Subscription, text: &str) -> Result<(), Stop> {
        let from = self.parts.sender(self.context.now);
        let answer = self.post("send", to, from, text).await?;
        self.tell("status", answer.status);
        self.tell("errno", answer.errno);
        match answer.meaning {
            Meaning::Accepted => {
                self.ladder.held("send");
                Ok(())
            }
            // The channel was made a moment ago and the message is short: that is the service's affair.
            Meaning::Refused { cause, .. } if matches!(answer.status, 404 | 410 | 413) => {
                Err(Stop::Untold {
                    rung: "send",
                    cause: format!("{cause}, although the channel is new and the message short"),
                })
            }
            Meaning::Refused { cause, remedy } => Err(Stop::Broke {
                rung: "send",
                cause,
                remedy: remedy.into(),
            }),
            Meaning::Untold(cause) => Err(Stop::Untold {
                rung: "send",
                cause,
            }),
        }
    }

    /// A service that takes any key would make the other steps prove nothing about ours.
    async fn control(&mut self, to: &Subscription, text: &str) -> Result<(), Stop> {
        let untold = |cause| Stop::Untold {
            rung: "control",
            cause,
        };
        let fresh = VapidPair::generate().map_err(untold)?;
        self.context
            .secrets
            .register("HOLDPOINT_PUSH_CONTROL", &fresh.private);
        let from = Sender {
            private: &fresh.private,
            ..self.parts.sender(self.context.now)
        };
        let answer = self.post("control", to, from, text).await?;
        self.tell("foreign_key_status", answer.status);
        match answer.meaning {
            Meaning::Refused { .. } if matches!(answer.status, 401 | 403) => {
                self.tell("foreign_key_refused", true);
                self.ladder.held("control");
                Ok(())
            }
            Meaning::Accepted => {
                self.tell("foreign_key_refused", false);
                Err(untold(format!(
                    "the push service also takes a message signed with a key that the channel is not bound to ({}), so that \
                     it took the application's proves nothing",
                    answer.status
                )))
            }
            Meaning::Refused { cause, .. } => Err(untold(format!(
                "a message signed with a foreign key was refused for another reason than its key: {cause}"
            ))),
            Meaning::Untold(cause) => Err(untold(cause)),
        }
    }

    async fn post(
        &self,
        rung: &'static str,
        to: &Subscription,
        from: Sender<'_>,
        text: &str,
    ) -> Result<Answer, Stop> {
        let request = message::request(to, from, text.as_bytes())
            .map_err(|cause| Stop::Untold { rung, cause })?;
        let fetched = self.context.transport.fetch(request, self.until).await;
        fetched
            .map(|fetched| answer::read(&fetched))
            .map_err(|fault| Stop::Untold {
                rung,
                cause: format!(
                    "the message could not be handed to the push service: {}",
                    fault.hindrance.cause
                ),
            })
    }

    fn tell(&mut self, fact: &str, value: impl Into<Value>) {
        self.facts.insert(fact.into(), value.into());
    }
}

/// Is it the text that was sent?
fn open(browser: &Receiver, arrived: &Notification, text: &str) -> Result<(), String> {
    if let Some(encoding) = &arrived.encoding
        && encoding != protocol::ENCODING
    {
        return Err(
            "the message arrived with another encoding than the one it was sent with".into(),
        );
    }
    let data = arrived
        .data
        .as_deref()
        .ok_or("the message arrived with data that is not base64url")?;
    match browser.decrypt(data) {
        Ok(opened) if opened == text.as_bytes() => Ok(()),
        Ok(_) => Err("another text arrived than the one that was sent".into()),
        Err(error) => Err(format!(
            "the message that arrived cannot be decrypted: {error}"
        )),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
