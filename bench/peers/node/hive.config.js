// Hive Gateway in front of one subgraph (Yoga), as a proxy: it checks the token, validates, and asks the subgraph.
import { createInlineSigningKeyProvider, defineConfig } from '@graphql-hive/gateway';

export const gatewayConfig = defineConfig({
  logging: 'error',
  graphiql: false,
  landingPage: false,
  healthCheckEndpoint: '/health',
  inboundInflightRequestDeduplication: false,
  proxy: { endpoint: process.env.SUBGRAPH, deduplicateInflightRequests: false },
  jwt: {
    signingKeyProviders: [createInlineSigningKeyProvider(process.env.SECRET)],
    tokenVerification: { algorithms: ['HS256'], issuer: 'revgraph-demo', audience: 'revgraph' },
    reject: { missingToken: true, invalidToken: true },
    forward: { payload: false },
  },
});
