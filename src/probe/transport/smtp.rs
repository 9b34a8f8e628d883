//! A mail server's connection, command by command, with lettre's grammar of commands and answers.

use super::Transport;
use super::pace::Visit;
use super::secure::{TlsFault, version};
use crate::model::Hindrance;
use lettre::transport::smtp::commands::Quit;
use lettre::transport::smtp::response::Response;
use std::fmt::Display;
use std::io;
use std::time::Instant;
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
    visit: Visit,
}

enum Wire {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Smtp {
    /// Connects without a word, in the turn of the look.
    ///
    /// # Errors
    /// As [`Transport::connect`].
    pub(in crate::probe) async fn open(
        transport: &Transport,
        host: &str,
        port: u16,
        until: Instant,
    ) -> Result<Self, Hindrance> {
        let (stream, visit) = transport.visit("smtp", host, port, until).await?;
        Ok(Self {
            wire: Wire::Plain(stream),
            read: Vec::new(),
            visit,
        })
    }

    /// Speaks TLS from here on: from the first byte, or after STARTTLS was agreed to.
    ///
    /// # Errors
    /// As [`Transport::secure`]; also where the server said more before TLS than it was asked, which
    /// somebody on the way may have put there.
    pub(in crate::probe) async fn secured(
        mut self,
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
                let secured = self
                    .visit
                    .shaken(transport.secure(host, stream, until))
                    .await?;
                Ok(Self {
                    wire: Wire::Secure(Box::new(secured)),
                    read: Vec::new(),
                    visit: self.visit,
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

    /// Says goodbye; the answer does not matter.
    pub(in crate::probe) async fn leave(mut self, until: Instant) {
        self.visit.over();
        let _ = self.command(Quit, until).await;
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
        let answer = self.lines(until).await;
        match &answer {
            Ok(response) => self.visit.answered(number(response)),
            Err(Broken::Garbled) => self.visit.spoke(),
            Err(Broken::Closed | Broken::Silent) => {}
        }
        answer
    }

    async fn lines(&mut self, until: Instant) -> Result<Response, Broken> {
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
        self.visit.asked();
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

/// The three digits.
pub(in crate::probe) fn number(response: &Response) -> u16 {
    response.code().to_string().parse().unwrap_or_default()
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
    use crate::model::HindranceKind;
    use crate::probe::Budget;
    use crate::probe::transport::removing;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

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
        let transport = Transport::new(None).unwrap();
        let mut smtp = Smtp::open(&transport, "127.0.0.1", port, until)
            .await
            .unwrap();
        smtp.answer(until).await
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

    /// A mail server that says this to each client and closes, and how many clients it had.
    async fn closing(says: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let clients = Arc::new(AtomicUsize::new(0));
        let counted = clients.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                stream.write_all(says).await.unwrap();
            }
        });
        (port, clients)
    }

    fn active(requests: u32) -> Transport {
        let budget = Budget {
            requests,
            bursts: false,
        };
        Transport::new(None).unwrap().for_active("r1", None, budget)
    }

    /// One session that hears the greeting; why there is none.
    async fn session(transport: &Transport, port: u16) -> Result<(), Hindrance> {
        let until = crate::clock::tick() + Duration::from_secs(20);
        let mut smtp = Smtp::open(transport, "127.0.0.1", port, until).await?;
        let _ = smtp.answer(until).await;
        Ok(())
    }

    #[tokio::test]
    async fn a_look_opens_no_more_connections_than_its_budget() {
        let (port, clients) = closing(b"220 mail.test\r\n").await;
        let transport = active(2);
        for _ in 0..2 {
            session(&transport, port).await.unwrap();
        }
        let withheld = session(&transport, port).await.unwrap_err();
        assert_eq!(withheld.kind, HindranceKind::Withheld);
        assert_eq!(
            withheld.cause,
            "after 2 requests no more are sent in one look"
        );
        // A removal is, and so are looks that are not active.
        removing(session(&transport, port)).await.unwrap();
        let free = Transport::new(None).unwrap();
        for _ in 0..4 {
            session(&free, port).await.unwrap();
        }
        assert_eq!(clients.load(Ordering::SeqCst), 7);
    }

    #[tokio::test]
    async fn a_server_that_fails_three_times_is_left_alone_by_all_but_removals() {
        for (says, word) in [
            (&b"421 mail.test closing\r\n"[..], "421"),
            (b"", "no answer"),
        ] {
            let (port, clients) = closing(says).await;
            let transport = active(9);
            for _ in 0..3 {
                session(&transport, port).await.unwrap();
            }
            let withheld = session(&transport, port).await.unwrap_err();
            assert_eq!(withheld.kind, HindranceKind::Withheld);
            assert_eq!(
                withheld.cause,
                format!(
                    "stopped after three server errors in a row, the last ({word}) at a connection to smtp://127.0.0.1:{port}"
                )
            );
            removing(session(&transport, port)).await.unwrap();
            assert_eq!(clients.load(Ordering::SeqCst), 4);
        }
    }

    #[tokio::test]
    async fn a_server_that_turns_clients_away_for_good_has_answered() {
        let (port, clients) = closing(b"554 mail.test no\r\n").await;
        let transport = active(9);
        for _ in 0..5 {
            session(&transport, port).await.unwrap();
        }
        assert_eq!(clients.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn a_server_that_greets_and_then_closes_fails() {
        let (port, clients) = closing(b"220 mail.test\r\n").await;
        let transport = active(9);
        let mut refused = None;
        for _ in 0..4 {
            let until = crate::clock::tick() + Duration::from_secs(20);
            match Smtp::open(&transport, "127.0.0.1", port, until).await {
                Ok(mut smtp) => {
                    smtp.answer(until).await.unwrap();
                    assert!(smtp.command("NOOP\r\n", until).await.is_err());
                    smtp.leave(until).await;
                }
                Err(hindrance) => refused = Some(hindrance.cause),
            }
        }
        assert!(refused.unwrap().contains("the last (no answer)"));
        assert_eq!(clients.load(Ordering::SeqCst), 3);
    }
}
