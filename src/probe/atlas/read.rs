//! What answers of the Administration API mean, without asking for them.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Roles that reach beyond one database, or administer one (Atlas, built-in roles; MongoDB manual, dbAdmin).
const BROAD: &[&str] = &[
    "atlasAdmin",
    "readWriteAnyDatabase",
    "readAnyDatabase",
    "dbAdminAnyDatabase",
    "dbAdmin",
    "clusterMonitor",
    "backup",
    "killOpSession",
];
/// Built-in roles for one database, or for one of its collections.
const OF_ONE_DATABASE: &[&str] = &["read", "readWrite"];
/// Tiers that share their servers with others: they have no audit log, no keys of their own, and no
/// cloud backups that can be asked for here.
const SHARED: &[&str] = &["M0", "M2", "M5", "FLEX"];

/// Where Atlas shows connection strings of a cluster, and those of its private endpoints.
const STRINGS: &[&str] = &[
    "standardSrv",
    "standard",
    "privateSrv",
    "private",
    "srvConnectionString",
    "connectionString",
    "srvShardOptimizedConnectionString",
];

/// The cluster whose connection string names this host, or that has this name.
pub(super) fn cluster<'c>(
    clusters: &'c [Value],
    host: Option<&str>,
    name: Option<&str>,
) -> Option<&'c Value> {
    if let Some(name) = name {
        return clusters.iter().find(|it| text(it, "name") == Some(name));
    }
    let host = host?.to_ascii_lowercase();
    clusters.iter().find(|cluster| {
        let Some(strings) = cluster.get("connectionStrings") else {
            return false;
        };
        let private = strings.get("privateEndpoint").and_then(Value::as_array);
        let all = std::iter::once(strings).chain(private.into_iter().flatten());
        all.flat_map(|strings| STRINGS.iter().filter_map(|kind| text(strings, kind)))
            .any(|shown| hosts(shown).any(|it| it == host))
    })
}

/// The hosts of a connection string as Atlas shows it, without user.
fn hosts(shown: &str) -> impl Iterator<Item = String> {
    let rest = shown.split_once("://").map_or("", |(_, rest)| rest);
    let hosts = rest.split(['/', '?']).next().unwrap_or_default();
    hosts.split(',').map(|host| {
        let bare = host.split(':').next().unwrap_or_default();
        bare.to_ascii_lowercase()
    })
}

/// The fact `cluster`.
pub(super) fn cluster_facts(cluster: &Value) -> Value {
    let region = cluster
        .pointer("/replicationSpecs/0/regionConfigs/0")
        .unwrap_or(&Value::Null);
    let flex = cluster.get("providerSettings").is_some();
    let tier = match region.pointer("/electableSpecs/instanceSize") {
        Some(size) => size.as_str().map(str::to_owned),
        None => flex.then(|| "FLEX".to_owned()),
    };
    let provider = text(region, "backingProviderName")
        .or_else(|| text(region, "providerName"))
        .or_else(|| {
            cluster
                .pointer("/providerSettings/backingProviderName")?
                .as_str()
        });
    let place = text(region, "regionName")
        .or_else(|| cluster.pointer("/providerSettings/regionName")?.as_str());
    let backup = flag(cluster, "backupEnabled")
        .or_else(|| cluster.pointer("/backupSettings/enabled")?.as_bool());
    json!({
        "name": text(cluster, "name"),
        "tier": tier,
        "shared": tier.as_deref().map(|tier| SHARED.contains(&tier)),
        "provider": provider,
        "region": place,
        "version": text(cluster, "mongoDBVersion"),
        "paused": flag(cluster, "paused").or(flex.then_some(false)),
        "backup_enabled": backup,
        "termination_protection": flag(cluster, "terminationProtectionEnabled"),
        "minimum_tls": cluster.pointer("/advancedConfiguration/minimumEnabledTlsProtocol"),
        "encryption_provider": text(cluster, "encryptionAtRestProvider"),
    })
}

/// How many kinds of snapshots a schedule has.
pub(super) fn policy_items(schedule: &Value) -> usize {
    let policies = schedule.get("policies").and_then(Value::as_array);
    policies
        .into_iter()
        .flatten()
        .filter_map(|policy| policy.get("policyItems")?.as_array())
        .map(Vec::len)
        .sum()
}

