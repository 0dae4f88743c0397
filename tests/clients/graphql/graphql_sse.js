// graphql-sse, a stream for each operation or (argument "single") one for all.
import { createClient } from "graphql-sse";

import { bearer, failed, follow, next, over, QUERY, tell, urls } from "./telling.js";

const single = process.argv[3] === "single";
const variables = {};

const client = createClient({
  url: () => next(urls) + (single ? "/stream" : ""),
  singleConnection: single,
  headers: () => ({ Authorization: bearer() }),
  retry: () => Promise.resolve(),
  on: { connecting: (again) => again && tell({ again }) },
});

client.subscribe({ query: QUERY, variables }, { next: follow(variables), error: failed, complete: over });
