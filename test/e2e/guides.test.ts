// The examples of docs/guides about writing services, run: each against a real server with real services, as its
// page says it behaves. Those about running them are in guides-running.test.ts.

import { randomBytes } from "node:crypto";
import { Approvals, Desk } from "@perdure/example-guides/approvals";
import { jsonLog, lines, timings } from "@perdure/example-guides/audit";
import { bank, CardDeclined, TooBusy } from "@perdure/example-guides/bank";
import { Cart } from "@perdure/example-guides/cart";
import { catalog, catalogInterface } from "@perdure/example-guides/catalog";
import { Checkout } from "@perdure/example-guides/checkout";
import { encryption } from "@perdure/example-guides/codec";
import { Greeter } from "@perdure/example-guides/greeter";
import { greeter } from "@perdure/example-guides/greeter-functions";
import { Operator } from "@perdure/example-guides/lifecycle";
import { Mailer, Orders, Stock } from "@perdure/example-guides/orders";
import { Payments } from "@perdure/example-guides/payments";
import { Daily, Reminders } from "@perdure/example-guides/reminders";
import { shop } from "@perdure/example-guides/shop";
import { Signup } from "@perdure/example-guides/signup";
import { rpc, type Send } from "@perdure/clients";
import { handler, service, type Context } from "@perdure/sdk";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { failureOf, useGuideBed } from "../harness/guide-bed.js";

const bed = useGuideBed();

describe("services", () => {
  test.each([
    ["a class", Greeter],
    ["functions", greeter],
  ])("as %s answer, and keep private handlers to handlers", async (_, definition) => {
    const env = await bed.start([definition]);

    const hello = await env.client.serviceClient<Greeter>({ name: "Greeter" }).greet("Ada");
    const refused = await failureOf(
      env.client.serviceClient<Greeter>({ name: "Greeter" }).audit("x"),
    );

    expect(hello).toBe("Hello Ada");
    expect(refused).toMatchObject({ status: 400, errorCode: "PDR3006" });
  });

  test("end with a terminal error, which the caller gets", async () => {
    const env = await bed.start([Greeter]);

    const refused = await failureOf(env.client.serviceClient(Greeter).greet(""));

    expect(refused).toMatchObject({ status: 400, message: expect.stringContaining("nobody") });
  });
});

describe("virtual objects", () => {
  test("take one change of a key at a time, and keep its state", async () => {
    const env = await bed.start([Cart]);
    const cart = env.client.objectClient(Cart, "ada");

    const counts = await Promise.all(["tea", "milk", "cake", "jam"].map((item) => cart.add(item)));
    const items = await cart.items();
    const elsewhere = await env.client.objectClient(Cart, "bob").items();
    const receipt = await cart.checkOut();
    const empty = await failureOf(cart.checkOut());

    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    expect(items).toHaveLength(4);
    expect(elsewhere).toEqual([]);
    expect(receipt).toMatch(/^ada paid for .* and /);
    expect(empty.status).toBe(409);
    expect(await env.stateOf(Cart, "ada").getAll()).toEqual({ receipts: 1 });
  });
});

describe("workflows", () => {
  const ada = { name: "Ada", email: "ada@example.org" };

  test("run once for each key, and are talked to meanwhile", async () => {
    const env = await bed.start([Signup]);
    const signup = env.client.workflowClient(Signup, "ada");

    const first = await signup.workflowSubmit(ada);
    const second = await signup.workflowSubmit(ada);
    await env.time.settled();
    const stage = await signup.stage();
    await signup.click("a secret");
    const again = await failureOf(signup.click("another"));

    expect([first.status, second.status]).toEqual(["Accepted", "PreviouslyAccepted"]);
    expect(stage).toBe("waits for the click");
    expect(again.status).toBe(409);
    expect(await signup.workflowAttach()).toBe("confirmed");
    expect(await signup.stage()).toBe("confirmed");
  });

  test("are gone when their retention is over, and may run again", async () => {
    const env = await bed.start([Signup]);
    const signup = env.client.workflowClient(Signup, "ada");
    await signup.workflowSubmit(ada);
    await env.advance({ days: 1 });
    expect(await signup.workflowAttach()).toBe("expired");

    await env.advance({ days: 7, minutes: 1 });

    expect((await failureOf(signup.workflowAttach())).status).toBe(404);
    expect(await signup.stage()).toBe("not started");
    expect((await signup.workflowSubmit(ada)).status).toBe("Accepted");
  });
});

