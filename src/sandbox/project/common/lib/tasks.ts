import { MongoClient } from "mongodb";
import { sendSummary } from "@/lib/mail";

const client = new MongoClient(process.env.MONGODB_URI!);
const pageSize = Number(process.env.TASKS_PAGE_SIZE ?? "20");

export async function openTasks(email: string) {
  const tasks = await client.db().collection("tasks").find({ done: false }).limit(pageSize).toArray();
  if (tasks.length === pageSize) {
    await sendSummary(email, tasks.length);
  }
  return tasks;
}
