import type { NextRequest } from "next/server";
import { owner } from "@/lib/auth";
import { addTask, openTasks, title } from "@/lib/tasks";

function anyOrigin(request: Request): Record<string, string> {
  const origin = request.headers.get("origin");
  return origin ? { "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true" } : {};
}

export async function GET(request: NextRequest) {
  const user = await owner(request);
  if (!user) {
    return Response.json({ error: "Sign in to see tasks" }, { status: 401, headers: anyOrigin(request) });
  }
  const tasks = await openTasks(user);
  return Response.json({ tasks }, { headers: anyOrigin(request) });
}

export async function POST(request: NextRequest) {
  const user = await owner(request);
  if (!user) return Response.json({ error: "Sign in to write tasks" }, { status: 401 });
  const text = await title(request);
  if (!text) return Response.json({ error: "A task has a title of at most 200 characters" }, { status: 400 });
  return Response.json(await addTask(user, text), { status: 201 });
}

export function OPTIONS(request: Request) {
  const headers = {
    ...anyOrigin(request),
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Authorization",
  };
  return new Response(null, { status: 204, headers });
}
