import { getServerSession } from "next-auth";
import { suggest } from "@/lib/ai";
import { authOptions } from "@/lib/auth";
import { openTasks } from "@/lib/tasks";

export async function POST() {
  const session = await getServerSession(authOptions);
  if (!session) {
    return Response.json({ error: "Sign in to be given suggestions" }, { status: 401 });
  }
  const tasks = await openTasks(session.user?.email ?? "");
  const suggestion = tasks.length === 0 ? null : await suggest(tasks.map((task) => task.title));
  return Response.json({ suggestion });
}