/// Hours since the newest snapshot that is complete.
pub(super) fn newest_snapshot(snapshots: &[Value], now: i64) -> Option<i64> {
    let complete = snapshots
        .iter()
        .filter(|snapshot| text(snapshot, "status").is_none_or(|status| status == "completed"));
    let newest = complete
        .filter_map(|snapshot| {
            moment(snapshot, "createdAt").or_else(|| moment(snapshot, "finishTime"))
        })
        .max()?;
    Some((now - newest).div_euclid(3600))
}

/// The providers of the customer's own keys that are switched on, and of those the ones that do not work.
pub(super) fn own_keys(answer: &Value) -> (Vec<String>, Vec<String>) {
    let providers = [
        ("awsKms", "AWS KMS"),
        ("azureKeyVault", "Azure Key Vault"),
        ("googleCloudKms", "Google Cloud KMS"),
    ];
    let mut on = Vec::new();
    let mut invalid = Vec::new();
    for (key, name) in providers {
        let Some(provider) = answer.get(key) else {
            continue;
        };
        if flag(provider, "enabled") == Some(true) {
            on.push(name.to_owned());
            if flag(provider, "valid") == Some(false) {
                invalid.push(name.to_owned());
            }
        }
    }
    (on, invalid)
}

/// What a user of the database may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct User {
    /// Roles as `role@database`.
    pub(super) roles: Vec<String>,
    /// What reaches too far.
    pub(super) broad: Vec<String>,
    /// Roles of the project's own: what they allow is not known.
    pub(super) unread: Vec<String>,
}

/// The user of that name; none where there is no such user.
pub(super) fn user(users: &[Value], name: &str) -> Option<User> {
    let user = users
        .iter()
        .find(|user| text(user, "username") == Some(name))?;
    let mut told = User::default();
    let mut databases = BTreeSet::new();
    for role in user
        .get("roles")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let (role, database) = (
            text(role, "roleName").unwrap_or_default(),
            text(role, "databaseName").unwrap_or_default(),
        );
        let shown = format!("{role}@{database}");
        if BROAD.contains(&role) || (database == "admin" && role == "readWrite") {
            told.broad.push(shown.clone());
        } else if OF_ONE_DATABASE.contains(&role) {
            databases.insert(database);
        } else {
            told.unread.push(shown.clone());
        }
        told.roles.push(shown);
    }
    if databases.len() > 1 {
        let all: Vec<_> = databases.into_iter().collect();
        told.broad
            .push(format!("roles on several databases: {}", all.join(", ")));
    }
    Some(told)
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

pub(super) fn flag(value: &Value, key: &str) -> Option<bool> {
    value.get(key)?.as_bool()
}

