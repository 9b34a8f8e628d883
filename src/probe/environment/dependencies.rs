//! What dependencies read from the environment by themselves, because the application's code does not show it.

/// A variable that a dependency reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// The variable.
    pub(super) name: &'static str,
    /// Any of these does as well.
    pub(super) alternatives: &'static [&'static str],
    /// It does not work without the variable.
    pub(super) required: bool,
    /// It is read while the application is built.
    pub(super) build: bool,
}

/// A dependency with the variables that it reads.
struct Known {
    package: &'static str,
    /// The major versions it is known for.
    versions: std::ops::Range<u32>,
    reads: &'static [Taken],
}

const fn optional(name: &'static str) -> Taken {
    Taken {
        name,
        alternatives: &[],
        required: false,
        build: false,
    }
}

const fn required(name: &'static str, alternatives: &'static [&'static str]) -> Taken {
    Taken {
        name,
        alternatives,
        required: true,
        build: false,
    }
}

const fn build(name: &'static str) -> Taken {
    Taken {
        name,
        alternatives: &[],
        required: false,
        build: true,
    }
}

const ANY: std::ops::Range<u32> = 0..u32::MAX;

/// Auth.js 5 and its framework packages. Source: authjs.dev, environment variables; `setEnvDefaults` in @auth/core.
const AUTH_JS: &[Taken] = &[
    required("AUTH_SECRET", &["NEXTAUTH_SECRET"]),
    optional("NEXTAUTH_SECRET"),
    optional("AUTH_SECRET_1"),
    optional("AUTH_SECRET_2"),
    optional("AUTH_SECRET_3"),
    optional("AUTH_URL"),
    optional("NEXTAUTH_URL"),
    optional("AUTH_TRUST_HOST"),
    optional("AUTH_REDIRECT_PROXY_URL"),
];

/// Genkit's plug-in for Gemini: three names, in this order. Source: `getApiKeyFromEnvVar` in firebase/genkit.
const GENKIT_GOOGLE: &[Taken] = &[
    optional("GEMINI_API_KEY"),
    optional("GOOGLE_API_KEY"),
    required(
        "GOOGLE_GENAI_API_KEY",
        &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    ),
];

/// Redis over HTTP, under the names of its maker and of the platform. Source: Upstash SDK, `Redis.fromEnv`.
/// Optional, because the client may be given both in code.
const UPSTASH: &[Taken] = &[
    optional("UPSTASH_REDIS_REST_URL"),
    optional("UPSTASH_REDIS_REST_TOKEN"),
    optional("KV_REST_API_URL"),
    optional("KV_REST_API_TOKEN"),
];

/// AWS SDK for JavaScript. Source: its guide, credential provider chain.
const AWS: &[Taken] = &[
    optional("AWS_ACCESS_KEY_ID"),
    optional("AWS_SECRET_ACCESS_KEY"),
    optional("AWS_SESSION_TOKEN"),
    optional("AWS_REGION"),
    optional("AWS_PROFILE"),
];

/// Clerk. Source: clerk.com, environment variables.
const CLERK: &[Taken] = &[
    required("CLERK_SECRET_KEY", &[]),
    required("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", &[]),
    optional("NEXT_PUBLIC_CLERK_SIGN_IN_URL"),
    optional("NEXT_PUBLIC_CLERK_SIGN_UP_URL"),
];

/// Clients that take their key from code as well: their reads are optional, since code that passes a key
/// reads the variable itself and is found there.
static KNOWN: &[Known] = &[
    // next-auth 4: `detectOrigin`, `parseUrl` and the secret in `NextAuth` of next-auth@4.
    Known {
        package: "next-auth",
        versions: 0..5,
        reads: &[
            required("NEXTAUTH_SECRET", &["AUTH_SECRET"]),
            optional("AUTH_SECRET"),
            required("NEXTAUTH_URL", &["VERCEL", "AUTH_TRUST_HOST"]),
            optional("NEXTAUTH_URL_INTERNAL"),
            optional("AUTH_TRUST_HOST"),
            optional("VERCEL_URL"),
        ],
    },
    Known {
        package: "next-auth",
        versions: 5..u32::MAX,
        reads: AUTH_JS,
    },
    Known {
        package: "@auth/sveltekit",
        versions: ANY,
        reads: AUTH_JS,
    },
    Known {
        package: "@auth/express",
        versions: ANY,
        reads: AUTH_JS,
    },
    Known {
        package: "@genkit-ai/googleai",
        versions: ANY,
        reads: GENKIT_GOOGLE,
    },
    Known {
        package: "@genkit-ai/google-genai",
        versions: ANY,
        reads: GENKIT_GOOGLE,
    },
    // Source: the constructors of these clients.
    Known {
        package: "@google/genai",
        versions: ANY,
        reads: &[optional("GOOGLE_API_KEY"), optional("GEMINI_API_KEY")],
    },
    Known {
        package: "openai",
        versions: ANY,
        reads: &[
            optional("OPENAI_API_KEY"),
            optional("OPENAI_ORG_ID"),
            optional("OPENAI_PROJECT_ID"),
            optional("OPENAI_BASE_URL"),
        ],
    },
    Known {
        package: "@anthropic-ai/sdk",
        versions: ANY,
        reads: &[
            optional("ANTHROPIC_API_KEY"),
            optional("ANTHROPIC_AUTH_TOKEN"),
            optional("ANTHROPIC_BASE_URL"),
        ],
    },
    Known {
        package: "@ai-sdk/openai",
        versions: ANY,
        reads: &[optional("OPENAI_API_KEY")],
    },
    Known {
        package: "@ai-sdk/anthropic",
        versions: ANY,
        reads: &[optional("ANTHROPIC_API_KEY")],
    },
    Known {
        package: "@ai-sdk/google",
        versions: ANY,
        reads: &[optional("GOOGLE_GENERATIVE_AI_API_KEY")],
    },
    Known {
        package: "resend",
        versions: ANY,
        reads: &[optional("RESEND_API_KEY"), optional("RESEND_BASE_URL")],
    },
    Known {
        package: "@upstash/redis",
        versions: ANY,
        reads: UPSTASH,
    },
    Known {
        package: "@upstash/ratelimit",
        versions: ANY,
        reads: UPSTASH,
    },
    Known {
        package: "@vercel/kv",
        versions: ANY,
        reads: &[
            required("KV_REST_API_URL", &[]),
            required("KV_REST_API_TOKEN", &[]),
        ],
    },
    Known {
        package: "@vercel/blob",
        versions: ANY,
        reads: &[required("BLOB_READ_WRITE_TOKEN", &[])],
    },
    Known {
        package: "@vercel/postgres",
        versions: ANY,
        reads: &[
            required("POSTGRES_URL", &[]),
            optional("POSTGRES_URL_NON_POOLING"),
        ],
    },
    Known {
        package: "@vercel/edge-config",
        versions: ANY,
        reads: &[optional("EDGE_CONFIG")],
    },
    Known {
        package: "@vercel/analytics",
        versions: ANY,
        reads: &[optional("NEXT_PUBLIC_VERCEL_OBSERVABILITY_BASEPATH")],
    },
    Known {
        package: "@sentry/nextjs",
        versions: ANY,
        reads: &[
            build("SENTRY_AUTH_TOKEN"),
            build("SENTRY_ORG"),
            build("SENTRY_PROJECT"),
            build("SENTRY_RELEASE"),
            optional("SENTRY_DSN"),
            optional("SENTRY_ENVIRONMENT"),
        ],
    },
    Known {
        package: "@clerk/nextjs",
        versions: ANY,
        reads: CLERK,
    },
    Known {
        package: "@aws-sdk/client-s3",
        versions: ANY,
        reads: AWS,
    },
    Known {
        package: "@aws-sdk/client-ses",
        versions: ANY,
        reads: AWS,
    },
    Known {
        package: "firebase-admin",
        versions: ANY,
        reads: &[
            optional("GOOGLE_APPLICATION_CREDENTIALS"),
            optional("FIREBASE_CONFIG"),
            optional("GCLOUD_PROJECT"),
            optional("GOOGLE_CLOUD_PROJECT"),
        ],
    },
    // Each of these is given its settings in code and reads nothing itself.
    Known {
        package: "mongodb",
        versions: ANY,
        reads: &[],
    },
    Known {
        package: "stripe",
        versions: ANY,
        reads: &[],
    },
    Known {
        package: "nodemailer",
        versions: ANY,
        reads: &[],
    },
    Known {
        package: "web-push",
        versions: ANY,
        reads: &[],
    },
    Known {
        package: "next",
        versions: ANY,
        reads: &[
            optional("NODE_ENV"),
            optional("PORT"),
            optional("HOSTNAME"),
            optional("NEXT_TELEMETRY_DISABLED"),
            optional("NEXT_RUNTIME"),
            optional("NEXT_DEPLOYMENT_ID"),
        ],
    },
];

/// What a dependency in a range of versions reads.
pub(super) fn reads(package: &str, range: &str) -> impl Iterator<Item = Taken> {
    let major = major(range);
    KNOWN
        .iter()
        .filter(move |known| {
            known.package == package && major.is_none_or(|major| known.versions.contains(&major))
        })
        // An unknown version is taken for the first entry only.
        .take(1)
        .flat_map(|known| known.reads.iter().copied())
}

/// Providers of Auth.js 5 that are given no id and secret take `AUTH_<PROVIDER>_ID` and its like.
pub(super) fn is_provider_variable(name: &str) -> bool {
    name.strip_prefix("AUTH_").is_some_and(|rest| {
        ["_ID", "_SECRET", "_ISSUER", "_KEY"].iter().any(|end| {
            rest.strip_suffix(end)
                .is_some_and(|provider| !provider.is_empty())
        })
    })
}

/// Does the range name Auth.js 5?
pub(super) fn is_auth_js(package: &str, range: &str) -> bool {
    package.starts_with("@auth/")
        || package == "next-auth" && major(range).is_some_and(|major| major >= 5)
}

/// The first number of a version range; `beta` is how next-auth publishes 5.
fn major(range: &str) -> Option<u32> {
    if range == "beta" {
        return Some(5);
    }
    let digits = range.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(package: &str, range: &str) -> Vec<&'static str> {
        reads(package, range)
            .filter(|taken| taken.required)
            .map(|taken| taken.name)
            .collect()
    }

    #[test]
    fn next_auth_by_its_version() {
        assert_eq!(
            names("next-auth", "^4.24.13"),
            ["NEXTAUTH_SECRET", "NEXTAUTH_URL"]
        );
        assert_eq!(names("next-auth", "5.0.0-beta.29"), ["AUTH_SECRET"]);
        assert_eq!(names("next-auth", "beta"), ["AUTH_SECRET"]);
        assert_eq!(
            names("next-auth", "latest"),
            ["NEXTAUTH_SECRET", "NEXTAUTH_URL"]
        );
        assert!(is_auth_js("next-auth", "beta") && !is_auth_js("next-auth", "^4.0.0"));
    }

    #[test]
    fn unknown_packages_read_nothing() {
        assert_eq!(reads("left-pad", "1").count(), 0);
    }

    #[test]
    fn every_alternative_is_read_too_or_set_by_the_platform() {
        for known in KNOWN {
            for alternative in known.reads.iter().flat_map(|taken| taken.alternatives) {
                let read = known.reads.iter().any(|taken| taken.name == *alternative);
                assert!(
                    read || super::super::naming::is_provided(alternative),
                    "{} {alternative}",
                    known.package
                );
            }
        }
    }

    #[test]
    fn provider_variables() {
        assert!(
            is_provider_variable("AUTH_GOOGLE_ID") && is_provider_variable("AUTH_AZURE_AD_SECRET")
        );
        assert!(!is_provider_variable("AUTH_SECRET") && !is_provider_variable("GOOGLE_ID"));
    }
}
