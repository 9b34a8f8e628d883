//! The services that the demonstration application uses: its database, sign-in provider, push service, language
//! model and mail server, each right, or with a fault that can be switched on.

use super::Variant;
use super::ai::{AiFault, AiProvider};
use super::dns::NameServer;
use super::keys::Keys;
use super::mongodb::{self, Mongodb};
use super::nextauth::Fault as NextAuthFault;
use super::oidc::{self, Client, Manners, Provider};
use super::osv::{OsvApi, OsvFault, OsvRecord};
use super::push::{PushFault, PushService};
use super::smtp::{self, MailServer, Security};
use super::tasks::TaskFault;
use ::mongodb::bson::doc;
use std::io;

/// Where variables begin that are no application's: what tells a run where the services are.
const OF_RUNS: &str = "HOLDPOINT_";
/// The callback of `npm run dev`.
const DEVELOPMENT: &str = "http://localhost:3000";
/// Where NextAuth is called back by Google.
const CALLBACK: &str = "/api/auth/callback/google";

/// What is wrong with each service; by default nothing.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The database.
    pub database: Vec<mongodb::Fault>,
    /// The OpenID provider.
    pub provider: Option<oidc::Fault>,
    /// The push service.
    pub push: Option<PushFault>,
    /// The provider of the language model.
    pub model: Option<AiFault>,
    /// The mail server.
    pub mail: Option<smtp::Fault>,
    /// The database of advisories.
    pub advisories: Option<OsvFault>,
    /// The application's sign-in library.
    pub sign_in: Option<NextAuthFault>,
    /// The application's own API.
    pub tasks: Vec<TaskFault>,
}

impl Faults {
    /// What is wrong with the services in a variant: each as found has another human cause.
    pub(super) fn of(variant: Variant) -> Self {
        match variant {
            Variant::Mended => Self::default(),
            Variant::AsFound => Self {
                database: vec![mongodb::Fault::BroadRoles],
                mail: Some(smtp::Fault::RefusesSender),
                tasks: vec![TaskFault::ChangesAnybodys],
                ..Self::default()
            },
        }
    }
}

/// The running services. Dropping them stops them.
#[derive(Debug)]
pub struct Services {
    /// The database, with the indexes that the project's `lib/db.ts` creates.
    pub database: Mongodb,
    /// The OpenID provider, with the manners of Google.
    pub provider: Provider,
    /// The push service.
    pub push: PushService,
    /// The provider of the language model.
    pub model: AiProvider,
    /// The mail server with its mailbox.
    pub mail: MailServer,
    /// What the world knows of the sender's domain.
    pub names: NameServer,
    /// What is known of weaknesses in packages.
    pub advisories: OsvApi,
}

impl Services {
    /// Starts all of them for the application at `https_url`.
    pub(super) async fn start(https_url: &str, keys: &Keys, faults: &Faults) -> io::Result<Self> {
        let client = Client {
            id: keys.google_client_id.clone(),
            secret: keys.google_client_secret.clone(),
            redirect_uris: [https_url, DEVELOPMENT]
                .map(|origin| format!("{origin}{CALLBACK}"))
                .into(),
        };
        let database = Mongodb::start(&faults.database).await?;
        database.seed("tasks", vec![doc! { "key": { "owner": 1, "done": 1 } }]);
        let unique = doc! { "key": { "endpoint": 1 }, "unique": true };
        database.seed("subscriptions", vec![unique]);
        let ends = doc! { "key": { "until": 1 }, "expireAfterSeconds": 0 };
        database.seed("ended", vec![ends]);
        Ok(Self {
            database,
            provider: Provider::start(Manners::Google, client, faults.provider).await?,
            push: PushService::start(faults.push).await?,
            model: AiProvider::start(faults.model.unwrap_or(AiFault::None)).await?,
            mail: MailServer::start(Security::StartTls, faults.mail).await?,
            names: NameServer::start().await?,
            advisories: OsvApi::start(vec![next()], 10, faults.advisories).await?,
        })
    }

    /// What the application's `.env.local` says about them.
    pub(super) fn settings(&self) -> impl Iterator<Item = (String, String)> {
        // The application asks one provider of models.
        let other = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"];
        self.all()
            .filter(move |(name, _)| !name.starts_with(OF_RUNS) && !other.contains(&name.as_str()))
    }

    /// What tells a run where they are.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (String, String)> {
        self.all().filter(|(name, _)| name.starts_with(OF_RUNS))
    }

    /// The sender that the application's mail names.
    pub(super) fn mail_from(&self) -> String {
        self.value("EMAIL_FROM")
    }

    /// The public half of the application's VAPID keys; as found it was left when the other was replaced.
    pub(super) fn vapid_public_key(&self, variant: Variant, keys: &Keys) -> String {
        match variant {
            Variant::AsFound => keys.former_vapid_public_key.clone(),
            Variant::Mended => self.value("NEXT_PUBLIC_VAPID_PUBLIC_KEY"),
        }
    }

    fn value(&self, wanted: &str) -> String {
        let found = self.all().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value).unwrap_or_default()
    }

    fn all(&self) -> impl Iterator<Item = (String, String)> {
        let named = [
            self.provider.variables(),
            self.push.variables(),
            self.model.variables(),
            self.mail.variables(),
            self.names.variables(),
            self.advisories.variables(),
        ];
        let named = named.into_iter().flatten();
        let accounts = [
            ("HOLDPOINT_KNOWN_ACCOUNT", "ann@tasks.invalid".to_owned()),
            (
                "HOLDPOINT_UNKNOWN_ACCOUNT",
                "nobody@tasks.invalid".to_owned(),
            ),
        ];
        let named = named
            .chain(accounts)
            .map(|(name, value)| (name.to_owned(), value));
        self.database.variables(None).into_iter().chain(named)
    }
}

/// What OSV says of Next.js before 15.5.7: code of a stranger's runs on the server (CVE-2025-66478).
fn next() -> OsvRecord {
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H";
    OsvRecord::new("GHSA-9qr9-h5gf-34mp", "next", [15, 5, 7], vector)
}
