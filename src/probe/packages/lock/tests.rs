use super::*;
use std::fmt::Write as _;

/// A repository with these files.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn read(files: &[(&str, &str)]) -> Lock {
    Lock::read(repository(files).path()).unwrap()
}

fn refused(name: &str, text: &str) -> String {
    let folder = repository(&[(name, text)]);
    Lock::read(folder.path()).unwrap_err().cause
}

/// Each package as `name version, production or not, way`.
fn told(lock: &Lock) -> Vec<String> {
    let mut told: Vec<_> = lock
        .foreign()
        .map(|package| {
            let scope = if package.production { "prod" } else { "dev" };
            format!(
                "{} {} {scope}: {}",
                package.name,
                package.version,
                lock.way(package)
            )
        })
        .collect();
    told.sort();
    told
}

const MANIFEST: (&str, &str) = (
    "package.json",
    r#"{ "name": "app", "dependencies": { "a": "^1.0.0", "renamed": "npm:real@^3.0.0" }, "devDependencies": { "t": "^5.0.0" } }"#,
);

/// What every format of the tests says: `a` needs `b` and `@s/c`, `t` needs another `b`.
const EXPECTED: [&str; 6] = [
    "@s/c 4.0.0 prod: a > @s/c",
    "a 1.2.3 prod: a",
    "b 1.0.0 dev: t > b",
    "b 2.0.0 prod: a > b",
    "real 3.1.0 prod: real",
    "t 5.0.0 dev: t",
];

#[test]
fn package_lock_version_3() {
    let lock = read(&[
        MANIFEST,
        (
            "package-lock.json",
            r#"{
        "name": "app", "lockfileVersion": 3, "requires": true, "packages": {
            "": { "name": "app", "dependencies": { "a": "^1.0.0", "renamed": "npm:real@^3.0.0" }, "devDependencies": { "t": "^5.0.0" } },
            "node_modules/a": { "version": "1.2.3", "resolved": "https://registry.npmjs.org/a/-/a-1.2.3.tgz", "integrity": "sha512-aa==", "license": "MIT", "dependencies": { "b": "^2.0.0", "@s/c": "4" } },
            "node_modules/@s/c": { "version": "4.0.0", "resolved": "https://registry.npmjs.org/@s/c/-/c-4.0.0.tgz", "integrity": "sha512-cc==" },
            "node_modules/b": { "version": "2.0.0" },
            "node_modules/renamed": { "name": "real", "version": "3.1.0" },
            "node_modules/t": { "version": "5.0.0", "dev": true, "dependencies": { "b": "^1.0.0" } },
            "node_modules/t/node_modules/b": { "version": "1.0.0", "dev": true }
        } }"#,
        ),
    ]);
    assert_eq!(told(&lock), EXPECTED);
    assert_eq!((lock.manager, lock.format.as_str()), (Manager::Npm, "3"));
    let a = lock.foreign().find(|it| it.name == "a").unwrap();
    assert_eq!(a.licence.as_deref(), Some("MIT"));
    assert_eq!(a.source, Source::Host("registry.npmjs.org".into()));
    assert_eq!(lock.asked.ranges["a"], "^1.0.0");
}

#[test]
fn package_lock_version_1() {
    let text = r#"{ "name": "app", "lockfileVersion": 1, "requires": true, "dependencies": {
        "a": { "version": "1.2.3", "resolved": "https://registry.npmjs.org/a/-/a-1.2.3.tgz", "integrity": "sha512-aa==", "requires": { "b": "^2.0.0", "@s/c": "4" } },
        "@s/c": { "version": "4.0.0" },
        "b": { "version": "2.0.0", "integrity": "sha1-bb=" },
        "renamed": { "version": "npm:real@3.1.0" },
        "t": { "version": "5.0.0", "dev": true, "requires": { "b": "^1.0.0" }, "dependencies": { "b": { "version": "1.0.0", "dev": true } } }
    } }"#;
    let lock = read(&[MANIFEST, ("package-lock.json", text)]);
    assert_eq!(told(&lock), EXPECTED);
    assert!(lock.asked.names_only);
}

#[test]
fn a_shrinkwrap_wins_and_version_2_is_read_by_its_packages() {
    let lock = read(&[
        MANIFEST,
        (
            "package-lock.json",
            r#"{ "lockfileVersion": 3, "packages": {} }"#,
        ),
        (
            "npm-shrinkwrap.json",
            r#"{ "lockfileVersion": 2, "packages": { "node_modules/a": { "version": "1.0.0" } },
            "dependencies": { "z": { "version": "9.0.0" } } }"#,
        ),
    ]);
    assert_eq!(told(&lock), ["a 1.0.0 prod: a"]);
    assert_eq!(lock.file, "npm-shrinkwrap.json");
}

