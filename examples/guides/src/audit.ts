// Hooks around attempts and steps, and a transport for log lines.

import type { HooksProvider, LoggerTransport } from "@perdure/sdk";

/** Lines of the SDK and of `ctx.console`, as JSON. */
export const lines: object[] = [];

export const jsonLog: LoggerTransport = ({ level, replaying, source, context }, ...message) => {
  if (replaying) return; // it was said before
  lines.push({ level, source, target: context?.invocationTarget, text: message.join(" ") });
};

/** Measures attempts, and each step that is executed. Steps that are recorded do not come by here. */
export function timings(report: (what: string, ms: number) => void): HooksProvider {
  return ({ request }) => {
    const measured = async (what: string, next: () => Promise<void>): Promise<void> => {
      const start = performance.now();
      try {
        await next(); // call it once, and let its errors pass
      } finally {
        report(`${request.target.toString()} ${what}`, performance.now() - start);
      }
    };
    return {
      interceptor: {
        handler: (next) => measured("attempt", next),
        run: (name, next) => measured(`step ${name}`, next),
      },
    };
  };
}
