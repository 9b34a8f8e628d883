import { cookies } from "next/headers";

export default async function SignIn() {
  const jar = await cookies();
  const cookie = jar.getAll().find(({ name }) => name.endsWith("next-auth.csrf-token"));
  return (
    <form method="post" action="/api/auth/callback/credentials">
      <h1>Sign in</h1>
      <input type="hidden" name="csrfToken" value={cookie?.value.split("|")[0]} />
      <label htmlFor="password">Password</label>
      <input id="password" name="password" type="password" autoComplete="current-password" required />
      <button type="submit">Sign in</button>
    </form>
  );
}
