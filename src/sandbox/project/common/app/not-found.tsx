export default function NotFound() {
  return (
    <>
      <h1>404</h1>
      <p>This page could not be found.</p>
    </>
  );
}
