import { currentSession } from "../../../lib/auth";

export const dynamic = "force-dynamic";

export async function POST(request) {
  if (!(await currentSession())) return Response.json({ error: "Sign in first" }, { status: 401 });
  const key = process.env.GEMINI_API_KEY;
  if (!key) return Response.json({ error: "There is no key for the model" }, { status: 503 });
  const body = await request.json().catch(() => null);
  if (typeof body?.prompt !== "string") return Response.json({ error: "Ask something" }, { status: 400 });
  const base = process.env.GEMINI_BASE_URL ?? "https://generativelanguage.googleapis.com";
  const model = process.env.GEMINI_MODEL ?? "gemini-2.5-flash";
  const answer = await fetch(`${base}/v1beta/models/${model}:generateContent`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-goog-api-key": key },
    body: JSON.stringify({ contents: [{ parts: [{ text: body.prompt }] }] }),
  }).catch(() => null);
  if (!answer?.ok) return Response.json({ error: "The model did not answer" }, { status: 502 });
  const { candidates } = await answer.json();
  return Response.json({ text: candidates?.[0]?.content?.parts?.[0]?.text ?? "" });
}
