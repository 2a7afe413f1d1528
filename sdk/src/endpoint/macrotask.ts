// The end of the event loop's turn: what runs then sees every reaction to what has happened in the turn. Where the
// runtime has no setImmediate (browsers, some workers), a timer of no delay stands for it.

type Immediate = (task: () => void) => unknown;

const { setImmediate: immediate } = globalThis as { readonly setImmediate?: Immediate };

export function atEndOfTurn(task: () => void): void {
  if (immediate === undefined) setTimeout(task, 0);
  else immediate(task);
}
