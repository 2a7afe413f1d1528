// Invocation ids as handlers get them from others: checked before anything is asked of the server.

import { isInvocationId } from "@perdure/protocol/ids";
import { TerminalError } from "../errors.js";
import type { InvocationId } from "./context.js";

export const InvocationIdParser: {
  /** @throws TerminalError  400: the text is no invocation id */
  fromString(id: string): InvocationId;
} = {
  fromString(id) {
    if (typeof id === "string" && isInvocationId(id)) return id;
    throw new TerminalError(
      `${JSON.stringify(id)} is no invocation id: they begin with inv_1, as calls and sends give them (PDR2008)`,
      { errorCode: 400 },
    );
  },
};
