export const metadata = { title: "Privacy" };

export default function Page() {
  return (
    <main>
      <h1>Privacy Policy</h1>
      <p>
        This application keeps the tasks that you write, the name under which you signed in, and when you last did so. It
        keeps them so that you find them again, and for nothing else. Nobody but you sees your tasks.
      </p>
      <h2>Where it is kept</h2>
      <p>
        Tasks are kept in a MongoDB database. Who signs in with Google is known to Google then, and who signs in by mail
        gets a message from our mail service. Requests for suggestions go to Google Gemini without your name.
      </p>
      <h2>How long it is kept</h2>
      <p>
        A task is kept until you delete it. Your account is deleted thirty days after you ask for it, with everything that
        belongs to it. Backups are overwritten after ninety days.
      </p>
      <h2>Your rights</h2>
      <p>
        You may ask what is kept about you, have it corrected or deleted, take it with you, and complain to the authority
        that supervises data protection where you live. Write to privacy@tasks.test.
      </p>
    </main>
  );
}
