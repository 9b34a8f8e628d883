import { MongoClient } from "mongodb";

export const client = new MongoClient(process.env.MONGODB_URI!);

export function database() {
  return client.db(process.env.MONGODB_DB!);
}

export async function createIndexes() {
  const db = database();
  await db.collection("tasks").createIndex({ owner: 1, done: 1 });
  await db.collection("subscriptions").createIndex({ endpoint: 1 }, { unique: true });
  await db.collection("ended").createIndex({ until: 1 }, { expireAfterSeconds: 0 });
}
