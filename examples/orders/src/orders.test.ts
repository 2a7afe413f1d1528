// The shop on a real server, called as others call it: by the generated clients, and over gRPC by the generated
// messages. What is sent and what comes back are Dates, bigints and bytes.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { replay, TestEnvironment } from "@perdure/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkout, inventory, pricing, type Item, type Order } from "../gen/clients.js";
import {
  Checkout as CheckoutService,
  Currency,
  Inventory,
  ItemSchema,
  Pricing,
  ReceiptPaidBy,
} from "../gen/es/orders/v1/orders_pb.js";
import { manifest } from "../gen/manifest.js";
import { Checkout } from "./checkout.js";
import { services } from "./services.js";

const arrivedAt = new Date("2026-11-20T08:30:00.250Z");
const shipTo = {
  name: "Ada Lovelace",
  street: "Elm Street 12",
  city: "Bern",
  postcode: "3000",
  country: "CH",
};
const lampOrder: Order = {
  customer: "4711",
  lines: [{ sku: "lamp", quantity: 2, wishes: { wrapping: "blue" } }],
  shipTo,
  deliverBy: new Date("2026-12-24T12:00:00Z"),
  labels: { campaign: "advent", budget: { limit: 100, tags: ["a", null] } },
};
const set: Item = {
  kind: "bundle",
  rebate: 10,
  parts: [
    { kind: "article", sku: "table" },
    { kind: "bundle", parts: [{ kind: "article", sku: "lamp" }] },
  ],
};

let env: TestEnvironment;

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  env = await TestEnvironment.start({ services, manifest });
  await inventory(env.client, "lamp").restock({ quantity: 5, arrivedAt });
});

afterEach(async () => {
  await env.stop();
  vi.restoreAllMocks();
});

function grpc() {
  return createGrpcTransport({ baseUrl: env.baseUrl() });
}

test("an order is seen through, from the cart to the receipt", async () => {
  const order = checkout(env.client, "o1");
  const submission = await order.submit(lampOrder);
  await env.time.settled();

  const waiting = await order.status();
  expect(waiting).toEqual({
    state: "awaiting payment",
    total: { cents: 9_837n, currency: "CHF" },
    dueAt: expect.any(Date) as Date,
  });
  await order.pay({ kind: "transfer", iban: "CH93 0076 2011 6238 5295 7", reference: null });

  const receipt = await submission.attach();
  expect(receipt).toEqual({
    orderId: "o1",
    paidBy: "transfer",
    total: { cents: 9_837n, currency: "CHF" },
    taxes: { "8.1 %": 737n },
    shipment: { tracking: "track-o1", shippedAt: receipt.issuedAt, parcel: [40, 30, 20] },
    issuedAt: expect.any(Date) as Date,
    document: new TextEncoder().encode("Order o1 of 4711: 2 pieces, 9837 cents CHF\n"),
  });
  expect(await order.output()).toEqual({ ready: true, result: receipt });
  expect(await order.status()).toEqual({ state: "shipped", shipment: receipt.shipment });
  expect(await inventory(env.client, "lamp").level()).toEqual({
    left: 3,
    reserved: { o1: 2 },
    deliveredAt: arrivedAt,
  });
});

test("an order that nobody pays gives the goods back after three days", async () => {
  const order = checkout(env.client, "o2");
  const submission = await order.submit(lampOrder);

  await env.advance({ days: 3 });

  await expect(submission.attach()).rejects.toMatchObject({ code: 408 });
  expect(await order.status()).toEqual({ state: "cancelled", reason: "Timeout occurred" });
  expect(await inventory(env.client, "lamp").level()).toMatchObject({ left: 5, reserved: {} });
});

