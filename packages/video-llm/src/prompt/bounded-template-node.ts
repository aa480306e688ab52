import { Environment, Interpreter, Template } from "@huggingface/jinja";
import { TokenizerError } from "../errors.js";
import { withDeadline } from "./deadline-node.js";

/** Longest template read; published ones have up to 20,000 characters. */
const MAX_SOURCE = 2 ** 18;
/** Expressions, statements and loop rounds of one rendering. */
const MAX_STEPS = 1_000_000;
/** Longest text that a template may make, beyond what the conversation holds. */
const MAX_TEXT = 2 ** 20;
/** Most numbers of all `range` calls together, as in Python's sandbox, and longest list. */
const MAX_ITEMS = 100_000;

interface Value {
  readonly type: string;
  readonly value: unknown;
}

/** The parts of the interpreter that are overridden; its types call them private. */
const Base = Interpreter as unknown as new (
  environment: Environment,
) => {
  evaluate(statement: unknown, environment: Environment): Value;
  evaluateBlock(statements: unknown, environment: Environment): Value;
};

/** Counts steps, and refuses texts and lists beyond their bounds. */
class BoundedInterpreter extends Base {
  #steps = 0;

  constructor(
    environment: Environment,
    readonly longest: number,
  ) {
    super(environment);
  }

  override evaluate(statement: unknown, environment: Environment): Value {
    return this.#bounded(super.evaluate(statement, environment));
  }

  override evaluateBlock(statements: unknown, environment: Environment): Value {
    return this.#bounded(super.evaluateBlock(statements, environment));
  }

  #bounded(result: Value): Value {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) throw new Error(`it takes more than ${MAX_STEPS} steps`);
    const { value } = result;
    if (typeof value === "string" && value.length > this.longest)
      throw new Error(`it makes a text of more than ${this.longest} characters`);
    if (Array.isArray(value) && value.length > MAX_ITEMS)
      throw new Error(`it makes a list of more than ${MAX_ITEMS} items`);
    return result;
  }
}

/** A Jinja template that somebody else wrote: time, steps, texts and lists of a rendering are bounded. */
export class BoundedTemplate {
  readonly #template: Template;

  /** @throws TokenizerError when the source is too long or not Jinja. */
  constructor(readonly source: string) {
    if (source.length > MAX_SOURCE) {
      throw new TokenizerError(
        `expected a chat template of at most ${MAX_SOURCE} characters, found ${source.length}; take the published one`,
      );
    }
    this.#template = guarded(() => withDeadline(() => new Template(source)));
  }

  /** @throws TokenizerError when the template fails or goes beyond its bounds. */
  render(variables: Readonly<Record<string, unknown>>, inputLength = 0): string {
    return guarded(() => {
      const environment = new Environment();
      const all = { ...globals(), ...variables };
      for (const [name, value] of Object.entries(all)) environment.set(name, value);
      const interpreter = new BoundedInterpreter(environment, MAX_TEXT + 8 * inputLength);
      const result = withDeadline(() => interpreter.evaluate(this.#template.parsed, environment));
      return String(result.value);
    });
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof TokenizerError) throw cause;
    const message = cause instanceof RangeError ? `it nests too deeply or grows too long (${cause.message})` : cause;
    throw new TokenizerError(
      `the chat template failed: ${message instanceof Error ? message.message : message}; read it in chat_template.jinja or tokenizer_config.json`,
      { cause },
    );
  }
}

/** What transformers gives every template. Dates are left out: a prompt must not depend on the day. */
function globals(): Record<string, unknown> {
  let items = MAX_ITEMS;
  return {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    raise_exception: (message: unknown) => {
      throw new Error(`it refuses this conversation: ${message}`);
    },
    strftime_now: () => {
      throw new Error("it asks for today's date, which prompts here do not hold");
    },
    range(first: number, second?: number, step = 1): number[] {
      const [start, stop] = second === undefined ? [0, first] : [first, second];
      const count = step === 0 ? Number.NaN : Math.max(0, Math.ceil((stop - start) / step));
      items -= count;
      if (!(items >= 0))
        throw new Error(`it loops over more than ${MAX_ITEMS} numbers, or over none that can be counted`);
      return Array.from({ length: count }, (_, i) => start + i * step);
    },
  };
}
