//! Tests of settling what a run is told.

use super::*;
use crate::diagnostic::Source;
use crate::secret::Book;

struct Case {
    folder: tempfile::TempDir,
    process: BTreeMap<String, String>,
    arguments: Arguments,
    book: Book,
}

fn case(files: &[(&str, &str)]) -> Case {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let arguments = Arguments {
        root: Some(folder.path().to_owned()),
        ..Arguments::default()
    };
    Case {
        folder,
        process: BTreeMap::new(),
        arguments,
        book: Book::default(),
    }
}

impl Case {
    fn with(mut self, change: impl FnOnce(&mut Arguments)) -> Self {
        change(&mut self.arguments);
        self
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.process.insert(name.into(), value.into());
        self
    }

    fn load(&self) -> Settings {
        self.try_load()
            .unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn try_load(&self) -> Result<Settings, String> {
        load(&self.arguments, &self.process, &self.book).map_err(|problems| {
            problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        })
    }
}

fn from<'s>(settings: &'s Settings, what: &str) -> (&'s str, &'s str) {
    let choice = settings
        .sources
        .iter()
        .find(|choice| choice.what == what)
        .unwrap();
    (&choice.value, &choice.from)
}

#[test]
fn an_empty_folder_gives_defaults() {
    let settings = case(&[]).load();
    assert_eq!(settings.target, None);
    assert_eq!(
        (settings.level, settings.fail_on, settings.limits),
        (Level::Live, Severity::Medium, Limits::default())
    );
    assert_eq!(from(&settings, "limits.timeout"), ("10s", "default"));
}

#[test]
fn arguments_win_over_variables_over_the_file_over_detection() {
    let files = [
        (
            "holdpoint.toml",
            "[target]\nurl = \"http://file.localhost:1\"\n[limits]\nretries = 5\n",
        ),
        (
            ".env.local",
            "X=1\nNEXTAUTH_URL=http://detected.localhost:1/api/auth\n",
        ),
    ];
    let detected = case(&files[1..]).load();
    assert_eq!(
        from(&detected, "target.url"),
        (
            "http://detected.localhost:1/",
            ".env.local:2 (NEXTAUTH_URL)"
        )
    );
    let file = case(&files).load();
    assert_eq!(
        from(&file, "target.url"),
        ("http://file.localhost:1/", "holdpoint.toml:2")
    );
    assert_eq!(from(&file, "limits.retries"), ("5", "holdpoint.toml:4"));
    let variable = case(&files)
        .set("HOLDPOINT_TARGET", "http://variable.localhost:1")
        .set("HOLDPOINT_RETRIES", "")
        .load();
    assert_eq!(
        from(&variable, "target.url"),
        ("http://variable.localhost:1/", "HOLDPOINT_TARGET")
    );
    assert_eq!(from(&variable, "limits.retries").0, "5");
    let argument = case(&files)
        .set("HOLDPOINT_TARGET", "http://variable.localhost:1")
        .with(|arguments| arguments.target = Some("http://argument.localhost:1".into()))
        .load();
    assert_eq!(
        from(&argument, "target.url"),
        ("http://argument.localhost:1/", "--target")
    );
}

#[test]
fn every_secret_is_registered_even_of_files_that_lose() {
    let case = case(&[
        (".env.local", "DB_PASSWORD=winning-one\nDB_PASSWORD=winning-two\n"),
        (".env", "DB_PASSWORD=losing-one$X\nX=yz\nURI=mongodb://app:in-a-uri@host/db\n"),
        (".env.test", "API_TOKEN=of-another-mode\n"),
        (".env.example", "API_TOKEN=your-token-here\n"),
        ("holdpoint.toml", "[target.headers]\nauthorization = \"Bearer in-the-file\"\nx-bypass = \"${BYPASS}\"\n[rate_limits]\n\"/api/auth/token\" = \"10 per 10s\"\n"),
    ])
    .set("GITHUB_TOKEN", "of-the-process")
    .set("BYPASS", "filled-in-value")
    .with(|arguments| arguments.target = Some("http://localhost:1".into()));
    let settings = case.load();
    for secret in [
        "winning-one",
        "winning-two",
        "losing-one$X",
        "losing-oneyz",
        "in-a-uri",
        "of-another-mode",
        "of-the-process",
        "in-the-file",
        "filled-in-value",
    ] {
        assert!(
            !case.book.redact(&format!("a {secret} b")).contains(secret),
            "{secret}"
        );
        assert!(
            !format!("{:?}", settings.sources).contains(secret),
            "{secret}"
        );
    }
    assert_eq!(case.book.redact("your-token-here"), "your-token-here");
    assert_eq!(case.book.redact("10 per 10s"), "10 per 10s");
    let headers = settings.target.unwrap().headers;
    assert_eq!(
        headers,
        [
            ("authorization".into(), "Bearer in-the-file".into()),
            ("x-bypass".into(), "filled-in-value".into())
        ]
    );
}

