// A script in a real page: bundled as a web application would bundle it, from an origin that is not the ingress's, so
// that every request and every header that is read crosses origins. The page posts what it found to its own server.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { within } from "../harness/until.js";
import { openPage } from "./chromium.js";

const html = '<!doctype html><title>page</title><script type="module" src="/page.js"></script>';
const loadTimeoutMs = 40_000;

export interface Page {
  /** What the browser ran. */
  readonly script: string;
  /** What the page posted to /report. */
  readonly found: Record<string, unknown>;
  close(): Promise<void>;
}

/**
 * Opens the page, and waits for its report.
 * @param source  of the script, in this folder
 * @param query  for the script
 */
export async function runPage(
  program: string,
  source: string,
  query: Readonly<Record<string, string>>,
): Promise<Page> {
  const script = await bundle(source);
  let report: (text: string) => void;
  const reported = new Promise<string>((resolve) => (report = resolve));
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.end();
        report(Buffer.concat(chunks).toString());
      });
    } else if (request.url === "/page.js") {
      response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    } else {
      response.writeHead(200, { "content-type": "text/html" }).end(html);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const browser = openPage(
    program,
    `http://127.0.0.1:${port}/?${new URLSearchParams(query).toString()}`,
  );
  const close = async (): Promise<void> => {
    await browser.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    const what = (): string => `the page reports. The browser said:\n${browser.said()}`;
    const text = await within(loadTimeoutMs, what, reported);
    return { script, found: JSON.parse(text) as Record<string, unknown>, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One file without imports, from what the packages publish. Anything of Node in it is an error. */
async function bundle(source: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    root: fileURLToPath(new URL(".", import.meta.url)),
    build: {
      write: false,
      minify: false,
      target: "es2022",
      rollupOptions: {
        input: fileURLToPath(new URL(source, import.meta.url)),
        onwarn(warning) {
          // How old compilers wrote `this` in ESM: it says nothing about the page.
          if (warning.code === "THIS_IS_UNDEFINED") return;
          throw new Error(warning.message);
        },
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !("output" in output)) throw new Error("nothing was built");
  const [chunk, ...others] = output.output;
  if (others.length > 0) throw new Error("the page is more than one file");
  return chunk.code;
}
