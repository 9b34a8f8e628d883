import { database } from "@/lib/db";

type Task = { owner: string; title: string; done: boolean };

const pageSize = Number(process.env.TASKS_PAGE_SIZE ?? "20");

function tasks() {
  return database().collection<Task>("tasks");
}

export function openTasks(owner: string) {
  return tasks().find({ owner, done: false }).limit(pageSize).toArray();
}

export function openByOwner() {
  const open = [{ $match: { done: false } }, { $group: { _id: "$owner", open: { $sum: 1 } } }];
  return tasks().aggregate<{ _id: string; open: number }>(open).toArray();
}
