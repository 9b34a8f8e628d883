export const metadata = { title: "Terms" };

export default function Page() {
  return (
    <main>
      <h1>Terms of Service</h1>
      <p>
        You may use this application to write down what is left to do, alone or for your team. What you write stays yours;
        you let us keep it and show it to you, and nothing more.
      </p>
      <p>
        You may not use it to keep what the law forbids, to disturb others, or to try how much it bears. Who does so may lose
        the account after one warning, and at once where others are in danger.
      </p>
      <p>
        The application is given as it is. We mend faults as soon as we can and promise no hours of service. Where the law
        allows it we answer only for what we do on purpose or by gross negligence. These terms may change; we say so thirty
        days before, on the front page and by mail.
      </p>
    </main>
  );
}
