import type { NextRequest } from "next/server";
import { owner } from "@/lib/auth";
import { foreign, isForeign } from "@/lib/origin";
import { addTask, openTasks, title } from "@/lib/tasks";

export async function GET(request: NextRequest) {
  const user = await owner(request);
  if (!user) return Response.json({ error: "Sign in to see tasks" }, { status: 401 });
  const tasks = await openTasks(user);
  return Response.json({ tasks });
}

export async function POST(request: NextRequest) {
  const user = await owner(request);
  if (!user) return Response.json({ error: "Sign in to write tasks" }, { status: 401 });
  if (isForeign(request)) return foreign();
  const text = await title(request);
  if (!text) return Response.json({ error: "A task has a title of at most 200 characters" }, { status: 400 });
  return Response.json(await addTask(user, text), { status: 201 });
}
