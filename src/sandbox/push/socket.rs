//! The browsers' end: greetings, channels, messages on their way, farewells.

use super::{Channel, Outgoing, PushFault, State, token};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// Serves browsers until it is dropped.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut clients = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        clients.spawn(async move {
            if state.has(PushFault::Hangs) {
                std::future::pending::<()>().await;
            }
            // A client that leaves in the middle is its own affair.
            let _left = speak(stream, &state).await;
        });
    }
}

/// One client.
struct Client {
    uaid: String,
    out: UnboundedSender<Outgoing>,
    /// It came back under the name that it had.
    returned: bool,
}

async fn speak(
    stream: TcpStream,
    state: &State,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let mut socket = accept_async(stream).await?;
    let (out, mut outgoing) = unbounded_channel();
    let mut client = None;
    loop {
        tokio::select! {
            Some(message) = outgoing.recv() => match message {
                Outgoing::Message(message) => socket.send(Message::text(message.to_string())).await?,
                Outgoing::Close => return socket.close(None).await,
            },
            incoming = socket.next() => match incoming {
                None | Some(Ok(Message::Close(_))) => return Ok(()),
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap_or_default();
                    match answer(&message, state, &mut client, &out) {
                        Some(answer) => socket.send(Message::text(answer.to_string())).await?,
                        // What is not understood ends the connection, as at Mozilla.
                        None => return socket.close(None).await,
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
            },
        }
    }
}

/// The answer to a message; an empty object, which clients take for a ping, where there is none.
fn answer(
    message: &Value,
    state: &State,
    client: &mut Option<Client>,
    out: &UnboundedSender<Outgoing>,
) -> Option<Value> {
    let kind = message["messageType"].as_str()?;
    if kind == "hello" {
        let status = match state.fault {
            Some(PushFault::RefusesHello) => 503,
            Some(PushFault::RefusesClients) => 401,
            _ => 200,
        };
        let known = message["uaid"].as_str().filter(|uaid| {
            let channels = state.channels();
            channels.values().any(|channel| channel.uaid == *uaid)
        });
        let uaid = known.map_or_else(new_uaid, str::to_owned);
        *client = Some(Client {
            uaid: uaid.clone(),
            out: out.clone(),
            returned: known.is_some(),
        });
        return Some(
            json!({ "messageType": "hello", "status": status, "uaid": uaid, "use_webpush": true, "broadcasts": {} }),
        );
    }
    let client = client.as_ref()?;
    match kind {
        "register" => Some(register(message, state, client)),
        "unregister" => {
            let id = message["channelID"].as_str()?;
            if state.has(PushFault::KeepsChannels) && !client.returned {
                return Some(json!({}));
            }
            state
                .channels()
                .retain(|_, channel| channel.id != id || channel.uaid != client.uaid);
            Some(json!({ "messageType": "unregister", "channelID": id, "status": 200 }))
        }
        "ack" => {
            let codes = message["updates"].as_array()?.iter();
            let codes = codes.filter_map(|update| update["code"].as_u64());
            state.acknowledged().extend(codes);
            Some(json!({}))
        }
        _ => None,
    }
}

fn register(message: &Value, state: &State, client: &Client) -> Value {
    let id = message["channelID"].as_str().unwrap_or_default();
    let refused = |status| json!({ "messageType": "register", "channelID": id, "status": status, "pushEndpoint": "" });
    let key = message["key"]
        .as_str()
        .map(|key| URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')))
        .transpose();
    let Ok(key) = key else { return refused(400) };
    if state.has(PushFault::RefusesChannel) || !is_uuid(id) {
        return refused(400);
    }
    let token = token();
    let endpoint = format!("{}/wpush/v2/{token}", state.origin);
    let channel = Channel {
        id: id.to_owned(),
        uaid: client.uaid.clone(),
        key,
        client: client.out.clone(),
    };
    state.channels().insert(token, channel);
    json!({ "messageType": "register", "channelID": id, "status": 200, "pushEndpoint": endpoint })
}

/// 32 hexadecimal digits.
fn new_uaid() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// Lower case, with dashes.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => matches!(c, '0'..='9' | 'a'..='f'),
        })
}
