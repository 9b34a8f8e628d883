//! The embedded stack behind `holdpoint demo` and the in-process tests: a small application worth
//! examining, served on loopback by this process, and the repository it pretends to come from.

pub mod ai;
mod application;
mod authority;
mod dns;
mod headers;
mod keys;
mod limit;
mod listener;
pub mod mongodb;
mod nextauth;
pub mod oidc;
pub mod osv;
mod policies;
mod project;
mod push;
pub mod resend;
mod services;
mod sign_in;
pub mod smtp;
mod tasks;
#[cfg(test)]
mod tests;
pub mod vercel;

pub use dns::NameServer;
pub use nextauth::{Fault as NextAuthFault, NextAuthDouble, NextAuthVersion};
pub use push::{PushFault, PushService};
pub use services::{Faults, Services};
pub use tasks::TaskFault;

use crate::model::{PathClasses, Target};
use application::Application;
use authority::Authority;
use axum::Router;
use axum::serve::Listener;
use keys::Keys;
use limit::Attempts;
use listener::TlsListener;
use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tasks::Tasks;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// How long [`Sandbox::stop`] waits for answers that are still being written.
const GRACE: Duration = Duration::from_secs(1);

/// Which state of the application is served and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// As a release candidate is often found: it works, and several things are wrong.
    AsFound,
    /// The same application with all of them put right.
    Mended,
}

/// A running application on 127.0.0.1. Dropping it stops it without waiting; [`Sandbox::stop`] waits.
///
/// The addresses name 127.0.0.1 rather than localhost, because browsers do not keep HSTS for an IP
/// address (RFC 6797 section 8.1.1): looking at the demonstration changes nothing for the other
/// servers that a developer runs on localhost.
#[derive(Debug)]
pub struct Sandbox {
    variant: Variant,
    keys: Keys,
    services: Services,
    tasks: Arc<Tasks>,
    attempts: Arc<Attempts>,
    https_url: String,
    plain_url: String,
    authority_pem: String,
    stop: watch::Sender<()>,
    servers: Vec<JoinHandle<io::Result<()>>>,
}

impl Sandbox {
    /// Starts the application on two free ports of 127.0.0.1: one for HTTPS with a certificate of a
    /// fresh private authority, one for plain HTTP; and beside it the services that it uses. Needs a
    /// running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound, or the system gives no random bytes for the keys.
    pub async fn start(variant: Variant) -> io::Result<Self> {
        Self::start_with(variant, Faults::of(variant)).await
    }

    /// The same with other faults of the services than the variant's own.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(variant: Variant, faults: Faults) -> io::Result<Self> {
        let authority = Authority::new()?;
        let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let https_url = format!("https://{}", secure.local_addr()?);
        let plain_url = format!("http://{}", plain.local_addr()?);
        let keys = Keys::generate()?;
        let services = Services::start(&https_url, &keys, &faults).await?;

