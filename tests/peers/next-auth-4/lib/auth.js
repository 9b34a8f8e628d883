import { getServerSession } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import EmailProvider from "next-auth/providers/email";
import GoogleProvider from "next-auth/providers/google";
import { adapter } from "./adapter";

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
        authorize: async ({ username, password }) =>
          password === env.TASKS_PASSWORD ? { id: username, name: username } : null,
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
    callbacks: {
      session: ({ session, token, user }) => ({
        ...session,
        user: { ...session.user, id: token?.sub ?? user?.id },
      }),
    },
  };
}

export const currentSession = () => getServerSession(authOptions());
