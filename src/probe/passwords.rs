//! The passwords probe: how the code keeps passwords, as far as code shows it.

use super::environment::{Source, sources};
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{FactKind, FactSpec, Facts, Hindrance, HindranceKind, Level};
use futures_util::future::BoxFuture;
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Packages that hash passwords.
const PACKAGES: [&str; 5] = [
    "bcrypt",
    "bcryptjs",
    "@node-rs/bcrypt",
    "argon2",
    "@node-rs/argon2",
];
/// The least cost of bcrypt (OWASP Password Storage Cheat Sheet).
const BCRYPT: u64 = 10;
/// Pairs of memory in KiB and passes that it takes to be equal for argon2id, each the least.
const ARGON2: [(u64, u64); 5] = [
    (47_104, 1),
    (19_456, 2),
    (12_288, 3),
    (9_216, 4),
    (7_168, 5),
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
                    "every place is sound; null where code does not tell",
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

/// One place.
#[derive(Debug, PartialEq)]
struct Place {
    file: String,
    line: usize,
    what: String,
    ok: Option<bool>,
}

fn judged(packages: &[&str], files: &[Source]) -> Sighting {
    let places: Vec<Place> = files.iter().flat_map(places).collect();
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
        places.is_empty(),
        asks,
    ) {
        (false, ..) => (Some(false), Some(broken)),
        (_, false, ..) => (None, Some(untold)),
        (_, _, false, _) => (Some(true), None),
        (_, _, _, Some(file)) => (
            None,
            Some(format!(
                "{} asks for a password, and no hashing of it is seen in the code",
                file.path
            )),
        ),
        _ => (
            None,
            Some(format!(
                "{} is a dependency, and no call of it is seen in the code",
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

static BCRYPT_CALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\bbcrypt(?:js)?\.(hash|hashSync|genSalt|genSaltSync)\(([^()]*(?:\([^()]*\)[^()]*)*)\)",
    )
});
static ARGON2_CALL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\bargon2\.hash\(([^()]*(?:\([^()]*\)[^()]*)*)\)"));
static FAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"createHash\(\s*["'](md5|sha-?1|sha-?256|sha-?512)["']\s*\)\s*\.update\([^)]{0,80}\bpass(?:word)?\b"#,
    )
});
static AS_STORED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\w+)\??\.password\s*!?={2,3}\s*(?:(\w+)\??\.)?password\b"));
static ASKS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)\bCredentials(?:Provider)?\s*\(\{.{0,2000}?\bpassword\b"));
static OF_VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\bpassword\b\s*={2,3}\s*(?:process\.)?env\.|(?:process\.)?env\.\w+\s*={2,3}\s*(?:\w+\??\.)?password\b",
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is constant")
}

/// Does code sign people in by a password that is kept? One that stands in a variable is not.
fn asks_for_password(code: &str) -> bool {
    ASKS.is_match(code) && !OF_VARIABLE.is_match(code)
}

fn places(file: &Source) -> Vec<Place> {
    let code = &file.text;
    let mut found = Vec::new();
    let mut note = |at: usize, what: String, ok: Option<bool>| {
        let line = code[..at].matches('\n').count() + 1;
        found.push(Place {
            file: file.path.clone(),
            line,
            what,
            ok,
        });
    };
    for call in BCRYPT_CALL.captures_iter(code) {
        let at = call.get(0).map_or(0, |whole| whole.start());
        let last = call[2].rsplit(',').next().unwrap_or_default().trim();
        let salts = call[1].starts_with("gen");
        match number(code, last) {
            Some(cost) => note(at, format!("bcrypt with cost {cost}"), Some(cost >= BCRYPT)),
            // The default of the packages.
            None if salts && last.is_empty() => note(at, "bcrypt with cost 10".into(), Some(true)),
            // The salt was made elsewhere, and its cost is read there.
            None if !salts
                && last.to_ascii_lowercase().contains("salt")
                && code.contains("genSalt") => {}
            None => note(
                at,
                format!("bcrypt with a cost that code does not show ({last})"),
                None,
            ),
        }
    }
    for call in ARGON2_CALL.captures_iter(code) {
        let at = call.get(0).map_or(0, |whole| whole.start());
        let (what, ok) = argon2(code, &call[1]);
        note(at, what, ok);
    }
    for digest in FAST.captures_iter(code) {
        let at = digest.get(0).map_or(0, |whole| whole.start());
        note(
            at,
            format!("a password under {}, which is made to be fast", &digest[1]),
            Some(false),
        );
    }
    if ASKS.is_match(code) {
        for compared in AS_STORED.captures_iter(code) {
            let other = compared.get(2).map(|other| other.as_str());
            if other != Some(&compared[1]) {
                let at = compared.get(0).map_or(0, |whole| whole.start());
                note(
                    at,
                    "a password is compared with what is stored as it is".into(),
                    Some(false),
                );
            }
        }
    }
    found
}

/// The number that stands there, or that the constant of that name has in the same file.
fn number(code: &str, text: &str) -> Option<u64> {
    let literal = |text: &str| text.replace('_', "").parse().ok();
    literal(text).or_else(|| {
        if text.is_empty()
            || !text
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || one == '_')
        {
            return None;
        }
        let constant = Regex::new(&format!(
            r"\bconst\s+{text}(?:\s*:\s*number)?\s*=\s*([\d_]+)\s*[;\n]"
        ))
        .ok()?;
        literal(&constant.captures(code)?[1])
    })
}

