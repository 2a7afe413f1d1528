// Offers the shop's services to a server, on PORT (9080), with the manifest that `npm run codegen` made of them.
// Register it once: npx perdure deployments register http://localhost:9080

import { serve } from "@perdure/sdk";
import { manifest } from "../gen/manifest.js";
import { services } from "./services.js";

const { port } = await serve({ services, manifest });
console.log(`the shop's ${services.length} services listen on port ${port}`);
