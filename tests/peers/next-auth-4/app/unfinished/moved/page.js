// A front page whose link has stayed when the policy moved.
export default function Page() {
  return (
    <main>
      <h1>Tasks</h1>
      <footer>
        <a href="/legal/privacy">Privacy Policy</a>
      </footer>
    </main>
  );
}
