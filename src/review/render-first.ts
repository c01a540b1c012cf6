import { basename, dirname } from 'node:path';
import { isObject, type Fields } from '../document/json.ts';
import { quote } from '../image/quote.ts';
import { phrase, type Phrase, type Shown } from '../language/phrase.ts';
import { groupOf } from '../workload/kinds.ts';

/** The end of each command. */
const CHECK = 'kube-image-bouncer check -';

/** Maximum number of characters of a command in a sentence. */
const COMMAND_CHARACTERS = 1024;

/** The inputs that another tool renders. */
type RenderedInput =
  | 'helm-template'
  | 'helm-chart'
  | 'helm-values'
  | 'helm-release'
  | 'helm-dry-run'
  | 'helmfile'
  | 'kustomization'
  | 'flux-kustomization'
  | 'argo-application'
  | 'openshift-template'
  | 'compose'
  | 'skaffold'
  | 'cdk8s'
  | 'jsonnet';

/** Actions of Go templates as charts have them, which are not YAML: `{{ .Values.x }}`, `{{- include "name" . }}`. */
const HELM_ACTION =
  /\{\{-?\s*(?:\/\*|[.$(]|(?:if|else|end|range|with|define|block|template|include|tpl|toYaml|toJson|quote|squote|default|required|printf|lookup|nindent|indent|int|not|and|or|eq|ne)\b)/;

/** Templates of other tools: Jinja, Mustache, ERB. */
const OTHER_ACTION = /\{%[-+]?\s*\w|\{\{|<%[=-]?\s/;

/**
 * A text that is no YAML because it is a template: what it is and the command that renders it. `undefined` if it does not
 * look like a template.
 */
export function recogniseTemplate(text: string, file: string): Phrase | undefined {
  if (/\.(?:jsonnet|libsonnet)$/.test(file)) return sentence('jsonnet', `jsonnet ${fileWord(file)}`);
  return (
    recogniseHelmText(text, file) ?? (OTHER_ACTION.test(text) ? phrase('RENDER_FIRST.template') : undefined)
  );
}

/** The command for a text with actions of Helm; `undefined` if it has none. */
export function recogniseHelmText(text: string, file: string): Phrase | undefined {
  if (!HELM_ACTION.test(text)) return undefined;
  return sentence('helm-template', `helm template ${word(chartOf(file))}`);
}

/** What the folder of a chart is, and the command that renders it. */
export function renderChart(folder: string): Phrase {
  return sentence('helm-chart', `helm template ${word(folder)}`);
}

/** The command for an object that another tool turns into other objects; `undefined` for every other object. */
export function recogniseObject(apiVersion: string, kind: string, file: string): Phrase | undefined {
  switch (`${kind}.${groupOf(apiVersion)}`) {
    case 'HelmRelease.helm.toolkit.fluxcd.io':
    case 'HelmChart.helm.cattle.io':
      return sentence('helm-release', 'helm template NAME CHART --values VALUES');
    case 'Kustomization.kustomize.toolkit.fluxcd.io':
      return sentence(
        'flux-kustomization',
        `flux build kustomization NAME --dry-run --path FOLDER --kustomization-file ${fileWord(file)}`,
      );
    case 'Application.argoproj.io':
    case 'ApplicationSet.argoproj.io':
      return sentence('argo-application', 'argocd app manifests NAME');
    case 'Template.template.openshift.io':
      return sentence('openshift-template', `oc process --local --filename ${fileWord(file)} --output yaml`);
    default:
      return undefined;
  }
}

/**
 * The command for a document that no API server knows, and that another tool renders; `undefined` if the document is
 * something else.
 */
export function recogniseDocument(value: unknown, file: string): Phrase | undefined {
  if (!isObject(value)) return undefined;
  const { apiVersion, kind } = value;
  const name = basename(file);
  const group = typeof apiVersion === 'string' ? groupOf(apiVersion) : '';
  const folder = folderWord(file);
  if (isKustomization(group, kind, name))
    return sentence('kustomization', `kustomize build ${kind === 'Component' ? 'FOLDER' : folder}`);
  if (group === 'skaffold') return sentence('skaffold', `skaffold render --filename ${fileWord(file)}`);
  if (typeof kind === 'string' && kind !== '') return undefined;
  return recogniseFile(value, file, name);
}

/** By its group, or by its file if it has no type that an API server can know: kubectl applies an object of any file. */
function isKustomization(group: string, kind: unknown, name: string): boolean {
  if (group === 'kustomize.config.k8s.io') return true;
  const isOfKustomize =
    typeof kind !== 'string' || kind === '' || (group === '' && /^(?:Kustomization|Component)$/.test(kind));
  return isOfKustomize && /^kustomization(?:\.ya?ml)?$/i.test(name);
}

/** Files without a kind. */
function recogniseFile(value: Fields, file: string, name: string): Phrase | undefined {
  const folder = folderWord(file);
  if (typeof value['NAME'] === 'string' && 'LAST DEPLOYED' in value)
    return sentence('helm-dry-run', 'helm template CHART');
  if (name === 'Chart.yaml') return sentence('helm-chart', `helm template ${folder}`);
  if (name === 'values.yaml') return sentence('helm-values', `helm template ${folder}`);
  if (/^values[^/]*\.ya?ml$/.test(name))
    return sentence('helm-values', `helm template CHART --values ${fileWord(file)}`);
  if (/^helmfile[^/]*\.ya?ml$/.test(name))
    return sentence('helmfile', `helmfile template --file ${fileWord(file)}`);
  if (name === 'cdk8s.yaml') return sentence('cdk8s', 'cdk8s synth --stdout');
  return isCompose(value)
    ? sentence('compose', `kompose convert --stdout --file ${fileWord(file)}`)
    : undefined;
}

/** A Compose file has services, each with an image or a folder to build. */
function isCompose({ services }: Fields): boolean {
  return (
    isObject(services) &&
    Object.values(services).some((service) => isObject(service) && ('image' in service || 'build' in service))
  );
}

/** The folder of the chart that a template belongs to, if its path shows it. */
function chartOf(file: string): string {
  const match = /^(?:(?<chart>.*)\/)?templates\/[^]*$/.exec(file.replaceAll('\\', '/'));
  if (match === null) return 'CHART';
  return match.groups?.['chart'] ?? '.';
}

/** Standard input has no path. */
function fileWord(file: string): string {
  return file === 'stdin' ? 'FILE' : word(file);
}

function folderWord(file: string): string {
  return file === 'stdin' ? 'FOLDER' : word(dirname(file));
}

/** A word of a command line, in quotes if the shell would read it differently. */
function word(text: string): string {
  if (/^[\w./:@%+,=-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function sentence(input: RenderedInput, command: string): Phrase {
  const shown: Shown = quote(`${command} | ${CHECK}`, COMMAND_CHARACTERS);
  return phrase(`RENDER_FIRST.${input}`, { command: shown });
}
