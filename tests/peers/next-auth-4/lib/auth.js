import { scryptSync } from "node:crypto";
import { getServerSession } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import EmailProvider from "next-auth/providers/email";
import GoogleProvider from "next-auth/providers/google";
import { adapter } from "./adapter";
import { broken } from "./broken";
import { store } from "./store";

// One password opens every account, or that of TASKS_USER alone where it is set. Hashing takes its time.
async function signIn({ username, password }) {
  const { env } = process;
  const known = username === (env.TASKS_USER ?? username);
  if (!known && broken("tells-unknown")) throw new Error("There is no such user");
  if (known || !broken("hashes-known-only")) scryptSync(password ?? "", "salt", 32, { N: 2 ** 15, maxmem: 2 ** 26 });
  return known && password === env.TASKS_PASSWORD ? { id: username, name: username } : null;
}

// Read when a request comes, because the application is built once and started with many settings.
export function authOptions() {
  const { env } = process;
  const maxAge = Number(env.SESSION_MAX_AGE ?? 30 * 24 * 3600);
  const providers = [
    CredentialsProvider({
      id: "guest",
      name: "Guest",
      credentials: {},
      authorize: async () => ({ id: crypto.randomUUID(), name: "Guest", email: "guest@tasks.invalid" }),
    }),
  ];
  if (env.TASKS_PASSWORD) {
    providers.push(
      CredentialsProvider({
        id: "password",
        name: "Password",
        credentials: { username: {}, password: { type: "password" } },
        authorize: signIn,
      }),
    );
  }
  if (env.GOOGLE_CLIENT_ID) {
    const issuer = env.GOOGLE_ISSUER ?? "https://accounts.google.com";
    providers.push(
      GoogleProvider({
        clientId: env.GOOGLE_CLIENT_ID,
        clientSecret: env.GOOGLE_CLIENT_SECRET,
        issuer,
        wellKnown: `${issuer}/.well-known/openid-configuration`,
      }),
    );
  }
  if (env.EMAIL_SERVER) {
    providers.push(EmailProvider({ server: env.EMAIL_SERVER, from: env.EMAIL_FROM }));
  }
  return {
    adapter,
    providers,
    secret: env.NEXTAUTH_SECRET,
    session: { strategy: env.SESSION_STRATEGY ?? "jwt", maxAge },
    // NextAuth 4 gives tokens 30 days, whatever session.maxAge says.
    jwt: { maxAge },
    // A token of a session that was signed out is good for nothing, also where somebody has copied it.
    events: {
      signOut: ({ token }) => {
        if (token?.sid) store.ended.add(token.sid);
      },
    },
    callbacks: {
      jwt: ({ token, user }) => {
        if (user) token.sid = crypto.randomUUID();
        if (store.ended.has(token.sid) && !broken("sessions-outlive")) throw new Error("This session was signed out");
        return token;
      },
      ...(broken("redirects-anywhere") && { redirect: ({ url }) => url }),
      ...(broken("asks-for-invitation") && { signIn: ({ user, account }) => account.type !== "email" || user.email === env.TASKS_USER }),
      session: ({ session, token, user }) => ({
        ...session,
        user: { ...session.user, id: token?.sub ?? user?.id },
      }),
    },
  };
}

export const currentSession = () => getServerSession(authOptions());
