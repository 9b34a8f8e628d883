import { createTransport } from "nodemailer";

export const server = process.env.EMAIL_SERVER!;
export const from = process.env.EMAIL_FROM!;

export async function sendSummary(to: string, open: number) {
  const transport = createTransport(server, { greetingTimeout: 10_000, socketTimeout: 10_000 });
  await transport.sendMail({ from, to, subject: "Open tasks", text: `${open} tasks are open.` });
}
