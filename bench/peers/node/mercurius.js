// Mercurius on Fastify, each query compiled when it is first asked.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { principal } from './auth.js';
import { loaders } from './desk.js';
import { schema } from './schema.js';

const app = Fastify({ logger: false });
app.register(mercurius, {
  schema,
  jit: 1,
  context: (request) => ({ principal: principal(request.headers.authorization), load: loaders() }),
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
