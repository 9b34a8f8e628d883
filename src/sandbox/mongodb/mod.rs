//! A small in-process server of MongoDB's protocol, with faults that can be switched on.

mod commands;
mod scram;
mod store;
mod wire;

use super::authority::Authority;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// What a server may do wrong, or otherwise than the best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Accepts connections and never says a word.
    Hangs,
    /// Closes each connection upon its first byte, as Atlas does for addresses that it does not let in.
    ClosesAtOnce,
    /// Is a secondary of a set that has no primary.
    NoPrimary,
    /// Is no member of a replica set.
    Standalone,
    /// Refuses every password.
    RefusesAuthentication,
    /// Answers this command with code 13, whoever asks.
    Forbids(&'static str),
    /// Never answers this command.
    Withholds(&'static str),
    /// Does not know this command (code 59).
    Unknown(&'static str),
    /// Answers every write with this write concern error, such as 64 or 100.
    WriteConcern(i32),
    /// Gives other values back than were written.
    WrongData,
    /// Asks nobody for a password.
    AcceptsAnyone,
    /// The user has the roles of an administrator of every database.
    BroadRoles,
    /// The user has the role of this name for its own database, and may drop it.
    Administers(&'static str),
    /// The user may only read.
    ReadOnly,
    /// The user may do everything with the collection `tasks`, and nothing with others.
    OneCollection,
    /// Tells nothing of roles and privileges.
    SilentAboutPrivileges,
    /// Refuses writes, because the quota of its tier is reached (Atlas, code 8000).
    QuotaReached,
    /// Beside TLS, answers without it on the same port.
    AnswersPlaintext,
}

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Speaks TLS, with a certificate of a fresh authority.
    pub tls: bool,
    /// What it does wrong.
    pub faults: Vec<Fault>,
}

/// The user's name.
const USER: &str = "app";
/// The database that the user's roles are for.
const DATABASE: &str = "tasks";
/// The name of the replica set.
const REPLICA_SET: &str = "rs0";

/// A running server on 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct Mongodb {
    address: SocketAddr,
    password: String,
    authority_pem: Option<String>,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What all connections have in common.
#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    faults: Vec<Fault>,
    credentials: scram::Credentials,
    store: store::Store,
}

impl Shared {
    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    /// The role that the user has in place of readWrite.
    fn administrator(&self) -> Option<&'static str> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::Administers(role) => Some(*role),
            _ => None,
        })
    }
}

impl Mongodb {
    /// Starts a server without TLS and with these faults. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound.
    pub async fn start(faults: &[Fault]) -> io::Result<Self> {
        let faults = faults.to_vec();
        Self::start_with(Setting { tls: false, faults }).await
    }

    /// Starts a server.
    ///
    /// # Errors
    /// No port can be bound, or the system gives no random bytes for the keys.
    pub async fn start_with(setting: Setting) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let authority = setting.tls.then(Authority::new).transpose()?;
        let acceptor = match &authority {
            Some(authority) => Some(TlsAcceptor::from(authority.server_config()?)),
            None => None,
        };
        let password = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let shared = Arc::new(Shared {
            address,
            faults: setting.faults,
            credentials: scram::Credentials::new(USER, &password),
            store: store::Store::default(),
        });
        let accepting = tokio::spawn(accept(listener, acceptor, shared.clone()));
        Ok(Self {
            address,
            password,
            authority_pem: authority.map(|authority| authority.pem()),
            shared,
            accepting,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The user's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The certificate of the authority behind its own, where it speaks TLS.
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority_pem.as_deref()
    }

    /// A connection string with the right password; options begin with `&`.
    pub fn uri(&self, options: &str) -> String {
        format!(
            "mongodb://{USER}:{}@{}/{DATABASE}?authSource=admin&replicaSet={REPLICA_SET}{options}",
            self.password, self.address
        )
    }

    /// What an application needs to be told. `authority_file` is where [`Self::authority_pem`] was
    /// written to, for a server that speaks TLS.
    pub fn variables(&self, authority_file: Option<&str>) -> Vec<(String, String)> {
        let options = authority_file.map_or_else(String::new, |file| {
            let file =
                percent_encoding::utf8_percent_encode(file, percent_encoding::NON_ALPHANUMERIC);
            format!("&tls=true&tlsCAFile={file}")
        });
        vec![
            ("MONGODB_URI".into(), self.uri(&options)),
            ("MONGODB_DB".into(), DATABASE.into()),
        ]
    }

    /// Makes a collection with indexes, each the fields that createIndexes takes.
    pub fn seed(&self, collection: &str, indexes: Vec<mongodb::bson::Document>) {
        self.shared.store.seed(DATABASE, collection, indexes);
    }

    /// The names of the collections that exist now, in every database.
    pub fn collections(&self) -> Vec<String> {
        self.shared.store.collections()
    }

    /// The names of the commands that were received, in order.
    pub fn log(&self) -> Vec<String> {
        self.shared.store.log()
    }
}

impl Drop for Mongodb {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // The connections end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, acceptor.clone(), shared.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection to its end; what goes wrong on it is the client's affair.
async fn connection(mut stream: TcpStream, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    if shared.has(&Fault::Hangs) {
        std::future::pending::<()>().await;
    }
    if shared.has(&Fault::ClosesAtOnce) {
        let mut first = [0];
        let _ = stream.peek(&mut first).await;
        let _ = stream.shutdown().await;
        return;
    }
    let Some(acceptor) = acceptor else {
        return serve(stream, &shared).await;
    };
    if shared.has(&Fault::AnswersPlaintext) {
        let mut first = [0];
        // A TLS record of a handshake begins with 22; a message of MongoDB with its length.
        if stream.peek(&mut first).await.is_ok_and(|read| read == 1) && first != [22] {
            return serve(stream, &shared).await;
        }
    }
    if let Ok(stream) = acceptor.accept(stream).await {
        serve(stream, &shared).await;
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, shared: &Shared) {
    let mut session = commands::Session::new(shared);
    while let Ok(Some(request)) = wire::read(&mut stream).await {
        let Some(answer) = session.answer(&request.body) else {
            std::future::pending::<()>().await;
            return;
        };
        if request.wants_answer && wire::write(&mut stream, &request, &answer).await.is_err() {
            return;
        }
    }
}
