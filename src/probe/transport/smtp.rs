//! A mail server's connection, command by command, with lettre's grammar of commands and answers.

use super::secure::{TlsFault, version};
use super::{Transport, tcp};
use crate::model::Hindrance;
use lettre::transport::smtp::response::Response;
use std::fmt::Display;
use std::io;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The longest answer that is read; real ones are a few lines.
const LONGEST: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) enum Broken {
    /// Nothing, or not everything, came in time.
    Silent,
    /// The server closed the connection.
    Closed,
    /// What came is not an answer of a mail server.
    Garbled,
}

/// An open connection to a mail server.
pub(in crate::probe) struct Smtp {
    wire: Wire,
    /// What was read and not yet used.
    read: Vec<u8>,
}

enum Wire {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// Connects without a word: the time to resolve and the time to connect come with the connection.
///
/// # Errors
/// As [`super::connect`].
pub(in crate::probe) async fn open(
    host: &str,
    port: u16,
    until: Instant,
) -> Result<(TcpStream, Duration, Duration), Hindrance> {
    tcp::connect(host, port, until).await
}

impl Smtp {
    /// Speaks over a connection as it is.
    pub(in crate::probe) fn plain(stream: TcpStream) -> Self {
        Self {
            wire: Wire::Plain(stream),
            read: Vec::new(),
        }
    }

    /// Speaks TLS from here on: from the first byte, or after STARTTLS was agreed to.
    ///
    /// # Errors
    /// As [`Transport::secure`]; also where the server said more before TLS than it was asked, which
    /// somebody on the way may have put there.
    pub(in crate::probe) async fn secured(
        self,
        transport: &Transport,
        host: &str,
        until: Instant,
    ) -> Result<Self, TlsFault> {
        if !self.read.is_empty() {
            return Err(TlsFault::Untold(
                "the server sent more in clear than it was asked, before TLS began".into(),
            ));
        }
        match self.wire {
            Wire::Plain(stream) => {
                let stream = transport.secure(host, stream, until).await?;
                Ok(Self {
                    wire: Wire::Secure(Box::new(stream)),
                    read: Vec::new(),
                })
            }
            Wire::Secure(_) => Ok(self),
        }
    }

    /// The version of TLS that is spoken; none in clear.
    pub(in crate::probe) fn tls_version(&self) -> Option<&'static str> {
        match &self.wire {
            Wire::Plain(_) => None,
            Wire::Secure(stream) => Some(version(stream)),
        }
    }

    /// Sends one command and reads its answer, whatever it says.
    ///
    /// # Errors
    /// There was no answer in time, or none of a mail server.
    pub(in crate::probe) async fn command(
        &mut self,
        command: impl Display,
        until: Instant,
    ) -> Result<Response, Broken> {
        self.write(command.to_string().as_bytes(), until).await?;
        self.answer(until).await
    }

    /// Sends the text of a message after DATA was agreed to, and reads what the server makes of it.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub(in crate::probe) async fn message(
        &mut self,
        text: &[u8],
        until: Instant,
    ) -> Result<Response, Broken> {
        self.write(&stuffed(text), until).await?;
        self.answer(until).await
    }

    /// Reads one answer, which may have several lines (RFC 5321 section 4.2).
    ///
    /// # Errors
    /// As [`Self::command`].
    pub(in crate::probe) async fn answer(&mut self, until: Instant) -> Result<Response, Broken> {
        let mut lines = String::new();
        loop {
            let line = self.line(until).await?;
            let code = line.as_bytes();
            if code.len() < 3 || !code[..3].iter().all(u8::is_ascii_digit) {
                return Err(Broken::Garbled);
            }
            lines.push_str(&line);
            let last = code.get(3) != Some(&b'-');
            // A code alone is an answer too, although the grammar wants a space after it.
            lines.push_str(if code.len() == 3 { " \r\n" } else { "\r\n" });
            if last {
                return lines.parse().map_err(|_| Broken::Garbled);
            }
            if lines.len() > LONGEST {
                return Err(Broken::Garbled);
            }
        }
    }

    async fn line(&mut self, until: Instant) -> Result<String, Broken> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                let text = String::from_utf8_lossy(&line);
                return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
            }
            if self.read.len() > LONGEST {
                return Err(Broken::Garbled);
            }
            let mut piece = [0; 4096];
            let reading = async {
                match &mut self.wire {
                    Wire::Plain(stream) => stream.read(&mut piece).await,
                    Wire::Secure(stream) => stream.read(&mut piece).await,
                }
            };
            match tokio::time::timeout_at(until.into(), reading).await {
                Err(_) => return Err(Broken::Silent),
                Ok(Ok(0) | Err(_)) => return Err(Broken::Closed),
                Ok(Ok(length)) => self.read.extend_from_slice(&piece[..length]),
            }
        }
    }

    async fn write(&mut self, bytes: &[u8], until: Instant) -> Result<(), Broken> {
        let writing = async {
            match &mut self.wire {
                Wire::Plain(stream) => stream.write_all(bytes).await?,
                Wire::Secure(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await?;
                }
            }
            io::Result::Ok(())
        };
        match tokio::time::timeout_at(until.into(), writing).await {
            Err(_) => Err(Broken::Silent),
            Ok(Err(_)) => Err(Broken::Closed),
            Ok(Ok(())) => Ok(()),
        }
    }
}

/// The text with a second dot where a line begins with one, and the line that ends it (RFC 5321 section 4.5.2).
fn stuffed(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_one_dot_does_not_end_a_message() {
        assert_eq!(stuffed(b"a\r\n.\r\n.b"), b"a\r\n..\r\n..b\r\n.\r\n");
        assert_eq!(stuffed(b""), b"\r\n.\r\n");
    }

    async fn answered(text: &'static [u8]) -> Result<Response, Broken> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(text).await.unwrap();
        });
        let until = crate::clock::tick() + Duration::from_secs(20);
        let (stream, ..) = open("127.0.0.1", port, until).await.unwrap();
        Smtp::plain(stream).answer(until).await
    }

    #[tokio::test]
    async fn answers_are_read_whole() {
        let answer = answered(b"250-mail.test greets\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n")
            .await
            .unwrap();
        assert!(answer.has_code(250));
        assert_eq!(answer.message().count(), 3);
        assert!(answered(b"250\r\n").await.unwrap().has_code(250));
        assert!(answered(b"220 bare newline\n").await.unwrap().has_code(220));
        assert_eq!(
            answered(b"HTTP/1.1 400 Bad\r\n").await,
            Err(Broken::Garbled)
        );
        assert_eq!(answered(b"22").await, Err(Broken::Closed));
        assert_eq!(answered(b"\x15\x03\x01\n").await, Err(Broken::Garbled));
        assert_eq!(answered(b"250-a\r\n550 b\r\n").await, Err(Broken::Garbled));
    }
}
