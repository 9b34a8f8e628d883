import { sendSummary } from "@/lib/mail";
import { tell } from "@/lib/push";
import { openByOwner } from "@/lib/tasks";

export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET!}`) {
    return Response.json({ error: "For the scheduler" }, { status: 401 });
  }
  const owners = await openByOwner();
  for (const { _id, open } of owners) {
    await sendSummary(_id, open);
    await tell(_id, `${open} tasks are open.`);
  }
  return Response.json({ open: owners.length });
}
