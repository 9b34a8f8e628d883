//! Climbs from a connection string to a logged-in user, rung by rung.

use super::cause::{self, Cause, Kind, Place, Seen};
use super::declare::RUNGS;
use super::privileges::{self, Identity};
use super::resolve::{Resolved, Seed, resolve};
use super::uri::{self, Address};
use crate::clock;
use crate::probe::Context;
use crate::probe::ladder::Ladder;
use crate::probe::transport::mongodb::{Greeting, SELECTION, Unshaken};
use crate::probe::transport::{self, mongodb as wire};
use futures_util::future::join_all;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::{ClientOptions, Credential, ServerAddress, Tls, TlsOptions};
use rustls::RootCertStore;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long TCP and TLS may take for one server.
const CONNECTING: Duration = Duration::from_secs(5);
/// What a look keeps of its time for the end, so that it says itself what did not answer.
const SPARE: Duration = Duration::from_millis(500);

/// What the look was told.
pub(super) struct Asked<'a> {
    pub(super) uri: &'a str,
    pub(super) name: &'a str,
    /// The value of the variable that names the database.
    pub(super) database: Option<&'a str>,
    pub(super) dns: Option<SocketAddr>,
}

/// A climb, as far as it came.
pub(super) struct Climb<'a> {
    pub(super) context: &'a Context,
    pub(super) asked: Asked<'a>,
    pub(super) until: Instant,
    pub(super) ladder: Ladder,
    pub(super) passing: bool,
    pub(super) address: Option<Address>,
    pub(super) resolved: Resolved,
    pub(super) reached: Vec<Reached>,
    pub(super) trusted: Option<bool>,
    pub(super) tls_version: Option<&'static str>,
    /// The file of authorities that the driver is given.
    authority: Option<PathBuf>,
    /// The database that users are looked up in.
    auth_source: String,
    /// Speaks without a login.
    pub(super) anonymous: Option<Client>,
    /// Is logged in.
    pub(super) client: Option<Client>,
    pub(super) hello: Document,
    pub(super) version: Option<String>,
    pub(super) identity: Option<Identity>,
}

/// Authorities to try a handshake with.
struct Trust {
    roots: Arc<RootCertStore>,
    file: Option<PathBuf>,
    by_target: bool,
}

/// A server, and how far it was reached.
pub(super) struct Reached {
    pub(super) seed: Seed,
    pub(super) connected: bool,
    pub(super) ms: u64,
    pub(super) cause: Option<String>,
}

impl<'a> Climb<'a> {
    /// Climbs as far as it goes.
    pub(super) async fn up(context: &'a Context, asked: Asked<'a>) -> Self {
        let mut climb = Self {
            context,
            asked,
            until: context.until - SPARE.min(context.timeout / 10),
            ladder: Ladder::new(RUNGS),
            passing: false,
            address: None,
            resolved: Resolved::default(),
            reached: Vec::new(),
            trusted: None,
            tls_version: None,
            authority: None,
            auth_source: "admin".into(),
            anonymous: None,
            client: None,
            hello: Document::new(),
            version: None,
            identity: None,
        };
        if let Err((rung, cause)) = climb.climb().await {
            climb.passing = cause.passing;
            match cause.ok {
                Some(_) => climb.ladder.broke(rung, cause.text, &cause.remedy),
                None => climb.ladder.untold(rung, cause.text),
            }
        }
        climb
    }

    async fn climb(&mut self) -> Result<(), (&'static str, Cause)> {
        let at = |rung| move |cause| (rung, cause);
        let address = uri::read(self.asked.uri).map_err(|mut cause| {
            cause.text = format!("{}: {}", self.asked.name, cause.text);
            ("parse", cause)
        })?;
        self.address = Some(address.clone());
        self.ladder.held("parse");

        self.resolved = resolve(&address, self.asked.dns, self.until)
            .await
            .map_err(at("resolve"))?;
        self.auth_source = address.auth_source(self.resolved.auth_source.as_deref());
        self.ladder.held("resolve");

        self.connect(&address).await.map_err(at("connect"))?;
        self.ladder.held("connect");

        self.shake(&address).await.map_err(at("tls"))?;
        self.ladder.held("tls");

        let options = self.options(&address);
        if let Err(mut cause) = self.greet(options.clone()).await {
            if cause.ok.is_none() && !address.tls && self.speaks_tls().await {
                cause = Cause::broke(
                    "the server speaks TLS alone, and the connection string asks for none",
                    "write tls=true into the connection string, or use mongodb+srv://",
                );
            }
            return Err(("hello", cause));
        }
        self.ladder.held("hello");

        self.log_in(&address, options)
            .await
            .map_err(at("authenticate"))?;
        self.ladder.held("authenticate");

        self.weigh_privileges().map_err(at("privileges"))?;
        self.ladder.held("privileges");
        Ok(())
    }

