// Process entry: the services under test on Perdure's SDK.
import * as perdure from "@perdure/sdk";
import { definitions } from "./definitions.js";
import type { DurableSdk } from "./durable-sdk.js";
import { host } from "./host.js";
import { typedManifest } from "./typed-manifest.js";

interface Serving {
  serve(options: {
    readonly services: readonly unknown[];
    readonly port: number;
    readonly host: string;
    readonly manifest: unknown;
  }): Promise<unknown>;
}

await host((port) => {
  const services = definitions(perdure as unknown as DurableSdk);
  return (perdure as unknown as Serving).serve({
    services,
    port,
    host: "127.0.0.1",
    manifest: typedManifest(),
  });
});
