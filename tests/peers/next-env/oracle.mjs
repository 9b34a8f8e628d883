// Loads folders of environment files with @next/env itself and prints what the application would see.
//
// usage: node oracle.mjs PACKAGE CASES
//   PACKAGE  the folder of the installed @next/env
//   CASES    a JSON file: [{ "folder": "…", "mode": "production", "process": { "NAME": "value" } }]
// Prints a JSON list with one { "NAME": "value" } for each case.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const require = createRequire(import.meta.url)
const [packageFolder, casesFile] = process.argv.slice(2)
const entry = require.resolve(resolve(packageFolder))
const quiet = { info() {}, error() {} }

const seen = JSON.parse(readFileSync(casesFile, 'utf8')).map(({ folder, mode, process: given }) => {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, given)
  // Next.js tells the test mode by NODE_ENV; the mode is taken from the case here.
  if (mode === 'test') process.env.NODE_ENV = 'test'
  // The package remembers its first call, so each case gets a fresh copy.
  delete require.cache[entry]
  const { combinedEnv } = require(entry).loadEnvConfig(folder, mode === 'development', quiet)
  const { __NEXT_PROCESSED_ENV, ...variables } = combinedEnv
  return variables
})

console.log(JSON.stringify(seen))
