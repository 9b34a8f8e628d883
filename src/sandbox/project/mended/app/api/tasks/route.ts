import { getServerSession } from "next-auth";
import { authOptions } from "@/lib/auth";
import { openTasks } from "@/lib/tasks";

export async function GET() {
  const session = await getServerSession(authOptions);
  if (!session) {
    return Response.json({ error: "Sign in to see tasks" }, { status: 401 });
  }
  const tasks = await openTasks(session.user?.email ?? "");
  return Response.json({ tasks });
}