    /// TCP to every server at once; one is enough to go on.
    async fn connect(&mut self, address: &Address) -> Result<(), Cause> {
        let until = wire::within(CONNECTING, self.until);
        let attempts = self.resolved.seeds.iter().map(|seed| async move {
            let begun = clock::tick();
            let outcome = open(seed, until).await.map(drop);
            (seed.clone(), outcome, begun.elapsed())
        });
        let attempts = join_all(attempts).await;
        let mut causes = Vec::new();
        for (seed, outcome, took) in attempts {
            let place = self.place(address, "hello");
            let cause = outcome.err().map(|hindrance| {
                let cause = cause::of_connection(&hindrance, &place);
                let named = Cause {
                    text: format!("{}: {}", seed.name(), cause.text),
                    ..cause
                };
                causes.push(named.clone());
                named.text
            });
            self.reached.push(Reached {
                seed,
                connected: cause.is_none(),
                ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                cause,
            });
        }
        if self.reached.iter().any(|reached| reached.connected) {
            return Ok(());
        }
        // One that could not be told leaves it open whether another would have answered.
        Err(causes
            .into_iter()
            .min_by_key(|cause| cause.ok.is_some())
            .unwrap_or_else(|| Cause::untold("there is no server to connect to")))
    }

    /// TLS with every server that was reached; one that can be trusted is enough to go on.
    async fn shake(&mut self, address: &Address) -> Result<(), Cause> {
        if !address.tls {
            return Ok(());
        }
        let until = wire::within(CONNECTING, self.until);
        let connected: Vec<_> = self.connected().cloned().collect();
        let mut first = None;
        for trust in self.trusts(address)? {
            let shakes = connected.iter().map(|seed| {
                let roots = trust.roots.clone();
                async move {
                    let stream = open(seed, until)
                        .await
                        .map_err(|hindrance| Unshaken::Other(hindrance.cause))?;
                    wire::shake(stream, &seed.host, roots, until).await
                }
            });
            let shaken = join_all(shakes).await;
            if let Some(version) = shaken.iter().find_map(|one| one.as_ref().ok()) {
                if trust.by_target {
                    return Err(Cause::untold(
                        "the certificate is signed by the target's own authority, of which the application must be told by tlsCAFile or NODE_EXTRA_CA_CERTS; with tlsCAFile in the connection string it can be told here too",
                    ));
                }
                self.trusted = Some(true);
                self.tls_version = Some(version);
                self.authority = trust.file;
            }
            for (seed, fault) in connected.iter().zip(shaken) {
                let cause = match fault {
                    Ok(_) => None,
                    Err(fault) => Some(self.unshaken(address, seed, fault).await),
                };
                if let Some(reached) = self.reached.iter_mut().find(|it| it.seed == *seed) {
                    reached.cause = cause.as_ref().map(|(cause, _)| cause.text.clone());
                }
                if let Some(cause) = cause {
                    first.get_or_insert(cause);
                }
            }
            // Other authorities matter only where none of these stands behind the certificate.
            if self.trusted.is_some() || !matches!(first, Some((_, true))) {
                break;
            }
        }
        match (self.trusted, first) {
            (None, Some((cause, untrusted))) => {
                self.trusted = untrusted.then_some(false);
                Err(cause)
            }
            _ => Ok(()),
        }
    }

