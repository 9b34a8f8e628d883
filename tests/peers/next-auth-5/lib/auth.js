import NextAuth from "next-auth";
import Credentials from "next-auth/providers/credentials";
import Google from "next-auth/providers/google";
import Nodemailer from "next-auth/providers/nodemailer";
import { adapter } from "./adapter";

// Read when a request comes, because the application is built once and started with many settings.
export const { handlers, auth } = NextAuth(() => {
  const { env } = process;
  const providers = [
    Credentials({
      id: "guest",
      name: "Guest",
      credentials: {},
      authorize: async () => ({ id: crypto.randomUUID(), name: "Guest", email: "guest@tasks.invalid" }),
    }),
  ];
  if (env.TASKS_PASSWORD) {
    providers.push(
      Credentials({
        id: "password",
        name: "Password",
        credentials: { username: {}, password: { type: "password" } },
        authorize: async ({ username, password }) =>
          password === env.TASKS_PASSWORD ? { id: username, name: username } : null,
      }),
    );
  }
  if (env.GOOGLE_CLIENT_ID) {
    providers.push(
      Google({
        clientId: env.GOOGLE_CLIENT_ID,
        clientSecret: env.GOOGLE_CLIENT_SECRET,
        issuer: env.GOOGLE_ISSUER ?? "https://accounts.google.com",
      }),
    );
  }
  if (env.EMAIL_SERVER) {
    providers.push(Nodemailer({ id: "email", server: env.EMAIL_SERVER, from: env.EMAIL_FROM }));
  }
  return {
    adapter,
    providers,
    session: { strategy: env.SESSION_STRATEGY ?? "jwt", maxAge: Number(env.SESSION_MAX_AGE ?? 30 * 24 * 3600) },
    callbacks: {
      session: ({ session, token, user }) => ({
        ...session,
        user: { ...session.user, id: token?.sub ?? user?.id },
      }),
    },
  };
});

export const currentSession = () => auth();
