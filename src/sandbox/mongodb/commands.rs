//! What the server answers to each command, and what its faults make of the answers.

use super::store::created;
use super::{DATABASE, Fault, REPLICA_SET, Shared, USER, scram};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};

/// Commands that need no login.
const OPEN: &[&str] = &[
    "hello",
    "isMaster",
    "ismaster",
    "ping",
    "buildInfo",
    "saslStart",
    "saslContinue",
    "connectionStatus",
    "endSessions",
    "logout",
];
/// Commands that change something.
const WRITES: &[&str] = &["insert", "update", "delete", "createIndexes", "drop"];

/// One connection's conversation.
pub(super) struct Session<'s> {
    shared: &'s Shared,
    exchange: Option<scram::Exchange>,
    logged_in: bool,
}

impl<'s> Session<'s> {
    pub(super) fn new(shared: &'s Shared) -> Self {
        Self {
            shared,
            exchange: None,
            logged_in: false,
        }
    }

    /// The answer to a command; none where it is to be left without one.
    pub(super) fn answer(&mut self, command: &Document) -> Option<Document> {
        let name = command.keys().next().map_or("", String::as_str);
        self.shared.store.note(name);
        let faults = &self.shared.faults;
        let concerns = |fault: &Fault| match fault {
            Fault::Forbids(what) | Fault::Withholds(what) | Fault::Unknown(what) => *what == name,
            _ => false,
        };
        match faults.iter().find(|fault| concerns(fault)) {
            Some(Fault::Withholds(_)) => return None,
            Some(Fault::Unknown(_)) => {
                return Some(refusal(
                    59,
                    "CommandNotFound",
                    &format!("no such command: '{name}'"),
                ));
            }
            Some(_) => return Some(unauthorized(command, name)),
            None => {}
        }
        let anyone = self.shared.has(&Fault::AcceptsAnyone);
        if !OPEN.contains(&name) && !self.logged_in && !anyone {
            let text = format!("Command {name} requires authentication");
            return Some(refusal(13, "Unauthorized", &text));
        }
        if WRITES.contains(&name) && self.shared.has(&Fault::ReadOnly) {
            return Some(unauthorized(command, name));
        }
        if matches!(name, "createIndexes" | "insert" | "update")
            && self.shared.has(&Fault::QuotaReached)
        {
            let text = "you are over your space quota, using 512 MB of 512 MB";
            return Some(refusal(8000, "AtlasError", text));
        }
        let mut answer = self.obey(name, command);
        let concern = faults.iter().find_map(|fault| match fault {
            Fault::WriteConcern(code) => Some(*code),
            _ => None,
        });
        if let (Some(code), "insert" | "update" | "delete") = (concern, name) {
            let (word, text) = match code {
                100 => ("UnsatisfiableWriteConcern", "Not enough data-bearing nodes"),
                _ => ("WriteConcernTimeout", "waiting for replication timed out"),
            };
            let error = doc! { "code": code, "codeName": word, "errmsg": text };
            answer.insert("writeConcernError", error);
        }
        Some(answer)
    }

    fn obey(&mut self, name: &str, command: &Document) -> Document {
        let database = command.get_str("$db").unwrap_or("admin");
        let collection = command.get_str(name).unwrap_or_default();
        match name {
            "hello" | "isMaster" | "ismaster" => self.hello(command),
            "ping" | "endSessions" | "logout" => done(),
            "buildInfo" => doc! { "version": "7.0.14", "versionArray": [7, 0, 14, 0], "ok": 1.0 },
            "saslStart" => self.sasl_start(command),
            "saslContinue" => self.sasl_continue(command),
            "connectionStatus" => self.connection_status(),
            "listDatabases" => doc! {
                "databases": [{ "name": DATABASE, "sizeOnDisk": 8192_i64, "empty": false }],
                "totalSize": 8192_i64,
                "ok": 1.0,
            },
            "listCollections" => self.list_collections(database, command),
            "insert" => self.insert(database, collection, command),
            "find" => self.find(database, collection, command),
            "update" => self.update(database, collection, command),
            "delete" => self.delete(database, collection, command),
            "count" => {
                let filter = command.get_document("query").cloned().unwrap_or_default();
                doc! { "n": self.count(database, collection, &filter), "ok": 1.0 }
            }
            "aggregate" => self.aggregate(database, collection, command),
            "createIndexes" => self.create_indexes(database, collection, command),
            "listIndexes" => self.list_indexes(database, collection),
            "drop" => {
                let key = (database.to_owned(), collection.to_owned());
                match self.shared.store.open().remove(&key) {
                    Some(_) => done(),
                    None => refusal(26, "NamespaceNotFound", "ns not found"),
                }
            }
            other => refusal(
                59,
                "CommandNotFound",
                &format!("no such command: '{other}'"),
            ),
        }
    }

