//! The repository that is written, beside the application that is served.

use super::{Sandbox, Variant, client, get, text};

#[tokio::test]
async fn the_project_fits_the_application() {
    for variant in [Variant::AsFound, Variant::Mended] {
        let sandbox = Sandbox::start(variant).await.unwrap();
        let root = tempfile::tempdir().unwrap();
        sandbox.write_project(root.path()).unwrap();
        sandbox.write_project(root.path()).unwrap();
        let read = |path: &str| std::fs::read_to_string(root.path().join(path)).unwrap();

        let package: serde_json::Value = serde_json::from_str(&read("package.json")).unwrap();
        assert!(
            package["dependencies"]["next"].is_string()
                && package["dependencies"]["next-auth"].is_string()
        );
        assert!(read(".gitignore").contains(".env*.local"));
        assert!(
            root.path()
                .join("app/api/auth/[...nextauth]/route.ts")
                .is_file()
        );

        let local = read(".env.local");
        assert!(local.contains(&format!("NEXTAUTH_URL={}\n", sandbox.https_url())));
        assert!(local.contains(&format!("TASKS_PASSWORD={}\n", sandbox.password())));
        assert_eq!(
            local.contains("your-google-client-secret"),
            variant == Variant::AsFound
        );
        assert_eq!(local.contains("CRON_SECRET="), variant == Variant::Mended);
        let names: Vec<_> = local
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name)
            .collect();
        assert!(names.contains(&"MONGODB_URI") && names.contains(&"EMAIL_SERVER"));
        assert!(names.iter().all(|name| !name.starts_with("HOLDPOINT_")));
        assert!(
            sandbox
                .variables()
                .keys()
                .all(|name| name.starts_with("HOLDPOINT_"))
        );

        // What is served is what the project's configuration says.
        let answer = get(&client(&sandbox), sandbox.https_url()).await;
        let config = read("next.config.mjs");
        for name in [
            "strict-transport-security",
            "x-xss-protection",
            "x-frame-options",
        ] {
            assert!(
                config.contains(text(answer.headers(), name).unwrap()),
                "{variant:?} {name}"
            );
        }
        assert_eq!(
            config.contains("poweredByHeader: false"),
            !answer.headers().contains_key("x-powered-by")
        );
    }
}

#[tokio::test]
async fn every_variable_that_the_code_reads_is_documented() {
    let sandbox = Sandbox::start(Variant::Mended).await.unwrap();
    let root = tempfile::tempdir().unwrap();
    sandbox.write_project(root.path()).unwrap();
    let example = std::fs::read_to_string(root.path().join(".env.example")).unwrap();
    let documented: std::collections::BTreeSet<_> = example
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut read = std::collections::BTreeSet::new();
    for file in ignore::WalkBuilder::new(root.path())
        .standard_filters(false)
        .build()
        .map(Result::unwrap)
    {
        let Ok(source) = std::fs::read_to_string(file.path()) else {
            continue;
        };
        for rest in source.split("process.env.").skip(1) {
            read.insert(
                rest.chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect::<String>(),
            );
        }
    }
    assert_eq!(read, documented);
}
