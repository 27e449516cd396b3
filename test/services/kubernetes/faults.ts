/** Faults on demand: which requests they hit, how often, and what the client then sees. */
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { reasonFor, statusBody } from './status.js';

export const faultSchema = z.strictObject({
  /** What the client sees. `delay` only postpones; `down` takes the whole server down at that request. */
  do: z.enum(['status', 'empty', 'garbage', 'delay', 'hang', 'reset', 'down']),
  /** Which requests; what is left out matches all. `resource` is a plural, or `version`, or `discovery`. */
  verb: z.enum(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']).optional(),
  resource: z.string().optional(),
  /** The object's name, or the name that a list's or watch's field selector pins. */
  name: z.string().optional(),
  /** The first matching request that is hit, counted from 1. */
  nth: z.int().min(1).default(1),
  /** How many are hit from there on; without it, all. */
  times: z.int().min(1).optional(),
  /** True: the request takes effect, and only its answer is lost or replaced. */
  afterEffect: z.boolean().default(false),
  /** For `status`: the HTTP status (default 500) and the message of the Status body. */
  status: z.int().min(400).max(599).default(500),
  message: z.string().optional(),
  /** For `delay`: milliseconds. */
  delayMs: z.int().min(0).default(1000),
});

export type Fault = z.output<typeof faultSchema>;

/** What a request looks like to the rules. */
export interface FaultTarget {
  verb: string;
  resource: string;
  name: string | undefined;
}

export class FaultRules {
  private rules: { fault: Fault; seen: number }[] = [];

  add(fault: Fault): void {
    this.rules.push({ fault, seen: 0 });
  }

  clear(): void {
    this.rules = [];
  }

  list(): Fault[] {
    return this.rules.map(({ fault }) => fault);
  }

  /** Counts the request against every rule that matches it; the fault of the first rule that hits, if any. */
  take(target: FaultTarget): Fault | undefined {
    const matching = this.rules.filter(({ fault }) => matches(fault, target));
    for (const rule of matching) rule.seen += 1;
    return matching.find(({ fault, seen }) => seen >= fault.nth && seen < fault.nth + (fault.times ?? Infinity))?.fault;
  }

  /** A 403 for every such request is a permission that the user lacks, so access reviews say so too. */
  forbids(target: FaultTarget): boolean {
    return this.rules.some(
      ({ fault }) => fault.do === 'status' && fault.status === 403 && fault.times === undefined && matches(fault, target),
    );
  }
}

/** Answers the request as the fault says. `delay` and `down` are the server's own to do. */
export function answerWithFault(fault: Fault, target: FaultTarget, response: ServerResponse): void {
  switch (fault.do) {
    case 'status': {
      const subject = target.name === undefined ? target.resource : `${target.resource} "${target.name}"`;
      const message = fault.message ?? `${subject}: ${target.verb} refused by an injected fault`;
      const details = { kind: target.resource, ...(target.name !== undefined && { name: target.name }) };
      const body = statusBody(fault.status, reasonFor(fault.status), message, details);
      response.writeHead(fault.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      return;
    }
    case 'empty':
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 0 }).end();
      return;
    case 'garbage':
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('<html>502 Bad Gateway</html>');
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
    case 'delay':
    case 'down':
      return;
  }
}

function matches(fault: Fault, { verb, resource, name }: FaultTarget): boolean {
  return (
    (fault.verb === undefined || fault.verb === verb) &&
    (fault.resource === undefined || fault.resource === resource) &&
    (fault.name === undefined || fault.name === name)
  );
}
