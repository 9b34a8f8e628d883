export async function POST(request: Request) {
  console.warn("policy violation", (await request.text()).slice(0, 4096));
  return new Response(null, { status: 204 });
}
