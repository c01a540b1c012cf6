/**
 * The grammar of image references: that of github.com/distribution/reference v0.6.0, without the spellings that parsers
 * read differently. Each constant is one production. Its EBNF is above it; grammar.test.ts compares them.
 *
 *     reference = [ registry "/" ] repository [ ":" tag ] [ "@" digest ]
 *     registry  = ( host | "[" ipv6 "]" ) [ ":" port ]
 *     digit     = "0".."9"
 *     nonzero   = "1".."9"
 *     alnum     = "a".."z" | digit
 *     letter    = "a".."z" | "A".."Z"
 *     word      = letter | digit | "_"
 *
 * Every expression is anchored at both ends. None has a flag: with `m`, `$` matches at the end of a line; with `i` and
 * `u`, the Kelvin sign matches "k". At each choice the next character determines the branch, so the time is linear in the
 * length of the text. For that reason the separators of `repository` include the slash.
 *
 * @see https://github.com/distribution/reference/blob/v0.6.0/reference.go
 */

/**
 * - `host = label { "." label }`
 * - `label = alnum { alnum } { "-" { "-" } alnum { alnum } }`
 */
export const HOST = /^[a-z0-9]+(?:(?:\.|-+)[a-z0-9]+)*$/;

/**
 * - `ipv4 = octet "." octet "." octet "." octet`
 * - `octet = digit | nonzero digit | "1" digit digit | "2" "0".."4" digit | "25" "0".."5"`
 */
export const IPV4 =
  /^(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$/;

/** `port = nonzero [ digit ] [ digit ] [ digit ] [ digit ]`, at most 65535 */
export const PORT = /^[1-9][0-9]{0,4}$/;

/**
 * - `component = alnum { alnum } { separator alnum { alnum } }`
 * - `separator = "." | "_" | "__" | "-" { "-" }`
 */
export const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;

/** `repository = component { "/" component }` */
export const REPOSITORY = /^[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*$/;

/** `tag = word { word | "." | "-" }`, at most 128 characters */
export const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** `algorithm = letter { letter | digit } { ( "+" | "." | "_" | "-" ) letter { letter | digit } }` */
export const ALGORITHM = /^[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*$/;

/** Maximum number of characters of a reference. It is checked first. The other limits never allow a longer reference. */
export const TEXT_MAX = 1024;

/** Maximum number of characters of registry, slash and repository together, as in docker of Kubernetes 1.20. Version 0.6 counts the repository only. */
export const NAME_MAX = 255;

/** Maximum number of characters of a tag. */
export const TAG_MAX = 128;

/** The largest port. */
export const PORT_MAX = 65_535;