    /// Why a handshake failed, and whether it was for want of trust.
    async fn unshaken(&self, address: &Address, seed: &Seed, fault: Unshaken) -> (Cause, bool) {
        let silent = matches!(fault, Unshaken::TurnedAway | Unshaken::Slow);
        let plain = silent && self.speaks_plainly(seed).await;
        let fault = if plain { Unshaken::NotTls } else { fault };
        let place = self.place(address, "hello");
        let cause = cause::of_handshake(&fault, &seed.name(), &place);
        (cause, matches!(fault, Unshaken::Untrusted(_)))
    }

    /// What the application's driver trusts: the file that `tlsCAFile` names and nothing else, or
    /// the public authorities and those that Node.js adds. The target's own authority comes last:
    /// it tells why, and the driver cannot be given it.
    fn trusts(&self, address: &Address) -> Result<Vec<Trust>, Cause> {
        let read = |file: &Path, named_by: &str| {
            let path = self.context.root.join(file);
            match wire::authorities(&path) {
                Ok(roots) => Ok(Trust {
                    roots: Arc::new(roots),
                    file: Some(path),
                    by_target: false,
                }),
                Err(error) => Err(Cause::broke(
                    format!(
                        "the file {} that {named_by} names cannot be used: {error}",
                        file.display()
                    ),
                    "name a file with the authority's certificate in PEM form, where the application runs",
                )),
            }
        };
        if let Some(file) = &address.ca_file {
            return Ok(vec![read(file, "tlsCAFile")?]);
        }
        let mut trusts = vec![Trust {
            roots: wire::public_authorities(),
            file: None,
            by_target: false,
        }];
        if let Some(extra) = self.context.environment.get("NODE_EXTRA_CA_CERTS") {
            trusts.push(read(Path::new(&extra.value), "NODE_EXTRA_CA_CERTS")?);
        }
        let target = self.context.transport.authority_roots();
        if target.len() > trusts[0].roots.len() {
            trusts.push(Trust {
                roots: target,
                file: None,
                by_target: true,
            });
        }
        Ok(trusts)
    }

    async fn speaks_plainly(&self, seed: &Seed) -> bool {
        let until = wire::within(CONNECTING, self.until);
        match open(seed, until).await {
            Ok(stream) => wire::greet(stream, until).await == Greeting::Answered,
            Err(_) => false,
        }
    }

    /// Does a server answer a TLS handshake, be it with a certificate that nobody trusts?
    async fn speaks_tls(&self) -> bool {
        let Some(seed) = self.connected().next() else {
            return false;
        };
        let until = wire::within(CONNECTING, self.until);
        match open(seed, until).await {
            Ok(stream) => matches!(
                wire::shake(stream, &seed.host, wire::public_authorities(), until).await,
                Ok(_) | Err(Unshaken::Untrusted(_))
            ),
            Err(_) => false,
        }
    }

    /// The driver's options without a login: what was looked up is not looked up again.
    fn options(&self, address: &Address) -> ClientOptions {
        let hosts: Vec<_> = self
            .resolved
            .seeds
            .iter()
            .map(|seed| ServerAddress::Tcp {
                host: seed.host.clone(),
                port: Some(seed.port),
            })
            .collect();
        let mut options = ClientOptions::builder().hosts(hosts).build();
        options.repl_set_name = address
            .replica_set
            .clone()
            .or_else(|| self.resolved.replica_set.clone());
        options.direct_connection = address.direct;
        options.load_balanced = address.load_balanced.or(self.resolved.load_balanced);
        options.tls = Some(if address.tls {
            let mut tls = TlsOptions::default();
            tls.ca_file_path.clone_from(&self.authority);
            let key = address.key_file.as_ref();
            tls.cert_key_file_path = key.map(|file| self.context.root.join(file));
            Tls::Enabled(tls)
        } else {
            Tls::Disabled
        });
        options
    }

