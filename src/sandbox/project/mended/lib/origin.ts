// Browsers say which page a request comes from that may change something. SameSite=Lax alone lets in sibling subdomains.
export function isForeign(request: Request) {
  const origin = request.headers.get("origin");
  return origin !== null && origin !== process.env.NEXTAUTH_URL;
}

export const foreign = () => Response.json({ error: "Tasks are written from this site" }, { status: 403 });
