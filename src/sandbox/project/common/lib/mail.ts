export async function sendSummary(to: string, open: number) {
  const answer = await fetch("https://api.resend.com/emails", {
    method: "POST",
    headers: {
      Authorization: `Bearer ${process.env.RESEND_API_KEY}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ from: "tasks@localhost", to, subject: "Open tasks", text: `${open} tasks are open.` }),
  });
  if (!answer.ok) {
    throw new Error(`the summary was not sent: ${answer.status}`);
  }
}
