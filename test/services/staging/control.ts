/**
 * The shape of `POST /__control` (JSON, strict: an unknown name is a 400):
 *
 *   { "clearFaults": true,            forget all faults, before those below are added
 *     "faults": [ { "path": "/readyz",   left out: any path
 *                   "nth": 1,            from the nth request of that path on (default 1) ...
 *                   "times": 1,          ... so many of them (default 1), or "always"
 *                   "delayMs": 500,      waits first; may stand alone or with one of:
 *                   "status": 503,       that status, with {"status":"failing"}
 *                   "redirect": "https://login.example.com/",   302
 *                   "empty": true,       200 and no body
 *                   "endless": true,     200 and a body that never ends
 *                   "hang": true,        never answers
 *                   "reset": true } ] }  RST on the connection
 *
 * `GET /__control` answers { "requests": [{ "at", "method", "path", "status" }, ...] } in order of arrival; status is null for a
 * request that got no answer (yet).
 */
import { z } from 'zod';

const faultSchema = z
  .strictObject({
    path: z.string().startsWith('/').optional(),
    nth: z.int().positive().default(1),
    times: z.union([z.int().positive(), z.literal('always')]).default(1),
    delayMs: z.int().nonnegative().optional(),
    status: z.int().min(200).max(599).optional(),
    redirect: z.string().optional(),
    empty: z.literal(true).optional(),
    endless: z.literal(true).optional(),
    hang: z.literal(true).optional(),
    reset: z.literal(true).optional(),
  })
  .refine(
    ({ status, redirect, empty, endless, hang, reset }) =>
      [status, redirect, empty, endless, hang, reset].filter(Boolean).length <= 1,
    {
      message: 'a fault is one of status, redirect, empty, endless, hang, reset',
    },
  );

const controlSchema = z.strictObject({ clearFaults: z.literal(true).optional(), faults: z.array(faultSchema).optional() });

export type StagingControl = z.input<typeof controlSchema>;
export type StagingFault = z.output<typeof faultSchema>;

/** Throws an Error that names what is wrong. */
export function parseControl(document: unknown): z.output<typeof controlSchema> {
  const parsed = controlSchema.safeParse(document);
  if (!parsed.success) throw new Error(`not a control document: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
