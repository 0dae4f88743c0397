// The same check of the same token as the gateway makes; like it, a verified token is not verified again for half a minute.
import { createVerifier } from 'fast-jwt';

const verify = createVerifier({
  key: process.env.SECRET,
  algorithms: ['HS256'],
  allowedIss: 'revgraph-demo',
  allowedAud: 'revgraph',
  requiredClaims: ['exp', 'iss', 'aud', 'sub'],
  clockTolerance: 5_000,
  cache: true,
  cacheTTL: 30_000,
});

export function principal(authorization) {
  const [scheme, token] = (authorization ?? '').split(' ');
  if (scheme !== 'Bearer') throw new Error('Send your token in the header Authorization: Bearer <token>');
  const claims = verify(token);
  if (claims.tenant !== 'bench' || !claims.scope.split(' ').includes('orders:read')) throw new Error('not for you');
  return { subject: claims.sub, scopes: claims.scope };
}
