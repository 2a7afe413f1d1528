// What the command line, the testing kit and the end-to-end tests use.

export { startServer, type Server, type ServerEvents, type ServerOptions } from "./server.js";