#[test]
fn a_folder_called_as_samples_are_makes_no_sample() {
    let case = case(&[(
        "example-app/.env",
        "DB_PASSWORD=lost-to-the-next\nDB_PASSWORD=kept\n",
    )]);
    let path = case.folder.path().join("example-app/.env");
    let case = case.with(|arguments| arguments.env_files = vec![path]);
    case.load();
    assert!(!case.book.redact("lost-to-the-next").contains("lost"));
}

#[test]
fn named_files_replace_the_found_ones() {
    let settings = case(&[(".env", "A=1\n"), ("staging.env", "A=2\nB=1\n")]);
    let path = settings.folder.path().join("staging.env");
    let settings = settings
        .set("A", "0")
        .with(|arguments| arguments.env_files = vec![path])
        .load();
    assert_eq!(settings.environment.get("A").unwrap().value, "2");
    assert_eq!(from(&settings, "environment.files").1, "--env-file");
}

#[test]
fn a_line_of_a_key_is_no_name_to_be_told() {
    let case = case(&[(
        ".env.local",
        "KEY=-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB+Q/x\nnX8Kq2Zp5Rv7Tb3Lm9Wc4Yd6==\nQ2ab==\n-----END PRIVATE KEY-----\n",
    )]);
    case.load();
    for line in ["nX8Kq2Zp5Rv7Tb3Lm9Wc4Yd6", "Q2ab"] {
        assert!(!case.book.redact(line).contains(line), "{line}");
    }
}

#[test]
fn bad_input_has_a_way_out() {
    let none = |arguments: &mut Arguments| arguments.root = Some("/nowhere/at/all".into());
    assert!(
        case(&[])
            .with(none)
            .try_load()
            .unwrap_err()
            .contains("the root /nowhere/at/all (--root)")
    );
    let missing = |arguments: &mut Arguments| arguments.env_files = vec!["/nowhere/x.env".into()];
    assert!(
        case(&[])
            .with(missing)
            .try_load()
            .unwrap_err()
            .contains("no environment file /nowhere/x.env")
    );
    let missing = |arguments: &mut Arguments| arguments.config = Some("/nowhere/x.toml".into());
    assert!(
        case(&[])
            .with(missing)
            .try_load()
            .unwrap_err()
            .contains("the settings file /nowhere/x.toml")
    );
    let file = [(
        "holdpoint.toml",
        "[checks]\nfolder = \"nowhere\"\n[target]\nurl = \"http://x\"\nca_file = \"no.pem\"\nheaders = { a = \"${NON}\" }\n",
    )];
    let found = case(&file).set("NONE", "").try_load().unwrap_err();
    for wanted in [
        "there is no nowhere",
        "holdpoint.toml:2:10",
        "the ca_file no.pem cannot be read",
        "NON is not set",
        "did you mean NONE?",
    ] {
        assert!(found.contains(wanted), "{wanted}\n{found}");
    }
    let found = case(&[])
        .set("HOLDPOINT_TIMEOUT", "10")
        .set("HOLDPOINT_LEVEL", "loud")
        .try_load()
        .unwrap_err();
    assert!(
        found.contains("HOLDPOINT_TIMEOUT: 10 of what?")
            && found.contains("HOLDPOINT_LEVEL: 'loud'"),
        "{found}"
    );
    let settings = case(&[]).set("HOLDPOINT_TARGT", "x").load();
    assert!(
        settings.warnings[0]
            .to_string()
            .contains("did you mean HOLDPOINT_TARGET?")
    );
    // Checks read these.
    let others = [
        "HOLDPOINT_MAIL_TO",
        "HOLDPOINT_PUSH_URL",
        "HOLDPOINT_DNS_SERVER",
    ];
    let set = others
        .iter()
        .fold(case(&[]), |case, name| case.set(name, "x"));
    assert!(set.load().warnings.is_empty());
}

#[test]
fn credentials_in_an_address_are_refused_and_not_repeated() {
    for case in [
        case(&[]).with(|arguments| arguments.target = Some("https://me:hunter-22@host".into())),
        case(&[]).set("HOLDPOINT_TARGET", "https://me:hunter-22@host"),
        case(&[(
            "holdpoint.toml",
            "[target]\nurl = \"https://me:hunter-22@host\"\n",
        )]),
    ] {
        let found = case.book.redact(&case.try_load().unwrap_err());
        assert!(found.contains("holds credentials"), "{found}");
        assert!(!found.contains("hunter-22"), "{found}");
    }
}

