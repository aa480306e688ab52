/**
 * An optional package that the server or the command line needs.
 * @throws Error that says what to install when it is missing
 */
export async function importPeer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new Error(
      `expected the package ${name}, which the reward server and its command line need and the rewards do not: npm install ${PEERS.join(" ")}`,
      { cause },
    );
  }
}

const PEERS = ["commander", "pino", "prom-client"];
