// Prints who is signed in to e-RS on this computer, and calls e-RS with their session.
//
//   node ers-session.mjs                                says who is signed in
//   node ers-session.mjs PATH CERTIFICATE KEY [CA]      and GETs PATH, with the organisation's endpoint certificate (PEM files)
//
// Linux, Windows and macOS. Needs @napi-rs/keyring (npm ci); on Windows, the setting windows_aliases of e-RS Login has to be on, as
// it is unless it was switched off. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if
// the keyring cannot be read and 4 if e-RS has refused the call or cannot be reached.
//
// The tests run it on Linux; on Windows and macOS it has not been run.
import { readFileSync } from 'node:fs'
import { request } from 'node:https'

const signedIn = 0, signedOut = 1, usage = 2, keyring = 3, callFailed = 4

/**
 * Resolves to the session, or to null if no user is signed in. Two details matter on Linux: Entry answers null whatever is wrong, and
 * AsyncEntry does not; and without a Secret Service both look into the kernel's keyring, unless they are configured otherwise.
 */
async function readSession() {
  // Here, so that without it the exit status is not that of "signed out".
  const { AsyncEntry } = await import('@napi-rs/keyring')
  let text = await new AsyncEntry('ers-login', 'session', { linux: { store: 'secret-service' } }).getPassword()
  if (text === null) return null
  const macPrefix = 'go-keyring-base64:' // how the entry is stored on macOS
  if (text.startsWith(macPrefix)) text = Buffer.from(text.slice(macPrefix.length), 'base64').toString()
  const session = JSON.parse(text)
  if (session.version !== 1) throw new Error('the entry is not one of version 1')
  return Date.now() < Date.parse(session.expiresAt) ? session : null
}

/** GETs a path of e-RS, and resolves to the status. Header names are sent as they are written. */
function call(session, path, certificate, key, authority) {
  return new Promise((resolve, reject) => {
    request(session.baseURL + path, {
      cert: readFileSync(certificate),
      key: readFileSync(key),
      ca: authority && readFileSync(authority),
      headers: { XAPI_ASID: session.asid, HTTP_X_SESSION_KEY: session.sessionKey },
      signal: AbortSignal.timeout(30_000),
    }, (response) => {
      response.on('end', () => resolve(response.statusCode)).on('error', reject).resume()
    }).on('error', reject).end()
  })
}

async function main(args) {
  if (![0, 3, 4].includes(args.length)) {
    console.error('usage: node ers-session.mjs [PATH CERTIFICATE KEY [CA]]')
    return usage
  }
  let session
  try {
    session = await readSession()
  } catch (error) {
    // A JSON error's text quotes the entry.
    console.error('The keyring cannot be read:', error instanceof SyntaxError ? 'the entry is malformed' : error.message)
    return keyring
  }
  if (session === null) {
    console.log('Nobody is signed in to e-RS.')
    return signedOut
  }
  console.log(`${session.userName} (${session.userIdentifier}) is signed in to e-RS as ${session.businessFunction} ` +
    `at ${session.orgName} (${session.orgIdentifier}), until ${session.expiresAt}`)
  if (args.length === 0) return signedIn
  try {
    const status = await call(session, ...args)
    console.log('e-RS answered', status)
    return status >= 200 && status < 300 ? signedIn : callFailed
  } catch (error) {
    console.error('e-RS cannot be reached:', error.message)
    return callFailed
  }
}

process.exitCode = await main(process.argv.slice(2))
