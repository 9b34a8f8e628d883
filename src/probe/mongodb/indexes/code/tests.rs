//! Shapes in which applications create indexes.

use super::*;

fn told(source: &str) -> Vec<String> {
    let read = read(source, "src/db.ts").unwrap();
    assert_eq!(read.unread, [0; 0], "{source}");
    read.asked.iter().map(ToString::to_string).collect()
}

fn unread(source: &str) -> Vec<usize> {
    read(source, "src/db.ts").unwrap().unread
}

#[test]
fn the_driver_for_node() {
    let source = r#"
import clientPromise from './mongodb';
const COLLECTION = 'user_preferences' as const;
export async function ensureIndexes() {
  const db = (await clientPromise).db(process.env.MONGODB_DB);
  await db.collection<Task>('tasks').createIndex({ userId: 1, createdAt: -1 });
  const preferences = db.collection(COLLECTION);
  await Promise.all([
    preferences.createIndex({ userId: 1 }, { unique: true, background: true }),
    db.collection("journal").createIndexes([{ key: { userId: 1, date: -1 }, name: 'by_date' }, { key: { at: 1 }, expireAfterSeconds: 60 * 60 * 24 }]),
    (await getCollection('rewards')).createIndex('userId'),
  ]);
}
"#;
    assert_eq!(
        told(source),
        [
            "tasks { userId: 1, createdAt: -1 } (src/db.ts:6)",
            "user_preferences { userId: 1 } unique (src/db.ts:9)",
            "journal { userId: 1, date: -1 } (src/db.ts:10)",
            "journal { at: 1 } expiring after 86400 s (src/db.ts:10)",
            "rewards { userId: 1 } (src/db.ts:11)",
        ]
    );
}

#[test]
fn schemas_of_mongoose() {
    let source = r#"
const taskSchema = new Schema({ userId: String });
taskSchema.index({ userId: 1, createdAt: -1 });
const entrySchema = new Schema({}, { collection: 'journal', timestamps: true });
entrySchema.index({ userId: 1, date: -1 }, { unique: true });
export default mongoose.models.Task || mongoose.model<ITask>('Task', taskSchema);
"#;
    assert_eq!(
        told(source),
        [
            "tasks { userId: 1, createdAt: -1 } (src/db.ts:3)",
            "journal { userId: 1, date: -1 } unique (src/db.ts:5)",
        ]
    );
}

#[test]
fn what_is_not_written_there_is_said() {
    assert_eq!(unread("db.collection(name).createIndex({ a: 1 })"), [1]);
    assert_eq!(unread("db.collection('a').createIndex(keys)"), [1]);
    assert_eq!(unread("\nthis.tasks.createIndex({ a: 1 }, options)"), [2]);
    assert_eq!(unread("otherSchema.index({ a: 1 })"), [1]);
}

#[test]
fn other_methods_of_these_names_are_left_alone() {
    for source in [
        "search.index('tasks')",
        "algolia.index({ name: 'x' })",
        "list.index(0)",
        "a.index()",
    ] {
        let read = read(source, "src/a.ts").unwrap();
        assert!(read.asked.is_empty() && read.unread.is_empty(), "{source}");
    }
}

#[test]
fn what_is_no_code_is_told() {
    assert!(read("db.collection('a').createIndex({", "src/a.ts").is_err());
}

#[test]
fn plurals_of_ordinary_words() {
    for (model, collection) in [
        ("Task", "tasks"),
        ("Entry", "entries"),
        ("Day", "days"),
        ("Box", "boxes"),
    ] {
        assert_eq!(plural(model), collection);
    }
}
