export default function Page() {
  return (
    <main>
      <h1>Tasks</h1>
      <p>What is left to do before the release.</p>
      <a href="/api/auth/signin">Sign in</a>
    </main>
  );
}
