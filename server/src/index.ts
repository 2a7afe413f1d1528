// What the command line, the testing kit and the end-to-end tests use.

export type { ServerConfig } from "./config/server-config.js";
export { startServer, type Server, type StartOptions } from "./server.js";
