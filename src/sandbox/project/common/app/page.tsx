import { Notifications } from "@/components/Notifications";
import { TaskList } from "@/components/TaskList";

export default function Page() {
  return (
    <>
      <TaskList />
      <Notifications />
    </>
  );
}
