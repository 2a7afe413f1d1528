// What the command line, the testing kit and the end-to-end tests use.

export type { ServerConfig } from "./config/server-config.js";
export { startServer, type Server, type ServerActivity, type StartOptions } from "./server.js";
export { createClock, type Clock } from "./shard/clock.js";
export type { Operators } from "./shard/operators.js";
