// Writes annotations with @actions/core itself, one line each.
//
// usage: node oracle.mjs PACKAGE CASES
//   PACKAGE  the folder of the installed @actions/core
//   CASES    a JSON file: [{ "level": "error", "title": "…", "message": "…", "file": "…", "line": 3 }]
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [packageFolder, casesFile] = process.argv.slice(2)
const core = await import(pathToFileURL(resolve(packageFolder, 'lib/core.js')))

for (const { level, title, message, file, line } of JSON.parse(readFileSync(casesFile, 'utf8'))) {
  core[level](message, { title, file, startLine: line })
}
