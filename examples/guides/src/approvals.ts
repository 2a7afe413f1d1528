// Results that come from outside: awakeables, completed by their id, and signals, sent to an invocation by name.

import { exclusive, handler, object, service, shared } from "@perdure/sdk";
import type { Context, InvocationId, ObjectContext, ObjectSharedContext } from "@perdure/sdk";

/** What somebody has to decide, for each person: a desk. */
@object()
export class Desk {
  @exclusive()
  async put(ctx: ObjectContext<{ ticket: string }>, ticket: string): Promise<void> {
    ctx.set("ticket", ticket);
  }

  @shared()
  async ticket(ctx: ObjectSharedContext<{ ticket: string }>): Promise<string | null> {
    return ctx.get("ticket");
  }

  @exclusive()
  async decide(ctx: ObjectContext<{ ticket: string }>, approved: boolean): Promise<void> {
    const ticket = await ctx.get("ticket");
    if (ticket === null) return;
    if (approved) ctx.resolveAwakeable(ticket, "approved");
    else ctx.rejectAwakeable(ticket, "declined");
    ctx.clear("ticket");
  }
}

@service()
export class Approvals {
  @handler()
  async ask(ctx: Context, who: string): Promise<string> {
    const { id, promise } = ctx.awakeable<string>();
    ctx.objectSendClient(Desk, who).put(id); // give the id away, then wait
    return promise; // a rejection is thrown here, as a TerminalError
  }

  /** Collects lines until "end" comes. The caller sends them to this invocation's id. */
  @handler()
  async collect(ctx: Context): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await ctx.signal<string>("line"); // queued: none is lost
      if (line === "end") return lines;
      lines.push(line);
    }
  }

  @handler()
  async tell(ctx: Context, to: { id: InvocationId; lines: string[] }): Promise<void> {
    const signal = ctx.invocation(to.id).signal<string>("line");
    for (const line of to.lines) signal.resolve(line);
  }
}
