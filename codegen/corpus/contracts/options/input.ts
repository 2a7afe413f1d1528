import { exclusive, object, run, shared, workflow, type ObjectContext, type ObjectSharedContext, type WorkflowContext } from "@perdure/sdk";
import { limits, week } from "./settings.js";

@object({
  name: "shop-cart",
  description: "Keeps what people buy",
  metadata: { team: "shop", area: "cart" },
  journalRetention: { days: 3 },
  idempotencyRetention: week,
  inactivityTimeout: { minutes: 1, seconds: 30 },
  abortTimeout: 5000,
  enableLazyState: true,
  retryPolicy: { initialInterval: 100, maxInterval: { seconds: 10 }, exponentiationFactor: 2, maxAttempts: 5, onMaxAttempts: "pause" },
})
export class Cart {
  static readonly timeout = { seconds: 5 };

  /** JSDoc, which the description wins over. */
  @exclusive({ description: "Adds an item", ingressPrivate: true, ...limits, metadata: { level: "1" } })
  async add(_: ObjectContext, item: string): Promise<void> {
    void item;
  }

  @shared({ inactivityTimeout: Cart.timeout, accept: "application/*" })
  async items(_: ObjectSharedContext): Promise<string[]> {
    return [];
  }
}

@workflow({ workflowRetention: { days: 30 }, ingressPrivate: true })
export class Billing {
  @run({ retryPolicy: { maxAttempts: Infinity } })
  async run(_: WorkflowContext): Promise<void> {}
}
