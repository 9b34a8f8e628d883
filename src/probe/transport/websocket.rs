//! WebSocket connections (RFC 6455) with a deadline, over TLS where the address says wss.

use super::to_target::OWN_NAME;
use super::{Transport, fault, tcp};
use crate::clock;
use crate::model::{Hindrance, HindranceKind};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::{HeaderMap, HeaderValue, USER_AGENT};
use rustls::pki_types::ServerName;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, http::StatusCode};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

/// The longest message that is read.
const LONGEST_MESSAGE: usize = 1 << 20;

/// A stream in both directions, with TLS or without.
trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// An open connection. Dropping it closes the socket without a farewell; [`Self::close`] says one.
pub(in crate::probe) struct WebSocket {
    stream: WebSocketStream<Box<dyn Duplex>>,
}

impl Transport {
    /// Opens a connection to a `ws` or `wss` address.
    ///
    /// # Errors
    /// As [`tcp::connect`]; `tls` where the certificate is not trusted; `protocol` where the answer is
    /// not that of a WebSocket server; `denied` where the server asks for something else first.
    pub(in crate::probe) async fn websocket(
        &self,
        address: &Url,
        until: Instant,
    ) -> Result<WebSocket, Hindrance> {
        let unusable = || {
            Hindrance::new(
                HindranceKind::Internal,
                format!("{address} is not an address of a WebSocket"),
            )
        };
        let secure = match address.scheme() {
            "wss" => true,
            "ws" => false,
            _ => return Err(unusable()),
        };
        let host = address.host_str().ok_or_else(unusable)?;
        let port = address.port_or_known_default().ok_or_else(unusable)?;
        let admitted = match &self.share {
            Some(share) => {
                let admitted = share.admit("GET", address, until).await;
                Some(admitted.map_err(|fault| fault.hindrance)?)
            }
            None => None,
        };
        let mut request = address
            .as_str()
            .into_client_request()
            .map_err(|error| of_websocket(&error))?;
        request.headers_mut().extend(self.announcement(address));
        let tcp = tcp::connect(host, port, until).await?;
        let began = clock::tick();
        let open = async {
            let stream: Box<dyn Duplex> = if secure {
                let bare = host.trim_matches(['[', ']']);
                let name = ServerName::try_from(bare.to_owned()).map_err(|_| unusable())?;
                let connector = TlsConnector::from(self.tls_config());
                let tls = connector.connect(name, tcp).await;
                Box::new(tls.map_err(|error| fault::of_io(&error, "the TLS handshake"))?)
            } else {
                Box::new(tcp)
            };
            let config = WebSocketConfig::default()
                .max_message_size(Some(LONGEST_MESSAGE))
                .max_frame_size(Some(LONGEST_MESSAGE));
            let opened = client_async_with_config(request, stream, Some(config)).await;
            let answer = match &opened {
                Ok((_, answer)) => Some((answer.status(), answer.headers())),
                Err(Error::Http(answer)) => Some((answer.status(), answer.headers())),
                Err(_) => None,
            };
            if let (Some(admitted), Some((status, headers))) = (&admitted, answer) {
                admitted.answered(status, headers, began.elapsed());
            }
            opened.map_err(|error| of_websocket(&error))
        };
        let opened = match tokio::time::timeout_at(until.into(), open).await {
            Ok(opened) => opened.map(|(stream, _)| WebSocket { stream }),
            Err(_) => Err(Hindrance::new(
                HindranceKind::Timeout,
                "connected, but the WebSocket was not opened within the time allowed",
            )),
        };
        if let (Some(admitted), Err(hindrance)) = (&admitted, &opened) {
            admitted.failed(hindrance);
        }
        opened
    }
}

impl Transport {
    /// How a connection names itself: as every other request does.
    fn announcement(&self, address: &Url) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(OWN_NAME));
        // A WebSocket begins as a request over HTTP, which is what the target's address says.
        let as_http = address.as_str().replacen("ws", "http", 1);
        if let (Some(share), Ok(url)) = (&self.share, Url::parse(&as_http)) {
            let mut request = reqwest::Request::new(reqwest::Method::GET, url);
            share.announce(&mut request);
            headers.extend(std::mem::take(request.headers_mut()));
        }
        headers
    }
}

impl WebSocket {
    /// Sends one message of text.
    ///
    /// # Errors
    /// The connection is closed, or takes nothing within the time allowed.
    pub(in crate::probe) async fn send(
        &mut self,
        text: String,
        until: Instant,
    ) -> Result<(), Hindrance> {
        match tokio::time::timeout_at(until.into(), self.stream.send(Message::text(text))).await {
            Ok(sent) => sent.map_err(|error| of_websocket(&error)),
            Err(_) => Err(Hindrance::new(
                HindranceKind::Timeout,
                "the message could not be handed over within the time allowed",
            )),
        }
    }

