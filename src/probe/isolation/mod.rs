//! The isolation probe: do two users of the API stay apart, and does it refuse whoever and whatever it must?

mod ask;
mod assign;
mod audit;
mod claim;
mod course;
mod create;
mod declare;
mod find;
mod foreign;
mod hostile;
mod made;
mod plan;

use super::environment::sources;
use super::nextauth::{Closed, Door, Site, User, base_path};
use super::{Budget, Context, Probe, ProbeSpec, Promise, Sighting, Transient, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Leftover};
use ask::{Asking, Call, Caller};
use audit::{Audit, Claims};
use claim::About;
use course::False;
use futures_util::future::BoxFuture;
use made::{Removal, Shared};
use plan::Plan;
use serde_json::{Value, json};

/// The claims that only something created can show.
const OF_CREATED: [About; 8] = [
    About::Users,
    About::Input,
    About::Operators,
    About::Markup,
    About::Malformed,
    About::Assignment,
    About::ForeignOrigin,
    About::OtherSites,
];
const NOTHING_TO_CREATE: &str = "no route was found that creates things and, beside it, one that deletes them, so nothing was created; \
     name one by [[api.collection]] in holdpoint.toml";

/// Looks at the application's own API.
pub(super) struct Isolation;

impl Probe for Isolation {
    fn spec(&self) -> ProbeSpec {
        declare::spec()
    }

    fn budget(&self, _: &Facts) -> Budget {
        Budget {
            // About 200 for each collection, and as many beside them.
            requests: 1000,
            bursts: false,
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let given = |key: &str| match parameters.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(format!("{key}: {other} is not text")),
        };
        let base = given("base_path")?
            .unwrap_or_else(|| base_path(&context.application, &context.environment));
        if !base.starts_with('/') || base.contains(['?', '#']) {
            return Err(format!("base_path: '{base}' is no path such as /api/auth"));
        }
        let provider = given("provider")?.unwrap_or("guest");
        Ok(vec![Facts::from_iter([
            ("base_path".to_owned(), base.into()),
            ("provider".to_owned(), provider.into()),
        ])])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "two users of the API".into()
    }

    fn origin(&self, _: &Facts, context: &Context) -> Option<String> {
        let target = context.target.as_ref()?;
        Some(target.url.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(look(parameters, context))
    }
}

async fn look(parameters: &Facts, context: &Context) -> Sighting {
    let Some(site) = Site::of(context, "") else {
        let cause = "no target was given";
        return Sighting::hindered(Hindrance::new(HindranceKind::Internal, cause));
    };
    let plan = match planned(parameters, context).await {
        Ok(plan) => plan,
        Err(hindrance) => return Sighting::hindered(hindrance),
    };
    if plan.places.is_empty() && plan.others.is_empty() {
        let cause = "no API route of the application's own was found in the repository, and holdpoint.toml names none under [api]";
        return Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause));
    }
    let users = match Users::of(parameters, context).await {
        Ok(users) => users,
        Err(Closed::Fault(fault)) => {
            return Sighting {
                transient: fault.connecting.then_some(Transient { retry_after: None }),
                ..Sighting::hindered(fault.hindrance)
            };
        }
        Err(Closed::Cause(cause)) => Users::nobody(cause),
    };
    Sighting::of(examine(context, site, plan, users).await)
}

/// Reads the routes' files, which may take a moment.
async fn planned(parameters: &Facts, context: &Context) -> Result<Plan, Hindrance> {
    let base = parameters.get("base_path").and_then(Value::as_str);
    let base = base.unwrap_or("/api/auth").to_owned();
    let (application, root) = (context.application.clone(), context.root.clone());
    let read = move || {
        let files = sources(&root, plan::ASKS).into_iter();
        let asking = files.filter(|file| plan::asks(&file.text));
        Plan::of(&application, &base, &asking.map(|file| file.path).collect())
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| Hindrance::new(HindranceKind::Internal, error.to_string()))
}

/// A and B, or why there are none.
struct Users<'a> {
    door: Option<Door<'a>>,
    pair: Option<(User, User)>,
    cause: Option<String>,
}

impl<'a> Users<'a> {
    async fn of(parameters: &'a Facts, context: &'a Context) -> Result<Self, Closed> {
        let door = Door::of(context, parameters).await?;
        let a = door.enter().await.map_err(Closed::Cause)?;
        let pair = match door.enter().await {
            Ok(b) => (a, b),
            Err(cause) => {
                door.leave(&a).await;
                return Err(Closed::Cause(cause));
            }
        };
        Ok(Self {
            door: Some(door),
            pair: Some(pair),
            cause: None,
        })
    }

    fn nobody(cause: String) -> Self {
        Self {
            door: None,
            pair: None,
            cause: Some(format!("no two users could be let in: {cause}")),
        }
    }

    fn has_guests(&self) -> bool {
        self.door.as_ref().is_some_and(Door::has_guests)
    }

    /// The fact `users`.
    fn fact(&self) -> Value {
        let by = self.pair.as_ref().map(|_| match self.has_guests() {
            true => "guests",
            false => "minted",
        });
        let differ = self.pair.as_ref().and_then(|(a, b)| {
            let (a, b) = (a.id.as_ref()?, b.id.as_ref()?);
            Some(a != b)
        });
        json!({ "by": by, "differ": differ, "same_site": self.same_site(), "cause": self.cause })
    }

