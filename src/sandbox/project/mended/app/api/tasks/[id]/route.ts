import type { NextRequest } from "next/server";
import { owner } from "@/lib/auth";
import { foreign, isForeign } from "@/lib/origin";
import { taskId, tasks, title } from "@/lib/tasks";

type Context = { params: Promise<{ id: string }> };

const signIn = () => Response.json({ error: "Sign in to see tasks" }, { status: 401 });
const missing = () => Response.json({ error: "There is no such task" }, { status: 404 });

export async function GET(request: NextRequest, { params }: Context) {
  const user = await owner(request);
  if (!user) return signIn();
  const { id } = await params;
  const task = await tasks().findOne({ _id: taskId(id), owner: user });
  return task ? Response.json(task) : missing();
}

export async function PUT(request: NextRequest, { params }: Context) {
  const user = await owner(request);
  if (!user) return signIn();
  if (isForeign(request)) return foreign();
  const { id } = await params;
  const text = await title(request);
  if (!text) return Response.json({ error: "A task has a title of at most 200 characters" }, { status: 400 });
  const changed = await tasks().findOneAndUpdate({ _id: taskId(id), owner: user }, { $set: { title: text } }, { returnDocument: "after" });
  return changed ? Response.json(changed) : missing();
}

export async function DELETE(request: NextRequest, { params }: Context) {
  const user = await owner(request);
  if (!user) return signIn();
  if (isForeign(request)) return foreign();
  const { id } = await params;
  const { deletedCount } = await tasks().deleteOne({ _id: taskId(id), owner: user });
  return deletedCount ? new Response(null, { status: 204 }) : missing();
}
