// The certified OpenID provider with one client, for the tests of the oidc probe.
//
// usage: node server.mjs PACKAGE CLIENT
//   PACKAGE  the folder of the installed oidc-provider
//   CLIENT   JSON: { "id": "…", "secret": "…", "redirectUris": ["…"], "issuer": "…" }; without an issuer
//            it is the server's own address
// Prints `listening PORT`. Everybody may sign in: its own pages for development let them.
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [packageFolder, client] = process.argv.slice(2)
const { default: Provider } = await import(pathToFileURL(resolve(packageFolder, 'lib/index.js')))
const { id, secret, redirectUris, issuer } = JSON.parse(client)

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()
  const provider = new Provider(issuer ?? `http://127.0.0.1:${port}`, {
    clients: [{
      client_id: id,
      client_secret: secret,
      redirect_uris: redirectUris,
      response_types: ['code'],
      grant_types: ['authorization_code'],
    }],
    cookies: { keys: ['holdpoint-test'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // Puts the claims into the ID token, as Google does.
    conformIdTokenClaims: false,
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, name: sub, email: `${sub}@shop.example`, email_verified: true }),
    }),
  })
  server.on('request', provider.callback())
  console.log(`listening ${port}`)
})
