import { GoogleButton } from "@/components/GoogleButton";
import { cookies } from "next/headers";

export default async function SignIn() {
  const jar = await cookies();
  const cookie = jar.getAll().find(({ name }) => name.endsWith("next-auth.csrf-token"));
  const token = cookie?.value.split("|")[0];
  return (
    <>
      <h1>Sign in</h1>
      <form method="post" action="/api/auth/callback/credentials">
        <input type="hidden" name="csrfToken" value={token} />
        <label htmlFor="password">Password</label>
        <input id="password" name="password" type="password" autoComplete="current-password" required />
        <button type="submit">Sign in</button>
      </form>
      <form method="post" action="/api/auth/callback/guest">
        <input type="hidden" name="csrfToken" value={token} />
        <button type="submit">Look around as a guest</button>
      </form>
      <form method="post" action="/api/auth/signin/email">
        <input type="hidden" name="csrfToken" value={token} />
        <label htmlFor="email">Email</label>
        <input id="email" name="email" type="email" autoComplete="email" required />
        <button type="submit">Send me a link</button>
      </form>
      <GoogleButton />
    </>
  );
}
