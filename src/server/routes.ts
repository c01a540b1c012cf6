import type { ReviewProtocol } from '../admission/exchange.ts';
import type { Stage } from '../policy/stage.ts';
import { REVIEW_PATHS } from '../wiring/paths.ts';
import { METHOD_NOT_ALLOWED, NOT_FOUND, type Refusal } from './refusal.ts';

/** The wire protocols of the server. */
export interface Protocols {
  readonly imageReview: ReviewProtocol;
  readonly admissionReview: ReviewProtocol;
}

/** By path: protocol and stage. */
export type Routes = ReadonlyMap<string, Omit<Route, 'query'>>;

/** Protocol and stage of a request. Only the path determines them. */
export interface Route {
  readonly protocol: ReviewProtocol;
  readonly stage: Stage;
  /** The text after `?`; empty if there is none. */
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
 * The route of a request target. The target is not decoded or normalised, so `//validate`, `/%76alidate` and
 * `http://gate/validate` are not found.
 */
export function findRoute(routes: Routes, method: string, target: string): Route | Refusal {
  const mark = target.indexOf('?');
  const route = routes.get(mark === -1 ? target : target.slice(0, mark));
  if (route === undefined) return NOT_FOUND;
  if (method !== 'POST') return METHOD_NOT_ALLOWED;
  const { protocol, stage } = route;
  return { protocol, stage, query: mark === -1 ? '' : target.slice(mark + 1) };
}
