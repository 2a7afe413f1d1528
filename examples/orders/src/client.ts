// Orders a lamp from a program: fills the stock, submits the order, pays it, waits for the receipt.
//
//   npm run client            a new order
//   npm run client -- 4711    the order's number
//
// The clients are generated: Dates, bigints and bytes arrive as what they are.

import { connect } from "@perdure/clients";
import { checkout, inventory } from "../gen/clients.js";

const [orderId = `order-${Date.now()}`] = process.argv.slice(2);
const ingress = connect({ url: process.env["ORDERS_INGRESS"] ?? "http://localhost:8080" });

try {
  await inventory(ingress, "lamp").restock({ quantity: 1, arrivedAt: new Date() });

  const lamp = checkout(ingress, orderId);
  const submission = await lamp.submit({
    customer: "4711",
    lines: [{ sku: "lamp", quantity: 1, wishes: { wrapping: "blue" } }],
    shipTo: {
      name: "Ada Lovelace",
      street: "Elm Street 12",
      city: "Bern",
      postcode: "3000",
      country: "CH",
    },
    deliverBy: null,
  });
  console.log(`submitted: ${submission.status}, ${submission.invocationId}`);

  await lamp.pay({ kind: "voucher", codes: ["spring"] });
  const { total, issuedAt, document } = await submission.attach();
  console.log(`${total.cents} cents, on ${issuedAt.toDateString()}`);
  console.log(new TextDecoder().decode(document));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
