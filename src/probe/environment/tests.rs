//! The probe over small repositories, with the answers worked out by hand.

use super::*;
use crate::model::{Environment, FactKind, FactSpec, Variable, VariableOrigin};
use std::path::Path;

/// A Next.js application that needs, has, documents and hides one thing of each kind.
const FILES: &[(&str, &str)] = &[
    (
        "package.json",
        "{\"name\":\"app\",\n\"dependencies\":{\n\"next\":\"15\",\n\"next-auth\":\"^4.24.0\"}}",
    ),
    (
        "tsconfig.json",
        "{ // paths\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"], }, }, }",
    ),
    (
        "src/app/page.tsx",
        "import { db } from '@/lib/db'; import Form from '@/ui/form'\nexport default () => <Form />",
    ),
    (
        "src/lib/db.ts",
        "if (!process.env.MONGODB_URI) throw new Error()\nexport const db = process.env.MONGODB_DB || 'app'",
    ),
    (
        "src/ui/form.tsx",
        "'use client'\nexport default () => process.env.STRIPE_SECRET + process.env.NEXT_PUBLIC_KEY_ID!",
    ),
    (
        "src/lib/unused.ts",
        "export const a = process.env.NOBODY_NEEDS",
    ),
    (
        "src/lib/db.test.ts",
        "import { db } from './db'; use(process.env.TEST_ONLY)",
    ),
    ("src/broken.ts", "const {"),
    (
        ".env.example",
        "MONGODB_URI=mongodb://u:PASSWORD@h/db\nNEXTAUTH_SECRET=sample-of-a-secret\nEMAIL_SERVER_HOST=smtp.resend.com\n",
    ),
    (
        ".env.local",
        "NEXTAUTH_SECRET=sample-of-a-secret\nNODE_ENV=production\nEMAIL_SERVER_HOST=a\nEMAIL_SERVER_HOST=b\n",
    ),
    ("README.md", "| `STRIPE_SECRET` | key |\n"),
    (".gitignore", ".env*.local\n"),
];

fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn variable(name: &str, value: &str, line: usize) -> Variable {
    let origin = VariableOrigin::File {
        path: ".env.local".into(),
        line,
    };
    let secret = name.contains("SECRET");
    Variable {
        name: name.into(),
        value: value.into(),
        raw: value.into(),
        origin,
        secret,
        shadowed: Vec::new(),
    }
}

fn seen(root: &Path, variables: Vec<Variable>) -> Facts {
    let environment = Environment {
        variables,
        files: vec![".env.local".into()],
        required: Vec::new(),
    };
    let survey = survey::survey(
        root,
        BTreeSet::new(),
        &environment.files,
        &Default::default(),
    );
    account::facts(&environment, &survey, None)
}

#[test]
fn what_the_settings_require_is_missed_too() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment {
        variables: vec![variable("SET", "value", 1)],
        files: vec![],
        required: vec!["SENTRY_DSN".into(), "SET".into()],
    };
    let survey = survey::survey(folder.path(), BTreeSet::new(), &[], &Default::default());
    let facts = account::facts(&environment, &survey, None);
    assert_eq!(names(&facts, "missing"), ["SENTRY_DSN"]);
}

