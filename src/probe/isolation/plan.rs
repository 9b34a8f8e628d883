//! Which routes are looked at: those where things can be created and removed again, and the others that ask who it is.

use crate::model::{Api, Application, Collection, Route};
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// More collections are not looked at; each takes some hundred requests.
const MOST: usize = 3;
/// Nor more of the other routes.
const MOST_OTHERS: usize = 24;
/// Parts of paths by which a route says that it is for everybody, or for a machine with a key of its own. Those of
/// the second kind act when they are asked.
const LEFT_ALONE: &[&str] = &[
    // For everybody by their names: RFC 8615, RFC 9309, sitemaps.org.
    ".well-known",
    "robots.txt",
    "sitemap.xml",
    "health",
    "healthz",
    "status",
    "ping",
    "csp-report",
    "cron",
    "webhook",
    "webhooks",
    "logout",
    "signout",
    "unsubscribe",
];

/// How code asks who it is: NextAuth 4, Auth.js 5, and wrappers as people name them.
pub(super) const ASKS: &[&str] = &[
    "getServerSession",
    "auth",
    "getToken",
    "getSession",
    "currentSession",
    "currentUser",
    "getCurrentUser",
    "withAuth",
    "requireAuth",
    "requireUser",
    "requireSession",
];
static ASKING: LazyLock<Regex> = LazyLock::new(|| {
    let names = ASKS.join("|");
    Regex::new(&format!(r"\b(?:{names})\s*\(")).expect("the pattern is constant")
});

/// Does code ask who it is?
pub(super) fn asks(code: &str) -> bool {
    ASKING.is_match(code)
}

/// A route where people create things of their own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// The path that lists and creates.
    pub(super) path: String,
    /// The path of one thing, with `{id}`; without it the id goes into the body.
    pub(super) item: String,
    /// Where it is written.
    pub(super) file: String,
    pub(super) lists: bool,
    pub(super) reads: bool,
    /// PUT and PATCH, as far as they are there.
    pub(super) changes: Vec<&'static str>,
    /// What creates one; empty where nothing is known.
    pub(super) body: Map<String, Value>,
    /// The key of the body that takes any text.
    pub(super) field: Option<String>,
    /// The key that holds the id.
    pub(super) id: Option<String>,
}

/// Another route that is no page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Other {
    /// As a request names it, with a made-up value for what is in brackets.
    pub(super) path: String,
    /// As the repository names it.
    pub(super) shown: String,
    pub(super) gets: bool,
    /// POST, PUT and PATCH, as far as its path is the same for everybody.
    pub(super) takes: Vec<&'static str>,
    /// Its file asks who it is.
    pub(super) asks: bool,
}

/// What is looked at.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) places: Vec<Place>,
    pub(super) others: Vec<Other>,
    /// What is not tried, and why.
    pub(super) left_alone: Vec<String>,
}

impl Plan {
    /// `asking` holds the files that ask who it is.
    pub(super) fn of(
        application: &Application,
        base_path: &str,
        asking: &BTreeSet<String>,
    ) -> Self {
        let mut plan = Self::default();
        let api = &application.api;
        let routes: Vec<&Route> = application
            .routes
            .iter()
            .filter(|route| route.api && !is_below(&route.path, base_path))
            .collect();
        for given in &api.collections {
            plan.places.push(given_place(given, &routes));
        }
        for route in &routes {
            if let Some(place) = found_place(route, &routes)
                && !plan.places.iter().any(|one| one.path == place.path)
            {
                plan.places.push(place);
            }
        }
        for place in plan.places.drain(MOST.min(plan.places.len())..) {
            let text = format!("{}: {MOST} routes like it are looked at", place.path);
            plan.left_alone.push(text);
        }
        for route in &routes {
            let known = |place: &Place| {
                place.path == route.path || pattern(&place.item) == pattern(&route.path)
            };
            if plan.places.iter().any(known) || is_public(&route.path, api) {
                continue;
            }
            if !route.path.contains('[') && has(route, "POST") {
                plan.left_alone.push(format!(
                    "POST {}: no route beside it is known to delete what it would create; where one does, name both by path and item in an [[api.collection]] of holdpoint.toml",
                    route.path
                ));
            }
            if plan.others.len() < MOST_OTHERS {
                plan.others.push(other(route, asking));
            }
        }
        plan
    }
}

/// Does the route take a method? Those of `pages/` do not tell.
fn has(route: &Route, method: &str) -> bool {
    route.methods.is_empty() || route.methods.iter().any(|one| one == method)
}

fn is_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_public(path: &str, api: &Api) -> bool {
    api.public.iter().any(|public| public == path)
        || path.split('/').any(|part| LEFT_ALONE.contains(&part))
}

