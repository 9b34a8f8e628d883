import { create, list } from "../../../lib/tasks";

export const dynamic = "force-dynamic";

export { create as POST, list as GET };
