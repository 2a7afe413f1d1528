// A caller: the same code in Node and in the browser.

import { connect, HttpCallError, rpc } from "@perdure/clients";
import { Cart } from "./cart.js";
import { Greeter } from "./greeter.js";
import { Signup } from "./signup.js";

export async function shopping(url = "http://127.0.0.1:8080"): Promise<string[]> {
  const client = connect({ url, headers: { "x-page": "cart" } });
  const cart = client.objectClient(Cart, "ada");

  await cart.add("tea", rpc.opts({ idempotencyKey: "ada-tea-1" }));
  await cart.add("tea", rpc.opts({ idempotencyKey: "ada-tea-1" })); // the same: runs once

  // A send resolves when it is durable; its result can be had later.
  const greeting = await client
    .serviceSendClient(Greeter)
    .greet("Ada", rpc.sendOpts({ idempotencyKey: "ada" }));
  const hello = await client.result(greeting);

  const items = await cart.items(rpc.opts({ timeout: { seconds: 5 } }));
  return [hello, ...items];
}

export async function signUp(url: string, name: string): Promise<string> {
  const signup = connect({ url }).workflowClient(Signup, name);
  const { status } = await signup.workflowSubmit({ name, email: `${name}@example.org` });
  const { ready } = await signup.workflowOutput(); // does not wait
  await signup.click("any secret");
  try {
    await signup.click("once more");
  } catch (error) {
    if (!(error instanceof HttpCallError) || error.status !== 409) throw error;
  }
  return `${status}, ${ready ? "ready" : "not ready"}, then ${await signup.workflowAttach()}`;
}
