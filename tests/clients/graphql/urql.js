// urql: a query that names streams last in its Accept and wants JSON, then a subscription by fetch alone. It does not come
// back by itself: whoever uses it subscribes again where the network failed, with the cursor as a variable.
import { Client, fetchExchange } from "@urql/core";

import { bearer, failed, follow, HELLO, next, over, QUERY, tell, urls } from "./telling.js";

const client = new Client({
  url: next(urls),
  preferGetMethod: false,
  exchanges: [fetchExchange],
  fetchSubscriptions: true,
  fetchOptions: () => ({ headers: { authorization: bearer() } }),
});

const { data, error } = await client.query(HELLO, {}).toPromise();
if (error) failed(error);
tell(data);

const place = {};
const listen = () =>
  client.subscription(QUERY, { ...place }).subscribe((result) => {
    if (result.error?.networkError && place.after) {
      tell({ again: true });
      listen();
      return;
    }
    if (result.error) failed(result.error);
    // The end comes with the last result once more.
    if (!result.hasNext) over();
    follow(place)(result);
  });
listen();
