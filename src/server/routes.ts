import type { ReviewProtocol } from '../admission/exchange.ts';
import { METHOD_NOT_ALLOWED, NOT_FOUND, type Refusal } from './refusal.ts';

/** The wire protocols that the server speaks. */
export interface Protocols {
  readonly imageReview: ReviewProtocol;
  readonly admissionReview: ReviewProtocol;
}

export type Routes = ReadonlyMap<string, ReviewProtocol>;

/** A path has chosen the protocol; nobody asks again. */
export interface Route {
  readonly protocol: ReviewProtocol;
  /** The text after `?`; empty when there is none. */
  readonly query: string;
}

/** Paths of the Go program (`/image_policy`, `/`), and for each one that a webhook configuration accepts. */
export function createRoutes({ imageReview, admissionReview }: Protocols): Routes {
  return new Map([
    ['/image_policy', imageReview],
    ['/image-policy', imageReview],
    ['/', admissionReview],
    ['/validate', admissionReview],
  ]);
}

/**
 * The route of a request target as it was sent. Nothing is decoded or normalised, so `//validate`, `/%76alidate` and
 * `http://gate/validate` lead nowhere (CVE-2026-26205).
 */
export function findRoute(routes: Routes, method: string, target: string): Route | Refusal {
  const mark = target.indexOf('?');
  const protocol = routes.get(mark === -1 ? target : target.slice(0, mark));
  if (protocol === undefined) return NOT_FOUND;
  if (method !== 'POST') return METHOD_NOT_ALLOWED;
  return { protocol, query: mark === -1 ? '' : target.slice(mark + 1) };
}
