import NextAuth from "next-auth";
import { authOptions } from "../../../../lib/auth";

const handler = (request, context) => NextAuth(request, context, authOptions());

export { handler as GET, handler as POST };