#[test]
fn folders_of_a_workspace_are_ones_own() {
    let lock = read(&[(
        "package-lock.json",
        r#"{ "lockfileVersion": 3, "packages": {
        "": { "workspaces": ["packages/*"] },
        "node_modules/ui": { "resolved": "packages/ui", "link": true },
        "packages/ui": { "version": "1.0.0", "dependencies": { "x": "1" }, "devDependencies": { "y": "1" } },
        "node_modules/x": { "version": "1.0.0" },
        "packages/ui/node_modules/y": { "version": "1.0.1", "dev": true }
    } }"#,
    )]);
    assert_eq!(told(&lock), ["x 1.0.0 prod: x", "y 1.0.1 dev: y"]);
}

#[test]
fn pnpm_version_9() {
    let lock = read(&[
        MANIFEST,
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.2.3(b@2.0.0)\n      renamed:\n        specifier: npm:real@^3.0.0\n        version: real@3.1.0\n    devDependencies:\n      t:\n        specifier: ^5.0.0\n        version: 5.0.0\n\npackages:\n\n  '@s/c@4.0.0':\n    resolution: {integrity: sha512-cc==}\n    engines: {node: '>=6'}\n    cpu: [x64]\n    os: [linux]\n\n  a@1.2.3:\n    resolution: {integrity: sha512-aa==}\n    peerDependencies:\n      b: ^2.0.0\n\n  b@1.0.0:\n    resolution: {integrity: sha512-b1==}\n    deprecated: |-\n      Use another: it is\n      better\n\n  b@2.0.0:\n    resolution: {tarball: https://codeload.github.com/x/b/tar.gz/0123}\n\n  real@3.1.0:\n    resolution: {integrity: sha512-rr==}\n\n  t@5.0.0:\n    resolution: {integrity: sha512-tt==}\n\nsnapshots:\n\n  '@s/c@4.0.0':\n    optional: true\n\n  a@1.2.3(b@2.0.0):\n    dependencies:\n      b: 2.0.0\n    optionalDependencies:\n      '@s/c': 4.0.0\n\n  b@1.0.0: {}\n\n  b@2.0.0: {}\n\n  real@3.1.0: {}\n\n  t@5.0.0:\n    dependencies:\n      b: 1.0.0\n",
        ),
    ]);
    assert_eq!(told(&lock), EXPECTED);
    let sources: Vec<_> = lock
        .foreign()
        .filter(|it| it.source != Source::Registry)
        .collect();
    assert!(
        matches!(sources.as_slice(), [only] if only.name == "b" && matches!(only.source, Source::Archive(_)))
    );
    assert_eq!(lock.asked.ranges["renamed"], "npm:real@^3.0.0");
}

#[test]
fn pnpm_versions_5_and_6() {
    let five = "lockfileVersion: 5.4\n\nspecifiers:\n  a: ^1.0.0\n  renamed: npm:real@^3.0.0\n  t: ^5.0.0\n\ndependencies:\n  a: 1.2.3_b@2.0.0\n  renamed: /real/3.1.0\n\ndevDependencies:\n  t: 5.0.0\n\npackages:\n\n  /@s/c/4.0.0:\n    resolution: {integrity: sha512-cc==}\n    dev: false\n\n  /a/1.2.3_b@2.0.0:\n    resolution: {integrity: sha512-aa==}\n    dependencies:\n      '@s/c': 4.0.0\n      b: 2.0.0\n    dev: false\n\n  /b/1.0.0:\n    resolution: {integrity: sha512-b1==}\n    dev: true\n\n  /b/2.0.0:\n    resolution: {integrity: sha512-b2==}\n    dev: false\n\n  /real/3.1.0:\n    resolution: {integrity: sha512-rr==}\n    dev: false\n\n  /t/5.0.0:\n    resolution: {integrity: sha512-tt==}\n    dependencies:\n      b: 1.0.0\n    dev: true\n";
    assert_eq!(told(&read(&[MANIFEST, ("pnpm-lock.yaml", five)])), EXPECTED);
    let six = "lockfileVersion: '6.0'\n\nsettings:\n  autoInstallPeers: true\n\ndependencies:\n  a:\n    specifier: ^1.0.0\n    version: 1.2.3(b@2.0.0)\n  renamed:\n    specifier: npm:real@^3.0.0\n    version: /real@3.1.0\n\ndevDependencies:\n  t:\n    specifier: ^5.0.0\n    version: 5.0.0\n\npackages:\n\n  /@s/c@4.0.0:\n    resolution: {integrity: sha512-cc==}\n    dev: false\n\n  /a@1.2.3(b@2.0.0):\n    resolution: {integrity: sha512-aa==}\n    dependencies:\n      '@s/c': 4.0.0\n      b: 2.0.0\n    dev: false\n\n  /b@1.0.0:\n    resolution: {integrity: sha512-b1==}\n    dev: true\n\n  /b@2.0.0:\n    resolution: {integrity: sha512-b2==}\n    dev: false\n\n  /real@3.1.0:\n    resolution: {integrity: sha512-rr==}\n    dev: false\n\n  /t@5.0.0:\n    resolution: {integrity: sha512-tt==}\n    dependencies:\n      b: 1.0.0\n    dev: true\n";
    assert_eq!(told(&read(&[MANIFEST, ("pnpm-lock.yaml", six)])), EXPECTED);
}

