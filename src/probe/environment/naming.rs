//! What names say: credentials, what is meant for browsers, and what the platform sets by itself.

/// Does the name say that the value opens something, so that an empty one is of no use?
pub(super) fn is_credential(name: &str) -> bool {
    let name = name.strip_prefix(PUBLIC).unwrap_or(name);
    ["SECRET", "PASSWORD", "TOKEN", "CLIENT_ID", "_KEY", "_URI"]
        .iter()
        .any(|part| name.contains(part))
}

/// Names with this prefix are built into what browsers get.
pub(super) const PUBLIC: &str = "NEXT_PUBLIC_";

/// Does a name that is built into what browsers get say that its value must not be there?
///
/// Keys that providers mean for browsers (`FIREBASE_API_KEY`, `MAPBOX_TOKEN`, `STRIPE_PUBLISHABLE_KEY`)
/// look like secrets and are none, so only words without such a use are taken.
pub(super) fn exposes_secret(name: &str) -> bool {
    name.strip_prefix(PUBLIC).is_some_and(|rest| {
        [
            "SECRET",
            "PASSWORD",
            "PRIVATE_KEY",
            "SERVICE_ROLE",
            "MONGODB_URI",
            "DATABASE_URL",
            "CREDENTIALS",
        ]
        .iter()
        .any(|word| rest.contains(word))
            && !is_meant_for_browsers(rest)
            && !speaks_about(rest)
    })
}

/// Is it a name under which providers hand out what browsers may have?
pub(super) fn is_meant_for_browsers(name: &str) -> bool {
    let secret = ["SECRET", "PRIVATE"].iter().any(|word| name.contains(word));
    !secret
        && [
            "SENTRY_DSN",
            "FIREBASE_API_KEY",
            "FIREBASE_DATABASE_URL",
            "MAPS_API_KEY",
            "MAPBOX",
            "POSTHOG_KEY",
            "PUSHER_KEY",
            "PUSHER_APP_KEY",
            "PUBLISHABLE",
            "ANON_KEY",
            "SITE_KEY",
            "PUBLIC_KEY",
        ]
        .iter()
        .any(|word| name.contains(word))
}

/// Does the name speak about passwords without being one: how long they are, where they are reset?
fn speaks_about(name: &str) -> bool {
    let ends = [
        "_LENGTH", "_ENABLED", "_LOGIN", "_HINT", "_PATH", "_PAGE", "_URL",
    ];
    ["PASSWORD", "CREDENTIALS"]
        .iter()
        .any(|word| name.contains(word))
        && ends.iter().any(|end| name.ends_with(end))
}

/// Is the value of a form that only secrets have, whatever its name?
pub(super) fn is_secret_value(value: &str) -> bool {
    let prefixed = [
        "GOCSPX-",
        "sk-",
        "sk_live_",
        "sk_test_",
        "rk_live_",
        "ghp_",
        "github_pat_",
        "xoxb-",
        "whsec_",
    ]
    .iter()
    .any(|prefix| {
        value
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.len() >= 12)
    });
    // Resend's keys: re_, an id, an underscore, a secret.
    let resend = value
        .strip_prefix("re_")
        .is_some_and(|rest| rest.len() >= 20 && rest.contains('_'));
    let uri = ["mongodb", "postgres", "mysql", "redis", "amqp", "smtp"]
        .iter()
        .any(|scheme| value.starts_with(scheme))
        && super::mongodb_uri::credentials(value).is_some_and(|(_, password)| !password.is_empty());
    prefixed || resend || uri || value.contains("PRIVATE KEY-----")
}

