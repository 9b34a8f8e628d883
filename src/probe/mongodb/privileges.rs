//! What a user may do, from connectionStatus: what an application needs and lacks, and what is too much.

use mongodb::bson::{Bson, Document};
use std::collections::BTreeSet;

/// What an application and its index creation need on its database.
pub(super) const NEEDED: &[&str] = &[
    "find",
    "insert",
    "update",
    "remove",
    "createIndex",
    "listIndexes",
    "listCollections",
    "dropCollection",
];

/// Roles that reach beyond one database, or let their holder give itself more
/// (MongoDB manual, built-in roles; Atlas, built-in roles).
const BROAD: &[&str] = &[
    "atlasAdmin",
    "root",
    "__system",
    "clusterAdmin",
    "clusterManager",
    "hostManager",
    "backup",
    "restore",
    "dbAdminAnyDatabase",
    "readAnyDatabase",
    "readWriteAnyDatabase",
    "userAdminAnyDatabase",
    "userAdmin",
];

/// Roles that administer the database they are for: dbAdmin may drop it and record every query, dbOwner gives
/// rights to others besides (MongoDB manual, built-in roles).
const ADMINISTERS: &[&str] = &["dbAdmin", "dbOwner"];

/// Actions on a database that those roles have and readWrite lacks, and that do more than look
/// (MongoDB manual, built-in roles and privilege actions).
const OF_ADMINISTRATORS: &[&str] = &[
    "changeCustomData",
    "changePassword",
    "createRole",
    "createUser",
    "dropDatabase",
    "dropRole",
    "dropUser",
    "enableProfiler",
    "grantRole",
    "revokeRole",
    "setAuthenticationRestriction",
];

/// Who is logged in, and what that allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Somebody is logged in.
    pub(super) logged_in: bool,
    /// Roles as `role@database`.
    pub(super) roles: Vec<String>,
    /// What is too much, in words.
    pub(super) broad: Vec<String>,
    /// Needed actions that no privilege covers; none where the server names no privileges.
    pub(super) missing: Option<Vec<String>>,
    /// Actions that are allowed on single collections of the database.
    pub(super) in_collections: BTreeSet<String>,
    /// Other databases on which there are rights; each is named in `broad` too.
    others: BTreeSet<String>,
}

impl Identity {
    /// Takes rights on other databases for no fault: which one is the application's own is not known.
    pub(super) fn forget_others(&mut self) {
        let others = std::mem::take(&mut self.others);
        self.broad
            .retain(|text| !others.iter().any(|other| *text == rights_on(other)));
    }
}

fn rights_on(database: &str) -> String {
    format!("rights on the database {database}")
}

/// Reads the answer of connectionStatus with showPrivileges.
pub(super) fn read(answer: &Document, database: &str) -> Identity {
    let info = answer.get_document("authInfo").cloned().unwrap_or_default();
    let list = |key: &str| {
        let items = info.get_array(key).into_iter().flatten();
        items
            .filter_map(Bson::as_document)
            .cloned()
            .collect::<Vec<_>>()
    };
    let text =
        |document: &Document, key: &str| document.get_str(key).unwrap_or_default().to_owned();
    let privileges = list("authenticatedUserPrivileges");
    let mut roles = Vec::new();
    let mut broad = Vec::new();
    for role in list("authenticatedUserRoles") {
        let (name, owner) = (text(&role, "role"), text(&role, "db"));
        let shown = format!("{name}@{owner}");
        if BROAD.contains(&name.as_str()) || (owner == "admin" && is_of_owner(&name)) {
            broad.push(format!("the role {shown}"));
        } else if ADMINISTERS.contains(&name.as_str()) {
            broad.push(format!("the role {shown}, which administers the database"));
        }
        roles.push(shown);
    }
    let mut everywhere = BTreeSet::new();
    let mut allowed = BTreeSet::new();
    let mut in_collections = BTreeSet::new();
    let mut administers = BTreeSet::new();
    // A role that is defined in a database gives rights there and nowhere else, but for those of admin.
    let mut others: BTreeSet<String> = list("authenticatedUserRoles")
        .iter()
        .map(|role| text(role, "db"))
        .filter(|owner| is_another(owner, database))
        .collect();
    for privilege in &privileges {
        let actions = privilege.get_array("actions").into_iter().flatten();
        let actions: Vec<_> = actions
            .filter_map(Bson::as_str)
            .map(str::to_owned)
            .collect();
        let resource = privilege
            .get_document("resource")
            .cloned()
            .unwrap_or_default();
        let any = resource.get_bool("anyResource").unwrap_or(false);
        let owner = resource.get_str("db").ok();
        let whole = resource.get_str("collection").is_ok_and(str::is_empty);
        if any || (owner == Some("") && whole) {
            everywhere.extend(actions.clone());
        }
        let ours = owner.is_some_and(|owner| owner.is_empty() || owner == database);
        if owner == Some(database) && !database.is_empty() {
            let of_administrators = actions
                .iter()
                .filter(|it| OF_ADMINISTRATORS.contains(&it.as_str()));
            administers.extend(of_administrators.cloned());
        }
        if any || (whole && ours) {
            allowed.extend(actions);
        } else if ours {
            in_collections.extend(actions);
        } else if let Some(owner) = owner.filter(|owner| is_another(owner, database))
            && !actions.is_empty()
        {
            others.insert(owner.to_owned());
        }
    }
    if !everywhere.is_empty() {
        let shown: Vec<_> = everywhere.iter().take(4).map(String::as_str).collect();
        let more = everywhere.len().saturating_sub(shown.len());
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        broad.push(format!("{}{rest} on every database", shown.join(", ")));
    }
    // Where a role is named already, what it allows need not be.
    if broad.is_empty() && !administers.is_empty() {
        let all: Vec<String> = administers.into_iter().collect();
        broad.push(format!("{} on the database {database}", all.join(", ")));
    }
    broad.extend(others.iter().map(|other| rights_on(other)));
    in_collections.retain(|action| !allowed.contains(action));
    let missing = (!privileges.is_empty()).then(|| {
        let lacking = NEEDED.iter().filter(|action| !allowed.contains(**action));
        lacking.map(|action| (*action).to_owned()).collect()
    });
    Identity {
        logged_in: !list("authenticatedUsers").is_empty(),
        roles,
        broad,
        missing,
        in_collections,
        others,
    }
}

