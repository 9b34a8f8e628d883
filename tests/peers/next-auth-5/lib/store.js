// Each route is a bundle of its own, and all of them share this process.
export const store = (globalThis.tasksStore ??= {
  subscriptions: new Map(),
  users: new Map(),
  accounts: new Map(),
  sessions: new Map(),
  tokens: new Map(),
  ended: new Set(),
});
