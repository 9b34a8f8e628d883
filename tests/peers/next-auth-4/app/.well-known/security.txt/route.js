// Whoever asks gets half a year (RFC 9116 section 2.5.5).
export const dynamic = "force-dynamic";

export function GET() {
  const expires = new Date(Date.now() + 180 * 86_400_000).toISOString();
  return new Response(`Contact: mailto:security@tasks.test\nExpires: ${expires}\nPreferred-Languages: en\n`, {
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