#[test]
fn yarn_classic() {
    let text = "# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.\n# yarn lockfile v1\n\n\n\"@s/c@4\":\n  version \"4.0.0\"\n  resolved \"https://registry.yarnpkg.com/@s/c/-/c-4.0.0.tgz#0123456789012345678901234567890123456789\"\n  integrity sha512-cc==\n\na@^1.0.0, a@^1.1.0:\n  version \"1.2.3\"\n  resolved \"https://registry.yarnpkg.com/a/-/a-1.2.3.tgz#0123456789012345678901234567890123456789\"\n  dependencies:\n    b \"^2.0.0\"\n  optionalDependencies:\n    \"@s/c\" \"4\"\n\nb@^1.0.0:\n  version \"1.0.0\"\n  resolved \"git+ssh://git@github.com/x/b.git#0123\"\n\nb@^2.0.0:\n  version \"2.0.0\"\n  resolved \"https://user:secret@mirror.test/b/-/b-2.0.0.tgz\"\n  integrity sha512-b2==\n\n\"renamed@npm:real@^3.0.0\":\n  version \"3.1.0\"\n  resolved \"https://registry.yarnpkg.com/real/-/real-3.1.0.tgz\"\n  integrity sha512-rr==\n\nt@^5.0.0:\n  version \"5.0.0\"\n  dependencies:\n    b \"^1.0.0\"\n";
    let lock = read(&[MANIFEST, ("yarn.lock", text)]);
    assert_eq!(told(&lock), EXPECTED);
    let of = |name: &str, version: &str| {
        let found = lock
            .foreign()
            .find(|it| it.name == name && it.version == version);
        found.unwrap()
    };
    assert!(
        of("a", "1.2.3")
            .integrity
            .as_deref()
            .unwrap()
            .starts_with("sha1-")
    );
    assert_eq!(
        of("b", "1.0.0").source,
        Source::Git("git+ssh://github.com/x/b.git".into())
    );
    assert_eq!(of("b", "2.0.0").source, Source::Host("mirror.test".into()));
    assert!(of("@s/c", "4.0.0").optional);
}

#[test]
fn yarn_berry() {
    for npm in ["npm:", ""] {
        let text = format!(
            "# This file is generated by running \"yarn install\" inside your project.\n\n__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"@s/c@npm:4\":\n  version: 4.0.0\n  resolution: \"@s/c@npm:4.0.0\"\n  conditions: os=linux & cpu=x64\n  languageName: node\n  linkType: hard\n\n\"a@npm:^1.0.0, a@npm:^1.1.0\":\n  version: 1.2.3\n  resolution: \"a@npm:1.2.3\"\n  dependencies:\n    \"@s/c\": \"{npm}4\"\n    b: \"{npm}^2.0.0\"\n  checksum: 10c0/aa\n  languageName: node\n  linkType: hard\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  dependencies:\n    a: \"{npm}^1.0.0\"\n    renamed: \"npm:real@^3.0.0\"\n    t: \"{npm}^5.0.0\"\n  languageName: unknown\n  linkType: soft\n\n\"b@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n  checksum: 10c0/b1\n\n\"b@npm:^2.0.0\":\n  version: 2.0.0\n  resolution: \"b@npm:2.0.0\"\n  checksum: 10c0/b2\n\n\"renamed@npm:real@^3.0.0\":\n  version: 3.1.0\n  resolution: \"real@npm:3.1.0\"\n  checksum: 10c0/rr\n\n\"t@npm:^5.0.0\":\n  version: 5.0.0\n  resolution: \"t@npm:5.0.0\"\n  dependencies:\n    b: \"{npm}^1.0.0\"\n  checksum: 10c0/tt\n"
        );
        let lock = read(&[MANIFEST, ("yarn.lock", &text)]);
        assert_eq!(told(&lock), EXPECTED, "{npm}");
        assert_eq!(lock.asked.ranges["a"], "^1.0.0");
        assert!(
            lock.foreign()
                .find(|it| it.name == "@s/c")
                .unwrap()
                .checksum_optional
        );
    }
}

