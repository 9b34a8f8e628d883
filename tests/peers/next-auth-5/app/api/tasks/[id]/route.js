import { one } from "../../../../lib/tasks";

export const dynamic = "force-dynamic";

export { one as DELETE, one as GET, one as PUT };