describe("durable steps", () => {
  const order = { item: "lamp", price: 30 };

  beforeEach(() => {
    shop.did.splice(0);
  });

  test("are tried again by a policy of their own; others are not repeated", async () => {
    const env = await bed.start([Checkout]);
    shop.declines = 2;

    const shipped = await env.client.serviceClient(Checkout).buy(order);

    expect(shipped).toBe("stock of lamp goes to 12 Elm Street");
    const charges = Array.from({ length: 3 }, () => "charge 30");
    expect(shop.did).toEqual(["reserve lamp", ...charges, "ship stock of lamp"]);
  });

  test("end with a terminal error when their policy is used up, and are undone", async () => {
    const env = await bed.start([Checkout]);
    shop.declines = 9;

    const failure = await failureOf(env.client.serviceClient(Checkout).buy(order));

    expect(failure.message).toContain("the bank does not answer");
    expect(shop.did.at(-1)).toBe("release stock of lamp");
    expect(shop.did.filter((what) => what.startsWith("charge"))).toHaveLength(3);
  });
});

describe("calls and sends", () => {
  test("between handlers: a result, a delayed send, a send that runs once", async () => {
    const env = await bed.start([Orders, Stock, Mailer]);
    const orders = env.client.serviceClient(Orders);

    const first = await orders.place("lamp");
    const second = await orders.place("lamp");
    const last = await orders.lastMail("lamp");
    const forwarded = await orders.forward({ service: "Mailer", method: "send" });

    expect([first.left, second.left]).toEqual([9, 8]);
    expect(second.mail).toBe(first.mail);
    expect(last).toBe("sent: lamp is ordered");
    expect(forwarded).toBe("sent: forwarded");
    const said = (): unknown[] => vi.mocked(console.log).mock.calls.flat();
    const asked = (): number =>
      said().filter((line) => String(line).includes("how do you like your lamp?")).length;
    expect(asked()).toBe(0);
    await env.advance({ days: 7 });
    expect(asked()).toBe(2);
  });
});

describe("timers", () => {
  test("wait for a month", async () => {
    const env = await bed.start([Reminders]);
    const reminded = env.client.serviceClient(Reminders).remind("water the plants");

    await env.advance({ days: 30 });

    expect(await reminded).toBe("water the plants");
  });

  test("limit how long something is waited for", async () => {
    const env = await bed.start([Reminders]);
    const answer = env.client.serviceClient(Reminders).ask("tea?");

    await env.advance({ hours: 2 });

    expect(await answer).toBe("no answer");
  });

  test("bring work back every day, until it is stopped", async () => {
    const env = await bed.start([Daily]);
    const daily = env.client.objectClient(Daily, "report");
    await daily.start();
    await env.advance({ days: 3 });
    const runs = await daily.runs();
    await daily.stop();

    await env.advance({ days: 3 });

    expect(runs).toBe(4);
    expect(await daily.runs()).toBe(4);
  });
});

describe("awakeables and signals", () => {
  test.each([
    [true, "approved"],
    [false, "declined"],
  ])("an awakeable that is completed by a handler with %s gives %s", async (approved, outcome) => {
    const env = await bed.start([Approvals, Desk]);
    const answer = env.client
      .serviceClient(Approvals)
      .ask("ann")
      .catch((error: Error) => error.message);
    await env.time.settled();

    await env.client.objectClient(Desk, "ann").decide(approved);

    expect(await answer).toContain(outcome);
  });

  test("an awakeable is completed over HTTP", async () => {
    const env = await bed.start([Approvals, Desk]);
    const answer = env.client.serviceClient(Approvals).ask("ann");
    await env.time.settled();
    const id = await env.client.objectClient(Desk, "ann").ticket();

    const response = await fetch(`${env.baseUrl()}/restate/awakeables/${String(id)}/resolve`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '"by curl"',
    });

    expect(response.status).toBe(202);
    expect(await answer).toBe("by curl");
  });

  test("signals are queued, in order", async () => {
    const env = await bed.start([Approvals, Desk]);
    const { invocationId } = await env.client
      .serviceSendClient(Approvals)
      .collect(rpc.sendOpts({ idempotencyKey: "collect" }));

    const tell = env.client.serviceClient(Approvals);
    await tell.tell({ id: invocationId, lines: ["a", "b", "c", "end"] });

    const collected: Send<string[]> = { invocationId, status: "Accepted", attachable: true };
    expect(await env.client.result(collected)).toEqual(["a", "b", "c"]);
  });
});

