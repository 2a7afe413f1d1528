// Routes about the server itself.

import { serverVersion } from "../observe/version.js";
import type { Route } from "./route.js";

export const apiVersionMin = 2;
export const apiVersionMax = 4;

/** What the field's tools look for before they ask for it. */
const features = {
  vqueues: true,
  "scoped-virtual-objects": true,
  "unique-random-seeds": true,
};

export const serverRoutes: readonly Route[] = [
  { method: "GET", path: "/health", answer: () => ({ status: 200 }) },
  {
    method: "GET",
    path: "/version",
    early: true,
    answer: ({ ingressUrl }) => ({
      status: 200,
      body: {
        version: serverVersion(),
        min_admin_api_version: apiVersionMin,
        max_admin_api_version: apiVersionMax,
        ingress_endpoint: ingressUrl,
        features,
      },
    }),
  },
];
