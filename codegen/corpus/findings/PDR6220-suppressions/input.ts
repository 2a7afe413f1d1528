import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Suppressed {
  @handler()
  async go(_: Context): Promise<number> {
    // perdure-ignore PDR6201
    const a = Date.now();
    // perdure-ignore: why not
    const b = Date.now();
    const c = Date.now(); // perdure-ignore PDR6201: compared with nothing
    // perdure-ignore PDR6203: there is no timer here
    const d = 5;
    return a + b + c + d + allowed();
  }
}

/** perdure-ignore PDR6201, PDR6202: only for a line of a log */
function allowed(): number {
  return Date.now() + Math.random();
}
