import { currentSession } from "../../../../lib/auth";
import { store } from "../../../../lib/store";

export const dynamic = "force-dynamic";

export async function POST(request) {
  const session = await currentSession();
  if (!session) return Response.json({ error: "Sign in to be notified" }, { status: 401 });
  const subscription = await request.json().catch(() => null);
  if (!URL.canParse(subscription?.endpoint) || !subscription.keys?.p256dh || !subscription.keys?.auth) {
    return Response.json({ error: "This is no push subscription" }, { status: 400 });
  }
  store.subscriptions.set(subscription.endpoint, { owner: session.user.id, subscription });
  return Response.json({ subscribed: true }, { status: 201 });
}

export async function DELETE(request) {
  const session = await currentSession();
  if (!session) return Response.json({ error: "Sign in first" }, { status: 401 });
  const body = await request.json().catch(() => null);
  if (store.subscriptions.get(body?.endpoint)?.owner === session.user.id) {
    store.subscriptions.delete(body.endpoint);
  }
  return new Response(null, { status: 204 });
}
