// What every script is given by the tests, and how it tells them what it sees: one JSON object a line.

const given = JSON.parse(process.argv[2]);

export const { urls, sockets, tokens } = given;

/** A subscription to `field` with $after, and a query; of the pretend news unless others are given. */
export const QUERY = given.subscription ?? "subscription News($after: String) { news(after: $after) }";
export const HELLO = given.query ?? "{ hello }";
const FIELD = given.field ?? "news";

/** The next of a list; the last one stays. */
export const next = (list) => (list.length > 1 ? list.shift() : list[0]);

export const bearer = () => `Bearer ${next(tokens)}`;

export const tell = (said) => process.stdout.write(JSON.stringify(said) + "\n");

/** Tells each message, and remembers behind which cursor to go on. */
export const follow = (variables) => (result) => {
  const news = result.data?.[FIELD];
  const cursor = result.extensions?.cursor ?? news?.cursor;
  if (cursor) variables.after = cursor;
  tell({ news, cursor, errors: result.errors?.map((error) => error.extensions.code) });
};

export const over = () => {
  tell({ complete: true });
  process.exit(0);
};

export const failed = (error) => {
  tell({ failed: String(error?.message ?? JSON.stringify(error)) });
  process.exit(1);
};
