//! Climbs from a connection string to a logged-in user, rung by rung.

use super::cause::{self, Cause, Kind, Place, Seen};
use super::declare::RUNGS;
use super::privileges::{self, Identity};
use super::resolve::{Resolved, Seed, resolve};
use super::uri::{self, Address};
use crate::clock;
use crate::model::{Hindrance, HindranceKind};
use crate::probe::Context;
use crate::probe::ladder::Ladder;
use crate::probe::transport::mongodb::{Driver, SELECTION};
use crate::probe::transport::{Transport, mongodb as wire};
use futures_util::future::join_all;
use mongodb::bson::{Document, doc};
use mongodb::options::{ClientOptions, Credential, ServerAddress, Tls, TlsOptions};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long TCP and TLS may take for one server.
pub(super) const CONNECTING: Duration = Duration::from_secs(5);
/// How long to wait, at most, before servers that refused are tried once more.
const BEFORE_AGAIN: Duration = Duration::from_millis(400);
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
    pub(super) address: Option<Address>,
    pub(super) resolved: Resolved,
    pub(super) reached: Vec<Reached>,
    pub(super) trusted: Option<bool>,
    pub(super) tls_version: Option<&'static str>,
    /// The file of authorities that the driver is given.
    pub(super) authority: Option<PathBuf>,
    /// The database that users are looked up in.
    pub(super) auth_source: String,
    /// Speaks without a login.
    pub(super) anonymous: Option<Driver>,
    /// Is logged in.
    pub(super) client: Option<Driver>,
    pub(super) hello: Document,
    pub(super) version: Option<String>,
    pub(super) identity: Option<Identity>,
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

    /// TCP to every server at once; one is enough to go on. Where none takes a connection, each is
    /// tried once more, which other rungs, having held, need not see.
    async fn connect(&mut self, address: &Address) -> Result<(), Cause> {
        let until = wire::within(CONNECTING, self.until);
        let mut attempts = self.attempts(until).await;
        let passing = |outcome: &Result<(), Hindrance>| {
            outcome
                .as_ref()
                .is_err_and(|hindrance| hindrance.kind != HindranceKind::Timeout)
        };
        if attempts.iter().all(|(_, outcome, _)| passing(outcome)) {
            let pause = BEFORE_AGAIN.mul_f64(0.5 + fastrand::f64() / 2.0);
            tokio::time::sleep(pause).await;
            attempts = self.attempts(until).await;
        }
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

    /// One connection to each server, with the time it took.
    async fn attempts(&self, until: Instant) -> Vec<(Seed, Result<(), Hindrance>, Duration)> {
        let attempts = self.resolved.seeds.iter().map(|seed| async move {
            let begun = clock::tick();
            let outcome = open(&self.context.transport, seed, until).await.map(drop);
            (seed.clone(), outcome, begun.elapsed())
        });
        join_all(attempts).await
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
                    Err(Cause::broke(cause, remedy))
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
        let mut identity = privileges::read(&answer, self.database());
        if self.named_database().is_none() {
            identity.forget_others();
        }
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
            Some(missing) if self.named_database().is_none() => Err(Cause::untold(format!(
                "the configuration names no database, and on {database}, which drivers then take, the user lacks {}; the code may name another",
                missing.join(", ")
            ))),
            Some(missing) if self.has_in_collections(missing) => Err(Cause::untold(format!(
                "the user may {} in single collections of the database {database} alone; whether these are all that the application uses cannot be told from here",
                missing.join(", ")
            ))),
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

    fn has_in_collections(&self, missing: &[String]) -> bool {
        let identity = self.identity.as_ref();
        identity.is_some_and(|it| missing.iter().all(|one| it.in_collections.contains(one)))
    }

    /// The database that the application uses: the variable's word, then the path's, then `test`.
    pub(super) fn database(&self) -> &str {
        self.named_database().unwrap_or("test")
    }

    /// The database that the variable or the path names.
    pub(super) fn named_database(&self) -> Option<&str> {
        let path = || self.address.as_ref()?.database.as_deref();
        self.asked.database.or_else(path)
    }

    /// The servers that took a connection.
    pub(super) fn connected(&self) -> impl Iterator<Item = &Seed> {
        let connected = self.reached.iter().filter(|reached| reached.connected);
        connected.map(|reached| &reached.seed)
    }

    pub(super) fn place<'p>(&'p self, address: &'p Address, action: &'p str) -> Place<'p> {
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
}

/// Connects to the first address that answers.
pub(super) async fn open(
    transport: &Transport,
    seed: &Seed,
    until: Instant,
) -> Result<tokio::net::TcpStream, Hindrance> {
    let mut last = None;
    for (tried, address) in seed.addresses.iter().enumerate() {
        let left = until.saturating_duration_since(clock::tick());
        let share = left / u32::try_from(seed.addresses.len() - tried).unwrap_or(u32::MAX);
        let host = address.to_string();
        let until = clock::tick() + share;
        match transport.connect("mongodb", &host, seed.port, until).await {
            Ok(stream) => return Ok(stream),
            Err(hindrance) => last = Some(hindrance),
        }
    }
    Err(last.unwrap_or_else(|| {
        let cause = format!("{} has no address", seed.host);
        Hindrance::new(HindranceKind::Dns, cause)
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
