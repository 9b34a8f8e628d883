//! The table of generated documents: what each is called, where it goes, and which checks belong to it.

use super::{Generated, Part};

const INFRASTRUCTURE: &[&str] = &["Infrastructure lead", "Managing engineer"];
const SECURITY: &[&str] = &["Security lead", "Managing engineer"];

/// In what role somebody signs for a gate; the gate's own name where no role is known.
pub(in crate::document) fn role(gate: &str) -> &str {
    match gate {
        "infrastructure" => "Infrastructure lead",
        "quality" => "Quality lead",
        "security" => "Security lead",
        "documentation" => "Documentation lead",
        "observability" => "Observability lead",
        "release" => "Managing engineer",
        other => other,
    }
}

const MONGODB: Part = Part {
    title: "MongoDB",
    checks: &["mongodb.*", "atlas.*", "environment.mongodb-uri-shape"],
    people: &[
        "A restore from a backup was tried: when, from which backup, and how long it took.",
        "Who administers the cluster, and that each of them signs in with a second factor.",
    ],
};
const SIGN_IN_PROVIDER: Part = Part {
    title: "OAuth sign-in",
    checks: &["oidc.*", "gcloud.*"],
    people: &[
        "The consent screen is published, and names the application, its support address and its policies as they are.",
        "Who may change the client at the provider, and where its secret is kept.",
    ],
};
const EMAIL: Part = Part {
    title: "Email",
    checks: &["email.*"],
    people: &[
        "What the mails say was read by somebody, in the languages that users get them in.",
        "Somebody reads the answers and the bounces that arrive at the sender's address.",
    ],
};
const PUSH: Part = Part {
    title: "Web push",
    checks: &["push.*", "environment.vapid-keys-shape"],
    people: &[
        "A notification was seen on a device of a user: which browser, which system, when.",
        "The private key is kept where it can be found when a server is set up anew: users must subscribe again after a change.",
    ],
};
const NEXTAUTH: Part = Part {
    title: "NextAuth",
    checks: &[
        "nextauth.*",
        "environment.nextauth-url-shape",
        "environment.secret-strength",
    ],
    people: &[
        "Whether sessions that end by their own expiry alone are accepted, where no store on the server can end them.",
    ],
};
const MODELS: Part = Part {
    title: "Language models",
    checks: &["ai.*"],
    people: &[
        "Who is told when the provider's budget runs low, and what the application does then.",
    ],
};
const VARIABLES: Part = Part {
    title: "Environment variables",
    checks: &["environment.*"],
    people: &["Where the values are kept besides the host, and who can read them."],
};
const HOST: Part = Part {
    title: "Host and deployment",
    checks: &["vercel.*"],
    people: &["Who may deploy to production, and how a deployment is taken back."],
};
const SITE: Part = Part {
    title: "The running application",
    checks: &["site.*", "dns.*", "transport.*", "certificate.*"],
    people: &[],
};
const OWN_INFRASTRUCTURE: Part = Part {
    title: "Further checks of the suite infrastructure",
    checks: &["suite:infrastructure"],
    people: &[],
};

const fn checklist(
    name: &'static str,
    path: &'static str,
    title: &'static str,
    asks: &'static str,
    parts: &'static [Part],
) -> Generated {
    Generated {
        name,
        path,
        title,
        asks,
        template: "deployment-checklist",
        shipped: include_str!("../../../reports/deployment-checklist/template.md"),
        parts,
        items: &[],
        signers: INFRASTRUCTURE,
    }
}

const fn audit(
    name: &'static str,
    path: &'static str,
    title: &'static str,
    asks: &'static str,
    parts: &'static [Part],
    items: &'static [&'static str],
) -> Generated {
    Generated {
        name,
        path,
        title,
        asks,
        template: "audit",
        shipped: include_str!("../../../reports/audit/template.md"),
        parts,
        items,
        signers: SECURITY,
    }
}

const SIGN_OFF: Generated = Generated {
    name: "security-sign-off",
    path: "SECURITY_SIGN_OFF.md",
    title: "Security sign-off",
    asks: "May this be released, by the 42 checks of the security guide?",
    template: "security-sign-off",
    shipped: include_str!("../../../reports/security-sign-off/template.md"),
    parts: &[],
    items: &[],
    signers: SECURITY,
};

