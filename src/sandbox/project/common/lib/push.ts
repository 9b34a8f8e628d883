import webpush from "web-push";
import { database } from "@/lib/db";

webpush.setVapidDetails(
  process.env.VAPID_SUBJECT!,
  process.env.NEXT_PUBLIC_VAPID_PUBLIC_KEY!,
  process.env.VAPID_PRIVATE_KEY!,
);

export async function tell(owner: string, text: string) {
  const subscriptions = database().collection<webpush.PushSubscription & { owner: string }>("subscriptions");
  for await (const subscription of subscriptions.find({ owner })) {
    try {
      await webpush.sendNotification(subscription, text);
    } catch (error) {
      // The browser has given the subscription up.
      if (error instanceof webpush.WebPushError && [404, 410].includes(error.statusCode)) {
        await subscriptions.deleteOne({ endpoint: subscription.endpoint });
      } else {
        throw error;
      }
    }
  }
}
