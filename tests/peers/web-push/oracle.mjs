// Answers questions about web push with the library `web-push`.
// usage: node oracle.mjs FOLDER QUESTION, with the question's material as JSON on standard input
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { request } from "node:http";

const [folder, question] = process.argv.slice(2);
const webpush = createRequire(`${folder}/package.json`)("web-push");
const given = JSON.parse(readFileSync(0, "utf8"));

// Pairs that the library makes.
const generate = () => Array.from({ length: given.count }, () => webpush.generateVAPIDKeys());

// Does the library take a pair and a contact?
const accept = () =>
    given.map(({ subject, publicKey, privateKey }) => {
        try {
            webpush.setVapidDetails(subject, publicKey, privateKey);
            return true;
        } catch {
            return false;
        }
    });

// Posts what the library makes of a message, over plain HTTP, which the library itself does not speak.
const send = () => {
    const { subscription, vapidDetails, text } = given;
    const options = { vapidDetails, TTL: 60, urgency: "high", contentEncoding: "aes128gcm" };
    const { endpoint, headers, body } = webpush.generateRequestDetails(subscription, text, options);
    return new Promise((resolve, reject) => {
        const sent = request(endpoint, { method: "POST", headers }, (answer) => {
            let said = "";
            answer.on("data", (part) => (said += part));
            answer.on("end", () => resolve({ status: answer.statusCode, said }));
        });
        sent.on("error", reject);
        sent.end(body);
    });
};

const warn = console.warn;
console.warn = () => {};
const answer = await { generate, accept, send }[question]();
console.warn = warn;
process.stdout.write(JSON.stringify(answer));
