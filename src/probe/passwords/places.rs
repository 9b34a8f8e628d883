//! Where code hashes, compares or stores passwords.

use crate::probe::environment::Source;
use regex::Regex;
use std::sync::LazyLock;

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

/// One place.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) ok: Option<bool>,
    /// It is a password that is hashed there, by the names that code uses.
    pub(super) named: bool,
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

static OTHER_KIND: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\bargon2[id]\b|\b(?:type|algorithm)\s*:\s*[01]\b"));
static ANY_KIND: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?:type|algorithm)\s*:"));
static ARGON2ID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\bargon2id\b|\b(?:type|algorithm)\s*:\s*2\b"));
/// A word for a password.
static PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)passw(?:or)?d|passphrase|\bpass\b|pwd"));
/// Lists of passwords that have leaked are asked by the first five digits of a SHA-1 (haveibeenpwned.com).
static ASKS_FOR_LEAKS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)pwnedpasswords|\.(?:slice|substring|substr)\(\s*0\s*,\s*5\s*\)")
});
/// What is made of a password by one of the packages.
static SLOW_CALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:bcrypt(?:js)?|argon2)\.(?:hash|hashSync|compare|compareSync|verify)\(([^()]*(?:\([^()]*\)[^()]*)*)\)",
    )
});
static STORES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?s)\.(?:insertOne|insertMany|create|upsert|updateOne|findOneAndUpdate|findByIdAndUpdate)\(\s*[^;]{0,300}?(?:[{,]\s*password\s*[,}]|\bpassword\s*:\s*(?:\w+\??\.)*password\b)",
    )
});
static HASHES: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)hash|crypt|argon2|pbkdf2"));
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(\w+)\s*=\s*(?:\w+\.)?$"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is constant")
}

/// Does code sign people in by a password that is kept? One that stands in a variable is not.
pub(super) fn asks_for_password(code: &str) -> bool {
    ASKS.is_match(code) && !OF_VARIABLE.is_match(code)
}

/// The places of one file; `hooked` where the model hashes what it saves.
pub(super) fn places(file: &Source, hooked: bool) -> Vec<Place> {
    let code = &file.text;
    let mut found = Vec::new();
    let mut note = |at: usize, what: String, ok: Option<bool>, named: bool| {
        let line = code[..at].matches('\n').count() + 1;
        found.push(Place {
            file: file.path.clone(),
            line,
            what,
            // What may be no password at all breaks nothing.
            ok: ok.filter(|ok| named || *ok),
            named,
        });
    };
    for call in BCRYPT_CALL.captures_iter(code) {
        let at = call.get(0).map_or(0, |whole| whole.start());
        let last = call[2].rsplit(',').next().unwrap_or_default().trim();
        let salts = call[1].starts_with("gen");
        let named = match salts {
            true => salts_a_password(code),
            false => names_password(code, first(&call[2])),
        };
        match number(code, last) {
            Some(cost) => note(
                at,
                format!("bcrypt with cost {cost}"),
                Some(cost >= BCRYPT),
                named,
            ),
            // The default of the packages.
            None if salts && last.is_empty() => {
                note(at, "bcrypt with cost 10".into(), Some(true), named);
            }
            // The salt was made elsewhere, and its cost is read there.
            None if !salts
                && last.to_ascii_lowercase().contains("salt")
                && code.contains("genSalt") => {}
            None => note(
                at,
                format!("bcrypt with a cost that code does not show ({last})"),
                None,
                named,
            ),
        }
    }
    for call in ARGON2_CALL.captures_iter(code) {
        let at = call.get(0).map_or(0, |whole| whole.start());
        let (what, ok) = argon2(code, &call[1]);
        note(at, what, ok, names_password(code, first(&call[1])));
    }
    for digest in FAST.captures_iter(code) {
        let at = digest.get(0).map_or(0, |whole| whole.start());
        let sha1 = digest[1].replace('-', "") == "sha1";
        if sha1 && ASKS_FOR_LEAKS.is_match(code) || feeds_a_hash(code, at) {
            continue;
        }
        note(
            at,
            format!("a password under {}, which is made to be fast", &digest[1]),
            Some(false),
            true,
        );
    }
    if ASKS.is_match(code) {
        for compared in AS_STORED.captures_iter(code) {
            let other = compared.get(2).map(|other| other.as_str());
            let set = [Some(&compared[1]), other].into_iter().flatten();
            if other != Some(&compared[1])
                && !set.into_iter().any(|name| is_of_environment(code, name))
            {
                let at = compared.get(0).map_or(0, |whole| whole.start());
                let what = "a password is compared with what is stored as it is";
                note(at, what.into(), Some(false), true);
            }
        }
    }
    if !hooked && !HASHES.is_match(code) {
        for stored in STORES.find_iter(code) {
            let what = "a password is stored, and no hashing of it is seen in the file";
            note(stored.start(), what.into(), None, true);
        }
    }
    found
}