/// A moment in seconds since 1970.
pub(super) fn moment(value: &Value, key: &str) -> Option<i64> {
    let moment: Timestamp = text(value, key)?.parse().ok()?;
    Some(moment.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000; // 2027-01-15T08:00:00Z

    #[test]
    fn a_cluster_is_found_by_its_host_whatever_its_case() {
        let clusters = [
            json!({ "name": "Other", "connectionStrings": { "standardSrv": "mongodb+srv://other.ab1cd.mongodb.net" } }),
            json!({ "name": "Cluster0", "connectionStrings": {
                "standardSrv": "mongodb+srv://cluster0.ab1cd.mongodb.net",
                "standard": "mongodb://cluster0-shard-00-00.ab1cd.mongodb.net:27017,cluster0-shard-00-01.ab1cd.mongodb.net:27017/?ssl=true" } }),
        ];
        let name = |host, name| {
            cluster(&clusters, host, name).and_then(|it| text(it, "name").map(str::to_owned))
        };
        assert_eq!(
            name(Some("Cluster0.ab1cd.mongodb.net"), None).as_deref(),
            Some("Cluster0")
        );
        assert_eq!(
            name(Some("cluster0-shard-00-01.ab1cd.mongodb.net"), None).as_deref(),
            Some("Cluster0")
        );
        assert_eq!(name(Some("cluster0.zz9zz.mongodb.net"), None), None);
        assert_eq!(name(None, Some("Other")).as_deref(), Some("Other"));
        assert_eq!(name(None, None), None);
    }

    #[test]
    fn a_cluster_is_found_by_its_private_endpoints() {
        let clusters = [json!({ "name": "Cluster0", "connectionStrings": {
            "standardSrv": "mongodb+srv://cluster0.ab1cd.mongodb.net",
            "privateSrv": "mongodb+srv://cluster0-pri.ab1cd.mongodb.net",
            "privateEndpoint": [{ "srvConnectionString": "mongodb+srv://cluster0-pl-0.ab1cd.mongodb.net",
                "connectionString": "mongodb://pl-0-eu-west-1.ab1cd.mongodb.net:1024,pl-0-eu-west-1.ab1cd.mongodb.net:1025/?ssl=true" }],
        } })];
        for host in [
            "cluster0-pri.ab1cd.mongodb.net",
            "cluster0-pl-0.ab1cd.mongodb.net",
            "pl-0-eu-west-1.ab1cd.mongodb.net",
        ] {
            assert!(cluster(&clusters, Some(host), None).is_some(), "{host}");
        }
        assert!(cluster(&clusters, Some("cluster0-pl-1.ab1cd.mongodb.net"), None).is_none());
    }

    #[test]
    fn rights_on_several_databases_and_roles_of_ones_own() {
        let role =
            |role: &str, database: &str| json!({ "roleName": role, "databaseName": database });
        let of =
            |roles: &[Value]| user(&[json!({ "username": "app", "roles": roles })], "app").unwrap();
        let several = of(&[role("readWrite", "shop"), role("readWrite", "billing")]);
        assert_eq!(several.broad, ["roles on several databases: billing, shop"]);
        let own = of(&[role("appRole", "admin")]);
        assert_eq!(
            (own.broad, own.unread),
            (vec![], vec!["appRole@admin".to_owned()])
        );
        let administrator = of(&[role("readWrite", "shop"), role("dbAdmin", "shop")]);
        assert_eq!(administrator.broad, ["dbAdmin@shop"]);
        let one = of(&[role("readWrite", "shop"), role("read", "shop")]);
        assert_eq!((one.broad, one.unread), (vec![], vec![]));
    }

    #[test]
    fn tiers_are_told() {
        let dedicated = json!({ "name": "c", "paused": false, "mongoDBVersion": "8.0.4", "backupEnabled": true, "replicationSpecs": [{ "regionConfigs": [{ "providerName": "AWS", "regionName": "EU_WEST_1", "electableSpecs": { "instanceSize": "M10" } }] }] });
        let facts = cluster_facts(&dedicated);
        assert_eq!(
            (&facts["tier"], &facts["shared"], &facts["provider"]),
            (&json!("M10"), &json!(false), &json!("AWS"))
        );
        let free = json!({ "name": "c", "replicationSpecs": [{ "regionConfigs": [{ "providerName": "TENANT", "backingProviderName": "GCP", "electableSpecs": { "instanceSize": "M0" } }] }] });
        let facts = cluster_facts(&free);
        assert_eq!(
            (&facts["shared"], &facts["provider"], &facts["paused"]),
            (&json!(true), &json!("GCP"), &Value::Null)
        );
        let flex = json!({ "name": "c", "providerSettings": { "backingProviderName": "AWS", "regionName": "US_EAST_1" }, "backupSettings": { "enabled": true } });
        let facts = cluster_facts(&flex);
        assert_eq!(
            (&facts["tier"], &facts["shared"], &facts["backup_enabled"]),
            (&json!("FLEX"), &json!(true), &json!(true))
        );
    }

    #[test]
    fn the_newest_complete_snapshot_counts() {
        let snapshots = [
            json!({ "createdAt": "2027-01-15T07:30:00Z", "status": "inProgress" }),
            json!({ "createdAt": "2027-01-14T20:00:00Z", "status": "completed" }),
            json!({ "createdAt": "2027-01-13T20:00:00Z", "status": "completed" }),
        ];
        assert_eq!(newest_snapshot(&snapshots, NOW), Some(12));
        assert_eq!(newest_snapshot(&snapshots[..1], NOW), None);
    }

    #[test]
    fn schedules_keys_and_users() {
        let schedule = json!({ "policies": [{ "policyItems": [{ "frequencyType": "daily" }, { "frequencyType": "weekly" }] }] });
        assert_eq!(policy_items(&schedule), 2);
        assert_eq!(
            policy_items(&json!({ "policies": [{ "policyItems": [] }] })),
            0
        );
        let keys = json!({ "awsKms": { "enabled": true, "valid": false }, "azureKeyVault": { "enabled": false } });
        assert_eq!(
            own_keys(&keys),
            (vec!["AWS KMS".into()], vec!["AWS KMS".into()])
        );
        let users = [
            json!({ "username": "app", "roles": [{ "roleName": "readWrite", "databaseName": "shop" }, { "roleName": "atlasAdmin", "databaseName": "admin" }] }),
        ];
        let told = user(&users, "app").unwrap();
        assert_eq!(
            (told.roles.len(), told.broad[0].as_str()),
            (2, "atlasAdmin@admin")
        );
        assert_eq!(user(&users, "nobody"), None);
    }
}
