// Limiters that others wrote, one for each path, for the tests of the limits probe.
//
// usage: node server.mjs PACKAGES SECONDS
//   PACKAGES  the folder node_modules with express, express-rate-limit and rate-limiter-flexible
//   SECONDS   the window; each path lets 10 requests through in it
// Prints `listening PORT`.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const [packages, seconds] = process.argv.slice(2)
const require = createRequire(resolve(packages, 'server.cjs'))
const express = require('express')
const { rateLimit } = require('express-rate-limit')
const { RateLimiterMemory, BurstyRateLimiter } = require('rate-limiter-flexible')

const limit = 10
const windowMs = Number(seconds) * 1000
const off = { legacyHeaders: false, standardHeaders: false }
const app = express()
const allow = (path, ...before) => app.all(path, ...before, (_, answer) => answer.json({ ok: true }))
const erl = (path, options) => allow(path, rateLimit({ windowMs, limit, ...off, ...options }))

erl('/erl/legacy', { legacyHeaders: true })
erl('/erl/draft6', { standardHeaders: 'draft-6' })
erl('/erl/draft7', { standardHeaders: 'draft-7' })
erl('/erl/draft8', { standardHeaders: 'draft-8', identifier: 'lab' })
erl('/erl/silent', {})
erl('/erl/status503', { legacyHeaders: true, statusCode: 503 })
erl('/erl/strict', { standardHeaders: 'draft-6', limit: 5 })
erl('/erl/loose', { standardHeaders: 'draft-6', limit: 15 })
// Announces, and lets everything through.
erl('/erl/header-only', { legacyHeaders: true, handler: (_, answer) => answer.json({ ok: true }) })
// Believes whatever the client says of its address.
const forwarded = (request) => String(request.headers['x-forwarded-for'] ?? request.socket.remoteAddress).split(',')[0]
erl('/erl/forwarded', { standardHeaders: 'draft-7', keyGenerator: forwarded, validate: false })
// Counts by the path as it was written, and routes without regard to the last slash and to case.
erl('/erl/by-path', { standardHeaders: 'draft-7', keyGenerator: (request) => request.originalUrl, validate: false })
// Counts by the session's cookie.
erl('/erl/by-session', { standardHeaders: 'draft-7', keyGenerator: (request) => request.headers.cookie ?? 'none', validate: false })

const flexible = (path, limiter) => allow(path, async (request, answer, next) => {
  const tell = (state) => answer.set({
    'X-RateLimit-Limit': limit,
    'X-RateLimit-Remaining': state.remainingPoints,
    'X-RateLimit-Reset': Math.ceil((Date.now() + state.msBeforeNext) / 1000),
  })
  try {
    tell(await limiter.consume(request.socket.remoteAddress))
    next()
  } catch (state) {
    answer.set('Retry-After', Math.ceil(state.msBeforeNext / 1000)).status(429).json({ error: 'too many' })
  }
})
flexible('/rlf/fixed', new RateLimiterMemory({ points: limit, duration: windowMs / 1000 }))
flexible('/rlf/bursty', new BurstyRateLimiter(
  new RateLimiterMemory({ points: 2, duration: 1 }),
  new RateLimiterMemory({ keyPrefix: 'burst', points: 8, duration: windowMs / 1000 }),
))
// Reads its count, waits as for a store elsewhere, and only then writes it: whoever comes meanwhile is not counted.
let window = { began: 0, count: 0 }
allow('/racy', async (_, answer, next) => {
  const seen = Date.now() - window.began < windowMs ? window : { began: Date.now(), count: 0 }
  if (seen.count >= limit) return answer.set('Retry-After', Math.ceil(seconds)).status(429).json({ error: 'too many' })
  await new Promise((done) => setTimeout(done, 20))
  window = { began: seen.began, count: seen.count + 1 }
  next()
})
// Sign-in endpoints, with a limit and without.
for (const endpoint of ['signin', 'callback/credentials']) {
  erl(`/api/auth/${endpoint}`, { limit: 5 })
  allow(`/open/auth/${endpoint}`)
}
allow('/none')
let count = 0
allow('/breaks', (_, answer, next) => (++count % 3 ? next() : answer.status(500).end()))
app.all('/members', (_, answer) => answer.status(401).json({ error: 'sign in' }))
app.get('/', (_, answer) => answer.type('html').send('<!doctype html><title>limiters</title><p>limiters of the tests'))

const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`))