/// The first of several arguments.
fn first(arguments: &str) -> &str {
    let mut open = 0_u32;
    let end = arguments.find(|one| {
        match one {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        one == ',' && open == 0
    });
    arguments[..end.unwrap_or(arguments.len())].trim()
}

/// Does an expression name a password, or a variable that is made of one in the same file?
fn names_password(code: &str, expression: &str) -> bool {
    let is_name = expression
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    PASSWORD.is_match(expression)
        || is_name
            && !expression.is_empty()
            && Regex::new(&format!(r"\b{expression}\s*=\s*([^;\n]*)")).is_ok_and(|assigned| {
                assigned
                    .captures_iter(code)
                    .any(|found| PASSWORD.is_match(&found[1]))
            })
}

/// Is a password hashed in a file that makes a salt?
fn salts_a_password(code: &str) -> bool {
    let mut calls = SLOW_CALL.captures_iter(code);
    calls.any(|call| names_password(code, first(&call[1])))
}

/// Does the digest that begins here go into a slow hash, as it does where a password may be longer than bcrypt reads?
fn feeds_a_hash(code: &str, at: usize) -> bool {
    let name = ASSIGNED.captures(&code[..at]);
    SLOW_CALL.captures_iter(code).any(|call| {
        let inside = call.get(0).is_some_and(|whole| whole.range().contains(&at));
        inside
            || name
                .as_ref()
                .is_some_and(|name| first(&call[1]) == &name[1])
    })
}

/// Does what has this name come from the environment, so that it is no store of people's passwords?
fn is_of_environment(code: &str, name: &str) -> bool {
    name == "env"
        || Regex::new(&format!(r"\b{name}\b[^;=]{{0,40}}=[^;]{{0,200}}?\benv\."))
            .is_ok_and(|assigned| assigned.is_match(code))
}

/// Does a model hash each password before it is saved?
pub(super) fn hashes_before_saving(code: &str) -> bool {
    (code.contains(".pre(") || code.contains("$extends") || code.contains("$use("))
        && salts_a_password(code)
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
    if OTHER_KIND.is_match(arguments) {
        return ("argon2 of another kind than argon2id".into(), Some(false));
    }
    if ANY_KIND.is_match(arguments) && !ARGON2ID.is_match(arguments) {
        return ("argon2 of a kind that code does not show".into(), None);
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
        places(&file, false)
            .into_iter()
            .map(|place| place.ok)
            .collect()
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
            (
                "argon2.hash(password, { type: argon2.argon2i })",
                vec![Some(false)],
            ),
            (
                "argon2.hash(password, { algorithm: Algorithm.Argon2d, memoryCost: 65536, timeCost: 3 })",
                vec![Some(false)],
            ),
            (
                "argon2.hash(password, { type: argon2.argon2id, memoryCost: 65536, timeCost: 3 })",
                vec![Some(true)],
            ),
            (
                "argon2.hash(password, { type: KIND, memoryCost: 65536, timeCost: 3 })",
                vec![None],
            ),
            ("bcrypt.hash(token, 4)", vec![None]),
            // A list of leaked passwords, and what is longer than bcrypt reads.
            (
                "const sha = createHash('sha1').update(password).digest('hex');\nfetch(list + sha.slice(0, 5))",
                vec![],
            ),
            (
                "createHash('sha1').update(password).digest('hex')",
                vec![Some(false)],
            ),
            (
                "bcrypt.hash(createHash('sha256').update(password).digest('base64'), 12)",
                vec![Some(true)],
            ),
            (
                "const short = createHash('sha256').update(password).digest('base64');\nbcrypt.hash(short, 12)",
                vec![Some(true)],
            ),
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
        let set = "const admin = { password: process.env.ADMIN_PASSWORD };\n".to_owned()
            + &provider(
                "authorize: async (given) => admin.password === given.password ? user : null",
            );
        assert_eq!(told(&set), []);
        // A form that asks twice is no store.
        assert_eq!(told("form.password === form.passwordAgain"), []);
        assert!(!asks_for_password(
            "CredentialsProvider({ credentials: {} })"
        ));
    }
}
