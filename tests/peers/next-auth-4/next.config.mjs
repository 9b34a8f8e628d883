// The folder above has a lock file of its own, which is none of this application's.
export default {
  outputFileTracingRoot: import.meta.dirname,
  eslint: { ignoreDuringBuilds: true },
};