/// Every document that holdpoint writes whole; the security sign-off comes first.
pub const GENERATED: &[Generated] = &[
    SIGN_OFF,
    Generated {
        name: "infrastructure-validation",
        path: "docs/INFRASTRUCTURE_VALIDATION.md",
        title: "Infrastructure validation",
        asks: "Does every service that the application rests on do what it is needed for?",
        template: "infrastructure-validation",
        shipped: include_str!("../../../reports/infrastructure-validation/template.md"),
        parts: &[
            MONGODB,
            SIGN_IN_PROVIDER,
            EMAIL,
            PUSH,
            NEXTAUTH,
            MODELS,
            VARIABLES,
            HOST,
            SITE,
            OWN_INFRASTRUCTURE,
        ],
        items: &[],
        signers: INFRASTRUCTURE,
    },
    checklist(
        "deployment-checklist-mongodb",
        "docs/DEPLOYMENT_CHECKLIST_MONGODB.md",
        "MongoDB deployment checklist",
        "Does the application reach its database, with the rights it needs and no more?",
        &[MONGODB],
    ),
    checklist(
        "deployment-checklist-oauth",
        "docs/DEPLOYMENT_CHECKLIST_OAUTH.md",
        "OAuth deployment checklist",
        "Does the identity provider know the application, its client and its redirect addresses?",
        &[SIGN_IN_PROVIDER],
    ),
    checklist(
        "deployment-checklist-email",
        "docs/DEPLOYMENT_CHECKLIST_EMAIL.md",
        "Email deployment checklist",
        "Does mail from the application leave, arrive, and belong to its sender's domain?",
        &[EMAIL],
    ),
    checklist(
        "deployment-checklist-vapid",
        "docs/DEPLOYMENT_CHECKLIST_VAPID.md",
        "Web push (VAPID) deployment checklist",
        "Do the keys of web push belong together, and does a push service take messages signed with them?",
        &[PUSH],
    ),
    checklist(
        "deployment-checklist-nextauth",
        "docs/DEPLOYMENT_CHECKLIST_NEXTAUTH.md",
        "NextAuth deployment checklist",
        "Does sign-in open a sound session, and sign-out end it?",
        &[NEXTAUTH],
    ),
    audit(
        "security-headers-audit",
        "docs/SECURITY_HEADERS_AUDIT.md",
        "Security headers audit",
        "Do answers tell browsers to protect the pages, the data and the connection?",
        &[
            Part {
                title: "Headers",
                checks: &["headers.*"],
                people: &[],
            },
            Part {
                title: "Foreign origins (CORS)",
                checks: &["cors.*"],
                people: &[],
            },
            Part {
                title: "Encryption on the way",
                checks: &["transport.*", "certificate.*", "site.no-mixed-content"],
                people: &[],
            },
            Part {
                title: "The grade of the MDN HTTP Observatory, and what evaluators of policies find",
                checks: &["observatory.*"],
                people: &[],
            },
            Part {
                title: "Further checks of the same claims",
                checks: &["tag:P2.*"],
                people: &[],
            },
        ],
        &["2."],
    ),
    audit(
        "rate-limiting-audit",
        "docs/RATE_LIMITING_AUDIT.md",
        "Rate limiting audit",
        "Do sign-in and the API limit how often they may be asked?",
        &[Part {
            title: "Rate limits",
            checks: &["limits.*", "tag:P3.6", "tag:P5.4"],
            people: &[
                "Which limits suit real users: how many requests, in which time, by which key (address, account, session).",
                "Whether the counters are shared by all instances of the application, and survive a restart.",
            ],
        }],
        &["3.6", "5.4"],
    ),
    audit(
        "auth-security-audit",
        "docs/AUTH_SECURITY_AUDIT.md",
        "Authentication security audit",
        "Can nobody be signed in, or stay signed in, who should not be?",
        &[
            Part {
                title: "Sessions and sign-in",
                checks: &["nextauth.*", "environment.secret-strength"],
                people: NEXTAUTH.people,
            },
            Part {
                title: "Cookies",
                checks: &["cookies.*"],
                people: &[],
            },
            Part {
                title: "Identity provider",
                checks: &["oidc.*"],
                people: &[],
            },
            Part {
                title: "Further checks of the same claims",
                checks: &["tag:P3.*"],
                people: &[],
            },
        ],
        &["3."],
    ),
    audit(
        "data-privacy-audit",
        "docs/DATA_PRIVACY_AUDIT.md",
        "Data privacy audit",
        "Does each user's data stay theirs, and can they have it, and have it deleted?",
        &[
            Part {
                title: "Isolation of users, and what the API takes and gives",
                checks: &["isolation.*", "api.*"],
                people: &[],
            },
            Part {
                title: "Encryption and disclosure",
                checks: &["tag:P4.*"],
                people: &[],
            },
            Part {
                title: "What leaks",
                checks: &[
                    "site.no-error-leak-on-404",
                    "headers.referrer-policy",
                    "headers.referrer-policy-leak",
                    "environment.no-client-secrets",
                    "bundle.*",
                    "exposed.*",
                    "history.*",
                ],
                people: &[],
            },
            Part {
                title: "What users are told",
                checks: &["compliance.*", "tag:P7.*"],
                people: &[
                    "That each kind of personal data is needed, for how long it is kept, and who decided so.",
                ],
            },
        ],
        &["4.", "7.1", "7.2", "7.3", "7.4"],
    ),
    audit(
        "dependency-security-scan",
        "docs/DEPENDENCY_SECURITY_SCAN.md",
        "Dependency security scan",
        "Does the application ship packages that are known to be vulnerable, or that it may not use?",
        &[Part {
            title: "Installed packages",
            checks: &["dependencies.*", "tag:P1.*"],
            people: &[
                "When packages are next renewed, and who is told of new advisories until then.",
            ],
        }],
        &["1."],
    ),
];