/// Is the variable set by the framework, the platform, the shell or the CI service, not by people?
pub(super) fn is_provided(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "NODE_ENV",
        "NODE_OPTIONS",
        "NODE_PATH",
        "NODE_DEBUG",
        "DEBUG",
        "PORT",
        "HOSTNAME",
        "HOST",
        "HOME",
        "PATH",
        "PWD",
        "USER",
        "SHELL",
        "TMPDIR",
        "TEMP",
        "TMP",
        "TZ",
        "LANG",
        "TERM",
        "CI",
        "EDITOR",
        "NO_COLOR",
        "FORCE_COLOR",
        "APPDATA",
        "LOCALAPPDATA",
        "USERPROFILE",
        "INIT_CWD",
        "TURBOPACK",
        "TURBOREPO",
        "ANALYZE",
        "JEST_WORKER_ID",
        "VITEST",
        "PLAYWRIGHT",
        "NETLIFY",
        "CF_PAGES",
        "COMMIT_REF",
        "DEPLOY_URL",
        "DEPLOY_PRIME_URL",
        "CONTEXT",
        "DYNO",
        "GAE_ENV",
        "K_SERVICE",
        "FUNCTION_TARGET",
        "NEXT_RUNTIME",
        "NEXT_PHASE",
        "NEXT_TELEMETRY_DISABLED",
        "NEXT_DEPLOYMENT_ID",
        "NEXT_MANUAL_SIG_HANDLE",
        "SKIP_ENV_VALIDATION",
        "__NEXT_PRIVATE_ORIGIN",
        "VERCEL",
        "VERCEL_ENV",
        "VERCEL_TARGET_ENV",
        "VERCEL_URL",
        "VERCEL_BRANCH_URL",
        "VERCEL_PROJECT_PRODUCTION_URL",
        "VERCEL_REGION",
        "VERCEL_DEPLOYMENT_ID",
        "VERCEL_PROJECT_ID",
        "VERCEL_SKEW_PROTECTION_ENABLED",
        "VERCEL_AUTOMATION_BYPASS_SECRET",
        "VERCEL_OIDC_TOKEN",
    ];
    let plain = name
        .strip_prefix(PUBLIC)
        .filter(|rest| rest.starts_with("VERCEL"))
        .unwrap_or(name);
    NAMES.contains(&plain)
        || [
            "VERCEL_GIT_",
            "GITHUB_ACTION",
            "GITHUB_RUN",
            "GITHUB_REPOSITORY",
            "GITHUB_SHA",
            "GITHUB_REF",
            "RUNNER_",
            "CI_",
            "npm_",
            "NPM_",
            "AWS_LAMBDA_",
            "RAILWAY_",
            "RENDER_",
            "FLY_",
            "__NEXT",
            "NEXT_TEST_",
        ]
        .iter()
        .any(|prefix| plain.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_names() {
        assert!(
            exposes_secret("NEXT_PUBLIC_STRIPE_SECRET_KEY")
                && exposes_secret("NEXT_PUBLIC_VAPID_PRIVATE_KEY")
        );
        for name in [
            "NEXT_PUBLIC_VAPID_PUBLIC_KEY",
            "NEXT_PUBLIC_FIREBASE_API_KEY",
            "NEXT_PUBLIC_MAPBOX_TOKEN",
            "AUTH_SECRET",
            "NEXT_PUBLIC_FIREBASE_DATABASE_URL",
            "NEXT_PUBLIC_PASSWORD_MIN_LENGTH",
            "NEXT_PUBLIC_PASSWORD_RESET_URL",
        ] {
            assert!(!exposes_secret(name), "{name}");
        }
        assert!(
            exposes_secret("NEXT_PUBLIC_DATABASE_URL") && exposes_secret("NEXT_PUBLIC_SECRET_URL")
        );
    }

    #[test]
    fn secret_values() {
        assert!(is_secret_value("mongodb+srv://u:p4ss@h.example/db"));
        assert!(is_secret_value("sk_live_0123456789abcdef"));
        assert!(is_secret_value("-----BEGIN PRIVATE KEY-----\nMII"));
        for value in [
            "https://app.example.test",
            "AIzaSyPublicInBrowsers",
            "sk-8",
            "postgres://localhost/dev",
            "re_open",
        ] {
            assert!(!is_secret_value(value), "{value}");
        }
    }

    #[test]
    fn provided_names() {
        assert!(
            is_provided("NODE_ENV")
                && is_provided("VERCEL_GIT_COMMIT_SHA")
                && is_provided("NEXT_PUBLIC_VERCEL_URL")
        );
        assert!(
            !is_provided("BASE_URL")
                && !is_provided("NEXT_PUBLIC_BASE_URL")
                && !is_provided("GITHUB_ID")
                && !is_provided("MONGODB_URI")
        );
    }
}