#[test]
fn active_is_for_targets_of_ones_own() {
    let active = |arguments: &mut Arguments| arguments.level = Some(Level::Active);
    let owned = "[target]\nurl = \"http://localhost:1\"\nowned = true\n";
    assert_eq!(case(&[("holdpoint.toml", owned)]).load().level, Level::Live);
    assert_eq!(
        case(&[("holdpoint.toml", owned)]).with(active).load().level,
        Level::Active
    );
    let local = [("holdpoint.toml", "[target]\nurl = \"http://localhost:1\"\n")];
    assert_eq!(case(&local).with(active).load().level, Level::Active);
    let foreign = [("holdpoint.toml", "[target]\nurl = \"https://a.example\"\n")];
    let found = case(&foreign).with(active).try_load().unwrap_err();
    assert!(found.contains("write owned = true"), "{found}");
    let limited = format!("{owned}level = \"static\"\n");
    assert_eq!(
        case(&[("holdpoint.toml", &limited)]).load().level,
        Level::Static
    );
    let found = case(&[("holdpoint.toml", &limited)])
        .with(active)
        .try_load()
        .unwrap_err();
    assert!(
        found.contains("holdpoint.toml:4:9") && found.contains("above what [target] allows"),
        "{found}"
    );
    let found = case(&[(
        "holdpoint.toml",
        "[target]\nurl = \"http://x\"\nlevel = \"active\"\n",
    )])
    .try_load()
    .unwrap_err();
    assert!(found.contains("needs owned = true"), "{found}");
    assert!(
        case(&[])
            .with(active)
            .try_load()
            .unwrap_err()
            .contains("needs a target")
    );
}

#[test]
fn active_in_production_is_said_twice() {
    let run = |target: &str, twice| {
        let file = format!("[target]\nowned = true\n{target}\n");
        case(&[("holdpoint.toml", &file)])
            .with(|arguments| {
                arguments.level = Some(Level::Active);
                arguments.on_production = twice;
            })
            .try_load()
            .map(|settings| settings.level)
    };
    // Where nothing else is said, a site is in production.
    let site = "url = \"https://a.example\"";
    let found = run(site, false).unwrap_err();
    assert!(
        found.contains("environment is production") && found.contains("--on-production"),
        "{found}"
    );
    assert_eq!(run(site, true), Ok(Level::Active));
    let named = format!("{site}\nenvironment = \"Production\"");
    assert!(run(&named, false).is_err());
    let staging = format!("{site}\nenvironment = \"staging\"");
    assert_eq!(run(&staging, false), Ok(Level::Active));
    let local = "url = \"http://localhost:3000\"\nenvironment = \"production\"";
    assert_eq!(run(local, false), Ok(Level::Active));
}

#[test]
fn what_is_said_of_one_target_does_not_hold_for_another() {
    let file = "[target]\nurl = \"http://localhost:1\"\nowned = true\nheaders = { x-bypass = \"let-me-in\" }\n";
    let other = case(&[("holdpoint.toml", file)])
        .with(|arguments| arguments.target = Some("http://localhost:2".into()));
    let settings = other.load();
    assert!(settings.warnings[0].to_string().contains("do not apply"));
    let target = settings.target.unwrap();
    assert!(!target.owned && target.headers.is_empty());
    let unnamed = case(&[("holdpoint.toml", "[target]\nowned = true\n")])
        .with(|arguments| arguments.target = Some("http://localhost:2".into()));
    assert!(unnamed.load().target.unwrap().owned);
}

#[test]
fn plain_http_is_on_port_80_of_a_site_on_443() {
    let plain = |url: &str| {
        let case = case(&[]).with(|arguments| arguments.target = Some(url.into()));
        case.load().target.unwrap().plain_url.map(String::from)
    };
    assert_eq!(
        plain("https://a.localhost/x").as_deref(),
        Some("http://a.localhost/x")
    );
    assert_eq!(plain("https://a.localhost:8443"), None);
    assert_eq!(plain("http://a.localhost"), None);
}

#[test]
fn a_first_file_is_valid_holds_no_value_and_overwrites_nothing() {
    let case = case(&[
        (
            "package.json",
            r#"{"name":"sh\"op","dependencies":{"next":"15","next-auth":"4"}}"#,
        ),
        (
            ".env",
            "NEXTAUTH_URL=http://value.localhost:1\nNEXTAUTH_SECRET=very-secret-value\n",
        ),
        ("app/api/orders/route.ts", "export const POST = f"),
        ("SECURITY_SIGN_OFF.md", ""),
    ]);
    let text = commented(&case.load());
    assert!(
        !text.contains("value.localhost") && !text.contains("very-secret"),
        "{text}"
    );
    assert!(text.contains("taken from .env:1 (NEXTAUTH_URL)"), "{text}");
    assert!(
        text.contains("sign_in = \"/api/auth/signin\"   # dependency next-auth"),
        "{text}"
    );
    let path = case.folder.path().join("holdpoint.toml");
    write_new(&path, &text).unwrap();
    assert_eq!(case.load().project.as_deref(), Some("sh\"op"));
    assert!(
        write_new(&path, "x")
            .unwrap_err()
            .message
            .contains("already there")
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let left = std::fs::read_dir(case.folder.path()).unwrap().flatten();
    assert!(
        left.into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().ends_with(".new"))
    );
    // With every line that is commented out, it is still a file that holdpoint takes.
    let all: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || rest.contains(" = ") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    file::File::read(Source::new("holdpoint.toml", &all))
        .unwrap_or_else(|problems| panic!("{all}\n{problems:?}"));
    assert!(write_new(&case.folder.path().join("no/such/folder.toml"), "x").is_err());
}
