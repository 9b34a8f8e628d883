//! A mail server on loopback that keeps what it is sent, lets it be read over HTTP, and fails as it is told to.

mod catcher;
mod conversation;

use super::authority::Authority;
use rustls::ServerConfig;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// How a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, as on port 465.
    Implicit,
    /// STARTTLS, as on port 587.
    StartTls,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No login is accepted (535).
    WrongPassword,
    /// Logins cannot be verified just now (454).
    LoginUnavailable,
    /// LOGIN is the only mechanism: not wrong, and a client that knows PLAIN alone fails.
    LoginOnly,
    /// No login is offered at all.
    NoLogin,
    /// STARTTLS is not offered, whatever [`Security`] says.
    NoStartTls,
    /// The certificate has expired.
    ExpiredCertificate,
    /// The certificate is for another host.
    ForeignCertificate,
    /// The sender's domain is not verified (550 to MAIL).
    RefusesSender,
    /// Mail goes to the account's owner only (550 after the message), as with a provider's shared sender.
    SharedSender,
    /// Mail is put off (451 after the message).
    PutsOff,
    /// Mail is accepted and never seen again.
    LosesMail,
    /// Connections are accepted and nothing is said.
    Silent,
    /// The greeting comes after four seconds: not wrong, some servers do so against spam.
    GreetsLate,
    /// The server greets and says nothing more.
    HangsAfterGreeting,
    /// The client's goodbye is never answered, which keeps nobody from leaving.
    NoGoodbye,
    /// Clients are turned away at the greeting (554).
    TurnsAway,
}

/// A mail that was received.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The catcher's name for it.
    pub id: String,
    /// The addresses that it is for.
    pub to: Vec<String>,
    /// Its text as it was sent, headers first.
    pub raw: String,
}

impl Mail {
    /// A header's value, where there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.raw.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A running mail server with its mailbox. Dropping it stops it.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    catcher: SocketAddr,
    shared: Arc<Shared>,
    authority_pem: String,
    tasks: Vec<JoinHandle<()>>,
}

/// What all connections of a server have in common.
struct Shared {
    security: Security,
    fault: Option<Fault>,
    password: String,
    tls: Arc<ServerConfig>,
    mails: Mutex<Vec<Mail>>,
    /// Mails that were taken over, lost ones too.
    taken: AtomicUsize,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} with {:?}", self.security, self.fault)
    }
}

impl Shared {
    fn mails(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The user name that the server knows.
const USER: &str = "app@sandbox.test";

impl MailServer {
    /// Starts the server and its mailbox on two free ports of 127.0.0.1. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound, or the system gives no random bytes for the keys.
    pub async fn start(security: Security, fault: Option<Fault>) -> io::Result<Self> {
        let authority = Authority::new()?;
        let config = match fault {
            Some(Fault::ExpiredCertificate) => authority.expired_config()?,
            Some(Fault::ForeignCertificate) => authority.foreign_config("mail.elsewhere.test")?,
            _ => authority.server_config()?,
        };
        let mut tls = ServerConfig::clone(&config);
        tls.alpn_protocols.clear();
        let shared = Arc::new(Shared {
            security,
            fault,
            password: super::keys::hex::<12>()?,
            tls: Arc::new(tls),
            mails: Mutex::default(),
            taken: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, catcher) = (listener.local_addr()?, http.local_addr()?);
        let site = catcher::router(shared.clone());
        let tasks = vec![
            tokio::spawn(serve(listener, shared.clone())),
            tokio::spawn(async move {
                // It ends when it is stopped.
                let _ended = axum::serve(http, site).await;
            }),
        ];
        Ok(Self {
            address,
            catcher,
            shared,
            authority_pem: authority.pem(),
            tasks,
        })
    }

    /// Where mail is taken: 127.0.0.1 and a port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the mailbox answers in the way of Mailpit, without a trailing slash.
    pub fn catcher_url(&self) -> String {
        format!("http://{}", self.catcher)
    }

    /// The certificate of the authority that signed the server's, as PEM text: the application finds
    /// it by NODE_EXTRA_CA_CERTS.
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The password that is accepted for [`Self::user`].
    pub fn password(&self) -> &str {
        &self.shared.password
    }

    /// The user name that is accepted.
    pub fn user(&self) -> &'static str {
        USER
    }

    /// The variables of an application that sends by this server, and of a run that looks into its mailbox.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let scheme = match self.shared.security {
            Security::Implicit => "smtps",
            Security::StartTls => "smtp",
        };
        let user = USER.replace('@', "%40");
        vec![
            (
                "EMAIL_SERVER",
                format!(
                    "{scheme}://{user}:{}@{}",
                    self.shared.password, self.address
                ),
            ),
            ("EMAIL_FROM", "Sandbox <app@sandbox.test>".into()),
            ("HOLDPOINT_MAIL_TO", "probe@inbox.test".into()),
            ("HOLDPOINT_MAIL_CATCHER_URL", self.catcher_url()),
        ]
    }

    /// How many mails were taken over, those that were lost among them.
    pub fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::SeqCst)
    }

    /// What is in the mailbox now.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mails().clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Serves connections side by side; they end with this task.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let shared = shared.clone();
                    connections.spawn(async move {
                        // A client that breaks off is its own affair.
                        let _ended = conversation::serve(stream, &shared).await;
                    });
                }
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}
