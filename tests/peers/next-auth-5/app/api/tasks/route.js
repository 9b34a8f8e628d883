import { currentSession } from "../../../lib/auth";
import { store } from "../../../lib/store";

export const dynamic = "force-dynamic";

const signIn = () => Response.json({ error: "Sign in to see tasks" }, { status: 401 });

export async function GET() {
  const session = await currentSession();
  if (!session) return signIn();
  return Response.json({ tasks: store.tasks.filter(({ owner }) => owner === session.user.id) });
}

export async function POST(request) {
  const session = await currentSession();
  if (!session) return signIn();
  const body = await request.json().catch(() => null);
  if (typeof body?.title !== "string" || body.title.length > 200) {
    return Response.json({ error: "A task has a title of at most 200 characters" }, { status: 400 });
  }
  const task = { id: crypto.randomUUID(), owner: session.user.id, title: body.title };
  store.tasks.push(task);
  return Response.json(task, { status: 201 });
}