    /// Without `topologyVersion`, so that drivers ask again instead of waiting for news.
    fn hello(&self, command: &Document) -> Document {
        let mut answer = doc! {
            "helloOk": true,
            "isWritablePrimary": true,
            "maxBsonObjectSize": 16_777_216,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": DateTime::from_millis(0),
            "logicalSessionTimeoutMinutes": 30,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": false,
            "ok": 1.0,
        };
        if command.contains_key("saslSupportedMechs") {
            answer.insert("saslSupportedMechs", ["SCRAM-SHA-256"].as_slice());
        }
        if !self.shared.has(&Fault::Standalone) {
            let address = self.shared.address.to_string();
            let primary = !self.shared.has(&Fault::NoPrimary);
            answer.insert("isWritablePrimary", primary);
            answer.insert("secondary", !primary);
            answer.insert("setName", REPLICA_SET);
            answer.insert("setVersion", 1);
            answer.insert("hosts", [address.as_str()].as_slice());
            answer.insert("me", address);
        }
        answer
    }

    fn sasl_start(&mut self, command: &Document) -> Document {
        if command.get_str("mechanism").unwrap_or_default() != "SCRAM-SHA-256" {
            return refusal(334, "MechanismUnavailable", "only SCRAM-SHA-256 is offered");
        }
        let first = payload(command);
        match self.shared.credentials.begin(&first) {
            Some((exchange, answer)) => {
                self.exchange = Some(exchange);
                sasl(&answer, false)
            }
            None => denied(),
        }
    }

    fn sasl_continue(&mut self, command: &Document) -> Document {
        if self.shared.has(&Fault::RefusesAuthentication) {
            return denied();
        }
        let Some(exchange) = self.exchange.take() else {
            return refusal(17, "ProtocolError", "No SASL session state found");
        };
        match self.shared.credentials.finish(&exchange, &payload(command)) {
            Some(answer) => {
                self.logged_in = true;
                sasl(&answer, true)
            }
            None => denied(),
        }
    }

    fn connection_status(&self) -> Document {
        let mut info = doc! {
            "authenticatedUsers": [],
            "authenticatedUserRoles": [],
            "authenticatedUserPrivileges": [],
        };
        if self.logged_in {
            info.insert(
                "authenticatedUsers",
                [doc! { "user": USER, "db": "admin" }].as_slice(),
            );
            let (roles, privileges) = self.rights();
            info.insert("authenticatedUserRoles", roles.as_slice());
            info.insert("authenticatedUserPrivileges", privileges.as_slice());
        }
        doc! { "authInfo": info, "ok": 1.0 }
    }

    fn rights(&self) -> (Vec<Document>, Vec<Document>) {
        let reads = ["find", "listIndexes", "listCollections", "collStats"];
        let writes = [
            "insert",
            "update",
            "remove",
            "createIndex",
            "dropIndex",
            "dropCollection",
        ];
        let both = [reads.as_slice(), writes.as_slice()].concat();
        let on = |database: &str, actions: &[&str]| doc! { "resource": { "db": database, "collection": "" }, "actions": actions };
        if self.shared.has(&Fault::SilentAboutPrivileges) {
            (Vec::new(), Vec::new())
        } else if self.shared.has(&Fault::BroadRoles) {
            let role = doc! { "role": "atlasAdmin", "db": "admin" };
            (vec![role], vec![on("", &both)])
        } else if let Some(role) = self.shared.administrator() {
            let role = doc! { "role": role, "db": DATABASE };
            let all = [both.as_slice(), &["dropDatabase"]].concat();
            (vec![role], vec![on(DATABASE, &all)])
        } else if self.shared.has(&Fault::OneCollection) {
            let role = doc! { "role": "tasksOnly", "db": "admin" };
            let resource = doc! { "db": DATABASE, "collection": "tasks" };
            (
                vec![role],
                vec![doc! { "resource": resource, "actions": both.as_slice() }],
            )
        } else if self.shared.has(&Fault::ReadOnly) {
            let role = doc! { "role": "read", "db": DATABASE };
            (vec![role], vec![on(DATABASE, &reads)])
        } else {
            let role = doc! { "role": "readWrite", "db": DATABASE };
            (vec![role], vec![on(DATABASE, &both)])
        }
    }

    fn list_collections(&self, database: &str, command: &Document) -> Document {
        let wanted = command
            .get_document("filter")
            .ok()
            .and_then(|filter| filter.get_str("name").ok());
        let collections = self.shared.store.open();
        let names = collections
            .keys()
            .filter(|(owner, name)| owner == database && wanted.is_none_or(|it| it == name))
            .map(|(_, name)| doc! { "name": name, "type": "collection", "options": {}, "info": { "readOnly": false } });
        cursor(database, "$cmd.listCollections", names.collect())
    }

    fn insert(&self, database: &str, collection: &str, command: &Document) -> Document {
        let documents = documents(command, "documents");
        let mut collections = self.shared.store.open();
        let kept = &mut created(&mut collections, database, collection).documents;
        let number = count(documents.len());
        kept.extend(documents);
        doc! { "n": number, "ok": 1.0 }
    }

