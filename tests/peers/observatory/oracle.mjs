// Says what the oracles make of each case of a file of JSON lines, one line each.
//   node oracle.mjs PEER grade FILE      what was seen of a site: every test, score and grade
//   node oracle.mjs PEER evaluate FILE   a policy: the findings
//   node oracle.mjs PEER scan HOST:PORT…  sites that are running

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [peer, verb, subject, ...others] = process.argv.slice(2);
const observatory = join(peer, "node_modules/@mdn/mdn-http-observatory");
// Its installation would fetch the list of preloaded hosts; these stand in for it.
const preload = {
  "exact.example": { mode: "force-https", includeSubDomains: false },
  "whole.example": { mode: "force-https", includeSubDomains: true },
};
// Put in place as a whole, because several of us may run at once.
const list = join(observatory, "conf/hsts-preload.json");
writeFileSync(`${list}.${process.pid}`, JSON.stringify(preload));
renameSync(`${list}.${process.pid}`, list);

const load = (path) => import(pathToFileURL(join(observatory, "src", path)).href);
const lines = () => readFileSync(subject, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");

const outcomes = (outputs) =>
  Object.fromEntries(
    outputs.map((output) => [
      output.constructor.name,
      { result: output.result, modifier: output.scoreModifier, pass: output.pass },
    ]),
  );

if (verb === "scan") {
  const { scan } = await load("scanner/index.js");
  for (const site of [subject, ...others]) {
    try {
      const { scan: total, tests } = await scan(site);
      say({ score: total.score, grade: total.grade, tests: outcomes(Object.values(tests)) });
    } catch (error) {
      say({ refused: String(error.message) });
    }
  }
  process.exit(0);
}

if (verb === "evaluate") {
  const require = createRequire(join(peer, "package.json"));
  const { CspParser } = require("csp_evaluator/dist/parser.js");
  const { CspEvaluator, DEFAULT_CHECKS, STRICTCSP_CHECKS } = require("csp_evaluator/dist/evaluator.js");
  const { Type, Severity } = require("csp_evaluator/dist/finding.js");
  for (const { policy } of lines()) {
    try {
      const parsed = new CspParser(policy).csp;
      const found = new CspEvaluator(parsed).evaluate(STRICTCSP_CHECKS, DEFAULT_CHECKS);
      say({
        findings: found
          .filter((finding) => finding.type !== Type.IGNORED)
          .map(({ type, severity, directive, value }) => [Type[type], Severity[severity], directive, value ?? null]),
      });
    } catch (error) {
      say({ refused: String(error.message) });
    }
  }
  process.exit(0);
}

const { ALL_TESTS } = await load("constants.js");
const { Requests } = await load("types.js");
const { parseHttpEquivHeaders } = await load("retriever/utils.js");
const { getGradeForScore, getScoreModifier } = await load("grader/grader.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await load("grader/charts.js");
const axios = await import(pathToFileURL(join(peer, "node_modules/axios/index.js")).href);
const require = createRequire(join(peer, "package.json"));
const { CookieJar } = require("tough-cookie");

const first = new Set(
  ("age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since " +
    "last-modified location max-forwards proxy-authorization referer retry-after server user-agent").split(" "),
);

// Header lines as Node.js hands them out, in the object that its client library makes of them.
function handed(list) {
  const all = {};
  for (const [name, value] of list) {
    if (name === "set-cookie") (all[name] ??= []).push(value);
    else if (!(name in all)) all[name] = value;
    else if (!first.has(name)) all[name] += ", " + value;
  }
  return new axios.AxiosHeaders(all);
}

function session(told) {
  if (!told) return null;
  const jar = new CookieJar();
  for (const hop of told.hops) {
    jar.getCookiesSync(hop.url);
    for (const [name, value] of hop.headers) {
      if (name === "set-cookie") jar.setCookieSync(value, hop.url, { ignoreError: true });
    }
  }
  const last = told.hops.at(-1);
  return {
    url: new URL(told.hops[0].url),
    jar,
    history: told.hops.map(({ url, status }) => ({ url: new URL(url), status })),
    response: { status: last.status, headers: handed(last.headers), verified: told.verified, data: last.body },
  };
}

const html = new Set(["text/html", "application/xhtml+xml"]);

for (const told of lines()) {
  const requests = new Requests(told.hostname);
  const [http, https] = [session(told.http), session(told.https)];
  const begun = https ?? http;
  requests.responses.http = http?.response ?? null;
  requests.responses.https = https?.response ?? null;
  requests.responses.httpRedirects = http?.history ?? [];
  requests.responses.auto = begun.response;
  requests.responses.cors = told.preflight ? { headers: handed(told.preflight), request: {} } : null;
  requests.session = begun;
  const body = begun.response.data;
  requests.resources.path = body;
  const type = begun.response.headers["content-type"]?.split(";")[0];
  begun.response.httpEquiv = html.has(type) && body ? parseHttpEquivHeaders(body, begun.url.href) : new Map();
  try {
    const outputs = ALL_TESTS.map((test) => test(requests));
    let [curved, uncurved] = [100, 100];
    for (const output of outputs) {
      output.scoreModifier = getScoreModifier(output.result);
      curved += output.scoreModifier;
      uncurved += Math.min(output.scoreModifier, 0);
    }
    const { score, grade } = getGradeForScore(uncurved >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? curved : uncurved);
    say({ score, grade, tests: outcomes(outputs) });
  } catch (error) {
    say({ refused: String(error.message) });
  }
}
