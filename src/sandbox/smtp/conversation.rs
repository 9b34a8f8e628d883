//! One client of the mail server, from its greeting to its goodbye (RFC 5321, 3207, 4954).

use super::{Fault, Mail, Security, Shared, USER};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The longest text of one mail.
const LONGEST: usize = 1 << 20;
/// How long a client is left hanging by the faults that do so.
const AGES: Duration = Duration::from_secs(600);

/// How long a client waits for a greeting that comes late.
const LATE: Duration = Duration::from_secs(4);

/// Speaks with one client until it leaves.
pub(super) async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    if shared.fault == Some(Fault::Silent) {
        tokio::time::sleep(AGES).await;
        return Ok(());
    }
    if shared.fault == Some(Fault::GreetsLate) {
        tokio::time::sleep(LATE).await;
    }
    let acceptor = TlsAcceptor::from(shared.tls.clone());
    if shared.security == Security::Implicit {
        let stream = acceptor.accept(stream).await?;
        return Client::new(stream, shared, true).greet().await.map(drop);
    }
    match Client::new(stream, shared, false).greet().await? {
        // What the client sent ahead of TLS is forgotten.
        Some(stream) => {
            let stream = acceptor.accept(stream).await?;
            Client::new(stream, shared, true).converse().await.map(drop)
        }
        None => Ok(()),
    }
}

struct Client<'a, S> {
    stream: BufReader<S>,
    shared: &'a Shared,
    secured: bool,
    logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Client<'a, S> {
    fn new(stream: S, shared: &'a Shared, secured: bool) -> Self {
        Self {
            stream: BufReader::new(stream),
            shared,
            secured,
            logged_in: false,
            from: None,
            to: Vec::new(),
        }
    }

    async fn greet(mut self) -> io::Result<Option<S>> {
        match self.shared.fault {
            Some(Fault::TurnsAway) => {
                self.say("554 5.7.1 no service for your address").await?;
                return Ok(None);
            }
            Some(Fault::HangsAfterGreeting) => {
                self.say("220 sandbox.test ESMTP").await?;
                tokio::time::sleep(AGES).await;
                return Ok(None);
            }
            _ => self.say("220 sandbox.test ESMTP").await?,
        }
        self.converse().await
    }

    /// Gives the connection back where TLS is to begin.
    async fn converse(mut self) -> io::Result<Option<S>> {
        while let Some(line) = self.hear().await? {
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.offer().await?,
                "HELO" => self.say("250 sandbox.test").await?,
                "STARTTLS" if self.may_upgrade() => {
                    self.say("220 2.0.0 ready").await?;
                    return Ok(Some(self.stream.into_inner()));
                }
                "AUTH" => self.log_in(rest).await?,
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.recipient(rest).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    (self.from, self.to) = (None, Vec::new());
                    self.say("250 2.0.0 Ok").await?;
                }
                "NOOP" => self.say("250 2.0.0 Ok").await?,
                "QUIT" if self.shared.fault == Some(Fault::NoGoodbye) => {
                    tokio::time::sleep(AGES).await;
                }
                "QUIT" => {
                    self.say("221 2.0.0 Bye").await?;
                    break;
                }
                _ => self.say("502 5.5.2 not known here").await?,
            }
        }
        Ok(None)
    }

    fn may_upgrade(&self) -> bool {
        !self.secured && self.shared.fault != Some(Fault::NoStartTls)
    }

    async fn offer(&mut self) -> io::Result<()> {
        let mut lines = vec!["sandbox.test", "8BITMIME"];
        if self.may_upgrade() {
            lines.push("STARTTLS");
        }
        if self.secured || self.shared.fault == Some(Fault::NoStartTls) {
            match self.shared.fault {
                Some(Fault::NoLogin) => {}
                Some(Fault::LoginOnly) => lines.push("AUTH LOGIN"),
                _ => lines.push("AUTH PLAIN LOGIN"),
            }
        }
        let last = lines.len() - 1;
        for (place, line) in lines.iter().enumerate() {
            let mark = if place == last { ' ' } else { '-' };
            self.say(&format!("250{mark}{line}")).await?;
        }
        Ok(())
    }

    async fn log_in(&mut self, rest: &str) -> io::Result<()> {
        let (mechanism, first) = rest.split_once(' ').unwrap_or((rest, ""));
        let pair = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" if self.shared.fault != Some(Fault::LoginOnly) => {
                let answer = if first.is_empty() {
                    self.challenge("").await?
                } else {
                    decoded(first)
                };
                let mut parts = answer.split('\0').skip(1).map(str::to_owned);
                (
                    parts.next().unwrap_or_default(),
                    parts.next().unwrap_or_default(),
                )
            }
            "LOGIN" => (
                self.challenge("Username:").await?,
                self.challenge("Password:").await?,
            ),
            _ => return self.say("504 5.5.4 not known here").await,
        };
        match self.shared.fault {
            Some(Fault::LoginUnavailable) => {
                self.say("454 4.7.0 Temporary authentication failure").await
            }
            Some(Fault::WrongPassword) => self.say("535 5.7.8 not accepted").await,
            _ if pair == (USER.to_owned(), self.shared.password.clone()) => {
                self.logged_in = true;
                self.say("235 2.7.0 Accepted").await
            }
            _ => self.say("535 5.7.8 not accepted").await,
        }
    }

    async fn challenge(&mut self, text: &str) -> io::Result<String> {
        self.say(&format!("334 {}", STANDARD.encode(text))).await?;
        Ok(decoded(&self.hear().await?.unwrap_or_default()))
    }

    async fn mail(&mut self, rest: &str) -> io::Result<()> {
        if !self.logged_in {
            return self.say("530 5.7.0 Authentication required").await;
        }
        if self.shared.fault == Some(Fault::RefusesSender) {
            return self.say("550 5.7.1 The domain is not verified").await;
        }
        self.from = Some(address(rest));
        self.say("250 2.1.0 Ok").await
    }

    async fn recipient(&mut self, rest: &str) -> io::Result<()> {
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        self.to.push(address(rest));
        self.say("250 2.1.5 Ok").await
    }

    async fn data(&mut self) -> io::Result<()> {
        if self.to.is_empty() {
            return self.say("503 5.5.1 RCPT first").await;
        }
        self.say("354 go ahead").await?;
        let mut raw = String::new();
        loop {
            let Some(line) = self.hear().await? else {
                return Ok(());
            };
            if line == "." {
                break;
            }
            if raw.len() > LONGEST {
                return self.say("552 5.3.4 too big").await;
            }
            raw.push_str(line.strip_prefix('.').unwrap_or(&line));
            raw.push_str("\r\n");
        }
        match self.shared.fault {
            Some(Fault::SharedSender) => {
                self.say("550 You can only send testing emails to your own email address")
                    .await
            }
            Some(Fault::PutsOff) => self.say("451 4.7.1 try again later").await,
            fault => {
                let id = format!("{:016x}", fastrand::u64(..));
                let to = std::mem::take(&mut self.to);
                self.shared.taken.fetch_add(1, Ordering::SeqCst);
                if fault != Some(Fault::LosesMail) {
                    let mail = Mail {
                        id: id.clone(),
                        to,
                        raw,
                    };
                    self.shared.mails().push(mail);
                }
                self.say(&format!("250 2.0.0 Ok: queued as {id}")).await
            }
        }
    }

    async fn hear(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        stream.flush().await
    }
}

fn decoded(text: &str) -> String {
    let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The address within angle brackets.
fn address(text: &str) -> String {
    let inner = text
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(text, |(inner, _)| inner).to_owned()
}
