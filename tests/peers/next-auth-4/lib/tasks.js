import { MongoClient, ObjectId } from "mongodb";
import { currentSession } from "./auth";
import { broken } from "./broken";

// One client for all routes, which are bundles of their own in one process.
function tasks() {
  const uri = process.env.MONGODB_URI ?? "";
  globalThis.tasksClient ??= new MongoClient(uri);
  return globalThis.tasksClient.db().collection("tasks");
}

const json = (body, status = 200) => {
  const type = broken("html") ? "text/html" : "application/json";
  return new Response(JSON.stringify(body), { status, headers: { "content-type": type } });
};
const refuse = (status, error) => Response.json({ error }, { status });
const own = (filter, userId, fault) => (broken(fault) ? filter : { ...filter, userId });

function isTitle(title) {
  if (broken("operators") && title !== null && typeof title === "object" && !Array.isArray(title)) return true;
  return typeof title === "string" && title.length > 0 && title.length <= 200;
}

// Sent by a page of another origin; what sends no Origin is no browser.
function isForeign(request) {
  const origin = request.headers.get("origin");
  const own = new URL(process.env.NEXTAUTH_URL ?? process.env.AUTH_URL ?? request.url).origin;
  return origin !== null && origin !== own && !broken("foreign-origin");
}

async function bodyOf(request) {
  const type = request.headers.get("content-type") ?? "";
  if (broken("forms") && type.includes("urlencoded")) return Object.fromEntries(await request.formData());
  return request.json().catch(() => null);
}

// Who asks, and with which body; or the refusal.
async function asked(request, reads = false) {
  const session = await currentSession();
  const open = request.method === "DELETE" && broken("no-session-on-delete");
  if (!session && !open) return { refusal: refuse(401, "Sign in first") };
  if (!process.env.MONGODB_URI) return { refusal: refuse(503, "There is no database") };
  if (request.method !== "GET" && isForeign(request)) return { refusal: refuse(403, "Not from another site") };
  const body = reads ? await bodyOf(request) : {};
  if (reads && !isTitle(body?.title)) {
    return { refusal: refuse(400, "A task has a title of at most 200 characters") };
  }
  return { userId: session?.user.id, body };
}

export async function list(request) {
  const { refusal, userId } = await asked(request);
  if (refusal) return refusal;
  return json({ tasks: await tasks().find(own({}, userId, "list")).limit(100).toArray() });
}

export async function create(request) {
  const { refusal, userId, body } = await asked(request, true);
  if (refusal) return refusal;
  const task = broken("spread-new") ? { ...body, userId } : { title: body.title, done: false, userId };
  const { insertedId } = await tasks().insertOne(task);
  return json({ ...task, _id: insertedId }, 201);
}

export async function one(request, { params }) {
  const change = request.method === "PUT";
  const { refusal, userId, body } = await asked(request, change);
  if (refusal) return refusal;
  const { id } = await params;
  const missing = refuse(404, "There is no such task");
  if (!ObjectId.isValid(id)) return missing;
  const _id = new ObjectId(id);
  if (request.method === "DELETE") {
    const mine = userId ? own({ _id }, userId, "delete") : { _id };
    const { deletedCount } = await tasks().deleteOne(mine);
    return deletedCount ? new Response(null, { status: 204 }) : missing;
  }
  if (change) {
    const set = broken("spread-change") ? body : { title: body.title };
    const { matchedCount } = await tasks().updateOne(own({ _id }, userId, "change"), { $set: set });
    return matchedCount ? json({ ok: true }) : missing;
  }
  const task = await tasks().findOne(own({ _id }, userId, "read"));
  return task ? json(task) : missing;
}
