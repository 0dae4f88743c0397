// graphql-ws: the client sends the same payload again when it connects again, so a cursor kept in its variables resumes.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { bearer, failed, follow, HELLO, next, over, QUERY, sockets, tell } from "./telling.js";

const variables = {};

const client = createClient({
  url: () => next(sockets),
  webSocketImpl: WebSocket,
  connectionParams: () => ({ Authorization: bearer() }),
  retryWait: () => Promise.resolve(),
  on: {
    closed: ({ code }) => tell({ closed: code }),
    // Told before the socket is closed: the place of an operation that had no message yet.
    pong: (received, payload) => {
      if (received && payload?.cursors) {
        variables.after = Object.values(payload.cursors)[0];
        tell({ told: payload.code });
      }
    },
  },
});

client.subscribe({ query: HELLO }, { next: ({ data }) => tell(data), error: failed, complete: () => {} });
client.subscribe({ query: QUERY, variables }, { next: follow(variables), error: failed, complete: over });
