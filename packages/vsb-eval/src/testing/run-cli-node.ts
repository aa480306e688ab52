import { main } from "../cli/main-node.js";

/** Runs the command line in this process and keeps what it wrote. */
export async function runCli(
  argv: readonly string[],
  options: { readonly interactive?: boolean; readonly signal?: AbortSignal } = {},
): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const terminal = {
    interactive: options.interactive ?? false,
    columns: () => 40,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const code = await main(argv, terminal, options.signal);
  return { code, out, err };
}
