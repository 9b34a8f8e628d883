// A server of Express whose security.txt express-security.txt writes from the fields that are given as JSON.
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, fields] = process.argv.slice(2);
const require = createRequire(join(modules, "here.js"));
const app = require("express")();
app.get("/.well-known/security.txt", require("express-security.txt")(JSON.parse(fields)));
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening ${server.address().port}`);
});
