import type { ReviewProtocol } from '../admission/exchange.ts';
import type { Stage } from '../policy/stage.ts';
import { REVIEW_PATHS } from '../wiring/paths.ts';
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

/** The routes of all paths at which a gate answers. */
export function createRoutes({ imageReview, admissionReview }: Protocols): Routes {
  const protocols = { ImageReview: imageReview, AdmissionReview: admissionReview };
  return new Map(
    REVIEW_PATHS.map(({ path, protocol, stage }) => [path, { protocol: protocols[protocol], stage }]),
  );
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