test.each([
  ["that is cancelled", 410, {}, "found it cheaper"],
  ["whose card is declined", 402, { payment: { kind: "card", token: "declined" } as const }],
  ["of more than there is", 409, { lines: [{ sku: "lamp", quantity: 6 }] }],
  ["of what nobody knows", 404, { lines: [{ sku: "hat", quantity: 1 }] }],
])("an order %s fails with %i, and the stock is as before", async (_, code, part, reason?) => {
  const order = checkout(env.client, "o3");
  const submission = await order.submit({ ...lampOrder, ...part });
  if (reason !== undefined) await order.cancel(reason);

  await expect(submission.attach()).rejects.toMatchObject({ code });
  expect(await inventory(env.client, "lamp").level()).toMatchObject({ left: 5 });
});

test("an order that waits for its payment goes on with the code of today", async () => {
  const submission = await checkout(env.client, "o5").submit(lampOrder);
  await env.time.settled();
  const replayed = async () =>
    replay(await env.journalOf(submission), Checkout, { endpoint: { manifest } });

  await expect.poll(replayed).toMatchObject({ ok: true, status: "waits" });
});

test("bundles of bundles have a price, and prices come page by page", async () => {
  const prices = pricing(env.client);

  expect(await prices.priceOfItem(set)).toEqual({ cents: 85_005n, currency: "CHF" });
  const first = await prices.listPrices();
  expect(first.items.map(({ sku, cents }) => [sku, cents])).toEqual([
    ["clock", 12_900n],
    ["lamp", 4_550n],
  ]);
  const rest = await prices.listPrices(first.next);
  expect(rest).toEqual({
    items: [{ sku: "table", cents: 89_900n, since: new Date("2025-11-01T00:00:00Z") }],
  });
});

test("a quote that does not fit its schema is refused, and no attempt is made again", async () => {
  const prices = pricing(env.client);

  const quote = await prices.quote({ currency: "EUR", lines: [{ sku: "lamp", quantity: 1 }] });
  expect(quote.total).toEqual({ cents: 5_263n, currency: "EUR" });
  expect(quote.validUntil.getTime()).toBeGreaterThan(Date.now());
  const none = prices.quote({ currency: "EUR", lines: [{ sku: "lamp", quantity: 0 }] });
  await expect(none).rejects.toMatchObject({
    code: 400,
    message: expect.stringContaining("lines/0/quantity") as string,
  });
});

test("the same handlers answer gRPC, with the generated messages", async () => {
  const stock = createClient(Inventory, grpc());
  const { output: level } = await stock.restock({
    key: "clock",
    input: { quantity: 3, arrivedAt: timestampFromDate(arrivedAt) },
  });
  expect(level).toMatchObject({ left: 3, reserved: {} });
  expect(level?.deliveredAt && timestampDate(level.deliveredAt)).toEqual(arrivedAt);

  const orders = createClient(CheckoutService, grpc());
  const { output: receipt } = await orders.run({
    key: "o4",
    input: {
      customer: "4711",
      lines: [{ sku: "clock", quantity: 3 }],
      shipTo,
      payment: { value: { case: "voucherPayment", value: { codes: ["spring"] } } },
    },
  });
  expect(receipt).toMatchObject({
    orderId: "o4",
    paidBy: ReceiptPaidBy.VOUCHER,
    total: { cents: 41_835n, currency: Currency.CHF },
    taxes: { "8.1 %": 3_135n },
    shipment: { parcel: { item1: 40, item2: 30, item3: 30 } },
  });
  expect(new TextDecoder().decode(receipt?.document)).toContain("Order o4 of 4711: 3 pieces");

  const { output: status } = await orders.status({ key: "o4" });
  expect(status?.value.case).toBe("shipped");
});

test("over gRPC, failures have the code that fits, and recursive messages are taken", async () => {
  const prices = createClient(Pricing, grpc());
  const article = (sku: string) =>
    create(ItemSchema, { value: { case: "article", value: { sku } } });
  const input = create(ItemSchema, {
    value: { case: "bundle", value: { parts: [article("table"), article("lamp")] } },
  });

  expect((await prices.priceOfItem({ input })).output).toMatchObject({ cents: 94_450n });
  const failure = await prices.priceOfItem({ input: article("hat") }).catch(ConnectError.from);
  expect(failure).toMatchObject({
    code: Code.NotFound,
    rawMessage: "nothing is known of the article hat",
  });
});
