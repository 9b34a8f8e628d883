// NextAuth 4 or Auth.js 5 with Google's provider, on a plain server, for the tests of the oidc probe.
//
// usage: node server.mjs FOLDER OPTIONS
//   FOLDER   where next-auth and @auth/core are installed
//   OPTIONS  JSON: { "version": 4, "id": "…", "secret": "…" }, and where wanted
//            "checks" (the provider's checks), "cookies" (NextAuth's option), "provider": false (offers none)
// Prints `listening PORT`, reads a line `ISSUER URL` from standard input, and prints `ready`: so the
// provider, and what stands before the application, can be started with the port of a server that listens.
// URL is what NEXTAUTH_URL or AUTH_URL say; without it, the server's own address.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [folder, text] = process.argv.slice(2)
const options = JSON.parse(text)
const client = { clientId: options.id, clientSecret: options.secret, ...(options.checks && { checks: options.checks }) }
const shared = { secret: 'a-secret-of-the-application-itself', ...(options.cookies && { cookies: options.cookies }) }

async function bodyOf(request) {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

// As a pages handler of Next.js calls it.
function version4(issuer) {
  const require = createRequire(resolve(folder, 'package.json'))
  const NextAuth = require('next-auth').default
  const Google = require('next-auth/providers/google').default
  const google = { ...Google(client), wellKnown: `${issuer}/.well-known/openid-configuration` }
  // Google's own provider knows where Google is; another issuer is told by the options.
  google.options = { ...client, wellKnown: google.wellKnown, issuer }
  const providers = options.provider === false ? [] : [google]
  return async (request, response, url) => {
    response.status = (code) => Object.assign(response, { statusCode: code })
    response.json = (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    response.send = (body) => (typeof body === 'object' ? response.json(body) : response.end(body))
    const cookies = Object.fromEntries((request.headers.cookie ?? '').split('; ').filter(Boolean).map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))]
    }))
    const given = {
      method: request.method,
      headers: request.headers,
      cookies,
      query: { ...Object.fromEntries(url.searchParams), nextauth: url.pathname.split('/').slice(3) },
      body: Object.fromEntries(new URLSearchParams(await bodyOf(request))),
    }
    await NextAuth(given, response, { ...shared, providers })
  }
}

// As the route handler of next-auth 5 calls it, with AUTH_URL in place of the address it listens on.
async function version5(issuer) {
  const load = (path) => import(pathToFileURL(resolve(folder, 'node_modules/@auth/core', path)))
  const { Auth } = await load('index.js')
  const { default: Google } = await load('providers/google.js')
  const providers = options.provider === false ? [] : [{ ...Google({ ...client, issuer }) }]
  const config = { ...shared, providers, trustHost: true, basePath: '/api/auth' }
  return async (request, response, url, base) => {
    const body = await bodyOf(request)
    const answer = await Auth(new Request(new URL(url.pathname + url.search, base), {
      method: request.method,
      headers: request.headers,
      ...(body && { body }),
    }), { ...config })
    response.statusCode = answer.status
    answer.headers.forEach((value, name) => name !== 'set-cookie' && response.setHeader(name, value))
    response.setHeader('set-cookie', answer.headers.getSetCookie())
    response.end(Buffer.from(await answer.arrayBuffer()))
  }
}

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const own = `http://127.0.0.1:${server.address().port}`
  createInterface({ input: process.stdin }).once('line', async (line) => {
    const [issuer, base = own] = line.trim().split(' ')
    process.env.NEXTAUTH_URL = base
    const handle = options.version === 4 ? version4(issuer) : await version5(issuer)
    server.on('request', async (request, response) => {
      const url = new URL(request.url, own)
      if (!url.pathname.startsWith('/api/auth/')) return response.writeHead(404).end()
      try {
        await handle(request, response, url, base)
      } catch (error) {
        console.error(error)
        response.writeHead(500).end()
      }
    })
    console.log('ready')
  })
  console.log(`listening ${server.address().port}`)
})
