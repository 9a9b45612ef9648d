// A broker of an organisation's: an OpenID provider for a native application, with PKCE, any loopback port and refresh tokens that work
// once. Its settings are a JSON line on standard input, and it ends when that is closed. It prints a JSON line with its address, and
// one for each error of a token call, with the reason that clients are not given.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit(0));
const settings = JSON.parse((await once(lines, 'line'))[0]);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let handle;
const server = https.createServer({ key: settings.key, cert: settings.certificate }, (request, response) => handle(request, response));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `https://127.0.0.1:${server.address().port}`;

const claims = new Map(settings.accounts.map((account) => [account.sub, account]));
const provider = new Provider(issuer, {
  clients: [{
    client_id: settings.client,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: settings.redirects,
    id_token_signed_response_alg: 'ES256',
  }],
  findAccount: (_, sub) => claims.has(sub) && { accountId: sub, claims: () => claims.get(sub) },
  claims: { openid: ['sub', 'nhsid_useruid', 'nhsid_user_orgs'], profile: ['name', 'given_name', 'family_name'] },
  cookies: { keys: [randomUUID()] },
  jwks: { keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })] },
  // Without a page that asks for consent there is no prompt=consent, and so no offline_access either.
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  ttl: { AccessToken: settings.accessSeconds, AuthorizationCode: 60, RefreshToken: 43199, Grant: 43200, Session: 43200, Interaction: 600, IdToken: 600 },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
});
provider.on('grant.error', (_, error) => print({ refused: error.error_detail ?? error.message }));
provider.on('server_error', (_, error) => print({ refused: error.stack }));

const accounts = provider.callback();
handle = async (request, response) => {
  if (!request.url.startsWith('/sign-in/')) {
    accounts(request, response);
    return;
  }
  if (request.method !== 'POST') {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<form method="post"><input name="sub"><button>Sign in</button></form>');
    return;
  }
  try {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const accountId = new URLSearchParams(body).get('sub');
    let result = { error: 'access_denied', error_description: 'The user cancelled the sign-in' };
    if (claims.has(accountId)) {
      const grant = new provider.Grant({ accountId, clientId: settings.client });
      grant.addOIDCScope('openid profile');
      result = { login: { accountId, remember: false }, consent: { grantId: await grant.save() } };
    }
    await provider.interactionFinished(request, response, result);
  } catch (error) {
    print({ refused: error.stack });
    response.writeHead(500).end();
  }
};
print({ address: issuer });
