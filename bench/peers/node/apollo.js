// Apollo Server 5 on Fastify, with its document store on, and its response cache and usage reports off.
import { ApolloServer } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import Fastify from 'fastify';
import { principal } from './auth.js';
import { loaders } from './desk.js';
import { schema } from './schema.js';

const apollo = new ApolloServer({ schema, introspection: false, csrfPrevention: false, persistedQueries: false });
await apollo.start();
const app = Fastify({ logger: false });
await app.register(fastifyApollo(apollo), {
  path: '/graphql',
  context: async (request) => ({ principal: principal(request.headers.authorization), load: loaders() }),
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
