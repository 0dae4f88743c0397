// What every script is given by the tests, and how it tells them what it sees: one JSON object a line.

export const { urls, sockets, tokens } = JSON.parse(process.argv[2]);

export const QUERY = "subscription News($after: String) { news(after: $after) }";

/** The next of a list; the last one stays. */
export const next = (list) => (list.length > 1 ? list.shift() : list[0]);

export const bearer = () => `Bearer ${next(tokens)}`;

export const tell = (said) => process.stdout.write(JSON.stringify(said) + "\n");

/** Tells each message, and remembers behind which cursor to go on. */
export const follow = (variables) => (result) => {
  if (result.extensions?.cursor) variables.after = result.extensions.cursor;
  tell({ news: result.data?.news, errors: result.errors?.map((error) => error.extensions.code) });
};

export const over = () => {
  tell({ complete: true });
  process.exit(0);
};

export const failed = (error) => {
  tell({ failed: String(error?.message ?? JSON.stringify(error)) });
  process.exit(1);
};
