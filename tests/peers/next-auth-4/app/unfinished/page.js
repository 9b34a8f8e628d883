// A front page as it is before a release: one link leads nowhere, and the other to a page with nothing to read.
export default function Page() {
  return (
    <main>
      <h1>Tasks</h1>
      <footer>
        <a href="/unfinished/privacy">Privacy Policy</a> <a href="#">Terms of Service</a>
      </footer>
    </main>
  );
}
