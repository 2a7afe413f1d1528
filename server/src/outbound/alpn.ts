// Which version of HTTP an https address speaks, as TLS negotiates it.

import { isIP } from "node:net";
import { connect } from "node:tls";
import type { AddressGuard } from "./address-guard.js";
import { CallError } from "./call-error.js";

/** @throws CallError  nothing can be negotiated there */
export async function negotiateHttp(
  uri: string,
  signal: AbortSignal,
  guard?: AddressGuard,
): Promise<"h2" | "http/1.1"> {
  guard?.check(uri);
  const { hostname, port } = new URL(uri);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host,
        port: port === "" ? 443 : Number(port),
        ALPNProtocols: ["h2", "http/1.1"],
        ...(guard === undefined ? {} : { lookup: guard.lookup }),
        // An address is no name that a server could have a certificate for.
        ...(isIP(host) === 0 ? { servername: host } : {}),
      },
      () => {
        const { alpnProtocol } = socket;
        over();
        resolve(alpnProtocol === "h2" ? "h2" : "http/1.1");
      },
    );
    const aborted = (): void => {
      failed(new Error("no answer in time"));
    };
    function failed(error: Error): void {
      over();
      reject(new CallError("unreachable", error.message, { cause: error }));
    }
    function over(): void {
      signal.removeEventListener("abort", aborted);
      socket.off("error", failed);
      socket.on("error", () => undefined);
      socket.destroy();
    }
    socket.once("error", failed);
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted);
  });
}