    /// Waits for the next message of text, answering pings on the way.
    ///
    /// # Errors
    /// The peer closed, broke the protocol, or said nothing within the time allowed.
    pub(in crate::probe) async fn receive(&mut self, until: Instant) -> Result<String, Hindrance> {
        let closed = |said: String| {
            Hindrance::new(
                HindranceKind::Closed,
                format!("the peer closed the connection{said}"),
            )
        };
        loop {
            let next = tokio::time::timeout_at(until.into(), self.stream.next()).await;
            match next {
                Err(_) => {
                    return Err(Hindrance::new(
                        HindranceKind::Timeout,
                        "nothing came within the time allowed",
                    ));
                }
                Ok(None) => return Err(closed(String::new())),
                Ok(Some(Err(error))) => return Err(of_websocket(&error)),
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text.to_string()),
                Ok(Some(Ok(Message::Close(frame)))) => {
                    let code = frame.map(|frame| format!(" with code {}", u16::from(frame.code)));
                    return Err(closed(code.unwrap_or_default()));
                }
                Ok(Some(Ok(_))) => {}
            }
        }
    }

    /// Says farewell (code 1000) and lets go, at the latest by then.
    pub(in crate::probe) async fn close(mut self, until: Instant) {
        let farewell = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        // What does not go through is let go of by dropping the socket.
        let _ = tokio::time::timeout_at(until.into(), self.stream.close(Some(farewell))).await;
    }
}

fn of_websocket(error: &Error) -> Hindrance {
    match error {
        Error::Io(error) => fault::of_io(error, "speaking WebSocket"),
        Error::ConnectionClosed | Error::AlreadyClosed => {
            Hindrance::new(HindranceKind::Closed, "the connection was closed")
        }
        Error::Http(answer) => {
            let kind = match answer.status() {
                StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::PROXY_AUTHENTICATION_REQUIRED => HindranceKind::Denied,
                StatusCode::TOO_MANY_REQUESTS => HindranceKind::RateLimited,
                _ => HindranceKind::Protocol,
            };
            Hindrance::new(
                kind,
                format!(
                    "the server answers {} instead of opening a WebSocket",
                    answer.status().as_u16()
                ),
            )
        }
        other => Hindrance::new(
            HindranceKind::Protocol,
            format!("the peer does not speak WebSocket: {other}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::ServerConfig;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_tungstenite::accept_async;

    fn soon() -> Instant {
        crate::clock::tick() + Duration::from_secs(20)
    }

    async fn echo<S: AsyncRead + AsyncWrite + Unpin>(stream: S) {
        let mut socket = accept_async(stream).await.unwrap();
        socket.send(Message::Ping("?".into())).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Text(_) => socket.send(message).await.unwrap(),
                Message::Close(_) => break,
                _ => {}
            }
        }
    }

    #[tokio::test]
    async fn speaks_over_tls_that_is_trusted_and_over_none() {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key.into())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let secure = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let [secure_port, plain_port] =
            [&secure, &plain].map(|socket| socket.local_addr().unwrap().port());
        tokio::spawn(async move {
            loop {
                let (tcp, _) = secure.accept().await.unwrap();
                if let Ok(tls) = acceptor.accept(tcp).await {
                    echo(tls).await;
                }
            }
        });
        tokio::spawn(async move { echo(plain.accept().await.unwrap().0).await });
        let trusting = Transport::new(Some(&own.cert.pem())).unwrap();
        for address in [
            format!("wss://localhost:{secure_port}/"),
            format!("ws://127.0.0.1:{plain_port}/"),
        ] {
            let address = Url::parse(&address).unwrap();
            let mut socket = trusting.websocket(&address, soon()).await.unwrap();
            socket.send("hello".into(), soon()).await.unwrap();
            assert_eq!(socket.receive(soon()).await.unwrap(), "hello");
            socket.close(soon()).await;
        }
        let address = Url::parse(&format!("wss://localhost:{secure_port}/")).unwrap();
        let strict = Transport::new(None).unwrap();
        let refused = strict.websocket(&address, soon()).await.err().unwrap();
        assert_eq!(refused.kind, HindranceKind::Tls, "{refused:?}");
    }

    #[tokio::test]
    async fn tells_what_is_no_websocket() {
        let transport = Transport::new(None).unwrap();
        for (answer, kind) in [
            (
                "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
                HindranceKind::Denied,
            ),
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                HindranceKind::Protocol,
            ),
            ("SSH-2.0-server\r\n\r\n", HindranceKind::Protocol),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            tokio::spawn(async move {
                let (mut tcp, _) = listener.accept().await.unwrap();
                tcp.write_all(answer.as_bytes()).await.unwrap();
                // Held open, so that nothing is lost on the way.
                std::future::pending::<()>().await;
            });
            let address = Url::parse(&format!("ws://127.0.0.1:{port}/")).unwrap();
            let told = transport.websocket(&address, soon()).await.err().unwrap();
            assert_eq!(told.kind, kind, "{told:?}");
        }
    }

    #[tokio::test]
    async fn a_silent_peer_ends_with_the_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Url::parse(&format!("ws://127.0.0.1:{port}/")).unwrap();
        let until = crate::clock::tick() + Duration::from_millis(200);
        let transport = Transport::new(None).unwrap();
        let told = transport.websocket(&address, until).await.err().unwrap();
        assert_eq!(told.kind, HindranceKind::Timeout);
    }

    #[tokio::test]
    async fn a_flood_ends_with_the_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let flood = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(tcp).await.unwrap();
            let sent = Message::Pong("!".into());
            while socket.feed(sent.clone()).await.is_ok() {}
        });
        let address = Url::parse(&format!("ws://127.0.0.1:{port}/")).unwrap();
        let transport = Transport::new(None).unwrap();
        let mut socket = transport.websocket(&address, soon()).await.unwrap();
        let until = crate::clock::tick() + Duration::from_millis(200);
        let told = tokio::time::timeout(Duration::from_secs(5), socket.receive(until)).await;
        flood.abort();
        let told = told.expect("it ends by itself").unwrap_err();
        assert_eq!(told.kind, HindranceKind::Timeout);
    }
}
