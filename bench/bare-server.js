/**
 * The smallest webhook for Node, as the baseline of all measurements. It parses the review and admits it. It has no policy,
 * no log, no metrics and no limits.
 *
 * Usage: node bare-server.js CERTIFICATE KEY PORT
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [certificate = '', key = '', port = ''] = process.argv.slice(2);

const server = createServer(
  { cert: readFileSync(certificate), key: readFileSync(key) },
  (request, response) => {
    /** @type {Buffer[]} */
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString());
      const body =
        review.kind === 'ImageReview'
          ? `{"apiVersion":"${review.apiVersion}","kind":"ImageReview","status":{"allowed":true}}`
          : `{"apiVersion":"${review.apiVersion}","kind":"AdmissionReview","response":{"uid":"${review.request.uid}","allowed":true}}`;
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    });
  },
);
server.keepAliveTimeout = 120_000;
server.listen(Number(port), '127.0.0.1');
