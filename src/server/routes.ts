import type { ReviewProtocol } from '../admission/exchange.ts';
import { STAGES, type Stage } from '../policy/stage.ts';
import { METHOD_NOT_ALLOWED, NOT_FOUND, type Refusal } from './refusal.ts';

/** The wire protocols that the server speaks. */
export interface Protocols {
  readonly imageReview: ReviewProtocol;
  readonly admissionReview: ReviewProtocol;
}

/** What a path means, by the path. */
export type Routes = ReadonlyMap<string, Omit<Route, 'query'>>;

/** A path has chosen the protocol, and how hard the verdict bites; nobody asks again. */
export interface Route {
  readonly protocol: ReviewProtocol;
  readonly stage: Stage;
  /** The text after `?`; empty when there is none. */
  readonly query: string;
}

/**
 * Paths of the Go program (`/image_policy`, `/`), and for each one that a webhook configuration accepts. Behind these
 * may stand a stage: `/validate/warn`, `/image_policy/audit`.
 */
export function createRoutes({ imageReview, admissionReview }: Protocols): Routes {
  const routes = new Map([['/', { protocol: admissionReview, stage: 'deny' as Stage }]]);
  for (const [path, protocol] of [
    ['/image_policy', imageReview],
    ['/image-policy', imageReview],
    ['/validate', admissionReview],
  ] as const) {
    routes.set(path, { protocol, stage: 'deny' });
    for (const stage of STAGES) routes.set(`${path}/${stage}`, { protocol, stage });
  }
  return routes;
}

/**
 * The route of a request target as it was sent. Nothing is decoded or normalised, so `//validate`, `/%76alidate` and
 * `http://gate/validate` lead nowhere (CVE-2026-26205).
 */
export function findRoute(routes: Routes, method: string, target: string): Route | Refusal {
  const mark = target.indexOf('?');
  const route = routes.get(mark === -1 ? target : target.slice(0, mark));
  if (route === undefined) return NOT_FOUND;
  if (method !== 'POST') return METHOD_NOT_ALLOWED;
  const { protocol, stage } = route;
  return { protocol, stage, query: mark === -1 ? '' : target.slice(mark + 1) };
}
