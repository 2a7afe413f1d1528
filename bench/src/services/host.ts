// What the two service processes share: the port they are given, a word when they are ready, and an
// end when they are told or when the benchmark is gone. SIGTERM exits in good order, because a CPU
// profile is written only then.

/** Starts the services with `listen` and reports to the benchmark, the parent of this process. */
export async function host(listen: (port: number) => Promise<unknown>): Promise<void> {
  process.on("SIGTERM", () => process.exit(0));
  process.on("disconnect", () => process.exit(0));
  await listen(Number(process.argv[2]));
  process.send?.("ready");
}
