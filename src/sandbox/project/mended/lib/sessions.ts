import { database } from "@/lib/db";

// Seconds that a session lives.
export const life = 24 * 60 * 60;

// Sessions that were signed out: a token holds until it ends, whoever has copied it.
const ended = () => database().collection<{ _id: string; until: Date }>("ended");

export async function end(id: unknown) {
  if (typeof id !== "string") return;
  await ended().insertOne({ _id: id, until: new Date(Date.now() + life * 1000) });
}

export async function isEnded(id: unknown) {
  return typeof id === "string" && (await ended().findOne({ _id: id })) !== null;
}
