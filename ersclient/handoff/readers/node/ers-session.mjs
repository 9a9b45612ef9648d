// Prints who is signed in to e-RS on this computer and on which platform, and calls e-RS with their session.
//
//   node ers-session.mjs                                  says who is signed in
//   node ers-session.mjs PATH [CERTIFICATE KEY [CA]]      and GETs PATH. HSCN takes the organisation's endpoint certificate (PEM
//                                                         files), FHIR does not use it
//
// Linux, Windows and macOS. Needs @napi-rs/keyring (npm ci); on Windows, the setting windows_aliases of e-RS Login has to be on, as
// it is unless it was switched off. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if
// the keyring cannot be read and 4 if e-RS has refused the call or cannot be reached.
//
// The tests run it on Linux; on Windows and macOS it has not been run.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'

const signedIn = 0, signedOut = 1, usage = 2, keyring = 3, callFailed = 4

/** Resolves to the session, or to null if no user is signed in. Its platform says on which: HSCN's entry has none. */
async function readSession() {
  return await readEntry('fhir-session', 'fhir', 'tokenExpiresAt') ?? await readEntry('session', 'hscn', 'expiresAt')
}

/**
 * Resolves to the session in an entry, or to null if there is none that can be used. Two details matter on Linux: Entry answers null whatever is wrong, and
 * AsyncEntry does not; and without a Secret Service both look into the kernel's keyring, unless they are configured otherwise.
 */
async function readEntry(account, platform, end) {
  // Here, so that without it the exit status is not that of "signed out".
  const { AsyncEntry } = await import('@napi-rs/keyring')
  let text = await new AsyncEntry('ers-login', account, { linux: { store: 'secret-service' } }).getPassword()
  if (text === null) return null
  const macPrefix = 'go-keyring-base64:' // how the entry is stored on macOS
  if (text.startsWith(macPrefix)) text = Buffer.from(text.slice(macPrefix.length), 'base64').toString()
  const session = JSON.parse(text)
  session.platform ??= 'hscn'
  if (session.version !== 1 || session.platform !== platform) throw new Error('the entry is not one of version 1')
  return Date.now() < Date.parse(session[end]) ? session : null
}

/** Returns the headers of a call. */
function headers(session) {
  if (session.platform === 'hscn') return { XAPI_ASID: session.asid, HTTP_X_SESSION_KEY: session.sessionKey }
  return {
    Authorization: `Bearer ${session.accessToken}`,
    'NHSD-End-User-Organisation-ODS': session.orgIdentifier,
    'NHSD-eRS-Business-Function': session.businessFunction,
    // e-RS refuses the header unless the user acts for a clinician.
    ...session.onBehalfOf && { 'NHSD-eRS-On-Behalf-Of-User-ID': session.onBehalfOf },
    'X-Correlation-ID': randomUUID(),
    Accept: 'application/fhir+json',
  }
}

/** GETs a path of e-RS, and resolves to the status. Header names are sent as they are written. */
function call(session, path, certificate, key, authority) {
  return new Promise((resolve, reject) => {
    request(session.baseURL + path, {
      ...session.platform === 'hscn' && { cert: readFileSync(certificate), key: readFileSync(key) },
      ca: authority && readFileSync(authority),
      headers: headers(session),
      signal: AbortSignal.timeout(30_000),
    }, (response) => {
      response.on('end', () => resolve(response.statusCode)).on('error', reject).resume()
    }).on('error', reject).end()
  })
}

/** Calls e-RS, and once more if it refuses a token that was renewed in this moment. */
async function callRenewed(session, args) {
  const status = await call(session, ...args)
  if (status !== 401 || session.platform !== 'fhir') return status
  const again = await readSession()
  const renewed = again?.platform === 'fhir' && (again.generation !== session.generation || again.revision !== session.revision)
  return renewed ? call(again, ...args) : status
}

function showUsage() {
  console.error('usage: node ers-session.mjs [PATH [CERTIFICATE KEY [CA]]] (on HSCN, a call takes the certificate)')
  return usage
}

async function main(args) {
  if (![0, 1, 3, 4].includes(args.length)) return showUsage()
  let session
  try {
    session = await readSession()
  } catch (error) {
    // A JSON error's text quotes the entry.
    console.error('The keyring cannot be read:', error instanceof SyntaxError ? 'the entry is malformed' : error.message)
    return keyring
  }
  if (session === null) {
    console.log('No user is signed in to e-RS.')
    return signedOut
  }
  console.log(`${session.userName} (${session.userIdentifier}) is signed in to e-RS (${session.platform.toUpperCase()}) as ${session.businessFunction} ` +
    `at ${session.orgName} (${session.orgIdentifier}), until ${session.expiresAt}`)
  if (args.length === 0) return signedIn
  if (session.platform === 'hscn' && args.length === 1) return showUsage()
  try {
    const status = await callRenewed(session, args)
    console.log('e-RS answered', status)
    return status >= 200 && status < 300 ? signedIn : callFailed
  } catch (error) {
    console.error('e-RS cannot be reached:', error.message)
    return callFailed
  }
}

process.exitCode = await main(process.argv.slice(2))
