/** What a text should hold. */
type Wanted = 'certificate' | 'private key';

/** The labels of PEM, such as `CERTIFICATE REQUEST`. */
const LABEL = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g;
/** `-----BEGIN` in base64, as a kubeconfig and a Secret hold it. */
const BASE64_OF_PEM = /^\s*LS0tLS1CRUdJTi/;
/** DER and PKCS#12 begin with a SEQUENCE, which is the character 0, and hold bytes that are no UTF-8. */
const BINARY = /^0[^]*[\0\ufffd]/;

/**
 * The likeliest mistake of a person who gives this text as a certificate or as a private key, with the command that mends it;
 * `undefined` if it is not known. `FILE` in a command is the file. The text itself is never quoted.
 */
export function explainWrongPem(text: string, wanted: Wanted): string | undefined {
  if (text.trim() === '') return `the file of the ${wanted} is empty`;
  if (BASE64_OF_PEM.test(text))
    return `the ${wanted} is in base64, as in a kubeconfig or a Secret; decode it: base64 -d FILE > PLAIN`;
  if (BINARY.test(text)) return `the ${wanted} is binary, not PEM; convert it: ${conversionOf(wanted)}`;
  const labels = Array.from(text.matchAll(LABEL), ([, label = '']) => label);
  return wanted === 'certificate' ? explainCertificate(labels) : explainKey(labels, text);
}

function conversionOf(wanted: Wanted): string {
  return wanted === 'certificate'
    ? 'openssl x509 -inform DER -in FILE -out PLAIN, or for PKCS#12: openssl pkcs12 -in FILE -nokeys -out PLAIN'
    : 'openssl pkey -inform DER -in FILE -out PLAIN, or for PKCS#12: openssl pkcs12 -in FILE -nocerts -nodes -out PLAIN';
}

function explainCertificate(labels: readonly string[]): string | undefined {
  if (labels.includes('CERTIFICATE')) return undefined;
  if (labels.includes('CERTIFICATE REQUEST') || labels.includes('NEW CERTIFICATE REQUEST'))
    return 'the file holds a certificate signing request, and no certificate: a CA has to sign it first';
  if (labels.some((label) => label.endsWith('PRIVATE KEY')))
    return 'the file holds a private key, and no certificate: are the files of the certificate and of the key swapped?';
  if (labels.includes('PKCS7'))
    return 'the certificate is in PKCS#7; convert it: openssl pkcs7 -print_certs -in FILE -out PLAIN';
  return undefined;
}

function explainKey(labels: readonly string[], text: string): string | undefined {
  if (labels.includes('ENCRYPTED PRIVATE KEY') || text.includes('Proc-Type: 4,ENCRYPTED'))
    return 'the private key is encrypted with a password, which this program does not ask for; write it without: openssl pkey -in FILE -out PLAIN';
  if (labels.includes('OPENSSH PRIVATE KEY'))
    return 'the private key is in the form of OpenSSH; convert it: ssh-keygen -p -m PKCS8 -N "" -f FILE';
  if (labels.some((label) => label.endsWith('PRIVATE KEY'))) return undefined;
  if (labels.includes('PUBLIC KEY')) return 'the file holds a public key, and no private key';
  if (labels.includes('CERTIFICATE'))
    return 'the file holds a certificate, and no private key: give the file of its key';
  return undefined;
}
