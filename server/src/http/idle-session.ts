// An HTTP/2 connection on which nothing is asked: node keeps it for ever, where it closes one of HTTP/1.1 after a while.

import type { ServerHttp2Session } from "node:http2";

/** Closes the session in good order when it has had no open stream for this long. */
export function closeWhenIdle(session: ServerHttp2Session, idleMs: number): void {
  let open = 0;
  const timer = setTimeout(() => {
    // While a stream is open, its end arms the timer again.
    if (open === 0) session.close();
  }, idleMs).unref();
  session.on("stream", (stream) => {
    open++;
    stream.once("close", () => {
      open--;
      if (open === 0 && !session.closed) timer.refresh();
    });
  });
  session.once("close", () => clearTimeout(timer));
}
