"use client";

import { useEffect, useState } from "react";

type Task = { id: number; title: string; done: boolean };

export function TaskList() {
  const [tasks, setTasks] = useState<Task[]>([]);
  useEffect(() => {
    fetch("/api/tasks")
      .then((answer) => (answer.ok ? answer.json() : { tasks: [] }))
      .then((body) => setTasks(body.tasks));
  }, []);
  return (
    <>
      <h1>{process.env.NEXT_PUBLIC_APP_NAME}</h1>
      <p>What is left to do before the release.</p>
      <ul>
        {tasks.map((task) => (
          <li key={task.id}>{task.title}</li>
        ))}
      </ul>
    </>
  );
}
