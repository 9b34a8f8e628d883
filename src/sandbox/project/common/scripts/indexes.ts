import { client, createIndexes } from "../lib/db";

await createIndexes();
await client.close();