    /// SameSite of the session's cookie.
    fn same_site(&self) -> Option<&'static str> {
        self.pair.as_ref().and_then(|(a, _)| a.same_site)
    }

    /// Sessions that nobody may be let in with.
    fn falses(&self) -> Vec<False> {
        let (Some(door), Some((a, _))) = (&self.door, &self.pair) else {
            return Vec::new();
        };
        let each = door.false_sessions(a).into_iter().map(|one| {
            let caller = one.cookies.map(|cookies| Caller {
                by: format!("with {}", one.what),
                cookies,
            });
            (one.what, caller)
        });
        each.collect()
    }
}

async fn examine(context: &Context, site: Site, plan: Plan, users: Users<'_>) -> Facts {
    let mut claims = Claims::default();
    let mut asking = Asking::new(site.clone(), context);
    let falses = users.falses();
    let home = site.home();
    let made = Shared::default();
    let mark = format!("holdpoint-{}", context.run);
    let mut collections = Vec::new();
    let promise = match &users.pair {
        None => {
            let cause = users.cause.clone().unwrap_or_default();
            claims.untold(&course::OF_COLLECTIONS, &cause);
            None
        }
        Some(pair) => {
            if plan.places.is_empty() {
                claims.untold(&OF_CREATED, NOTHING_TO_CREATE);
            }
            let removal = Removal {
                site,
                places: plan.places.clone(),
                users: vec![pair.0.cookies.clone(), pair.1.cookies.clone()],
                mark: mark.clone(),
                made: made.clone(),
            };
            promised(context, removal, &users, pair)
                .map_err(|cause| claims.untold(&course::OF_COLLECTIONS, &cause))
                .ok()
        }
    };
    let mut count = 0;
    if let (Some((a, b)), Some(_)) = (&users.pair, &promise) {
        for place in plan.places {
            let item = place.item.replace("{id}", "[id]");
            let mut fact = json!({ "path": place.path, "item": item, "file": place.file });
            let mut audit = Audit {
                asking: &mut asking,
                claims: &mut claims,
                place,
                a: caller("as A", a),
                b: caller("as B", b),
                // Where both are one user, an id tells nothing of who owns what.
                b_id: b.id.clone().filter(|id| a.id.as_ref() != Some(id)),
                same_site: a.same_site,
                home: home.clone(),
                made: made.clone(),
                mark: mark.clone(),
                count: &mut count,
            };
            let cause = audit.run(&falses).await.err();
            fact["created"] = json!(cause.is_none());
            fact["cause"] = json!(cause);
            collections.push(fact);
        }
    }
    let a = users.pair.as_ref().map(|(a, _)| caller("as A", a));
    let mut left_alone = plan.left_alone;
    let open = course::others(
        &mut asking,
        &mut claims,
        &plan.others,
        a.as_ref(),
        &falses,
        &mut left_alone,
    )
    .await;
    // A path that cannot be decoded, which frameworks answer with an error page of their own.
    let undecodable = Call {
        method: "GET",
        path: "/%E0%A4%A".into(),
        shown: "GET of a path that cannot be decoded".into(),
        ..Call::default()
    };
    // Only what it shows is of interest, and that is noted where answers are counted.
    let _ = asking.ask(&course::stranger(), &undecodable).await;
    for (route, by, what) in std::mem::take(&mut asking.shown_insides) {
        let how = format!("an error shows {what}");
        claims.of(About::Malformed).broke(&route, &by, how);
    }
    let left = match promise {
        Some(promise) => promise.keep().await.err(),
        None => None,
    };
    Facts::from_iter([
        ("users".to_owned(), users.fact()),
        ("collections".to_owned(), collections.into()),
        ("claims".to_owned(), claims.fact()),
        ("open".to_owned(), json!(open)),
        ("left_alone".to_owned(), json!(left_alone)),
        ("requests".to_owned(), json!(asking.asked)),
        ("left".to_owned(), json!(left)),
    ])
}

fn caller(by: &str, user: &User) -> Caller {
    Caller {
        by: by.to_owned(),
        cookies: user.cookies.clone(),
    }
}

/// The promise to remove everything and to sign both users out.
fn promised(
    context: &Context,
    removal: Removal,
    users: &Users<'_>,
    (a, b): &(User, User),
) -> Result<Promise, String> {
    let host = context
        .target
        .as_ref()
        .and_then(|target| target.url.host_str());
    let leftover = Leftover {
        service: format!("the API at {}", host.unwrap_or_default()),
        what: format!(
            "things of two synthetic users whose text begins with {}",
            removal.mark
        ),
        removal: format!(
            "delete every document in the application's database that holds the text {}",
            removal.mark
        ),
        expires_after: None,
    };
    let leave = users
        .door
        .as_ref()
        .map(|door| (door.leave(a), door.leave(b)));
    context.scratch.promise(leftover, async move {
        let outcome = removal.run().await;
        if let Some((a, b)) = leave {
            a.await;
            b.await;
        }
        outcome
    })
}
