//! The mailer behind sign-in by mail, as nodemailer is with the address in EMAIL_SERVER.

use crate::sandbox::smtp::MailServer;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use std::io;
use std::time::Duration;
use url::Url;

/// How long the mailer waits for the server: `greetingTimeout` and `socketTimeout` in the project's `lib/mail.ts`.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends sign-in links through one server.
pub(in crate::sandbox) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// A mailer that trusts the server's own authority, as by NODE_EXTRA_CA_CERTS, and uses STARTTLS where it is offered.
    ///
    /// # Errors
    /// Never in practice: what it is made of is the sandbox's own.
    pub(in crate::sandbox) fn new(server: &MailServer, from: &str) -> io::Result<Self> {
        let address = server.address();
        let host = address.ip().to_string();
        let authority = Certificate::from_pem(server.authority_pem().as_bytes());
        let tls = TlsParameters::builder(host.clone())
            .add_root_certificate(authority.map_err(io::Error::other)?)
            .build_rustls();
        let login = Credentials::new(server.user().into(), server.password().into());
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(address.port())
            .tls(Tls::Opportunistic(tls.map_err(io::Error::other)?))
            .credentials(login)
            .timeout(Some(PATIENCE))
            .build();
        let from = from.parse().map_err(io::Error::other)?;
        Ok(Self { transport, from })
    }

    /// Sends a link, in the words of NextAuth 4 (`providers/email.ts`).
    ///
    /// # Errors
    /// What the server, or the way to it, has against the mail.
    pub(super) async fn send(&self, to: &str, link: &Url) -> Result<(), String> {
        let host = link.host_str().unwrap_or_default();
        let text = format!("Sign in to {host}\n{link}\n\n");
        let href = link.as_str().replace('&', "&amp;");
        let html = format!("<body><a href=\"{href}\">Sign in</a></body>");
        let mail = Message::builder()
            .from(self.from.clone())
            .to(to.parse().map_err(|_| "no address to send to")?)
            .subject(format!("Sign in to {host}"))
            .message_id(None)
            .multipart(MultiPart::alternative_plain_html(text, html))
            .map_err(|error| error.to_string())?;
        // A server that says nothing must not hold the mailer longer than that.
        let sent = tokio::time::timeout(PATIENCE, self.transport.send(mail)).await;
        let sent = sent.map_err(|_| "the mail server does not answer")?;
        sent.map(drop).map_err(|error| error.to_string())
    }
}
