import { store } from "./store";

const by = (key) => (value) => [...store.users.values()].find((user) => user[key] === value) ?? null;
const account = ({ provider, providerAccountId }) => `${provider} ${providerAccountId}`;

// As a database would keep it, for as long as the process lives.
export const adapter = {
  createUser: (user) => {
    const created = { ...user, id: crypto.randomUUID() };
    store.users.set(created.id, created);
    return created;
  },
  getUser: (id) => store.users.get(id) ?? null,
  getUserByEmail: by("email"),
  getUserByAccount: (key) => store.users.get(store.accounts.get(account(key))) ?? null,
  updateUser: (user) => {
    const updated = { ...store.users.get(user.id), ...user };
    store.users.set(updated.id, updated);
    return updated;
  },
  linkAccount: (linked) => {
    store.accounts.set(account(linked), linked.userId);
    return linked;
  },
  createSession: (session) => {
    store.sessions.set(session.sessionToken, session);
    return session;
  },
  getSessionAndUser: (token) => {
    const session = store.sessions.get(token);
    return session ? { session, user: store.users.get(session.userId) } : null;
  },
  updateSession: (session) => {
    const updated = { ...store.sessions.get(session.sessionToken), ...session };
    store.sessions.set(session.sessionToken, updated);
    return updated;
  },
  deleteSession: (token) => {
    store.sessions.delete(token);
  },
  createVerificationToken: (token) => {
    store.tokens.set(`${token.identifier} ${token.token}`, token);
    return token;
  },
  useVerificationToken: ({ identifier, token }) => {
    const key = `${identifier} ${token}`;
    const found = store.tokens.get(key) ?? null;
    store.tokens.delete(key);
    return found;
  },
};