#[test]
fn bun_text() {
    let text = r#"{
      "lockfileVersion": 1,
      "workspaces": {
        "": {
          "name": "app", // ours
          "dependencies": { "a": "^1.0.0", "renamed": "npm:real@^3.0.0", },
          "devDependencies": { "t": "^5.0.0", },
        },
      },
      "packages": {
        "@s/c": ["@s/c@4.0.0", "", { "os": "linux" }, "sha512-cc=="],
        "a": ["a@1.2.3", "", { "dependencies": { "b": "^2.0.0", "@s/c": "4" } }, "sha512-aa=="],
        "b": ["b@2.0.0", "", {}, "sha512-b//2,]=="],
        "renamed": ["real@3.1.0", "", {}, "sha512-rr=="],
        "t": ["t@5.0.0", "", { "dependencies": { "b": "^1.0.0" } }, "sha512-tt=="],
        "t/b": ["b@1.0.0", "", {}, "sha512-b1=="],
      },
    }"#;
    let lock = read(&[MANIFEST, ("bun.lock", text)]);
    assert_eq!(told(&lock), EXPECTED);
    assert!(lock.foreign().all(|package| package.integrity.is_some()));
}

/// Lockfiles that npm 11 (as versions 1 and 2), pnpm 9.15, Yarn 4.9 and Yarn 1.22 made of one application, which
/// npm has made one of version 3 of as well.
#[test]
fn real_package_managers_agree() {
    const MANIFEST: &str = include_str!("../../../../tests/fixtures/lockfiles/npm3/package.json");
    let told = |name: &str, text: &str| -> Vec<(String, bool, bool)> {
        let lock = read(&[("package.json", MANIFEST), (name, text)]);
        let mut told: Vec<_> = lock
            .foreign()
            .map(|it| {
                (
                    format!("{} {}", it.name, it.version),
                    it.production,
                    it.direct,
                )
            })
            .collect();
        assert!(
            lock.foreign()
                .all(|it| it.integrity.is_some() || it.checksum_optional),
            "{name}"
        );
        told.sort();
        told.dedup();
        told
    };
    let three = told(
        "package-lock.json",
        include_str!("../../../../tests/fixtures/lockfiles/npm3/package-lock.json"),
    );
    assert!(three.len() > 50);
    for (name, text) in [
        (
            "package-lock.json",
            include_str!("../../../../tests/fixtures/lockfiles/npm1/package-lock.json"),
        ),
        (
            "package-lock.json",
            include_str!("../../../../tests/fixtures/lockfiles/npm2/package-lock.json"),
        ),
        (
            "pnpm-lock.yaml",
            include_str!("../../../../tests/fixtures/lockfiles/pnpm/pnpm-lock.yaml"),
        ),
        (
            "yarn.lock",
            include_str!("../../../../tests/fixtures/lockfiles/berry/yarn.lock"),
        ),
        (
            "yarn.lock",
            include_str!("../../../../tests/fixtures/lockfiles/classic/yarn.lock"),
        ),
    ] {
        let lines: Vec<_> = text.lines().take(3).collect();
        assert_eq!(told(name, text), three, "{name}: {lines:?}");
    }
}

#[test]
fn without_a_lockfile_it_says_so() {
    let none = repository(&[]);
    assert_eq!(
        Lock::read(none.path()).unwrap_err().kind,
        HindranceKind::Absent
    );
    let manifest = repository(&[MANIFEST]);
    assert_eq!(
        Lock::read(manifest.path()).unwrap_err().kind,
        HindranceKind::Denied
    );
    assert!(refused("bun.lockb", "#!/usr/bin/env bun").contains("--save-text-lockfile"));
}