    async fn greet(&mut self, options: ClientOptions) -> Result<(), Cause> {
        let client = wire::driver(options).map_err(|error| self.meaning(&error, "hello"))?;
        let admin = client.database("admin");
        self.anonymous = Some(client);
        let until = wire::within(SELECTION + SPARE, self.until);
        let mut answer = timed(until, admin.run_command(doc! { "hello": 1 }).into_future()).await;
        // Servers before 4.4 know it by its old name.
        if let Some(Err(error)) = &answer
            && Seen::of(error).code == Some(59)
        {
            answer = timed(
                until,
                admin.run_command(doc! { "isMaster": 1 }).into_future(),
            )
            .await;
        }
        match answer {
            None => Err(slow("hello")),
            Some(Err(error)) => Err(self.meaning(&error, "hello")),
            Some(Ok(hello)) => {
                self.hello = hello;
                let said = |key| self.hello.get_bool(key).unwrap_or(false);
                if said("isWritablePrimary") || said("ismaster") || self.is_mongos() {
                    Ok(())
                } else {
                    let cause = "the server that answers is no primary and takes no writes";
                    let remedy = "name every member of the replica set and its name in the connection string, so that the driver finds the primary";
                    Err(Cause::broke(cause, remedy).passing())
                }
            }
        }
    }

    pub(super) fn is_mongos(&self) -> bool {
        self.hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
    }

    async fn log_in(&mut self, address: &Address, options: ClientOptions) -> Result<(), Cause> {
        let Some(credential) = address.credential.clone() else {
            return Err(Cause::broke(
                format!(
                    "{} names no user, so the application would come as a stranger",
                    self.asked.name
                ),
                "create a user with readWrite on the application's database, and write user:password@ before the host",
            ));
        };
        let options = self.with_login(credential, options);
        let client = wire::driver(options).map_err(|error| self.meaning(&error, "hello"))?;
        let admin = client.database("admin");
        self.client = Some(client);
        let until = wire::within(SELECTION + SPARE, self.until);
        let status = doc! { "connectionStatus": 1, "showPrivileges": true };
        let answer = match timed(until, admin.run_command(status).into_future()).await {
            None => return Err(slow("the login")),
            Some(Ok(answer)) => answer,
            Some(Err(error)) => {
                let seen = Seen::of(&error);
                // Commands are answered, be it by a refusal, once the login is through.
                return Err(match (seen.kind, seen.code) {
                    (Kind::Server, Some(code)) if code != 8000 && code != 18 => {
                        Cause::untold(format!(
                            "the login raised no error, and the server refuses to say who is logged in with code {code}"
                        ))
                    }
                    _ => self.meaning(&error, "connectionStatus"),
                });
            }
        };
        let identity = privileges::read(&answer, self.database());
        let logged_in = identity.logged_in;
        self.identity = Some(identity);
        if !logged_in {
            return Err(Cause::untold(
                "the login raised no error, and the server names nobody as logged in",
            ));
        }
        // For people; what it cannot tell is left out.
        let version = admin.run_command(doc! { "buildInfo": 1 }).into_future();
        if let Some(Ok(build)) = timed(until, version).await {
            self.version = build.get_str("version").ok().map(str::to_owned);
        }
        Ok(())
    }

    fn with_login(&self, mut credential: Credential, mut options: ClientOptions) -> ClientOptions {
        credential.source = Some(self.auth_source.clone());
        options.credential = Some(credential);
        options
    }

    /// The options of the logged-in client, for a client that outlives this look.
    pub(super) fn login_options(&self) -> Option<ClientOptions> {
        let address = self.address.as_ref()?;
        let credential = address.credential.clone()?;
        Some(self.with_login(credential, self.options(address)))
    }

    fn weigh_privileges(&self) -> Result<(), Cause> {
        let missing = self.identity.as_ref().and_then(|it| it.missing.as_ref());
        let database = self.database();
        match missing {
            Some(missing) if missing.is_empty() => Ok(()),
            Some(missing) => Err(Cause::broke(
                format!(
                    "the user lacks {} on the database {database}",
                    missing.join(", ")
                ),
                format!(
                    "give the user the role readWrite on {database}; it covers all that an application needs, the creation of indexes too"
                ),
            )),
            None => Err(Cause::untold(
                "the server names no privileges; whether they are enough shows when something is written",
            )),
        }
    }

    /// The database that the application uses: the variable's word, then the path's, then `test`.
    pub(super) fn database(&self) -> &str {
        let path = || self.address.as_ref()?.database.as_deref();
        self.asked.database.or_else(path).unwrap_or("test")
    }

