//! The three sources against one database, without one.

use super::*;

fn asked(collection: &str, key: Value, options: Value, place: &str) -> Asked {
    Asked {
        collection: collection.into(),
        index: Index::new(&key, Some(&options)).unwrap(),
        place: place.into(),
    }
}

fn database(entries: &[(&str, Option<Vec<Index>>)]) -> Present {
    Present {
        collections: entries
            .iter()
            .map(|(name, indexes)| ((*name).to_owned(), indexes.clone()))
            .collect(),
        cause: None,
    }
}

fn survey() -> Survey {
    Survey {
        required: vec![
            asked(
                "tasks",
                json!({ "userId": 1, "createdAt": -1 }),
                json!({}),
                "a.ts:1",
            ),
            asked(
                "user_preferences",
                json!({ "userId": 1 }),
                json!({ "unique": true }),
                "a.ts:2",
            ),
        ],
        documented: vec![
            asked(
                "tasks",
                json!({ "userId": 1, "createdAt": -1 }),
                json!({}),
                "D.md:64",
            ),
            asked(
                "journal",
                json!({ "userId": 1, "mood": 1 }),
                json!({}),
                "D.md:67",
            ),
        ],
        ..Survey::default()
    }
}

#[test]
fn all_that_code_creates_is_there() {
    let [tasks, preferences] = survey().required.try_into().unwrap();
    let present = database(&[
        ("tasks", Some(vec![tasks.index])),
        ("user_preferences", Some(vec![preferences.index])),
        ("journal", Some(vec![])),
    ]);
    let facts = compare(&survey(), &present);
    assert_eq!(facts["ok"], true);
    assert_eq!(
        facts["documented_only"],
        json!(["journal { userId: 1, mood: 1 } (D.md:67)"])
    );
}

#[test]
fn missing_differing_and_unborn_are_told_apart() {
    let plain = Index::new(&json!({ "userId": 1 }), None).unwrap();
    let present = database(&[
        ("tasks", Some(vec![])),
        ("user_preferences", Some(vec![plain])),
    ]);
    let facts = compare(&survey(), &present);
    assert_eq!(facts["ok"], false);
    assert_eq!(
        facts["missing"],
        json!(["tasks { userId: 1, createdAt: -1 } (a.ts:1)"])
    );
    assert!(
        facts["differing"][0]
            .as_str()
            .unwrap()
            .contains("not unique")
    );
    let fresh = database(&[("tasks", None), ("user_preferences", None)]);
    let facts = compare(&survey(), &fresh);
    assert_eq!(facts["ok"], Value::Null);
    assert_eq!(facts["unborn"], json!(["tasks", "user_preferences"]));
}

#[test]
fn one_right_index_among_several_is_enough() {
    let [tasks, preferences] = survey().required.try_into().unwrap();
    let plain = Index::new(&json!({ "userId": 1 }), None).unwrap();
    let present = database(&[
        ("tasks", Some(vec![tasks.index])),
        ("user_preferences", Some(vec![plain, preferences.index])),
    ]);
    assert_eq!(compare(&survey(), &present)["ok"], true);
}

#[test]
fn what_could_not_be_listed_is_open() {
    let present = Present {
        cause: Some("the user lacks listIndexes".into()),
        ..Present::default()
    };
    assert_eq!(compare(&survey(), &present)["ok"], Value::Null);
}

#[test]
fn the_parameter_is_read_with_its_options() {
    let given = |text: &str| {
        let parameters = json!({ "required": [text] });
        required(parameters.as_object().unwrap())
    };
    let one = given("tasks { userId: 1, createdAt: -1 } unique ttl=60").unwrap();
    assert_eq!(one[0].collection, "tasks");
    assert_eq!(
        one[0].index.to_string(),
        "{ userId: 1, createdAt: -1 } unique expiring after 60 s"
    );
    assert!(given("tasks").is_err());
    assert!(given("tasks { userId: 1 } sometimes").is_err());
}

#[test]
fn what_the_database_tells_is_compared_by_value() {
    use mongodb::bson::doc;
    let model = IndexModel::builder()
        .keys(doc! { "userId": 1.0, "createdAt": -1_i64 })
        .build();
    assert_eq!(
        existing(&model).unwrap().to_string(),
        "{ userId: 1, createdAt: -1 }"
    );
    let text = IndexModel::builder()
        .keys(doc! { "_fts": "text", "_ftsx": 1 })
        .options(
            mongodb::options::IndexOptions::builder()
                .weights(doc! { "title": 1 })
                .build(),
        )
        .build();
    assert_eq!(existing(&text).unwrap().to_string(), "{ title: text }");
}
