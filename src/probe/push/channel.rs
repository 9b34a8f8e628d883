//! A channel at a push service, from the greeting to the farewell, with the promise to give it up.

use super::delivery::Stop;
use super::message::is_safe;
use super::protocol::{self, Incoming, Notification};
use crate::clock;
use crate::model::{Hindrance, HindranceKind, Leftover};
use crate::probe::transport::{Transport, WebSocket};
use crate::probe::{Context, Promise};
use crate::secret::random;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// How long the farewell over the open connection may take; after it the background tries again.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long the background may take for each of its steps; the whole is limited by the promise.
const AGAIN: Duration = Duration::from_secs(4);

/// One client of the service with one channel.
pub(super) struct Channel {
    socket: Option<WebSocket>,
    id: String,
    uaid: String,
    service: Url,
    promise: Option<Promise>,
    /// The channel is gone, so the promise has nothing left to do.
    gone: Arc<AtomicBool>,
}

impl Channel {
    /// Greets the service as a new client.
    pub(super) async fn open(
        context: &Context,
        service: &Url,
        mut socket: WebSocket,
        until: Instant,
    ) -> Result<Self, Stop> {
        let untold = |cause: String| Stop::Untold {
            rung: "hello",
            cause,
        };
        let (status, uaid) = greet(&mut socket, None, until)
            .await
            .map_err(Stop::untold("hello"))?;
        match status {
            200 if !uaid.is_empty() => {}
            200 => return Err(untold("the service gives the new client no name".into())),
            400..=499 => {
                return Err(Stop::Broke {
                    rung: "hello",
                    cause: format!("the service refuses a new client with status {status}"),
                    remedy: "give HOLDPOINT_PUSH_URL the address of a service that speaks Mozilla's push protocol, or leave it out"
                        .into(),
                });
            }
            _ => {
                return Err(untold(format!(
                    "the service takes no new client now (status {status})"
                )));
            }
        }
        context.secrets.register("HOLDPOINT_PUSH_CLIENT", &uaid);
        let id = random::<16>().map(protocol::channel).map_err(untold)?;
        Ok(Self {
            socket: Some(socket),
            id,
            uaid,
            service: service.clone(),
            promise: None,
            gone: Arc::default(),
        })
    }

    /// Makes the channel, and gives the address that messages to it are posted to.
    pub(super) async fn register(
        &mut self,
        context: &Context,
        key: &str,
        until: Instant,
    ) -> Result<Url, Stop> {
        const RUNG: &str = "register";
        let untold = |cause: String| Stop::Untold { rung: RUNG, cause };
        self.promise = Some(self.promise(context).map_err(untold)?);
        self.send(protocol::register(&self.id, key), until)
            .await
            .map_err(Stop::untold(RUNG))?;
        let (status, endpoint) = loop {
            let told = self.receive(until).await.map_err(Stop::untold(RUNG))?;
            if let Incoming::Register {
                channel,
                status,
                endpoint,
            } = told
                && channel == self.id
            {
                break (status, endpoint);
            }
        };
        match status {
            200 => {}
            400 => {
                return Err(Stop::Broke {
                    rung: RUNG,
                    cause: "the push service does not take the public key (status 400)".into(),
                    remedy: "set the public key to 87 characters of base64url without padding; `holdpoint keys vapid` makes a pair"
                        .into(),
                });
            }
            _ => {
                return Err(untold(format!(
                    "the service makes no channel now (status {status})"
                )));
            }
        }
        context
            .secrets
            .register("HOLDPOINT_PUSH_ENDPOINT", &endpoint);
        let address = Url::parse(&endpoint).ok().filter(is_safe);
        let address = address.ok_or_else(|| {
            untold("the service names an endpoint that is not an https address".into())
        })?;
        Ok(address)
    }

    /// Waits for the message.
    pub(super) async fn arrival(&mut self, until: Instant) -> Result<Notification, Stop> {
        loop {
            let told = self
                .receive(until)
                .await
                .map_err(|hindrance| Stop::Untold {
                    rung: "receive",
                    cause: match hindrance.kind {
                        HindranceKind::Timeout => {
                            "the message was accepted, and did not arrive within the time allowed"
                                .into()
                        }
                        _ => format!("the message was accepted, and then {}", hindrance.cause),
                    },
                })?;
            match told {
                Incoming::Notification(arrived) if arrived.channel == self.id => {
                    return Ok(arrived);
                }
                _ => {}
            }
        }
    }