    fn find(&self, database: &str, collection: &str, command: &Document) -> Document {
        let filter = command.get_document("filter").cloned().unwrap_or_default();
        let key = (database.to_owned(), collection.to_owned());
        let mut collections = self.shared.store.open();
        let mut found: Vec<Document> = collections
            .get_mut(&key)
            .map(|collection| {
                collection
                    .matching(&filter)
                    .map(|one| one.clone())
                    .collect()
            })
            .unwrap_or_default();
        if self.shared.has(&Fault::WrongData) {
            for document in &mut found {
                document.insert("n", -1_i64);
            }
        }
        cursor(database, collection, found)
    }

    fn update(&self, database: &str, collection: &str, command: &Document) -> Document {
        let mut collections = self.shared.store.open();
        let key = (database.to_owned(), collection.to_owned());
        let mut changed = 0;
        if let Some(collection) = collections.get_mut(&key) {
            for update in documents(command, "updates") {
                let filter = update.get_document("q").cloned().unwrap_or_default();
                let set = update
                    .get_document("u")
                    .and_then(|change| change.get_document("$set"))
                    .cloned()
                    .unwrap_or_default();
                if let Some(document) = collection.matching(&filter).next() {
                    document.extend(set);
                    changed += 1;
                }
            }
        }
        doc! { "n": changed, "nModified": changed, "ok": 1.0 }
    }

    fn delete(&self, database: &str, collection: &str, command: &Document) -> Document {
        let mut collections = self.shared.store.open();
        let key = (database.to_owned(), collection.to_owned());
        let mut gone = 0;
        if let Some(collection) = collections.get_mut(&key) {
            for delete in documents(command, "deletes") {
                let filter = delete.get_document("q").cloned().unwrap_or_default();
                let limit = delete.get_i32("limit").unwrap_or(0);
                gone += collection.delete(&filter, usize::try_from(limit).unwrap_or(0));
            }
        }
        doc! { "n": count(gone), "ok": 1.0 }
    }

    fn count(&self, database: &str, collection: &str, filter: &Document) -> i32 {
        let key = (database.to_owned(), collection.to_owned());
        let mut collections = self.shared.store.open();
        let found = collections
            .get_mut(&key)
            .map_or(0, |collection| collection.matching(filter).count());
        count(found)
    }

    /// `$match` and a `$group` that counts, as drivers count documents.
    fn aggregate(&self, database: &str, collection: &str, command: &Document) -> Document {
        let filter = documents(command, "pipeline")
            .iter()
            .find_map(|stage| stage.get_document("$match").ok().cloned())
            .unwrap_or_default();
        let found = match self.count(database, collection, &filter) {
            0 => vec![],
            number => vec![doc! { "_id": 1, "n": number }],
        };
        cursor(database, collection, found)
    }

    fn create_indexes(&self, database: &str, collection: &str, command: &Document) -> Document {
        let mut collections = self.shared.store.open();
        let collection = created(&mut collections, database, collection);
        let before = count(collection.indexes.len());
        for index in documents(command, "indexes") {
            collection.add_index(index);
        }
        let after = count(collection.indexes.len());
        doc! { "numIndexesBefore": before, "numIndexesAfter": after, "createdCollectionAutomatically": false, "ok": 1.0 }
    }

    fn list_indexes(&self, database: &str, collection: &str) -> Document {
        let key = (database.to_owned(), collection.to_owned());
        match self.shared.store.open().get(&key) {
            Some(found) => cursor(database, collection, found.indexes.clone()),
            None => refusal(
                26,
                "NamespaceNotFound",
                &format!("ns does not exist: {database}.{collection}"),
            ),
        }
    }
}

fn done() -> Document {
    doc! { "ok": 1.0 }
}

fn refusal(code: i32, name: &str, text: &str) -> Document {
    doc! { "ok": 0.0, "errmsg": text, "code": code, "codeName": name }
}

fn denied() -> Document {
    refusal(18, "AuthenticationFailed", "Authentication failed.")
}

fn unauthorized(command: &Document, name: &str) -> Document {
    let database = command.get_str("$db").unwrap_or("admin");
    let text = format!("not authorized on {database} to execute command {{ {name}: 1 }}");
    refusal(13, "Unauthorized", &text)
}

fn sasl(answer: &str, done: bool) -> Document {
    let payload = Binary {
        subtype: BinarySubtype::Generic,
        bytes: answer.as_bytes().to_vec(),
    };
    doc! { "conversationId": 1, "done": done, "payload": payload, "ok": 1.0 }
}

fn payload(command: &Document) -> String {
    command
        .get_binary_generic("payload")
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .unwrap_or_default()
}

fn documents(command: &Document, field: &str) -> Vec<Document> {
    let items = command.get_array(field).into_iter().flatten();
    items.filter_map(Bson::as_document).cloned().collect()
}

fn cursor(database: &str, collection: &str, batch: Vec<Document>) -> Document {
    let namespace = format!("{database}.{collection}");
    doc! { "cursor": { "id": 0_i64, "ns": namespace, "firstBatch": batch }, "ok": 1.0 }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
