const everywhere = [
  {
    key: "Content-Security-Policy",
    value:
      "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
  },
  { key: "Strict-Transport-Security", value: "max-age=300" },
  { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "X-XSS-Protection", value: "1; mode=block" },
];

export default {
  headers: async () => [
    { source: "/(.*)", headers: everywhere },
    { source: "/((?!api/).*)", headers: [{ key: "X-Content-Type-Options", value: "nosniff" }] },
  ],
};
