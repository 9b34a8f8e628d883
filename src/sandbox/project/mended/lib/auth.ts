import { MongoDBAdapter } from "@auth/mongodb-adapter";
import type { NextAuthOptions } from "next-auth";
import type { Adapter } from "next-auth/adapters";
import { getToken } from "next-auth/jwt";
import CredentialsProvider from "next-auth/providers/credentials";
import EmailProvider from "next-auth/providers/email";
import GoogleProvider from "next-auth/providers/google";
import type { NextRequest } from "next/server";
import { client } from "@/lib/db";
import { from, server } from "@/lib/mail";
import { end, isEnded, life } from "@/lib/sessions";

export const authOptions: NextAuthOptions = {
  secret: process.env.NEXTAUTH_SECRET,
  adapter: MongoDBAdapter(client, { databaseName: process.env.MONGODB_DB! }) as Adapter,
  pages: { signIn: "/auth/signin" },
  session: { strategy: "jwt", maxAge: life },
  events: { signOut: ({ token }) => end(token?.sid) },
  callbacks: {
    async jwt({ token, user }) {
      if (user) token.sid = crypto.randomUUID();
      if (await isEnded(token.sid)) throw new Error("This session was signed out");
      return token;
    },
  },
  providers: [
    GoogleProvider({
      clientId: process.env.GOOGLE_CLIENT_ID!,
      clientSecret: process.env.GOOGLE_CLIENT_SECRET!,
    }),
    EmailProvider({ server, from }),
    CredentialsProvider({
      id: "guest",
      name: "Guest",
      credentials: {},
      authorize: async () => ({ id: crypto.randomUUID(), name: "Guest" }),
    }),
    CredentialsProvider({
      credentials: { password: { label: "Password", type: "password" } },
      authorize: async (credentials) =>
        credentials?.password === process.env.TASKS_PASSWORD ? { id: "1", name: "Release engineer" } : null,
    }),
  ],
};

// Guests have no address; each has an id of its own.
export async function owner(request: NextRequest) {
  const token = await getToken({ req: request });
  if (await isEnded(token?.sid)) return null;
  return token?.email ?? token?.sub ?? null;
}