/// Is it the database of another application? The server's own hold what every user may read.
fn is_another(owner: &str, database: &str) -> bool {
    !owner.is_empty()
        && owner != database
        && !["admin", "config", "local", "$external"].contains(&owner)
}

fn is_of_owner(role: &str) -> bool {
    matches!(role, "dbOwner" | "dbAdmin" | "readWrite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::doc;

    fn status(roles: Vec<Document>, privileges: Vec<Document>) -> Document {
        doc! { "authInfo": {
            "authenticatedUsers": [{ "user": "app", "db": "admin" }],
            "authenticatedUserRoles": roles,
            "authenticatedUserPrivileges": privileges,
        }, "ok": 1.0 }
    }

    fn on(database: &str, collection: &str, actions: &[&str]) -> Document {
        doc! { "resource": { "db": database, "collection": collection }, "actions": actions }
    }

    #[test]
    fn least_privilege_is_enough() {
        let roles = vec![doc! { "role": "readWrite", "db": "shop" }];
        let privileges = vec![on("shop", "", NEEDED), on("shop", "system.js", &["find"])];
        let identity = read(&status(roles, privileges), "shop");
        assert!(identity.logged_in);
        assert_eq!(identity.roles, ["readWrite@shop"]);
        assert_eq!(identity.broad, [""; 0]);
        assert_eq!(identity.missing, Some(vec![]));
    }

    #[test]
    fn another_database_or_one_collection_is_not() {
        let privileges = vec![on("other", "", NEEDED), on("shop", "tasks", NEEDED)];
        let identity = read(&status(vec![], privileges), "shop");
        assert_eq!(identity.missing.unwrap().len(), NEEDED.len());
    }

    #[test]
    fn rights_on_another_database_are_too_much() {
        let roles = vec![
            doc! { "role": "readWrite", "db": "shop" },
            doc! { "role": "readWrite", "db": "billing" },
        ];
        let privileges = vec![
            on("shop", "", NEEDED),
            on("billing", "", NEEDED),
            on("billing", "system.js", &["find"]),
            on("config", "system.sessions", &["find"]),
        ];
        let identity = read(&status(roles, privileges), "shop");
        assert_eq!(identity.broad, ["rights on the database billing"]);
        // A role of another database gives rights there, also where the server names none.
        let roles = vec![doc! { "role": "readWrite", "db": "billing" }];
        let identity = read(&status(roles, vec![]), "shop");
        assert_eq!(identity.broad, ["rights on the database billing"]);
    }

    #[test]
    fn rights_on_single_collections_are_told_apart_from_none() {
        let privileges = vec![on("shop", "tasks", NEEDED), on("shop", "", &["find"])];
        let identity = read(&status(vec![], privileges), "shop");
        assert_eq!(identity.missing.as_ref().unwrap().len(), NEEDED.len() - 1);
        assert!(identity.in_collections.contains("insert"));
        assert!(!identity.in_collections.contains("find"));
    }

    #[test]
    fn administrators_are_too_much() {
        let roles = vec![
            doc! { "role": "atlasAdmin", "db": "admin" },
            doc! { "role": "dbOwner", "db": "admin" },
            doc! { "role": "dbOwner", "db": "shop" },
        ];
        let privileges = vec![on("", "", &["find", "insert"])];
        let identity = read(&status(roles, privileges), "shop");
        assert_eq!(
            identity.broad,
            [
                "the role atlasAdmin@admin",
                "the role dbOwner@admin",
                "the role dbOwner@shop, which administers the database",
                "find, insert on every database"
            ]
        );
        assert!(!identity.missing.unwrap().contains(&"find".to_owned()));
    }

    #[test]
    fn administrators_of_the_own_database_are_too_much() {
        let own = [NEEDED, &["dropDatabase", "grantRole", "validate"]].concat();
        let of = |role: &str| {
            let roles = vec![doc! { "role": role, "db": "shop" }];
            read(&status(roles, vec![on("shop", "", &own)]), "shop").broad
        };
        assert_eq!(
            of("dbAdmin"),
            ["the role dbAdmin@shop, which administers the database"]
        );
        assert_eq!(of("userAdmin"), ["the role userAdmin@shop"]);
        assert_eq!(
            of("appRole"),
            ["dropDatabase, grantRole on the database shop"]
        );
    }

    #[test]
    fn a_server_that_names_no_privileges_leaves_it_open() {
        assert_eq!(read(&status(vec![], vec![]), "shop").missing, None);
        let nobody = doc! { "authInfo": { "authenticatedUsers": [] }, "ok": 1.0 };
        assert!(!read(&nobody, "shop").logged_in);
    }
}
