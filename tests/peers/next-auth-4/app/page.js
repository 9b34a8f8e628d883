import Link from "next/link";

export default function Page() {
  return (
    <main>
      <h1>Tasks</h1>
      <p>What is left to do before the release.</p>
      <a href="/api/auth/signin">Sign in</a>
      <footer>
        <Link href="/privacy">Privacy</Link> <Link href="/terms">Terms</Link>
      </footer>
    </main>
  );
}
