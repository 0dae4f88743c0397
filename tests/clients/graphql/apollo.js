// Apollo Client over multipart/mixed; its RetryLink acts on errors of the transport, and a header tells where to go on.
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { RetryLink } from "@apollo/client/link/retry";

import { bearer, failed, follow, next, over, QUERY, tell, urls } from "./telling.js";

const place = {};

const retry = new RetryLink({
  delay: { initial: 1 },
  attempts: (count, operation, error) => {
    const why = error.errors?.[0]?.extensions;
    tell({ again: why?.code ?? true });
    return count < 5 && why?.retryable !== false;
  },
});
const resume = new ApolloLink((operation, forward) => {
  operation.setContext({ headers: { authorization: bearer(), ...(place.after && { "last-event-id": place.after }) } });
  return forward(operation);
});
const client = new ApolloClient({
  link: ApolloLink.from([retry, resume, new HttpLink({ uri: () => next(urls) })]),
  cache: new InMemoryCache(),
});

client
  .subscribe({ query: gql(QUERY) })
  .subscribe({ next: (result) => (result.error ? failed(result.error) : follow(place)(result)), error: failed, complete: over });
