// urql: a query that names streams last in its Accept and wants JSON, then a subscription by fetch alone.
import { Client, fetchExchange } from "@urql/core";

import { bearer, failed, follow, over, QUERY, tell, urls } from "./telling.js";

const client = new Client({
  url: urls[0],
  preferGetMethod: false,
  exchanges: [fetchExchange],
  fetchSubscriptions: true,
  fetchOptions: () => ({ headers: { authorization: bearer() } }),
});

const { data, error } = await client.query("{ hello }", {}).toPromise();
if (error) failed(error);
tell(data);

client.subscription(QUERY, {}).subscribe((result) => {
  if (result.error) failed(result.error);
  // The end comes with the last result once more.
  if (!result.hasNext) over();
  follow({})(result);
});
