//! What the repository says about the application, as far as checks and detection need it.

/// What was found in the application's repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Application {
    /// The name in package.json.
    pub name: Option<String>,
    /// The web framework, where one was recognised.
    pub framework: Option<Framework>,
    /// Direct dependencies: name to the version range as written.
    pub dependencies: std::collections::BTreeMap<String, String>,
    /// The scripts of package.json: name to command.
    pub scripts: std::collections::BTreeMap<String, String>,
    /// Routes found under `app/` and `pages/`.
    pub routes: Vec<Route>,
    /// The lockfile's name, such as `package-lock.json`.
    pub lockfile: Option<String>,
    /// The limits that holdpoint.toml claims for paths.
    pub rate_limits: Vec<RateLimit>,
    /// Documents of the repository that holdpoint knows how to fill in.
    pub documents: Vec<String>,
    /// What `holdpoint.toml` says of the application's own API.
    pub api: Api,
}

/// The table `[api]`: what the routes' files do not tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Api {
    /// Paths that strangers are meant to be answered at.
    pub public: Vec<String>,
    /// Routes at which people create things of their own.
    pub collections: Vec<Collection>,
}

/// One `[[api.collection]]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collection {
    /// The path that lists and creates: `/api/tasks`.
    pub path: String,
    /// The path of one thing, with `{id}` for its id; none for `<path>/{id}`.
    pub item: Option<String>,
    /// What a right request to create something sends; empty where it is not said.
    pub body: serde_json::Map<String, serde_json::Value>,
    /// The key of the body that takes any text; none for the first of those that are usual.
    pub field: Option<String>,
    /// The key under which an answer holds the id; none for `id` or `_id`.
    pub id: Option<String>,
}

/// A web framework that holdpoint recognises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framework {
    /// Next.js
    Next,
}

/// So many requests to a path within so much time, as its owner claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// The path as a request names it.
    pub path: String,
    /// How many requests.
    pub requests: u32,
    /// Within how long.
    pub window: std::time::Duration,
}

/// One route of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The path as a request names it, with dynamic segments in brackets: `/api/tasks/[id]`.
    pub path: String,
    /// The source file, relative to the root.
    pub file: String,
    /// An API route rather than a page.
    pub api: bool,
    /// The HTTP methods it exports; empty for pages and where they could not be told.
    pub methods: Vec<String>,
}

impl Application {
    /// Does the application depend on `package` directly?
    pub fn uses(&self, package: &str) -> bool {
        self.dependencies.contains_key(package)
    }
}
