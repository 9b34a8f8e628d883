//! A push service on loopback that speaks as Mozilla's does on both ends, and can be made to fail.

mod endpoint;
mod socket;

use crate::secret::{VapidPair, random};
use axum::Router;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

/// One thing that is wrong with the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushFault {
    /// It takes connections and never answers the handshake.
    Hangs,
    /// It answers the greeting with status 503.
    RefusesHello,
    /// It answers the greeting with status 401.
    RefusesClients,
    /// It answers the wish for a channel with status 400.
    RefusesChannel,
    /// It answers every message with 401 and number 109.
    RefusesEverySignature,
    /// It takes every message, whoever signed it.
    AcceptsAnySignature,
    /// It answers every message with 410 and number 106.
    Expired,
    /// It answers every message with 413 and number 104.
    TooLarge,
    /// It answers every message with 503 and number 201.
    Unavailable,
    /// It delivers something else than was sent.
    Garbles,
    /// It takes messages and delivers none.
    NeverDelivers,
    /// It closes the connection to the browser in place of delivering.
    Closes,
    /// It never answers the wish to give a channel up over the connection that made it.
    KeepsChannels,
}

impl PushFault {
    /// Every fault.
    pub const ALL: &'static [Self] = &[
        Self::Hangs,
        Self::RefusesHello,
        Self::RefusesClients,
        Self::RefusesChannel,
        Self::RefusesEverySignature,
        Self::AcceptsAnySignature,
        Self::Expired,
        Self::TooLarge,
        Self::Unavailable,
        Self::Garbles,
        Self::NeverDelivers,
        Self::Closes,
        Self::KeepsChannels,
    ];
}

/// A running service. Dropping it stops it and closes every connection.
#[derive(Debug)]
pub struct PushService {
    url: String,
    pair: VapidPair,
    state: Arc<State>,
    _servers: JoinSet<()>,
}

/// What both ends share.
#[derive(Debug)]
struct State {
    fault: Option<PushFault>,
    /// `http://127.0.0.1:port`: the origin of every endpoint.
    origin: String,
    channels: Mutex<BTreeMap<String, Channel>>,
    acknowledged: Mutex<Vec<u64>>,
}

/// A channel of a client.
#[derive(Debug, Clone)]
struct Channel {
    /// The name that the client gave it.
    id: String,
    /// The client.
    uaid: String,
    /// The only key that may sign for it, as a point; none where the client named none.
    key: Option<Vec<u8>>,
    /// Where messages to the client go.
    client: UnboundedSender<Outgoing>,
}

/// What goes to a client.
#[derive(Debug)]
enum Outgoing {
    Message(Value),
    Close,
}

impl PushService {
    /// Starts the service on two free ports of 127.0.0.1: one for browsers, one for senders. Needs a
    /// running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound, or the system gives no random bytes.
    pub async fn start(fault: Option<PushFault>) -> io::Result<Self> {
        let browsers = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let senders = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let state = Arc::new(State {
            fault,
            origin: format!("http://{}", senders.local_addr()?),
            channels: Mutex::default(),
            acknowledged: Mutex::default(),
        });
        let url = format!("ws://{}/", browsers.local_addr()?);
        let site = Router::new()
            .route("/wpush/v2/{token}", post(endpoint::take))
            .with_state(Arc::clone(&state));
        let mut servers = JoinSet::new();
        servers.spawn(socket::serve(browsers, Arc::clone(&state)));
        servers.spawn(async move {
            // It ends only when the service is dropped.
            let _ended = axum::serve(senders, site).await;
        });
        Ok(Self {
            url,
            pair: VapidPair::generate().map_err(io::Error::other)?,
            state,
            _servers: servers,
        })
    }

    /// Where browsers connect.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What an application needs to be set to, to be examined with this service: a fresh pair, a
    /// contact, and the address in place of Mozilla's.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HOLDPOINT_PUSH_URL", self.url.clone()),
            ("NEXT_PUBLIC_VAPID_PUBLIC_KEY", self.pair.public.clone()),
            ("VAPID_PRIVATE_KEY", self.pair.private.clone()),
            ("VAPID_SUBJECT", "mailto:push@tasks.internal".into()),
        ]
    }

    /// How many channels there are now.
    pub fn channels(&self) -> usize {
        self.state.channels().len()
    }

    /// The codes with which messages were acknowledged: 100 delivered, 101 not decrypted.
    pub fn acknowledged(&self) -> Vec<u64> {
        self.state.acknowledged().clone()
    }
}

impl State {
    fn channels(&self) -> MutexGuard<'_, BTreeMap<String, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn acknowledged(&self) -> MutexGuard<'_, Vec<u64>> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, fault: PushFault) -> bool {
        self.fault == Some(fault)
    }
}

/// A name that nobody guesses; empty where the system gives no random bytes, which is refused like any other.
fn token() -> String {
    random::<48>().map_or_else(|_| String::new(), |bytes| URL_SAFE_NO_PAD.encode(bytes))
}
