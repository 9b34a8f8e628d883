// What the tests break on purpose: names in TASKS_FAULT, with commas between.
export const broken = (name) => (process.env.TASKS_FAULT ?? "").split(",").includes(name);
