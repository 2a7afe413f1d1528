// Everything that the shop offers to a server.

import type { ServeOptions } from "@perdure/sdk";
import { Inventory } from "./inventory.js";
import { Checkout } from "./checkout.js";
import { pricing } from "./pricing.js";

export const services: ServeOptions["services"] = [Checkout, Inventory, pricing];