describe("errors and retries", () => {
  beforeEach(() => {
    bank.troubles.splice(0);
    bank.payments = 0;
  });

  test("errors of the domain become terminal, with code and metadata", async () => {
    const env = await bed.start([Payments]);
    bank.troubles.push(new CardDeclined("4711"));

    const failure = await failureOf(env.client.serviceClient(Payments).pay("4711"));

    expect(failure).toMatchObject({ status: 402, metadata: { card: "4711" } });
    expect(bank.payments).toBe(0);
  });

  test("others are tried again, when the policy or the error says so", async () => {
    const env = await bed.start([Payments]);
    bank.troubles.push(new Error("broken"), new TooBusy("later"), new Error("broken"));

    expect(await env.client.serviceClient(Payments).pay("4711")).toBe("paid with 4711");
    expect(bank.payments).toBe(1);
  });

  test("what fails too often is paused, and goes on when it is resumed", async () => {
    const env = await bed.start([Payments]);
    const operator = new Operator(env.adminAPIBaseUrl());
    bank.troubles.push(...Array.from({ length: 5 }, () => new Error("broken")));
    const send = await env.client
      .serviceSendClient(Payments)
      .pay("4711", rpc.sendOpts({ idempotencyKey: "pay" }));
    await expect.poll(() => operator.status(send.invocationId)).toBe("paused");

    await operator.tell(send.invocationId, "resume");

    expect(await env.client.result(send)).toBe("paid with 4711");
  });
});

describe("serialization", () => {
  test("a schema checks input and fills in defaults; bytes stay bytes", async () => {
    const env = await bed.start([catalog]);
    const lamp = env.client.client(catalogInterface, "lamp");

    const tags = await lamp.put({ name: "lamp", price: 3, tags: ["light"] });
    const refused = await failureOf(lamp.put({ name: "", price: -1, tags: [] }));
    await lamp.setImage(new Uint8Array([1, 2, 3]));

    expect(tags).toBe(1);
    expect(refused.status).toBe(400);
    expect(refused.message).toContain("price");
    expect([...(await lamp.image())]).toEqual([1, 2, 3]);
  });

  test("a codec hides what is kept", async () => {
    const codec = encryption(randomBytes(32));
    const env = await bed.start([Cart], { endpoint: { journalValueCodecProvider: () => codec } });

    await env.client.objectClient(Cart, "ada").add("a secret thing");

    expect(await env.stateOf(Cart, "ada").get("items")).toEqual(["a secret thing"]);
    const response = await fetch(`${env.adminAPIBaseUrl()}/services/Cart/state/ada`);
    const { state } = (await response.json()) as { state: { items: number[] } };
    expect(Buffer.from(state.items).toString()).not.toContain("secret");
  });
});

describe("hooks and logging", () => {
  test("interceptors measure attempts and steps, and lines go to the transport", async () => {
    lines.splice(0);
    const measured: string[] = [];
    const hooks = [timings((what) => measured.push(what))];
    const env = await bed.start([Greeter], {
      endpoint: { logger: jsonLog, defaultServiceOptions: { hooks } },
    });

    await env.client.serviceClient(Greeter).greet("Ada");

    expect(measured).toEqual(["Greeter/greet step announce", "Greeter/greet attempt"]);
    @service()
    class Speaker {
      @handler()
      async say(ctx: Context): Promise<void> {
        ctx.console.warn("said", 1);
      }
    }
    const speaking = await bed.start([Speaker], { endpoint: { logger: jsonLog } });
    await speaking.client.serviceClient(Speaker).say();
    expect(lines).toContainEqual({
      level: "warn",
      source: "USER",
      target: "Speaker/say",
      text: "said 1",
    });
  });
});
