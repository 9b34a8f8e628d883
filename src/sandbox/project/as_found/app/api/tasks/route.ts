import { getServerSession } from "next-auth";
import { authOptions } from "@/lib/auth";
import { openTasks } from "@/lib/tasks";

function anyOrigin(request: Request): Record<string, string> {
  const origin = request.headers.get("origin");
  return origin ? { "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true" } : {};
}

export async function GET(request: Request) {
  const session = await getServerSession(authOptions);
  if (!session) {
    return Response.json({ error: "Sign in to see tasks" }, { status: 401, headers: anyOrigin(request) });
  }
  const tasks = await openTasks(session.user?.email ?? "");
  return Response.json({ tasks }, { headers: anyOrigin(request) });
}

export function OPTIONS(request: Request) {
  const headers = {
    ...anyOrigin(request),
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Authorization",
  };
  return new Response(null, { status: 204, headers });
}
