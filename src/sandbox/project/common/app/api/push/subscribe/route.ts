import { getServerSession } from "next-auth";
import { authOptions } from "@/lib/auth";
import { database } from "@/lib/db";

export async function POST(request: Request) {
  const session = await getServerSession(authOptions);
  if (!session) {
    return Response.json({ error: "Sign in to be told of tasks" }, { status: 401 });
  }
  const { endpoint, keys } = await request.json();
  if (typeof endpoint !== "string" || !endpoint.startsWith("https://")) {
    return new Response(null, { status: 400 });
  }
  const owner = session.user?.email ?? "";
  const subscriptions = database().collection("subscriptions");
  await subscriptions.updateOne({ endpoint }, { $set: { owner, keys } }, { upsert: true });
  return new Response(null, { status: 201 });
}
