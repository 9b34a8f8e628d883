import { ObjectId } from "mongodb";
import { database } from "@/lib/db";

type Task = { owner: string; title: string; done: boolean };

const pageSize = Number(process.env.TASKS_PAGE_SIZE ?? "20");

export function tasks() {
  return database().collection<Task>("tasks");
}

export function openTasks(owner: string) {
  return tasks().find({ owner, done: false }).limit(pageSize).toArray();
}

export function openByOwner() {
  const open = [{ $match: { done: false } }, { $group: { _id: "$owner", open: { $sum: 1 } } }];
  return tasks().aggregate<{ _id: string; open: number }>(open).toArray();
}

export async function addTask(owner: string, title: string) {
  const task = { owner, title, done: false };
  const { insertedId } = await tasks().insertOne(task);
  return { ...task, _id: insertedId };
}

// An id that is none finds nothing.
export function taskId(id: string) {
  return ObjectId.isValid(id) ? new ObjectId(id) : new ObjectId();
}

export async function title(request: Request) {
  const body = await request.json().catch(() => null);
  const given = body?.title;
  return typeof given === "string" && given.length > 0 && given.length <= 200 ? given : null;
}