    /// The servers that took a connection.
    pub(super) fn connected(&self) -> impl Iterator<Item = &Seed> {
        let connected = self.reached.iter().filter(|reached| reached.connected);
        connected.map(|reached| &reached.seed)
    }

    fn place<'p>(&'p self, address: &'p Address, action: &'p str) -> Place<'p> {
        Place {
            atlas: address.is_atlas(),
            action,
            database: self.database(),
            auth_source: &self.auth_source,
            replica_set: address.replica_set.as_deref(),
        }
    }

    /// What an error of the driver means when `action` was asked for.
    pub(super) fn meaning(&self, error: &mongodb::error::Error, action: &str) -> Cause {
        let Some(address) = &self.address else {
            return Cause::untold("there is no address");
        };
        cause::of(&Seen::of(error), &self.place(address, action))
    }

    /// Closes what was opened.
    pub(super) async fn down(&mut self) {
        let clients = [self.anonymous.take(), self.client.take()];
        join_all(clients.into_iter().flatten().map(wire::close)).await;
    }

    /// The facts of the climb.
    pub(super) fn facts(&self) -> Value {
        let address = self.address.as_ref();
        let seeds: Vec<_> = self.reached.iter().map(Reached::fact).collect();
        let path = address.and_then(|address| address.database.clone());
        let identity = self.identity.as_ref();
        let text = |key: &str| self.hello.get_str(key).ok();
        let primary = ["isWritablePrimary", "ismaster"]
            .iter()
            .find_map(|key| self.hello.get_bool(key).ok());
        json!({
            "loopback": address.map(Address::is_loopback),
            "atlas": address.map(Address::is_atlas),
            "srv": address.map(|address| address.srv),
            "insecure": address.map_or(&[][..], |address| &address.insecure),
            "auth_source": address.filter(|address| address.credential.is_some()).map(|_| &self.auth_source),
            "database": {
                "name": address.map(|_| self.database()),
                "path": path,
                "variable": self.asked.database,
                "agrees": address.map(|address| match (&address.database, self.asked.database) {
                    (Some(path), Some(variable)) => path == variable,
                    _ => true,
                }),
            },
            "password": address.and_then(Address::strength).map(|strength| json!({
                "length": strength.length,
                "entropy_bits": strength.bits,
            })),
            "seeds": seeds,
            "tls": {
                "used": address.map(|address| address.tls),
                "trusted": self.trusted,
                "version": self.tls_version,
            },
            "server": {
                "primary": primary,
                "mongos": (!self.hello.is_empty()).then(|| self.is_mongos()),
                "set_name": text("setName"),
                "max_wire_version": self.hello.get_i32("maxWireVersion").ok(),
                "version": self.version,
            },
            "identity": {
                "roles": identity.map(|identity| &identity.roles),
                "broad": identity.map(|identity| &identity.broad),
                "missing": identity.and_then(|identity| identity.missing.as_ref()),
            },
        })
    }
}

impl Reached {
    fn fact(&self) -> Value {
        json!({
            "host": self.seed.name(),
            "connected": self.connected,
            "ms": self.ms,
            "cause": self.cause,
        })
    }
}

/// Connects to the first address that answers.
pub(super) async fn open(
    seed: &Seed,
    until: Instant,
) -> Result<tokio::net::TcpStream, crate::model::Hindrance> {
    let mut last = None;
    for (tried, address) in seed.addresses.iter().enumerate() {
        let left = until.saturating_duration_since(clock::tick());
        let share = left / u32::try_from(seed.addresses.len() - tried).unwrap_or(u32::MAX);
        let host = address.to_string();
        match transport::connect(&host, seed.port, clock::tick() + share).await {
            Ok((stream, ..)) => return Ok(stream),
            Err(hindrance) => last = Some(hindrance),
        }
    }
    Err(last.unwrap_or_else(|| {
        let cause = format!("{} has no address", seed.host);
        crate::model::Hindrance::new(crate::model::HindranceKind::Dns, cause)
    }))
}

/// What comes in time.
pub(super) async fn timed<T>(until: Instant, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(until.into(), future).await.ok()
}

/// Nothing came in time.
pub(super) fn slow(what: &str) -> Cause {
    Cause::untold(format!(
        "the server did not answer {what} within the time allowed"
    ))
}