#[test]
fn hostile_lockfiles_are_refused_with_a_reason() {
    let deep = "{\"dependencies\":{\"a\":".repeat(5000);
    let nested = format!("{{ \"lockfileVersion\": 1, \"dependencies\": {{ \"a\": {deep}");
    let long = format!(
        r#"{{ "lockfileVersion": 3, "packages": {{ "node_modules/{}": {{ "version": "1.0.0" }} }} }}"#,
        "a/node_modules/".repeat(5000)
    );
    for (name, text, reason) in [
        ("package-lock.json", "", "not JSON"),
        ("package-lock.json", "[]", "lockfileVersion"),
        (
            "package-lock.json",
            r#"{ "lockfileVersion": 3 }"#,
            "neither packages",
        ),
        (
            "package-lock.json",
            r#"{ "lockfileVersion": 3, "packages": [] }"#,
            "neither packages",
        ),
        (
            "package-lock.json",
            r#"{ "lockfileVersion": 3, "packages": { "node_modules/a": 1 } }"#,
            "no object",
        ),
        (
            "package-lock.json",
            r#"{ "lockfileVersion": 3, "packages": { "node_modules/": {} } }"#,
            "proper name",
        ),
        (
            "package-lock.json",
            "{ \"lockfileVersion\": 3, \"packages\": { \"node_modules/a\": { \"version\": \"1\\u001b[2J\" } } }",
            "proper version",
        ),
        ("package-lock.json", "{\n<<<<<<< HEAD\n", "unfinished merge"),
        ("package-lock.json", &nested, "not JSON"),
        ("package-lock.json", &long, "too long"),
        ("pnpm-lock.yaml", "a: [", "not YAML"),
        ("pnpm-lock.yaml", "a: 1", "lockfileVersion"),
        ("pnpm-lock.yaml", "lockfileVersion: '99.0'", "99.0"),
        ("pnpm-lock.yaml", "a: &x [1]\nb: [*x, *x]", "alias"),
        ("pnpm-lock.yaml", &"[".repeat(100_000), "limit"),
        ("pnpm-lock.yaml", &"[".repeat(40), "deep"),
        ("pnpm-lock.yaml", "a: 1\na: 2", "twice"),
        ("yarn.lock", "hello", "begin"),
        ("yarn.lock", "# yarn lockfile v1\n\n  version \"1\"", "line"),
        (
            "yarn.lock",
            "# yarn lockfile v1\n\na@1:\n  resolved \"x\"",
            "without a version",
        ),
        (
            "yarn.lock",
            "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1",
            "without a resolution",
        ),
        ("bun.lock", "{", "not JSON"),
        (
            "bun.lock",
            r#"{ "lockfileVersion": 1, "packages": { "a": ["a"] } }"#,
            "without a version",
        ),
    ] {
        let said = refused(name, text);
        assert!(said.contains(reason), "{name}: {said}");
        assert!(said.starts_with(name), "{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("yarn.lock"),
        b"# yarn lockfile v1\n\xff\xfe",
    )
    .unwrap();
    assert!(
        Lock::read(folder.path())
            .unwrap_err()
            .cause
            .contains("UTF-8")
    );
    let huge = fs::File::create(folder.path().join("package-lock.json")).unwrap();
    huge.set_len(LONGEST + 1).unwrap();
    assert_eq!(
        Lock::read(folder.path()).unwrap_err().kind,
        HindranceKind::TooLarge
    );
}

#[test]
fn circles_and_long_chains_end() {
    let mut text = String::from("# yarn lockfile v1\n\n");
    for at in 0..20_000 {
        let next = (at + 1) % 20_000;
        write!(
            text,
            "a{at}@1:\n  version \"1.0.0\"\n  dependencies:\n    a{next} \"1\"\n\n"
        )
        .unwrap();
    }
    let manifest = ("package.json", r#"{ "dependencies": { "a0": "1" } }"#);
    let lock = read(&[manifest, ("yarn.lock", &text)]);
    let last = lock.foreign().find(|it| it.name == "a19999").unwrap();
    assert_eq!(
        lock.way(last),
        "a0 > a1 > a2 > a3 > … > a19997 > a19998 > a19999"
    );
    let first = lock.foreign().find(|it| it.name == "a0").unwrap();
    assert_eq!(lock.way(first), "a0");
}