        let library = sign_in::library(variant, &https_url, &keys, &services, faults.sign_in)?;
        let authority_pem = authority.pem() + services.mail.authority_pem();
        let vapid_public_key = services.vapid_public_key(variant, &keys);
        let tasks = Arc::new(Tasks::new(&faults.tasks));
        let attempts = Attempts::new(variant);
        let application = Application::new(
            variant,
            library,
            Arc::clone(&tasks),
            Arc::clone(&attempts),
            &keys,
            vapid_public_key,
        );
        let site = application.router();
        let front = match variant {
            Variant::AsFound => site.clone(),
            Variant::Mended => headers::redirect_to(&https_url),
        };
        let (stop, _) = watch::channel(());
        let servers = vec![
            serve(
                TlsListener::new(secure, authority.server_config()?),
                site,
                &stop,
            ),
            serve(plain, front, &stop),
        ];
        Ok(Self {
            variant,
            keys,
            services,
            tasks,
            attempts,
            https_url,
            plain_url,
            authority_pem,
            stop,
            servers,
        })
    }

    /// Where the application answers over HTTPS, without a trailing slash.
    pub fn https_url(&self) -> String {
        self.https_url.clone()
    }

    /// Where the same site answers over plain HTTP, without a trailing slash.
    pub fn plain_url(&self) -> String {
        self.plain_url.clone()
    }

    /// The certificates of the private authorities that signed the application's and the mail server's,
    /// as PEM text.
    pub fn authority_pem(&self) -> String {
        self.authority_pem.clone()
    }

    /// The services that the application uses.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// How many tasks the application keeps.
    pub fn tasks(&self) -> usize {
        self.tasks.count()
    }

    /// Makes these things wrong with the API, and nothing else, from the next request on: a deployment that
    /// gets worse, or is mended, while it runs.
    pub fn switch_tasks(&self, faults: &[TaskFault]) {
        self.tasks.switch(faults);
    }

    /// Lets everybody sign in again, as after a minute in which nobody tried: one look at the limit follows another.
    pub fn forget_attempts(&self) {
        self.attempts.forget();
    }

    /// What tells a run where the services are, beside what the project's own files say.
    pub fn variables(&self) -> BTreeMap<String, String> {
        self.services.addresses().collect()
    }

    /// The password that the sign-in form accepts; the project's `TASKS_PASSWORD`.
    pub fn password(&self) -> String {
        self.keys.password.clone()
    }

    /// One path of the application for each class of answer.
    pub fn paths(&self) -> PathClasses {
        PathClasses {
            sign_in: "/auth/signin".into(),
            api: "/api/tasks".into(),
            ..PathClasses::default()
        }
    }

    /// The application as a target: owned, with its authority, its plain address and its paths.
    ///
    /// # Errors
    /// Never in practice: the addresses are built from bound sockets.
    pub fn target(&self) -> Result<Target, url::ParseError> {
        Ok(Target {
            url: Url::parse(&self.https_url)?,
            environment: "demonstration".into(),
            owned: true,
            plain_url: Some(Url::parse(&self.plain_url)?),
            authority_pem: Some(self.authority_pem.clone()),
            headers: Vec::new(),
            paths: self.paths(),
        })
    }

    /// Writes the repository that the application pretends to come from: `package.json`, routes,
    /// `.env.local` with freshly generated keys that open nothing but this sandbox, and the settings of
    /// a run. Creates `root` and overwrites files of the same names.
    ///
    /// # Errors
    /// A folder or file cannot be written.
    pub fn write_project(&self, root: &Path) -> io::Result<()> {
        let services = self.services.settings();
        project::write(root, self.variant, &self.https_url, &self.keys, services)?;
        std::fs::write(root.join("authority.pem"), &self.authority_pem)?;
        std::fs::write(root.join("holdpoint.toml"), self.settings())
    }

    fn settings(&self) -> String {
        let PathClasses { sign_in, api, .. } = self.paths();
        format!(
            "# The settings of the demonstration. Your own: holdpoint init\n\
             [target]\n\
             url         = \"{}\"\n\
             plain_url   = \"{}\"\n\
             environment = \"demonstration\"\n\
             ca_file     = \"authority.pem\"\n\
             owned       = true\n\n\
             [paths]\n\
             sign_in = \"{sign_in}\"\n\
             api     = \"{api}\"\n",
            self.https_url, self.plain_url
        )
    }

    /// Accepts no more connections, lets answers in progress finish for up to a second, and ends.
    ///
    /// # Errors
    /// A server had ended before with an error.
    pub async fn stop(self) -> io::Result<()> {
        let Self { stop, servers, .. } = self;
        drop(stop);
        for mut server in servers {
            match tokio::time::timeout(GRACE, &mut server).await {
                Ok(ended) => ended.map_err(io::Error::other)??,
                Err(_) => server.abort(),
            }
        }
        Ok(())
    }
}

/// Serves `site` until the sender is dropped.
fn serve<L>(listener: L, site: Router, stop: &watch::Sender<()>) -> JoinHandle<io::Result<()>>
where
    L: Listener<Addr: std::fmt::Debug>,
{
    let mut stopped = stop.subscribe();
    let server = axum::serve(listener, site).with_graceful_shutdown(async move {
        // The only thing that ever happens to the channel is that its sender is dropped.
        let _closed = stopped.changed().await;
    });
    tokio::spawn(server.into_future())
}
