// Express: the endpoint is one of the things that the application answers.

import express from "express";
import { createEndpointHandler } from "@perdure/sdk/node";
import { services } from "./services.js";

const app = express();
app.use("/perdure", createEndpointHandler({ services }));
app.get("/", (_, response) => {
  response.send("the shop is open");
});

const port = Number(process.env["PORT"] ?? 9080);
app.listen(port, "127.0.0.1", () => {
  console.log(`serving on http://127.0.0.1:${port}/perdure`);
});