/// The names in a list of objects.
fn names(facts: &Facts, list: &str) -> Vec<String> {
    facts[list]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_small_application() {
    let folder = written(FILES);
    let facts = seen(
        folder.path(),
        vec![
            variable("EMAIL_SERVER_HOST", "b", 4),
            variable("NEXTAUTH_SECRET", "sample-of-a-secret", 1),
            variable("NODE_ENV", "production", 2),
        ],
    );
    assert_eq!(
        names(&facts, "missing"),
        [
            "MONGODB_URI",
            "NEXTAUTH_URL",
            "NEXT_PUBLIC_KEY_ID",
            "STRIPE_SECRET"
        ]
    );
    assert_eq!(
        facts["missing"][0]["places"],
        serde_json::json!(["src/lib/db.ts:1"])
    );
    assert_eq!(
        facts["missing"][1]["places"],
        serde_json::json!(["package.json:4"])
    );
    assert_eq!(names(&facts, "placeholders"), ["NEXTAUTH_SECRET"]);
    assert_eq!(
        facts["placeholders"][0]["reason"],
        "it is the sample text of .env.example:2"
    );
    assert_eq!(
        names(&facts, "undocumented"),
        ["NEXTAUTH_URL", "NEXT_PUBLIC_KEY_ID"]
    );
    assert_eq!(names(&facts, "unread"), ["EMAIL_SERVER_HOST"]);
    assert_eq!(names(&facts, "client_secrets"), ["STRIPE_SECRET"]);
    assert_eq!(facts["node_env_set"][0]["origin"], ".env.local:2");
    assert_eq!(facts["duplicates"][0]["lines"], serde_json::json!([3, 4]));
    assert_eq!(facts["unparsed"].as_array().unwrap().len(), 1);
    assert_eq!(facts["ignored"], true);
    assert_eq!(facts["index_read"], false);
    assert_eq!(
        facts["read"]["NOBODY_NEEDS"]["scopes"],
        serde_json::json!(["dead"])
    );
    assert_eq!(
        facts["read"]["TEST_ONLY"]["scopes"],
        serde_json::json!(["test"])
    );
    assert_eq!(
        facts["read"]["STRIPE_SECRET"]["scopes"],
        serde_json::json!(["server", "client"])
    );
    assert_eq!(facts["read"]["MONGODB_DB"]["required"], false);
    assert_eq!(facts["variables"]["MONGODB_URI"]["set"], false);
}

#[test]
fn no_value_is_told() {
    let folder = written(FILES);
    let canary = "cAnArY-7f3d91-vAlUe";
    let facts = seen(
        folder.path(),
        vec![
            variable("NEXTAUTH_SECRET", canary, 1),
            variable("PLAIN_NAME", canary, 2),
        ],
    );
    assert!(!serde_json::to_string(&facts).unwrap().contains(canary));
}

#[test]
fn expansion_that_takes_text_away_is_damage() {
    let folder = written(FILES);
    let expanded = |name: &str, raw: &str, value: &str| Variable {
        raw: raw.into(),
        ..variable(name, value, 1)
    };
    let facts = seen(
        folder.path(),
        vec![
            expanded("A_SECRET", "pa$word1", "pa"),
            expanded("B_URL", "${NODE_HOST_X}/b", "h/b"),
            expanded("C_SECRET", r"pa\$word", "pa$word"),
            variable("NODE_HOST_X", "h", 3),
        ],
    );
    assert_eq!(names(&facts, "expansion_damage"), ["A_SECRET"]);
    assert_eq!(facts["variables"]["B_URL"]["changed_by_expansion"], true);
    assert_eq!(
        facts["variables"]["C_SECRET"]["changed_by_expansion"],
        false
    );
}

#[test]
fn a_reference_to_what_only_a_weaker_file_sets_is_damage_too() {
    let folder = written(FILES);
    let mut url = variable("A_URL", "https://", 1);
    url.raw = "https://$NODE_HOST_X".into();
    let mut choice = variable("B_URL", "https://first.example", 2);
    choice.raw = "https://${FIRST_X:-$NODE_HOST_X}".into();
    let facts = seen(
        folder.path(),
        vec![url, choice, variable("NODE_HOST_X", "host.example", 1)],
    );
    assert_eq!(names(&facts, "expansion_damage"), ["A_URL"]);
}

#[test]
fn a_browser_variable_with_a_secret_in_it() {
    let folder = written(FILES);
    let secret = "3f9a2c7b1d8e4f60";
    let facts = seen(
        folder.path(),
        vec![
            variable("NEXTAUTH_SECRET", secret, 1),
            variable("NEXT_PUBLIC_THING", secret, 2),
            variable("NEXT_PUBLIC_FIREBASE_API_KEY", "AIzaPublic", 3),
        ],
    );
    assert_eq!(
        names(&facts, "client_secrets"),
        ["NEXT_PUBLIC_THING", "STRIPE_SECRET"]
    );
}

#[test]
fn what_is_meant_for_browsers_is_no_secret_of_theirs() {
    let folder = written(&[
        (
            "package.json",
            r#"{"name":"app","dependencies":{"next":"15"}}"#,
        ),
        (
            "next.config.js",
            "module.exports = { env: { MAPBOX_TOKEN: process.env.MAPBOX_TOKEN } }",
        ),
        (
            "app/page.tsx",
            "'use client'\nexport default () => process.env.MAPBOX_TOKEN",
        ),
    ]);
    let secret = |name: &str, value: &str| Variable {
        secret: true,
        ..variable(name, value, 1)
    };
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl";
    let facts = seen(
        folder.path(),
        vec![
            secret("SENTRY_DSN", "https://0a1b@o1.ingest.example/2"),
            variable(
                "NEXT_PUBLIC_SENTRY_DSN",
                "https://0a1b@o1.ingest.example/2",
                2,
            ),
            secret("SUPABASE_ANON_KEY", token),
            variable("NEXT_PUBLIC_SUPABASE_ANON_KEY", token, 3),
            variable("NEXT_PUBLIC_SHOW_PASSWORD_HINT", "true", 4),
            secret("GEMINI_API_KEY", "AIzaNotForBrowsers"),
            variable("NEXT_PUBLIC_GEMINI_API_KEY", "AIzaNotForBrowsers", 5),
        ],
    );
    assert_eq!(
        names(&facts, "client_secrets"),
        ["NEXT_PUBLIC_GEMINI_API_KEY"]
    );
}

#[test]
fn an_empty_folder_is_no_error() {
    let folder = written(&[]);
    let facts = seen(folder.path(), Vec::new());
    assert_eq!(facts["scanned_files"], 0);
    assert_eq!(facts["missing"], serde_json::json!([]));
}

#[test]
fn every_fact_is_declared_and_every_declared_fact_is_there() {
    let folder = written(FILES);
    let uri = "mongodb+srv://u:p@c.ab1.mongodb.net/db";
    let facts = seen(
        folder.path(),
        vec![
            variable("MONGODB_URI", uri, 1),
            variable("A_SECRET", "$(x)", 2),
        ],
    );
    holds(
        &Value::Object(facts),
        &FactKind::Object(declared::spec().facts),
        "facts",
    );
}

/// Holds a value to its declared type, names included, in both directions.
fn holds(value: &Value, kind: &FactKind, place: &str) {
    match (kind, value) {
        (FactKind::Bool, Value::Bool(_))
        | (FactKind::Text, Value::String(_))
        | (FactKind::Json, _) => {}
        (FactKind::Int, value) if value.is_i64() || value.is_u64() => {}
        (FactKind::Float, value) if value.is_f64() => {}
        (FactKind::Optional(_), Value::Null) => {}
        (FactKind::Optional(kind), value) => holds(value, kind, place),
        (FactKind::List(kind), Value::Array(items)) => {
            items.iter().for_each(|item| holds(item, kind, place))
        }
        (FactKind::Map(kind), Value::Object(map)) => map
            .iter()
            .for_each(|(key, item)| holds(item, kind, &format!("{place}.{key}"))),
        (FactKind::Object(specs), Value::Object(map)) => {
            let declared: BTreeSet<&str> = specs
                .iter()
                .map(|FactSpec { name, .. }| name.as_ref())
                .collect();
            assert_eq!(
                map.keys().map(String::as_str).collect::<BTreeSet<_>>(),
                declared,
                "{place}"
            );
            specs.iter().for_each(|spec| {
                holds(
                    &map[spec.name.as_ref()],
                    &spec.kind,
                    &format!("{place}.{}", spec.name),
                )
            });
        }
        _ => panic!("{place} is {value}, declared as {}", kind.describe()),
    }
}

#[test]
fn a_report_of_our_own_documents_nothing() {
    let report = "## NO-GO: app\n\n**1 fail**\n\nno target · development · holdpoint 0.1.0\n\n- needed and named nowhere: NOT_TOLD_X\n";
    let json = "{\n  \"schema\": \"holdpoint.report/v1\",\n  \"found\": \"READ_BY_NOTHING_X\"\n}\n";
    let folder = written(&[
        (
            "package.json",
            r#"{"name":"app","dependencies":{"next":"15"}}"#,
        ),
        ("app/page.tsx", "use(process.env.NOT_TOLD_X)"),
        ("report.md", report),
        ("report.json", json),
    ]);
    let facts = seen(folder.path(), vec![variable("READ_BY_NOTHING_X", "x", 1)]);
    assert_eq!(names(&facts, "undocumented"), ["NOT_TOLD_X"]);
    assert_eq!(names(&facts, "unread"), ["READ_BY_NOTHING_X"]);
}

#[test]
fn what_the_configuration_only_hands_on_is_still_needed() {
    let folder = written(&[
        (
            "package.json",
            r#"{"name":"app","dependencies":{"next":"15"}}"#,
        ),
        (
            "next.config.js",
            "module.exports = { env: {\nHANDED_ON: process.env.HANDED_ON,\nSET_HERE: 'x',\nWITH_DEFAULT: process.env.WITH_DEFAULT || 'y' } }",
        ),
        (
            "app/page.tsx",
            "use(process.env.HANDED_ON, process.env.SET_HERE, process.env.WITH_DEFAULT)",
        ),
    ]);
    let facts = seen(folder.path(), Vec::new());
    assert_eq!(names(&facts, "missing"), ["HANDED_ON"]);
    assert_eq!(
        facts["missing"][0]["places"],
        serde_json::json!(["next.config.js:2"])
    );
}

#[test]
fn a_secret_that_is_handed_over_needs_no_other_name() {
    let folder = written(&[
        (
            "package.json",
            r#"{"name":"app","dependencies":{"next":"15","next-auth":"4"}}"#,
        ),
        (
            "pages/api/auth/[...nextauth].ts",
            "export default NextAuth({ secret: process.env.JWT_SECRET })",
        ),
    ]);
    let facts = seen(folder.path(), vec![variable("JWT_SECRET", "x", 1)]);
    assert_eq!(names(&facts, "missing"), ["NEXTAUTH_URL"]);
}

#[test]
fn a_secret_that_git_tracks() {
    let folder = written(&[
        ("package.json", r#"{"name":"app"}"#),
        (".git/HEAD", "ref: refs/heads/main"),
        (".env", "AUTH_SECRET=9f2c4e7a1b3d5860\n"),
        (
            ".env.development",
            "DATABASE_URL=file:./dev.db\nPG_URL=postgres://app:app-pw@localhost:5432/dev\n\
             MONGODB_URI=mongodb://root:example-pw@127.0.0.1:27017/dev\n",
        ),
        (
            ".env.staging",
            "MONGODB_URI=mongodb://root:9f2c4e7a@localhost:27017,db.host.example:27017/dev\n",
        ),
    ]);
    // Version 2, three entries: 62 bytes, the path, zeros up to a multiple of eight.
    let mut index = b"DIRC\0\0\0\x02\0\0\0\x03".to_vec();
    for path in [".env", ".env.development", ".env.staging"] {
        index.extend([0; 60]);
        index.extend([0, path.len() as u8]);
        index.extend(path.as_bytes());
        index.extend(vec![0; 8 - (62 + path.len()) % 8]);
    }
    std::fs::write(folder.path().join(".git/index"), index).unwrap();
    let facts = seen(folder.path(), Vec::new());
    assert_eq!(
        facts["committed"],
        serde_json::json!([".env", ".env.staging"])
    );
    assert_eq!(facts["index_read"], true);
    std::fs::remove_file(folder.path().join(".env")).unwrap();
    assert_eq!(seen(folder.path(), Vec::new())["index_read"], false);
}

#[test]
fn what_only_an_optional_feature_needs_is_missed_once_the_feature_is_on() {
    let folder = written(&[
        (
            "package.json",
            "{\"name\":\"app\",\"dependencies\":{\"next\":\"15\"}}",
        ),
        (
            "app/page.tsx",
            "if (process.env.GOOGLE_CLIENT_ID) google(process.env.GOOGLE_CLIENT_SECRET)\nexport default () => null",
        ),
    ]);
    let missing = |variables| names(&seen(folder.path(), variables), "missing");
    assert_eq!(missing(vec![]), [""; 0]);
    let on = variable("GOOGLE_CLIENT_ID", "1-a.apps.googleusercontent.com", 1);
    assert_eq!(missing(vec![on]), ["GOOGLE_CLIENT_SECRET"]);
}

#[test]
fn a_variable_of_the_process_that_a_check_names_is_told() {
    let folder = written(&[("package.json", "{\"name\":\"app\"}")]);
    let mut set = variable("MONGODB_URI", "mongodb://db.example/shop", 1);
    set.origin = VariableOrigin::Process;
    let environment = Environment {
        variables: vec![set],
        ..Environment::default()
    };
    let told = |wanted: &[&str]| {
        let mut survey = survey::survey(
            folder.path(),
            BTreeSet::new(),
            &[],
            &std::collections::BTreeMap::new(),
        );
        survey.wanted = wanted.iter().map(|name| (*name).to_owned()).collect();
        let facts = account::facts(&environment, &survey, None);
        facts["variables"].get("MONGODB_URI").cloned()
    };
    assert_eq!(told(&[]), None);
    assert_eq!(told(&["MONGODB_URI"]).unwrap()["set"], true);
}
