import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { RequestError } from "../../errors.js";
import { AbortHub } from "./abort-hub.js";
import { AdaptiveLimiter } from "./adaptive-limiter.js";

async function round(limiter: AdaptiveLimiter, failure: RequestError | null = null): Promise<void> {
  const places = limiter.limit;
  for (let i = 0; i < places; i++) await limiter.acquire();
  for (let i = 0; i < places; i++) limiter.release(failure);
}

describe("AdaptiveLimiter", () => {
  it("doubles each clean round up to the maximum", async () => {
    const limiter = new AdaptiveLimiter({ start: 2, max: 12, now: () => 0 });
    const limits: number[] = [];
    for (let i = 0; i < 4; i++) {
      limits.push(limiter.limit);
      await round(limiter);
    }
    expect([...limits, limiter.limit]).toEqual([2, 4, 8, 12, 12]);
  });

  it("cuts by a fifth once per cool-down and then grows by 5 %, at least one", async () => {
    let now = 0;
    const limiter = new AdaptiveLimiter({ start: 50, max: 100, now: () => now });
    const limited = new RequestError("rate_limited", "429");
    await round(limiter, limited);
    expect(limiter.limit).toBe(40);
    now = 14_000;
    await round(limiter);
    expect(limiter.limit).toBe(40);
    now = 16_000;
    await round(limiter);
    expect(limiter.limit).toBe(42);
  });

  it("does not grow when places stay unused, nor for 15 s after a server error", async () => {
    let now = 0;
    const idle = new AdaptiveLimiter({ start: 10, max: 100, now: () => now });
    for (let i = 0; i < 50; i++) {
      await idle.acquire();
      idle.release(null);
    }
    expect(idle.limit).toBe(10);
    const shaken = new AdaptiveLimiter({ start: 10, max: 100, now: () => now });
    await shaken.acquire();
    shaken.release(new RequestError("server_error", "503"));
    await round(shaken);
    expect(shaken.limit).toBe(10);
    now = 16_000;
    await round(shaken);
    expect(shaken.limit).toBe(20);
  });

  it("admits nobody until Retry-After has passed", async () => {
    const limiter = new AdaptiveLimiter({ start: 4 });
    await limiter.acquire();
    const start = performance.now();
    limiter.release(new RequestError("rate_limited", "429", { retryAfterSeconds: 0.08 }));
    await limiter.acquire();
    expect(performance.now() - start).toBeGreaterThanOrEqual(75);
  });

  it("keeps no timer for a wait that nobody sits out, and none that overflows", async () => {
    vi.useFakeTimers();
    const controller = new AbortController();
    const limiter = new AdaptiveLimiter({ start: 4 });
    await limiter.acquire();
    limiter.release(new RequestError("rate_limited", "429", { retryAfterSeconds: 40 * 24 * 3600 }));
    let admitted = false;
    const waiting = limiter.acquire(new AbortHub(controller.signal)).then(() => {
      admitted = true;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(admitted).toBe(false);
    expect(vi.getTimerCount()).toBe(1);
    controller.abort(new Error("interrupted"));
    await expect(waiting).rejects.toThrow("interrupted");
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("never has more in flight than its limit, and serves everyone", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(null, "rate_limited", "server_error", "timeout"), { maxLength: 60 }),
        async (ends) => {
          const limiter = new AdaptiveLimiter({ start: 3, max: 8 });
          let served = 0;
          await Promise.all(
            ends.map(async (end) => {
              await limiter.acquire();
              expect(limiter.active).toBeLessThanOrEqual(8);
              await Promise.resolve();
              served++;
              limiter.release(end === null ? null : new RequestError(end as "timeout", "x"));
            }),
          );
          expect(served).toBe(ends.length);
          expect(limiter.active).toBe(0);
          expect(limiter.limit).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });
});
