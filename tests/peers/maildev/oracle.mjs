// What nodemailer makes of addresses: reads a list in JSON, writes [host, port, TLS from the first byte, user, password] of each, or null.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.env.PEERS, "maildev", "package.json"));
const { parseConnectionUrl } = require("nodemailer/lib/shared");
const SMTPConnection = require("nodemailer/lib/smtp-connection");

const read = address => {
    try {
        const options = parseConnectionUrl(address);
        const { host, port, secureConnection } = new SMTPConnection(options);
        return [host, port, secureConnection, options.auth?.user ?? null, options.auth?.pass ?? null];
    } catch {
        return null;
    }
};
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