    /// Says what became of the message. The service does not answer that.
    pub(super) async fn acknowledge(
        &mut self,
        version: &str,
        code: u16,
        until: Instant,
    ) -> Result<(), Hindrance> {
        let message = protocol::acknowledge(&self.id, version, code);
        self.send(message, until).await
    }

    /// Gives the channel up and closes the connection; where that fails, the promise does it again in
    /// the background over a connection of its own.
    pub(super) async fn give_up(mut self, until: Instant) -> Result<(), Hindrance> {
        let soon = (clock::tick() + FAREWELL).min(until);
        let outcome = match (&self.promise, &mut self.socket) {
            (Some(_), Some(socket)) => unregister(socket, &self.id, soon).await,
            // Nothing was made.
            _ => Ok(()),
        };
        if let Some(socket) = self.socket.take() {
            socket.close(soon).await;
        }
        self.gone.store(outcome.is_ok(), Ordering::SeqCst);
        if let Some(promise) = self.promise.take().filter(|_| outcome.is_ok()) {
            // Nothing is left to do but to say so.
            let _ = promise.keep().await;
        }
        outcome
    }

    fn promise(&self, context: &Context) -> Result<Promise, String> {
        let host = self.service.host_str().unwrap_or_default();
        let leftover = Leftover {
            service: format!("the push service at {host}"),
            what: format!("the channel {} of the run holdpoint {}", self.id, context.run),
            removal: "nothing need be done: nobody else knows its address, and the service drops clients that stay away"
                .into(),
            expires_after: None,
        };
        let (transport, gone) = (context.transport.clone(), self.gone.clone());
        let (service, uaid, id) = (self.service.clone(), self.uaid.clone(), self.id.clone());
        context.scratch.promise(leftover, async move {
            if gone.load(Ordering::SeqCst) {
                return Ok(());
            }
            remove(&transport, &service, &uaid, &id)
                .await
                .map_err(|hindrance| hindrance.cause)
        })
    }

    async fn send(&mut self, message: String, until: Instant) -> Result<(), Hindrance> {
        match &mut self.socket {
            Some(socket) => socket.send(message, until).await,
            None => Err(closed()),
        }
    }

    async fn receive(&mut self, until: Instant) -> Result<Incoming, Hindrance> {
        match &mut self.socket {
            Some(socket) => receive(socket, until).await,
            None => Err(closed()),
        }
    }
}

fn closed() -> Hindrance {
    Hindrance::new(HindranceKind::Closed, "the connection was closed")
}

async fn receive(socket: &mut WebSocket, until: Instant) -> Result<Incoming, Hindrance> {
    let text = socket.receive(until).await?;
    protocol::read(&text).ok_or_else(|| {
        Hindrance::new(
            HindranceKind::Protocol,
            "the service sends a message that is not JSON",
        )
    })
}

/// Greets; gives the status and the client's name.
async fn greet(
    socket: &mut WebSocket,
    uaid: Option<&str>,
    until: Instant,
) -> Result<(i64, String), Hindrance> {
    socket.send(protocol::hello(uaid), until).await?;
    loop {
        if let Incoming::Hello { status, uaid } = receive(socket, until).await? {
            return Ok((status, uaid));
        }
    }
}

async fn unregister(socket: &mut WebSocket, id: &str, until: Instant) -> Result<(), Hindrance> {
    socket.send(protocol::unregister(id), until).await?;
    loop {
        match receive(socket, until).await? {
            Incoming::Unregister { channel, status } if channel == id => {
                return match status {
                    200 => Ok(()),
                    _ => Err(Hindrance::new(
                        HindranceKind::Protocol,
                        format!("the service does not give the channel up (status {status})"),
                    )),
                };
            }
            _ => {}
        }
    }
}

/// Comes back as the same client and gives its channel up. A service that does not know the client any
/// more gives it a new name; then the channel is gone too.
async fn remove(
    transport: &Transport,
    service: &Url,
    uaid: &str,
    id: &str,
) -> Result<(), Hindrance> {
    let until = clock::tick() + AGAIN;
    let mut socket = transport.websocket(service, until).await?;
    let (status, known) = greet(&mut socket, Some(uaid), until).await?;
    let outcome = match status {
        200 if known == uaid => unregister(&mut socket, id, until).await,
        200 => Ok(()),
        _ => Err(Hindrance::new(
            HindranceKind::Protocol,
            format!("the service does not take the client back (status {status})"),
        )),
    };
    socket.close(until).await;
    outcome
}
