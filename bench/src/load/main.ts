// Entry of the load generator process: takes one order after the other over IPC, answers each, and
// ends when the benchmark does. Nothing else runs here, so that measuring costs as little as it can.
import { measure } from "./measure.js";
import type { LoadOrder, LoadReply } from "./messages.js";

process.on("message", (order: LoadOrder) => {
  measure(order).then(
    (result) => reply({ kind: "done", result }),
    (error: unknown) => reply({ kind: "failed", reason: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

function reply(message: LoadReply): void {
  process.send?.(message);
}
