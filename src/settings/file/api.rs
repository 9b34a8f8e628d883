//! The table `[api]`: which routes are public, and what a request to create something sends.

use super::path_of_request;
use crate::diagnostic::table::TableReader;
use crate::model::{Api, Collection};
use serde_json::Value;

/// Reads the table.
pub(super) fn api(table: &TableReader<'_>) -> Api {
    let public = table.texts("public").unwrap_or_default();
    for (path, span) in &public {
        if !path.starts_with('/') {
            let message = format!("'{path}' is not a path");
            table.wrong_at(span.clone(), message, "a path begins with a slash", "");
        }
    }
    let collections = table.tables("collection");
    Api {
        public: public.into_iter().map(|(path, _)| path).collect(),
        collections: collections.iter().filter_map(collection).collect(),
    }
}

fn collection(table: &TableReader<'_>) -> Option<Collection> {
    table.require(&["path"]);
    let path = path_of_request(table, "path");
    let item = path_of_request(table, "item").map(|item| item.value);
    let body = match table.json("body") {
        None => serde_json::Map::new(),
        Some(Value::Object(body)) => body,
        Some(_) => {
            let help = "write it as in body = { title = \"text\" }";
            table.wrong(
                "body",
                "'body' is not a table",
                "needs keys and values",
                help,
            );
            serde_json::Map::new()
        }
    };
    let field = table.text("field");
    if let Some(field) = &field
        && !body.is_empty()
        && !body.get(field).is_some_and(Value::is_string)
    {
        let message = format!("the body has no text under '{field}'");
        table.wrong("field", message, "names a key of the body", "");
    }
    let id = table.text("id");
    table.finish();
    Some(Collection {
        path: path?.value,
        item,
        body,
        field,
        id,
    })
}