/// The path with every computed part the same.
fn pattern(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let part = |part: &str| match part.starts_with(['[', '{']) {
        true => "*".to_owned(),
        false => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A route that creates, beside one that deletes what it has created.
fn found_place(route: &Route, routes: &[&Route]) -> Option<Place> {
    // What cannot be removed is not created, so both must be known.
    let named = |route: &Route, method: &str| route.methods.iter().any(|one| one == method);
    if route.path.contains('[') || !named(route, "POST") {
        return None;
    }
    let wanted = format!("{}/*", route.path);
    let item = routes.iter().find(|one| {
        pattern(&one.path) == wanted && !one.path.contains("[...") && !one.path.contains("[[")
    })?;
    named(item, "DELETE").then(|| Place {
        path: route.path.clone(),
        item: format!("{}/{{id}}", route.path),
        file: route.file.clone(),
        lists: named(route, "GET"),
        reads: named(item, "GET"),
        changes: ["PUT", "PATCH"]
            .into_iter()
            .filter(|method| named(item, method))
            .collect(),
        body: Map::new(),
        field: None,
        id: None,
    })
}

/// What the settings name; the methods are those of the files where there are any.
fn given_place(given: &Collection, routes: &[&Route]) -> Place {
    let item = given
        .item
        .clone()
        .unwrap_or_else(|| format!("{}/{{id}}", given.path));
    let find = |path: &str| {
        let wanted = pattern(path);
        routes.iter().find(|one| pattern(&one.path) == wanted)
    };
    let (route, of_item) = (find(&given.path), find(&item));
    let takes = |method: &str| of_item.is_none_or(|route| has(route, method));
    Place {
        lists: route.is_none_or(|route| has(route, "GET")),
        reads: takes("GET"),
        changes: ["PUT", "PATCH"]
            .into_iter()
            .filter(|method| takes(method))
            .collect(),
        path: given.path.clone(),
        item,
        file: "holdpoint.toml".into(),
        body: given.body.clone(),
        field: given.field.clone(),
        id: given.id.clone(),
    }
}

fn other(route: &Route, asking: &BTreeSet<String>) -> Other {
    let computed = route.path.contains('[');
    let part = |part: &str| match part.starts_with('[') {
        true => NOBODY.to_owned(),
        false => part.to_owned(),
    };
    let path: Vec<_> = route.path.split('/').map(part).collect();
    let takes = ["POST", "PUT", "PATCH"]
        .into_iter()
        .filter(|method| !computed && route.methods.iter().any(|one| one == method));
    Other {
        path: path.join("/"),
        shown: route.path.clone(),
        gets: has(route, "GET"),
        takes: takes.collect(),
        asks: asking.contains(&route.file),
    }
}

/// An id as MongoDB makes them, which nothing has.
pub(super) const NOBODY: &str = "000000000000000000000000";

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str, methods: &[&str]) -> Route {
        Route {
            path: path.into(),
            file: format!("app{path}/route.ts"),
            api: true,
            methods: methods.iter().map(|one| (*one).to_owned()).collect(),
        }
    }

    fn plan(routes: Vec<Route>, api: Api) -> Plan {
        let application = Application {
            routes,
            api,
            ..Application::default()
        };
        Plan::of(&application, "/api/auth", &BTreeSet::new())
    }

    #[test]
    fn only_what_can_be_removed_is_created() {
        let plan = plan(
            vec![
                route("/api/auth/[...nextauth]", &["GET", "POST"]),
                route("/api/health", &["GET"]),
                route("/api/journal", &["GET", "POST"]),
                route("/api/notes", &[]),
                route("/api/notes/[id]", &[]),
                route("/api/tasks", &["GET", "POST"]),
                route("/api/tasks/[id]", &["PUT", "DELETE"]),
            ],
            Api::default(),
        );
        let place = &plan.places[0];
        assert_eq!((plan.places.len(), place.path.as_str()), (1, "/api/tasks"));
        assert_eq!(place.item, "/api/tasks/{id}");
        assert!(place.lists && !place.reads);
        assert_eq!(place.changes, ["PUT"]);
        let others: Vec<_> = plan.others.iter().map(|one| one.shown.as_str()).collect();
        assert_eq!(others, ["/api/journal", "/api/notes", "/api/notes/[id]"]);
        assert_eq!(plan.left_alone.len(), 2);
        assert!(plan.left_alone[0].starts_with("POST /api/journal: "));
    }

    #[test]
    fn what_is_for_everybody_by_its_name_is_left_alone() {
        let routes = vec![
            route("/.well-known/security.txt", &["GET"]),
            route("/robots.txt", &["GET"]),
            route("/api/robots", &["GET"]),
        ];
        let others = plan(routes, Api::default()).others;
        let others: Vec<_> = others.iter().map(|one| one.shown.as_str()).collect();
        assert_eq!(others, ["/api/robots"]);
    }

    #[test]
    fn the_settings_name_what_the_files_do_not() {
        let api = Api {
            public: vec!["/api/quotes".into()],
            collections: vec![Collection {
                path: "/api/notes".into(),
                item: Some("/api/notes?id={id}".into()),
                ..Collection::default()
            }],
        };
        let routes = vec![
            route("/api/notes", &["GET", "POST", "DELETE"]),
            route("/api/quotes", &["GET"]),
        ];
        let plan = plan(routes, api);
        let place = &plan.places[0];
        assert_eq!(
            (place.item.as_str(), place.reads),
            ("/api/notes?id={id}", true)
        );
        assert_eq!(place.changes, [""; 0]);
        assert_eq!((plan.others.len(), plan.left_alone.len()), (0, 0));
    }

    #[test]
    fn code_that_asks_who_it_is() {
        for (code, asks) in [
            ("const session = await getServerSession(authOptions)", true),
            ("const session = await auth();", true),
            ("import { author } from 'x'; author()", false),
            ("return Response.json({ ok: true })", false),
        ] {
            assert_eq!(super::asks(code), asks, "{code}");
        }
    }
}
