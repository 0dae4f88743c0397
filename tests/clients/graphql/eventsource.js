// EventSource, as browsers have it: it sends Last-Event-ID by itself. Only the header with the token is ours.
import { EventSource } from "eventsource";

import { bearer, failed, follow, next, over, QUERY, tell, urls } from "./telling.js";

const source = new EventSource("http://graph.invalid/?query=" + encodeURIComponent(QUERY), {
  fetch: (address, given) =>
    fetch(next(urls) + new URL(address).search, { ...given, headers: { ...given.headers, Authorization: bearer() } }),
});

source.addEventListener("next", (event) => follow({})(JSON.parse(event.data)));
source.addEventListener("complete", over);
source.addEventListener("error", ({ code }) => (code ? failed({ message: `refused with ${code}` }) : tell({ again: true })));

// Node ends when nothing else is to be done, and waiting to connect again does not count; a browser's page stays.
setInterval(() => {}, 1_000);
