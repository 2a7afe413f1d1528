// What a server or an endpoint can do beyond the common version of the protocol: named in its Hello.

/** `ProposeCompletion.shown_after`: a result is shown to the code before it is recorded, and replay keeps to that order. */
export const earlyResults = "early-results";

/** `ServerFrame.position` and `Durable`: no closure is started before what the attempt began with is durable. */
export const gate = "gate";

/** Understands `Fragment`, and sends large frames so. */
export const fragmentsFeature = "fragments";

/** Grants `Credit` for fragments, and sends no more of them than it was granted. */
export const creditsFeature = "credits";

/** What this release understands of how frames travel, on either side. */
export const sessionFeatures: readonly string[] = [fragmentsFeature, creditsFeature];
