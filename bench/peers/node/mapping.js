// The desk's words to the graph's: money to its currency's digits, quantities without idle zeros, instants in UTC.
const DIGITS = { JPY: 0, KRW: 0, KWD: 3 };
const HOLDS = { credit: 'CREDIT' };
const SENT = { gone: 'SHIPPED', received: 'DELIVERED' };
const BILLED = { open: 'POSTED', part: 'PARTIALLY_PAID', cleared: 'PAID' };

export const globalId = (concept, system, key) =>
  Buffer.from(`1\x1f${concept}\x1f${system}\x1f${key}`).toString('base64url');

export function keyOf(id, concept) {
  const [mark, found, system, key] = Buffer.from(id, 'base64url').toString().split('\x1f');
  if (mark !== '1' || found !== concept || system !== 'crm' || !key) throw new Error(`not the id of one ${concept}`);
  return key;
}

// Half up at the currency's minor unit; texts that end in zeros there need no arithmetic.
export function money(text, currencyCode) {
  const digits = DIGITS[currencyCode] ?? 2;
  const point = text.indexOf('.');
  const end = digits === 0 ? point : point + 1 + digits;
  if (point < 0 || text.length < end) return { amount: padded(text, point, digits), currencyCode };
  for (let at = Math.max(end, point + 1); at < text.length; at++) {
    if (text[at] !== '0') return { amount: rounded(text, point, digits), currencyCode };
  }
  return { amount: text.slice(0, end), currencyCode };
}

function padded(text, point, digits) {
  if (digits === 0) return text;
  return point < 0 ? `${text}.${'0'.repeat(digits)}` : text.padEnd(point + 1 + digits, '0');
}

function rounded(text, point, digits) {
  const sign = text[0] === '-' ? '-' : '';
  const whole = text.slice(sign.length, point) + text.slice(point + 1, point + 1 + digits);
  const up = text[point + 1 + digits] >= '5' ? 1n : 0n;
  const units = (BigInt(whole) + up).toString().padStart(digits + 1, '0');
  return sign + (digits ? `${units.slice(0, -digits)}.${units.slice(-digits)}` : units);
}

export function quantity(text) {
  if (!text.includes('.')) return text;
  let end = text.length;
  while (text[end - 1] === '0') end--;
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end);
}

const instant = (text) => `${text}.000Z`;

export const sale = (row) => ({
  key: row.Id,
  id: globalId('Order', 'crm', row.Id),
  number: row.OrderNumber,
  orderedAt: instant(row.OrderedAt),
  purchaseOrderNumber: row.PoNumber,
  customer: {
    id: globalId('Customer', 'crm', row.Account.Id),
    name: row.Account.Name,
    billingAddress: { city: row.Account.BillingCity, country: row.Account.BillingCountry },
  },
});

export const booking = (row) => ({
  key: row.key,
  sale: row.crm_ref,
  number: row.number,
  enteredAt: row.entered,
  cancelled: row.state === 'void',
  holds: row.hold ? [HOLDS[row.hold]] : [],
  requestedDeliveryDate: row.deliver_on,
  total: money(row.gross, row.currency),
  lines: row.lines.map((line) => ({
    key: line.pos,
    sku: line.sku,
    description: line.text,
    quantity: quantity(line.qty),
    unit: line.unit,
    unitPrice: money(line.price, row.currency),
    amount: money(line.net, row.currency),
  })),
});

export const delivery = (row) => ({
  number: row.number,
  status: SENT[row.state],
  carrier: row.carrier,
  trackingNumber: row.tracking,
  shippedAt: instant(row.gone_at),
  lines: row.lines.map((line) => ({ orderLine: line.line, sku: line.sku, quantity: quantity(line.qty) })),
});

export const bill = (row) => ({
  key: row.key,
  number: row.number,
  status: BILLED[row.state],
  dueOn: row.due,
  total: money(row.gross, row.currency),
  open: money(row.left, row.currency),
  lines: row.lines.map((line) => ({ orderLine: line.line, quantity: quantity(line.qty) })),
});

export const receipt = (row) => {
  const amount = money(row.amount, row.currency);
  return { amount, appliedAt: instant(row.at), payment: { number: row.number, method: row.means, amount } };
};

// The one lifecycle; the first that holds wins. Quantities are compared as numbers: they are units, not money.
export function status(order, shipments, invoices) {
  if (order.cancelled) return 'CANCELLED';
  if (order.holds.length) return 'ON_HOLD';
  if (!shipments.length) return 'BOOKED';
  if (short(order.lines, shipments)) return 'IN_FULFILLMENT';
  const paid = invoices.length && invoices.every((one) => one.status === 'PAID');
  return paid && !short(order.lines, invoices) ? 'COMPLETED' : 'FULFILLED';
}

function short(lines, documents) {
  const done = {};
  for (const document of documents) {
    for (const line of document.lines) done[line.orderLine] = (done[line.orderLine] ?? 0) + Number(line.quantity);
  }
  return lines.some((line) => (done[line.key] ?? 0) < Number(line.quantity));
}