fn argon2(code: &str, arguments: &str) -> (String, Option<bool>) {
    let option = |name: &str| {
        let found = Regex::new(&format!(r"\b{name}\s*:\s*([\w*\s]+?)\s*[,}}]")).ok()?;
        let text = found.captures(arguments)?[1].to_owned();
        Some(number(code, &text))
    };
    if arguments.contains("argon2i,") || arguments.contains("argon2d") {
        return ("argon2 of another kind than argon2id".into(), Some(false));
    }
    if !arguments.contains('{') {
        // argon2id with 64 MiB and 3 passes is the default of the package argon2; @node-rs/argon2 has another.
        let own = code.contains("\"argon2\"") || code.contains("'argon2'");
        return match own && !arguments.contains(',') {
            true => ("argon2id with 65536 KiB and 3 passes".into(), Some(true)),
            false => ("argon2 with costs that code does not show".into(), None),
        };
    }
    match (option("memoryCost"), option("timeCost")) {
        (Some(Some(memory)), Some(Some(passes))) => {
            let enough = ARGON2
                .iter()
                .any(|(least, least_passes)| memory >= *least && passes >= *least_passes);
            (
                format!("argon2id with {memory} KiB and {passes} passes"),
                Some(enough),
            )
        }
        _ => ("argon2 with costs that code does not show".into(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str) -> Vec<Option<bool>> {
        let file = Source {
            path: "lib/auth.ts".into(),
            text: code.into(),
        };
        places(&file).into_iter().map(|place| place.ok).collect()
    }

    #[test]
    fn costs_are_read_where_they_stand() {
        for (code, expected) in [
            ("await bcrypt.hash(password, 12)", vec![Some(true)]),
            ("bcrypt.hashSync(read(body).password, 8)", vec![Some(false)]),
            (
                "const ROUNDS = 10;\nbcrypt.hash(password, ROUNDS)",
                vec![Some(true)],
            ),
            ("bcrypt.hash(password, config.rounds)", vec![None]),
            (
                "const salt = await bcrypt.genSalt(9);\nbcrypt.hash(password, salt)",
                vec![Some(false)],
            ),
            ("await bcrypt.compare(password, user.hash)", vec![]),
            (
                "import argon2 from \"argon2\";\nargon2.hash(password)",
                vec![Some(true)],
            ),
            (
                "argon2.hash(password, { memoryCost: 19456, timeCost: 2 })",
                vec![Some(true)],
            ),
            (
                "argon2.hash(password, { memoryCost: 4096, timeCost: 3 })",
                vec![Some(false)],
            ),
            ("argon2.hash(password, options)", vec![None]),
            (
                "createHash('sha256').update(password).digest('hex')",
                vec![Some(false)],
            ),
            ("createHash('sha256').update(token).digest('hex')", vec![]),
        ] {
            assert_eq!(told(code), expected, "{code}");
        }
    }

    #[test]
    fn only_passwords_that_are_kept_count() {
        let provider = |body: &str| {
            format!("CredentialsProvider({{ credentials: {{ password: {{}} }}, {body} }})")
        };
        let stored =
            provider("authorize: async (given) => user.password === given.password ? user : null");
        assert_eq!(told(&stored), [Some(false)]);
        assert!(asks_for_password(&stored));
        let of_variable = provider(
            "authorize: async (given) => given?.password === process.env.TASKS_PASSWORD ? user : null",
        );
        assert_eq!(told(&of_variable), []);
        assert!(!asks_for_password(&of_variable));
        // A form that asks twice is no store.
        assert_eq!(told("form.password === form.passwordAgain"), []);
        assert!(!asks_for_password(
            "CredentialsProvider({ credentials: {} })"
        ));
    }
}
