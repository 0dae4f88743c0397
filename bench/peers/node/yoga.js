// GraphQL Yoga on Node's own server, with its caches of parsed and validated documents, and graphql-jit.
import { createServer } from 'node:http';
import { useGraphQlJit } from '@envelop/graphql-jit';
import { createYoga } from 'graphql-yoga';
import { principal } from './auth.js';
import { loaders } from './desk.js';
import { schema } from './schema.js';

const yoga = createYoga({
  schema,
  logging: false,
  graphiql: false,
  landingPage: false,
  maskedErrors: true,
  plugins: [useGraphQlJit()],
  // The subgraph behind the federating gateway trusts it: that one has checked the token.
  context: ({ request }) => ({
    principal: process.env.TRUSTS ? null : principal(request.headers.get('authorization')),
    load: loaders(),
  }),
});
createServer(yoga).listen(Number(process.env.PORT), '127.0.0.1');
