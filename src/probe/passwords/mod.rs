//! The passwords probe: how the code keeps passwords, as far as code shows it.

mod code;
mod places;

use super::environment::{Source, sources};
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{FactKind, FactSpec, Facts, Hindrance, HindranceKind, Level};
use futures_util::future::BoxFuture;
use places::{Place, asks_for_password, hashes_before_saving, places};
use serde_json::{Value, json};

/// Packages that hash passwords.
const PACKAGES: [&str; 5] = [
    "bcrypt",
    "bcryptjs",
    "@node-rs/bcrypt",
    "argon2",
    "@node-rs/argon2",
];
/// Reads the code that handles passwords.
pub(super) struct Passwords;

impl Probe for Passwords {
    fn spec(&self) -> ProbeSpec {
        use FactKind::{Bool, Int, Object, Text};
        let maybe = |name, kind, meaning| FactSpec::new(name, FactKind::optional(kind), meaning);
        ProbeSpec {
            name: "passwords",
            version: 1,
            summary: "Reads in the application's own code how passwords are hashed: calls of bcrypt and argon2 with their costs, fast digests of \
                a password, and comparisons with a password as it is stored. What is computed elsewhere it does not see. Nothing is run.",
            level: Level::Static,
            exclusive: false,
            needs_target: false,
            parameters: Vec::new(),
            facts: vec![
                FactSpec::new(
                    "packages",
                    FactKind::list(Text),
                    "the packages that hash passwords",
                ),
                maybe(
                    "ok",
                    Bool,
                    "every place where a password is kept is sound; null where code does not tell",
                ),
                maybe(
                    "cause",
                    Text,
                    "what is wrong, or why it cannot be told, for people",
                ),
                FactSpec::new(
                    "places",
                    FactKind::list(Object(vec![
                        FactSpec::new("file", Text, "the file"),
                        FactSpec::new("line", Int, "the line, from 1"),
                        FactSpec::new("what", Text, "what stands there"),
                        maybe("ok", Bool, "it is sound; null where code does not tell"),
                    ])),
                    "where passwords are hashed or compared",
                ),
            ],
        }
    }

    fn looks(&self, _: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        Ok(vec![Facts::new()])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "how passwords are kept".into()
    }

    fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
        None
    }

    fn look<'a>(
        &'a self,
        _: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let root = context.root.clone();
            let known = &context.application.dependencies;
            let packages: Vec<_> = PACKAGES
                .into_iter()
                .filter(|name| known.contains_key(*name))
                .collect();
            let read = tokio::task::spawn_blocking(move || {
                sources(&root, &["assword", "crypt", "argon2"])
            });
            match read.await {
                Ok(files) => judged(&packages, &files),
                Err(error) => {
                    Sighting::hindered(Hindrance::new(HindranceKind::Internal, error.to_string()))
                }
            }
        })
    }
}

fn judged(packages: &[&str], files: &[Source]) -> Sighting {
    let files: Vec<Source> = files
        .iter()
        .filter(|file| !is_aside(&file.path))
        .map(|file| Source {
            path: file.path.clone(),
            text: code::without_comments(&file.text),
        })
        .collect();
    let hooked = files.iter().any(|file| hashes_before_saving(&file.text));
    let places: Vec<Place> = files.iter().flat_map(|file| places(file, hooked)).collect();
    let asks = files.iter().find(|file| asks_for_password(&file.text));
    if packages.is_empty() && places.is_empty() && asks.is_none() {
        let cause = "no package that hashes passwords, and no sign-in by a password that is kept, was found in the code";
        return Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause));
    }
    let those = |ok| {
        let found = places.iter().filter(move |place| place.ok == ok);
        let say = found.map(|place| format!("{}:{}: {}", place.file, place.line, place.what));
        say.collect::<Vec<_>>().join("; ")
    };
    let (broken, untold) = (those(Some(false)), those(None));
    let (ok, cause) = match (
        broken.is_empty(),
        untold.is_empty(),
        !places.iter().any(|place| place.named),
        asks,
    ) {
        (false, ..) => (Some(false), Some(broken)),
        (_, false, ..) => (None, Some(untold)),
        (_, _, false, _) => (Some(true), None),
        (_, _, _, Some(file)) => (
            None,
            Some(format!(
                "{} asks for a password, and no hashing of one is seen in the code",
                file.path
            )),
        ),
        _ => (
            None,
            Some(format!(
                "{} is a dependency, and no call of it for a password is seen in the code",
                packages.join(", ")
            )),
        ),
    };
    let shown = places
        .iter()
        .map(|one| json!({ "file": one.file, "line": one.line, "what": one.what, "ok": one.ok }));
    Sighting::of(Facts::from_iter([
        ("packages".to_owned(), json!(packages)),
        ("ok".to_owned(), json!(ok)),
        ("cause".to_owned(), json!(cause)),
        ("places".to_owned(), shown.collect::<Value>()),
    ]))
}

/// Folders and files of what never runs for people: what fills a database once, and scripts.
fn is_aside(path: &str) -> bool {
    path.split('/').any(|part| {
        let stem = part.split('.').next().unwrap_or_default();
        matches!(
            stem,
            "seed"
                | "seeds"
                | "seeders"
                | "scripts"
                | "script"
                | "test"
                | "tests"
                | "__tests__"
                | "__mocks__"
                | "fixtures"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(files: &[(&str, &str)]) -> Value {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| Source {
                path: (*path).into(),
                text: (*text).into(),
            })
            .collect();
        let sighting = judged(&["bcrypt"], &files);
        sighting.facts.get("ok").cloned().unwrap_or_default()
    }

    const SIGN_IN: &str =
        "CredentialsProvider({ credentials: { password: {} }, authorize: check })";
    const SOUND: &str = "bcrypt.hash(password, 12)";

    #[test]
    fn one_sound_place_does_not_speak_for_another() {
        assert_eq!(ok(&[("auth.ts", SIGN_IN), ("lib/users.ts", SOUND)]), true);
        // Nothing hashes what the sign-in asks for: a token's hash does not count, nor a seed's.
        for other in [
            ("lib/tokens.ts", "bcrypt.hash(token, 12)"),
            ("prisma/seed.ts", SOUND),
            ("scripts/add.ts", SOUND),
        ] {
            assert_eq!(ok(&[("auth.ts", SIGN_IN), other]), Value::Null, "{other:?}");
        }
        let plain = "const { email, password } = await request.json();\nawait users.insertOne({ email, password });";
        let both = [
            ("lib/reset.ts", SOUND),
            ("app/api/register/route.ts", plain),
        ];
        assert_eq!(ok(&both), Value::Null);
        let hashed = format!("{SOUND};\nawait users.insertOne({{ email, password }});");
        assert_eq!(ok(&[("app/api/register/route.ts", &hashed)]), true);
        let hook = "userSchema.pre('save', async function () { this.password = await bcrypt.hash(this.password, 12) })";
        assert_eq!(
            ok(&[
                ("models/user.ts", hook),
                ("app/api/register/route.ts", plain)
            ]),
            true
        );
    }

    #[test]
    fn what_stands_in_a_comment_is_not_done() {
        let was = "// createHash('md5').update(password)\n/* bcrypt.hash(password, 4) */\nbcrypt.hash(password, 12)";
        assert_eq!(ok(&[("lib/users.ts", was)]), true);
        assert_eq!(
            ok(&[("lib/users.ts", "// bcrypt.hash(password, 12)")]),
            Value::Null
        );
    }
}
